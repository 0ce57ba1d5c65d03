"""A plan in the words of its pages, and what sections of plugins add to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import srbench
from srbench.leaderboard import publish
from srbench.leaderboard.board.description import with_sections
from srbench.leaderboard.board.kept import keep_board, kept_board
from srbench.store.records import Store

from ..markup import parse
from ..toyboard import HOSTILE, Board, use


class Means(srbench.Section):
    """Means of a metric."""

    def __init__(self, metric: str = "psnr") -> None:
        self.metric = metric

    def board(self, results: srbench.Frames) -> srbench.Passage:
        means = results.images[results.images["metric"] == self.metric].groupby("method")["value"].mean()
        rows = tuple((str(name), float(value)) for name, value in means.items())
        return srbench.Passage(f"Means {HOSTILE}", (f"`code` and {HOSTILE}",), ("Method", self.metric), rows)

    def method(self, results: srbench.Frames, method: str) -> srbench.Passage | None:
        if method != "bicubic":
            return None
        return srbench.Passage("A drawing", figure="<svg><script>alert(1)</script></svg>", alt="nothing at all")


class Fails(srbench.Section):
    """Raises."""

    def board(self, results: srbench.Frames) -> srbench.Passage:
        raise ZeroDivisionError("no way")


class Markup(srbench.Section):
    """Returns what is no passage."""

    def board(self, results: srbench.Frames) -> srbench.Passage:
        return "<b>bold</b>"  # type: ignore[return-value]


@pytest.fixture(scope="module")
def small(make: Callable[..., Board]) -> Board:
    return make(datasets=("blobs",), protocols=1, seeds=1)


def asking_for(board: Board, *kinds: type) -> Board:
    sections = tuple(use("section", kind.__name__.lower(), kind) for kind in kinds)
    return replace(board, plan=replace(board.plan, matrix=replace(board.plan.matrix, sections=sections)))


def test_sections_stand_on_the_pages_as_data(small: Board, tmp_path: Path) -> None:
    asked = asking_for(small, Means)
    board = with_sections(asked.described, asked.plan, Store(small.store))
    publish(board, small.store, tmp_path)
    page = parse(tmp_path / "index.html")
    (part,) = [tag for tag in page.find("section") if HOSTILE in next(iter(tag.find("h2"))).text]
    assert next(part.find("code")).text == "code" and not list(part.find("script"))
    lines = {next(row.find("th")).text: next(row.find("td")).text for row in next(part.find("tbody")).find("tr")}
    scores = small.results.of_method("bicubic")[0].scores["psnr"].values()
    assert float(lines["bicubic"]) == pytest.approx(sum(scores) / len(scores), rel=1e-3)
    method = parse(tmp_path / "methods" / "bicubic.html")
    (drawing,) = [image for image in method.find("img") if image.attributes["alt"] == "nothing at all"]
    assert drawing.attributes["src"].startswith("data:image/svg+xml;base64,")
    assert "A drawing" not in parse(tmp_path / "methods" / "lanczos.html").text


@pytest.mark.parametrize(("kind", "problem"), [(Fails, "no way"), (Markup, "returned str in place of a Passage")])
def test_a_section_that_fails_costs_itself_alone(small: Board, kind: type, problem: str) -> None:
    asked = asking_for(small, kind, Means)
    board = with_sections(asked.described, asked.plan, Store(small.store))
    first, second, _ = board.sections
    assert first[0] == "" and first[1].heading == kind.__name__.lower() and problem in first[1].paragraphs[0]
    assert second[1].rows


def test_a_board_is_found_again_by_its_file_or_by_what_is_in_it(small: Board, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    board = small.described
    keep_board(store, board)
    path = Path(board.path)
    assert kept_board(store, "toy", path) == board
    moved = tmp_path / "moved.yaml"
    moved.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert kept_board(store, "toy", moved) == board
    moved.write_text("name: toy\ntitle: another\n", encoding="utf-8")
    assert kept_board(store, "toy", moved) is None
    assert kept_board(store, "another", path) is None


def test_two_matrices_of_one_name_keep_a_board_each(small: Board, tmp_path: Path) -> None:
    store, one = Store(tmp_path / "store"), small.described
    other = small.described
    other.path, other.text, other.title = str(tmp_path / "other.yaml"), "name: toy\n", "another"
    keep_board(store, one)
    keep_board(store, other)
    first, second = kept_board(store, "toy", Path(one.path)), kept_board(store, "toy", Path(other.path))
    assert first is not None and second is not None
    assert (first.title, second.title) == (one.title, "another")


def test_a_damaged_board_counts_as_none(small: Board, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    keep_board(store, small.described)
    (path,) = (tmp_path / "store" / "boards").iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    assert kept_board(store, "toy", Path(small.described.path)) is None
