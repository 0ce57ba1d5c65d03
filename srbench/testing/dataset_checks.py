"""What every dataset must be: readable, lazy, the same each time, and without leaks between its splits."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from srbench.contract.dataset import DatasetMissing, Item, Part, Picture, read_picture
from srbench.contract.protocol import Protocol
from srbench.contract.regions import overlapping, regions
from srbench.contract.terms import Terms
from srbench.errors import SrbenchError
from srbench.pictures import Image
from srbench.testing.check import CheckFailure, check
from srbench.testing.subjects import DatasetSubject
from srbench.weights.offline import no_network

_SAFE_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def _where(split: str, item: Item) -> str:
    return f"{split} item {item.id!r}"


def _fingerprint(image: Image) -> str:
    return hashlib.sha256(f"{image.dtype} {image.shape} ".encode() + np.ascontiguousarray(image).tobytes()).hexdigest()


@check("dataset", needs=("constructs",))
def prepares_offline(subject: DatasetSubject) -> None:
    """Without a network, `prepare` on an empty data root raises `DatasetMissing` or works."""
    try:
        with no_network():
            subject.create().prepare(subject.folder())
    except DatasetMissing as missing:
        if not str(missing).strip():
            raise CheckFailure("DatasetMissing says nothing; say where the files were looked for") from None
    except Exception as error:
        raise CheckFailure(
            f"prepare on an empty data root, with no network, raised {type(error).__name__}: {error}. Raise "
            "srbench.DatasetMissing, and say where the files were looked for and how to get them"
        ) from error


@check("dataset", needs=("loads",))
def terms_can_be_shown(subject: DatasetSubject) -> None:
    """Its terms, where it states any, name a source each, as `srbench.Terms`."""
    terms = subject.target.terms
    if not isinstance(terms, tuple) or not all(isinstance(one, Terms) for one in terms):
        raise CheckFailure(f"terms is {terms!r}; it should be a tuple of srbench.Terms")
    for one in terms:
        if faults := [*one.faults()]:
            raise CheckFailure(f"{one} cannot be shown: {'; '.join(faults)}")


@check("dataset", needs=("prepares_offline",))
def gives_items(subject: DatasetSubject) -> None:
    """`train()` or `test()` gives at least one item, both nothing but items, with no network."""
    for split, items in subject.splits.items():
        for item in items:
            if not isinstance(item, Item):
                raise CheckFailure(f"{split}() gave {item!r}; it should give srbench.Item values")
    if not any(subject.splits.values()):
        raise CheckFailure("neither train() nor test() gives an item")


@check("dataset", needs=("gives_items",))
def ids_are_unique(subject: DatasetSubject) -> None:
    """No id occurs twice in a split."""
    for split, items in subject.splits.items():
        twice = [name for name, count in Counter(item.id for item in items).items() if count > 1]
        if twice:
            raise CheckFailure(f"{len(twice)} ids occur more than once in {split}, {twice[0]!r} for one")


@check("dataset", needs=("gives_items",))
def ids_are_file_names(subject: DatasetSubject) -> None:
    """Ids are letters, digits, `.`, `_` and `-`, and do not begin with a dot: SR is saved under them."""
    for split, items in subject.splits.items():
        for item in items:
            if not (isinstance(item.id, str) and _SAFE_ID.fullmatch(item.id)):
                raise CheckFailure(
                    f"{_where(split, item)}: an id is a file name made of letters, digits, '.', '_' and '-', not "
                    "beginning with '.'"
                )


@check("dataset", needs=("gives_items",))
def remarks_are_sentences(subject: DatasetSubject) -> None:
    """`remarks()` gives nothing, or lines of text: they are printed and published."""
    remarks = subject.prepared.remarks()
    if isinstance(remarks, str):
        raise CheckFailure(f"remarks() gave the text {remarks!r}; it should give a list of sentences")
    for remark in remarks:
        if not isinstance(remark, str) or not remark.strip() or not remark.isprintable():
            raise CheckFailure(f"remarks() gave {remark!r}; each should be a sentence that can be printed")


def _pictures(item: Item) -> Mapping[str, Picture | None]:
    return {
        "hr": item.hr,
        "lone_lr": item.lone_lr,
        "mask": item.mask,
        **{f"lr {key}": picture for key, picture in item.lr.items()},
    }


@check("dataset", needs=("gives_items",))
def items_hold_no_pixels(subject: DatasetSubject) -> None:
    """Pictures are files or functions, so that one image is in memory at a time."""
    for split, items in subject.splits.items():
        for item in items:
            for what, picture in _pictures(item).items():
                if isinstance(picture, np.ndarray):
                    raise CheckFailure(
                        f"{_where(split, item)} holds the pixels of its {what}; give the pathlib.Path of the file, or "
                        "a function that reads it"
                    )
                if picture is not None and not (isinstance(picture, Path | Part) or callable(picture)):
                    raise CheckFailure(
                        f"{_where(split, item)}: its {what} is a {type(picture).__name__}; give a pathlib.Path or a "
                        "function that returns an array"
                    )


@check("dataset", needs=("gives_items",))
def pictures_are_readable(subject: DatasetSubject) -> None:
    """HR, or LR without HR, is `(H, W, 1)` or `(H, W, 3)`, of a picture's type, finite where measured, in its range."""
    for split, item in subject.items():
        try:
            image, _ = item.read_own()
        except Exception as error:
            raise CheckFailure(f"{_where(split, item)} cannot be read: {type(error).__name__}: {error}") from error
        if not np.isfinite(image).all():
            raise CheckFailure(f"{_where(split, item)} holds values that are not finite")


@check("dataset", needs=("pictures_are_readable",))
def reads_the_same_twice(subject: DatasetSubject) -> None:
    """A second instance gives the same items with the same pixels in the same order."""
    other = DatasetSubject(subject.name, subject.given, subject.registry, subject.root)
    for split, items in subject.splits.items():
        again = other.splits[split]
        if [item.id for item in items] != [item.id for item in again]:
            raise CheckFailure(
                f"{split}() gives other ids, or another order, the second time; sort what the file system lists, and "
                "seed what is drawn"
            )
        for item, second in zip(items[: subject.look_at], again, strict=False):
            if _fingerprint(item.read_own()[0]) != _fingerprint(second.read_own()[0]):
                raise CheckFailure(f"{_where(split, item)} has other pixels when it is read again")


@check("dataset", needs=("pictures_are_readable",))
def no_image_in_both_splits(subject: DatasetSubject) -> None:
    """No image of the training split is in the test split, under whatever id."""
    seen: dict[str, Item] = {}
    for split, item in subject.items():
        mark = _fingerprint(item.read_own()[0])
        if split == "train":
            seen[mark] = item
        elif mark in seen:
            raise CheckFailure(
                f"test item {item.id!r} is the same picture as training item {seen[mark].id!r}; scores on it would "
                "measure memory"
            )


@check("dataset", needs=("gives_items",))
def no_group_in_both_splits(subject: DatasetSubject) -> None:
    """No group (a patient, a photograph) is in both splits, unless all its regions are known and those lie apart."""
    shared = overlapping(regions(subject.splits["test"]), regions(subject.splits["train"]))
    if shared:
        raise CheckFailure(
            f"{len(shared)} groups are in both splits, {shared[0]!r} for one; split by group, or give every item of it "
            "its region, with no test region on a training region"
        )


@check("dataset", needs=("pictures_are_readable",))
def regions_fit(subject: DatasetSubject) -> None:
    """A region lies in the picture of the item's group, not above or left of it, and has HR's height and width."""
    for split, item in subject.items():
        if item.region is None:
            continue
        if item.group is None:
            raise CheckFailure(f"{_where(split, item)} has a region but no group; of which picture is it a region?")
        top, left, *size = item.region
        if min(top, left) < 0:
            raise CheckFailure(
                f"{_where(split, item)}: its region begins at row {top}, column {left}; both count from 0"
            )
        if tuple(size) != item.read_own()[0].shape[:2]:
            height, width = item.read_own()[0].shape[:2]
            raise CheckFailure(
                f"{_where(split, item)}: its region is {size[1]} x {size[0]} pixels, HR {width} x {height}; a region "
                "is (top, left, height, width)"
            )


@check("dataset", needs=("pictures_are_readable",))
def shipped_lr_fits(subject: DatasetSubject) -> None:
    """LR that comes with the dataset has HR's depth and channels, and its size divided by the scale."""
    for split, item in subject.items():
        for degradation, scale in item.lr:
            hr, values = item.read_hr()
            try:
                lr = item.read_lr(degradation, scale)
                Protocol(f"x{scale}", scale).lr(hr, values, item.id, lr)
            except SrbenchError as error:
                raise CheckFailure(f"{_where(split, item)}, {degradation} x{scale}: {error}") from None


@check("dataset", needs=("gives_items",))
def labels_are_complete(subject: DatasetSubject) -> None:
    """In a split, every item has a label or none has."""
    for split, items in subject.splits.items():
        without = [item for item in items if item.label is None]
        if without and len(without) < len(items):
            raise CheckFailure(f"{len(without)} of {len(items)} {split} items have no label, {without[0].id!r} for one")


@check("dataset", needs=("pictures_are_readable",))
def masks_fit(subject: DatasetSubject) -> None:
    """A mask has HR's height and width."""
    for split, item in subject.items():
        if item.mask is None:
            continue
        mask = read_picture(item.mask)
        height, width = item.read_own()[0].shape[:2]
        if mask.shape[:2] != (height, width):
            raise CheckFailure(
                f"{_where(split, item)}: its mask is {mask.shape[1]} x {mask.shape[0]} pixels, HR {width} x {height}"
            )
