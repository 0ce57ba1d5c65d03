"""Two records of one key: which is the better, what they make together, and what counts as a contradiction."""

from __future__ import annotations

import itertools
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.store.record import MetricResult, Record, Status
from srbench.store.union import alone, differences, is_better, made_the_same, united, without


def record(status: Status = "ok", **fields: Any) -> Record:
    given = {"images": {"a": "a.png"}, "files": {"images/a.png": "11", "scores.parquet": "22"}, **fields}
    return Record(key="ab", schema=2, status=status, **given)


def metrics(**values: float) -> dict[str, MetricResult]:
    return {name: MetricResult(key=name, name=name, value=value, n=1) for name, value in values.items()}


STATUSES: list[Status] = ["ok", "skipped", "failed", "timeout", "out_of_memory", "killed"]


@given(
    st.lists(
        st.tuples(st.sampled_from(STATUSES), st.sampled_from(["1", "2", "3"])), min_size=2, max_size=5, unique=True
    )
)
def test_of_records_the_same_wins_in_whichever_order_they_come(pairs: list[tuple[Status, str]]) -> None:
    winners = set()
    for order in itertools.permutations(pairs):
        best, *others = (record(status, started=started) for status, started in order)
        for other in others:
            best = other if is_better(other, best) else best
        winners.add((best.status, "" if best.status == "ok" else best.started))
    assert len(winners) == 1
    ((status, _),) = winners
    known = {status for status, _ in pairs}
    assert (status == "ok") == ("ok" in known)
    assert status != "killed" or known == {"killed"}, "which says nothing of the method"


def test_scores_agree_to_the_ninth_digit_as_sums_in_another_order_do() -> None:
    kept = record(metrics=metrics(psnr=30.0))
    assert differences(kept, record(metrics=metrics(psnr=math.nextafter(30.0, 31.0)))) == []
    (found,) = differences(kept, record(metrics=metrics(psnr=30.0000001)))
    assert (found.what, found.kept, found.other) == ("psnr", "30 (n = 1)", "30.0000001 (n = 1)")


def test_a_mean_over_other_images_contradicts_and_so_do_infinite_ones() -> None:
    kept = record(metrics=metrics(psnr=30.0))
    for change in ({"n": 2}, {"infinite": 1}, {"value": None, "infinite": 1, "n": 0}):
        other = record(metrics={"psnr": msgspec.structs.replace(kept.metrics["psnr"], **change)})
        assert [found.what for found in differences(kept, other)] == ["psnr"]
    same = record(metrics={"psnr": MetricResult(key="psnr", name="psnr", infinite=1)})
    assert differences(same, msgspec.structs.replace(same)) == []


def test_a_metric_that_is_ok_takes_the_place_of_one_that_is_not_and_that_is_no_contradiction() -> None:
    failed = record(metrics={"q": MetricResult(key="q", name="q", status="failed", reason="why")})
    well = record(metrics=metrics(q=1.0, r=2.0))
    for kept, other in ((failed, well), (well, failed)):
        assert differences(kept, other) == []
        assert {key: result.value for key, result in united(kept, other).metrics.items()} == {"q": 1.0, "r": 2.0}


def test_times_make_no_difference_and_neither_does_what_only_one_of_them_has() -> None:
    kept = record(cost={"latency_ms": 1.0}, started="1", files={"images/a.png": "11", "history.csv": "1"})
    other = record(cost={"latency_ms": 9.0}, started="2", files={"images/a.png": "11", "history.csv": "2", "more": "3"})
    assert made_the_same(kept, other) and differences(kept, other) == []
    assert united(kept, other) == kept


@pytest.mark.parametrize("name", ["images/a.png", "weights"])
def test_other_files_are_a_contradiction_that_names_one(name: str) -> None:
    kept, other = record(files={name: "a" * 64, "z": "1"}), record(files={name: "b" * 64, "z": "2"})
    assert not made_the_same(kept, other)
    (found,) = differences(kept, other)
    assert (found.what, found.kept) == (f"{name} and 1 more", "sha256 aaaaaaaaaaaa")


def test_sr_of_another_training_split_is_neither_a_contradiction_nor_taken() -> None:
    def of(split: str, known: str) -> Record:
        files = {"images/a.png": "11", "images_train/c.png": known}
        return record(files=files, training_images={"c": "c.png"}, training_split=split)

    kept, other = of("one", "1"), of("two", "2")
    assert differences(kept, other) == [] and united(kept, other) == kept
    assert differences(kept, of("one", "2"))
    assert united(record(), kept).training_split == "one"
    assert united(record(), kept).files["images_train/c.png"] == "1"


def test_of_two_that_have_samples_the_whole_has_those_of_the_one_with_more() -> None:
    def of(count: int, last: str = "s") -> Record:
        files = {f"images_samples/a.{place:03}.png": str(place) for place in range(1, count)}
        files |= {f"images_samples/a.{count:03}.png": last} if count else {}
        return record(files={"images/a.png": "11", **files}, samples=count)

    assert united(of(0), of(2)) == of(2) and united(of(2, "2"), of(3)) == of(3) == united(of(3), of(2, "2"))
    assert differences(of(2, "2"), of(3)) == [] and differences(of(2, "another"), of(3))


def test_a_record_without_a_folder_is_as_if_that_had_never_been_made() -> None:
    files = {"images/a.png": "11", "images_samples/a.001.png": "1", "images_train/c.png": "2"}
    learned: dict[str, Any] = {"training_images": {"c": "c.png"}, "training_split": "t"}
    whole = record(files=files, samples=1, metrics=metrics(psnr=3.0), **learned)
    bare = without(without(whole, "images_samples"), "images_train")
    assert bare == record(files={"images/a.png": "11"}, metrics=metrics(psnr=3.0))
    assert without(whole, "images") == whole
    assert alone(whole, "images_train") == record(files={"images/a.png": "11", "images_train/c.png": "2"}, **learned)
