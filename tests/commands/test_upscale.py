"""Black and white of pictures that are upscaled."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from click.testing import CliRunner, Result
from pydicom import dcmread
from pydicom.data import get_testdata_file
from srbench_images.folder import Folder

from srbench.cli import cli
from srbench.commands.upscale import free_memory, load_method, usable_device
from srbench.errors import SrbenchError
from srbench.pictures import read_image, suffix_for, write_image
from srbench.store.cell import SCHEMA
from srbench.store.record import Record
from srbench.store.records import Store


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
    assert "--range" in result.stderr
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


@pytest.mark.parametrize(
    ("gpus", "mac", "device", "share"), [(2, False, "cuda:0", 8), (0, True, "mps", 4), (0, False, "cpu", None)]
)
def test_the_first_gpu_is_taken_of_whatever_kind_and_most_of_its_memory(
    monkeypatch: pytest.MonkeyPatch, gpus: int, mac: bool, device: str, share: float | None
) -> None:
    """What torch says of GPUs is made up."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10, 20))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mac)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 7)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 2)
    assert usable_device(None) == device
    memory = free_memory(device)
    assert memory == share if share is not None else 0 < memory < psutil.virtual_memory().total


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


@pytest.mark.parametrize(
    ("dtype", "low", "high", "black", "white"),
    [(np.uint16, 0, 60_000, 100, 4095), (np.int16, -2000, 9000, -1000, 3000), (np.float32, -1, 2, -0.5, 1.5)],
)
def test_what_is_beyond_a_given_range_is_cut_off(
    tmp_path: Path, dtype: type[np.generic], low: float, high: float, black: float, white: float
) -> None:
    image = textured(high, dtype, low)
    path = tmp_path / f"a{suffix_for(image)}"
    write_image(path, image)
    result = upscale(tmp_path, str(path), "--range", str(black), str(white))
    assert result.exit_code == 0, result.stderr
    sr = read_image(tmp_path / "sr" / path.name)
    assert sr.dtype == dtype and (sr.min(), sr.max()) == (black, white)
    np.testing.assert_allclose(sr, image.clip(black, white).repeat(2, 0).repeat(2, 1), rtol=1e-6)


def test_a_range_means_what_it_means_of_a_folder(tmp_path: Path) -> None:
    image = textured(9000, np.int16, -2000)
    for path in (tmp_path / "data" / "a.tiff", tmp_path / "lr.tiff"):
        path.parent.mkdir(exist_ok=True)
        write_image(path, image)
    (item,) = Folder(tmp_path / "data", range=(-1000, 3000)).test()
    hr, values = item.read_hr()
    arguments = [str(tmp_path / "lr.tiff"), "--out", str(tmp_path / "sr"), "--range", "-1000", "3000", "--scale", "1"]
    assert CliRunner().invoke(cli, ["upscale", "nearest", *arguments]).exit_code == 0
    assert np.array_equal(read_image(tmp_path / "sr" / "lr.tiff"), hr)
    assert (values.low, values.high) == (-1000, 3000)


def test_a_range_is_two_numbers_and_no_peak_besides(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", textured(255, np.uint8))
    for given, words in (
        (["--range", "5", "5"], "not from 5 to 5"),
        (["--range", "0", "inf"], "not from 0 to inf"),
        (["--range", "0", "9", "--peak", "9"], "give one of the two"),
        (["--range", "7"], "is not a valid float"),
    ):
        result = upscale(tmp_path, str(tmp_path / "a.png"), *given)
        assert result.exit_code == 2
        assert words in result.stderr
    outside = upscale(tmp_path, str(tmp_path / "a.png"), "--range", "0", "4095")
    assert "its 8 bits cannot hold the black and white that --range gives, 0 to 4095" in outside.stderr


def test_what_no_header_tells_is_said_and_a_range_tells_it(tmp_path: Path) -> None:
    source = Path(get_testdata_file("CT_small.dcm", download=False))  # 16 bits stored, which are not believed
    tops = []
    for given in ([], ["--range", "-1024", "3071"]):
        arguments = [str(source), "--out", str(tmp_path / f"sr{len(given)}"), "--scale", "2", *given]
        result = CliRunner().invoke(cli, ["upscale", "lanczos", *arguments])
        assert result.exit_code == 0, result.stderr
        own = "black and white are each picture's own least and most value in 1 of 1 files"
        assert (own in result.stderr) == (not given)
        tops.append(dcmread(tmp_path / f"sr{len(given)}" / source.name).pixel_array.max())
    assert tops[0] == dcmread(source).pixel_array.max() < tops[1]  # where white is higher, the overshoot stays


def test_numbers_beyond_what_a_header_tells_are_refused(tmp_path: Path) -> None:
    data = dcmread(get_testdata_file("CT_small.dcm", download=False))
    data.BitsStored, data.HighBit = 11, 10  # of numbers up to 2191
    data.save_as(tmp_path / "a.dcm")
    result = upscale(tmp_path, str(tmp_path / "a.dcm"))
    assert result.exit_code == 1
    assert "outside the black and white, " in result.stderr
    assert upscale(tmp_path, str(tmp_path / "a.dcm"), "--range", "-1024", "1023").exit_code == 0


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


def test_a_model_of_parameters_that_are_gone_is_refused_in_words(tmp_path: Path) -> None:
    store, key = Store(tmp_path / "store"), "ab" * 32
    method = {"name": "srcnn", "params": {"cutblur": 0.5, "patch": 24}}
    ingredients = {"method": method, "protocol": {"scale": 2}}
    store.create()
    store.write("models", Record(key=key, schema=SCHEMA, status="ok", ingredients=ingredients))
    with pytest.raises(SrbenchError, match="by another srcnn, which had the parameters cutblur; train anew"):
        load_method("srcnn", str(store.folder("models", key)))
