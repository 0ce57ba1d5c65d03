"""Whole runs on a cluster of one node."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig import LEARNING, Bench

QUICK = {"slurm": {"poll_seconds": 0.5, "late_seconds": 1}}


@pytest.fixture
def bench(slurm, tmp_path: Path) -> Bench:
    return Bench(tmp_path / "it's here").with_measures()


def test_a_matrix_has_the_scores_that_it_has_on_this_machine(bench: Bench) -> None:
    bench.matrix(**LEARNING)
    assert bench.run("--store", "local").returncode == 0
    bench.matrix(**LEARNING, executor=QUICK)
    result = bench.run()
    assert result.returncode == 0, result.stderr
    print(result.stdout)
    print({label: record["job"] for label, record in bench.records().items()})
