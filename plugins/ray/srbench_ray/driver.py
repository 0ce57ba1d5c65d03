"""The driver of Ray: a process that begins a run's tasks and sees what becomes of them, `srbench_ray.driver ADDRESS`.

It stands between the two because Ray writes to the terminal, takes signals for itself, and ends the process that it is
in when the head of its cluster is gone. It reads questions and writes answers (`srbench_ray.messages`). When there is
nobody who asks any more, it has what still runs write its checkpoints, and leaves Ray. ADDRESS is that of a cluster;
empty: a Ray of its own, which ends with it.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import ray

from .attend import GRACE_SECONDS, attend
from .messages import Answer, Begin, Outcome, Question
from .needs import cores

_STORE_BYTES = 80 * 2**20
"""Of memory for objects, of which there are none to speak of: about the least that Ray takes."""
_WORDS = {
    "NodeDiedError": "its node went from the Ray cluster",
    "WorkerCrashedError": "the process of Ray that had started it was killed",
    "OutOfMemoryError": "Ray ended it because its node was short of memory; ask for more (`memory_gb` of `resources`)",
    "TaskCancelledError": "its task was cancelled from outside",
}


class Gone(Exception):
    """The node of Ray on this machine is gone, and with it all that one could ask."""


class Driver:
    """A connection to Ray, with the tasks that were begun and have not ended."""

    def __init__(self, address: str) -> None:
        """Connect, or start a Ray of its own. Raises whatever Ray does."""
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        if address:
            ray.init(address=address, **quiet)
            self._left_behind = ""
        else:
            small = {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
            started = ray.init(address="local", num_cpus=cores(), **small, **quiet)
            self._left_behind = started.address_info["session_dir"]
        self._node = ray.get_runtime_context().get_node_id()
        # Nothing of what a task did with a GPU stays in Ray's process, so the next one may have that.
        self._task = ray.remote(max_retries=0, max_calls=0)(attend)
        self._tasks: dict[Any, str] = {}

    def begin(self, asked: Begin) -> None:
        """Give a task to Ray, in place of the job's last one."""
        self.end(asked.job)
        needs = asked.needs
        task = self._task.options(name=f"srbench {Path(asked.job).parent.name[:8]}", **needs.options)
        self._tasks[task.remote(asked.job, asked.command, needs.cpus, needs.gpus)] = asked.job

    def end(self, job: str) -> None:
        """End a job's task, if it has one, and forget it."""
        for task in [task for task, its in self._tasks.items() if its == job]:
            ray.cancel(task)
            del self._tasks[task]

    def look(self) -> Answer:
        """How things are. Raises `Gone`."""
        nodes = [node for node in ray.nodes() if node["Alive"]]
        if all(node["NodeID"] != self._node for node in nodes):
            raise Gone
        over = {}
        for task in ray.wait(list(self._tasks), num_returns=len(self._tasks), timeout=0)[0] if self._tasks else []:
            over[self._tasks.pop(task)] = _outcome(task)
        return Answer(nodes=[node["Resources"] for node in nodes], over=over)

    def leave(self) -> None:
        """End all tasks, in such a way that their jobs can write checkpoints, and leave Ray."""
        for task in self._tasks:
            ray.cancel(task)
        if self._tasks:
            ray.wait(list(self._tasks), num_returns=len(self._tasks), timeout=GRACE_SECONDS)
        ray.shutdown()
        if self._left_behind:
            shutil.rmtree(self._left_behind, ignore_errors=True)


def _outcome(task: Any) -> Outcome:
    try:
        return Outcome(ray.get(task))
    except Exception as error:
        kind = type(error).__name__
        if isinstance(error, ray.exceptions.RayTaskError):  # of `attend`, or of the import of it
            return Outcome(f"it could not be started on its node: {_last_line(str(error))}")
        return Outcome(_WORDS.get(kind, f"Ray gave it up: {kind}: {error}"), kind == "NodeDiedError")


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def drive(address: str, questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer questions until there are no more, or there is no Ray to ask."""

    def say(answer: Answer) -> None:
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()

    try:
        driver = Driver(address)
    except Exception as error:
        say(Answer(refused=" ".join(str(error).split())))
        return
    try:
        for line in questions:
            question = msgspec.json.decode(line, type=Question)
            for job in question.end:
                driver.end(job)
            for asked in question.begin:
                driver.begin(asked)
            answer = driver.look()
            answer.number = question.number
            say(answer)
    except Gone:
        say(Answer(refused="the node of Ray on this machine is gone"))
    finally:
        driver.leave()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever Ray prints is no answer
    drive(sys.argv[1], sys.stdin.buffer, answers)
