"""The line to a driver of Ray: who is at its other end, what is told when it breaks, and answers that were missed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from rig import wait_for
from srbench_ray import link as linking
from srbench_ray.link import Link, RayGone
from srbench_ray.messages import Begin, Outcome
from srbench_ray.needs import Needs

NOWHERE = "127.0.0.1:1"


@contextmanager
def linked(address: str) -> Iterator[Link]:
    made = Link(address)
    try:
        yield made
    finally:
        made.close()


def test_a_cluster_that_does_not_answer_is_told_with_its_address_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linking, "PATIENCE_SECONDS", 2.0)
    monkeypatch.setattr(linking, "_CLOSING_SECONDS", 0.0)
    made = Link(NOWHERE)
    with pytest.raises(RayGone) as refused:
        made.ask()
    assert str(refused.value).startswith(f"executor ray: the cluster at '{NOWHERE}' does no jobs: it does not answer. ")
    assert "ray start --address" in str(refused.value)
    made.close()


def test_what_ray_says_against_an_address_is_told() -> None:
    with linked("odd") as link, pytest.raises(RayGone, match="Invalid address format: odd"):
        link.ask()


def test_a_driver_says_its_last_words_without_the_clutter_of_a_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    line = "[2026-02-01 10:00:00,000 E 12 34] (raylet) rpc_client.h:204: Failed to connect to GCS within 60 seconds."
    stub = tmp_path / "python"
    stub.write_text(f"#!/bin/sh\nread line\necho '{line}' >&2\necho >&2\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setattr(linking.sys, "executable", str(stub))
    with linked("") as link, pytest.raises(RayGone, match=r"Failed to connect to GCS within 60 seconds\.$"):
        link.ask()


def test_only_its_own_ray_is_given_a_secret_and_none_tells_of_its_use() -> None:
    own, another = linking._environment(""), linking._environment("")
    cluster = linking._environment("auto")
    assert own["RAY_AUTH_MODE"] == "token" and own["RAY_AUTH_TOKEN"] != another["RAY_AUTH_TOKEN"]
    assert cluster.get("RAY_AUTH_TOKEN") == os.environ.get("RAY_AUTH_TOKEN")
    assert {environment["RAY_USAGE_STATS_ENABLED"] for environment in (own, cluster)} == {"0"}


def test_a_ray_of_its_own_ends_with_it_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = folder / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    before = set(folder.glob("ray/session_2*"))
    with linked("") as link:
        (node,) = link.ask().nodes
        assert node["CPU"] == len(os.sched_getaffinity(0))
        started = psutil.Process(link._process.pid).children(recursive=True)
        assert any("raylet" in process.name() for process in started)
    assert not psutil.wait_procs(started, timeout=10)[1]
    assert set(folder.glob("ray/session_2*")) == before and not list(home.iterdir())


def test_a_driver_that_is_killed_is_told_as_that(cluster: Any) -> None:
    with linked(cluster.address) as link:
        link.ask()
        link._process.send_signal(signal.SIGKILL)
        with pytest.raises(RayGone, match="its driver was killed"):
            link.ask()
            link.ask()


def test_what_an_interrupted_question_would_have_told_comes_with_the_next_answer(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = str(tmp_path / "job.json")
    over: dict[str, Outcome] = {}
    with linked(cluster.address) as link:
        link.ask([Begin(job, ["sh", "-c", "exit 3"], Needs())])
        wait_for((tmp_path / "ray.log").exists)

        def interrupt(*_: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(linking.select, "select", interrupt)
            for _ in range(2):
                with pytest.raises(KeyboardInterrupt):
                    link.ask()

        def told() -> bool:
            over.update(link.ask().over)
            return bool(over)

        wait_for(told)
        assert over[job].words.startswith("its command ended with 3 ")


def test_whoever_asks_no_more_has_jobs_write_their_checkpoints(cluster: Any, tmp_path: Path) -> None:
    begun, checkpoint = tmp_path / "begun", tmp_path / "checkpoint"
    script = f"trap 'touch {checkpoint}; exit 75' TERM; touch {begun}; while true; do sleep 0.05; done"
    with linked(cluster.address) as link:
        link.ask([Begin(str(tmp_path / "job.json"), ["sh", "-c", script], Needs())])
        wait_for(begun.exists)
    assert checkpoint.exists()
