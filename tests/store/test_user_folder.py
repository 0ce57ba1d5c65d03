"""Where srbench keeps what can be made again."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from srbench.store.user_folder import made_user_cache, user_cache


def test_it_lies_in_the_users_cache_or_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_cache() == tmp_path / ".cache" / "srbench"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert user_cache() == tmp_path / "elsewhere" / "srbench"
    assert not user_cache().exists()
    assert made_user_cache().stat().st_mode & 0o777 == 0o700  # names of patients' files are in it


def test_a_user_without_name_and_home_has_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert user_cache() == Path(tempfile.gettempdir()) / f"srbench-{os.getuid()}"
