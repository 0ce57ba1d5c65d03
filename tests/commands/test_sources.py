"""Which files of folders are upscaled, and what is passed over."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from srbench.cli import cli
from srbench.commands.sources import find_sources
from srbench.pictures import write_image
from srbench.pictures.names import is_hidden, left_out

PICTURE = np.arange(80, dtype=np.uint8).reshape(8, 10, 1)


def upscale(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["upscale", "nearest", *arguments, "--out", str(folder / "sr"), "--scale", "2"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One picture, and what lies beside pictures."""
    found = tmp_path / "in"
    (found / "deep").mkdir(parents=True)
    write_image(found / "deep" / "a.png", PICTURE)
    hidden = ["._a.png", ".b.png", ".git/c.png", "__MACOSX/deep/._a.png", "Thumbs.db"]
    others = ["a.psd", "deep/b.XCF", "c.mha", "d.gif", "e.gif", "f.avif", "README"]
    for name in (*hidden, *others):
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_bytes(b"?")
    return found


def test_hidden_files_and_folders_are_passed_over_in_silence(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "sr"
    sources = find_sources([folder], out)
    assert [picture.path for picture in sources.pictures] == [folder / "deep" / "a.png"]
    assert "._" not in sources.passed_over


def test_other_files_are_counted_and_named_in_one_line(folder: Path, tmp_path: Path) -> None:
    result = upscale(tmp_path, str(folder))
    assert result.exit_code == 0
    assert result.stderr == "passed over: 7 files (.avif, .gif, .mha, .psd, .xcf)\n"
    # Earlier SR in the folder itself is no news.
    inside = CliRunner().invoke(cli, ["upscale", "nearest", str(folder), "--out", str(folder / "sr"), "--scale", "2"])
    assert inside.stderr == result.stderr


def test_each_file_is_opened_once(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: Counter[Path] = Counter()
    original = Path.open

    def counted(path: Path, *arguments: Any, **named: Any) -> Any:
        opened[path] += 1
        return original(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", counted)
    find_sources([folder], tmp_path / "sr")
    inside = {path: count for path, count in opened.items() if path.is_relative_to(folder)}
    assert len(inside) == 8 and set(inside.values()) == {1}


def test_a_link_to_a_picture_that_is_not_there_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "z.png").symlink_to(tmp_path / "annex" / "z.png")
    result = upscale(tmp_path, str(folder))
    assert result.exit_code == 1
    assert "z.png: cannot be read" in result.stderr
    assert "7 files" in result.stderr


def test_a_hidden_picture_that_is_named_is_upscaled(tmp_path: Path) -> None:
    write_image(tmp_path / "b.png", PICTURE)
    (tmp_path / "b.png").rename(tmp_path / ".b.png")
    assert upscale(tmp_path, str(tmp_path / ".b.png")).exit_code == 0


def test_what_is_left_out_in_words(tmp_path: Path) -> None:
    assert left_out([]) == ""
    assert left_out([tmp_path / "a"]) == "1 file"
    assert left_out([tmp_path / "a.gif", tmp_path]) == "1 file (.gif) and 1 folder"
    assert left_out([tmp_path / "Dr. Mueller 1970"]) == "1 file"
    assert is_hidden(".a") and is_hidden("__MACOSX") and not is_hidden("a.b")
