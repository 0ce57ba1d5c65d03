"""What of a submission can stand beside a board's own results, and what is refused, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from srbench.leaderboard.board.contents import BoardDataset
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


def board(*cells: Made, train: str = "t", steps: int = 300) -> Results:
    """Results whose records have ingredients, and a key for these. train, steps: what models learned from, how long."""
    results = results_of(cells)
    left, keyed = dict[str, Left](), []
    for one in results.all:
        ingredients = FACTS | {"method": {"name": one.cell.method, "source": {"plugin": one.cell.method}}}
        if one.cell.trained_on is not None:
            ingredients["model"] = {
                "train": {"fingerprint": f"{train} of {one.cell.trained_on}"},
                "budget": {"steps": steps},
            }
            ingredients["seed"] = one.cell.seed
        key = digest([ingredients, one.cell.dataset])
        metrics = {
            name: msgspec.structs.replace(result, value=float(np.mean([*one.scores[name].values()])))
            for name, result in record_of(one).metrics.items()
        }
        record = msgspec.structs.replace(record_of(one), key=key, ingredients=ingredients, metrics=metrics)
        left[key] = Left(record, one.scores)
        keyed.append(msgspec.structs.replace(one.cell, key=key, learned_from=one.cell.trained_on))
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


def test_that_nothing_is_new_is_told_and_refuses_nothing() -> None:
    joined = submitted()
    assert joined.refused == () == joined.taken and joined.remarks == ("nothing in it is new to this board",)
    ours = board(made("bicubic"))
    assert join(ours, ours, "x").results is ours


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


def learner(method: str, trained_on: str = "t91", seed: int = 0) -> Made:
    return replace(made(method), trained_on=trained_on, seed=seed)


def renamed(results: Results, **names: str) -> Results:
    """The same cells, with other names for methods."""
    told = results.board
    methods = [msgspec.structs.replace(one, name=names.get(one.name, one.name)) for one in told.methods]
    cells = [msgspec.structs.replace(one, method=names.get(one.method, one.method)) for one in told.cells]
    left = {one.cell.key: Left(one.record, one.scores) for one in results.all}
    return gathered(msgspec.structs.replace(told, methods=methods, cells=cells), lambda cell: left[cell.key])


def test_a_cell_of_the_board_under_another_name_does_not_take_its_place() -> None:
    ours = board(made("bicubic"))
    theirs = renamed(board(made("bicubic"), made("edsr", 1.0)), bicubic="base")
    joined = join(ours, theirs, "x")
    assert joined.results is ours
    assert joined.refused == (
        "blobs/x4-y/base: this board has the same cell as blobs/x4-y/bicubic; call its method and data so, too",
    )


def test_a_submission_names_each_cell_once() -> None:
    theirs = board(made("edsr"), made("rcan"))
    (same,) = join(board(made("bicubic")), renamed(theirs, rcan="edsr"), "x").refused
    assert same == "blobs/x4-y/edsr: it is in the submission 2 times"
    cells = [msgspec.structs.replace(one, key=theirs.board.cells[0].key) for one in theirs.board.cells]
    left = Left(theirs.all[0].record, theirs.all[0].scores)
    twice = gathered(msgspec.structs.replace(theirs.board, cells=cells), lambda cell: left)
    assert (
        "blobs/x4-y/edsr and blobs/x4-y/rcan are the same cell" in join(board(made("bicubic")), twice, "x").refused[0]
    )


def test_more_seeds_and_training_sets_of_the_boards_own_methods_are_not_taken() -> None:
    theirs = board(made("bicubic"), learner("srcnn"), learner("srcnn", seed=7), learner("srcnn", "div2k"))
    joined = join(board(made("bicubic"), learner("srcnn")), theirs, "x")
    assert joined.taken == () == joined.refused
    assert joined.remarks == (
        "blobs/x4-y/srcnn/t91/7 is not taken: this board has srcnn already",
        "blobs/x4-y/srcnn/div2k/0 is not taken: this board has srcnn already",
        "nothing in it is new to this board",
    )


def test_a_cell_that_failed_is_held_against_names_too() -> None:
    ours, theirs = board(made("bicubic"), made("net", 0, "waves")), board(made("bicubic"), made("net"))
    record_of(theirs.all[1]).ingredients = FACTS | {"method": {"name": "other"}}
    record_of(theirs.all[1]).status = "failed"
    assert "another method of this board is called net" in join(ours, theirs, "x").refused[0]


def test_a_metric_that_was_skipped_is_held_against_none() -> None:
    ours, theirs = board(made("bicubic"), made("lanczos")), board(made("edsr"))
    skipped = {"status": "skipped", "value": None, "key": "why it was skipped"}
    first = record_of(ours.all[0]).metrics
    first["psnr"] = msgspec.structs.replace(first["psnr"], **skipped)
    assert join(ours, theirs, "x").refused == ()
    mine = record_of(theirs.all[0]).metrics
    mine["psnr"] = msgspec.structs.replace(mine["psnr"], key="other")
    assert "PSNR is computed otherwise" in join(ours, theirs, "x").refused[0]
    mine["psnr"] = msgspec.structs.replace(mine["psnr"], **skipped)
    assert join(ours, theirs, "x").taken == ("blobs/x4-y/edsr",)


def test_a_training_set_of_one_name_has_one_content() -> None:
    ours, theirs = (board(made("bicubic"), learner(name), train=of) for name, of in (("srcnn", "a"), ("edsr", "b")))
    assert join(ours, theirs, "x").refused == (
        "blobs/x4-y/edsr/t91/0: its training images of t91 are others: their fingerprint is not that of this board's",
    )
    assert join(ours, board(made("bicubic"), learner("edsr", "div2k"), train="b"), "x").refused == ()


def test_another_budget_is_told() -> None:
    joined = join(board(learner("srcnn")), board(learner("edsr"), steps=9000), "x")
    assert joined.taken == ("blobs/x4-y/edsr/t91/0",)
    assert joined.remarks == ("edsr was trained for 9000 steps, methods of this board for 300 steps",)


def test_metrics_that_the_board_has_not_stay_away() -> None:
    scores = made("edsr", 1.0).scores
    theirs = board(replace(made("edsr"), scores=scores | {"mae": scores["psnr"]}))
    joined = join(board(made("bicubic")), theirs, "x")
    assert joined.remarks == ("MAE is no metric of this board",)
    (_, taken) = joined.results.all
    assert joined.results.metrics == ["psnr"]
    assert [*record_of(taken).metrics] == ["psnr"] == [*taken.scores]


def test_what_training_images_look_like_comes_along_with_a_training_set() -> None:
    ours, theirs = board(made("bicubic")), board(learner("edsr"))
    told = BoardDataset("t91", "learned from")
    seen = {"blobs": {"t91": {"im1": "t3"}, "other": {"im2": "o1"}}, "waves": {"t91": {"w": "t1"}}}
    theirs = replace(theirs, board=msgspec.structs.replace(theirs.board, datasets=[told], seen=seen))
    joined = join(ours, theirs, "x").results.board
    assert joined.seen == {"blobs": {"t91": {"im1": "t3"}}}
    assert told in joined.datasets and ours.board.seen == {}
