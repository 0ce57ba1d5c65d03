"""Toy plugins among the installed ones of this process."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from rig import Bench
from rig.server import CONTENT, Server, serving

WEIGHTS = """

@srbench.hookimpl
def srbench_weights():
    return [srbench.WeightsFile("toy-weights", {url!r}, {sha256!r}, "CC0-1.0", "a test", {size})]
"""

PUBLISHED = """

class Published(Noise):
    published = (
        srbench.PublishedDataset(
            "toy-set",
            (srbench.PublishedArchive({url!r}, {md5!r}, (srbench.Members("set/*.png", 2),), {size}),),
            "for research only",
            "A. Uthor 2026",
        ),
    )

    def prepare(self, root):
        if not (root / "toy-set").is_dir():
            raise srbench.DatasetMissing("`srbench fetch toy-set` gets it")


class Family(Noise):
    published = tuple(
        srbench.PublishedDataset(
            f"toy-{{one}}", Published.published[0].archives, "CC0-1.0", "a variant", f"family/{{one}}"
        )
        for one in ("small", "large")
    )

    def __init__(self, size: str):
        pass


@srbench.hookimpl(specname="srbench_datasets")
def published_datasets():
    return [srbench.Entry("toy-set", Published, "Two pictures"), srbench.Entry("toy-family", Family)]
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


@pytest.fixture
def library(toys: Bench, server: Server) -> Bench:
    """The toy plugin with published datasets in an archive that the server has."""
    with BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("set/a.png", b"first")
            archive.writestr("set/b.png", b"second")
        server.content = buffer.getvalue()
    url = server.url.replace("weights.pth", "set.zip")
    md5 = hashlib.md5(server.content).hexdigest()
    declared = PUBLISHED.format(url=url, md5=md5, size=len(server.content))
    toys.plugin.write_text(toys.plugin.read_text() + declared)
    return toys
