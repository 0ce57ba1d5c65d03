"""`srbench publish`: what it prints, where it writes, and when it fails."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from rig.verbs import Srbench


def test_the_page_the_changes_and_the_badge_are_told(here: Path, srbench: Srbench) -> None:
    said = srbench("publish", "matrix.yaml", "--to", "site")
    assert said.code == 0
    lines = said.out.splitlines()
    assert re.fullmatch(r"pictures: all [\d.]+ MB, few [\d.]+ MB, none 0.0 MB", lines[0])
    assert lines[1] == "changes: none to tell of, it was not published here before"
    assert "page: site/m/index.html" in lines
    assert re.search(r"badge: \[!\[srbench: .*\]\(ADDRESS/m/badge.svg\)\]\(ADDRESS/m/index.html\)", said.out)
    assert Path("site/index.html").is_file() and Path("site/m/badge.svg").is_file()
    again = srbench("publish", "matrix.yaml", "--to", "site")
    assert "changes: none since " in again.out


def test_a_check_writes_nothing_and_a_submission_that_is_damaged_fails(here: Path, srbench: Srbench) -> None:
    assert srbench("publish", "matrix.yaml", "--to", "site", "--check").code == 0
    assert not Path("site").exists()
    shutil.copytree("results/m", "theirs")
    (record,) = [path for path in Path("theirs").glob("cells/*/*/record.json") if b'"nearest"' in path.read_bytes()][:1]
    record.write_bytes(record.read_bytes().replace(b'"nearest"', b'"nearer"'))
    said = srbench("publish", "matrix.yaml", "--to", "site", "--add", "theirs", "--check")
    assert said.code == 1 and "refused: theirs: " in said.err and "nothing was written" in said.err
    Path(".git").mkdir()
    said = srbench("publish", "matrix.yaml", "--to", "site", "--add", "theirs", "--workflow")
    assert said.code == 1 and "nothing was written" in said.err
    assert not Path("site").exists() and not Path(".github").exists()


def test_the_workflow_goes_into_the_repository_around_the_site(here: Path, srbench: Srbench) -> None:
    assert "lies in no git repository" in srbench("publish", "--to", "site", "--workflow").err
    Path(".git").mkdir()
    said = srbench("publish", "--to", "site", "--workflow")
    assert said.code == 0 and said.out.endswith(".github/workflows/pages.yml\n")
    place = Path(".github/workflows/pages.yml")
    assert b"path: site" in place.read_bytes()
    place.unlink()
    said = srbench("publish", "matrix.yaml", "--to", "site", "--check", "--workflow")
    assert said.code == 2 and "--check writes nothing" in said.err and not place.exists()


def test_without_a_board_it_is_bad_usage(here: Path, srbench: Srbench) -> None:
    said = srbench("publish", "--to", "site")
    assert said.code == 2 and "name a matrix or a board to publish" in said.err
