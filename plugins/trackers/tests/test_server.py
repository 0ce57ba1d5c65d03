"""Servers that are away, or refuse: told soon, once, with the address, and without a password."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from srbench_trackers import server as home
from srbench_trackers.mlflow import MLflow
from srbench_trackers.server import address, reached
from srbench_trackers.wandb import WandB

import srbench

CELL = srbench.Cell("set5", "x4-y", "srcnn", "t91", 1)


@pytest.fixture
def closed() -> str:
    """The address of a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return f"127.0.0.1:{one.getsockname()[1]}"


class Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(403)
        self.end_headers()
        self.wfile.write(b"go away")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def refusing() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("MLFLOW_HTTP", "WANDB"))]:
        monkeypatch.delenv(name)
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.setenv(name, "1")  # and gone afterwards, whatever a tracker sets


def test_an_mlflow_server_that_is_away_is_told_with_its_address_and_no_password(closed: str) -> None:
    with pytest.raises(srbench.SrbenchError) as caught:
        MLflow(f"http://me:secret@{closed}/sub").begin("m")
    assert str(caught.value).startswith(f"the MLflow server http://{closed}/sub does not answer: ")
    assert "refused" in str(caught.value) and "secret" not in str(caught.value)


def test_one_that_refuses_is_told_in_its_words(refusing: str) -> None:
    with pytest.raises(srbench.SrbenchError) as caught:
        MLflow(f"http://me:secret@{refusing}").begin("m")
    assert str(caught.value).startswith(f"the MLflow server http://{refusing} refuses: ")
    assert "403" in str(caught.value) and "go away" in str(caught.value) and "secret" not in str(caught.value)


def test_a_server_has_seconds_and_no_minutes(monkeypatch: pytest.MonkeyPatch, closed: str) -> None:
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.delenv(name)
    with pytest.raises(srbench.SrbenchError):
        MLflow(f"http://{closed}").begin("m")
    timeout, retries = (int(os.environ.pop(f"MLFLOW_HTTP_REQUEST_{name}")) for name in ("TIMEOUT", "MAX_RETRIES"))
    assert timeout * (1 + retries) <= 30


def test_a_server_of_weights_and_biases_that_is_away_is_told_with_its_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, closed: str, cell: srbench.Record
) -> None:
    import wandb

    wandb.teardown()
    monkeypatch.setenv("WANDB_BASE_URL", f"http://{closed}")
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.setattr("srbench_trackers.wandb.SECONDS", 1)
    tracker = WandB(mode="online", folder=tmp_path)
    tracker.begin("m")
    with pytest.raises(srbench.SrbenchError) as caught:
        tracker.cell_finished(CELL, cell)
    tracker.end()
    assert str(caught.value).startswith(f"the W&B server http://{closed} does not answer: ")
    assert "\n" not in str(caught.value)


def test_what_is_told_is_short_and_of_the_first_cause() -> None:
    with pytest.raises(srbench.SrbenchError) as caught, reached("X", "http://host"):
        try:
            raise TimeoutError("timed out")
        except TimeoutError as error:
            raise RuntimeError("many\nwords") from error
    assert str(caught.value) == "the X server http://host does not answer: timed out"
    with pytest.raises(srbench.SrbenchError) as caught, reached("X", "http://host"):
        raise RuntimeError("no" * 1000)
    assert len(str(caught.value)) < 2 * home._LONGEST


@pytest.mark.parametrize(
    ("uri", "shown"),
    [("https://me:pw@host:1/a", "https://host:1/a"), ("https://host", "https://host"), ("http://k@h", "http://h")],
)
def test_an_address_has_no_name_and_no_password(uri: str, shown: str) -> None:
    assert address(uri) == shown
