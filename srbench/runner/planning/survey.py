"""A look at every picture of a split before anything runs: is it sound, what sizes occur, and what is its fingerprint.

Decoding a large set takes minutes, so what was learned about a file is remembered until the file changes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import filterfalse
from pathlib import Path

import msgspec

from srbench.contract.dataset import DatasetError, Item, Part, Picture, check_range, read_picture
from srbench.contract.method import Problem
from srbench.contract.protocol import Protocol
from srbench.contract.regions import Regions, regions
from srbench.errors import SrbenchError, in_words, machine_fault
from srbench.pictures import DEPTHS, ImageError
from srbench.runner.job.environment import cores
from srbench.runner.planning.doubts import doubts, listed
from srbench.runner.planning.lookalikes import Look, Twins, repeated, told_of_repeated
from srbench.runner.planning.picture_facts import PictureFacts, facts_of
from srbench.store.cell import digest
from srbench.store.file_memory import FileMemory
from srbench.store.files import Stamp, stamp
from srbench.store.seal import UNREADABLE

_AT_ONCE = 4
"""How many files are looked at at once, at most: as many pictures are in memory."""
_LARGE_BYTES = 1 << 17
"""Files below it are looked at in one thread: Python's share of the work is so large that threads would only wait for
each other."""
_TOGETHER = 256
"""How many files are remembered at once: what an interrupted plan looks at again, at most."""


@dataclass(frozen=True)
class Survey:
    """What a split holds, as one protocol meets it.

    Where an item has no HR, all that is said of HR is said of its LR. fingerprint: changes when any id, pixel, label,
    group, region or used LR changes. lr_sizes: (height, width) of each LR. pictures: the ids of the images by the
    sha256 of HR. looks: of each item. groups: the groups that occur, with their regions. warnings: what is probably
    wrong with it, a sentence each, as `doubts` and `lookalikes` find it. alike: images that show the same. shapes:
    those of HR that occur, (height, width, channels), in order.
    """

    fingerprint: str
    pictures: Mapping[str, str]
    looks: tuple[Look, ...]
    groups: Mapping[str, Regions]
    lr_sizes: tuple[tuple[int, int], ...]
    channels: tuple[int, ...]
    depths: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    alike: tuple[Twins, ...] = ()
    shapes: tuple[tuple[int, int, int], ...] = ()

    @cached_property
    def pixels(self) -> tuple[int, int]:
        """How many pixels the largest LR has, and all LR together."""
        areas = [height * width for height, width in self.lr_sizes]
        return max(areas), sum(areas)

    def problem(self, protocol: Protocol) -> Problem:
        """What a method will meet under the protocol."""
        return Problem(
            scale=protocol.scale,
            channels=self.channels,
            depths=self.depths,
            smallest=(min(size[0] for size in self.lr_sizes), min(size[1] for size in self.lr_sizes)),
            largest=(max(size[0] for size in self.lr_sizes), max(size[1] for size in self.lr_sizes)),
            degradation=protocol.degradation,
        )


class Surveyor:
    """Surveys splits, reading each picture once however many protocols ask."""

    def __init__(self, verify: bool = False) -> None:
        """verify: look at every file, whatever is remembered of it."""
        self._verify = verify
        self._memory: dict[int, tuple[Picture, PictureFacts]] = {}

    def survey(self, items: list[Item], protocol: Protocol) -> Survey:
        """Look at every item. Raises `DatasetError` naming every picture that is wrong."""
        if not items:
            raise DatasetError("the split is empty")
        self._look_at_all(items, protocol)
        rows, sizes, channels, depths = [], [], set(), set()
        pictures: dict[str, str] = {}
        hrs, lrs = [], []
        seen: set[str] = set()
        for item in items:
            if item.id in seen:
                raise DatasetError(f"two images have the id {item.id!r}")
            seen.add(item.id)
            hr = self._facts(item, item.own)
            height, width = _lr_size(item, hr, protocol)
            lr = _lr(item, protocol)
            lr_facts = None if lr is None else self._facts(item, lr)
            if lr_facts is not None and not protocol.fits(lr_facts.shape, hr.shape):
                raise DatasetError(
                    f"{_name(item, lr)}: LR is {lr_facts.shape[1]} x {lr_facts.shape[0]} x {lr_facts.shape[2]}; beside "
                    f"its HR at scale {protocol.scale} it should be {width} x {height} x {hr.shape[2]}"
                )
            if lr is not None and lr_facts is not None:
                lrs.append((item, hr, lr_facts))
            hrs.append((item, hr))
            sizes.append((height, width))
            channels.add(1 if protocol.channel == "y8" else hr.shape[2])
            depths.add(hr.depth)
            pictures.setdefault(hr.sha256, item.id)
            rows.append(
                [
                    item.id,
                    hr.sha256,
                    lr_facts and lr_facts.sha256,
                    item.label,
                    item.group,
                    item.region,
                    item.values and item.values.facts(),
                    *_lone(item),
                ]
            )
        looks = tuple(Look(item.id, item.group, hr.thumbnail) for item, hr in hrs)
        alike = repeated(looks)
        return Survey(
            fingerprint=digest(rows),
            pictures=pictures,
            looks=looks,
            groups=regions(items),
            lr_sizes=tuple(sizes),
            channels=tuple(sorted(channels)),
            depths=tuple(sorted(depths)),
            warnings=(*doubts(hrs, lrs), *_unused_lr(items, protocol), *told_of_repeated(alike)),
            alike=alike,
            shapes=tuple(sorted({hr.shape for _, hr in hrs})),
        )

    def _look_at_all(self, items: list[Item], protocol: Protocol) -> None:
        """Remember the facts of every picture; what is wrong with some is told of all at once."""
        self._look_ahead(p for item in items for p in (item.own, _lr(item, protocol)) if p is not None)
        wrong: dict[str, SrbenchError] = {}
        for item in items:
            for picture in (item.own, _lr(item, protocol)):
                if picture is None:
                    continue
                try:
                    _check_range(item, picture, self._facts(item, picture))
                except SrbenchError as error:
                    if machine_fault(error):  # which all others may share
                        raise
                    wrong[_name(item, picture)] = error
        if wrong:
            first, *others = wrong
            words = f"; {len(others)} more cannot be used: {listed(others)}" if others else ""
            raise DatasetError(f"{wrong[first]}{words}") from wrong[first]

    def fingerprint(self, items: list[Item]) -> str:
        """Changes when any id, pixel of HR or mask, label, group, region or values change: no matter of a protocol.

        Raises `ImageError` or `DatasetError` naming the picture that is wrong.
        """
        rows = [
            [
                item.id,
                self._facts(item, item.own).sha256,
                None if item.mask is None else self._facts(item, item.mask).sha256,
                item.label,
                item.group,
                item.region,
                item.values and item.values.facts(),
                *_lone(item),
            ]
            for item in items
        ]
        return digest(rows)

    def known(self, picture: Picture) -> PictureFacts | None:
        """The facts of a picture, if it was looked at; of a file also those that are remembered of it."""
        # Held by identity together with the picture itself, so that an id is never taken over by another object.
        held = self._memory.get(id(picture))
        if held is None:
            facts = self._remembered(picture)
            if facts is None:
                return None
            held = self._memory[id(picture)] = picture, facts
        return held[1]

    def _remembered(self, picture: Picture) -> PictureFacts | None:
        if self._verify or not isinstance(picture, Path | Part):
            return None
        path, part = _place(picture)
        with contextlib.suppress(OSError, *UNREADABLE):
            found = self._files.get(path, stamp(path), part)
            return None if found is None else msgspec.json.decode(found, type=PictureFacts)
        return None

    def _look_ahead(self, pictures: Iterable[Picture]) -> None:
        """Look at those files of which nothing is known, a few at once; what is wrong with one is told when it is
        asked for."""
        unknown = [picture for picture in pictures if isinstance(picture, Path) and self.known(picture) is None]
        with ThreadPoolExecutor(min(cores(), _AT_ONCE)) as pool:
            for start in range(0, len(unknown), _TOGETHER):
                together = unknown[start : start + _TOGETHER]
                large = pool.map(_seen, filter(_is_large, together))
                small = map(_seen, filterfalse(_is_large, together))
                seen = [one for one in (*small, *large) if one is not None]
                self._files.put_all((path, now, msgspec.json.encode(facts)) for path, now, facts in seen)
                self._memory |= {id(path): (path, facts) for path, _, facts in seen}

    def _facts(self, item: Item, picture: Picture) -> PictureFacts:
        facts = self.known(picture)
        if facts is None:
            try:
                facts = self._look(picture)
            except SrbenchError:
                raise
            except Exception as error:  # of a dataset that reads its pictures itself
                raise DatasetError(f"{_name(item, picture)} cannot be read: {in_words(error)}") from error
            self._memory[id(picture)] = picture, facts
        return facts

    def _look(self, picture: Picture) -> PictureFacts:
        if not isinstance(picture, Path | Part):
            return facts_of(read_picture(picture))
        path, part = _place(picture)
        try:
            now = stamp(path)
        except OSError:
            return facts_of(read_picture(picture))  # says what is wrong
        facts = facts_of(read_picture(picture))
        self._files.put(path, now, msgspec.json.encode(facts), part)
        return facts

    @cached_property
    def _files(self) -> FileMemory:
        return FileMemory("pictures")


def _place(picture: Path | Part) -> tuple[Path, str]:
    return (picture, "") if isinstance(picture, Path) else (picture.path, picture.key)


def _is_large(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return path.stat().st_size >= _LARGE_BYTES
    return False


def _seen(path: Path) -> tuple[Path, Stamp, PictureFacts] | None:
    """A file, its stamp before it was read, and its facts; None where it cannot be read."""
    with contextlib.suppress(Exception):
        return path, stamp(path), facts_of(read_picture(path))
    return None


def _lone(item: Item) -> list[str]:
    """What a fingerprint holds of LR without HR; nothing of others, so that those made before stay."""
    return [] if item.lone_lr is None else ["lone LR"]


def _lr(item: Item, protocol: Protocol) -> Picture | None:
    """The LR that comes with an item and is used under a protocol."""
    return item.lr.get((protocol.degradation.shipped_as, protocol.scale))


def _check_range(item: Item, picture: Picture, facts: PictureFacts) -> None:
    try:
        values = item.values or DEPTHS[facts.depth]
        check_range(_name(item, picture), facts.low, facts.high, values, facts.depth)
    except ImageError as error:
        raise DatasetError(str(error)) from None


def _unused_lr(items: Iterable[Item], protocol: Protocol) -> Iterator[str]:
    """That items bring the LR of this degradation, but of other scales only; or none but one of another degradation."""
    only = {key for item in items for key in item.lr} if all(len(item.lr) == 1 for item in items) else set()
    if len(only) == 1:
        ((degradation, scale),) = only
        if scale == protocol.scale and degradation != protocol.degradation.shipped_as:
            yield (
                f"the LR that comes with the images is declared to be that of `{degradation}`; the protocol asks for "
                f"`{protocol.degradation.shipped_as}`, so LR is made from HR, and theirs not used: is that meant?"
            )
    scales = [{scale for name, scale in item.lr if name == protocol.degradation.shipped_as} for item in items]
    others = sorted(set().union(*scales) - {protocol.scale})
    unused = sum(protocol.scale not in known and bool(known) for known in scales)
    if unused and protocol.scale > 1:
        yield (
            f"the LR that comes with {unused} of {len(scales)} images is {', '.join(f'x{scale}' for scale in others)} "
            f"and not used at x{protocol.scale}, where LR is made from HR: is that meant?"
        )


def _lr_size(item: Item, hr: PictureFacts, protocol: Protocol) -> tuple[int, int]:
    try:
        return protocol.lr_size(hr.shape) if item.lone_lr is None else protocol.lone_lr_size(hr.shape)
    except Exception as error:
        raise DatasetError(f"{_name(item, item.own)}: {error}") from None


def _name(item: Item, picture: Picture | None) -> str:
    return str(picture) if isinstance(picture, Path | Part) else f"image {item.id!r}"
