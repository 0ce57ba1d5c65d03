"""A site that GitHub would not take is told, with what can be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.leaderboard.publishing import limits
from srbench.leaderboard.publishing.limits import Pictures, Size

COSTS: dict[Pictures, int] = {"all": 9_000_000, "few": 1_000_000, "none": 0}


def test_the_size_is_that_of_all_files_links_aside(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"12345")
    (tmp_path / "y").write_bytes(b"123")
    (tmp_path / "link").symlink_to("y")
    assert Size.of(tmp_path) == Size(8, {})


def test_what_is_too_large_is_told_with_what_each_choice_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILE", 1_000)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(10**9 + 1)
    site, large = Size.of(tmp_path).warnings("all", COSTS)
    assert "the site has 1,000.0 MB" in site and "--pictures few saves 8.0 MB and --pictures none saves 9.0 MB" in site
    assert large.startswith("large has 1,000.0 MB")
    assert "--pictures" not in next(iter(Size(10**10, {}).warnings("none", COSTS)))
    assert [*Size(10**9, {}).warnings("all", COSTS)] == []
