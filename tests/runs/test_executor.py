"""The local executor, and one of a plugin that starts jobs with the command alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from rig import Bench

from srbench.testing import check_executors

test_executors = check_executors("local")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).with_places()


def test_a_matrix_runs_to_its_end_where_only_the_store_is_known(bench: Bench) -> None:
    bench.matrix(
        methods=["toy-dies", "toy-pixel"],
        train={"on": ["same"], "budget": {"steps": 2}},
        executor={"elsewhere": {"most": 2}},
    )
    result = bench.run()
    assert result.returncode == 1, result.stderr
    found = {label: (record["status"], record["reason"]) for label, record in bench.records().items()}
    assert found == {
        "toy-noise/x4-rgb/toy-dies": ("killed", "its process was killed from outside, by SIGKILL"),
        "toy-noise/x4-rgb/toy-pixel/same/0": ("ok", ""),
    }
    assert not (bench.folder / "results/toy/jobs").exists()
    assert not bench.left()


def test_a_job_whose_run_was_killed_goes_on_until_the_next_run_gives_it_up(bench: Bench) -> None:
    bench.matrix(methods=["toy-sleeps"], executor="elsewhere")
    first = bench.fork("run", "matrix.yaml", "--no-report")
    _wait_for(lambda: any(bench.folder.glob("results/toy/cells/*/*/log.txt")))
    first.kill()
    first.wait(timeout=60)
    assert bench.left()
    bench.matrix(methods=["toy-nearest"])
    assert bench.run().returncode == 0
    _wait_for(lambda: not bench.left())
    assert bench.records().keys() == {"toy-noise/x4-rgb/toy-nearest"}


def _wait_for(condition, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)
