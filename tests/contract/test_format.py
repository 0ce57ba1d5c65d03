"""What a format does unless its class says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

import srbench


class Named(srbench.Format):
    suffixes = (".nii", ".nii.gz")

    def frames(self, path):
        return [srbench.Frame(path)]

    def read(self, frame):
        raise srbench.ImageError(f"{frame.path}: empty")


@pytest.mark.parametrize(("name", "known"), [("a.nii", True), ("B.NII.GZ", True), ("a.gz", False), ("nii", False)])
def test_a_file_is_known_by_its_suffix(name: str, known: bool) -> None:
    assert Named().recognises(Path(name), b"") is known


def test_a_file_lists_no_others(tmp_path: Path) -> None:
    assert Named().listed(tmp_path / "a.nii", b"") is None


def test_a_format_that_only_reads_says_so(tmp_path: Path) -> None:
    with pytest.raises(srbench.ImageError, match=r"a\.nii: Named files are not written"):
        Named().write(tmp_path / "b.nii", tmp_path / "a.nii", [], 2, "bicubic")
