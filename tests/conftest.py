"""Toy plugins among the installed ones of this process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from rig import Bench
from rig.server import CONTENT, Server, serving

WEIGHTS = """

@srbench.hookimpl
def srbench_weights():
    return [srbench.WeightsFile("toy-weights", {url!r}, {sha256!r}, "CC0-1.0", "a test", {size})]
"""


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The toy plugin, and an empty data root; its folder is the working directory."""
    bench = Bench(tmp_path)
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data root"))
    with bench.installed():
        yield bench


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as served:
        yield served


@pytest.fixture
def shop(toys: Bench, server: Server) -> Bench:
    """The toy plugin with weights that the server has."""
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    toys.plugin.write_text(toys.plugin.read_text() + WEIGHTS.format(url=server.url, sha256=sha256, size=len(CONTENT)))
    return toys
