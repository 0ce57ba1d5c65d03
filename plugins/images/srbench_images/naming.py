"""What images and groups are called in records and pages: as their files are, or by numbers that tell nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from srbench import DatasetError, Item, Part, Picture, read_picture, remembered, sha256
from srbench.errors import SrbenchError
from srbench.pictures import Image, ImageError

Ids = Literal["names", "coded"]
"""`names`: ids are the files' names. `coded`: ids are numbers, and no name of a file enters records or pages."""

Splits = Mapping[str, Sequence[Item]]


def named(splits: Splits, ids: Ids, group: re.Pattern[str] | None) -> dict[str, list[Item]]:
    """Items whose own pictures are files, called as `ids` says, with the groups that `group` finds in the files' names.

    A group is what the expression matches in a name without its suffix: its first group in parentheses, if it has one.
    Coded ids are `image-0001` and so on in the order of the sha256 of the files, which nothing in their names decides;
    groups are `group-001` and so on, by their first image in either split. Coded pictures are read by functions, so
    that no message holds their path. Raises `DatasetError` for a name that the expression does not match.
    """
    if ids == "names":
        return {split: [_as_its_file(item, group) for item in items] for split, items in splits.items()}
    ordered = {split: sorted(items, key=_content) for split, items in splits.items()}
    coded = {
        split: [
            _coded(item, f"image-{number:04d}", _group(item, f"image-{number:04d}", group))
            for number, item in enumerate(items, start=1)
        ]
        for split, items in ordered.items()
    }
    first: dict[str, str] = {}
    for split, items in ordered.items():
        for item, made in zip(items, coded[split], strict=True):
            if made.group is not None:
                first[made.group] = min(first.get(made.group, "g"), _content(item)[0])  # g comes after every digit
    numbers = {name: f"group-{place:03d}" for place, name in enumerate(sorted(first, key=first.__getitem__), start=1)}
    return {
        split: [replace(item, group=item.group and numbers[item.group]) for item in items]
        for split, items in coded.items()
    }


class NamelessError(DatasetError):
    """Something that is wrong with a dataset, told without the name of any file."""


@contextmanager
def discreet(ids: Ids) -> Iterator[None]:
    """Inside the block, an error of a dataset whose ids are coded loses its message, which may hold names."""
    try:
        yield
    except NamelessError:
        raise
    except SrbenchError as error:
        if ids == "names":
            raise
        raise type(error)(
            "something is wrong with its files; since ids are coded, no names are told here: `srbench plan` tells them "
            "once you write `ids: names`"
        ) from None


def printable(name: str) -> str:
    """A file's name with everything that cannot be printed (bytes that are no UTF-8, control characters) as codes."""
    if name.isprintable():
        return name
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)


def _path(item: Item) -> Path:
    own = item.own
    assert isinstance(own, Path | Part)
    return own if isinstance(own, Path) else own.path


def _as_its_file(item: Item, group: re.Pattern[str] | None) -> Item:
    path = _path(item)
    name = None if item.id == path.stem else printable(item.name or path.name)
    return replace(item, name=name, group=_group(item, printable(str(path)), group))


def _group(item: Item, shown: str, group: re.Pattern[str] | None) -> str | None:
    if group is None:
        return item.group
    text = found_in(_path(item).stem, group)
    if not text:
        raise DatasetError(
            f"{shown}: `group: {group.pattern}` finds nothing in its name; every image needs a group, or none"
        )
    return printable(text)


def found_in(stem: str, group: re.Pattern[str]) -> str | None:
    """What the expression finds in a file's name, or its first group in parentheses; None where it finds nothing."""
    found = group.search(stem)
    return None if found is None else (found[1] if group.groups else found[0]) or None


def _coded(item: Item, code: str, group: str | None) -> Item:
    path = _path(item)
    return replace(
        item,
        id=code,
        hr=None if item.hr is None else _unnamed(item.hr, code),
        lone_lr=None if item.lone_lr is None else _unnamed(item.lone_lr, code),
        lr={key: _unnamed(lr, f"the LR of {code}") for key, lr in item.lr.items()},
        mask=None if item.mask is None else _unnamed(item.mask, f"the mask of {code}"),
        group=group,
        name=printable(item.name or path.name),
    )


def _unnamed(picture: Picture, code: str) -> Part:
    """The picture, which no message names by its file."""
    assert isinstance(picture, Path | Part)
    path, key = (picture, "") if isinstance(picture, Path) else (picture.path, picture.key)
    return Part(path, key, partial(_read, picture, path, code), code)


def _read(picture: Picture, path: Path, code: str) -> Image:
    try:
        return read_picture(picture)
    except ImageError as error:
        raise ImageError(str(error).replace(str(path), code).replace(path.name, code)) from None


def _content(item: Item) -> tuple[str, str]:
    """What coded items are ordered by. The name comes in only between files that are the same."""
    path = _path(item)
    try:
        return remembered(path, "sha256", lambda: sha256(path), str), item.name or path.name
    except OSError as error:
        raise DatasetError(f"a picture cannot be read: {error.strerror or type(error).__name__}") from None
