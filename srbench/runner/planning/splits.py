"""The splits of the datasets of a matrix: read once, surveyed once, and what is wrong with them in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from srbench.contract.dataset import Dataset, DatasetMissing, Item
from srbench.contract.protocol import Protocol
from srbench.contract.regions import overlapping
from srbench.errors import SrbenchError, in_words, machine_fault
from srbench.pictures import plain_scale
from srbench.registry.configured import Use
from srbench.registry.registry import task_named
from srbench.runner.planning.lookalikes import (
    SAME_PIXELS,
    Resemblance,
    Twins,
    seen_before,
    some_of,
    told_of_seen,
)
from srbench.runner.planning.subgroups import Subgroups, subgroups
from srbench.runner.planning.survey import Survey, Surveyor
from srbench.store.image_names import ImageName
from srbench.store.record import Status
from srbench.weights.data_root import data_root

Split = Literal["train", "test"]
_REMEDY = "; name one that has under `train: on:`"
_ADJECTIVES: dict[Split, str] = {"train": "training", "test": "test"}


class Unusable(Exception):
    """A dataset that cells or metrics cannot use; carries how they end."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.verdict: tuple[Status, str] = (status, reason)


@dataclass(frozen=True)
class SplitContents:
    """What a split holds.

    groups: how many independent ones, of which an image without a group is one. labels: how many images have each.
    subgroups: of a test split, as `srbench.runner.planning.subgroups` has them. lr: how many images bring LR with them,
    by what it is (`bicubic, x4`). lone: how many are LR without HR. shapes, depths: those of HR, or of LR where there
    is no HR, smallest first; empty until a protocol has met the pictures.
    """

    dataset: str
    split: Split
    images: int
    groups: int
    labels: Mapping[str, int]
    subgroups: Subgroups = field(default_factory=dict)
    lr: Mapping[str, int] = field(default_factory=dict)
    lone: int = 0
    shapes: tuple[tuple[int, int, int], ...] = ()
    depths: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: str, split: Split, items: Sequence[Item]) -> SplitContents:
        """The contents of items. Raises `DatasetError` for attributes that are no subgroups."""
        groups = {("group", item.group) if item.group is not None else ("image", item.id) for item in items}
        labels = Counter(item.label for item in items if item.label is not None)
        divided = subgroups(dataset, items) if split == "test" else {}
        lr = Counter(f"{degradation}, x{plain_scale(scale)}" for item in items for degradation, scale in item.lr)
        lone = sum(item.hr is None for item in items)
        told = dict(sorted(labels.items())), divided, dict(sorted(lr.items()))
        return cls(dataset, split, len(items), len(groups), *told, lone)

    def met(self, survey: Survey) -> SplitContents:
        """These contents with what a survey says of the pictures; several protocols may show them in several sizes."""
        shapes = sorted({*self.shapes, *survey.shapes}, key=lambda shape: (shape[0] * shape[1], shape))
        return replace(self, shapes=tuple(shapes), depths=tuple(sorted({*self.depths, *survey.depths})))


class Splits:
    """What is in the datasets of a plan. Every question raises `Unusable` where there is no answer.

    names: of images, as far as they were asked for, that are not called by their ids. coded: the datasets of which no
    name may be published. contents: of the splits that were asked for, by dataset and split. alike: images that show
    the same, as far as they were looked for.
    """

    def __init__(self, verify: bool = False) -> None:
        """verify: read every picture, whatever is remembered of its file."""
        self._surveyor = Surveyor(verify)
        self._resembling: dict[tuple[int, int], list[str]] = {}
        self._datasets: dict[int, Dataset] = {}
        self._shown: dict[tuple[int, str], Use] = {}
        self._read: dict[tuple[int, Split], list[Item] | Unusable] = {}
        self._remarks: dict[int, Sequence[str]] = {}
        self._surveys: dict[tuple[int, Split, Protocol], Survey] = {}
        self.names: set[ImageName] = set()
        self.coded: set[str] = set()
        self.contents: dict[tuple[str, Split], SplitContents] = {}
        self.alike: dict[Resemblance, None] = {}

    def shown(self, use: Use, protocol: Protocol) -> Use:
        """The dataset as the protocol shows it; the same object each time, since splits are remembered by it."""
        if task_named(protocol.task).shown is None or use.under == protocol:
            return use
        key = id(use), protocol.name
        if key not in self._shown:
            self._shown[key] = replace(use, under=protocol)
        return self._shown[key]

    def items(self, use: Use, split: Split) -> list[Item]:
        """The items of a split that is not empty."""
        known = self._read.get((id(use), split))
        if known is None:
            known = self._read[id(use), split] = self._looked_at(use, split)
        if isinstance(known, Unusable):
            raise known
        if not known:
            raise Unusable(
                "skipped", f"{use.name} has no {_ADJECTIVES[split]} split{_REMEDY if split == 'train' else ''}"
            )
        return known

    def survey(self, use: Use, split: Split, protocol: Protocol) -> Survey:
        """The split as one protocol meets it."""
        key = id(use), split, protocol
        if key not in self._surveys:
            found = self._surveys[key] = self._surveyor.survey(self.items(use, split), protocol)
            self._note(found.alike, use, split, use, split)
            self.contents[use.name, split] = self.contents[use.name, split].met(found)
        return self._surveys[key]

    def warnings(self, use: Use, split: Split, protocol: Protocol) -> list[str]:
        """What a person should know of the split as one protocol meets it, a sentence each."""
        survey = self.survey(use, split, protocol)
        return [
            *(f"{use.name}: {remark}" for remark in self._remarks[id(use)]),
            *(f"{use.name}, {_ADJECTIVES[split]} split: {warning}" for warning in survey.warnings),
        ]

    def counted_twice(self, use: Use, others: Iterable[Use], protocol: Protocol) -> Iterator[str]:
        """What is to be said of test images that other datasets have, too, a sentence each."""
        tested = self.survey(use, "test", protocol).pictures
        for other in others:
            with suppress(Exception):  # what is wrong with that one, its own cells tell
                there = self.survey(other, "test", protocol).pictures
                shared = [Twins(tested[one], there[one], SAME_PIXELS) for one in tested if one in there]
                if shared:
                    self._note(shared, use, "test", other, "test")
                    yield (
                        f"{use.name}: {len(shared)} of its {len(tested)} test images are in {other.name}, too; what is "
                        "said over all datasets counts them twice, as if they were independent"
                    )

    def resembling(self, use: Use, training: Use, protocol: Protocol) -> list[str]:
        """What is to be said of test images that look like training images of a dataset, a sentence each."""
        key = id(use), id(training)
        if key not in self._resembling:
            tested = self.survey(use, "test", protocol)
            learned = self.survey(training, "train", protocol.for_training())
            found = seen_before(tested.looks, learned.looks)
            self._note(found, use, "test", training, "train")
            self._resembling[key] = list(told_of_seen(found, len(tested.looks), use.name, training.name))
        return self._resembling[key]

    def _note(self, found: Iterable[Twins], use: Use, split: Split, other: Use, other_split: Split) -> None:
        places = (use.name, split, other.name, other_split)
        self.alike |= dict.fromkeys(_resemblance(twins, *places) for twins in found)

    def fingerprint(self, use: Use, split: Split) -> str:
        """The sha256 of everything in the split that does not depend on a protocol, masks included."""
        return self._surveyor.fingerprint(self.items(use, split))

    def require(self, use: Use, split: Split, what: Literal["labels", "masks", "HR"]) -> None:
        """Make sure that every item of the split has a label, a mask or HR."""
        items = self.items(use, split)
        has: dict[str, Callable[[Item], object]] = {
            "labels": lambda item: item.label,
            "masks": lambda item: item.mask,
            "HR": lambda item: item.hr,
        }
        bare = sum(has[what](item) is None for item in items)
        remedy = _REMEDY if (split, what) == ("train", "HR") else ""
        if bare == len(items):
            raise Unusable("skipped", f"needs {what}; {use.name} has none{remedy}")
        if bare:
            split_words = f"{_ADJECTIVES[split]} images of {use.name}"
            raise Unusable("skipped", f"needs {what}; {bare} of {len(items)} {split_words} have none{remedy}")

    def check_leak(self, use: Use, test: Survey, training: Use, protocol: Protocol) -> tuple[str, ...]:
        """Make sure that what is tested is not in the training split of a dataset.

        Returns the tested groups, sorted, of which the training split holds other regions.
        """
        train = self.survey(training, "train", protocol.for_training())
        shared = [
            Twins(image, train.pictures[picture], SAME_PIXELS)
            for picture, image in test.pictures.items()
            if picture in train.pictures
        ]
        if shared:
            self._note(shared, use, "test", training, "train")
            raise Unusable(
                "failed",
                f"{len(shared)} of {len(test.pictures)} test images are in the training split of {training.name}: "
                f"{some_of([one.image for one in shared])}",
            )
        leaking = overlapping(test.groups, train.groups)
        if leaking:
            group = leaking[0]
            apart = test.groups[group] is not None and train.groups[group] is not None
            what = "a region that is tested overlaps one" if apart else "it is tested, and is"
            raise Unusable("failed", f"group {group!r}: {what} in the training split of {training.name}")
        return tuple(sorted(test.groups.keys() & train.groups.keys()))

    def known_to(self, use: Use, training: Use, protocol: Protocol) -> str:
        """How many test images are in the training split of another dataset, in words; empty where none is."""
        tested = self.survey(use, "test", protocol).pictures
        learned = self.survey(training, "train", protocol.for_training()).pictures
        known = sum(picture in learned for picture in tested)
        return f"{known} of the {len(tested)} test images of {use.name}" if known else ""

    def groups_known_to(self, use: Use, training: Use, protocol: Protocol) -> str:
        """How many groups of the test split are in a training split, too, in words; empty where none is."""
        tested = self.survey(use, "test", protocol).groups
        learned = self.survey(training, "train", protocol.for_training()).groups
        known = len(tested.keys() & learned.keys())
        return f"{known} of the {len(tested)} tested groups of {use.name}" if known else ""

    def _prepared(self, use: Use) -> Dataset:
        """The dataset, prepared once for both splits: a folder of thousands of files is gone through."""
        if id(use) not in self._datasets:
            dataset: Dataset = use.create()
            try:
                dataset.prepare(data_root())
            finally:
                self.coded |= {use.name} if dataset.coded else set()
            self._datasets[id(use)] = dataset
        return self._datasets[id(use)]

    def _looked_at(self, use: Use, split: Split) -> list[Item] | Unusable:
        try:
            dataset = self._prepared(use)
            self._remarks[id(use)] = dataset.remarks()
            items = _items(dataset, split)
            self.contents.setdefault((use.name, split), SplitContents.of(use.name, split, items))
            self.names |= {ImageName(use.name, split, item.id, item.name) for item in items if item.name is not None}
            return items
        except DatasetMissing as missing:
            return Unusable("skipped", str(missing))
        except Exception as error:  # a plugin's own fault: its cells fail, the others go on
            if machine_fault(error):  # which says nothing of the dataset, and others may meet it, too
                raise
            told = str(error) if isinstance(error, SrbenchError) else f"dataset {use.name}: {in_words(error)}"
            return Unusable("failed", told)


def _resemblance(twins: Twins, dataset: str, split: str, other_dataset: str, other_split: str) -> Resemblance:
    return Resemblance(dataset, split, twins.image, other_dataset, other_split, twins.other, twins.turn)


def read_items(use: Use, split: Split, root: Path) -> list[Item]:
    """The items of a dataset's split, its files found under the data root."""
    return _items(_prepared(use, root), split)


def _prepared(use: Use, root: Path) -> Dataset:
    dataset: Dataset = use.create()
    dataset.prepare(root)
    return dataset


def _items(dataset: Dataset, split: Split) -> list[Item]:
    return list(dataset.train() if split == "train" else dataset.test())


def groups_of(items: Iterable[Item]) -> dict[str, str]:
    """The group of each image that has one, by image id."""
    return {item.id: item.group for item in items if item.group is not None}


def labels_of(items: Iterable[Item]) -> dict[str, str]:
    """The label of each image that has one, by image id."""
    return {item.id: item.label for item in items if item.label is not None}
