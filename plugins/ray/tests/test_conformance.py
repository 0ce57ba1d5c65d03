"""What every executor promises, on a cluster."""

from typing import Any

import pytest

from srbench.testing import check_executors


@pytest.fixture(autouse=True)
def found(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster is the one that `auto` means."""
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)


test_conformance = check_executors(("ray", {"address": "auto"}))
