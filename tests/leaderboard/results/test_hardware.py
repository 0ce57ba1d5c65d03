"""Costs that two kinds of hardware measured are never averaged, nor compared."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.results.hardware import SEVERAL, Measured, hardware, measured
from srbench.leaderboard.results.results import Entrant, Result
from srbench.store.record import Record

from ..toyboard import Made, results_of

KINDS = {name: {"device": name, "cores": 2} for name in "AB"}
Cell = tuple[str, str, int, str, float]


def of(cells: list[Cell]) -> dict[Entrant, list[Result]]:
    """Cells of a method, a dataset, a seed, a kind of hardware and a time."""
    made = [
        Made(
            dataset,
            method,
            {"psnr": {"im": 30.0}},
            trained_on="t",
            seed=seed,
            cost={"ms_per_megapixel": time},
            environment=KINDS[kind],
        )
        for method, dataset, seed, kind, time in cells
    ]
    found: dict[Entrant, list[Result]] = {}
    for result in results_of(made).all:
        found.setdefault(result.entrant, []).append(result)
    return found


def by_method(cells: list[Cell]) -> dict[str, Measured]:
    return {entrant.method: one for entrant, one in measured(of(cells), "ms_per_megapixel").items()}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"device": "A CPU", "cores": 1}, "A CPU (1 core)"),
        ({"device": "A GPU", "cores": 16, "training": {"device": "B", "cores": 4}}, "A GPU (16 cores)"),
        ({"device": "A GPU"}, "A GPU"),
        ({}, ""),
    ],
)
def test_hardware_in_words(environment: dict[str, object], said: str) -> None:
    assert hardware(Record(key="ab", schema=2, status="ok", environment=environment)) == said


def test_a_training_is_of_the_hardware_that_trained() -> None:
    record = Record(key="ab", schema=2, status="ok", environment=KINDS["A"] | {"training": KINDS["B"]})
    assert hardware(record, "train_seconds") == "B (2 cores)"
    assert hardware(record, "ms_per_megapixel") == "A (2 cores)"


def test_the_kind_that_measured_the_most_is_compared_and_others_say_theirs() -> None:
    found = by_method([("x", "d", 0, "B", 1.0), ("y", "d", 0, "A", 2.0), ("z", "d", 0, "A", 3.0)])
    assert found == {
        "x": Measured(1.0, "B (2 cores)", compared=False),
        "y": Measured(2.0, "A (2 cores)"),
        "z": Measured(3.0, "A (2 cores)"),
    }


def test_a_mean_is_over_all_datasets_on_one_kind_or_there_is_none() -> None:
    split = [("x", "d", 0, "A", 1.0), ("x", "e", 0, "B", 2.0)]
    assert by_method(split) == {"x": Measured(None, SEVERAL, compared=False)}
    assert by_method([*split, ("x", "e", 1, "A", 4.0)]) == {"x": Measured(2.5, "A (2 cores)")}


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("xy"), st.sampled_from("de"), st.integers(0, 1)),
        st.tuples(st.sampled_from("AB"), st.floats(1, 2)),
        min_size=1,
    )
)
def test_no_number_mixes_kinds_and_all_that_are_compared_are_of_one(
    times: dict[tuple[str, str, int], tuple[str, float]],
) -> None:
    found = by_method([(*place, kind, time + 100 * (kind == "B")) for place, (kind, time) in times.items()])
    assert len({one.hardware for one in found.values() if one.compared}) <= 1
    for method, one in found.items():
        own = [
            (dataset, time + 100 * (kind == "B"))
            for (name, dataset, _), (kind, time) in times.items()
            if name == method and f"{kind} (2 cores)" == one.hardware
        ]
        if one.number is None:
            assert one.hardware == SEVERAL
        else:
            assert one.number == pytest.approx(fmean(time for _, time in own))
            assert {dataset for dataset, _ in own} == {dataset for name, dataset, _ in times if name == method}
