"""Folders with every kind of page that srbench makes, and of each the few pages that show all there is to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from srbench.leaderboard import write_index
from srbench.leaderboard.judging.page import judging_page
from srbench.leaderboard.judging.study import study_of
from srbench.leaderboard.pages.board import write_board
from srbench.leaderboard.pages.document import Document, read_records
from srbench.leaderboard.site.folder import BoardFolder
from srbench.store.details import Details, Estimate
from srbench.store.records import Store
from srbench.store.votes import keep_session

from .genboard import make_generation_board, write_generation
from .judging.people import Rater
from .markup import Tag, parse
from .toyboard import HOSTILE, Made, keep, make_board, results_of, write
from .trainings.test_extractors import KEY, left

KINDS: tuple[Literal["pairs", "opinions"], ...] = ("pairs", "opinions")


def board(folder: Path) -> Path:
    """Two datasets, two training sets, every kind of trouble; an extractor that was trained; and people who judged."""
    toy = make_board(_new(folder), protocols=1, seeds=2, train_on=("t91", "other"))
    store = Store(toy.store)
    left(store)
    for record in list(store.records("cells")):
        named = record.by_name()
        if "fid" in named.metrics:
            named.metrics["fid"].extractor = KEY
            more = {"by_class": {"thin": Estimate(0.5, 0.25, 7), HOSTILE: Estimate(0.25)}}
            named.metrics["fid"].details = msgspec.structs.replace(named.metrics["fid"].details or Details(), **more)
            keep(toy.store, named)
    results = toy.results
    for number in range(12):
        rater = Rater(results, {"bicubic": -1.2, "lanczos": 0.0, "$x^2$": 1.2}, number)
        keep_session(store, rater.session(KINDS[number % 2], random=number == 5))
    return write(toy, folder / "toy")


def generation(folder: Path) -> Path:
    """Two datasets, one of them grey; generators that make images, copy them, or fail."""
    return write_generation(make_generation_board(_new(folder), ("colour", "grey"), seeds=1), folder / "toy")


METRICS = (
    "psnr",
    "ssim",
    "lpips",
    "mae",
    "dists",
    "fsim",
    "vif",
    "haarpsi",
    "largest-error",
    "nrmse",
    "si-psnr",
    "shifted-psnr",
)


def wide(folder: Path, methods: int = 12, metrics: int = 8) -> Path:
    """Many methods and metrics, scores only; images of two classes."""
    rng = np.random.default_rng(0)
    images = [f"im{number}" for number in range(6)]

    def scores(method: int, metric: str) -> dict[str, float]:
        best = 26.0 + method / 5 if "psnr" in metric else 0.7 + method / 200
        return {image: float(best + 0.1 * rng.standard_normal()) for image in images}

    cells = [
        Made(
            "plants",
            f"network-{method + 1}-of-several",
            {metric: scores(method, metric) for metric in METRICS[:metrics]},
            labels={image: ("leaf", "bark")[place % 2] for place, image in enumerate(images)},
            cost={"ms_per_megapixel": 10.0 + method, "parameters": 1e4 * (method + 1)},
            environment={"cores": 2, "device": "A processor"},
        )
        for method in range(methods)
    ]
    board = BoardFolder(folder / "toy", "made", folder / "matrix.yaml")
    write_board(board, False, lambda new: Document(results_of(cells)))
    return board.path


def boards(folder: Path) -> Path:
    """The list of boards, one of them damaged."""
    told = {"title": HOSTILE, "header": f"x4 {HOSTILE}", "findings": [f"{HOSTILE} leads."]}
    for name, text in {"good": msgspec.json.encode(told).decode(), "bad": "{"}.items():
        (folder / "boards" / name).mkdir(parents=True)
        (folder / "boards" / name / "board.json").write_text(text, encoding="utf-8")
    return write_index(folder / "boards").parent


def judge(folder: Path) -> Path:
    """The two pages on which people judge."""
    pages = write(make_board(_new(folder), ("blobs",), 1, 1, methods=("bicubic", "lanczos", HOSTILE)), folder / "toy")
    document = read_records(pages / "records.jsonl")
    study = study_of(document.results, document.galleries, pages)
    (folder / "judge").mkdir()
    for kind in KINDS:
        (folder / "judge" / f"{kind}.html").write_bytes(judging_page(study, kind, 5, reference=True))
    return folder / "judge"


SITES: dict[str, Callable[[Path], Path]] = {
    "board": board,
    "generation board": generation,
    "board of many methods": wide,
    "index of boards": boards,
    "judge page": judge,
}
"""What makes pages in a folder, and returns where they are. New kinds of pages belong to one of these, or are added."""


def _new(folder: Path) -> Path:
    """Where a board is made."""
    made = folder / "made"
    made.mkdir()
    return made


def few(pages: Path) -> list[Path]:
    """Of each folder few pages, chosen greedily, that together have every element and class that occurs in it."""
    chosen = []
    for folder in sorted({path.parent for path in pages.rglob("*.html")}):
        lacking = {path: set(_kinds(parse(path))) for path in sorted(folder.glob("*.html"))}
        while any(lacking.values()):
            best = max(lacking, key=lambda path: len(lacking[path]))
            chosen.append(best)
            found = lacking.pop(best)
            lacking = {path: kinds - found for path, kinds in lacking.items()}
    return chosen


def _kinds(tag: Tag) -> Iterator[tuple[str, str, str]]:
    """The elements inside, each by its name, its classes and what it stands in."""
    for child in tag.children:
        yield child.name, child.attributes.get("class", ""), tag.name
        yield from _kinds(child)
