"""Kill and stop the processes of runs at random moments, and hold what they leave against an undisturbed run.

    python benchmarks/kills.py [--kills 150] [--seed N]

A matrix of 48 cells, of which 47 learn, is run again and again until it is finished; then another store is begun. At
each random moment a process is chosen among all of the run's (the run itself, the server of workers, keepers,
workers), and killed, or stopped for a second. When the run is gone nothing of it may be left after five seconds; what
was finished may not be touched again; and the store has to be that of a run that nothing disturbed. Prints what is
found to be wrong.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from rig import Bench, untouched
from rig.preloaded import Forked

CELLS = 48
JOBS = ("--jobs", "2")
GONE_SECONDS = 5.0


def new_bench(folder: Path) -> Bench:
    """A bench in the place of the one before: a store names boards by where their matrix lies."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    bench = Bench(folder)
    bench.matrix(
        methods=["toy-nearest", "toy-pixel"],
        train={"on": ["same"], "budget": {"steps": 4}},
        seeds=list(range(CELLS - 1)),
    )
    return bench


def is_left(bench: Bench) -> bool:
    """Whether something of a run that is gone still lives after a while."""
    until = time.monotonic() + GONE_SECONDS
    while left := bench.left():
        if time.monotonic() > until:
            print("left:", left)
            return True
        time.sleep(0.05)
    return False


def is_finished(record: dict[str, Any]) -> bool:
    """Whether a cell has all its results; one whose scoring was killed is scored again."""
    results = record["metrics"].values()
    return bool(results) and not any(result.get("again") for result in results)


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def disturb(bench: Bench, run: Forked, moments: random.Random) -> str:
    """Kill or stop a process of the run; which, in a word."""
    processes = [psutil.Process(run.pid), *filter(lives, bench.below(run))]
    place = moments.randrange(len(processes))
    asked = moments.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP])
    try:
        processes[place].send_signal(asked)
        if asked == signal.SIGSTOP:
            time.sleep(1)
            processes[place].send_signal(signal.SIGCONT)
    except psutil.NoSuchProcess:
        return "gone before"
    return f"{asked.name} of {'the run' if place == 0 else 'what it started'}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    moments, done, wrong, stores = random.Random(options.seed), Counter[str](), 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        undisturbed = new_bench(Path(scratch, "bench"))
        assert undisturbed.run(*JOBS).returncode == 0
        whole = undisturbed.contents()
        while done.total() < options.kills:
            stores += 1
            bench, code = new_bench(Path(scratch, "bench")), None
            finished: dict[str, dict] = {}
            while code != 0 and done.total() < options.kills:
                run = bench.fork("run", "matrix.yaml", "--no-report", *JOBS)
                while run.poll() is None and done.total() < options.kills:
                    time.sleep(moments.uniform(0.05, 1.5))
                    if run.poll() is None:
                        done[disturb(bench, run, moments)] += 1
                code = run.wait(timeout=300)
                wrong += is_left(bench)
                records = bench.records()
                if not untouched(finished, records):
                    print("a finished cell was touched again")
                    wrong += 1
                finished = {label: record for label, record in records.items() if is_finished(record)}
            last = bench.run(*JOBS)
            if last.returncode != 0 or "Traceback" in last.stdout + last.stderr or bench.contents() != whole:
                print(
                    f"store {stores}: ended with {last.returncode}, not as without trouble\n{last.stdout}{last.stderr}"
                )
                wrong += 1
    print(f"{done.total()} disturbances of {stores} stores ({dict(done)}), {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
