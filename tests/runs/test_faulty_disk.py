"""Whichever operation on a file fails, and how: it is told in words, and one more run makes everything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from rig import LEARNING, Bench
from rig.faulty_disk import ERRORS, FaultyDisk, Operation

TRIALS = 8
COMMAND = ["run", "matrix.yaml", "--out", "pages"]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Iterator[FaultyDisk]:
    if shutil.which("cc") is None:
        missing("install a C compiler, `cc`")
    disk = FaultyDisk(tmp_path_factory.mktemp("bench"), tmp_path_factory.mktemp("disk"))
    yield disk
    disk.close()


def test_whatever_fails_is_told_and_one_more_run_makes_everything(disk: FaultyDisk) -> None:
    undisturbed = new_bench(disk)
    done, operations = disk.operations(COMMAND, undisturbed.environment)
    assert done.returncode == 0, done.stderr
    whole = undisturbed.contents()
    assert len(operations) > 1000
    for trial in range(TRIALS):
        operation = operations[len(operations) * (2 * trial + 1) // (2 * TRIALS)]
        errors = ERRORS[operation.kind]
        faults = tried(disk, operation, errors[trial % len(errors)], trial % 2 == 1, whole)
        assert not faults, (operation, os.strerror(errors[trial % len(errors)]), faults)


def tried(disk: FaultyDisk, operation: Operation, number: int, lasting: bool, whole: object) -> list[str]:
    """What is wrong after a run in which an operation failed, and another without faults."""
    bench = new_bench(disk)
    faulty = disk.run(COMMAND, bench.environment, operation.n, number, lasting)
    said = faulty.stdout + faulty.stderr
    faults = [f"exit code {faulty.returncode}"] if faulty.returncode not in (0, 1, 2) else []
    faults += [said] if "Traceback" in said else []
    faults += [f"{process} is left" for process in bench.left()]
    after = bench.srbench(*COMMAND)
    faults += [] if after.returncode == 0 else [f"the next run: {after.returncode}: {after.stdout}{after.stderr}"]
    faults += [] if bench.contents() == whole else ["the store is another"]
    faults += [] if (bench.folder / "pages/index.html").exists() else ["there are no pages"]
    return faults


def new_bench(disk: FaultyDisk) -> Bench:
    """A new bench on the disk, whose plugins are installed elsewhere."""
    site = disk.folder.with_name(f"site-of-{disk.folder.name}")
    for folder in (disk.folder, site):
        shutil.rmtree(folder, ignore_errors=True)
    disk.folder.mkdir()
    bench = Bench(disk.folder).with_measures()
    bench.plugin = shutil.move(bench.plugin.parent, site) / bench.plugin.name
    bench.matrix(**LEARNING)
    return bench
