"""`srbench prepare` as a person meets it: a line a dataset and protocol, faults in words, exit codes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from rig import Bench
from rig.verbs import Srbench


def test_a_line_for_each_and_nothing_new_the_second_time(toys: Bench, srbench: Srbench) -> None:
    toys.matrix(protocols=["x4-rgb", "x2-y"])
    for new in ("10 files", "0 files"):
        said = srbench("prepare", "matrix.yaml", "--to", "to")
        assert (said.code, said.err) == (0, "")
        assert said.out == "".join(
            f"to/toy-noise/{protocol}: train 2 images, test 2 images; {new} new\n" for protocol in ("x4-rgb", "x2-y")
        )


def test_one_that_cannot_be_used_is_told_and_is_exit_1(toys: Bench, srbench: Srbench) -> None:
    toys.matrix(datasets=["toy-absent", "toy-damaged", "toy-noise"])
    said = srbench("prepare", "matrix.yaml", "--to", "to")
    assert said.code == 1
    assert said.out.startswith("to/toy-noise/x4-rgb: ")
    absent, damaged = said.err.splitlines()
    assert absent == f"toy-absent/x4-rgb: nothing at {toys.folder / 'data root' / 'absent'}"
    assert damaged.startswith("toy-damaged/x4-rgb: ")
    assert "damaged.png" in damaged


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["matrix.yaml"], "--to"),
        (["matrix.yaml", "--to", "matrix.yaml"], "is a file"),
        (["matrix.yaml", "--to", "site"], "site holds files of something else"),
        (["nowhere.yaml", "--to", "to"], "nowhere.yaml"),
    ],
)
def test_bad_usage_is_exit_2_and_changes_nothing(
    toys: Bench, srbench: Srbench, arguments: list[str], words: str
) -> None:
    toys.matrix()
    before = sorted(toys.folder.rglob("*"))
    said = srbench("prepare", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert sorted(toys.folder.rglob("*")) == before


def test_a_full_disk_is_told_and_the_same_command_goes_on(
    toys: Bench, srbench: Srbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.matrix()
    sync, calls = os.fsync, iter(range(12))

    def full(handle: int) -> None:
        if next(calls, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        said = srbench("prepare", "matrix.yaml", "--to", "to")
    assert (said.code, said.out) == (2, "")
    assert "cannot be written: No space left on device" in said.err
    assert (Path("to") / "toy-noise" / "x4-rgb" / "UNFINISHED").exists()
    there = len(list(Path("to").rglob("*.png")))
    assert there > 0
    said = srbench("prepare", "matrix.yaml", "--to", "to")
    assert (said.code, said.out) == (
        0,
        f"to/toy-noise/x4-rgb: train 2 images, test 2 images; {10 - there} files new\n",
    )
