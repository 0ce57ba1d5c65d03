"""What the executor makes of what Ray says, with a line to a Ray that says what a test has it say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from srbench_ray import executor as executing
from srbench_ray.executor import RayExecutor
from srbench_ray.link import RayGone
from srbench_ray.messages import Answer, Begin, Outcome

import srbench

LOST = Outcome("its node went", lost=True)


class Line:
    """Notes what is asked, and answers what it has been told to."""

    made: list[Line]
    nodes: list[dict[str, float]]

    def __init__(self, address: str) -> None:
        self.address, self.closed = address, False
        self.begun: list[Begin] = []
        self.ended: list[str] = []
        self.over: dict[str, Outcome] = {}
        self.broken = ""
        Line.made.append(self)

    def ask(self, begin: Sequence[Begin] = (), end: Sequence[str] = ()) -> Answer:
        if self.broken:
            raise RayGone(self.broken)
        self.begun += begin
        self.ended += end
        over, self.over = self.over, {}
        return Answer(nodes=Line.nodes, over=over)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    Line.made, Line.nodes = [], [{"CPU": 4.0, "memory": 8e9}]
    monkeypatch.setattr(executing, "Link", Line)
    return Line.made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of the monotonic clock, which stand still but for what a test adds."""
    now = [1000.0]
    monkeypatch.setattr(executing, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


class Scene:
    """An executor with a job that Ray was given."""

    def __init__(self, folder: Path, clock: list[float], needed: dict[str, Any] | None = None, **params: Any) -> None:
        self.clock = clock
        self.job = folder / "toy" / "jobs" / "ab" / "job.json"
        self.job.parent.mkdir(parents=True)
        self.executor = RayExecutor(**{"address": "auto", **params})
        self.submit(**needed or {})

    def submit(self, **resources: Any) -> None:
        self.executor.submit(self.job, srbench.Limits(), srbench.Resources(**resources))

    @property
    def line(self) -> Line:
        return Line.made[-1]

    def fate(self, after: float = 2.0, **over: Outcome) -> srbench.Fate | None:
        """What became of the job some seconds later. job: what became of its task."""
        self.clock[0] += after
        self.line.over = {str(self.job): outcome for outcome in over.values()}
        return self.executor.fate(self.job)


def test_jobs_are_given_to_ray_in_one_go_with_what_they_need(tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(tmp_path, clock, {"cores": 3, "gpus": 1}, per_gpu=2)
    others = [tmp_path / name / "job.json" for name in "cd"]
    scene.executor.submit_all(others, srbench.Limits(), srbench.Resources())
    first, *rest = scene.line.begun
    assert (first.needs.cpus, first.needs.gpus) == (3, 0.5) and first.command[-1] == first.job == str(scene.job)
    assert [begun.job for begun in rest] == list(map(str, others))
    assert scene.line.address == "auto" and len(Line.made) == 1
    scene.executor.close()
    assert scene.line.closed


@pytest.mark.parametrize(("there", "gpus"), [(0, 0), (3, 0.25)])
def test_a_job_that_says_nothing_of_gpus_has_its_share_where_there_are_any(
    tmp_path: Path, clock: list[float], there: int, gpus: float
) -> None:
    Line.nodes = [{"CPU": 8.0}, {"CPU": 1.0, "GPU": there}]
    scene = Scene(tmp_path, clock, per_gpu=4)
    Line.nodes = [{"CPU": 8.0}]  # and when they are gone it is not silently done without
    clock[0] += 5
    scene.submit()
    assert [begun.needs.gpus for begun in scene.line.begun] == [gpus, gpus]


def test_there_are_more_places_than_cores_so_that_ray_always_has_some_to_begin() -> None:
    Line.nodes = [{"CPU": 4.0}, {"CPU": 12.0}]
    assert RayExecutor().places() == 32
    Line.nodes = [{}]
    assert RayExecutor().places() >= 1, "a cluster that grows when jobs wait"
    assert RayExecutor(jobs=3).places() == 3


def test_a_job_that_waits_or_runs_has_no_fate(tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(tmp_path, clock)
    assert scene.fate() is scene.fate(after=1e6) is None
    assert len(scene.line.begun) == 1


def test_a_task_that_went_wrong_is_told_and_worth_another_try(tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(tmp_path, clock)
    assert scene.fate(job=Outcome("killed")) == scene.fate() == srbench.Fate("killed", again=True)
    scene.submit()
    assert scene.fate() is None, "it was begun again"


def test_one_that_ended_well_has_a_minute_to_show_it_here(tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(tmp_path, clock)
    assert scene.fate(job=Outcome()) is scene.fate(after=50) is None
    told = scene.fate(after=20)
    assert told is not None and "shared disk" in told.reason and told.again


def test_a_job_that_got_on_begins_again_when_its_node_is_lost(tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(tmp_path, clock)
    beat, progress = scene.job.with_name("heartbeat.json"), scene.job.with_name("progress.json")
    for done in range(5):
        beat.write_text("{}")
        progress.write_text(str(done))
        assert scene.fate(job=LOST) is None
        assert not beat.exists(), "which would be taken for one of the next command"
    assert [begun.job for begun in scene.line.begun] == [str(scene.job)] * 6
    assert {begun.needs.cpus for begun in scene.line.begun} == {1}
    assert scene.fate(job=LOST) == srbench.Fate("its node went"), "for it got no further"


def test_what_no_node_holds_is_given_up_after_a_while_and_not_begun_later(tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(tmp_path, clock, {"cores": 6}, patience_seconds=30)
    assert scene.fate() is scene.fate(after=25) is None
    Line.nodes = [{"CPU": 6.0}]
    assert scene.fate() is None, "one joined"
    Line.nodes = [{"CPU": 4.0}]
    assert scene.fate() is scene.fate(after=29) is None and not scene.line.ended
    told = scene.fate(after=2)
    assert told is not None and not told.again and "needs 6 cores; there is 1 with 4 cores" in told.reason
    assert scene.line.ended == [str(scene.job)]
    Line.nodes = [{"CPU": 6.0}]
    assert scene.fate() == told


def test_nobody_joins_a_ray_of_the_run_itself(tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(tmp_path, clock, {"gpus": 1}, address=None)
    told = scene.fate(after=0)
    assert told is not None and "needs 1 core, 1 GPU" in told.reason


def test_when_ray_goes_jobs_are_begun_again_with_another(tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(tmp_path, clock)
    scene.line.broken = "the head does not answer"
    assert scene.fate() == scene.fate() == srbench.Fate("the head does not answer", again=True)
    assert scene.executor.places() == 8 and scene.line.closed and len(Line.made) == 1
    scene.submit()
    assert len(Line.made) == 2 and scene.fate() is None
    scene.line.broken = "and neither does that one"
    with pytest.raises(RayGone, match="neither"):
        scene.submit()


def test_a_plan_tells_what_ray_would_be_asked_for_and_how_many_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    Line.nodes = [{"CPU": 8.0, "GPU": 1.0}, {"CPU": 2.0, "GPU": 1.0}]
    cluster = RayExecutor(address="auto", per_gpu=4)
    assert cluster.outline(9, srbench.Resources()) == "tasks of num_cpus=1, num_gpus=0.25: room for 6"
    assert cluster.outline(3, srbench.Resources(cores=2, gpus=0)) == "tasks of num_cpus=2: room for 3"
    assert RayExecutor(address="auto", jobs=2).outline(9, srbench.Resources()).endswith("num_gpus=1.0: room for 2")
    assert "can hold a job that needs 1 core, 2 GPUs; there is" in cluster.outline(1, srbench.Resources(gpus=2))
    assert all(not line.begun for line in Line.made)


def test_a_plan_for_a_ray_of_the_run_starts_none(made: list[Line], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executing, "cores", lambda: 3)
    own = RayExecutor()
    assert own.outline(9, srbench.Resources()) == "tasks of num_cpus=1, and a GPU where there is one: room for 3"
    assert "needs 4 cores; there is 1 with 3 cores." in own.outline(1, srbench.Resources(cores=4, gpus=0))
    assert "needs 1 core, 9e+06 GB" in own.outline(1, srbench.Resources(memory_gb=9e6))
    assert "needs 1 core, 77 GPUs" in own.outline(1, srbench.Resources(gpus=77))
    assert not made


def test_an_address_of_rays_client_is_refused_with_what_to_do() -> None:
    with pytest.raises(srbench.SrbenchError, match="'ray://head:10001' is for Ray's client; start srbench"):
        RayExecutor(address="ray://head:10001")
