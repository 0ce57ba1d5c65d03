"""What of a submission can stand beside a board's own results, and what is refused, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from srbench.leaderboard.publishing.joining import Joined, join
from srbench.leaderboard.results.results import Left, Result, Results
from srbench.leaderboard.results.results import results_of as gathered
from srbench.store.cell import digest
from srbench.store.record import Record

from ..toyboard import Made, results_of

BASE = 28 + 3 * np.sin(np.arange(12))
FACTS: dict[str, Any] = {
    "schema": 2,
    "protocol": {"scale": 4, "version": 1},
    "test": {"fingerprint": "f"},
}


def made(method: str, gain: float = 0.0, dataset: str = "blobs") -> Made:
    scores = {"psnr": {f"im{at}": float(value) for at, value in enumerate(BASE + gain)}}
    return Made(dataset, method, scores, groups={f"im{at}": f"g{at // 2}" for at in range(12)})


def board(*cells: Made) -> Results:
    """Results whose records have ingredients, and a key for these."""
    results = results_of(cells)
    left, keyed = dict[str, Left](), []
    for one in results.all:
        ingredients = FACTS | {"method": {"name": one.cell.method, "source": {"plugin": one.cell.method}}}
        key = digest([ingredients, one.cell.dataset])
        mean = float(np.mean([*one.scores["psnr"].values()]))
        metrics = {"psnr": msgspec.structs.replace(record_of(one).metrics["psnr"], value=mean)}
        record = msgspec.structs.replace(record_of(one), key=key, ingredients=ingredients, metrics=metrics)
        left[key] = Left(record, one.scores)
        keyed.append(msgspec.structs.replace(one.cell, key=key))
    return gathered(msgspec.structs.replace(results.board, cells=keyed), lambda cell: left[cell.key])


def record_of(result: Result) -> Record:
    assert result.record is not None
    return result.record


def submitted(*others: Made) -> Joined:
    return join(board(made("bicubic"), made("lanczos", 0.3)), board(made("bicubic"), *others), "from somebody")


def test_a_new_method_comes_to_the_board_beside_the_others_and_says_where_it_is_from() -> None:
    joined = submitted(made("edsr", 1.0))
    assert joined.taken == ("blobs/x4-y/edsr",) and joined.refused == () == joined.remarks
    assert [one.cell.method for one in joined.results.all] == ["bicubic", "lanczos", "edsr"]
    assert joined.results.board.method("edsr").origin[-1] == ("Submitted", "from somebody")
    assert joined.results.all[-1].scores["psnr"]["im3"] == pytest.approx(BASE[3] + 1)


def test_a_dataset_that_the_board_has_not_is_left_out_and_told() -> None:
    joined = submitted(made("edsr", 1.0), made("edsr", 1.0, "waves"))
    assert joined.taken == ("blobs/x4-y/edsr",)
    assert joined.remarks == ("waves under x4-y is not of this board",)


def test_nothing_new_is_refused() -> None:
    assert submitted().refused == ("nothing in it is new to this board",)


def test_a_method_that_learns_nothing_has_the_scores_that_the_board_has() -> None:
    joined = join(board(made("bicubic")), board(made("bicubic", 0.5), made("edsr")), "x")
    assert len(joined.refused) == 1 and joined.refused[0].startswith("blobs/x4-y/bicubic: PSNR is 2")
    assert joined.taken == ()


def alter(change: Callable[[Record], None]) -> Joined:
    theirs = board(made("bicubic"), made("edsr", 1.0))
    change(record_of(theirs.all[1]))
    return join(board(made("bicubic")), theirs, "x")


def ingredient(name: str, value: Any) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record.ingredients = record.ingredients | {name: value}

    return change


def field(name: str, value: Any) -> Callable[[Record], None]:
    return lambda record: setattr(record, name, value)


REFUSED: dict[str, tuple[Callable[[Record], None], str]] = {
    "another srbench": (ingredient("schema", 1), "made by another srbench (schema 1, here 2)"),
    "another version": (
        ingredient("protocol", {"scale": 4, "version": 2}),
        "protocol is another one of the same name (version 2, here 1)",
    ),
    "other pictures": (ingredient("test", {"fingerprint": "g"}), "test images are others"),
    "fewer images": (field("images", {"im0": "im0.png"}), "other images of the test split"),
    "other groups": (field("groups", {}), "other groups of the test split"),
    "another metric": (
        lambda record: setattr(record.metrics["psnr"], "key", "other"),
        "PSNR is computed otherwise than on this board",
    ),
    "no metric": (lambda record: record.metrics.clear(), "it lacks PSNR"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_made_under_other_conditions_is_refused(case: str) -> None:
    change, words = REFUSED[case]
    joined = alter(change)
    assert joined.taken == () and joined.refused[0].startswith("blobs/x4-y/edsr: ")
    assert words in joined.refused[0]


@pytest.mark.parametrize("name", ["../x", "<script>", "a b", "x" * 200])
def test_a_name_that_no_matrix_could_give_is_refused(name: str) -> None:
    assert submitted(made(name)).refused == (f"{name[:100]!r} will not do as the name of a method",)


def test_another_method_of_the_same_name_is_refused() -> None:
    ours, theirs = board(made("bicubic"), made("net", 0, "waves")), board(made("bicubic"), made("net"))
    record_of(theirs.all[1]).ingredients = FACTS | {"method": {"name": "other"}}
    assert "another method of this board is called net" in join(ours, theirs, "x").refused[0]
