"""The project's first matrix on a cluster: what comes out is what comes out here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rig import Bench

from srbench import load

QUICKSTART = Path(__file__).parents[3] / "leaderboards/quickstart/matrix.yaml"


@pytest.mark.usefixtures("slurm")
def test_the_quickstart_has_the_same_scores_on_a_cluster_as_here(tmp_path: Path) -> None:
    """All its datasets and metrics; of its methods one that learns and one that does not, of its seeds one."""
    text = QUICKSTART.read_text().replace("seeds: [0, 1, 2]", "seeds: [0]").replace("{steps: 600}", "{steps: 6}")
    matrix = "".join(line for line in text.splitlines(True) if not re.match(r"\s*- (nearest|bilinear|lanczos)\b", line))
    bench = Bench(tmp_path)
    scores = {}
    for where, executor in (("cluster", "{slurm: {poll_seconds: 0.5, late_seconds: 1}}"), ("here", "local")):
        cores = "resources: {cores: 2}"  # a sum over other threads differs in its last digits
        (tmp_path / "matrix.yaml").write_text(f"{matrix}{cores}\nexecutor: {executor}\n")
        said = bench.run("--store", where)
        assert said.returncode == 0, said.stdout + said.stderr
        assert said.stdout.endswith("8 cells: 8 ok\n")
        frame = load(tmp_path / where).images
        scores[where] = frame.set_index(["dataset", "method", "metric", "image"]).sort_index()["value"]
    assert len(scores["here"]) > 50
    assert scores["cluster"].equals(scores["here"])
