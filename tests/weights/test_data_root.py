"""Where datasets and weights live."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.weights.data_root import VARIABLE, data_root


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def test_the_folder_that_is_named_counts_be_it_there_or_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for named, expected in (("/no/such/dir", Path("/no/such/dir")), ("~/dätä", home / "dätä"), ("here", Path("here"))):
        monkeypatch.setenv(VARIABLE, named)
        assert data_root() == expected


@pytest.mark.parametrize("named", [None, ""])
def test_otherwise_it_is_srbench_s_own_in_the_user_s_cache(
    home: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    if named is not None:
        monkeypatch.setenv(VARIABLE, named)
    assert data_root() == home / "cache/srbench/data"
    assert not (home / "cache").exists()  # asking makes nothing
