"""A SLURM cluster, started for these tests and ended with them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from rig.cluster import PROGRAMS, Slurm


@pytest.fixture(scope="session")
def slurm(missing: Callable[[str], NoReturn]) -> Iterator[Slurm]:
    """The cluster, while tests of this session run."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    lacking = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if lacking or os.getuid() != 0:
        missing(f"a SLURM needs root and slurm-wlm, slurmctld, slurmd, munge; there is no {', '.join(lacking)}")
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
