"""A SLURM cluster, started for these tests and ended with them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
from rig.cluster import PROGRAMS, Slurm
from srbench_slurm import commands, executor, queue


@pytest.fixture(scope="session")
def slurm(missing: Callable[[str], NoReturn]) -> Iterator[Slurm]:
    """The cluster, while tests of this session run."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    lacking = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if lacking or os.getuid() != 0:
        lacking = lacking or ["user root"]
        missing(f"a SLURM for tests needs root, slurm-wlm, slurmctld, slurmd, munge; there is no {', '.join(lacking)}")
    # Not below pytest's own folder, into which munge's user may not go.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path)
        cluster = Slurm(Path(folder))
        try:
            cluster.start()
            patch.setenv("SLURM_CONF", str(cluster.folder / "slurm.conf"))
            yield cluster
        finally:
            cluster.stop()


class Fake:
    """Programs of SLURM that answer as a test says, and note what they are told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for program in ("sbatch", "squeue", "scancel", "scontrol"):
            self.answer(program)
        self.answer("scontrol", "Configuration data\nMaxArraySize            = 1001\nMaxJobCount = 10000\n")

    def answer(self, program: str, out: str = "", err: str = "", code: int = 0) -> None:
        """From now on, a program prints this and ends so."""
        (self.folder / f"{program}.out").write_text(out)
        (self.folder / f"{program}.err").write_text(err)
        path = self.folder / program
        lines = (
            "#!/bin/sh",
            f"cd {self.folder}",
            f'echo "$*" >>{program}.told',
            *([f"cat >{program}.given"] if program == "sbatch" else []),
            f"cat {program}.out",
            f"cat {program}.err >&2",
            f"exit {code}",
        )
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o755)

    def told(self, program: str) -> list[str]:
        """What a program was told, a line each time."""
        path = self.folder / f"{program}.told"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{made.folder}:{os.environ['PATH']}")
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of the monotonic clock, which stand still but for what a test, or sleeping, adds."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    # Not of `time` itself: subprocesses are waited for by the real one.
    for module in (commands, queue, executor):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    return now
