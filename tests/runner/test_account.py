"""The record of a job as it comes to be: whatever its processes tell, and however they end. No process is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from bench_in_process import Nearest

from srbench.contract.entry import Entry
from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.account import Account, log_tail
from srbench.runner.job.channel import Doing, Lacking, Made, Measuring, Scored
from srbench.runner.job.tasks import Evaluation, Job, Scoring, Task, Training
from srbench.runner.work.worker import CHECKPOINT
from srbench.store.cell import Cell
from srbench.store.record import SCORES, MetricResult, Record
from srbench.store.records import IMAGES, LOG, RECORD, TRAINING_IMAGES, Store

USE = Use("m", Registered("method", Entry("m", Nearest), Plugin("own", "own", "1", "bench_in_process")), {})
X2 = Protocol("x2", 2)
CELL = Evaluation(Cell("d", "x2", "m", None, None, {"a": 1}), USE, USE, X2, ())
TRAINING = Training("model", {"a": 1}, USE, USE, X2, Budget("steps", 1), 0)


def scoring(key: str, **changes: Any) -> Scoring:
    return Scoring(replace(USE, name=f"the {key}"), key, packages={"lpips": "0.1"}, **changes)


def result(key: str, **fields: Any) -> MetricResult:
    return MetricResult(key=key, name=f"the {key}", **fields)


class Desk:
    """A store, and the accounts of one job after the other in it."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root / "store")
        self.folder = self.store.folder("cells", CELL.key)

    def begin(self, *keys: str, task: Task | None = None, **changes: Any) -> Account:
        """An attempt at a cell with these metrics, or at another task."""
        cell = replace(CELL, metrics=tuple(scoring(key) for key in keys), **changes)
        return Account(Job(task or cell, self.store.root, self.store.root), self.store)

    def made(self, account: Account, **fields: Any) -> Made:
        """What is told when the test split has its SR: an image, and its record."""
        (self.folder / IMAGES).mkdir(exist_ok=True)
        (self.folder / IMAGES / "a.png").write_bytes(b"a")
        files = self.store.hashes("cells", CELL.key, [f"{IMAGES}/a.png"])
        return Made(account.attempt.record("ok", images={"a": "a.png"}, files=files, **fields))

    def learned(self, made: Made, split: str) -> Made:
        """The same with SR of the training split."""
        (self.folder / TRAINING_IMAGES).mkdir(exist_ok=True)
        (self.folder / TRAINING_IMAGES / "t.png").write_bytes(b"t")
        files = self.store.hashes("cells", CELL.key, [f"{TRAINING_IMAGES}/t.png"])
        facts = {"training_images": {"t": "t.png"}, "training_split": split, "files": made.record.files | files}
        return Made(replaced(made.record, **facts))

    def done(self, *keys: str, **fields: Any) -> Account:
        """An attempt at the end of which these metrics have values."""
        account = self.begin(*keys)
        account.making_told(self.made(account, **fields))
        for place, key in enumerate(keys):
            account.scoring_told(Scored(result(key, value=place), {"a": float(place)}))
        return account

    def record(self, task: Task = CELL) -> Record | None:
        return self.store.read(task.shelf, task.key)

    def rows(self) -> list[tuple[str | None, str, float]]:
        return [(row["image"], row["metric"], row["value"]) for row in pq.read_table(self.folder / SCORES).to_pylist()]


def replaced(record: Record, **fields: Any) -> Record:
    return msgspec.structs.replace(record, **fields)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- making ----------------------------------------------------------------------------------------------------------


def test_before_anything_is_told_there_is_no_record_and_everything_is_to_be_made(desk: Desk) -> None:
    account = desk.begin("psnr")
    assert account.record is None and account.lacks_images and account.to_score is None and not account.settled
    assert desk.folder.is_dir() and desk.record() is None


def test_what_was_made_is_on_the_disk_at_once_and_can_be_scored(desk: Desk) -> None:
    account = desk.begin("psnr", "ssim")
    account.making_told(Doing("test"))
    account.making_told(desk.made(account, cost={"upscale_seconds": 2.0}))
    account.making_ended("failed", "its process ended with exit code 0 before it was done", again=False)
    record = desk.record()
    assert record is not None and record == account.record and not desk.store.damage("cells", record)
    assert (record.status, record.images, record.cost) == ("ok", {"a": "a.png"}, {"upscale_seconds": 2.0})
    assert not account.lacks_images and account.to_score is not None and not account.again
    assert isinstance(account.to_score.task, Evaluation)
    assert [scoring.key for scoring in account.to_score.task.metrics] == ["psnr", "ssim"]


def test_whoever_makes_images_has_nothing_to_say_of_scores(desk: Desk) -> None:
    account = desk.begin("psnr")
    scores = {"psnr": result("psnr", value=99.0)}
    account.making_told(desk.made(account, metrics=scores, ceiling=scores))
    account.making_told(Measuring(result("psnr")))
    account.making_told(Scored(result("psnr", value=99.0)))
    record = desk.record()
    assert record is not None and record.metrics == record.ceiling == {} and not account.settled


def test_whoever_scores_has_nothing_to_say_of_images(desk: Desk) -> None:
    account = desk.done("psnr")
    account.scoring_told(Made(account.attempt.record("failed", "no luck")))
    account.scoring_told(Lacking("no luck"))
    record = desk.record()
    assert record is not None and record.status == "ok" and account.troubles == {}


def test_what_is_told_of_another_key_is_passed_over(desk: Desk) -> None:
    account = desk.begin("psnr")
    account.making_told(Made(Record(key="other", schema=1, status="ok")))
    assert account.record is None and desk.record() is None
    assert not desk.store.folder("cells", "other").exists()


def test_a_fault_that_is_told_is_the_record(desk: Desk) -> None:
    account = desk.begin("psnr")
    account.making_told(Made(account.attempt.record("killed", "the disk is full"), again=True))
    account.making_ended("failed", "its process ended with exit code 0 before it was done", again=False)
    record = desk.record()
    assert record is not None and (record.status, record.reason) == ("killed", "the disk is full")
    assert account.again and account.to_score is None


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("task", [CELL, TRAINING])
def test_a_death_before_anything_was_told_is_the_record(desk: Desk, task: Task, again: bool) -> None:
    account = desk.begin(task=task)
    (account.folder / LOG).write_text("last words\n")
    account.making_ended("timeout", "took too long", again)
    record = desk.record(task)
    assert record is not None and (record.status, record.reason) == ("timeout", "took too long")
    assert (record.ingredients, record.point, record.log_tail) == ({"a": 1}, task.point(), "last words")
    assert account.again == again


@pytest.mark.parametrize("left", [None, b"{", b'{"key": "k", "schema": 1, "status": "ok"}'])
def test_what_a_process_makes_of_the_records_file_is_undone(desk: Desk, left: bytes | None) -> None:
    for task in (replace(CELL, metrics=(scoring("psnr"),)), TRAINING):
        account = desk.begin(task=task)
        account.making_told(desk.made(account) if task is not TRAINING else Made(account.attempt.record("ok")))
        path = account.folder / RECORD
        before = desk.record(task)
        if left is None:
            path.unlink()
        else:
            path.write_bytes(left)
        account.making_ended("failed", "its process ended with exit code 0 before it was done", again=False)
        assert before is not None and desk.record(task) == replaced(before, seconds=account.record.seconds)  # type: ignore[union-attr]


# --- what is made besides --------------------------------------------------------------------------------------------


def needy(desk: Desk, **changes: Any) -> Account:
    """An attempt at a cell with a metric that needs SR of the training split `seen`."""
    metrics = (scoring("cas", training_sr="seen"), scoring("psnr"))
    return desk.begin(task=replace(CELL, metrics=metrics, **changes))


def test_sr_of_the_training_split_comes_to_the_record_that_is_there(desk: Desk) -> None:
    desk.done("psnr")
    account = needy(desk)
    assert account.record is not None and account.lacks_images
    account.making_told(Doing("train"))
    account.making_told(desk.learned(Made(account.record), "seen"))
    assert not account.lacks_images
    account.making_ended("failed", "", again=False)
    record = desk.record()
    assert record is not None and record.training_split == "seen" and not desk.store.damage("cells", record)
    assert record.files.keys() == {"images/a.png", "images_train/t.png", SCORES} and record.metrics.keys() == {"psnr"}
    assert account.troubles == {}


@pytest.mark.parametrize("how", ["told", "told by its record", "ended", "ended before it began"])
@pytest.mark.parametrize("again", [False, True])
def test_a_training_split_that_has_no_sr_is_told_to_whoever_scores_and_nothing_else_is_lost(
    desk: Desk, how: str, again: bool
) -> None:
    desk.done("psnr")
    account = needy(desk)
    before = desk.record()
    if how != "ended before it began":
        account.making_told(Doing("train"))
    if how == "told":
        account.making_told(Lacking("no luck", again))
    elif how == "told by its record":
        account.making_told(Made(account.attempt.record("failed", "no luck"), again))
    account.making_ended("failed", "no luck" if how.startswith("ended") else "exit code 0", again)
    assert account.troubles == {"train": Lacking("upscaling the training split: no luck", again)}
    assert desk.record() == before and not account.again


def test_samples_come_to_the_record_that_is_there_and_are_lacking_until_there_are_as_many_as_asked_for(
    desk: Desk,
) -> None:
    desk.done("psnr")
    task = replace(CELL, metrics=(scoring("coverage", samples=3), scoring("psnr")))
    account = desk.begin(task=task)
    assert account.record is not None and account.lacks_images
    account.making_told(Doing("samples"))
    account.making_told(Made(replaced(account.record, samples=2)))
    assert account.lacks_images and account.record.metrics.keys() == {"psnr"}
    account.making_told(Made(replaced(account.record, samples=3)))
    record = desk.record()
    assert record is not None and record.samples == 3 and not account.lacks_images and account.troubles == {}


def test_a_process_that_ends_has_made_neither_samples_nor_sr_of_the_training_split(desk: Desk) -> None:
    desk.done("psnr")
    metrics = (scoring("cas", training_sr="seen"), scoring("coverage", samples=3))
    account = desk.begin(task=replace(CELL, metrics=metrics))
    account.making_told(Doing("samples"))
    account.making_told(Lacking("no luck"))
    account.making_told(Doing("train"))
    account.making_ended("timeout", "took too long", again=True)
    assert account.troubles == {
        "samples": Lacking("drawing samples: no luck"),
        "train": Lacking("upscaling the training split: took too long", again=True),
    }


def test_a_ceiling_is_made_with_the_images_and_a_fault_of_it_is_a_note(desk: Desk) -> None:
    for how in ("told", "ended"):
        account = desk.begin("psnr", ceiling="HR, halved")
        account.making_told(desk.made(account))
        assert account.lacks_images
        account.making_told(Doing("ceiling", "HR, halved"))
        if how == "told":
            account.making_told(Lacking("no luck", again=True))
        account.making_ended("failed", "no luck" if how == "ended" else "exit code 0", again=True)
        record = desk.record()
        assert record is not None and record.notes == ["Its ceiling (HR, halved) was not measured: no luck"]
        assert not account.again and account.to_score is not None
        (desk.folder / RECORD).unlink()
    account = desk.begin("psnr", ceiling="HR, halved")
    made = desk.made(account)
    account.making_told(made)
    account.making_told(Made(replaced(made.record, ceiling_images={"a": "a.png"})))
    record = desk.record()
    assert record is not None and record.ceiling_images == {"a": "a.png"} and not account.lacks_images


def test_a_ceiling_is_not_made_for_a_cell_that_has_been_scored_without(desk: Desk) -> None:
    desk.done("psnr")
    assert not desk.begin("ssim", ceiling="HR").lacks_images


# --- scoring ---------------------------------------------------------------------------------------------------------


def test_each_result_is_on_the_disk_at_once_with_its_scores(desk: Desk) -> None:
    account = desk.begin("psnr", "fid", "ssim")
    account.making_told(desk.made(account))
    account.scoring_told(Measuring(result("psnr")))
    account.scoring_told(Scored(result("psnr", value=30.0), {"a": 29.0, "b": 31.0}))
    record = desk.record()
    assert record is not None and record.metrics == {"psnr": result("psnr", value=30.0)}
    assert not desk.store.damage("cells", record), "the record knows the file of scores"
    account.scoring_told(Scored(result("fid", value=7.0), whole=7.0))
    account.scoring_told(Scored(result("ssim", status="failed", reason="no luck")))
    record = desk.record()
    assert record is not None and list(record.metrics) == ["psnr", "fid", "ssim"]
    assert desk.rows() == [("a", "psnr", 29.0), ("b", "psnr", 31.0), (None, "fid", 7.0)]
    assert account.settled and not account.again


def test_results_of_before_stay_with_their_rows_and_those_of_now_come_last(desk: Desk) -> None:
    desk.done("one", "two")
    account = desk.begin("one")
    account.scoring_told(Scored(result("one", value=5.0), {"a": 5.0}))
    record = desk.record()
    assert record is not None and list(record.metrics) == ["two", "one"]
    assert desk.rows() == [("a", "two", 1.0), ("a", "one", 5.0)], "no row twice"


def test_a_metric_that_failed_this_time_has_no_rows_of_last_time(desk: Desk) -> None:
    desk.done("one", "two")
    account = desk.begin("one")
    account.scoring_told(Scored(result("one", status="failed"), {"a": 5.0}))
    assert desk.rows() == [("a", "two", 1.0)]


def test_a_result_that_nobody_asks_for_or_that_is_there_is_passed_over(desk: Desk) -> None:
    account = desk.done("one")
    before = desk.record()
    for key in ("one", "given-up"):
        account.scoring_told(Scored(result(key, value=99.0), {"a": 99.0}))
    after = desk.record()
    assert before is not None and after is not None and after.metrics == before.metrics
    assert desk.rows() == [("a", "one", 0.0)]


def test_results_of_the_ceiling_stand_beside_those_of_the_cell(desk: Desk) -> None:
    account = desk.done("one")
    account.scoring_told(Scored(result("one", value=9.0, again=True), ceiling=True))
    record = desk.record()
    assert record is not None and record.ceiling["one"].value == 9.0 and record.metrics["one"].value == 0.0
    assert not account.again


@pytest.mark.parametrize("again", [False, True])
def test_a_metric_at_which_the_process_ended_fails_alone_with_what_is_known_of_it(desk: Desk, again: bool) -> None:
    account = desk.begin("one", "two", "three")
    account.making_told(desk.made(account))
    account.scoring_told(Scored(result("one", value=1.0), {"a": 1.0}))
    account.scoring_told(Measuring(result("two", status="failed", unit="dB", lowest=0.0, packages={"lpips": "0.1"})))
    account.scoring_ended("its process crashed with SIGSEGV", again)
    record = desk.record()
    assert record is not None and list(record.metrics) == ["one", "two"]
    reason = "its process crashed with SIGSEGV"
    facts = {"unit": "dB", "lowest": 0.0, "packages": {"lpips": "0.1"}}
    assert record.metrics["two"] == result("two", status="failed", reason=reason, again=again, **facts)
    assert account.again == again and not account.settled and account.to_score is not None
    assert isinstance(account.to_score.task, Evaluation)
    assert [scoring.key for scoring in account.to_score.task.metrics] == ["three"], "another process goes on"


def test_a_process_that_ended_before_any_metric_began_fails_all_that_are_left(desk: Desk) -> None:
    account = desk.begin("one", "two", "three")
    account.making_told(desk.made(account))
    account.scoring_told(Scored(result("one", value=1.0), {"a": 1.0}))
    account.scoring_ended("its process crashed with SIGSEGV", again=False)
    record = desk.record()
    assert record is not None and record.metrics["one"].status == "ok" and account.settled
    for key in ("two", "three"):
        reason, packages = "its process crashed with SIGSEGV", {"lpips": "0.1"}
        assert record.metrics[key] == result(key, status="failed", reason=reason, packages=packages)


def test_an_end_at_the_ceiling_or_after_all_costs_no_metric(desk: Desk) -> None:
    account = desk.done("one")
    account.scoring_ended("exit code 0", again=True)
    record = desk.record()
    assert record is not None and record.metrics["one"].status == "ok" and record.notes == []
    account.scoring_told(Measuring(result("one"), ceiling=True))
    account.scoring_ended("its process crashed with SIGSEGV", again=True)
    record = desk.record()
    assert record is not None and record.metrics["one"].status == "ok" and not account.again
    assert record.notes == ["Its ceiling was not scored: its process crashed with SIGSEGV"]


def test_a_result_that_is_worth_another_try_makes_the_job_worth_one(desk: Desk) -> None:
    account = desk.begin("one")
    account.making_told(desk.made(account))
    account.scoring_told(Scored(result("one", status="failed", reason="the disk is full", again=True)))
    assert account.again and account.settled


# --- another attempt -------------------------------------------------------------------------------------------------


def test_a_cell_with_sound_sr_goes_on_with_its_record_which_keeps_its_times(desk: Desk) -> None:
    first = desk.done("one")
    assert first.record is not None
    first.record.started, first.record.seconds = "2026-01-01T00:00:00.000+00:00", 7.0
    desk.store.write("cells", first.record)
    account = desk.begin("two")
    assert account.record == first.record and not account.lacks_images
    account.scoring_told(Scored(result("two", value=2.0), {"a": 2.0}))
    record = desk.record()
    assert record is not None and (record.started, record.seconds) == (first.record.started, 7.0)


@pytest.mark.parametrize("harm", ["an image", "the record", "failed", "killed", "skipped"])
def test_a_cell_without_sound_sr_begins_anew_but_with_the_images_that_are_there(desk: Desk, harm: str) -> None:
    first = desk.done("one")
    assert first.record is not None
    (desk.folder / LOG).write_text("of before")
    if harm == "an image":
        (desk.folder / IMAGES / "a.png").write_bytes(b"another")
    elif harm == "the record":
        (desk.folder / RECORD).write_text("{")
    else:
        first.record.status = harm  # type: ignore[assignment]
        desk.store.write("cells", first.record)
    account = desk.begin("one")
    assert account.record is None and account.lacks_images
    assert not any((desk.folder / name).exists() for name in (RECORD, SCORES, LOG))
    assert (desk.folder / IMAGES / "a.png").exists(), "whoever makes images knows which of them hold"


def test_results_go_with_their_damaged_scores_and_those_without_scores_stay(desk: Desk) -> None:
    account = desk.begin("one", "two")
    account.making_told(desk.made(account))
    account.scoring_told(Scored(result("one", value=1.0), {"a": 1.0}))
    account.scoring_told(Scored(result("two", status="failed")))
    (desk.folder / SCORES).write_bytes(b"another")
    account = desk.begin("one")
    assert account.record is not None and list(account.record.metrics) == ["two"]
    assert not (desk.folder / SCORES).exists()
    account.scoring_told(Scored(result("one", value=1.0), {"a": 1.0}))
    assert desk.rows() == [("a", "one", 1.0)]


def test_a_training_goes_on_from_its_checkpoint_until_it_went_well(desk: Desk) -> None:
    for status in ("failed", "ok"):
        account = desk.begin(task=TRAINING)
        assert account.record is None and account.lacks_images and account.to_score is None
        assert not (account.folder / RECORD).exists()
        checkpoint = account.folder / CHECKPOINT
        checkpoint.mkdir(exist_ok=True)
        for name in ("checkpoint.pt", "checkpoint.previous.pt"):
            (checkpoint / name).write_text(f"{name} {status}")
        account.making_told(Made(account.attempt.record(status)))  # type: ignore[arg-type]
        record = desk.record(TRAINING)
        assert record is not None and record.status == status
        assert checkpoint.exists() == (status == "failed")
    last = desk.store.last_checkpoint(TRAINING.key)
    assert last.read_text() == "checkpoint.pt ok", "the last one is kept for whoever goes on from there"
    assert sorted(path.name for path in last.parent.iterdir()) == ["checkpoint.pt", "record.json"]


@pytest.mark.parametrize("task", [CELL, TRAINING])
def test_a_folder_in_the_place_of_a_file_gets_another_name(desk: Desk, task: Task) -> None:
    folder = desk.store.folder(task.shelf, task.key)
    account = desk.begin(task=task)
    (folder / "history.csv").write_text("")
    files = desk.store.hashes(task.shelf, task.key, ["history.csv"])
    account.making_told(Made(account.attempt.record("ok", files=files)))
    for name in ("history.csv", SCORES, LOG):
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()
        (folder / name / "mine").write_text(name)
    desk.begin(task=task)
    for name in ("history.csv", SCORES, LOG):
        assert not (folder / name).exists()
        assert [path.read_text() for path in folder.glob(f"{name}.aside-*/mine")] == [name]


@pytest.mark.parametrize("task", [CELL, TRAINING])
def test_a_folder_in_the_place_of_the_record_gets_another_name(desk: Desk, task: Task) -> None:
    record = desk.store.folder(task.shelf, task.key) / RECORD
    record.mkdir(parents=True)
    (record / "mine").write_text("notes")
    account = desk.begin(task=task)
    account.making_told(Made(account.attempt.record("ok")))
    assert record.is_file()
    assert [path.read_text() for path in record.parent.glob(f"{RECORD}.aside-*/mine")] == ["notes"]


def test_of_a_log_without_lines_the_last_64_kilobytes_are_kept(tmp_path: Path) -> None:
    assert log_tail(tmp_path) == ""
    (tmp_path / LOG).write_bytes(b"\xff" * 300_000 + b"the end")
    kept = Record(key="a", schema=1, status="ok", log_tail=log_tail(tmp_path)).log_tail
    assert len(kept) <= 1 << 16 and kept.endswith("the end")


def test_of_a_log_the_last_lines_are_in_the_record(desk: Desk) -> None:
    account = desk.begin("one")
    (desk.folder / LOG).write_text("".join(f"line {number}\n" for number in range(100)))
    account.making_ended("failed", "no luck", again=False)
    record = desk.record()
    assert record is not None and record.log_tail.splitlines() == [f"line {number}" for number in range(70, 100)]
