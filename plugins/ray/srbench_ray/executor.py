"""The executor `ray`: each job a task of Ray, which only starts the job's command on the node where it is placed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import srbench
from srbench.devices import gpus
from srbench.types import Count, NonNegative

from .link import Link, RayGone
from .messages import Begin, Outcome
from .needs import ACCELERATOR, CUSTOM, Needs, Node, cores, needs_of

_LOOK_SECONDS = 1.0
_LATE_SECONDS = 60.0
"""How long the files of a node may be late on this machine, whose command ended well."""
_HEARTBEAT = "heartbeat.json"
"""The signs of life of a command. Those of one that is lost are removed: they would be taken for the next one's."""
_LEAST_PLACES = 8
"""Jobs that wait or run in a cluster that has no cores yet: those that wait make it grow."""


@dataclass
class _Given:
    """A job that Ray was given, and what is known of it.

    got: how far it was then. outcome: of its task. since: when that was seen, or that no node can hold it.
    """

    needs: Needs
    got: bytes
    outcome: Outcome | None = None
    since: float | None = None
    fate: srbench.Fate | None = None


class RayExecutor(srbench.Executor):
    """Tasks of Ray. Jobs end with their run.

    address: that of a cluster which this machine is a part of, `HOST:PORT`, or `auto`: the one that RAY_ADDRESS names
    or that runs here; unless told, a Ray is started on this machine, and ended with the run. jobs: how many wait or run
    at once; unless told, two for each core of the cluster. per_gpu: how many jobs that need one GPU share it.
    patience_seconds: how long a job that no node can hold waits for one to join the cluster, before it is given up.
    """

    options = frozenset({ACCELERATOR, CUSTOM})

    def __init__(
        self,
        address: str | None = None,
        jobs: Count | None = None,
        per_gpu: Count = 1,
        patience_seconds: NonNegative = 60.0,
    ) -> None:
        if address is not None and "://" in address:
            raise srbench.SrbenchError(
                f"executor ray: {address!r} is for Ray's client; start srbench on a machine of the cluster, with the "
                "address HOST:PORT or auto"
            )
        self._address, self._jobs, self._per_gpu = address or "", jobs, per_gpu
        self._patience = patience_seconds if address else 0.0
        self._given: dict[Path, _Given] = {}
        self._nodes: Sequence[Node] = ()
        self._looked = float("-inf")
        self._link: Link | None = None
        self._gpus_unless_told: int | None = None

    def places(self) -> int:
        """`jobs`; unless told, so many that Ray always has some to begin."""
        if self._jobs is not None:
            return self._jobs
        if not self._nodes:  # later they are seen whenever a job's fate is
            self._look()
        return max(_LEAST_PLACES, 2 * int(sum(node.get("CPU", 0.0) for node in self._nodes)))

    def submit(self, job: Path, limits: srbench.Limits, resources: srbench.Resources) -> None:
        """Give a task to Ray."""
        self.submit_all([job], limits, resources)

    def submit_all(self, jobs: Sequence[Path], limits: srbench.Limits, resources: srbench.Resources) -> None:
        """Give tasks to Ray, which begins them in this order, as nodes have room."""
        self._give(jobs, self._needs(resources))

    def _give(self, jobs: Sequence[Path], needs: Needs) -> None:
        self._given |= {job: _Given(needs, _progress(job)) for job in jobs}
        self._ask(begin=[Begin(str(job), self.command(job), needs) for job in jobs])

    def _needs(self, resources: srbench.Resources) -> Needs:
        """What a job needs of a node.

        A job that says nothing of GPUs needs one in a cluster that had any when the run came to it, otherwise none.
        """
        self._look()
        if self._gpus_unless_told is None:
            self._gpus_unless_told = int(any(node.get("GPU") for node in self._nodes))
        return needs_of(resources, self._per_gpu, self._gpus_unless_told)

    def _look(self) -> None:
        """See how things are, if nobody did within a moment."""
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            self._ask()

    def _ask(self, begin: Sequence[Begin] = (), end: Sequence[str] = ()) -> None:
        """Have jobs begun and ended, and see how things are. Raises `RayGone`; the next question is to another Ray."""
        if self._link is None:
            self._link = Link(self._address)
        try:
            answer = self._link.ask(begin, end)
        except RayGone as error:
            self.close()
            for given in self._given.values():
                given.fate = given.fate or srbench.Fate(str(error))
            raise
        self._looked, self._nodes = time.monotonic(), answer.nodes
        for job, outcome in answer.over.items():
            given = self._given[Path(job)]
            given.outcome, given.since = outcome, self._looked

    def outline(self, count: int, resources: srbench.Resources) -> str:
        """What each task would ask of Ray, and how many run at once, or why none can."""
        if self._address:
            needs = self._needs(resources)
            nodes = self._nodes
        else:  # as Ray would find it, without starting it
            needs = needs_of(resources, self._per_gpu, 0)
            nodes = [_this_machine(needs.gpus > 0)]
        most = min(count, self._jobs or count, sum(needs.fits(node) for node in nodes))
        share = "" if self._address or resources.gpus is not None else ", and a GPU where there is one"
        return f"tasks of {needs}{share}: {needs.lacking(nodes) or f'room for {most}'}"

    def fate(self, job: Path) -> srbench.Fate | None:
        """Say why a task ended, or cannot begin. One that was lost with its node while it got on begins again."""
        given = self._given[job]
        if given.fate is None:
            with suppress(RayGone):  # which is its fate then
                self._look()
                self._decide(job, given)
        return given.fate

    def _decide(self, job: Path, given: _Given) -> None:
        outcome, now = given.outcome, time.monotonic()
        if outcome is None:
            lacking = given.needs.lacking(self._nodes)
            given.since = None if lacking is None else given.since or now
            if lacking is not None and now - (given.since or now) >= self._patience:
                given.fate = srbench.Fate(lacking, again=False)
                self._ask(end=[str(job)])
        elif outcome.lost and _progress(job) != given.got:
            job.with_name(_HEARTBEAT).unlink(missing_ok=True)
            self._give([job], given.needs)
        elif outcome.words:
            given.fate = srbench.Fate(outcome.words)
        elif given.since is not None and now - given.since >= _LATE_SECONDS:
            given.fate = srbench.Fate("its command ended, and how does not show here: is the store on a shared disk?")

    def close(self) -> None:
        """End what waits or runs, and leave Ray, or end it."""
        if self._link is not None:
            self._link.close()
            self._link = None


def _progress(job: Path) -> bytes:
    """What the job last told of its progress; nothing where it has not begun."""
    try:
        return job.with_name("progress.json").read_bytes()
    except OSError:
        return b""


def _this_machine(with_gpus: bool) -> Node:
    """What this machine has. with_gpus: look for them, which takes seconds."""
    count = 0
    if with_gpus:
        count = len(gpus())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"CPU": cores(), "GPU": count, "memory": memory}
