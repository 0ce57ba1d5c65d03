"""What moved, by how much, whether that is noise, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import stats

from srbench.leaderboard.publishing.changes import AGAIN, Change, changes_told, compare_boards
from srbench.leaderboard.results.results import Results
from srbench.store.cell import digest

from ..toyboard import HOSTILE, Made, results_of

IMAGES = 30
BASE = 28 + 3 * np.sin(np.arange(IMAGES))


def made(method: str, values: np.ndarray, seed: int | None = None, **more: Any) -> Made:
    return Made("blobs", method, {"psnr": {f"im{at:02}": float(v) for at, v in enumerate(values)}}, seed=seed, **more)


def board(*cells: Made, ingredients: dict[str, Any] | None = None) -> Results:
    results = results_of(cells)
    for one in results.all:
        assert one.record is not None
        one.record.ingredients = {"schema": 2, **(ingredients or {})}
        if ingredients:
            one.record.key = digest(ingredients)
    return results


def change(before: Results, after: Results) -> Change:
    return compare_boards(before, after, "d" * 64, "2026-11-21T09:30:00+00:00", ["It led."])


def code(of: str) -> dict[str, Any]:
    return {"method": {"name": "net", "source": {"srbench-net": of}}}


def test_the_same_results_have_not_moved() -> None:
    found = change(board(made("net", BASE)), board(made("net", BASE)))
    assert (found.moved, found.noise, found.still) == ((), 0, 1)
    assert found.words() == ["No value moved, of 1."]


def test_a_gain_on_every_image_is_told_with_its_interval_and_the_code_that_changed() -> None:
    gain = 0.3 + 0.1 * np.random.default_rng(0).standard_normal(IMAGES)
    found = change(
        board(made("net", BASE), ingredients=code("a")), board(made("net", BASE + gain), ingredients=code("b"))
    )
    (move,) = found.moved
    assert move.after - move.before == pytest.approx(gain.mean())
    assert move.low is not None and move.high is not None
    by_t = stats.t.interval(0.95, IMAGES - 1, gain.mean(), stats.sem(gain))
    assert (move.low, move.high) == pytest.approx(by_t, abs=0.01)
    assert found.noise == 0
    (said,) = found.words()
    assert said.startswith("The code of srbench-net changed: PSNR of net on blobs, x4-y rose by 0.29 dB [0.26, 0.32]")


def test_keys_that_differ_in_the_metric_or_nothing_say_so() -> None:
    before, after = board(made("net", BASE)), board(made("net", BASE - 1))
    assert change(before, after).moved[0].why == AGAIN
    assert change(before, after).words()[0].startswith(f"M{AGAIN[1:]}: PSNR of net on blobs, x4-y fell")
    record = after.all[0].record
    assert record is not None
    record.metrics["psnr"] = msgspec.structs.replace(record.metrics["psnr"], key="new", packages={"scipy": "2"})
    assert change(before, after).moved[0].why == "PSNR is computed otherwise"
    old = before.all[0].record
    assert old is not None
    old.metrics["psnr"] = msgspec.structs.replace(old.metrics["psnr"], packages={"scipy": "1"})
    assert change(before, after).moved[0].why == "PSNR is computed otherwise (scipy 1 -> 2)"


def test_a_move_whose_interval_holds_zero_is_noise() -> None:
    wobble = np.where(np.arange(IMAGES) % 2, 0.5, -0.49)
    found = change(board(made("net", BASE)), board(made("net", BASE + wobble)))
    assert (found.moved, found.noise) == ((), 1)
    assert found.words() == [f"1 value moved by no more than noise: {AGAIN} (1)."]


def test_a_move_smaller_than_its_seeds_lie_apart_is_noise_and_more_seeds_are_told() -> None:
    few = [made("net", BASE + 0.4 * seed, seed) for seed in range(2)]
    more = [*few, made("net", BASE + 0.5, 2)]
    found = change(board(*few), board(*more))
    assert (found.moved, found.noise) == ((), 1)
    assert found.why == (("3 seeds in place of 2", 1),)
    far = [made("net", BASE + 2 + 0.4 * seed, seed) for seed in range(2)]
    assert len(change(board(*few), board(*far)).moved) == 1


def test_methods_and_datasets_that_come_and_go_are_named() -> None:
    other = replace(made("c", BASE), dataset="waves")
    found = change(board(made("a", BASE), made("b", BASE)), board(made("a", BASE), other))
    assert found.new == ("c", "the dataset waves") and found.gone == ("b",)
    assert found.words()[:2] == ["New: c and the dataset waves.", "Gone: b."]


def test_other_images_have_no_interval_and_infinite_means_are_no_moves() -> None:
    (move,) = change(board(made("a", BASE)), board(made("a", BASE[:-1]))).moved
    assert move.low is None and "[" not in move.words()
    assert change(board(made("a", BASE)), board(made("a", BASE * np.inf))).moved == ()


def test_many_moves_are_counted_and_texts_stay_as_they_are() -> None:
    before = board(*(made(f"m{number}", BASE) for number in range(12)), made(HOSTILE, BASE))
    after = board(*(made(f"m{number}", BASE + 1) for number in range(12)), made(HOSTILE, BASE + 1))
    (said,) = change(before, after).words()
    assert said.endswith("; and 5 more.")


def test_of_answers_those_are_told_that_became_another() -> None:
    latest, first = change(board(made("a", BASE)), board(made("a", BASE))), Change("e" * 64, "", ("Nobody led.",))
    told = changes_told([latest, first], ["It led."])
    assert [one["answer"] for one in told] == [(), ("Nobody led.",)]
    assert told[0]["date"] == "21 Nov 2026"


def test_a_change_survives_its_file() -> None:
    found = change(board(made("a", BASE)), board(made("a", BASE + 1)))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Change) == found
