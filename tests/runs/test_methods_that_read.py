"""A method that reads files: they are part of its key, and where they are missing its cells are skipped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from rig import Bench

PLUGIN = '''
from pathlib import Path

import srbench

TABLE = Path(__file__).parents[1] / "table.txt"


class Reads(srbench.Method):
    """Adds what two files say."""

    weights = ("toy-gain",)
    files = (TABLE,)

    def upscale(self, lr, scale):
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


class LearnsReading(Reads):
    """Learns nothing, but reads."""

    learns = True

    def fit(self, train, context):
        pass


@srbench.hookimpl
def srbench_methods():
    return [srbench.Entry("toy-reads", Reads), srbench.Entry("toy-learns", LearnsReading)]


@srbench.hookimpl
def srbench_weights():
    url = "https://example.org/gain.safetensors"
    return [srbench.WeightsFile("toy-gain", url, "SHA256", "none", "nobody")]
'''


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))
    bench = Bench(tmp_path)
    sha256 = hashlib.sha256(b"gain").hexdigest()
    (bench.plugin.parent / "srbench_reads.py").write_text(PLUGIN.replace("SHA256", sha256))
    info = bench.plugin.parent / "srbench_reads-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: srbench-reads\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[srbench]\nreads = srbench_reads\n")
    (tmp_path / "table.txt").write_text("one")
    bench.matrix(methods=["toy-reads", "toy-learns"], train={"on": ["same"], "budget": {"steps": 1}})
    return bench


LABELS = ("toy-noise/x4-rgb/toy-reads", "toy-noise/x4-rgb/toy-learns/same/0")


def test_missing_weights_skip_the_cells_until_they_are_there(bench: Bench) -> None:
    assert bench.run().returncode == 0
    for label in LABELS:
        record = bench.records()[label]
        assert record["status"] == "skipped"
        assert "srbench fetch toy-gain" in record["reason"]
    folder = bench.folder / "data/weights"
    folder.mkdir(parents=True)
    (folder / "gain.safetensors").write_bytes(b"gain")
    assert bench.run().returncode == 0
    for label in LABELS:
        record = json.loads(bench.srbench("show", label, "--json").stdout)
        assert record["status"] == "ok"
        assert record["ingredients"]["method"]["weights"] == {"toy-gain": hashlib.sha256(b"gain").hexdigest()}


def test_a_file_that_changed_makes_cells_and_models_stale(bench: Bench) -> None:
    folder = bench.folder / "data/weights"
    folder.mkdir(parents=True)
    (folder / "gain.safetensors").write_bytes(b"gain")
    assert bench.run().returncode == 0
    assert "2 cells: 2 done" in bench.srbench("plan", "matrix.yaml").stdout
    (bench.folder / "table.txt").write_text("two")
    said = bench.srbench("plan", "matrix.yaml").stdout
    assert "2 stale" in said
    assert "method.files" in said
    assert bench.run().returncode == 0
    models = list((bench.folder / "results/toy/models").glob("??/*/record.json"))
    assert len(models) == 2
