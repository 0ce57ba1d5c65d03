"""The hash of a board's data: what changes it, what does not, and that anybody can compute it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

from srbench.leaderboard.paper.fingerprint import fingerprint

from ..toyboard import Board

RECORDS = [b'{"key":"1","scores":{}}', b'{"key":"2","scores":{}}']
OTHERS = [b'{"board":{"text":"name: m\\n"}}', b'{"gallery":{"images":[]}}', b'{"training":{}}']


def test_pictures_and_what_srbench_says_of_the_board_do_not_change_it() -> None:
    assert fingerprint([*RECORDS, *OTHERS], "name: m\n") == fingerprint(RECORDS, "name: m\n")


def test_every_record_their_order_and_the_matrix_change_it() -> None:
    hashes = {
        fingerprint(lines, matrix)
        for lines, matrix in [
            (RECORDS, "name: m\n"),
            (RECORDS[::-1], "name: m\n"),
            (RECORDS[:1], "name: m\n"),
            ([*RECORDS[:1], RECORDS[1].replace(b"2", b"3")], "name: m\n"),
            (RECORDS, "name: n\n"),
        ]
    }
    assert len(hashes) == 5


def test_it_is_the_sha256_that_the_documentation_tells_how_to_compute(board: Board, pages: Path) -> None:
    shown = json.loads((pages / "board.json").read_text())["sha256"]
    records = subprocess.run(
        ["grep", "-v", r'^{"\(board\|gallery\|training\)":', "records.jsonl"],
        cwd=pages,
        capture_output=True,
        check=True,
    ).stdout
    (described,) = [line for line in (pages / "records.jsonl").read_bytes().splitlines() if line[:9] == b'{"board":']
    matrix = json.loads(described)["board"]["text"]
    assert matrix == board.plan.matrix.path.read_text()
    assert hashlib.sha256(records + matrix.encode()).hexdigest() == shown
