"""White of pictures that are upscaled, and what is passed over in folders."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from srbench.cli import cli
from srbench.commands.upscale import passed_over, pictures
from srbench.pictures import read_image, write_image
from srbench.pictures.names import is_hidden, left_out


def textured(high: float, dtype: type, low: float = 0) -> np.ndarray:
    image = np.linspace(low, high, 8 * 10).reshape(8, 10, 1).astype(dtype)
    assert image.max() == high
    return image


def upscale(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["upscale", "nearest", *arguments, "--out", str(folder / "sr"), "--scale", "2"])


@pytest.mark.parametrize(("low", "high"), [(0, 255), (-1, 1), (0, 1.01)])
def test_float_pictures_outside_0_to_1_are_refused(tmp_path: Path, low: float, high: float) -> None:
    write_image(tmp_path / "a.tiff", textured(high, np.float32, low))
    result = upscale(tmp_path, str(tmp_path / "a.tiff"))
    assert result.exit_code == 1
    assert f"has values from {low} to {high}, outside the black and white, 0 to 1; rescale the picture" in result.stderr
    assert ("--peak" in result.stderr) == (low >= 0)
    assert not list((tmp_path / "sr").glob("*"))


@pytest.mark.parametrize(("dtype", "peak"), [(np.float32, 255), (np.uint16, 4095), (np.uint8, 200)])
def test_a_given_peak_is_white_and_what_comes_out_has_it_too(tmp_path: Path, dtype: type, peak: int) -> None:
    image = textured(peak, dtype)
    suffix = ".tiff" if dtype is np.float32 else ".png"
    write_image(tmp_path / f"a{suffix}", image)
    # Lanczos overshoots at the borders of a picture: what is above white is clamped to it.
    arguments = ["upscale", "lanczos", str(tmp_path / f"a{suffix}"), "--out", str(tmp_path / "sr"), "--scale", "2"]
    assert CliRunner().invoke(cli, [*arguments, "--peak", str(peak)]).exit_code == 0
    sr = read_image(tmp_path / "sr" / f"a{suffix}")
    assert sr.dtype == dtype
    assert sr.max() == peak
    if dtype is not np.float32:  # without it, white is that of the depth, and the overshoot stays
        assert CliRunner().invoke(cli, [*arguments, "--existing", "overwrite"]).exit_code == 0
        assert read_image(tmp_path / "sr" / f"a{suffix}").max() > peak


def test_values_above_a_given_peak_are_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", textured(5000, np.uint16))
    result = upscale(tmp_path, str(tmp_path / "a.png"), "--peak", "4095")
    assert result.exit_code == 1
    assert "values from 0 to 5000, outside the black and white that --peak gives, 0 to 4095" in result.stderr


@pytest.mark.parametrize(("dtype", "peak", "bits"), [(np.uint8, 4095, 8), (np.uint16, 100_000, 16)])
def test_a_peak_that_the_picture_s_bits_cannot_hold_is_refused(
    dtype: type[np.generic], peak: int, bits: int, tmp_path: Path
) -> None:
    write_image(tmp_path / "a.png", textured(200, dtype))
    result = upscale(tmp_path, str(tmp_path / "a.png"), "--peak", str(peak))
    assert result.exit_code == 1
    assert f"its {bits} bits cannot hold the black and white that --peak gives, 0 to {peak}" in result.stderr


def test_a_peak_is_a_number_above_0(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", textured(255, np.uint8))
    for peak in ("0", "-1", "nan", "inf"):
        result = upscale(tmp_path, str(tmp_path / "a.png"), "--peak", peak)
        assert result.exit_code == 2
        assert f"not from 0 to {peak}" in result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One picture, and what lies beside pictures."""
    found = tmp_path / "in"
    (found / "deep").mkdir(parents=True)
    write_image(found / "deep" / "a.png", textured(255, np.uint8))
    hidden = ["._a.png", ".b.png", ".git/c.png", "__MACOSX/deep/._a.png", "Thumbs.db"]
    others = ["a.psd", "deep/b.XCF", "c.mha", "d.gif", "e.gif", "f.avif", "README"]
    for name in (*hidden, *others):
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_bytes(b"?")
    return found


def test_hidden_files_and_folders_are_passed_over_in_silence(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "sr"
    assert [picture.path for picture in pictures([folder], out)] == [folder / "deep" / "a.png"]
    assert "._" not in passed_over([folder], out)


def test_other_files_are_counted_and_named_in_one_line(folder: Path, tmp_path: Path) -> None:
    result = upscale(tmp_path, str(folder))
    assert result.exit_code == 0
    assert result.stderr == "passed over: 7 files (.avif, .gif, .mha, .psd, .xcf)\n"
    # Earlier SR in the folder itself is no news.
    inside = CliRunner().invoke(cli, ["upscale", "nearest", str(folder), "--out", str(folder / "sr"), "--scale", "2"])
    assert inside.stderr == result.stderr


def test_a_link_to_a_picture_that_is_not_there_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "z.png").symlink_to(tmp_path / "annex" / "z.png")
    result = upscale(tmp_path, str(folder))
    assert result.exit_code == 1
    assert "z.png: cannot be read" in result.stderr
    assert "7 files" in result.stderr


def test_a_hidden_picture_that_is_named_is_upscaled(tmp_path: Path) -> None:
    write_image(tmp_path / "b.png", textured(255, np.uint8))
    (tmp_path / "b.png").rename(tmp_path / ".b.png")
    assert upscale(tmp_path, str(tmp_path / ".b.png")).exit_code == 0


def test_what_is_left_out_in_words(tmp_path: Path) -> None:
    assert left_out([]) == ""
    assert left_out([tmp_path / "a"]) == "1 file"
    assert left_out([tmp_path / "a.gif", tmp_path]) == "1 file (.gif) and 1 folder"
    assert left_out([tmp_path / "Dr. Mueller 1970"]) == "1 file"
    assert is_hidden(".a") and is_hidden("__MACOSX") and not is_hidden("a.b")


def test_what_a_zip_holds_is_upscaled_as_a_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_image(tmp_path / "a.png", textured(200, np.uint8))
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "in/below/a.png")
        archive.write(tmp_path / "a.png", "in/b.png")
        archive.writestr("in/notes.txt", "?")
    result = upscale(tmp_path, str(tmp_path / "in.zip"))
    assert result.exit_code == 0 and "passed over: 1 file (.txt)" in result.stderr
    sr = tmp_path / "sr"
    assert {path.relative_to(sr).as_posix() for path in sr.rglob("*.*")} == {"below/a.png", "b.png"}
    (tmp_path / "in.zip").write_bytes(b"PK\x03\x04")
    result = upscale(tmp_path, str(tmp_path / "in.zip"))
    assert result.exit_code == 1 and "in.zip: cannot be unpacked: File is not a zip file" in str(result.exception)
