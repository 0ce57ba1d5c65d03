"""Runs of an MLflow experiment, on a server or in a file."""

from __future__ import annotations

import logging
import os
import re
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from .server import SECONDS, reached
from .tracked import RecordTracker, Tracked, needs

if TYPE_CHECKING:
    from mlflow import MlflowClient

DEFAULT = "sqlite:///mlflow.db"
_MOST_METRICS, _MOST_PARAMETERS = 1000, 100
"""What a server takes at once."""


class MLflow(RecordTracker):
    """A run of MLflow for each cell and each training, in the experiment that has the matrix's name.

    uri: of the server, or of a file (`sqlite:///FILE`). When left out, what the environment variable
    MLFLOW_TRACKING_URI says, and else `sqlite:///mlflow.db`, which `mlflow ui` shows.
    """

    def __init__(self, uri: str | None = None) -> None:
        needs("mlflow")
        self._uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT
        self._client: MlflowClient | None = None
        self._experiment = ""

    def begin(self, matrix: str) -> None:
        """Find the experiment, or make it."""
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nobody asked for word to MLflow's makers
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(SECONDS))
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self._client = MlflowClient(tracking_uri=self._uri)
        with self._reached():
            found = self._client.get_experiment_by_name(matrix)
            self._experiment = self._client.create_experiment(matrix) if found is None else found.experiment_id

    def _reached(self) -> AbstractContextManager[None]:
        return reached("MLflow", self._uri) if self._uri.startswith(("http:", "https:")) else nullcontext()

    def take(self, tracked: Tracked) -> None:
        """Make a run."""
        with self._reached():
            self._make_run(tracked)

    def _make_run(self, tracked: Tracked) -> None:
        from mlflow.entities import Metric, Param, RunTag

        assert self._client is not None, "begin comes first"
        begun, ended = round(tracked.begun * 1000), round((tracked.begun + tracked.seconds) * 1000)
        run = self._client.create_run(self._experiment, begun, run_name=tracked.name)
        words = {"kind": tracked.kind, **tracked.words}
        tags = [RunTag(name, text) for name, text in words.items()]
        self._client.log_batch(run.info.run_id, tags=tags)
        parameters = [Param(_key(name), str(value)) for name, value in tracked.parameters.items()]
        for first in range(0, len(parameters), _MOST_PARAMETERS):
            self._client.log_batch(run.info.run_id, params=parameters[first : first + _MOST_PARAMETERS])
        metrics = [Metric(_key(name), value, ended, 0) for name, value in tracked.values.items()]
        metrics += [Metric(_key(point.curve), point.value, ended, point.step) for point in tracked.points]
        for first in range(0, len(metrics), _MOST_METRICS):
            self._client.log_batch(run.info.run_id, metrics[first : first + _MOST_METRICS])
        self._client.set_terminated(run.info.run_id, "FINISHED" if tracked.ok else "FAILED", ended)

    def end(self) -> None:
        """Do nothing: each run was terminated when it was written."""


def _key(name: str) -> str:
    """A name of which MLflow takes every character."""
    return re.sub(r"[^\w .:/-]", "_", name)
