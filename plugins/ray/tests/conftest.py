"""A Ray cluster on this machine, started for these tests and ended with them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from ray.cluster_utils import Cluster

_SMALL = {"object_store_memory": 80 * 2**20, "include_dashboard": False}


class Nodes:
    """A cluster of two nodes: one for what runs go through, without cores, and one that does jobs.

    address: where it answers. Others join it for a test, and have `HERE`, for jobs that are to run there alone.
    """

    HERE = "here"

    def __init__(self) -> None:
        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **_SMALL})
        self._cluster.add_node(num_cpus=8, num_gpus=2, resources={"attic": 1, "accelerator_type:A100": 1}, **_SMALL)
        self.address: str = self._cluster.address

    @contextmanager
    def another(self, environment: Mapping[str, str]) -> Iterator[psutil.Process]:
        """A node of one core whose jobs have this environment, and its process."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            node = self._cluster.add_node(num_cpus=1, resources={self.HERE: 1}, **_SMALL)
        (started,) = node.all_processes["raylet"]
        try:
            yield psutil.Process(started.process.pid)
        finally:
            self._cluster.remove_node(node)

    def shutdown(self) -> None:
        """End it with all its nodes."""
        self._cluster.shutdown()


@pytest.fixture(scope="session", autouse=True)
def folder() -> Iterator[Path]:
    """Where Ray keeps its own files. Below pytest's folder, names of sockets would be too long."""
    with tempfile.TemporaryDirectory(prefix="ray-") as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", name)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        yield Path(name)


@pytest.fixture(scope="session")
def cluster(folder: Path) -> Iterator[Nodes]:
    """The cluster, while tests of this session run."""
    made = Nodes()
    try:
        yield made
    finally:
        made.shutdown()
