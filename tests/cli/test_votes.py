"""`srbench votes`: what was taken in, and who counts."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rig.verbs import Srbench


def answers(page: Path, rater: str) -> dict[str, object]:
    """What a page saves of somebody who chose the left picture of one pair, and stopped."""
    data = json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)[1])
    left, right = data["scenes"][0]["methods"]
    return {
        "format": "srbench judging 1",
        "study": data["study"],
        "kind": data["kind"],
        "reference": data["reference"],
        "session": "abcdef0123456789" * 2,
        "seed": 1,
        "rater": rater,
        "complete": False,
        "pictures": [data["ids"][left], data["ids"][right]],
        "answers": [{"purpose": "vote", "pictures": [0, 1], "said": "left", "seconds": 2.25}],
    }


def test_files_are_taken_in_and_raters_listed(here: Path, srbench: Srbench) -> None:
    assert srbench("votes", "matrix.yaml").out == "none\n"
    assert srbench("judge", "matrix.yaml").code == 0
    Path("said.json").write_text(json.dumps(answers(Path("judge.html"), "p\x1b[31m1")))
    said = srbench("votes", "matrix.yaml", "said.json")
    assert said.code == 0
    head, line, *rest = said.out.splitlines()
    assert head.split("  ")[0] == "rater" and line.startswith("p\\x1b[31m1  pairs  1        2.2")
    assert line.endswith(
        "too few answers to check: 0 of 0 catch trials right, 0 of 0 repeated trials answered as before"
    )
    assert rest == ["1 new session of 1 file", "`srbench report` shows them"]
    assert srbench("votes", "matrix.yaml", "said.json").out.splitlines()[-1] == "0 new sessions of 1 file"
    assert srbench("report", "matrix.yaml", "--out", "pages").code == 0
    text = Path("pages/index.html").read_text(encoding="utf-8")
    assert "Judged by people" in text and "Nothing can be told from 1 rater: none of their answers count." in text
    (row,) = json.loads(srbench("votes", "matrix.yaml", "--json").out)
    assert row["answers"] == 1 and row["kind"] == "pairs"


def test_a_rater_without_a_code_goes_by_the_session(here: Path, srbench: Srbench) -> None:
    assert srbench("judge", "matrix.yaml").code == 0
    Path("said.json").write_text(json.dumps(answers(Path("judge.html"), "")))
    assert srbench("votes", "matrix.yaml", "said.json").out.splitlines()[1].startswith("abcdef01  ")


def test_a_file_of_something_else_is_refused(here: Path, srbench: Srbench) -> None:
    said = srbench("votes", "matrix.yaml", "matrix.yaml")
    assert said.code == 2 and "matrix.yaml is no file of answers that a page for judging saved" in said.err
    assert srbench("votes", "matrix.yaml", "nothing.json").code == 2
