"""The driver of Ray: answers to questions, what Ray's errors mean, and the tasks that it gives to a cluster."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import ray
from rig import wait_for
from srbench_ray import driver as driving
from srbench_ray.link import Link
from srbench_ray.messages import Answer, Begin, Outcome, Question
from srbench_ray.needs import Needs


class Fake:
    """A driver without a Ray, which notes what is asked of it, and whose node goes when `gone` is to begin."""

    did: list[str]

    def __init__(self, address: str) -> None:
        if address == "nowhere":
            raise ConnectionError("Could not find\n  any running Ray instance.")
        Fake.did = [f"connect {address}"]

    def begin(self, asked: Begin) -> None:
        Fake.did.append(f"begin {asked.job}")

    def end(self, job: str) -> None:
        Fake.did.append(f"end {job}")

    def look(self) -> Answer:
        if Fake.did[-1] == "begin gone":
            raise driving.Gone
        return Answer(nodes=[{"CPU": 2.0}], over={"a": Outcome("no luck")})

    def leave(self) -> None:
        Fake.did.append("leave")


def asked(monkeypatch: pytest.MonkeyPatch, address: str, *questions: Question) -> list[Answer]:
    """What a driver answers."""
    monkeypatch.setattr(driving, "Driver", Fake)
    given = io.BytesIO(b"".join(msgspec.json.encode(question) + b"\n" for question in questions))
    said = io.BytesIO()
    driving.drive(address, given, said)
    return [msgspec.json.decode(line, type=Answer) for line in said.getvalue().splitlines()]


def test_each_question_has_an_answer_and_the_last_one_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = [Begin("b", ["true"], Needs(gpus=0.5)), Begin("c", [], Needs())]
    answers = asked(monkeypatch, "auto", Question(1, begin), Question(2, [], ["b"]))
    assert answers == [Answer(number, [{"CPU": 2.0}], {"a": Outcome("no luck")}) for number in (1, 2)]
    assert Fake.did == ["connect auto", "begin b", "begin c", "end b", "leave"]


def test_where_there_is_no_ray_that_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    (answer,) = asked(monkeypatch, "nowhere", Question(1))
    assert answer.refused == "Could not find any running Ray instance."


def test_a_node_that_is_gone_is_the_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = asked(monkeypatch, "auto", Question(1), Question(2, [Begin("gone", [], Needs())]), Question(3))
    assert first.number == 1 and last.refused == "the node of Ray on this machine is gone"
    assert Fake.did[-1] == "leave"


@pytest.mark.parametrize(
    ("error", "words", "lost"),
    [
        (ray.exceptions.NodeDiedError("node n1 is dead"), "its node went from the Ray cluster", True),
        (ray.exceptions.WorkerCrashedError(), "the process of Ray that had started it was killed", False),
        (ray.exceptions.OutOfMemoryError("killed"), "more (`memory_gb` of `resources`)", False),
        (ray.exceptions.TaskCancelledError(), "its task was cancelled from outside", False),
        (ray.exceptions.RuntimeEnvSetupError("no pip"), "Ray gave it up: RuntimeEnvSetupError: ", False),
    ],
)
def test_what_ray_says_of_a_task_is_put_into_words(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str, lost: bool
) -> None:
    def get(task: Any) -> str:
        raise error

    monkeypatch.setattr(driving.ray, "get", get)
    outcome = driving._outcome(None)
    assert words in outcome.words and outcome.lost is lost


@pytest.fixture(scope="module")
def link(cluster: Any) -> Iterator[Link]:
    made = Link(cluster.address)
    try:
        yield made
    finally:
        made.close()


def test_a_cluster_of_another_version_is_told_with_both_versions(cluster: Any) -> None:
    older = "import ray, sys; from srbench_ray.driver import drive; ray.__version__ = '2.0.1'; "
    older += "drive(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)"
    done = subprocess.run(
        [sys.executable, "-c", older, cluster.address], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    said = msgspec.json.decode(done.stdout, type=Answer).refused
    assert said.startswith("Version mismatch") and f"Ray: {ray.__version__}" in said and "Ray: 2.0.1" in said


class Tasks:
    """Jobs that tell which GPU they see, and end when they may."""

    def __init__(self, link: Link, folder: Path) -> None:
        self.link, self.folder = link, folder
        self.over: dict[str, str] = {}

    def begin(self, name: str, **needs: Any) -> str:
        job = self.folder / name / "job.json"
        job.parent.mkdir()
        script = f"echo $CUDA_VISIBLE_DEVICES/$OMP_NUM_THREADS/$SRBENCH_JOB >{job.parent}/new; cd {job.parent}"
        script += f"; mv new begun; while [ ! -e {self.folder}/end ]; do sleep 0.05; done"
        self.link.ask([Begin(str(job), ["sh", "-c", script], Needs(**needs))])
        return name

    def begun(self) -> dict[str, tuple[str, str]]:
        """Which GPU and how many threads each has that has begun."""
        found = {path.parent.name: path.read_text().split("/") for path in self.folder.glob("*/begun")}
        return {name: (gpu, threads) for name, (gpu, threads, _) in found.items()}

    def ended(self) -> set[str]:
        over = self.link.ask().over
        self.over |= {Path(job).parent.name: outcome.words for job, outcome in over.items()}
        return set(self.over)


def test_jobs_share_gpus_as_they_ask_for_parts_and_see_theirs_alone(link: Link, tmp_path: Path) -> None:
    tasks = Tasks(link, tmp_path)
    halves = {tasks.begin(f"half{number}", gpus=0.5) for number in range(5)}
    whole = tasks.begin("whole", gpus=1.0, cpus=2)
    none = tasks.begin("none", cpus=2, custom={"attic": 1.0, "accelerator_type:A100": 0.001})
    wait_for(lambda: len(tasks.begun()) == 5)
    begun = tasks.begun()
    assert sorted(gpu for gpu, _ in begun.values()) == ["", "0", "0", "1", "1"], "two on each, and what needs none"
    assert begun[none] == ("", "2") and whole not in begun and {threads for _, threads in begun.values()} == {"1", "2"}
    assert not tasks.ended()
    (tmp_path / "end").touch()
    wait_for(lambda: tasks.ended() == {*halves, whole, none})
    assert set(tasks.over.values()) == {""} and tasks.begun()[whole][0] in ("0", "1")
    assert (tmp_path / "whole" / "begun").read_text().split("/")[2].startswith("ray task ")


def test_a_task_that_is_ended_ends_and_is_not_heard_of_again(link: Link, tmp_path: Path) -> None:
    tasks = Tasks(link, tmp_path)
    tasks.begin("a")
    wait_for(tasks.begun)
    log = tmp_path / "a" / "ray.log"
    assert log.exists()
    link.ask(end=[str(tmp_path / "a" / "job.json")])
    after = tasks.begin("b", cpus=8)  # as many cores as there are
    wait_for(lambda: after in tasks.begun())
    (tmp_path / "end").touch()
    wait_for(tasks.ended)
    assert tasks.over == {"b": ""}


def test_nodes_are_told_with_all_that_they_have(link: Link) -> None:
    has = max(link.ask().nodes, key=lambda node: node.get("CPU", 0))
    assert {name: has[name] for name in ("CPU", "GPU", "attic")} == {"CPU": 8, "GPU": 2, "attic": 1}
    assert has["memory"] > 1e8
