"""OME-TIFF, held to tifffile, which reads and writes it by itself."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from srbench_tiff import ome
from srbench_tiff.tiff import Tiff

import srbench
from srbench.store import file_memory

Array = npt.NDArray[Any]
CELLS = np.random.default_rng(9).integers(0, 4096, (2, 3, 2, 12, 10)).astype(np.uint16)
"""Times, slices, channels."""
TOLD = {
    "PhysicalSizeX": 0.25,
    "PhysicalSizeXUnit": "µm",
    "PhysicalSizeY": 0.5,
    "PhysicalSizeYUnit": "µm",
    "PhysicalSizeZ": 2.0,
    "SignificantBits": 12,
    "Channel": {"Name": ["DAPI", "GFP µ"]},
}


def save(path: Path, data: Array = CELLS, axes: str = "TZCYX", **options: Any) -> Path:
    told = TOLD | {"axes": axes} | options.pop("metadata", {})
    tifffile.imwrite(path, data, ome=True, metadata=told, **{"photometric": "minisblack"} | options)
    return path


def retold(path: Path, old: str, new: str) -> Path:
    """The file with another text."""
    text = tifffile.tiffcomment(path)
    assert old in text
    tifffile.tiffcomment(path, text.replace(old, new).encode())
    return path


def doubled(path: Path, source: Path, kind: Tiff) -> Path:
    images = [kind.read(frame).repeat(2, 0).repeat(2, 1) for frame in kind.frames(source)]
    kind.write(path, source, images, 2, "nearest")
    return path


@pytest.mark.parametrize("order", ["".join(one) for one in permutations("TZC")])
def test_planes_are_found_in_any_order_of_dimensions(order: str, tmp_path: Path) -> None:
    moved = CELLS.transpose(*("TZC".index(axis) for axis in order), 3, 4)
    path = save(tmp_path / "x.ome.tif", moved, f"{order}YX")
    frames = Tiff().frames(path)
    assert sorted(frame.key for frame in frames) == [f"t{t}.c{c}.z{z}" for t in "01" for c in "01" for z in "012"]
    for frame in frames:
        t, z, c = (int(frame.facts[axis]) for axis in "TZC")
        np.testing.assert_array_equal(Tiff().read(frame)[..., 0], CELLS[t, z, c])
        assert frame.facts["Channel"] == ("DAPI", "GFP µ")[c]
        assert (frame.spacing, frame.spacing_unit) == ((0.5, 0.25), "um")
        assert frame.values == srbench.Values(0, 4095)


@pytest.mark.parametrize("channel", [1, "gfp µ"])
def test_a_channel_is_chosen_and_written_alone(channel: int | str, tmp_path: Path) -> None:
    path, kind = save(tmp_path / "x.ome.tif"), Tiff(channel)
    with tifffile.TiffFile(doubled(tmp_path / "sr.ome.tif", path, kind)) as sr:
        assert sr.is_ome and sr.series[0].axes == "TZYX"
        np.testing.assert_array_equal(sr.asarray(), CELLS[:, :, 1].repeat(2, 2).repeat(2, 3))
        assert re.findall(r'Name="([^"]*)"', sr.ome_metadata or "") == ["GFP µ"]
    with pytest.raises(srbench.ImageError, match=r"has no channel 'RFP'; there are 0 \(DAPI\), 1 \(GFP µ\)"):
        Tiff("RFP").frames(path)


def test_sr_is_ome_tiff_for_other_programs(tmp_path: Path) -> None:
    path = retold(save(tmp_path / "x.ome.tif"), "<Image ", "<Experimenter LastName='Jones'/><Image ")
    retold(path, 'Name="DAPI"', 'Name="DAPI" Color="-16776961" EmissionWavelength="461"')
    target = doubled(tmp_path / "sr.ome.tif", path, Tiff())
    with tifffile.TiffFile(target) as sr:
        (series,) = sr.series
        np.testing.assert_array_equal(sr.asarray(), CELLS.repeat(2, 3).repeat(2, 4))
        image = tifffile.xml2dict(sr.ome_metadata or "")["OME"]["Image"]["Pixels"]
        assert series.axes == "TZCYX" and {page.compression.name for page in sr.pages} == {"ADOBE_DEFLATE"}
    sizes = {name: image[name] for name in ("PhysicalSizeX", "PhysicalSizeXUnit", "PhysicalSizeY", "PhysicalSizeZ")}
    assert sizes == {"PhysicalSizeX": 0.125, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2.0}
    assert [channel["Name"] for channel in image["Channel"]] == ["DAPI", "GFP µ"]
    assert image["Channel"][0]["EmissionWavelength"] == 461 and image["SignificantBits"] == 12
    assert b"Jones" not in target.read_bytes()
    assert target.read_bytes() == doubled(tmp_path / "again.tif", path, Tiff()).read_bytes()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_a_single_picture_keeps_its_spacing_and_type(dtype: str, tmp_path: Path) -> None:
    told = {"SignificantBits": None}
    path = save(tmp_path / "x.ome.tif", (CELLS[0, 0, 0] >> 4).astype(dtype), "YX", metadata=told | {"Channel": {}})
    (frame,) = Tiff().frames(path)
    assert (frame.key, frame.spacing) == ("", (0.5, 0.25))
    assert frame.values == (srbench.Values(0, 255) if dtype == "uint8" else None)
    with tifffile.TiffFile(doubled(tmp_path / "sr.ome.tif", path, Tiff())) as sr:
        assert sr.series[0].dtype == dtype and sr.series[0].shape == (24, 20)


def test_colours_are_one_channel(tmp_path: Path) -> None:
    colour = (np.moveaxis(CELLS[:, :, 0], 0, -1)[..., [0, 1, 0]] >> 4).astype(np.uint8)
    path = save(tmp_path / "x.ome.tif", colour, "ZYXS", photometric="rgb", metadata={"Channel": {}})
    assert [(frame.key, frame.size) for frame in Tiff().frames(path)] == [(f"z{z}", (12, 10)) for z in range(3)]
    with tifffile.TiffFile(doubled(tmp_path / "sr.ome.tif", path, Tiff())) as sr:
        assert sr.series[0].axes == "ZYXS"
        np.testing.assert_array_equal(sr.asarray(), colour.repeat(2, 1).repeat(2, 2))


def test_planes_that_were_never_taken_are_no_frames(tmp_path: Path) -> None:
    path = retold(save(tmp_path / "x.ome.tif", CELLS[0, :2], "ZCYX"), 'SizeZ="2"', 'SizeZ="5"')
    assert len(Tiff().frames(path)) == len(Tiff().frames(doubled(tmp_path / "sr.tif", path, Tiff()))) == 4


def test_several_images_of_a_file_are_told_apart(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.ome.tif", ome=True) as out:
        for k in range(2):
            out.write(CELLS[k, :, 0], photometric="minisblack", metadata={"axes": "ZYX", "PhysicalSizeX": k + 1.0})
    frames = Tiff().frames(tmp_path / "x.ome.tif")
    assert [frame.key for frame in frames] == [f"i{k}.z{z}" for k in range(2) for z in range(3)]
    with tifffile.TiffFile(doubled(tmp_path / "sr.ome.tif", tmp_path / "x.ome.tif", Tiff())) as sr:
        for k, series in enumerate(sr.series):
            np.testing.assert_array_equal(series.asarray(), CELLS[k, :, 0].repeat(2, 1).repeat(2, 2))


def test_levels_of_a_pyramid_are_no_planes(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.ome.tif", ome=True, bigtiff=True) as out:
        out.write(CELLS[0, 0], photometric="minisblack", subifds=1, tile=(16, 16), metadata=TOLD | {"axes": "CYX"})
        out.write(CELLS[0, 0, :, ::2, ::2], photometric="minisblack", subfiletype=1, tile=(16, 16))
    frames = Tiff().frames(tmp_path / "x.ome.tif")
    assert [(frame.facts["Channel"], frame.size) for frame in frames] == [("DAPI", (12, 10)), ("GFP µ", (12, 10))]


def test_planes_of_other_files_are_left_to_these(tmp_path: Path) -> None:
    path = save(tmp_path / "x.ome.tif", CELLS[0, 0], "CYX")
    own = re.findall(r'UUID="([^"]*)"', tifffile.tiffcomment(path))[0]
    data = (
        f'<TiffData FirstC="1" IFD="0"><UUID FileName="x.ome.tif">{own}</UUID></TiffData>'
        '<TiffData FirstC="0" IFD="0"><UUID FileName="y.ome.tif">urn:uuid:other</UUID></TiffData>'
    )
    retold(path, '<TiffData IFD="0" PlaneCount="2"/>', data)
    (frame,) = Tiff().frames(path)
    assert (frame.key, frame.facts["Channel"]) == ("c1", "GFP µ")
    np.testing.assert_array_equal(Tiff().read(frame)[..., 0], CELLS[0, 0, 0])


def test_pages_whose_text_is_in_another_file_are_pages(tmp_path: Path) -> None:
    path = save(tmp_path / "x.ome.tif", CELLS[0, 0], "CYX")
    text = tifffile.tiffcomment(path)
    tifffile.tiffcomment(path, (text[: text.index("<Image")] + '<BinaryOnly MetadataFile="a"/></OME>').encode())
    assert [frame.key for frame in Tiff().frames(path)] == ["0", "1"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</Pixels>", "", "its OME-XML is damaged: mismatched tag"),
        ('SizeZ="3"', 'SizeZ="99999999999"', "says SizeZ '99999999999', which is no count"),
        ('SizeZ="3"', 'SizeZ="9999999"', "promises 39,999,996 planes, more than 1,000,000"),
        ('IFD="0" PlaneCount="12"', 'IFD="5" PlaneCount="12"', "names page 12, which is not in the file"),
        ('IFD="0" PlaneCount="12"', 'IFD="0" PlaneCount="13"', "names more than its 12 planes"),
        ('IFD="0" PlaneCount="12"', 'IFD="0" PlaneCount="x"', "cannot be meant: invalid literal"),
        ("<TiffData", '<TiffData IFD="3"/><TiffData', "names page 3 twice"),
        ('IFD="0" PlaneCount="12"', 'IFD="0"/><TiffData IFD="1"', "names two pages for one plane"),
        ('DimensionOrder="XYCZT"', 'DimensionOrder="XYCCT"', "says the DimensionOrder 'XYCCT'"),
        ("<OME ", "<!DOCTYPE a [<!ENTITY b 'ha'><!ENTITY c '&b;&b;'>]><OME ", ""),
    ],
)
def test_what_the_text_cannot_mean_is_refused_in_words(old: str, new: str, words: str, tmp_path: Path) -> None:
    path = retold(save(tmp_path / "x.ome.tif"), old, new)
    if words:
        with pytest.raises(srbench.ImageError, match=rf"x\.ome\.tif: .*({words})"):
            Tiff().frames(path)
    else:
        assert len(Tiff().frames(path)) == 12


def test_entities_that_grow_without_end_are_refused(tmp_path: Path) -> None:
    grown = "".join(f'<!ENTITY e{k + 1} "{f"&e{k};" * 100}">' for k in range(6))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "{"ha" * 100}">{grown}]><OME a="&e6;" '
    path = retold(save(tmp_path / "x.ome.tif"), "<OME ", bomb)
    with pytest.raises(srbench.ImageError, match="its OME-XML is damaged: limit on input amplification"):
        Tiff().frames(path)


@pytest.mark.parametrize(
    ("unit", "expected"), [("nm", "nm"), ("µm", "um"), ("pixel", None), ("reference frame", None), ("mm", "mm")]
)
def test_units_of_length_are_told_and_others_are_none(unit: str, expected: str | None, tmp_path: Path) -> None:
    path = save(tmp_path / "x.ome.tif", metadata={"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit})
    frame = Tiff().frames(path)[0]
    assert (frame.spacing, frame.spacing_unit) == (((0.5, 0.25), expected) if expected else (None, "mm"))


def test_frames_are_the_same_when_they_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(file_memory, "_memory", lru_cache(lambda: file_memory.FileMemory("parts")))
    bits = save(tmp_path / "bits.ome.tif")
    octets = save(tmp_path / "bytes.ome.tif", CELLS.astype(np.uint8), metadata={"SignificantBits": None})
    for path in (bits, octets):
        learned, remembered = (srbench.Formats().frames(path) or [] for _ in range(2))
        # Keys of results tell 0 from 0.0.
        assert [repr(frame) for frame, _ in learned] == [repr(frame) for frame, _ in remembered] != []


def test_what_is_ome_xml_is_known_by_its_root() -> None:
    assert ome.is_ome('<?xml version="1.0"?><!-- a comment --><ome:OME xmlns:ome="x">')
    assert not ome.is_ome("<OMERO>") and not ome.is_ome("OME")
