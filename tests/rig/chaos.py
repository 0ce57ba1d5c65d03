"""Runs on one store whose processes are killed, and whose disk fails, at random moments, and what holds meanwhile."""

from __future__ import annotations

import errno
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from rig import Bench, untouched
from rig.faulty_disk import FaultyDisk
from rig.preloaded import Forked

GONE_SECONDS = 5.0
RUN, SERVER = "a run", "a server of workers"
NUMBERS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)


@dataclass
class Chaos:
    """What is done to the runs of a matrix.

    cells: of the matrix, all but one of which learn. runs: at once on its store. stops: processes are not only killed,
    but also stopped for a second. disk: whose writings fail at times, if they do.
    """

    folder: Path
    cells: int
    runs: int
    moments: random.Random
    stops: bool = False
    disk: FaultyDisk | None = None
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    doomed: list[tuple[float, psutil.Process]] = field(default_factory=list)
    running: list[Forked] = field(default_factory=list)

    @property
    def disturbed(self) -> int:
        """How many processes were killed or stopped."""
        return sum(count for what, count in self.done.items() if what.startswith("SIG"))

    def new_bench(self) -> Bench:
        """A bench in the place of the one before: a store names boards by where their matrix lies."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        bench = Bench(self.folder) if self.disk is None else Bench(self.folder, forks=self.disk.forks)
        bench.matrix(
            methods=["toy-nearest", "toy-pixel"],
            metrics=["psnr", "ssim"],
            train={"on": ["same"], "budget": {"steps": 4}},
            seeds=list(range(self.cells - 1)),
        )
        return bench

    def until_finished(self, bench: Bench, whole: tuple[dict[str, Any], list[str]], enough: Callable[[], bool]) -> None:
        """Drive a store by disturbed runs until it is finished, or that was enough; then without any trouble."""
        finished: dict[str, dict[str, Any]] = {}
        codes: list[int | None] = [None] * self.runs
        self.running = [self._start(bench) for _ in range(self.runs)]
        while any(code != 0 for code in codes) and not enough():
            time.sleep(self.moments.uniform(0.05, 1.0))
            self.disturb(bench)
            for place, run in enumerate(self.running):
                if codes[place] != 0 and (code := run.poll()) is not None:
                    codes[place] = code
                    if code != 0:
                        self.running[place] = self._start(bench)
            finished = self._still(finished, bench)
            self._check_doomed()
        if self.disk is not None:
            self.disk.work()
        for run in self.running:
            run.wait(timeout=300)
        self._check_left(bench)
        finished = self._still(finished, bench)
        last = bench.run(*self.arguments)
        self._still(finished, bench)
        if last.returncode != 0 or "Traceback" in last.stdout + last.stderr:
            self.wrong.append(f"ended with {last.returncode}\n{last.stdout}{last.stderr}")
        self.wrong += differences(whole, bench.contents())

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of every run, so that all trainings have the same number of threads."""
        return ("--jobs", "2" if self.runs == 1 else "1")

    def _start(self, bench: Bench) -> Forked:
        return bench.fork("run", "matrix.yaml", "--no-report", *self.arguments)

    def disturb(self, bench: Bench) -> None:
        """Kill or stop a process of a run, and have the disk fail now and then."""
        if self.disk is not None:
            number = self.moments.choice(NUMBERS)
            self.disk.fail_at_times(self.moments.randrange(60), number, lasting=self.moments.random() < 0.1)
            self.done[errno.errorcode[number]] += 1
        runs = {run.pid for run in self.running if run.poll() is None}
        below = list(filter(lives, bench.forks.below()))
        if not runs or not below:
            return
        kinds = {process: _kind(process, bench, runs) for process in below}
        kind = self.moments.choice(sorted(set(kinds.values())))
        victim = self.moments.choice([process for process in below if kinds[process] == kind])
        asked = self.moments.choice(
            [signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP] if self.stops else [signal.SIGKILL]
        )
        self.done[f"{asked.name} of {kind}"] += 1
        try:
            victim.send_signal(asked)
            if asked == signal.SIGSTOP:
                time.sleep(1)
                victim.send_signal(signal.SIGCONT)
            elif kind == RUN:
                server = max(
                    (one for one in below if one.pid < victim.pid and kinds[one] == SERVER), key=lambda one: one.pid
                )
                self.doomed += [(time.monotonic(), one) for one in (server, *server.children(recursive=True))]
        except (psutil.NoSuchProcess, ValueError):
            return

    def _check_doomed(self) -> None:
        """Whether what a killed run had started lives longer than it may."""
        self.doomed = [(since, process) for since, process in self.doomed if lives(process)]
        for since, process in self.doomed:
            if time.monotonic() - since > GONE_SECONDS:
                self.wrong.append(f"{process} outlives its run")

    def _check_left(self, bench: Bench) -> None:
        until = time.monotonic() + GONE_SECONDS
        while left := bench.left():
            if time.monotonic() > until:
                self.wrong.append(f"left: {left}")
                return
            time.sleep(0.05)

    def _still(self, finished: dict[str, dict[str, Any]], bench: Bench) -> dict[str, dict[str, Any]]:
        """Check that no finished cell is lost or touched; those that are finished now, and of which no job is left."""
        records = bench.records()
        if lost := finished.keys() - records.keys():
            self.wrong.append(f"lost: {sorted(lost)}")
            return records
        for label, record in finished.items():
            if not untouched({label: record}, records):
                self.wrong.append(f"{label} was finished, and touched again")
        at_work = {folder.name for folder in (bench.folder / "results/toy/jobs").glob("*")}
        return {
            label: record
            for label, record in records.items()
            if is_finished(record) and record["path"].parent.name not in at_work
        }


def differences(whole: tuple[dict[str, Any], list[str]], found: tuple[dict[str, Any], list[str]]) -> list[str]:
    """How the contents of a store are others than those of one that nothing disturbed."""
    said = []
    for key in sorted(whole[0].keys() | found[0].keys()):
        one, other = whole[0].get(key, {}), found[0].get(key, {})
        if fields := [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]:
            said.append(f"{key}: {', '.join(fields)}: {str({name: other.get(name) for name in fields})[:300]}")
    return said + [f"{name}: there in one of two" for name in sorted(set(whole[1]) ^ set(found[1]))]


def is_finished(record: dict[str, Any]) -> bool:
    """Whether a cell has all its results; one whose scoring was killed is scored again."""
    results = record["metrics"].values()
    return len(results) == 2 and not any(result.get("again") for result in results)


def lives(process: psutil.Process) -> bool:
    """Whether a process has not ended."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _kind(process: psutil.Process, bench: Bench, runs: set[int]) -> str:
    """What a process is: a run, the server that a run was given, a keeper that this forked, or what came of one."""
    if process.pid in runs:
        return RUN
    with suppress(psutil.NoSuchProcess):
        above = [parent.pid for parent in process.parents()]
        return {0: SERVER, 1: "a keeper"}.get(above.index(bench.forks.pid), "a worker")
    return "a worker"
