"""Several runs on one store, on one machine and on several, divide the work: nothing is done twice, nothing lost."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from rig import Bench, wait_for
from rig.chaos import Chaos
from rig.faulty_disk import FaultyDisk
from rig.machine import Machine, compiled_clock

from srbench.store.lease import Leases

SEEDS = list(range(6))
WORK = {"methods": ["toy-noted"], "train": {"on": ["same"], "budget": {"steps": 4}}, "seeds": SEEDS}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.matrix(**WORK)
    return made


def done(bench: Bench) -> Counter[str]:
    """How often each thing was done: the training of each seed, and the upscaling of a picture."""
    path = bench.folder / "done.txt"
    return Counter(path.read_text().splitlines() if path.exists() else [])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One that a run did alone."""
    made = Bench(tmp_path_factory.mktemp("alone"))
    made.matrix(**WORK)
    assert made.run().returncode == 0
    return made


def scores(bench: Bench) -> dict[str, float]:
    records = bench.records()
    assert {record["status"] for record in records.values()} == {"ok"}
    return {label: record["metrics"]["psnr"]["value"] for label, record in records.items()}


def test_three_runs_do_everything_once(bench: Bench, alone: Bench) -> None:
    runs = [bench.fork("run", "matrix.yaml", "--no-report") for _ in range(3)]
    assert [run.wait(120) for run in runs] == [0, 0, 0]
    assert done(bench) == done(alone)
    assert scores(bench) == scores(alone)
    assert not bench.left() and not (bench.folder / "results/toy/jobs").exists()


def test_a_run_goes_on_with_what_one_that_was_killed_had_begun(bench: Bench, alone: Bench) -> None:
    (bench.folder / "gate").touch()
    first = bench.fork("run", "matrix.yaml", "--no-report")
    wait_for((bench.folder / "at-the-gate").exists)
    said = [str(bench.folder / name) for name in ("out", "err")]
    second = bench.fork("run", "matrix.yaml", "--no-report", said=said)
    wait_for(lambda: "at work on some of this" in (bench.folder / "out").read_text())
    first.kill()
    first.wait(60)
    (bench.folder / "gate").unlink()
    assert second.wait(120) == 0
    assert scores(bench) == scores(alone)
    assert not bench.left()


def test_a_run_that_is_interrupted_beside_another_leaves_its_work_to_that(bench: Bench, alone: Bench) -> None:
    (bench.folder / "gate").touch()
    runs = [bench.fork("run", "matrix.yaml", "--no-report") for _ in range(2)]
    wait_for(lambda: len(Leases(bench.folder / "results/toy").names()) == 2)
    bench.interrupted_at_the_gate(runs[0], signal.SIGINT)
    assert [run.wait(120) for run in runs] == [130, 0]
    assert scores(bench) == scores(alone)
    assert not bench.left()


@pytest.fixture
def machines(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[list[Machine]]:
    """Two of them, with clocks five minutes apart."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "--pid", "--fork", "true"]).returncode:
        missing("be root on a Linux with unshare (util-linux)")
    folder = tmp_path / "clock"
    folder.mkdir()
    clock = compiled_clock(folder)
    yield [Machine("near", 0, clock), Machine("far", 300, clock)]


def start(machine: Machine, bench: Bench) -> subprocess.Popen[str]:
    said = (bench.folder / f"{machine.name}.txt").open("w")
    return machine.start(bench.folder, bench.environment, said, "run", "matrix.yaml", "--no-report")


def said(machine: Machine, bench: Bench) -> str:
    return (bench.folder / f"{machine.name}.txt").read_text()


def test_two_machines_share_a_matrix(bench: Bench, machines: list[Machine], alone: Bench) -> None:
    (bench.folder / "gate").touch()
    runs = [start(machine, bench) for machine in machines]
    wait_for(lambda: len(Leases(bench.folder / "results/toy").names()) == 2)
    (bench.folder / "gate").unlink()
    assert [run.wait(120) for run in runs] == [0, 0], [said(machine, bench) for machine in machines]
    assert done(bench) == done(alone)
    assert scores(bench) == scores(alone)
    assert "process" in said(machines[0], bench) and " on far" in said(machines[0], bench)
    assert " on near" in said(machines[1], bench)


def test_a_machine_whose_power_fails_is_inherited_from_by_the_other(
    bench: Bench, machines: list[Machine], alone: Bench
) -> None:
    near, far = machines
    (bench.folder / "gate").touch()
    first = start(far, bench)
    wait_for((bench.folder / "at-the-gate").exists)
    second = start(near, bench)
    wait_for(lambda: " on far" in said(near, bench))
    time.sleep(7)  # longer than that machine may be silent
    assert len(list((bench.folder / "results/toy/jobs").glob("*/owner-*far*"))) == 1, "it lives, and keeps its job"
    Machine.cut_power(first)
    (bench.folder / "gate").unlink()
    assert second.wait(120) == 0, said(near, bench)
    assert scores(bench) == scores(alone)
    assert done(bench) - done(alone) == Counter(["train 0"]), "of the other machine's work one training was begun again"


def test_kills_and_faults_of_the_disk_at_random_moments_lose_nothing(
    tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    if shutil.which("cc") is None:
        missing("install a C compiler, `cc`")
    (tmp_path / "scratch").mkdir()
    disk = FaultyDisk(tmp_path / "bench", tmp_path / "scratch")
    chaos = Chaos(tmp_path / "bench", cells=4, runs=2, moments=random.Random(7), disk=disk)
    try:
        undisturbed = chaos.new_bench()
        assert undisturbed.run(*chaos.arguments).returncode == 0
        whole = undisturbed.contents()
        chaos.until_finished(chaos.new_bench(), whole, lambda: chaos.disturbed >= 8)
    finally:
        disk.close()
    assert chaos.disturbed > 0 and chaos.wrong == []
