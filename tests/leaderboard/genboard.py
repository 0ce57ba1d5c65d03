"""A board of generation made by hand: samples, values, distances and records, so that pages can be checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import srbench
from srbench.contract.dataset import DatasetMissing, Item
from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.evaluate.nearest import Neighbour, Neighbourhood, in_units, write_neighbours
from srbench.leaderboard.board.contents import Board
from srbench.leaderboard.board.description import describe
from srbench.leaderboard.pages.document import results_in
from srbench.leaderboard.results.results import Results
from srbench.matrix import Matrix
from srbench.matrix.training import TrainOptions
from srbench.pictures import Image, Values, write_image
from srbench.registry.configured import Use
from srbench.runner.job.tasks import Training
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.store.cell import Cell
from srbench.store.details import Details, Estimate
from srbench.store.record import MetricResult, Record
from srbench.store.records import NEAREST_IMAGES, Store
from srbench.store.references import Reference, References
from srbench.store.summary import Summary

from .toyboard import HOSTILE, keep, metric, use, write_training

SIZE = 16
PROTOCOL = Protocol("16px", 1, task="generation", size=SIZE)
BUDGET = Budget("steps", 300)
CLASSES = ("stripes", HOSTILE)
TEST, TRAIN = 40, 60
SAMPLES = 50
CEILING = 4.25
GENERATORS = ("maker", "copier", "static", "broken")
MEANS = {"maker": 20.0, "copier": 9.0, "static": 21.0}


def picture(split: str, number: int, channels: int) -> Image:
    """A square with structure: 8 bits, coarse blocks, brighter in one class than in the other."""
    rng = np.random.default_rng([number, *split.encode()])
    coarse = rng.random((SIZE // 4, SIZE // 4, channels)) * 0.6 + 0.4 * (number % 2)
    return (np.kron(coarse, np.ones((4, 4, 1))) * 255).astype(np.uint8)


class Squares(srbench.Dataset):
    """Labelled pictures made on the spot; grey where it is called `grey`, elsewhere in colour."""

    def __init__(self, name: str) -> None:
        self.name = name

    def prepare(self, root: Path) -> None:
        if self.name == "absent":
            raise DatasetMissing("absent is not here: <b>put it there</b>")

    def train(self) -> Iterable[Item]:
        return self._items("train", TRAIN)

    def test(self) -> Iterable[Item]:
        return self._items("test", TEST)

    def _items(self, split: str, count: int) -> Iterable[Item]:
        channels = 1 if self.name == "grey" else 3
        for number in range(count):
            hr = lambda number=number: picture(split, number, channels)  # noqa: E731
            yield Item(f"{split}{number}", hr, label=CLASSES[number % 2])


class Maker(srbench.Method):
    """Makes images."""

    learns = True
    samples = True

    def upscale(self, lr: Any, scale: int) -> Any:
        raise AssertionError("pages never run a method")


Make = Callable[[str, np.random.Generator, Sequence[tuple[Image, Values]]], Image]


def sample(generator: str, rng: np.random.Generator, learned: Sequence[tuple[Image, Values]]) -> Image:
    """`copier` gives back mirrored training images with a little noise; `static` is noise; others are new."""
    like = learned[int(rng.integers(len(learned)))][0]
    if generator == "copier":
        return np.clip(like[:, ::-1] + rng.normal(0, 3, like.shape), 0, 255).astype(np.uint8)
    if generator == "static":
        return rng.integers(0, 256, like.shape).astype(np.uint8)
    return picture("new", int(rng.integers(10**6)), like.shape[2])


@dataclass
class GenerationBoard:
    """The plan, its store, and what the values were made as: by dataset, generator and seed."""

    plan: Plan
    store: Path
    values: dict[tuple[str, str, int], dict[str, float]] = field(default_factory=dict)

    @property
    def described(self) -> Board:
        """What pages tell of the plan."""
        return describe(self.plan)

    @property
    def results(self) -> Results:
        """What its cells left in the store."""
        return results_in(self.described, self.store).results


def make_generation_board(
    root: Path,
    datasets: Sequence[Use | str] = ("colour",),
    seeds: int = 3,
    labelled: bool = True,
    samples: int = SAMPLES,
    protocol: Protocol = PROTOCOL,
    means: Mapping[str, float] = MEANS,
    generators: Sequence[str] = GENERATORS,
    make: Make = sample,
) -> GenerationBoard:
    """A plan with records in `root/store`, of generators that did well and one that did not."""
    path = root / "matrix.yaml"
    path.write_text("name: toy\ntask: generation\n", encoding="utf-8")
    used = [_squares(one, protocol) for one in datasets]
    methods = [use("method", name, Maker, depth=3) for name in generators]
    matrix = Matrix(
        path=path,
        name="toy",
        title=f"Made {HOSTILE}",
        datasets=tuple(used),
        protocols=(protocol,),
        methods=tuple(methods),
        metrics=tuple(metric(name) for name in ("fid-a", "kid", "fid-b", "pairwise-ssim", "cas")),
        task="generation",
        settings={"samples": samples},
        train_on=("same",),
        train=TrainOptions(BUDGET),
        seeds=tuple(range(seeds)),
    )
    board = GenerationBoard(Plan(matrix, ()), root / "store")
    splits = {dataset.name: _read(dataset, protocol) for dataset in used}
    board.plan = Plan(
        matrix,
        tuple(
            _planned(board, dataset, splits[dataset.name], method, seed, samples, labelled, means, make)
            for dataset in used
            for method in methods
            for seed in range(seeds)
        ),
    )
    for seed in range(seeds):
        folder = write_training(board.store, f"{seed}" * 64, seed)
        (folder / "samples" / "lr.png").unlink()  # generators have none
    return board


def _squares(dataset: Use | str, protocol: Protocol) -> Use:
    plain = use("dataset", dataset, Squares, name=dataset) if isinstance(dataset, str) else dataset
    return replace(plain, under=protocol)


class Splits(NamedTuple):
    """What all cells of a dataset share: its images, and what those of the training split are near to."""

    train: list[tuple[str, Reference]]
    test: list[tuple[str, Reference]]
    near: Neighbourhood
    real: list[Neighbour]


def _read(dataset: Use, protocol: Protocol) -> Splits:
    source = Squares("colour") if dataset.name == "absent" else dataset.registered.load()(**dataset.params)
    squares = srbench.contract.framing.Squares(source, protocol.size or 0, protocol.framing)
    train, test = (
        [(item.id, Reference(*item.read_hr(), label=item.label)) for item in split]
        for split in (squares.train(), squares.test())
    )
    near = Neighbourhood([name for name, _ in train], [in_units(kept.hr, kept.values) for _, kept in train])
    real = near.of([name for name, _ in test], [in_units(kept.hr, kept.values) for _, kept in test], "real")
    return Splits(train, test, near, real)


def _planned(
    board: GenerationBoard,
    dataset: Use,
    splits: Splits,
    method: Use,
    seed: int,
    samples: int,
    labelled: bool,
    means: Mapping[str, float],
    make: Make,
) -> PlannedCell:
    (protocol,) = board.plan.matrix.protocols
    point = (dataset.name, protocol.name, method.name, "same", seed)
    ingredients = {"test": {"fingerprint": dataset.name}, "protocol": protocol.facts()}
    cell = Cell(*point, {"cell": list(point), "store": str(board.store), **ingredients})
    if method.name not in means:
        record = Record(key=cell.key, schema=1, status="out_of_memory", reason="9 of 8 GB")
    else:
        record = _write_cell(board, cell, splits, samples, labelled, means, make)
    record.ingredients = cell.ingredients
    keep(board.store, record)
    task = Training("0" * 64, {}, method, dataset, protocol, BUDGET, seed)
    keys = {use.name: use.name for use in board.plan.matrix.metrics}
    summary, store, settings = Summary.of(record), Store(board.store), {"samples": samples}
    return PlannedCell(cell, dataset, protocol, method, task, (), None, "done", "", summary, store, settings, keys=keys)


def _write_cell(
    board: GenerationBoard,
    cell: Cell,
    splits: Splits,
    samples: int,
    labelled: bool,
    means: Mapping[str, float],
    make: Make,
) -> Record:
    folder = board.store / "cells" / cell.key[:2] / cell.key
    (folder / "images").mkdir(parents=True)
    assert cell.seed is not None
    rng = np.random.default_rng([cell.seed, *cell.method.encode()])
    learned = [(kept.hr, kept.values) for _, kept in splits.train]
    made = {f"sample-{number + 1:05d}": make(cell.method, rng, learned) for number in range(samples)}
    for name, image in made.items():
        write_image(folder / "images" / f"{name}.png", image)
    classes = sorted({kept.label or "" for _, kept in splits.train})
    labels = {name: classes[place % len(classes)] for place, name in enumerate(made)} if labelled else {}
    generated = splits.near.of(list(made), [in_units(image, Values.of(image)) for image in made.values()], "generated")
    write_neighbours(folder / "nearest.parquet", [*generated, *splits.real])
    if cell.dataset != "absent":
        nearest = {name for one in generated for name in (one.nearest, one.nearest_by_features)}
        References.of(board.store, cell.ingredients).keep(splits.test)
        References(folder / NEAREST_IMAGES).keep(pair for pair in splits.train if pair[0] in nearest)
    values = _values(cell, means[cell.method])
    board.values[cell.dataset, cell.method, cell.seed] = values
    rows = [(None, metric, value) for metric, value in values.items()]
    pd.DataFrame(rows, columns=["image", "metric", "value"]).to_parquet(folder / "scores.parquet")
    return Record(
        key=cell.key,
        schema=1,
        status="ok",
        metrics={
            metric: MetricResult(
                key=metric,
                name=metric,
                value=value,
                n=samples,
                per_image=False,
                higher_is_better=metric == "cas",
                details=Details(n=samples, d=64, ceiling=Estimate(CEILING, n=TRAIN))
                if metric.startswith("fid")
                else Details(),
            )
            for metric, value in values.items()
        },
        images={name: f"{name}.png" for name in made},
        labels=labels,
        model=f"{cell.seed}" * 64,
        cost={
            "train_seconds": 41.0 + cell.seed,
            "sample_seconds": 0.012 * (1 + len(cell.method) % 4),
            "ms_per_megapixel": 12000.0,
            "peak_memory_gb": 1.5,
            "parameters": 57281.0,
        },
        facts={
            "nearest_rmse": float(np.median([one.rmse for one in generated])),
            "nearest_rmse_real": float(np.median([one.rmse for one in splits.real])),
            "nearest_by_features": float(np.median([one.distance for one in generated])),
            "nearest_by_features_real": float(np.median([one.distance for one in splits.real])),
        },
        environment={"cores": 2, "device": "A processor"},
        started="2026-11-21T09:30:00+00:00",
        seconds=2.5,
    )


def _values(cell: Cell, mean: float) -> dict[str, float]:
    """Values that differ a little between seeds and, for `fid-b`, order the generators the other way."""
    digits = hashlib.sha256(f"{cell.dataset}/{cell.method}/{cell.seed}".encode()).hexdigest()
    rng = np.random.default_rng(int(digits[:8], 16))
    return {
        "fid-a": mean + float(rng.normal(0, 0.5)),
        "kid": mean / 1000 + float(rng.normal(0, 0.001)),
        "fid-b": 100 - mean + float(rng.normal(0, 2)),
        "pairwise-ssim": 0.3 + mean / 200,
        "cas": 0.9 - mean / 100,
    }


def write_generation(board: GenerationBoard, out: Path) -> Path:
    from srbench.leaderboard import publish

    return publish(board.described, board.store, out).index.parent
