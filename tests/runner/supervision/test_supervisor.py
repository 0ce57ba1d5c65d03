"""Who waits for whom, and which record stands at the end, whatever becomes of a job. No process is started here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess, Nearest
from made_records import leave_lease

import srbench
from srbench.contract.entry import Entry
from srbench.contract.executor import Executor, Fate, Limits, Resources, Wait
from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.matrix import Order, read_matrix
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered, Registry, registry
from srbench.runner.job.claim import release, take_over
from srbench.runner.job.exchange import Ending, Exchange
from srbench.runner.job.file import read_job
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Job, Scoring, Task, Training
from srbench.runner.planning.planned import PlannedCell
from srbench.runner.supervision import elsewhere, supervisor, watch
from srbench.runner.supervision.supervisor import (
    MOST_REPEATS,
    Display,
    Terminated,
    limits_of,
    resources_of,
    run_cells,
    submissions,
)
from srbench.runner.supervision.watch import Watch
from srbench.runner.work.attempt import Attempt
from srbench.store.cell import Cell
from srbench.store.lease import Lease
from srbench.store.record import MetricResult, Record, Status
from srbench.store.records import Store
from srbench.store.summary import Summary

PLUGIN = Plugin("own", "srbench-own", "1", "bench_in_process")
X2 = Protocol("x2", 2)


def new_watch(store: Store, executor: Executor) -> Watch:
    return Watch(store, executor, lambda task: Limits(), Lease(store.root, "a test"))


def use(name: str) -> Use:
    return Use(name, Registered("method", Entry("own", Nearest), PLUGIN), {})


def training(name: str) -> Training:
    return Training(
        f"model-{name}", {"of": name, "train": {"fingerprint": "f"}}, use(name), use("d"), X2, Budget("steps", 1), 0
    )


def extractor(name: str) -> ExtractorTraining:
    return ExtractorTraining(f"extractor-{name}", {"of": name}, use(name), use("d"))


def scoring(name: str, learned: ExtractorTraining | None = None) -> Scoring:
    return Scoring(use(name), f"metric-{name}", training=learned)


def cell(
    name: str, *metrics: Scoring, model: Training | None = None, stored: Record | None = None, **changes: Any
) -> PlannedCell:
    """A cell to be done with the method `name`; its label is `d/x2/NAME`."""
    point = Cell("d", "x2", name, None, None, {"method": name})
    asked = metrics or (scoring("psnr"),)
    names = {one.metric.name: one.key for one in asked}
    has = None if stored is None else Summary.of(stored)
    nowhere = Store(Path("nowhere"))
    planned = PlannedCell(
        point, use("d"), X2, use(name), model, asked, None, "new", "", None, nowhere, keys=names, stored=has
    )
    return replace(planned, **changes)


class Seen(Display):
    """Notes what it is told, a line each, and the records that cells were finished with."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.records: list[Record] = []
        self.rounds = 0

    def warned(self, warning: str) -> None:
        raise AssertionError("whoever plans warns")

    def planned(self, cells: int) -> None:
        self.lines.append(f"{cells} cells")

    def started(self, task: Task) -> None:
        self.lines.append(f"started {task.label}")

    def progressed(self, key: str, done: float, message: str) -> None:
        self.lines.append(f"{key[:8]} {done:g} {message}")

    def elsewhere(self, task: Task, who: str) -> None:
        self.lines.append(f"elsewhere {task.label}: {who}")

    def delayed(self, key: str, wait: Wait | None) -> None:
        self.lines.append(f"{key[:8]} waits: {wait.reason if wait else ''}")

    def repeated(self, task: Task, reason: str) -> None:
        self.lines.append(f"repeated {task.label}: {reason}")

    def trained(self, task: Training | ExtractorTraining, status: Status, reason: str) -> None:
        self.lines.append(f"trained {task.key}: {status} {reason}".rstrip())

    def finished(self, planned: PlannedCell, record: Record) -> None:
        self.lines.append(f"finished {planned.cell.label}: {record.status} {record.reason}".rstrip())
        self.records.append(record)

    def waited(self) -> None:
        self.rounds += 1

    def expected(self, seconds: float | None) -> None:
        raise AssertionError("whoever estimates says so")

    def of(self, word: str) -> list[str]:
        return [line.removeprefix(f"{word} ") for line in self.lines if line.startswith(word)]


@dataclass
class Office(Executor):
    """Ends jobs as it is told, by what stands in their labels: at once, unless told otherwise.

    Of a job that ends well it leaves the record; of another, as a keeper that died, only the news.
    """

    store: Store
    ends: Mapping[str, Ending] = field(default_factory=dict)
    most: int = 9
    at_once: bool = True
    begun: list[str] = field(default_factory=list)
    waiting: list[Path] = field(default_factory=list)
    asked_to_stop: int = 0
    closed: bool = False

    def places(self) -> int:
        return self.most

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
        self.begun.append(read_job(job).task.label)
        self.waiting.append(job)
        if self.at_once:
            self.end()

    def end(self) -> None:
        """End the job that came first."""
        job = self.waiting.pop(0)
        read = read_job(job)
        ending = next((end for name, end in self.ends.items() if name in read.task.label), Ending("ok"))
        if ending.status == "ok":
            self.store.write(read.task.shelf, self._record(read))
        Exchange(job).tell(ending)

    def _record(self, job: Job) -> Record:
        record = self.store.read(job.task.shelf, job.task.key)
        if record is None:
            record = Attempt.begin(job).record("ok")
        if isinstance(job.task, Evaluation):
            record.metrics |= {one.key: MetricResult(key=one.key, value=1.0) for one in job.task.metrics}
        return record

    def fate(self, job: Path) -> Fate | None:
        return None

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def run(
    store: Store, cells: Sequence[PlannedCell], office: Office | None = None, **ends: Ending
) -> tuple[Office, Seen]:
    office, seen = office or Office(store, ends), Seen()
    run_cells(cells, store, new_watch(store, office), seen)
    assert office.closed and not (store.root / "jobs").exists()
    return office, seen


def test_every_cell_is_begun_and_finished(store: Store) -> None:
    office, seen = run(store, [cell("a"), cell("b")])
    assert office.begun == ["d/x2/a", "d/x2/b"]
    assert seen.lines[0] == "2 cells" and seen.rounds >= 1
    assert seen.of("started") == ["d/x2/a", "d/x2/b"]
    assert seen.of("finished") == ["d/x2/a: ok", "d/x2/b: ok"]
    assert [record.metrics.keys() for record in seen.records] == [{"psnr"}, {"psnr"}], "by the matrix's names"


def test_a_cell_with_a_verdict_has_its_record_and_no_job(store: Store) -> None:
    refused = cell("a", verdict=("skipped", "no x2"), warnings=("too dark",), model=training("m"))
    office, seen = run(store, [refused])
    assert office.begun == []
    record = store.read("cells", refused.cell.key)
    assert record is not None
    assert (record.status, record.reason, record.warnings) == ("skipped", "no x2", ["too dark"])
    assert (record.point, record.ingredients, record.model) == (refused.cell.point(), {"method": "a"}, "model-m")
    assert record.started and seen.of("finished") == ["d/x2/a: skipped no x2"]


def test_cells_that_share_a_model_wait_for_the_one_job_that_trains_it(store: Store) -> None:
    model = training("m")
    office, seen = run(store, [cell("a", model=model), cell("b", model=model), cell("c")])
    assert office.begun[:2] == ["d/x2/c", model.label], "what is ready begins first"
    assert sorted(office.begun[2:]) == ["d/x2/a", "d/x2/b"]
    assert seen.of("trained") == ["model-m: ok"]


def test_a_model_that_is_there_is_not_trained_again_and_a_damaged_one_is(store: Store) -> None:
    model = training("m")
    folder = store.folder("models", model.key)
    folder.mkdir(parents=True)
    (folder / "weights").write_text("learned")
    files = store.hashes("models", model.key, ["weights"])
    store.write("models", Record(key=model.key, schema=1, status="ok", files=files))
    office, _ = run(store, [cell("a", model=model)])
    assert office.begun == ["d/x2/a"]
    (folder / "weights").write_text("changed")
    office, _ = run(store, [cell("b", model=model)])
    assert office.begun == [model.label, "d/x2/b"]


def test_a_cell_waits_for_its_model_and_every_extractor(store: Store) -> None:
    model, first, second = training("m"), extractor("e"), extractor("f")
    office, _ = run(store, [cell("a", scoring("one", first), scoring("two", second), model=model)])
    assert sorted(office.begun[:3]) == sorted(task.label for task in (model, first, second))
    assert office.begun[3:] == ["d/x2/a"]


@pytest.mark.parametrize("status", ["failed", "timeout", "killed", "out_of_memory"])
def test_without_its_model_a_cell_ends_as_the_training_did_and_the_others_go_on(store: Store, status: Status) -> None:
    model = training("m")
    ends = {"training m": Ending(status, "no luck")}
    office, seen = run(store, [cell("a", model=model), cell("b", model=model), cell("c")], Office(store, ends))
    assert office.begun == ["d/x2/c", model.label]
    assert seen.of("trained") == [f"model-m: {status} no luck"]
    assert seen.of("finished")[1:] == [f"d/x2/{name}: {status} training: no luck" for name in "ab"]
    record = store.read("cells", cell("a").cell.key)
    assert record is not None and (record.status, record.model) == (status, "model-m")


def test_without_an_extractor_a_cell_is_evaluated_all_the_same(store: Store) -> None:
    ends = {"training extractor e": Ending("failed", "no luck")}
    office, seen = run(store, [cell("a", scoring("fid", extractor("e")))], Office(store, ends))
    assert office.begun[1:] == ["d/x2/a"]
    assert seen.of("finished") == ["d/x2/a: ok"]


def test_a_cell_that_has_its_sr_is_scored_even_if_its_model_can_no_longer_be_trained(store: Store) -> None:
    there = Record(key=cell("a").cell.key, schema=1, status="ok", training_split="another")
    needy = replace(scoring("cas"), training_sr="fingerprint")
    office, seen = run(
        store, [cell("a", needy, model=training("m"), stored=there)], Office(store, {"training m": Ending("failed")})
    )
    assert office.begun[1:] == ["d/x2/a"] and seen.of("finished") == ["d/x2/a: ok"]


def test_no_more_jobs_than_places(store: Store) -> None:
    most: list[int] = []

    class Small(Office):
        def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
            super().submit(job, limits, resources)
            most.append(len(self.waiting))
            while self.waiting and (len(self.waiting) == self.most or len(self.begun) == 5):
                self.end()

    office, seen = run(store, [cell(name) for name in "abcde"], Small(store, most=2, at_once=False))
    assert office.begun == [f"d/x2/{name}" for name in "abcde"] and len(seen.of("finished")) == 5
    assert max(most) == 2


def test_what_a_training_made_ready_goes_before_other_trainings(store: Store) -> None:
    one, other = training("m"), training("n")
    office, _ = run(store, [cell("a", model=one), cell("b", model=other)], Office(store, most=1))
    assert office.begun == [one.label, "d/x2/a", other.label, "d/x2/b"]


def test_a_task_is_made_when_there_is_a_place_for_it_however_many_a_training_made_ready(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    evaluation = PlannedCell.evaluation

    def counted(self: PlannedCell) -> Evaluation:
        made.append(self.cell.label)
        assert len(made) <= len(office.begun) + office.most
        return evaluation(self)

    monkeypatch.setattr(PlannedCell, "evaluation", counted)
    model, office = training("m"), Office(store, most=2)
    run(store, [cell(name, model=model) for name in "abcde"] + [cell("f"), cell("g")], office)
    assert sorted(made) == sorted(label for label in office.begun if label != model.label) and len(made) == 7


@pytest.mark.parametrize(
    ("order", "begun"),
    [
        ("file", ["unknown", "a", "b", "d", "new", "training", "c"]),
        ("shortest-first", ["b", "training", "c", "d", "a", "unknown", "new"]),
    ],
)
def test_what_takes_least_begins_first_where_that_is_asked_for(store: Store, order: Order, begun: list[str]) -> None:
    for name, seconds in {"a": 30.0, "b": 10.0, "d": 20.0}.items():
        point = {"dataset": "other", "protocol": "x2", "method": name}
        store.write("cells", Record(key=f"of-{name}", schema=1, status="ok", point=point, seconds=seconds))
    timed = replace(training("m"), budget=Budget("seconds", 15))
    cells = [cell("unknown"), cell("a"), cell("b"), cell("c", model=timed), cell("d"), cell("new")]
    office = Office(store, most=1)
    run_cells(cells, store, new_watch(store, office), Seen(), order=order)
    assert [label.split()[0].removeprefix("d/x2/") for label in office.begun] == begun


def test_one_cell_asked_for_twice_runs_once_and_is_told_twice_by_its_names(store: Store) -> None:
    twin = cell("a")
    twin = replace(twin, keys={"called otherwise": "metric-psnr"})
    office, seen = run(store, [cell("a"), twin])
    assert office.begun == ["d/x2/a"]
    assert [set(record.metrics) for record in seen.records] == [{"psnr"}, {"called otherwise"}]


def test_one_cell_asked_for_with_other_metrics_is_evaluated_again_afterwards(store: Store) -> None:
    twins = [cell("a", scoring("one")), cell("a", scoring("two")), cell("a", scoring("one"))]
    office, seen = run(store, twins)
    assert office.begun == ["d/x2/a", "d/x2/a"]
    assert [set(record.metrics) for record in seen.records] == [{"one"}, {"one"}, {"two"}]
    record = store.read("cells", twins[0].cell.key)
    assert record is not None and set(record.metrics) == {"metric-one", "metric-two"}


def test_of_a_twin_whose_job_did_not_end_well_the_other_is_not_begun(store: Store) -> None:
    twins = [cell("a", scoring("one")), cell("a", scoring("two"))]
    office, seen = run(store, twins, a=Ending("timeout", "too long"))
    assert office.begun == ["d/x2/a"]
    assert seen.of("finished") == ["d/x2/a: timeout too long"] * 2


def test_a_job_that_left_no_record_has_one_written(store: Store) -> None:
    asked = cell("a", warnings=("too dark",))
    _, seen = run(store, [asked, cell("b")], **{"x2/a": Ending("killed", "the node failed")})
    assert seen.of("finished") == ["d/x2/a: killed the node failed", "d/x2/b: ok"]
    record = store.read("cells", asked.cell.key)
    assert record is not None and (record.status, record.warnings) == ("killed", ["too dark"])


def test_results_of_before_outlive_a_scoring_that_died_and_the_death_is_told(store: Store) -> None:
    asked = cell("a", scoring("new"))
    earlier = MetricResult(key="metric-psnr", value=30.0)
    store.write("cells", Record(key=asked.cell.key, schema=1, status="ok", metrics={"metric-psnr": earlier}))
    _, seen = run(store, [asked], **{"x2/a": Ending("out_of_memory", "used 9 of 1 GB")})
    assert seen.of("finished") == ["d/x2/a: out_of_memory used 9 of 1 GB"]
    record = store.read("cells", asked.cell.key)
    assert record is not None and (record.status, record.metrics["metric-psnr"].value) == ("ok", 30.0)


def test_a_job_that_was_asked_to_stop_leaves_nothing(store: Store) -> None:
    _, seen = run(store, [cell("a"), cell("b")], **{"x2/a": Ending(None)})
    assert seen.of("finished") == ["d/x2/b: ok"]
    assert store.read("cells", cell("a").cell.key) is None


def test_a_job_that_cannot_be_written_has_failed(store: Store) -> None:
    bad = replace(cell("a"), method=replace(use("a"), params={"depth": object()}))
    office, seen = run(store, [bad, cell("b")])
    assert office.begun == ["d/x2/b"]
    assert sorted(line.split(":")[0] for line in seen.of("finished")) == ["d/x2/a", "d/x2/b"]
    record = store.read("cells", bad.cell.key)
    assert record is not None and record.status == "failed" and "cannot be written" in record.reason


def test_an_interruption_asks_for_checkpoints_before_it_goes_on_its_way(store: Store) -> None:
    office, seen = Office(store, at_once=False), Seen()

    def interrupted(key: str, done: float, message: str) -> None:
        raise KeyboardInterrupt

    seen.progressed = interrupted  # type: ignore[method-assign]
    watch = new_watch(store, office)
    stop = watch.stop

    def noted() -> bool:
        ended = stop()
        office.asked_to_stop = sum(Exchange(job).asked_to_stop for job in office.waiting)
        return ended

    watch.stop = noted  # type: ignore[method-assign]
    submit = office.submit

    def submit_and_progress(job: Path, limits: Limits, resources: Resources) -> None:
        submit(job, limits, resources)
        Exchange(job).progress(0.5, "half")

    office.submit = submit_and_progress  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run_cells([cell("a"), cell("b")], store, watch, seen)
    assert office.asked_to_stop == 2
    assert office.closed and not (store.root / "jobs").exists()
    assert seen.of("finished") == []


def test_progress_is_shown(store: Store) -> None:
    office = Office(store)
    submit = office.submit

    def submit_with_progress(job: Path, limits: Limits, resources: Resources) -> None:
        Exchange(job).progress(0.5, "image 3")
        submit(job, limits, resources)

    office.submit = submit_with_progress  # type: ignore[method-assign]
    _, seen = run(store, [cell("a")], office)
    assert f"{cell('a').cell.key[:8]} 0.5 image 3" in seen.lines


def test_why_a_job_waits_is_shown(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_ASK_SECONDS", 0.0)
    office = Office(store, at_once=False)

    def wait(job: Path) -> Wait | None:
        office.wait = lambda job: office.end() if office.waiting else None  # type: ignore[method-assign]
        return Wait("others are before it")

    office.wait = wait  # type: ignore[method-assign]
    _, seen = run(store, [cell("a")], office)
    assert f"{cell('a').cell.key[:8]} waits: others are before it" in seen.lines


def test_plugins_are_told_of_cells_and_one_that_raises_costs_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []

    class Hooks:
        @staticmethod
        @srbench.hookimpl
        def srbench_cell_started(cell: Any) -> None:
            told.append(("started", cell.label))
            raise ZeroDivisionError("no")

        @staticmethod
        @srbench.hookimpl
        def srbench_cell_finished(cell: Any, record: Record) -> None:
            told.append(("finished", cell.label, record.status))

        @staticmethod
        @srbench.hookimpl
        def srbench_training_finished(record: Record, history: Any) -> None:
            told.append(("trained", record.key, record.status, *map(str, history)))

    registry = Registry()
    registry.add(Plugin("told", "srbench-told", "1", "told"), Hooks)
    monkeypatch.setattr(supervisor, "registry", lambda: registry)
    with pytest.warns(RuntimeWarning, match="srbench_cell_started failed: ZeroDivisionError: no"):
        _, seen = run(store, [cell("a", model=training("m")), cell("b", verdict=("skipped", ""))])
    assert told == [
        ("finished", "d/x2/b", "skipped"),
        ("trained", "model-m", "ok"),
        ("started", "d/x2/a"),
        ("finished", "d/x2/a", "ok"),
    ]
    assert seen.of("finished") == ["d/x2/b: skipped", "d/x2/a: ok"]


# --- another try -----------------------------------------------------------------------------------------------------


class Troubled(Office):
    """Has trouble with the machine so many times for each job with a name in it; then all is well.

    Of a cell, the first of its metrics has a result all the same, the others are worth another try.
    """

    troubles: dict[str, int]
    asked: list[list[str]]

    def end(self) -> None:
        job = self.waiting[0]
        task = read_job(job).task
        self.asked.append([one.key for one in task.metrics] if isinstance(task, Evaluation) else [])
        name = next((name for name, left in self.troubles.items() if left and name in task.label), None)
        if name is None:
            return super().end()
        self.waiting.pop(0)
        self.troubles[name] -= 1
        if isinstance(task, Evaluation) and "scored" in name:
            record = self._record(read_job(job))
            for one in task.metrics[1:]:
                record.metrics[one.key] = MetricResult(key=one.key, status="failed", reason="full", again=True)
            self.store.write("cells", record)
            return Exchange(job).tell(Ending("ok", again=True))
        return Exchange(job).tell(Ending("killed", "the disk is full", again=True))


def troubled(store: Store, **troubles: int) -> Troubled:
    office = Troubled(store)
    office.troubles, office.asked = troubles, []
    return office


@pytest.mark.parametrize("times", [1, MOST_REPEATS])
def test_a_job_with_a_fault_of_the_machine_is_begun_again_at_once(store: Store, times: int) -> None:
    office, seen = run(store, [cell("a"), cell("b")], troubled(store, a=times))
    assert office.begun.count("d/x2/a") == times + 1 and office.begun.count("d/x2/b") == 1
    assert seen.of("repeated") == ["d/x2/a: the disk is full"] * times
    assert sorted(seen.of("finished")) == ["d/x2/a: ok", "d/x2/b: ok"]


def test_a_machine_that_stays_at_fault_is_asked_no_more_in_this_run(store: Store) -> None:
    office, seen = run(store, [cell("a"), cell("b")], troubled(store, a=99))
    assert office.begun.count("d/x2/a") == MOST_REPEATS + 1
    assert sorted(seen.of("finished")) == ["d/x2/a: killed the disk is full", "d/x2/b: ok"]


def test_a_training_with_a_fault_of_the_machine_is_begun_again_and_its_cell_waits(store: Store) -> None:
    model = training("m")
    office, seen = run(store, [cell("a", model=model)], troubled(store, training=1))
    assert office.begun == [model.label, model.label, "d/x2/a"]
    assert seen.of("trained") == ["model-m: ok"] and seen.of("repeated") == [f"{model.label}: the disk is full"]


def test_an_ending_that_is_the_methods_own_is_not_repeated(store: Store) -> None:
    office, seen = run(store, [cell("a")], **{"x2/a": Ending("killed", "no luck")})
    assert office.begun == ["d/x2/a"] and seen.of("repeated") == []


def test_a_cell_is_scored_again_only_by_metrics_that_lack_a_result(store: Store) -> None:
    asked = cell("scored", scoring("one"), scoring("two"), scoring("three"))
    office, seen = run(store, [asked], troubled(store, scored=2))
    assert office.asked == [
        ["metric-one", "metric-two", "metric-three"],
        ["metric-two", "metric-three"],
        ["metric-three"],
    ]
    assert seen.of("finished") == ["d/x2/scored: ok"]
    record = store.read("cells", asked.cell.key)
    assert record is not None and {result.status for result in record.metrics.values()} == {"ok"}


class Queue(Office):
    """An office that knows its jobs again: those of the store whose files are there."""

    def holds(self, job: Path) -> bool:
        return job.exists()


def test_a_run_that_is_detached_leaves_what_is_ready_and_the_next_ones_go_on(store: Store) -> None:
    model = training("m")
    a, b = cell("a", model=model), cell("b")

    def run_on(*cells: PlannedCell, detach: bool) -> tuple[int, Queue, Seen]:
        office, seen = Queue(store, at_once=False), Seen()
        return run_cells(cells, store, new_watch(store, office), seen, detach=detach), office, seen

    left, first, seen = run_on(a, b, detach=True)
    assert (left, first.begun) == (2, ["d/x2/b", model.label]) and seen.of("finished") == []
    left, office, _ = run_on(a, b, detach=True)
    assert (left, office.begun) == (2, []), "nothing is submitted twice"
    first.end()
    first.end()
    left, second, seen = run_on(a, b, detach=True)
    assert (left, second.begun) == (1, ["d/x2/a"]), "what waited for the training"
    assert seen.of("finished") == ["d/x2/b: ok"]
    second.end()
    left, office, seen = run_on(a, detach=False)
    assert (left, office.begun) == (0, []) and seen.of("finished") == ["d/x2/a: ok"]
    assert not (store.root / "jobs").exists()


def test_plugins_hear_of_what_ended_while_no_run_watched(store: Store) -> None:
    heard: list[str] = []

    class Hears:
        @srbench.hookimpl
        def srbench_cell_finished(self, cell: Any, record: Record) -> None:
            heard.append(f"{cell.label}: {record.status}")

        @srbench.hookimpl
        def srbench_training_finished(self, record: Record, history: Any) -> None:
            heard.append(f"{record.key}: {record.status}")

    office = Queue(store, at_once=False)
    cells = [cell("a", model=training("m")), cell("b")]
    run_cells(cells, store, new_watch(store, office), Seen(), detach=True)
    for _ in range(2):
        office.end()
    with registry().heard_by(Hears()):
        run_cells([], store, new_watch(store, Queue(store)), Seen())
    assert sorted(heard) == ["d/x2/b: ok", "model-m: ok"]


def test_what_was_submitted_with_fewer_metrics_is_scored_with_the_others_afterwards(store: Store) -> None:
    office = Queue(store, at_once=False)
    run_cells([cell("a", scoring("one"))], store, new_watch(store, office), Seen(), detach=True)
    office.end()
    later = Queue(store)
    seen = Seen()
    run_cells([cell("a", scoring("one"), scoring("two"))], store, new_watch(store, later), seen)
    assert later.begun == ["d/x2/a"]
    assert [set(record.metrics) for record in seen.records] == [{"one", "two"}]


def test_a_run_that_is_detached_fails_what_it_can_tell_of(store: Store) -> None:
    office = Queue(store, {"training m": Ending("failed", "no luck")}, at_once=False)
    cells = [cell("a", model=training("m"))]
    assert run_cells(cells, store, new_watch(store, office), Seen(), detach=True) == 1
    office.end()
    seen = Seen()
    assert run_cells(cells, store, new_watch(store, Queue(store)), seen, detach=True) == 0
    assert seen.of("finished") == ["d/x2/a: failed training: no luck"]


@pytest.mark.parametrize(
    ("interrupt", "answer", "office", "left"),
    [
        (KeyboardInterrupt(), True, Queue, True),
        (KeyboardInterrupt(), False, Queue, False),
        (KeyboardInterrupt(), True, Office, False),
        (Terminated(), True, Queue, False),
        (Terminated(leaves=True), False, Queue, True),
        (Terminated(leaves=True), True, Office, False),
    ],
)
def test_jobs_of_a_run_that_is_interrupted_are_left_where_somebody_says_so_and_they_can_be(
    store: Store, interrupt: KeyboardInterrupt, answer: bool, office: type[Office], left: bool
) -> None:
    class Asked(Seen):
        def leaves(self) -> bool:
            return answer

        def progressed(self, key: str, done: float, message: str) -> None:
            raise interrupt

    place = office(store, at_once=False)
    submit = place.submit

    def submit_with_progress(job: Path, limits: Limits, resources: Resources) -> None:
        submit(job, limits, resources)
        Exchange(job).progress(0.5, "half")

    place.submit = submit_with_progress  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run_cells([cell("a")], store, new_watch(store, place), Asked())
    assert (store.root / "jobs").exists() == left and place.closed
    assert not left or not Exchange(place.waiting[0]).asked_to_stop


def test_submissions_are_what_is_ready_and_what_waits(store: Store) -> None:
    model, done = training("m"), replace(cell("c"), state="done")
    now, later = submissions([cell("a", model=model), cell("b"), done], store)
    assert [task.label for task in now] == ["d/x2/b", model.label] and [task.label for task in later] == ["d/x2/a"]


def further(name: str, earlier: Training, steps: int) -> Training:
    """A training that goes on from another."""
    budget = Budget("steps", steps, earlier.budget)
    return Training(
        f"model-{name}", {"of": name, "train": {"fingerprint": "f"}}, use("m"), use("d"), X2, budget, 0, earlier=earlier
    )


def left(store: Store, task: Training) -> None:
    """Leave what a finished training leaves."""
    store.write("models", Record(key=task.key, schema=2, status="ok"))
    store.last_checkpoint(task.key).write_bytes(b"last")


def test_a_training_waits_for_the_one_that_it_goes_on_from_and_its_cells_for_both(store: Store) -> None:
    first = training("m")
    second = further("two", first, 2)
    third = further("three", second, 3)
    cells = [cell("a", model=third), cell("b"), cell("c", model=third)]
    now, later = submissions(cells, store)
    assert [task.label for task in now] == ["d/x2/b", first.label]
    assert sorted(task.label for task in later) == sorted([second.label, third.label, "d/x2/a", "d/x2/c"])
    office, seen = run(store, cells)
    assert office.begun[1:4] == [first.label, second.label, third.label]
    assert sorted(office.begun[4:]) == ["d/x2/a", "d/x2/c"] and office.begun[0] == "d/x2/b"
    assert len(seen.of("finished")) == 3


def test_what_was_gone_on_from_before_is_not_trained_again(store: Store) -> None:
    first = training("m")
    second = further("two", first, 2)
    left(store, first)
    office, _ = run(store, [cell("a", model=second)])
    assert office.begun == [second.label, "d/x2/a"]
    store.last_checkpoint(first.key).unlink()
    office, _ = run(store, [cell("b", model=second)])
    assert office.begun == ["d/x2/b"], "its own model is there"


def test_without_the_earlier_training_none_goes_on_and_its_cells_say_why(store: Store) -> None:
    first = training("m")
    second = further("two", first, 2)
    third = further("three", second, 3)
    has_sr = Record(key=cell("s").cell.key, schema=2, status="ok")
    store.write("cells", has_sr)
    cells = [cell("a", model=third), cell("s", model=third, stored=has_sr, damaged=(third,)), cell("b")]
    office, seen = run(store, cells, **{first.label: Ending("failed", "no luck")})
    assert sorted(office.begun) == ["d/x2/b", "d/x2/s", first.label]
    why = "training: the earlier one, of 2 steps, gone on from 1 steps: the earlier one, of 1 steps: no luck"
    assert sorted(seen.of("finished")) == [f"d/x2/a: failed {why}", "d/x2/b: ok", "d/x2/s: ok"]
    assert seen.of("trained") == ["model-m: failed no luck"]


def test_a_task_needs_what_its_method_needs_and_an_extractor_what_all_do(tmp_path: Path) -> None:
    matrix = replace(
        read_matrix(InProcess(tmp_path).matrix),
        resources=Resources(cores=2, minutes=60),
        resources_of={"m": Resources(gpus=1, minutes=10)},
    )
    assert resources_of(matrix, training("m")) == Resources(1, 2, 10)
    assert resources_of(matrix, cell("m").evaluation()) == Resources(1, 2, 10)
    assert resources_of(matrix, training("another")) == resources_of(matrix, extractor("m")) == matrix.resources


def test_a_task_may_use_what_its_method_may_and_an_extractor_what_all_may(tmp_path: Path) -> None:
    matrix = replace(
        read_matrix(InProcess(tmp_path).matrix), limits=Limits(60, 8), limits_of={"m": Limits(seconds=3600)}
    )
    assert limits_of(matrix, training("m")) == limits_of(matrix, cell("m").evaluation()) == Limits(3600, 8)
    assert limits_of(matrix, training("another")) == limits_of(matrix, extractor("m")) == matrix.limits


class Neighbour(Seen):
    """Another run at work in the same store: it claims a task before this run does, and later does `act`."""

    def __init__(self, store: Store, task: Task, act: Callable[[Neighbour], None], rounds: int = 2) -> None:
        super().__init__()
        self.office, self.act, self.rounds_until = Office(store, at_once=False), act, rounds
        self.lease = leave_lease(store.root, "neighbour")
        self.other = Watch(store, self.office, lambda task: Limits(), Lease(store.root, "their run"))
        self.other._lease.name = "neighbour"
        assert self.other.claim(task)
        self.other.submit()

    def waited(self) -> None:
        super().waited()
        if self.rounds == self.rounds_until:
            self.act(self)

    def do_it(self) -> None:
        self.office.end()
        list(self.other.events())


@pytest.fixture
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "_LOOK_SECONDS", 0.0)


def beside(store: Store, cells: Sequence[PlannedCell], other: Neighbour) -> Office:
    office = Office(store)
    run_cells(cells, store, new_watch(store, office), other)
    return office


@pytest.mark.usefixtures("look_at_once")
def test_what_another_run_does_is_waited_for_and_not_done_twice(store: Store) -> None:
    heard: list[str] = []

    class Hears:
        @srbench.hookimpl
        def srbench_cell_finished(self, cell: Any, record: Record) -> None:
            heard.append(cell.label)

    cells = [cell("a"), cell("b")]
    other = Neighbour(store, cells[0].evaluation(), Neighbour.do_it)
    with registry().heard_by(Hears()):
        office = beside(store, cells, other)
    assert office.begun == ["d/x2/b"] and other.office.begun == ["d/x2/a"]
    assert other.of("elsewhere") == ["d/x2/a: a run, process 1 on elsewhere"]
    assert other.of("finished") == ["d/x2/b: ok", "d/x2/a: ok"]
    assert heard == ["d/x2/b"], "of the other its own run tells"


@pytest.mark.usefixtures("look_at_once")
@pytest.mark.parametrize("ending", [Ending("ok"), Ending("failed", "no luck")])
def test_one_training_serves_all_runs(store: Store, ending: Ending) -> None:
    model = training("m")

    def end(other: Neighbour) -> None:
        job = read_job(other.office.waiting[0])
        record = Attempt.begin(job).record("ok")
        record.status, record.reason = ending.status or "ok", ending.reason
        store.write("models", record)
        Exchange(other.office.waiting[0]).tell(ending)
        list(other.other.events())

    other = Neighbour(store, model, end)
    office = beside(store, [cell("a", model=model), cell("b", model=model)], other)
    assert sorted(office.begun) == (["d/x2/a", "d/x2/b"] if ending.status == "ok" else [])
    assert other.of("trained") == [f"model-m: {ending.status} {ending.reason}".rstrip()]
    assert len(other.of("finished")) == 2


@pytest.mark.usefixtures("look_at_once")
def test_what_a_run_that_died_had_begun_is_done(store: Store) -> None:
    def die(other: Neighbour) -> None:
        other.lease.unlink()

    cells = [cell("a"), cell("b")]
    other = Neighbour(store, cells[0].evaluation(), die)
    office = beside(store, cells, other)
    assert office.begun == ["d/x2/b", "d/x2/a"]
    assert other.of("finished") == ["d/x2/b: ok", "d/x2/a: ok"]


@pytest.mark.usefixtures("look_at_once")
def test_the_end_of_a_job_that_its_dead_run_never_read_counts(store: Store) -> None:
    def end_and_die(other: Neighbour) -> None:
        other.office.end()
        other.lease.unlink()

    cells = [cell("a")]
    other = Neighbour(store, cells[0].evaluation(), end_and_die)
    assert beside(store, cells, other).begun == []
    assert other.of("finished") == ["d/x2/a: ok"]


@pytest.mark.parametrize("status", ["ok", "failed", "killed"])
def test_what_another_run_has_done_since_the_plan_is_not_done_again(store: Store, status: Status) -> None:
    cells = [cell("a", scoring("one"), scoring("two")), cell("b")]
    done = {f"metric-{name}": MetricResult(key=f"metric-{name}", name=name, value=3.0) for name in ("one", "two")}
    point = {"method": "a"}
    key = cells[0].cell.key
    store.write("cells", Record(key=key, schema=1, status=status, point=point, metrics=done, started="2026"))
    office, seen = run(store, cells)
    again = status == "killed"  # which says nothing about the method
    assert office.begun == (["d/x2/a", "d/x2/b"] if again else ["d/x2/b"])
    assert [line.split(": ")[1] for line in seen.of("finished")] == [status, "ok"]


def test_of_a_cell_that_another_run_has_scored_in_part_the_rest_is_scored(store: Store) -> None:
    asked = cell("a", scoring("one"), scoring("two"))
    done = {"metric-one": MetricResult(key="metric-one", name="one", value=3.0)}
    store.write("cells", Record(key=asked.cell.key, schema=1, status="ok", metrics=done, started="2026"))
    _, seen = run(store, [asked])
    (record,) = seen.records
    assert {name: one.value for name, one in record.metrics.items()} == {"one": 3.0, "two": 1.0}


def test_an_earlier_failure_that_is_to_be_repeated_is_no_news(store: Store) -> None:
    failed = Record(key=cell("a").cell.key, schema=1, status="failed", reason="no luck", started="2025")
    store.write("cells", failed)
    office, _ = run(store, [cell("a", summary=Summary.of(failed), state="retry")])
    assert office.begun == ["d/x2/a"]
    metric = MetricResult(key="metric-fid", name="fid", status="failed", reason="no luck")
    scored = Record(key=cell("b").cell.key, schema=1, status="ok", metrics={"metric-fid": metric}, started="2025")
    store.write("cells", scored)
    office, _ = run(store, [cell("b", scoring("fid"), summary=Summary.of(scored), state="stale")])
    assert office.begun == ["d/x2/b"]


@pytest.mark.usefixtures("look_at_once")
def test_a_job_that_another_run_took_over_is_left_to_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine of this run was asleep, and the others took it for dead."""
    monkeypatch.setattr(watch, "_ASK_SECONDS", 0.0)
    planned = cell("a")
    office, lease = Office(store, at_once=False), Lease(store.root, "this run")
    leave_lease(store.root, "heir")

    class Robbed(Seen):
        def waited(self) -> None:
            super().waited()
            if self.rounds == 1:
                assert take_over(office.waiting[0], lease.name, "heir")
            elif self.rounds == 3:
                job = office.waiting[0]
                office.end()
                release(job, "heir")

    seen = Robbed()
    run_cells([planned], store, Watch(store, office, lambda task: Limits(), lease), seen)
    assert office.begun == ["d/x2/a"] and seen.of("finished") == ["d/x2/a: ok"]
    assert seen.of("elsewhere") == ["d/x2/a: a run, process 1 on elsewhere"]
