"""Stacks of TIFF, held to what other programs write into them, and read of SR."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK
import tifffile
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageSequence
from srbench_images.folder import Folder
from srbench_tiff.tiff import Tiff

import srbench
from srbench.cli import cli
from srbench.pictures import read_image

Array = npt.NDArray[Any]
CELLS = np.random.default_rng(7).integers(0, 4096, (4, 3, 2, 24, 20)).astype(np.uint16)
"""Times, slices, channels."""
HYPER = {"axes": "TZCYX", "unit": "um", "spacing": 2.5, "finterval": 0.5, "mode": "composite"}


def hyperstack(path: Path, **metadata: Any) -> Path:
    tifffile.imwrite(path, CELLS, imagej=True, resolution=(4, 5), metadata=HYPER | metadata)
    return path


def pixels(path: Path, kind: Tiff | None = None) -> list[Array]:
    kind = kind or Tiff()
    return [kind.read(frame) for frame in kind.frames(path)]


def doubled(path: Path, source: Path, kind: Tiff | None = None) -> Path:
    """SR of a file: each pixel twice in each direction."""
    kind = kind or Tiff()
    images = [image.repeat(2, 0).repeat(2, 1) for image in pixels(source, kind)]
    kind.write(path, source, images, 2, "nearest")
    return path


def test_pages_of_any_program_are_frames_in_the_order_of_the_file(tmp_path: Path) -> None:
    grey = (CELLS[0, :, 0] >> 4).astype(np.uint8)
    first, *others = map(Pillow.fromarray, grey)
    first.save(tmp_path / "pillow.tif", save_all=True, append_images=others, compression="tiff_lzw")
    cv2.imwritemulti(str(tmp_path / "opencv.tif"), list(grey))
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(grey), tmp_path / "itk.tif", useCompression=True)
    (tmp_path / "imagecodecs.tif").write_bytes(imagecodecs.tiff_encode(grey))
    tifffile.imwrite(tmp_path / "tifffile.tif", grey, photometric="minisblack", compression="zstd")
    for name in ("pillow.tif", "opencv.tif", "itk.tif", "imagecodecs.tif", "tifffile.tif"):
        frames = Tiff().frames(tmp_path / name)
        assert [(frame.key, frame.size, frame.facts) for frame in frames] == [
            (str(number), (24, 20), {"Page": str(number)}) for number in range(3)
        ]
        assert {frame.values for frame in frames} == {srbench.Values(0, 255)}
        np.testing.assert_array_equal(np.stack(pixels(tmp_path / name))[..., 0], grey)


def test_a_picture_alone_and_what_is_no_tiff_are_left_to_others(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "alone.tif", CELLS[0, 0, 0])
    tifffile.imwrite(tmp_path / "imagej.tif", CELLS[0, 0, 0], imagej=True, metadata={"unit": "um"})
    tifffile.imwrite(tmp_path / "two.tif", CELLS[0, :2, 0], photometric="minisblack")
    tifffile.imwrite(tmp_path / "ome.dat", CELLS[0, 0, 0], ome=True)
    (tmp_path / "two.png").write_bytes((tmp_path / "two.tif").read_bytes())
    (tmp_path / "damaged.tif").write_bytes((tmp_path / "two.tif").read_bytes()[:50])
    with tifffile.TiffWriter(tmp_path / "pyramid.tif") as out:
        out.write(CELLS[0, 0, 0], subifds=1)
        out.write(CELLS[0, 0, 0, ::2, ::2], subfiletype=1)
    known = {path.name: srbench.Formats().of(path) is not None for path in tmp_path.iterdir()}
    assert {name for name, is_known in known.items() if is_known} == {"two.tif", "two.png", "ome.dat"}


@pytest.mark.parametrize(
    ("dtype", "values"), [("uint8", (0, 255)), ("uint16", None), ("int16", None), ("int32", None), ("float32", None)]
)
def test_only_8_bits_mean_black_and_white_by_themselves(dtype: str, values: Any, tmp_path: Path) -> None:
    numbers = (CELLS[0, :, 0] % 200).astype(dtype)
    tifffile.imwrite(tmp_path / "x.tif", numbers, photometric="minisblack", compression="lzw", bigtiff=True)
    (told,) = {frame.values for frame in Tiff().frames(tmp_path / "x.tif")}
    assert told == (values and srbench.Values(*values))
    found = np.stack(pixels(tmp_path / "x.tif"))[..., 0]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, numbers)


def test_planes_of_a_hyperstack_have_keys_facts_and_spacing(tmp_path: Path) -> None:
    frames = Tiff().frames(hyperstack(tmp_path / "x.tif"))
    planes = [f"t0.c{c}.z{z}" for z in range(3) for c in range(2)]
    assert [frame.key for frame in frames[:7]] == [*planes, "t1.c0.z0"]
    assert frames[-1].facts == {"Channel": "1", "Image": "0", "C": "1", "Z": "2", "T": "3"}
    assert {(frame.spacing, frame.spacing_unit) for frame in frames} == {((0.2, 0.25), "um")}
    for frame in frames:
        t, z, c = (int(frame.facts[axis]) for axis in "TZC")
        np.testing.assert_array_equal(Tiff().read(frame)[..., 0], CELLS[t, z, c])


@pytest.mark.parametrize("channel", [1, "1"])
def test_a_channel_is_chosen_by_number_or_name(channel: int | str, tmp_path: Path) -> None:
    path, kind = hyperstack(tmp_path / "x.tif"), Tiff(channel)
    np.testing.assert_array_equal(np.stack(pixels(path, kind))[..., 0], CELLS[:, :, 1].reshape(-1, 24, 20))
    assert kind.frames(path)[0].key == "t0.c1.z0"  # as when all are asked for
    with pytest.raises(srbench.ImageError, match=r"x\.tif: has no channel 2; there are 0 \(0\), 1 \(1\)"):
        Tiff(2).frames(path)
    tifffile.imwrite(tmp_path / "plain.tif", CELLS[0, :, 0], photometric="minisblack", metadata=None)
    with pytest.raises(srbench.ImageError, match=r"plain\.tif: tells of no channels"):
        Tiff(channel).frames(tmp_path / "plain.tif")


@pytest.mark.parametrize(("unit", "expected"), [("INCH", 25.4), ("CENTIMETER", 10.0), ("NONE", None)])
def test_the_spacing_of_other_files_is_that_of_their_resolution(unit: str, expected: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {"resolution": (300, 200), "resolutionunit": unit, "photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "x.tif", CELLS[0, :, 0], **options)
    (frame, *_) = Tiff().frames(tmp_path / "x.tif")
    assert (frame.spacing, frame.spacing_unit) == (expected and (expected / 200, expected / 300), "mm")
    doubled(tmp_path / "sr.tif", tmp_path / "x.tif")
    for page in tifffile.TiffFile(tmp_path / "sr.tif").pages:
        assert (page.tags["XResolution"].value, page.tags["YResolution"].value) == ((600, 1), (400, 1))
        assert page.tags["ResolutionUnit"].value.name == unit


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_where_white_is_zero_it_is_so_in_sr(dtype: str, tmp_path: Path) -> None:
    numbers = CELLS[0, :, 0].astype(dtype)
    tifffile.imwrite(tmp_path / "x.tif", numbers, photometric="miniswhite")
    np.testing.assert_array_equal(np.stack(pixels(tmp_path / "x.tif"))[..., 0], np.iinfo(dtype).max - numbers)
    sr = tifffile.TiffFile(doubled(tmp_path / "sr.tif", tmp_path / "x.tif"))
    assert {page.photometric.name for page in sr.pages} == {"MINISWHITE"}
    np.testing.assert_array_equal(sr.asarray(), numbers.repeat(2, 1).repeat(2, 2))


def test_sr_of_a_hyperstack_is_one_for_other_programs(tmp_path: Path) -> None:
    source = hyperstack(tmp_path / "x.tif", Info="Patient: Jones", Labels=["Jones"] * 24, min=1.0, max=4000.0)
    path = doubled(tmp_path / "sr.tif", source)
    with tifffile.TiffFile(path) as sr:
        (series,) = sr.series
        assert series.axes == "TZCYX" and sr.is_imagej
        np.testing.assert_array_equal(series.asarray(), CELLS.repeat(2, 3).repeat(2, 4))
        told = sr.imagej_metadata or {}
        assert {name: told[name] for name in ("images", "channels", "slices", "frames", "unit", "spacing", "max")} == {
            "images": 24, "channels": 2, "slices": 3, "frames": 4, "unit": "um", "spacing": 2.5, "max": 4000.0
        }  # fmt: skip
        assert sr.pages[0].tags["XResolution"].value == (8, 1)
        assert {page.tags["Software"].value for page in sr.pages} == {"SR x2 by nearest"}
    assert b"Jones" not in path.read_bytes()
    kind = Tiff(1)
    with tifffile.TiffFile(doubled(tmp_path / "one.tif", source, kind)) as sr:
        assert sr.series[0].axes == "TZYX"
        np.testing.assert_array_equal(sr.asarray(), CELLS[:, :, 1].repeat(2, 2).repeat(2, 3))


def test_sr_of_pages_of_different_kinds_is_read_by_pillow(tmp_path: Path) -> None:
    colour = np.random.default_rng(1).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    with tifffile.TiffWriter(tmp_path / "x.tif") as out:
        for picture, kind in ((colour, "rgb"), (colour[..., 0], "minisblack"), (colour[:5, :4, 1], "miniswhite")):
            out.write(picture, photometric=kind, description="by Jones", datetime="1999:01:01 00:00:00", metadata=None)
    path = doubled(tmp_path / "sr.tif", tmp_path / "x.tif")
    with Pillow.open(path) as opened:
        found = [np.asarray(frame) for frame in ImageSequence.Iterator(opened)]
    for one, expected in zip(found, (colour, colour[..., 0], 255 - colour[:5, :4, 1]), strict=True):
        np.testing.assert_array_equal(one, expected.repeat(2, 0).repeat(2, 1))
    assert b"Jones" not in path.read_bytes() and b"1999" not in path.read_bytes()
    assert path.read_bytes() == doubled(tmp_path / "again.tif", tmp_path / "x.tif").read_bytes()


def test_a_long_stack_is_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, kind, looked = hyperstack(tmp_path / "x.tif"), Tiff(), []
    monkeypatch.setattr(
        "srbench_tiff.tiff.tiff_pages", lambda path: looked.append(path) or srbench.pictures.tiff_pages(path)
    )
    pixels(path, kind)
    assert looked == [path]
    tifffile.imwrite(path, CELLS[0, 0], imagej=True, metadata={"axes": "CYX"})
    assert len(pixels(path, kind)) == 2


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_leads_to_another_error(data: st.DataObject, tmp_path: Path) -> None:
    whole = tmp_path / "whole.ome.tif"
    if not whole.exists():
        tifffile.imwrite(whole, CELLS[0], compression="lzw", metadata={"axes": "ZCYX", "Channel": {"Name": ["a", "b"]}})
    content = bytearray(whole.read_bytes())
    for place, byte in data.draw(st.dictionaries(st.integers(0, 1500), st.integers(0, 255), max_size=6)).items():
        content[place] = byte
    path = tmp_path / "damaged.tif"
    path.write_bytes(content[: data.draw(st.sampled_from([0, 8, 200, 1000, 5000, len(content)]))])
    try:
        for image in pixels(path):
            assert image.dtype.name in srbench.pictures.DEPTHS
    except srbench.ImageError as error:
        assert str(path) in str(error)


def test_a_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", CELLS[0, :, 0], photometric="minisblack", metadata=None)
    (tmp_path / "x.tif").write_bytes((tmp_path / "whole.tif").read_bytes()[:-700])
    with pytest.raises(srbench.ImageError, match=r"x\.tif: damaged or truncated"):
        pixels(tmp_path / "x.tif")
    with pytest.raises(srbench.ImageError, match=r"none\.tif: cannot be read: No such file"):
        Tiff().frames(tmp_path / "none.tif")


def test_a_folder_tests_on_every_page_and_groups_them_by_file(tmp_path: Path) -> None:
    for name in "ab":
        hyperstack(tmp_path / f"{name}.tif")
    folder = Folder(tmp_path, format={"tiff": {"channel": 0}}, only={"T": "2"}, range=(0, 4095))
    folder.prepare(tmp_path)
    items = list(folder.test())
    assert [item.id for item in items] == [f"{name}-t2.c0.z{z}" for name in "ab" for z in range(3)]
    assert [item.group for item in items] == [f"{name}.tif" for name in "ab" for _ in range(3)]
    assert {(item.spacing, item.spacing_unit) for item in items} == {((0.2, 0.25), "um")}
    hr, values = items[4].read_hr()
    np.testing.assert_array_equal(hr[..., 0], CELLS[2, 1, 0])
    assert (values.low, values.high) == (0, 4095)


def test_srbench_upscale_writes_stacks_as_stacks_and_a_picture_alone_as_before(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    hyperstack(tmp_path / "in" / "x.tif")
    tifffile.imwrite(tmp_path / "in" / "alone.tif", CELLS[0, 0, 0])
    result = CliRunner().invoke(
        cli, ["upscale", "nearest", str(tmp_path / "in"), "--out", str(tmp_path / "sr"), "--scale", "2"]
    )
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "sr").iterdir()} == {"x.tif", "alone.png"}
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "sr" / "x.tif"), CELLS.repeat(2, 3).repeat(2, 4))
    np.testing.assert_array_equal(
        read_image(tmp_path / "sr" / "alone.png")[..., 0], CELLS[0, 0, 0].repeat(2, 0).repeat(2, 1)
    )


def test_damage_of_one_page_is_told_by_name(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", CELLS[0, :, 0], photometric="minisblack", compression="zlib", metadata=None)
    with tifffile.TiffFile(tmp_path / "x.tif") as tiff:
        place = tiff.pages[1].dataoffsets[0]
    content = bytearray((tmp_path / "x.tif").read_bytes())
    content[place : place + 40] = bytes(40)
    (tmp_path / "x.tif").write_bytes(content)
    kind = Tiff()
    first, second, third = kind.frames(tmp_path / "x.tif")
    for frame in (first, third):
        kind.read(frame)
    with pytest.raises(srbench.ImageError, match=re.escape(str(tmp_path / "x.tif"))):
        kind.read(second)
