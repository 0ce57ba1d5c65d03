"""What a run learns of its jobs from files alone: no process is started here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from bench_in_process import InProcess, plan

from srbench.contract.executor import Executor, Fate, Limits, Resources, Wait
from srbench.errors import SrbenchError
from srbench.runner.job.exchange import Ending, Exchange, Heartbeat, Progress
from srbench.runner.job.file import jobs_in, read_job
from srbench.runner.job.tasks import Evaluation, Task
from srbench.runner.supervision import watch
from srbench.runner.supervision.watch import Delayed, Ended, Progressed, Watch, jobs_left
from srbench.store.lease import SILENCE_SECONDS, Lease, Process
from srbench.store.record import Status
from srbench.store.records import Store


class Desk(Executor):
    """A place where nothing happens but what a test does."""

    def __init__(self) -> None:
        self.fates: dict[Path, Fate] = {}
        self.given: list[tuple[int, Resources]] = []
        self.waits: Wait | None = None
        self.exchange: Exchange
        self.closed = False

    def places(self) -> int:
        return 1

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
        assert limits == Limits(5, 1)
        self.exchange = Exchange(job)

    def submit_all(self, jobs: Sequence[Path], limits: Limits, resources: Resources) -> None:
        self.given.append((len(jobs), resources))
        super().submit_all(jobs, limits, resources)

    def fate(self, job: Path) -> Fate | None:
        return self.fates.get(job)

    def wait(self, job: Path) -> Wait | None:
        assert self.fate(job) is None
        return self.waits

    def close(self) -> None:
        self.closed = True


def new_watch(
    store: Store,
    desk: Desk,
    resources: Callable[[Task], Resources] = lambda task: Resources(),
    lease: Lease | None = None,
) -> Watch:
    return Watch(store, desk, lambda task: Limits(5, 1), lease or Lease(store.root, "a test"), resources)


def _submit(run: Watch, tasks: Sequence[Task]) -> None:
    for task in tasks:
        assert run.claim(task)
    run.submit()


class Scene:
    def __init__(self, folder: Path, desk: Desk | None = None) -> None:
        bench = InProcess(folder)
        self.task: Task = bench.plan().evaluation()
        self.desk, self.store = desk or Desk(), bench.store
        self.lease = Lease(bench.store.root, "a test")
        self.watch = new_watch(bench.store, self.desk, lease=self.lease)
        _submit(self.watch, [self.task])
        self.exchange, self.key = self.desk.exchange, self.task.key

    def news(self) -> list[Progressed | Delayed | Ended]:
        return list(self.watch.events())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    with made.watch:
        yield made
    assert made.desk.closed
    assert not (made.store.root / "jobs").exists()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time that a watch sees, and that sleeping adds to."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(watch.time, "sleep", sleep)
    yield now


def test_progress_and_ending_are_told_once_each(scene: Scene) -> None:
    assert scene.news() == []
    scene.exchange.tell(Progress(0.25, "step 1"))
    assert scene.news() == [Progressed(scene.key, 0.25, "step 1")]
    assert scene.news() == []
    scene.exchange.tell(Progress(0.5, "step 2"))
    scene.exchange.tell(Ending("ok"))
    assert scene.news() == [Progressed(scene.key, 0.5, "step 2"), Ended(scene.key, "ok", "")]
    assert scene.news() == []
    assert not scene.exchange.job.parent.exists(), "the files of a job that ended are removed"


@pytest.mark.parametrize("again", [False, True])
def test_an_ending_says_whether_another_try_is_worth_it(scene: Scene, again: bool) -> None:
    scene.exchange.tell(Ending("killed", "the disk is full", again))
    assert scene.news() == [Ended(scene.key, "killed", "the disk is full", again)]


def test_half_a_file_is_no_news(scene: Scene) -> None:
    (scene.exchange.job.parent / "ending.json").write_text('{"status": "o')
    assert scene.news() == []


def test_a_place_is_taken_until_its_job_has_ended(scene: Scene) -> None:
    assert scene.watch.free() == 0
    scene.exchange.tell(Ending("ok"))
    scene.news()
    assert scene.watch.free() == 1


class Lanes(Desk):
    """One place for jobs with a GPU, and two for those without."""

    def places(self) -> int:
        return 3

    def takes(self, resources: Resources, beside: Sequence[Resources]) -> bool:
        self.asked = True
        return sum(one == resources for one in beside) < (1 if resources.gpus else 2)


def test_jobs_that_have_no_place_let_others_pass_that_have_one_and_keep_their_order(tmp_path: Path) -> None:
    bench = InProcess(tmp_path, methods=["bicubic", "nearest", "lanczos"], protocols=["x2-rgb", "x2-y"])
    tasks: list[Evaluation] = [one.evaluation() for one in plan(bench).cells]
    labels = {task.key: f"{task.protocol.name[3:]} {task.method.name}" for task in tasks}
    lanes = Lanes()
    run = new_watch(bench.store, lanes, lambda task: Resources(gpus=task.protocol.name == "x2-rgb"))  # type: ignore[union-attr]
    ready, by_key = deque(task.key for task in tasks), {task.key: task for task in tasks}

    def taken() -> list[str]:
        lanes.asked, names = False, []
        while (task := run.take(ready, by_key.__getitem__)) is not None:
            assert run.claim(task)
            names.append(labels[task.key])
        return names

    with run:
        assert taken() == ["rgb bicubic", "y bicubic", "y nearest"]
        assert [labels[key] for key in ready] == ["rgb nearest", "rgb lanczos", "y lanczos"]
        run.give_back(next(task for task in tasks if labels[task.key] == "y bicubic"))
        assert taken() == ["y lanczos"], "the only one that has a place"
        assert taken() == [] and not lanes.asked, "as long as nothing changes, nobody looks through the queue again"


def test_a_job_that_cannot_be_written_has_failed_and_takes_no_place(scene: Scene) -> None:
    scene.exchange.tell(Ending("ok"))
    scene.news()
    dataset = replace(scene.task.dataset, params={"path": object()})
    _submit(scene.watch, [replace(scene.task, dataset=dataset)])
    assert scene.watch.free() == 1
    (ended,) = scene.news()
    assert isinstance(ended, Ended) and ended.status == "failed" and "<object object" in ended.reason


def test_an_ending_counts_more_than_what_the_executor_says(scene: Scene) -> None:
    scene.desk.fates[scene.exchange.job] = Fate("gone")
    scene.exchange.tell(Ending("timeout", "took longer"))
    assert scene.news() == [Ended(scene.key, "timeout", "took longer")]


def test_a_job_that_its_executor_lost_is_killed_once_its_files_can_no_longer_be_late(
    clock: list[float], tmp_path: Path
) -> None:
    scene = Scene(tmp_path)
    clock[0] += 1000
    assert scene.news() == []
    scene.desk.fates[scene.exchange.job] = Fate("the node failed")
    clock[0] += watch._ASK_SECONDS
    assert scene.news() == []
    clock[0] += watch._LATE_SECONDS
    assert scene.news() == [Ended(scene.key, "killed", "the node failed", again=True)]


def test_why_a_job_waits_is_told_as_often_as_that_changes(clock: list[float], tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    busy, held = Wait("all nodes are busy"), Wait("it is held", stuck=True)
    told = []
    for waits in (None, busy, busy, held, None, busy):
        scene.desk.waits = waits
        clock[0] += watch._ASK_SECONDS
        told.append(scene.news())
    changes = [Delayed(scene.key, busy), Delayed(scene.key, held), Delayed(scene.key, None), Delayed(scene.key, busy)]
    assert told == [[], changes[:1], [], *([change] for change in changes[1:])]
    scene.desk.fates[scene.exchange.job] = Fate("the node failed")
    clock[0] += watch._ASK_SECONDS
    assert scene.news() == [Delayed(scene.key, None)], "it is in no queue any more"


def test_a_keeper_that_falls_silent_is_given_up_and_one_that_has_not_begun_is_waited_for(
    clock: list[float], tmp_path: Path
) -> None:
    scene = Scene(tmp_path)
    clock[0] += 10 * SILENCE_SECONDS
    assert scene.news() == []
    for beat in range(3):
        scene.exchange.tell(Heartbeat(Process("node3", "another", 77, 1), f"2026-01-01T00:00:0{beat}"))
        assert scene.news() == []
        clock[0] += SILENCE_SECONDS - 10
        assert scene.news() == []
    clock[0] += 20
    ((ended,),) = [scene.news()]
    assert isinstance(ended, Ended) and ended.status == "killed" and ended.again
    assert "process 77 on node3, has given no sign of life since 2026-01-01T00:00:02" in ended.reason
    assert scene.exchange.abandoned


def test_jobs_that_take_long_are_looked_at_less_often(clock: list[float], tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    looks = 0
    began = clock[0]
    while clock[0] < began + 60:
        scene.news()
        looks += 1
        if clock[0] < began + 0.2:
            assert looks <= 40
    assert looks < 500


def test_stopping_waits_for_those_that_have_begun(clock: list[float], tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.exchange.beat()
    began = clock[0]
    scene.watch.stop()
    assert scene.exchange.asked_to_stop
    assert clock[0] - began >= watch.GRACE_SECONDS, "its keeper lives, and said nothing yet"
    scene.exchange.tell(Ending(None))
    scene.watch.stop()
    assert clock[0] - began < watch.GRACE_SECONDS + 7


def test_stopping_does_not_wait_for_what_has_not_begun(clock: list[float], tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    began = clock[0]
    scene.watch.stop()
    assert scene.exchange.asked_to_stop
    assert clock[0] - began < 1


def test_an_executor_that_raises_is_told_with_its_line_and_what_to_mend(scene: Scene) -> None:
    def submit(job: Path, limits: Limits, resources: Resources) -> None:
        raise RuntimeError("no queue")

    scene.exchange.tell(Ending("ok"))
    scene.news()
    scene.desk.submit = submit  # type: ignore[method-assign]
    with pytest.raises(SrbenchError, match=r"cannot start jobs: RuntimeError: no queue \(.*test_watch\.py, line \d+\)"):
        _submit(scene.watch, [scene.task])


def test_what_an_executor_does_not_take_was_never_written_and_what_it_took_goes_on(tmp_path: Path) -> None:
    bench = InProcess(tmp_path, methods=["bicubic", "nearest", "lanczos"])
    bench.store.create()
    tasks = [planned.evaluation() for planned in plan(bench).cells]
    needs = {"bicubic": Resources(cores=1), "nearest": Resources(cores=2), "lanczos": Resources(cores=3)}
    queue = Queue()

    def submit_all(jobs: Sequence[Path], limits: Limits, resources: Resources) -> None:
        if resources.cores == 2:
            raise SrbenchError("sbatch: no such partition")

    queue.submit_all = submit_all  # type: ignore[method-assign]
    run = new_watch(bench.store, queue, lambda task: needs[task.method.name])  # type: ignore[union-attr]
    words = "^sbatch: no such partition; 1 job goes on without this run, and the next one comes back to it$"
    with pytest.raises(SrbenchError, match=words), run:
        _submit(run, tasks)
    assert run.free() == 0
    assert [job.parent.name for job in jobs_in(bench.store)] == [tasks[0].key]


def test_jobs_that_need_the_same_are_started_in_one_go(tmp_path: Path) -> None:
    bench = InProcess(tmp_path, methods=["bicubic", "nearest", "lanczos"])
    bench.store.create()
    tasks = [planned.evaluation() for planned in plan(bench).cells]
    needed = {"bicubic": Resources(cores=1), "nearest": Resources(gpus=1), "lanczos": Resources(cores=1)}
    desk = Desk()
    with new_watch(bench.store, desk, lambda task: needed[task.uses[0].name]) as watch:
        _submit(watch, tasks)
        assert desk.given == [(2, Resources(cores=1)), (1, Resources(gpus=1))]
        watch.submit()
    assert len(desk.given) == 2


def test_each_job_is_held_to_its_own_limits_and_those_with_the_same_are_started_in_one_go(tmp_path: Path) -> None:
    bench = InProcess(tmp_path, methods=["bicubic", "nearest", "lanczos"])
    bench.store.create()
    tasks = [planned.evaluation() for planned in plan(bench).cells]
    limits = {"bicubic": Limits(seconds=5), "nearest": Limits(9, 2), "lanczos": Limits(seconds=5)}
    given: list[tuple[list[str], Limits]] = []
    desk = Desk()

    def submit_all(jobs: Sequence[Path], limits: Limits, resources: Resources) -> None:
        given.append(([job.parent.name for job in jobs], limits))

    desk.submit_all = submit_all  # type: ignore[method-assign]
    lease = Lease(bench.store.root, "a test")
    with Watch(bench.store, desk, lambda task: limits[task.uses[0].name], lease) as watch:
        _submit(watch, tasks)
        bicubic, nearest, lanczos = (task.key for task in tasks)
        assert given == [([bicubic, lanczos], Limits(seconds=5)), ([nearest], Limits(9, 2))]
        written = {job.parent.name: read_job(job).limits for job in jobs_in(bench.store)}
    assert written == {task.key: limits[task.uses[0].name] for task in tasks}


def test_a_fate_may_say_that_another_try_is_of_no_use(clock: list[float], tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.desk.fates[scene.exchange.job] = Fate("cancelled", again=False)
    clock[0] += watch._ASK_SECONDS
    assert scene.news() == []
    clock[0] += watch._LATE_SECONDS
    assert scene.news() == [Ended(scene.key, "killed", "cancelled", again=False)]


class Queue(Desk):
    """A place that knows its jobs again."""

    def __init__(self) -> None:
        super().__init__()
        self.held: set[Path] = set()

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
        super().submit(job, limits, resources)
        self.held.add(job)

    def holds(self, job: Path) -> bool:
        return job in self.held


def test_a_keeper_that_falls_silent_is_not_given_up_while_its_place_holds_the_job(
    clock: list[float], tmp_path: Path
) -> None:
    scene = Scene(tmp_path, Queue())
    scene.exchange.beat()
    scene.news()
    for _ in range(3):
        clock[0] += SILENCE_SECONDS + 1
        assert scene.news() == [], "it waits for another machine, say"
    assert isinstance(scene.desk, Queue)
    scene.desk.held.clear()
    clock[0] += SILENCE_SECONDS + 1
    ((ended,),) = [scene.news()]
    assert isinstance(ended, Ended) and "no sign of life" in ended.reason


def test_what_is_left_is_watched_by_the_next_run_as_if_it_had_submitted_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Queue())
    with scene.watch:
        assert scene.watch.lasting and scene.watch.leave() == 1
    assert scene.desk.closed and scene.exchange.job.exists()
    later = new_watch(scene.store, Queue())
    with later:
        assert later.adopt([scene.task]) == ([scene.task], [])
        assert later.free() == 0 and list(later.events()) == []
        scene.exchange.tell(Ending("ok"))
        assert list(later.events()) == [Ended(scene.key, "ok", "")]
    assert not (scene.store.root / "jobs").exists()


@pytest.mark.parametrize(
    ("error", "desk", "left"),
    [(SrbenchError, Queue, True), (SrbenchError, Desk, False), (KeyboardInterrupt, Queue, False)],
)
def test_jobs_that_can_be_left_are_where_the_run_fails(
    tmp_path: Path, error: type[BaseException], desk: type[Desk], left: bool
) -> None:
    scene = Scene(tmp_path, desk())
    with pytest.raises(error), scene.watch:
        raise error("the queue takes no more")
    assert scene.exchange.job.exists() == left and scene.desk.closed


def test_of_what_is_left_the_metrics_count_that_were_asked_for_then(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Queue())
    scene.watch.leave()
    assert isinstance(scene.task, Evaluation)
    (psnr,) = scene.task.metrics
    asked = replace(scene.task, metrics=(psnr, replace(psnr, key="another")))
    assert new_watch(scene.store, Queue()).adopt([asked]) == ([scene.task], [])


def test_what_nobody_asked_for_is_left_alone_until_it_has_ended(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Queue())
    scene.watch.leave()
    for there in (True, False):
        with new_watch(scene.store, Queue()) as later:
            adopted, ended = later.adopt([])
            assert adopted == [] and later.free() == 1
            assert [(task.key, how) for task, how in ended] == ([] if there else [(scene.key, Ending("ok"))])
        assert scene.exchange.job.exists() == there
        if there:
            scene.exchange.tell(Ending("ok"))


def test_what_another_version_left_is_begun_anew(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Queue())
    scene.exchange.job.write_text("{}")
    assert new_watch(scene.store, Queue()).adopt([scene.task]) == ([], [])
    assert not scene.exchange.job.exists()


def test_jobs_that_go_on_are_told_in_plain_words() -> None:
    assert jobs_left(1) == "1 job goes on without this run, and the next one comes back to it"
    assert jobs_left(3) == "3 jobs go on without this run, and the next one comes back to them"


@pytest.mark.parametrize("status", ["ok", "failed", "killed", None])
def test_a_job_that_does_not_end_well_may_leave_something_behind(tmp_path: Path, status: Status | None) -> None:
    scene = Scene(tmp_path)
    scene.exchange.tell(Ending(status, "so"))
    assert scene.news() and scene.lease.orderly == (status == "ok")


def test_jobs_that_go_on_without_their_run_are_not_at_their_end(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    assert scene.lease.orderly
    scene.watch.leave()
    assert not scene.lease.orderly
