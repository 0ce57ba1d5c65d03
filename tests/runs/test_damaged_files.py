"""Whichever file of a finished store is damaged: pages show the rest, `verify` finds it, the next run makes it anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from rig import LEARNING, Bench

PAGES = ("--out", "pages")
WORKING_NOTES = {"log.txt", "images.jsonl", "checkpoint.pt", "matrix"}
"""What holds nothing that results or pages are made from."""


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


DAMAGES: list[Callable[[bytes], bytes | None]] = [
    flipped,
    lambda content: None,
    lambda content: content[: len(content) // 2],
    lambda content: b"",
    lambda content: bytes(range(256)) * 4,
]


def test_each_kind_of_file_is_missed_and_made_anew(tmp_path: Path) -> None:
    bench = Bench(tmp_path).with_measures()
    bench.matrix(**LEARNING)
    assert bench.srbench("run", "matrix.yaml", *PAGES).returncode == 0
    assert bench.srbench("verify", "results/toy").returncode == 0
    whole, kinds = bench.contents(), _kinds(tmp_path / "results/toy")
    assert len(kinds) > 12
    for number, file in enumerate(kinds):
        damaged = DAMAGES[number % len(DAMAGES)](file.read_bytes())
        if damaged is None:
            file.unlink()
        else:
            file.write_bytes(damaged)
        shown = bench.srbench("report", "matrix.yaml", *PAGES)
        assert shown.returncode < 2 and "Traceback" not in shown.stderr, (file, shown.stderr)
        found = bench.srbench("verify", "results/toy")
        assert found.returncode == 1 and file.name in found.stdout, (file, found)
        again = bench.srbench("run", "matrix.yaml", *PAGES)
        assert again.returncode == 0 and file.name in again.stderr, (file, again.stderr)
        assert re.search("damaged.* made anew", again.stderr), (file, again.stderr)
        assert bench.contents() == whole, file
        assert bench.srbench("verify", "results/toy").returncode == 0, file


def _kinds(store: Path) -> list[Path]:
    """A file of each kind: of each name, or of each folder of pictures, on each shelf."""
    kinds: dict[tuple[str, str], Path] = {}
    for file in sorted(path for path in store.rglob("*") if path.is_file()):
        shelf = file.relative_to(store).parts[0]
        if shelf != "runs" and file.name not in WORKING_NOTES and not file.name.startswith((".", "index.sqlite")):
            kinds.setdefault((shelf, file.parent.name if file.suffix == ".png" else file.name), file)
    return list(kinds.values())
