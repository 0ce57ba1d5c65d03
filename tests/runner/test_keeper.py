"""A job kept to its end by processes of its own: its record, whatever becomes of them, and its ending.

The processes here do what a test says.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd  # noqa: F401  pyarrow asks for it, and each keeper here would import it anew
import psutil
import pytest
from bench_in_process import Nearest

from srbench.contract.entry import Entry
from srbench.contract.executor import UNFINISHED, Limits
from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner import keeper, process
from srbench.runner.job.channel import Made, Measuring, Scored, Tell
from srbench.runner.job.exchange import Ending, Exchange, Heartbeat, Progress
from srbench.runner.job.file import write_job
from srbench.runner.job.tasks import Evaluation, Job, Scoring, Task, Training
from srbench.runner.work import processes
from srbench.runner.work.attempt import Attempt
from srbench.store.cell import Cell
from srbench.store.lease import Process
from srbench.store.record import SCORES, MetricResult, Record, Status
from srbench.store.records import Store

Stop = Callable[[], bool]
NOT_DONE = "its process ended with exit code 0 before it was done"


def test_what_is_no_job_ends_with_the_reason(tmp_path: Path) -> None:
    job = tmp_path / "store/jobs/key/job.json"
    job.parent.mkdir(parents=True)
    job.write_text("{}")
    keeper.keep(job)
    ending = Exchange(job).read(Ending)
    assert ending is not None and ending.status == "failed" and "is no job" in ending.reason
    assert Exchange(job).read(Heartbeat) is not None
    with pytest.raises(FileNotFoundError):
        keeper.keep(job.with_name("other.json"))


def make_ok(job: Job, attempt: Attempt, record: Record | None, tell: Tell, progress: Any, stop: Stop, *_: Any) -> None:
    """Tell of an image."""
    tell(Made(attempt.record("ok", images={"a": "a.png"})))


def measuring(scoring: Scoring) -> Measuring:
    return Measuring(MetricResult(key=scoring.key, name=scoring.metric.name, status="failed"))


def scored(scoring: Scoring) -> Scored:
    return Scored(MetricResult(key=scoring.key, name=scoring.metric.name, value=1.0), {"a": 1.0})


def score_ok(job: Job, attempt: Attempt, record: Record, trouble: Any, tell: Tell, progress: Any, stop: Stop) -> None:
    """Tell of a value of each metric."""
    assert isinstance(job.task, Evaluation)
    for scoring in job.task.metrics:
        tell(measuring(scoring))
        tell(scored(scoring))


def at(key: str, end: Callable[[], Any]) -> Callable[..., None]:
    """Score as above, but for an end at one metric."""

    def work(job: Job, attempt: Attempt, record: Record, trouble: Any, tell: Tell, *_: Any) -> None:
        assert isinstance(job.task, Evaluation)
        for scoring in job.task.metrics:
            tell(measuring(scoring))
            if scoring.key == key:
                end()
            tell(scored(scoring))

    return work


def test_the_time_for_which_a_job_was_stopped_is_no_time_of_its_training() -> None:
    stopped = SimpleNamespace(seconds=0.0)
    before = keeper._running_time(cast(Any, stopped))
    stopped.seconds = 1000.0
    assert before - 1000 <= keeper._running_time(cast(Any, stopped)) < before - 900


def test_a_training_whose_process_is_stopped_spends_no_seconds_meanwhile(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = processes.StoppedTime.look

    def look_and_let_go_on(stopped: processes.StoppedTime, pid: int) -> None:
        look(stopped, pid)
        if stopped.seconds > 0.5:
            os.kill(pid, signal.SIGCONT)

    monkeypatch.setattr(processes.StoppedTime, "look", look_and_let_go_on)

    def make(job: Job, attempt: Attempt, record: Any, tell: Tell, progress: Any, stop: Stop, clock: Any) -> None:
        begun, counted = time.monotonic(), clock()
        os.kill(os.getpid(), signal.SIGSTOP)
        spent = clock() - counted
        tell(Made(attempt.record("ok", cost={"passed": time.monotonic() - begun, "spent": spent})))

    assert kept.keep(kept.training, make) == Ending("ok")
    cost = kept.record(kept.training).cost
    assert (cost["passed"] or 0) - (cost["spent"] or 0) > 0.5


class Kept:
    """A job of a cell, or of a training, whose processes do what a test says; its keeper in a process of its own."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self._monkeypatch = Store(root / "store"), monkeypatch
        self.pids: list[int] = []
        use = Use("m", Registered("method", Entry("m", Nearest), Plugin("own", "own", "1", "bench_in_process")), {})
        protocol = Protocol("x2", 2)
        metrics = tuple(Scoring(replace(use, name=f"the {key}"), key) for key in ("one", "two", "three"))
        self.cell = Evaluation(Cell("d", "x2", "m", None, None, {"a": 1}), use, use, protocol, metrics)
        self.training = Training("model", {"a": 1}, use, use, protocol, Budget("steps", 1), 0)

    def folder(self, task: Task) -> Path:
        return self.store.folder(task.shelf, task.key)

    def record(self, task: Task) -> Record:
        record = self.store.read(task.shelf, task.key)
        assert record is not None
        return record

    def results(self) -> dict[str, tuple[str, str, bool]]:
        """Status, reason, and whether to try again, of each metric of the cell."""
        results = self.record(self.cell).metrics
        return {key: (result.status, result.reason, result.again) for key, result in results.items()}

    def keep(
        self,
        task: Task,
        make: Callable[..., Any] = make_ok,
        score: Callable[..., Any] = score_ok,
        limits: Limits = Limits(),  # noqa: B008
        meanwhile: Callable[[Exchange, int], None] = lambda exchange, keeper: None,
    ) -> Ending | None:
        """Have a job kept; how that said it ended. meanwhile: what is done to it, with its keeper's process."""
        self._monkeypatch.setattr(keeper.worker, "make", make)
        self._monkeypatch.setattr(keeper.worker, "score", score)
        shutil.rmtree(self.store.root / "jobs", ignore_errors=True)
        path = write_job(Job(task, self.store.root, self.store.root.parent, limits), "a-run")
        assert path is not None
        exchange = Exchange(path)
        pid = os.fork()
        if pid == 0:
            code: Any = 0
            try:
                self._monkeypatch.setattr(keeper, "keep", partial(keeper.keep, devices=["cpu"], threads=1))
                self._monkeypatch.setattr("sys.argv", ["keeper", str(exchange.job)])
                keeper.main()
            except SystemExit as ended:
                code = ended.code
            finally:
                os._exit(code if isinstance(code, int) else 1)
        self.pids.append(pid)
        meanwhile(exchange, pid)
        self.code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return exchange.read(Ending)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    scene = Kept(tmp_path, monkeypatch)
    yield scene
    for pid in scene.pids:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def die(*_: Any) -> None:
    print("last words", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def crash(*_: Any) -> None:
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)


def fail(job: Job, attempt: Attempt, record: Any, tell: Tell, *_: Any) -> None:
    tell(Made(attempt.record("failed", "no luck")))


# --- what stands at the end ------------------------------------------------------------------------------------------


def test_a_job_ends_as_its_record_says(kept: Kept) -> None:
    assert kept.keep(kept.cell) == Ending("ok")
    assert kept.results() == dict.fromkeys(("one", "two", "three"), ("ok", "", False))
    assert kept.record(kept.cell).images == {"a": "a.png"}
    assert kept.keep(kept.training, fail) == Ending("failed", "no luck")


def test_images_and_scores_are_the_work_of_two_processes_that_are_not_the_keeper(kept: Kept) -> None:
    def note(job: Job, *_: Any) -> None:
        with (job.store / "pids").open("a") as file:
            file.write(f"{os.getpid()}\n")

    def make(*given: Any) -> None:
        note(*given)
        make_ok(*given)

    def score(*given: Any) -> None:
        note(*given)
        score_ok(*given)

    kept.keep(kept.cell, make, score)
    pids = (kept.store.root / "pids").read_text().split()
    assert len({*pids, str(os.getpid()), str(kept.pids[0])}) == 4


def test_a_job_gets_the_device_and_threads_that_its_keeper_was_given_and_its_progress_arrives(kept: Kept) -> None:
    def check(job: Job, progress: Callable[[float, str], None], stop: Stop, words: str, done: float) -> None:
        assert (job.device, job.threads, job.task.label) == ("cpu", 1, kept.cell.label)
        assert os.environ["SRBENCH_DATA"] == str(job.data_root)
        progress(0.5, words)
        assert Exchange(job.store / "jobs" / job.task.key / "job.json").read(Progress) == Progress(done, words, "cpu")
        assert not stop()

    def make(job: Job, attempt: Attempt, record: Any, tell: Tell, progress: Any, stop: Stop, *_: Any) -> None:
        check(job, progress, stop, "made", 0.25)
        make_ok(job, attempt, record, tell, progress, stop)

    def score(job: Job, attempt: Attempt, record: Any, trouble: Any, tell: Tell, progress: Any, stop: Stop) -> None:
        check(job, progress, stop, "scored", 0.75)
        score_ok(job, attempt, record, trouble, tell, progress, stop)

    ending = kept.keep(kept.cell, make, score)
    assert ending == Ending("ok") and kept.results()["one"][0] == "ok", (kept.folder(kept.cell) / "log.txt").read_text()


@pytest.mark.parametrize(
    ("work", "ending"),
    [
        (die, Ending("killed", "its process was killed from outside, by SIGKILL", again=True)),
        (crash, Ending("failed", "its process crashed with SIGSEGV")),
        (lambda *_: os._exit(7), Ending("failed", "its process ended with exit code 7 before it was done")),
        (lambda *_: os._exit(0), Ending("failed", NOT_DONE)),
        (lambda *_: 1 / 0, Ending("failed", "its process ended with exit code 1 before it was done")),
        (lambda *_: time.sleep(60), Ending("timeout", "took longer than its limit of 0.2 s")),
    ],
)
def test_a_job_that_made_nothing_has_a_record_with_the_reason(
    kept: Kept, work: Callable[..., None], ending: Ending
) -> None:
    for task in (kept.cell, kept.training):
        limits = Limits(seconds=0.2 if ending.status == "timeout" else None)
        assert kept.keep(task, work, limits=limits) == ending
        record = kept.record(task)
        assert (record.status, record.reason) == (ending.status, ending.reason)
        assert record.ingredients == {"a": 1} and record.point == task.point() and record.seconds > 0
        assert record.metrics == {}
    if work is die:
        assert record.log_tail == "last words"


def test_what_a_job_says_is_in_its_log_and_in_the_record_of_its_death(kept: Kept) -> None:
    def work(job: Job, *_: Any) -> None:
        print("said")
        os.write(2, b"\xffand shouted\n")
        raise RuntimeError("no luck")

    kept.keep(kept.training, work)
    log = kept.record(kept.training).log_tail
    assert "said" in log and "and shouted" in log and "RuntimeError: no luck" in log


# --- scoring ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "reason", "again"),
    [
        (crash, "its process crashed with SIGSEGV", False),
        (lambda: os._exit(0), NOT_DONE, False),
        (lambda: os._exit(9), "its process ended with exit code 9 before it was done", False),
        (lambda: time.sleep(60), "took longer than its limit of 0.4 s", False),
        (die, "its process was killed from outside, by SIGKILL", True),
    ],
)
@pytest.mark.parametrize("key", ["one", "three"])
def test_a_metric_that_ends_its_process_fails_alone(
    kept: Kept, key: str, end: Callable[[], Any], reason: str, again: bool
) -> None:
    limits = Limits(seconds=0.4 if "limit" in reason else None)
    said = f"the {key}: {reason}" if again else ""
    assert kept.keep(kept.cell, score=at(key, end), limits=limits) == Ending("ok", said, again=again)
    expected = dict.fromkeys(("one", "two", "three"), ("ok", "", False))
    assert kept.results() == {**expected, key: ("failed", reason, again)}
    assert not kept.store.damage("cells", kept.record(kept.cell), [SCORES])


@pytest.mark.parametrize("score", [crash, lambda *_: os._exit(0)])
def test_what_ends_the_process_before_any_metric_fails_them_all_and_is_not_repeated(
    kept: Kept, score: Callable[..., Any]
) -> None:
    def once(job: Job, *_: Any) -> None:
        (job.store / "scored").open("x")
        score()

    assert kept.keep(kept.cell, score=once) == Ending("ok")
    reason = NOT_DONE if score is not crash else "its process crashed with SIGSEGV"
    assert kept.results() == dict.fromkeys(("one", "two", "three"), ("failed", reason, False))


def test_a_cell_that_had_its_images_keeps_them_whatever_becomes_of_scoring_it_again(kept: Kept) -> None:
    some = replace(kept.cell, metrics=kept.cell.metrics[:1])
    kept.keep(some)
    before = kept.record(kept.cell)
    others = replace(kept.cell, metrics=kept.cell.metrics[1:])
    made = kept.folder(kept.cell) / "made"
    why = "its process was killed from outside, by SIGKILL"
    said = f"the two: {why}; the three: {why}"
    assert kept.keep(others, lambda *_: made.touch(), die) == Ending("ok", said, again=True)
    after = kept.record(kept.cell)
    assert not made.exists(), "they are there"
    assert (after.images, after.started, after.seconds) == (before.images, before.started, before.seconds)
    assert after.metrics["one"] == before.metrics["one"] and after.metrics["two"].status == "failed"
    assert kept.keep(others) == Ending("ok")
    assert kept.results() == dict.fromkeys(("one", "two", "three"), ("ok", "", False))


def forge(job: Job, status: Status = "ok") -> None:
    """Write a record with scores of one's own."""
    scores = {key: MetricResult(key=key, value=99.0) for key in ("one", "two", "three")}
    Store(job.store).write(job.task.shelf, Record(key=job.task.key, schema=1, status=status, metrics=scores))


@pytest.mark.parametrize("when", ["and tells nothing", "before", "after"])
@pytest.mark.parametrize("what", ["forged", "damaged", "gone"])
def test_a_record_that_a_method_writes_or_damages_changes_nothing(kept: Kept, when: str, what: str) -> None:
    def harm(job: Job) -> None:
        forge(job)
        folder = Store(job.store).folder(job.task.shelf, job.task.key)
        (folder / SCORES).write_bytes(b"scores of my own")
        if what == "damaged":
            (folder / "record.json").write_text("{")
        elif what == "gone":
            (folder / "record.json").unlink()

    def make(job: Job, *given: Any) -> None:
        if when == "after":
            make_ok(job, *given)
            time.sleep(0.05)  # told of, and written, by now
        harm(job)
        if when == "before":
            make_ok(job, *given)

    for task in (kept.cell, kept.training):
        ending = kept.keep(task, make)
        record = kept.record(task)
        if when == "and tells nothing":
            assert ending == Ending("failed", NOT_DONE)
            assert (record.status, record.metrics) == ("failed", {})
        else:
            assert ending == Ending("ok") and record.images == {"a": "a.png"}
            assert {result.value for result in record.metrics.values()} == ({1.0} if task is kept.cell else set())
            if task is kept.cell:
                assert not kept.store.damage("cells", record, [SCORES])


def test_a_cell_without_a_good_record_keeps_only_images_and_a_training_its_checkpoint(kept: Kept) -> None:
    for task in (kept.cell, kept.training):
        kept.keep(task, fail)
        for name in ("images", "checkpoint"):
            (kept.folder(task) / name).mkdir()
        (kept.folder(task) / SCORES).touch()

        def look(job: Job, *given: Any) -> None:
            folder = Store(job.store).folder(job.task.shelf, job.task.key)
            assert not (folder / "record.json").exists()
            assert (folder / "images").exists() and (folder / "checkpoint").exists()
            assert (folder / SCORES).exists() == isinstance(job.task, Training)
            make_ok(job, *given)

        assert kept.keep(task, look) == Ending("ok"), (kept.folder(task) / "log.txt").read_text()
    assert not (kept.folder(kept.training) / "checkpoint").exists(), "it is no longer needed"


# --- stopping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", ["file", signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("part", ["training", "making", "scoring"])
def test_a_job_that_is_asked_to_stop_and_does_keeps_what_it_has(kept: Kept, ask: Any, part: str) -> None:
    task = kept.training if part == "training" else kept.cell

    def wait(job: Job, stop: Stop) -> None:
        folder = Store(job.store).folder(job.task.shelf, job.task.key)
        (folder / "begun").touch()
        while not stop():
            time.sleep(0.005)
        (folder / "checkpoint").touch()

    def make(job: Job, attempt: Attempt, record: Any, tell: Tell, progress: Any, stop: Stop, *_: Any) -> None:
        wait(job, stop)

    def score(job: Job, attempt: Attempt, record: Any, trouble: Any, tell: Tell, progress: Any, stop: Stop) -> None:
        tell(scored(kept.cell.metrics[0]))
        tell(measuring(kept.cell.metrics[1]))
        wait(job, stop)

    def stop(exchange: Exchange, keeper: int) -> None:
        while not (kept.folder(task) / "begun").exists():
            time.sleep(0.005)
        if ask == "file":
            exchange.ask_to_stop()
        else:
            os.kill(keeper, ask)

    ending = kept.keep(task, make_ok if part == "scoring" else make, score, meanwhile=stop)
    if ask == "file":
        assert (ending, kept.code) == (Ending(None), 0)
    else:
        assert (ending, kept.code) == (None, UNFINISHED), "it is the place that stops it, and may begin it again"
    assert (kept.folder(task) / "checkpoint").exists()
    if part == "scoring":
        assert kept.results() == {"one": ("ok", "", False)}, "a metric that was begun is begun again next time"
    else:
        assert kept.store.read(task.shelf, task.key) is None


def test_a_job_that_was_done_before_its_machine_failed_is_not_done_again(kept: Kept) -> None:
    path = write_job(Job(kept.cell, kept.store.root, kept.store.root.parent), "a-run")
    assert path is not None
    Exchange(path).tell(Ending("ok"))
    assert keeper.keep(path)
    assert kept.store.read("cells", kept.cell.key) is None and Exchange(path).read(Heartbeat) is None


def test_of_two_keepers_of_one_job_the_first_gives_way(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.05)

    def take_over(exchange: Exchange, keeper: int) -> None:
        while exchange.read(Heartbeat) is None or not (kept.folder(kept.cell) / "log.txt").exists():
            time.sleep(0.005)
        exchange.tell(Heartbeat(Process("another node", "", 1, 0), "2026"))

    assert kept.keep(kept.cell, lambda *_: time.sleep(60), meanwhile=take_over) is None
    assert kept.store.read("cells", kept.cell.key) is None


def test_a_record_tells_what_the_executor_calls_the_job(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.keep(kept.training)
    assert kept.record(kept.training).job is None
    monkeypatch.setenv("SRBENCH_JOB", "queue 7 on node n1")
    kept.keep(kept.training)
    assert kept.record(kept.training).job == "queue 7 on node n1"


def test_a_job_that_nobody_waits_for_ends_without_a_word(kept: Kept) -> None:
    def give_up(exchange: Exchange, keeper: int) -> None:
        while not (kept.folder(kept.cell) / "log.txt").exists():
            time.sleep(0.005)
        shutil.rmtree(exchange.job.parent)

    assert kept.keep(kept.cell, lambda *_: time.sleep(60), meanwhile=give_up) is None
    assert kept.store.read("cells", kept.cell.key) is None


@pytest.mark.parametrize("ends", [make_ok, die])
def test_what_a_job_started_ends_with_it(kept: Kept, ends: Callable[..., None]) -> None:
    def work(job: Job, *given: Any) -> None:
        left = subprocess.Popen(["sleep", "86400"], start_new_session=True)
        (job.store / "left").write_text(str(left.pid))
        ends(job, *given)

    kept.keep(kept.training, work)
    left = int((kept.store.root / "left").read_text())
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE


def test_what_the_method_left_running_is_gone_when_scoring_begins(kept: Kept) -> None:
    def work(job: Job, *given: Any) -> None:
        left = subprocess.Popen(["sleep", "86400"], start_new_session=True)
        (job.store / "left").write_text(str(left.pid))
        make_ok(job, *given)

    def score(job: Job, *given: Any) -> None:
        assert not psutil.pid_exists(int((job.store / "left").read_text()))
        score_ok(job, *given)

    kept.keep(kept.cell, work, score)
    assert kept.results()["one"] == ("ok", "", False)


def test_the_command_needs_one_job_and_says_which_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.argv", ["keeper"])
    with pytest.raises(SystemExit, match=r"usage: python -m srbench\.runner\.keeper JOB"):
        keeper.main()
    monkeypatch.setattr("sys.argv", ["keeper", str(tmp_path / "job.json")])
    with pytest.raises(SystemExit, match=r"job\.json: No such file"):
        keeper.main()
