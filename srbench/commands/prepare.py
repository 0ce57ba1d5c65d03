"""What a matrix trains and tests on, as files for other programs: what `srbench prepare` writes.

FOLDER/DATASET/PROTOCOL/{train,test}/HR/ID.png     what SR is compared with; .tiff where values are floats
                                    /LR/ID.png     what methods are given
                                    /mask/ID.png   where there are masks
                       /items.csv                  a row an image
                       /README.txt                 what this is
                       /UNFINISHED                 while it is written
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from srbench.commands.own_files import OwnFiles, own_files
from srbench.contract.dataset import Dataset, DatasetError, Item
from srbench.contract.degradations import Bicubic
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError, in_words, machine_fault
from srbench.matrix import Matrix
from srbench.pictures import Image, in_digits, suffix_for, with_gaps
from srbench.pictures.writing import encoded
from srbench.registry.configured import Use
from srbench.registry.registry import task_named
from srbench.runner.planning.splits import Split
from srbench.runner.planning.survey import Surveyor
from srbench.store.files import StoreError
from srbench.weights.data_root import data_root

TABLE, README, UNFINISHED = "items.csv", "README.txt", "UNFINISHED"
Progress = Callable[[str, int, int], None]
"""Told DATASET/PROTOCOL, how many of its images are written, and how many there are."""


@dataclass(frozen=True)
class Prepared:
    """A dataset under a protocol, as it was written.

    place: DATASET/PROTOCOL. images: how many, by split. written: how many files; all others were there before and are
    the same. warnings: what the dataset left out, and what is probably wrong with its values. trouble: why it was not
    written; empty where it was.
    """

    place: str
    images: Mapping[Split, int] = field(default_factory=dict)
    written: int = 0
    warnings: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class _Row:
    """A row of `items.csv`. region: top, left, height, width. hr, lr, mask: files, seen from the table."""

    id: str
    split: str
    label: str | None
    group: str | None
    region: str
    hr_height: int
    hr_width: int
    lr_height: int
    lr_width: int
    low: float
    high: float
    curve: str
    knee: float
    pivot: float
    unit: str
    hr: str
    lr: str
    mask: str
    lr_from: str


def prepare(matrix: Matrix, folder: Path, progress: Progress = lambda place, done, total: None) -> Iterator[Prepared]:
    """Write HR and LR of every dataset of a matrix under every protocol, one after the other; what became of each.

    Of a dataset that is only trained on, its training split. A folder that was prepared before is brought up to date:
    what is there and the same stays, and what is no longer in a dataset goes. Raises `SrbenchError` where the folder
    holds files of others, or cannot be written, and for a task whose images belong to no HR.
    """
    if task_named(matrix.task).unpaired:
        raise SrbenchError(f"{matrix.path}: the task {matrix.task} has no pairs of HR and LR that could be written")
    uses = _uses(matrix)
    with own_files(folder, f"srbench prepare: what the matrix {matrix.name} gives") as own:
        for use, splits in uses:
            for protocol in matrix.protocols:
                place = f"{use.name}/{protocol.name}"
                try:
                    done = _prepared(own, place, replace(use, under=protocol), splits, protocol, matrix, progress)
                except StoreError:
                    raise
                except Exception as error:  # of the dataset, or of a plugin's own: the others go on
                    if machine_fault(error):
                        raise
                    done = Prepared(place, trouble=in_words(error))
                yield done


def _uses(matrix: Matrix) -> list[tuple[Use, Sequence[Split]]]:
    """The datasets, each with its splits that are asked for."""
    found: dict[str, tuple[Use, Sequence[Split]]] = {use.name: (use, ("train", "test")) for use in matrix.datasets}
    for use in matrix.training_data:
        known, _ = found.setdefault(use.name, (use, ("train",)))
        if (known.registered, known.params) != (use.registered, use.params):
            raise SrbenchError(
                f"{matrix.path}: {use.name!r} names a dataset that is tested on and another one to train on, and "
                "both would be one folder; give one of them another name with `as`"
            )
    return list(found.values())


def _prepared(
    own: OwnFiles,
    place: str,
    use: Use,
    splits: Sequence[Split],
    protocol: Protocol,
    matrix: Matrix,
    progress: Progress,
) -> Prepared:
    under: dict[Split, Protocol] = {"train": protocol.for_training(), "test": protocol}
    dataset: Dataset = use.create()
    dataset.prepare(data_root())
    read = {"train": dataset.train, "test": dataset.test}
    found = {split: items for split in splits if (items := list(read[split]()))}
    if not found:
        raise DatasetError(f"{use.name} has no {' and no '.join(splits)} split")
    if any(item.hr is None for items in found.values() for item in items):
        raise DatasetError(
            f"{use.name} has images without HR, which make no pairs; other programs can read their files"
        )
    total, written = sum(map(len, found.values())), 0
    progress(place, 0, total)
    surveyor = Surveyor()  # a damaged picture shows before anything is written
    warnings = [*dataset.remarks()]
    for split, items in found.items():
        survey = surveyor.survey(items, under[split])
        warnings += (f"{split} split: {warning}" for warning in survey.warnings)
    own.put(f"{place}/{UNFINISHED}", b"srbench prepare is at work here, or was interrupted: run it again.\n")
    rows: list[_Row] = []
    names = {TABLE, README}
    for split, items in found.items():
        for item in items:
            row, pictures = _made(item, split, under[split])
            written += sum(own.put(f"{place}/{name}", encoded(picture)) for name, picture in pictures.items())
            rows.append(row)
            names |= pictures.keys()
            progress(place, len(rows), total)
    counts = {split: len(items) for split, items in found.items()}
    for name, text in ((TABLE, _table(rows)), (README, _readme(use.name, protocol, matrix, counts, rows))):
        written += own.put(f"{place}/{name}", text.encode())
    own.keep_only(place, {f"{place}/{name}" for name in (*names, UNFINISHED)})
    own.remove(f"{place}/{UNFINISHED}")
    return Prepared(place, counts, written, tuple(warnings))


def _made(item: Item, split: Split, protocol: Protocol) -> tuple[_Row, dict[str, Image]]:
    """The row of an image, and its pictures by their files' names."""
    hr, native, known = item.read_measured()
    shipped = protocol.shipped_lr(item)
    lr = protocol.lr(hr, native, item.id, shipped)
    reference, values = protocol.reference(hr, native)
    height, width = reference.shape[:2]
    if known is not None and reference.dtype != np.float32:
        raise DatasetError(
            f"image {item.id!r}: was not measured everywhere, for which {reference.dtype.name}, the HR of "
            f"{protocol.name}, has no value; ask for a protocol with another `channel`"
        )
    pictures = {"HR": with_gaps(reference, known), "LR": lr}
    mask = item.read_mask()
    if mask is not None:
        pictures["mask"] = mask[:height, :width]
    files = {kind: f"{split}/{kind}/{item.id}{suffix_for(picture)}" for kind, picture in pictures.items()}
    row = _Row(
        id=item.id,
        split=split,
        label=item.label,
        group=item.group,
        region="" if item.region is None else " ".join(map(str, (*item.region[:2], height, width))),
        hr_height=height,
        hr_width=width,
        lr_height=lr.shape[0],
        lr_width=lr.shape[1],
        low=values.low,
        high=values.high,
        curve=values.curve,
        knee=values.knee,
        pivot=values.pivot,
        unit=values.unit,
        hr=files["HR"],
        lr=files["LR"],
        mask=files.get("mask", ""),
        lr_from="made" if shipped is None else "shipped",
    )
    return row, {files[kind]: picture for kind, picture in pictures.items()}


def _table(rows: Sequence[_Row]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, [column.name for column in fields(_Row)], lineterminator="\n")
    table.writeheader()
    table.writerows(map(asdict, rows))
    return text.getvalue()


def _readme(dataset: str, protocol: Protocol, matrix: Matrix, counts: Mapping[Split, int], rows: Sequence[_Row]) -> str:
    use = f"path: {dataset}/{protocol.name}, name: {dataset}"
    if protocol.degradation.shipped_as != Bicubic.name:
        use += f', degradation: "{protocol.degradation.shipped_as}"'
    shipped = sum(row.lr_from == "shipped" for row in rows)
    return f"""\
{dataset} under the protocol {protocol.name}, written by srbench {version("srbench")} for the matrix {matrix.name}
({matrix.title}). The pictures' terms are those of where they come from.

{protocol.name}: {task_named(protocol.task).describe(protocol)}

images         {", ".join(f"{count} to {split}" for split, count in counts.items())}
HR/ID.png      what SR is compared with: sides cut to multiples of {protocol.scale.numerator}; .tiff where values are
               floats, with NaN where nothing was measured
LR/ID.png      what methods are given: {len(rows) - shipped} made from HR, {shipped} as they came with the dataset
mask/ID.png    segmentations of HR, where there are any
items.csv      a row an image: split, label, group, region, sizes, black and white (low, high), files

{_data_range({(row.low, row.high) for row in rows})}

In a matrix file of srbench this folder is a dataset; the path is relative to that file:

  - pairs: {{{use}}}

A network that was trained elsewhere is scored there with the method `pretrained` (any checkpoint that spandrel reads),
any other program with the method `command`. Both are in the package srbench-pretrained.
"""


def _data_range(ranges: set[tuple[float, float]]) -> str:
    if len(ranges) > 1:
        return "Black and white are not the same for all images: see low and high in items.csv."
    ((low, high),) = ranges
    return f"Black is {in_digits(low)} and white {in_digits(high)}: a data range of {in_digits(high - low)}."
