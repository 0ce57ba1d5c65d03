"""What stands beside a set metric's value: kept as it was given, refused where nothing could be made of it."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from srbench import ConfusionMatrix, Details, Estimate, LearningCurve
from srbench.cli import cli
from srbench.store.record import MetricResult, Record
from srbench.store.records import Store

numbers = st.floats(-1e9, 1e9)
counts = st.integers(0, 10**6)
intervals = st.none() | st.tuples(numbers, numbers).map(lambda ends: (min(ends), max(ends)))
estimates = st.builds(Estimate, numbers, st.none() | numbers, st.none() | counts, intervals)


@st.composite
def matrices(draw: st.DrawFn) -> ConfusionMatrix:
    classes = draw(st.lists(st.text(max_size=8), unique=True, max_size=4))
    rows = st.lists(numbers, min_size=len(classes), max_size=len(classes))
    return ConfusionMatrix(classes, draw(st.lists(rows, min_size=len(classes), max_size=len(classes))))  # type: ignore[arg-type]


details = st.builds(
    Details,
    n=st.none() | counts,
    d=st.none() | counts,
    spread=st.none() | numbers,
    interval=intervals,
    ceiling=st.none() | estimates,
    floor=st.none() | estimates,
    confusion=st.none() | matrices(),
    coverage=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=3).map(tuple),
    further=st.dictionaries(st.text(min_size=20, max_size=24), numbers, max_size=3),
)


def kept(result: MetricResult) -> bytes:
    return msgspec.json.encode(Record(key="1", schema=2, status="ok", metrics={"m": result}))


def read(record: bytes) -> MetricResult:
    return msgspec.json.decode(record, type=Record).metrics["m"]


@given(details)
def test_a_record_gives_back_what_a_metric_told(told: Details) -> None:
    assert read(kept(MetricResult(key="m", details=told))).details == told


def test_numbers_of_numpy_and_torch_are_pythons_afterwards() -> None:
    told = Details(
        n=np.int64(3),  # type: ignore[arg-type]
        spread=np.float32(0.5),  # type: ignore[arg-type]
        ceiling=Estimate(torch.tensor(0.25), n=np.uint8(2)),  # type: ignore[arg-type]
        confusion=ConfusionMatrix(["a", "b"], np.eye(2)),  # type: ignore[arg-type]
        further={"pairs": 3, "error": np.float64(0.125)},
    )
    assert {type(number) for number in told.numbers.values()} == {int, float}
    assert told.numbers == {"n": 3, "spread": 0.5, "ceiling": 0.25, "ceiling n": 2, "pairs": 3, "error": 0.125}
    assert read(kept(MetricResult(key="m", details=told))).details == told


@pytest.mark.parametrize("point", [(0.5, 1.2), (-0.1, 0.5), (math.nan, 0.5)])
def test_a_point_of_a_calibration_curve_is_a_probability_and_a_share(point: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"in \[0, 1\]|finite"):
        Details(coverage=(point,))
    assert Details(coverage=[[np.float32(0.5), 1]]).coverage == ((0.5, 1.0),)  # type: ignore[arg-type, list-item]


def test_a_learning_curve_has_a_step_in_every_row_and_columns_of_one_length() -> None:
    columns: dict[str, Any] = {"step": [1, np.int64(2)], "loss": (np.float32(0.5), 0.25), "validation": (None, 1)}
    told = Details(learning=(LearningCurve("seed 0", columns),))
    assert told.learning[0].columns == {"step": (1.0, 2.0), "loss": (0.5, 0.25), "validation": (None, 1.0)}
    assert read(kept(MetricResult(key="m", details=told))).details == told and told.numbers == {}
    for wrong, message in (
        ({"loss": (1.0,)}, "has no `step`"),
        ({"step": (1.0, None), "loss": (1.0, 2.0)}, "has no `step` in some row"),
        ({"step": (1.0, 2.0), "loss": (1.0,)}, "different lengths"),
        ({"step": (1.0,), "loss": (math.nan,)}, "not a finite number"),
    ):
        with pytest.raises(ValueError, match=message):
            LearningCurve("seed 0", wrong)


def test_an_interval_has_names_for_people_and_runs_upwards() -> None:
    told = Details(interval=(np.float64(1), 2), floor=Estimate(0.5, interval=(0.25, 0.75)))
    assert told.numbers == {
        "low": 1.0,
        "high": 2.0,
        "floor": 0.5,
        "floor low": 0.25,
        "floor high": 0.75,
    }
    for make in (lambda: Details(interval=(2.0, 1.0)), lambda: Estimate(1.5, interval=(2.0, 1.0))):
        with pytest.raises(ValueError, match="from 2 down to 1"):
            make()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1e200])
def test_a_number_that_is_not_finite_is_refused_wherever_it_stands(bad: float) -> None:
    for make in (
        lambda: Details(spread=bad),
        lambda: Details(further={"recall": bad}),
        lambda: Estimate(bad),
        lambda: Estimate(1.0, spread=bad),
        lambda: Estimate(1.0, interval=(0.0, bad)),
        lambda: Details(interval=(bad, 1.0)),
        lambda: ConfusionMatrix(("a",), ((bad,),)),
    ):
        with pytest.raises(ValueError, match="not a finite number"):
            make()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Details(n=2.5), "n is 2.5; it counts"),  # type: ignore[arg-type]
        (lambda: Estimate(1.0, n=2.5), "n is 2.5; it counts"),  # type: ignore[arg-type]
        (lambda: Details(further={"ceiling": 1.0}), "further has ceiling, for which Details has a field"),
        (lambda: ConfusionMatrix(("a", "b"), ((1.0, 2.0),)), "of 2 classes has rows of 2 counts"),
        (lambda: ConfusionMatrix(("a", "b"), ((1.0, 2.0), (1.0,))), "of 2 classes has rows of 2, 1 counts"),
        (lambda: ConfusionMatrix(("a", "a"), ((1.0, 2.0), (1.0, 0.0))), "are a, a; name each once"),
    ],
)
def test_what_no_page_could_show_is_refused_with_the_reason(make: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make()


@pytest.mark.parametrize(
    "damage",
    [
        {"n": "three"},
        {"n": 2.5},
        {"spread": None, "ceiling": 0.5},
        {"confusion": {"classes": ["a", "b"], "counts": [[1.0, 2.0]]}},
        {"further": {"spread": 1.0}},
        {"further": {"recall": 1e300}},
    ],
)
def test_a_record_with_other_details_is_damaged(tmp_path: Path, damage: dict[str, Any]) -> None:
    store = Store(tmp_path)
    store.write("cells", Record(key="1", schema=2, status="ok", metrics={"m": MetricResult(key="m")}))
    path = next(tmp_path.glob("cells/*/1/record.json"))
    assert store.read("cells", "1") is not None
    record = msgspec.json.decode(path.read_bytes())
    record["metrics"]["m"]["details"] = damage
    path.write_bytes(msgspec.json.encode(record))
    assert store.read("cells", "1") is None


def test_show_prints_every_number_and_the_matrix_row_by_row(tmp_path: Path) -> None:
    matrix = ConfusionMatrix(("a", "b as c"), ((5.0, 1.5), (0.0, 2.0)))
    told = Details(n=9, ceiling=Estimate(0.75, spread=0.125), confusion=matrix, further={"F1": 0.5})
    record = Record(key="1234", schema=2, status="ok", point={"dataset": "set"})
    record.metrics = {"key": MetricResult(key="key", name="cas", value=0.5, details=told)}
    Store(tmp_path).write("cells", record)
    said = CliRunner().invoke(cli, ["show", "set", "--store", str(tmp_path)]).output
    lines = dict(re.split(" {2,}", line, maxsplit=1) for line in said.splitlines() if line.startswith("metric.cas."))
    assert lines == {
        "metric.cas.n": "9",
        "metric.cas.ceiling": "0.75",
        "metric.cas.ceiling spread": "0.125",
        "metric.cas.F1": "0.5",
        "metric.cas.confusion.a": "a 5, b as c 1.5",
        "metric.cas.confusion.b as c": "a 0, b as c 2",
    }
