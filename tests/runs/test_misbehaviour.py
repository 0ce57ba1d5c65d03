"""Whatever a method does, its row says so, the other cells stand, nothing is left running, and the exit status is 1."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig import Bench

NOT_DONE = "before it was done"
OK = ("ok", "")
ENDINGS = {
    "exits-well": ("failed", f"its process ended with exit code 0 {NOT_DONE}"),
    "exits-badly": ("failed", f"its process ended with exit code 7 {NOT_DONE}"),
    "calls-sys-exit": ("failed", "it called sys.exit('bye')"),
    "raises-an-interruption": ("failed", "KeyboardInterrupt"),
    "reads-nowhere": ("failed", "its process crashed with SIGSEGV"),
    "aborts": ("failed", "its process crashed with SIGABRT"),
    "divides-by-nothing": ("failed", "its process crashed with SIGFPE"),
    "floods-its-output": OK,
    "raises-a-book": ("failed", "ValueError: yyyy"),
    "raises-half-a-character": ("failed", r"ValueError: \udc80\x1b[2J\u202e"),
    "forks": OK,
    "forks-twice": OK,
    "hides-memory-in-an-orphan": ("out_of_memory", "of 0.8 GB"),
    "shares-memory": OK,
    "patches-the-scorer": OK,
    "writes-its-own-record": OK,
    "writes-its-own-record-and-exits": ("failed", f"exit code 0 {NOT_DONE}"),
    "damages-its-record": OK,
    "makes-its-record-a-folder": ("failed", "record.json: cannot be written: Is a directory"),
    "removes-its-folder": ("failed", "No such file or directory"),
    "writes-into-every-pipe": ("failed", "it handed over more than any record holds"),
    "closes-everything": ("failed", NOT_DONE),
    "closes-its-output": ("failed", NOT_DONE),
    "may-open-nothing": ("killed", "too many files are open"),
    "loops-and-does-not-stop": ("timeout", "limit of 8 s"),
    "changes-folder-and-mask": OK,
    "recurses": ("failed", "RecursionError"),
    "kills-its-keeper": ("killed", "its keeper was killed"),
    "is-killed": ("killed", "its process was killed from outside, by SIGKILL"),
    "is-asked-to-end": OK,  # after each image, and begun again with the next
    "fills-the-disk": ("killed", "the disk is full"),
    "opens-too-much": ("killed", "too many files are open"),
    "behaves": OK,
}
UNKEPT = {"makes-its-record-a-folder"}
"""Those whose record nobody can write."""


def test_each_misbehaviour_ends_as_the_row_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench._install("misbehaviour")
    bench.matrix(
        methods=[f"toy-{name}" for name in ENDINGS], metrics=["psnr", "rmse"], limits={"seconds": 8, "memory_gb": 0.8}
    )
    done = bench.run("--jobs", "2")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = {line.split()[1].split("/")[-1]: line for line in done.stdout.splitlines() if "toy-noise/x4-rgb/" in line}
    records = bench.records()
    truth = records["toy-noise/x4-rgb/toy-behaves"]["metrics"]
    for name, (status, reason) in ENDINGS.items():
        line = lines[f"toy-{name}"]
        assert line.startswith(status) and reason in line, line[:300]
        if name in UNKEPT:
            continue
        record = records[f"toy-noise/x4-rgb/toy-{name}"]
        assert record["status"] == status and reason in record["reason"], (name, record["reason"])
        assert len(record["log_tail"]) <= 1 << 16
        if status == "ok":
            values = {metric: result["value"] for metric, result in record["metrics"].items()}
            assert values == {metric: pytest.approx(result["value"]) for metric, result in truth.items()}, name
    assert not bench.left()
    again = bench.run("--where", "method=toy-behaves")
    assert again.returncode == 0 and "1 cell: 1 ok" in again.stdout
