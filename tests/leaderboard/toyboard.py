"""A board made by hand: pictures, scores and records of every kind, so that pages can be checked number by number."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

import srbench
from srbench.contract.dataset import DatasetMissing, Item
from srbench.contract.entry import Entry
from srbench.contract.fit import Budget
from srbench.contract.metric import ImageMetric
from srbench.contract.protocol import Protocol
from srbench.leaderboard.board.contents import Board as Described
from srbench.leaderboard.board.description import describe
from srbench.leaderboard.pages.document import results_in
from srbench.leaderboard.results.results import Left, Results
from srbench.leaderboard.results.results import results_of as results_from
from srbench.leaderboard.site.folder import LISTING
from srbench.matrix import Matrix
from srbench.matrix.training import TrainOptions
from srbench.pictures import Image, write_image
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.job.tasks import Training
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.runner.planning.splits import SplitContents
from srbench.store.cell import Cell
from srbench.store.details import ConfusionMatrix, Details, Estimate, LearningCurve
from srbench.store.record import MetricResult, Record, Status
from srbench.store.records import Store
from srbench.store.references import Reference, References
from srbench.store.summary import Summary

HOSTILE = '<script>alert("x")</script>'
HOSTILE_REASON = "</script><img src=x onerror=alert(1)> & 'quoted'"
BUDGET = Budget("steps", 300)
COUNTS = {"blobs": 9, "waves": 8, "absent": 7, "panorama": 2}
PEAKS = {"blobs": 255, "waves": 65535, "absent": 255, "panorama": 65535}
WIDTHS = {"waves": 300, "panorama": 1100}
OFFSETS = {"bicubic": 0.0, "lanczos": 0.02, "learner": 1.5, "$x^2$": 0.9, HOSTILE: -1.0, "slow": 0.5, "never": 0.0}


KEYS = {"psnr": "1", "ssim": "2", "fid": "3", "lpips": "4"}
DETAILS = Details(
    d=8,
    ceiling=Estimate(2.5, interval=(2.25, 2.75)),
    floor=Estimate(61.0, spread=1.5),
    confusion=ConfusionMatrix(("a", "b as <c>"), ((5.0, 1.5), (0.0, 2.0))),
    coverage=((0.5, 0.375), (0.9, 0.7)),
    learning=(LearningCurve("seed <0>", {"step": (1.0, 9.0), "loss": (0.7, 0.2), "validation": (None, -0.25)}),),
    further={"FID of <dark>": 12.5},
)


def picture(dataset: str, number: int) -> Image:
    """A small picture with structure: 48 x 40 RGB, 8 bit; those in `WIDTHS` are grey, 16 bit, and as wide."""
    rng = np.random.default_rng([number, *dataset.encode()])
    if dataset in WIDTHS:
        y, x = np.mgrid[:44, : WIDTHS[dataset]]
        wave = 0.5 + 0.4 * np.sin(x / (2 + number) + y / 5)
        return (wave * 65535).astype(np.uint16)[..., None]
    coarse = rng.random((10, 12, 3))
    return (np.kron(coarse, np.ones((4, 4, 1))) * 255).astype(np.uint8)


class Toy(srbench.Dataset):
    """Pictures made on the spot."""

    def __init__(self, name: str) -> None:
        self.name = name

    def prepare(self, root: Path) -> None:
        if self.name == "absent":
            raise DatasetMissing(f"absent is not under {root.name}: <b>put it there</b>")

    def test(self) -> Iterable[Item]:
        for number in range(COUNTS[self.name]):
            yield Item(f"im{number}", lambda number=number: picture(self.name, number))


class Learner(srbench.Method):
    """Learns something <b>bold</b>.

    It departs from the paper in one way & says so.
    """

    learns = True

    def upscale(self, lr: Any, scale: int) -> Any:
        raise AssertionError("pages never run a method")


PLUGIN = Plugin("toy", "srbench-toy", "1.2", "toy")


def use(kind: Any, name: str, target: Any, /, **params: Any) -> Use:
    return Use(name, Registered(kind, Entry(name, target, f"Summary of {name}"), PLUGIN), params)


def metric(name: str) -> Use:
    """A metric that nothing computes; pages print the first part of its name in capitals."""
    shown = "-".join([name.partition("-")[0].upper(), *name.split("-")[1:]])
    return use("metric", name, type("Toy", (ImageMetric,), {"shown_as": shown}))


@dataclass
class Board:
    """The plan, its store, and what the scores were made as."""

    plan: Plan
    store: Path
    truth: dict[tuple[str, str, str, int | None], dict[str, dict[str, float]]] = field(default_factory=dict)

    @property
    def described(self) -> Described:
        """What pages tell of the plan."""
        return describe(self.plan)

    @property
    def results(self) -> Results:
        """What its cells left in the store."""
        return results_in(self.described, self.store).results


def keep(store: Path, record: Record) -> None:
    """Put a record into the store, where results of metrics go by their keys."""
    keyed = {result.key: result for result in record.metrics.values()}
    ceiling = {result.key: result for result in record.ceiling.values()}
    Store(store).write("cells", msgspec.structs.replace(record, metrics=keyed, ceiling=ceiling))


def keep_references(store: Path, dataset: str, protocol: Protocol) -> dict[str, Any]:
    """Keep HR and LR of a dataset as a job does; what the keys of its cells hold of both."""
    ingredients = {"test": {"fingerprint": dataset}, "protocol": protocol.facts()}

    def kept() -> Iterator[tuple[str, Reference]]:
        for item in Toy(dataset).test():
            hr, peak = item.read_hr()
            yield item.id, Reference(*protocol.reference(hr, peak), protocol.lr(hr, peak, item.id))

    if dataset != "absent":
        References.of(store, ingredients).keep(kept())
    return ingredients


def score(metric: str, dataset: str, method: str, image: int, seed: int | None) -> float:
    """A made-up but paired score: the image's difficulty, the method's merit, a little of the seed and of both."""
    rng = np.random.default_rng(int(hashlib.sha256(f"{dataset}/{method}/{image}/{seed}".encode()).hexdigest()[:8], 16))
    difficulty = np.sin(image * 2.1 + len(dataset)) * 3
    if metric == "psnr":
        noise = 0.004 if method in ("bicubic", "lanczos") else 0.15
        sign = 1 if method != "lanczos" else (1 if image % 2 else -1)
        return float(28 + difficulty + sign * OFFSETS[method] + noise * rng.standard_normal())
    return float(0.8 + difficulty / 40 + OFFSETS[method] / 60 + 0.002 * rng.standard_normal())


def write_cell(store: Path, key: str, dataset: str, method: str, seed: int | None, infinite: bool) -> Record:
    """Scores, SR pictures and the record of a cell that went well."""
    folder = store / "cells" / key[:2] / key
    (folder / "images").mkdir(parents=True)
    ids = [f"im{number}" for number in range(COUNTS[dataset])]
    rows: list[tuple[str | None, str, float]] = []
    images = {}
    for number, image in enumerate(ids):
        for metric in ("psnr", "ssim"):
            value = score(metric, dataset, method, number, seed)
            rows.append((image, metric, float("inf") if infinite and metric == "psnr" and number == 2 else value))
        hr = picture(dataset, number)
        rng = np.random.default_rng([number, len(method)])
        spread = (3 - OFFSETS[method]) * 0.01 * PEAKS[dataset]
        noisy = np.clip(hr + spread * rng.standard_normal(hr.shape), 0, PEAKS[dataset]).astype(hr.dtype)
        write_image(folder / "images" / f"{image}.png", noisy)
        images[image] = f"{image}.png"
    rows.append((None, "fid", 40 - 5 * OFFSETS[method] + (seed or 0)))
    keyed = [(image, KEYS[metric], value) for image, metric, value in rows]
    pd.DataFrame(keyed, columns=["image", "metric", "value"]).to_parquet(folder / "scores.parquet")
    finite = {m: [v for _, name, v in rows if name == m and np.isfinite(v)] for m in ("psnr", "ssim", "fid")}
    metrics = {
        "psnr": MetricResult(
            key=KEYS["psnr"],
            name="psnr",
            value=float(np.mean(finite["psnr"])),
            n=len(finite["psnr"]),
            infinite=int(infinite),
            unit="dB",
        ),
        "ssim": MetricResult(key=KEYS["ssim"], name="ssim", value=float(np.mean(finite["ssim"])), n=len(ids)),
        "fid": MetricResult(
            key=KEYS["fid"],
            name="fid",
            value=finite["fid"][0],
            n=len(ids),
            higher_is_better=False,
            per_image=False,
            details=msgspec.structs.replace(DETAILS, n=len(ids)),
            notes=[f"extractor {HOSTILE} was trained; on its test split: accuracy 0.93"],
        ),
        "lpips": MetricResult(
            key=KEYS["lpips"],
            name="lpips",
            status="skipped",
            reason="needs weights: srbench fetch <lpips-alex>",
            higher_is_better=False,
        ),
    }
    learned = method == "learner"
    return Record(
        key=key,
        schema=1,
        status="ok",
        metrics=metrics,
        images=images,
        labels={image: (HOSTILE, "plain")[place % 2] for place, image in enumerate(ids)} if dataset == "blobs" else {},
        lr="made",
        model=f"{seed or 0}" * 64 if learned else None,
        cost={
            "train_seconds": 41.0 + (seed or 0) if learned else None,
            "upscale_seconds": 0.5,
            "ms_per_megapixel": 3.0 * (1 + 4 * learned) + 0.1 * len(method),
            "parameters": 57281.0 if learned else 0.0,
            "macs": 52.7e9 if learned else None,
            "latency_ms": 4.2,
            "latency_ms_q1": 4.1,
            "latency_ms_q3": 4.6,
            "latency_repeats": 20,
            "latency_lr_height": 11,
            "latency_lr_width": 75,
        },
        environment={"cores": 2, "device": "A <fast> processor", "packages": {"torch": "2.13.0"}},
        started="2026-11-21T09:30:00+00:00",
        seconds=2.5,
        log_tail="step 1\nstep 2 </pre><script>alert(2)</script>",
    )


STAGES = ("pixel", HOSTILE)
NOTE = "The content loss is the mean squared error & <i>nothing more</i>."
HOSTILE_NOTE = f"Licence of <b>{HOSTILE}</b>"
HELD_OUT = ["im1", HOSTILE]


def write_training(store: Path, key: str, seed: int, status: Status = "ok", reason: str = "") -> Path:
    """A model folder as the engine leaves it: two stages of 300 steps, validated, with a strip of samples.

    One that failed ends in the middle of its second stage.
    """
    folder = store / "models" / key[:2] / key
    (folder / "samples").mkdir(parents=True)
    rng = np.random.default_rng(seed)
    rows = []
    for step in range(10, 601 if status == "ok" else 451, 10):
        pixel = step <= 300
        row = {"stage": STAGES[0 if pixel else 1], "step": step, "seconds": step / 9, "content": 1 / step}
        row |= {"lr": 1e-4} if pixel else {"lr content": 1e-4, "lr _d": 1e-5, "_d": 0.5 + 0.1 * rng.random()}
        if step % 50 == 0:
            row["validation"] = 25 + 5 * np.log10(step) - (0 if pixel else 1) + 0.1 * seed
        rows.append(row)
    pd.DataFrame(rows).to_csv(folder / "history.csv", index=False)
    facts = {
        "precision": "bf16",
        "compile": False,
        "held_out": HELD_OUT,
        "stages": [
            {
                "name": STAGES[0],
                "steps": 300,
                "memory_format": "channels_last",
                "best_step": 250,
                "best_validation": 37.0,
            },
            {
                "name": STAGES[1],
                "steps": 300,
                "memory_format": "contiguous",
                "ended_early": seed == 1,
                "skipped_steps": 2,
            },
        ],
        "notes": [NOTE],
    }
    (folder / "training.json").write_text(json.dumps(facts), encoding="utf-8")
    hr = np.kron(rng.integers(0, 256, (32, 32, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    write_image(folder / "samples" / "hr.png", hr)
    write_image(folder / "samples" / "lr.png", hr[::4, ::4])
    for step in range(75, 601, 75):
        name = f"pixel-{step}.png" if step <= 300 else f"{re.sub('[^A-Za-z0-9._-]', '-', HOSTILE)}-{step}.png"
        write_image(folder / "samples" / name, (hr * (step / 600)).astype(np.uint8))
    record = Record(
        key=key, schema=1, status=status, reason=reason, cost={"train_seconds": 66.0 + seed}, notes=[HOSTILE_NOTE]
    )
    (folder / "record.json").write_bytes(msgspec.json.encode(record))
    return folder


BAD: dict[str, tuple[Any, str]] = {
    "never": ("skipped", "needs a scale of 2"),
    "slow": ("timeout", "ran past 7200 s"),
}


def make_board(
    root: Path,
    datasets: tuple[str, ...] = ("blobs", "waves"),
    protocols: int = 2,
    seeds: int = 3,
    train_on: tuple[str, ...] = ("t91",),
    methods: Sequence[str] = tuple(OFFSETS),
) -> Board:
    """A plan with records in `root/store`: two that are well, one of several seeds, and every kind of trouble."""
    path = root / "matrix.yaml"
    path.write_text(f"name: toy\ntitle: {HOSTILE}\n", encoding="utf-8")
    used = [use("dataset", name, Toy, name=name) for name in datasets]
    compared = [use("method", name, Learner, depth=3, note=HOSTILE) for name in methods]
    metrics = [metric(name) for name in ("psnr", "ssim", "lpips", "fid")]
    chosen = (Protocol("x4-y", 4, "y", border=4), Protocol("x2-rgb", 2, "rgb", border=2))[:protocols]
    training = tuple(use("dataset", name, Toy, name="blobs") for name in train_on)
    matrix = Matrix(
        path=path,
        name="toy",
        title=f"Toy {HOSTILE}",
        datasets=tuple(used),
        protocols=chosen,
        methods=tuple(compared),
        metrics=tuple(metrics),
        train_on=training,
        train=TrainOptions(BUDGET),
        seeds=tuple(range(seeds)),
    )
    board = Board(Plan(matrix, ()), root / "store")
    cells = []
    for dataset in used:
        for protocol in chosen:
            for method in compared:
                learned = method.name == "learner"
                for trained_on in training if learned else (None,):
                    drawn = range(seeds) if learned else [None]
                    cells += [_planned(board, dataset, protocol, method, trained_on, seed) for seed in drawn]
    for seed in range(seeds if "learner" in methods else 0):
        write_training(board.store, f"{seed}" * 64, seed)
    held = tuple(SplitContents(name, "test", 8, 4, {HOSTILE: 8}) for name in datasets)
    board.plan = Plan(matrix, tuple(cells), contents=held)
    return board


def _planned(
    board: Board, dataset: Use, protocol: Protocol, method: Use, training: Use | None, seed: int | None
) -> PlannedCell:
    point = (dataset.name, protocol.name, method.name, training.name if training else None, seed)
    ingredients = keep_references(board.store, dataset.name, protocol)
    cell = Cell(*point, {"cell": list(point), "hostile": HOSTILE, **ingredients})
    record: Record
    if method.name in BAD:
        status, reason = BAD[method.name]
        record = Record(key=cell.key, schema=1, status=status, reason=reason, log_tail="nothing more")
    elif method.name == HOSTILE and dataset.name == "waves":
        record = Record(key=cell.key, schema=1, status="failed", reason=HOSTILE_REASON)
    else:
        infinite = method.name == "$x^2$" and dataset.name == "blobs"
        record = write_cell(board.store, cell.key, dataset.name, method.name, seed, infinite)
    record.ingredients = cell.ingredients
    keep(board.store, record)
    learned = protocol.for_training()
    task = None if training is None or seed is None else Training("0" * 64, {}, method, training, learned, BUDGET, seed)
    summary, store = Summary.of(record), Store(board.store)
    return PlannedCell(cell, dataset, protocol, method, task, (), None, "done", "", summary, store, keys=KEYS)


def write(board: Board, out: Path) -> Path:
    from srbench.leaderboard import publish

    return publish(board.described, board.store, out).index.parent


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a board, but for the listing, which says where the board's file lies."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != LISTING)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@dataclass(frozen=True)
class Made:
    """A cell of which nothing but the scores matters. lacking: metrics that went wrong, with the reason. attributes:
    what its dataset's subgroups are made of, a value by name and image.
    """

    dataset: str
    method: str
    scores: dict[str, dict[str, float]]
    groups: dict[str, str] = field(default_factory=dict)
    protocol: str = "x4-y"
    trained_on: str | None = None
    seed: int | None = None
    lacking: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    lr: str = "made"
    warnings: tuple[str, ...] = ()
    seen_groups: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    cost: dict[str, float | None] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)


LOWER = frozenset({"mae", "lpips"})


def results_of(cells: Sequence[Made], rank_by: str | None = None) -> Results:
    """Results in memory: no store, no pictures."""
    methods = {name: use("method", name, Learner) for name in dict.fromkeys(cell.method for cell in cells)}
    datasets = {name: use("dataset", name, Toy) for name in dict.fromkeys(cell.dataset for cell in cells)}
    training = {name: use("dataset", name, Toy) for name in dict.fromkeys(cell.trained_on for cell in cells) if name}
    metrics = list(dict.fromkeys(name for cell in cells for name in [*cell.scores, *cell.lacking]))
    protocols = {name: Protocol(name, 4, "y", border=4) for name in dict.fromkeys(cell.protocol for cell in cells)}
    matrix = Matrix(
        path=Path("matrix.yaml"),
        name="made",
        title="Made",
        datasets=tuple(datasets.values()),
        protocols=tuple(protocols.values()),
        methods=tuple(methods.values()),
        metrics=tuple(metric(name) for name in metrics),
        train_on=tuple(training.values()),
        rank_by=rank_by,
        train=TrainOptions(BUDGET),
        seeds=tuple(sorted({cell.seed for cell in cells if cell.seed is not None})),
    )
    planned = [_made_cell(cell, datasets, protocols, methods) for cell in cells]
    left = {
        one.cell.key: Left(record, {} if made.reason else {name: dict(values) for name, values in made.scores.items()})
        for made, (one, record) in zip(cells, planned, strict=True)
    }
    contents = tuple(SplitContents(cell.dataset, "test", 0, 0, {}, _divided(cell.attributes)) for cell in cells)
    plan = Plan(matrix, tuple(one for one, _ in planned), contents=contents)
    return results_from(describe(plan), lambda cell: left[cell.key])


def _divided(attributes: dict[str, dict[str, str]]) -> dict[str, dict[str, list[str]]]:
    return {
        by: {value: [image for image in named if named[image] == value] for value in dict.fromkeys(named.values())}
        for by, named in attributes.items()
    }


def _made_cell(
    made: Made, datasets: dict[str, Use], protocols: dict[str, Protocol], methods: dict[str, Use]
) -> tuple[PlannedCell, Record]:
    point = (made.dataset, made.protocol, made.method, made.trained_on, made.seed)
    cell = Cell(*point, {"cell": list(point)})
    metrics = {
        name: MetricResult(
            key=name, n=len(values), unit="dB" if name == "psnr" else "", higher_is_better=name not in LOWER
        )
        for name, values in made.scores.items()
    }
    metrics |= {
        name: MetricResult(key="", status="failed", reason=reason, higher_is_better=name not in LOWER)
        for name, reason in made.lacking.items()
    }
    record = Record(
        key=cell.key,
        schema=2,
        status="failed" if made.reason else "ok",
        reason=made.reason,
        metrics=metrics,
        images={image: f"{image}.png" for values in made.scores.values() for image in values},
        groups=made.groups,
        labels=made.labels,
        lr=made.lr,
        warnings=list(made.warnings),
        seen_groups=list(made.seen_groups),
        cost=made.cost,
        environment=made.environment,
    )
    protocol, method = protocols[made.protocol], methods[made.method]
    summary, store = Summary.of(record), Store(Path("none"))
    dataset = datasets[made.dataset]
    return PlannedCell(cell, dataset, protocol, method, None, (), None, "done", "", summary, store), record
