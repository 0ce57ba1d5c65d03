"""NIfTI slices and volumes of SR, held to what nibabel makes of the same files."""

from __future__ import annotations

import gzip
import re
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_nifti import volume
from srbench_nifti.nifti import Nifti

import srbench

OTHERS = Path(nibabel.__file__).parent / "tests" / "data"
AXES: tuple[Any, ...] = ("axial", "coronal", "sagittal")
OBLIQUE = np.array([[0.3, -1.9, 0.2, 12.5], [0.9, 0.4, -0.3, -80.0], [0.1, 0.2, 2.4, 33.25], [0, 0, 0, 1]])


def seen(canonical: npt.NDArray[Any], axis: str, place: tuple[int, ...]) -> npt.NDArray[Any]:
    """A slice of a volume in RAS+ orientation, with head or front up, and the patient's right or front at the left."""
    at = {"sagittal": 0, "coronal": 1, "axial": 2}[axis]
    plane = np.moveaxis(canonical, at, 0)[(place[0], slice(None), slice(None), *place[1:])]
    return plane.T[::-1, ::-1]


def save(path: Path, data: npt.NDArray[Any], affine: npt.NDArray[Any] | None = None, **fields: Any) -> Path:
    image = nibabel.Nifti1Image(data, np.eye(4) if affine is None else affine, dtype=data.dtype)
    for name, value in fields.items():
        image.header[name] = value
    image.to_filename(path)
    return path


def counting(shape: tuple[int, ...], dtype: str = "int16") -> npt.NDArray[Any]:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize(
    "path", sorted(path for path in OTHERS.iterdir() if path.is_file()), ids=lambda path: path.name
)
def test_files_of_nibabels_own_tests_are_read_as_nibabel_reads_them_or_refused_in_words(path: Path) -> None:
    readable = path.name.endswith((".nii", ".nii.gz")) and ".dconn" not in path.name
    for axis in AXES:
        kind = Nifti(axis)
        if not readable:
            with pytest.raises(
                srbench.ImageError, match=f"{re.escape(path.name)}: .*(is not NIfTI|CIFTI|another file)"
            ):
                kind.frames(path)
            continue
        image = nibabel.as_closest_canonical(nibabel.load(path))
        data = image.get_fdata().reshape((*image.shape, 1)[: max(image.ndim, 3)])
        frames = kind.frames(path)
        assert len(frames) == np.prod(data.shape) / np.prod(frames[0].size)
        for frame in frames[:: max(1, len(frames) // 7)]:
            expected = seen(data, axis, tuple(map(int, frame.key.split("."))))
            read = kind.read(frame)
            assert read.shape == (*frame.size, 1)
            assert np.array_equal(read[..., 0], expected.astype(np.float32), equal_nan=True)
            sizes = np.delete(nibabel.affines.voxel_sizes(image.affine), ("sagittal", "coronal", "axial").index(axis))
            assert frame.spacing == pytest.approx(sizes[::-1])


@pytest.mark.parametrize(
    ("stored", "fields", "expected"),
    [
        ("uint8", {}, "uint8"),
        ("int8", {}, "int16"),
        ("uint16", {}, "uint16"),
        ("int16", {}, "int16"),
        ("int32", {}, "int32"),
        ("uint32", {}, "uint32"),
        ("int64", {}, "int32"),
        ("uint64", {}, "uint32"),
        (">i2", {}, "int16"),
        ("float32", {}, "float32"),
        ("float64", {}, "float32"),
        ("int16", {"scl_slope": 0.5, "scl_inter": -3}, "float32"),
    ],
)
def test_pixels_have_the_smallest_type_that_holds_them(
    tmp_path: Path, stored: str, fields: dict[str, float], expected: str
) -> None:
    data = counting((3, 4, 5), stored) - (np.int8(7) if np.dtype(stored).kind == "i" else 0)
    image = nibabel.Nifti1Image(data.astype(stored), np.eye(4), dtype=stored)
    image.header["vox_offset"] = 352
    image.header.set_slope_inter(fields.get("scl_slope", 1), fields.get("scl_inter", 0))
    path = tmp_path / "a.nii"
    path.write_bytes(image.header.binaryblock + bytes(4) + data.astype(stored).tobytes(order="F"))
    kind = Nifti()
    read = kind.read(kind.frames(path)[2])
    assert (read.dtype.name, read.dtype.isnative) == (expected, True)
    assert np.array_equal(read[..., 0], seen(np.asarray(nibabel.load(path).dataobj), "axial", (2,)))


def test_whole_numbers_beyond_32_bits_are_refused(tmp_path: Path) -> None:
    kind = Nifti()
    path = save(tmp_path / "a.nii", np.full((2, 2, 2), 2**40))
    with pytest.raises(srbench.ImageError, match=r"a\.nii: its voxels are int64, and some need more than 32 bits"):
        kind.read(kind.frames(path)[0])


def test_frames_tell_of_units_and_further_dimensions_and_believe_no_display_range(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(counting((4, 5, 12, 2)), np.diag([0.5, 2, 3, 1]))
    image.header.set_xyzt_units("micron", "sec")
    image.header["cal_max"] = 100
    image.to_filename(tmp_path / "a.nii")
    frames = Nifti().frames(tmp_path / "a.nii")
    assert [frame.key for frame in frames[:3]] == ["00.0", "00.1", "01.0"] and len(frames) == 24
    frame = frames[1]
    assert (frame.size, frame.spacing, frame.spacing_unit) == ((5, 4), (2, 0.5), "um")
    assert (frame.values, frame.group, frame.facts) == (None, None, {"datatype": "int16", "volume": "1"})
    only = Nifti("sagittal").frames(save(tmp_path / "b.nii.gz", counting((1, 4, 5))))
    assert [(frame.key, frame.size) for frame in only] == [("", (5, 4))]
    flat = Nifti().frames(save(tmp_path / "c.nii", counting((3, 4))))
    assert [(frame.key, frame.size) for frame in flat] == [("", (4, 3))]


def test_colours_are_read_and_written(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (4, 5, 2, 3), np.uint8)
    voxels = rgb.view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    kind = Nifti()
    path = save(tmp_path / "a.nii", voxels)
    images = [kind.read(frame) for frame in kind.frames(path)]
    assert np.array_equal(images[1], np.moveaxis(rgb[:, :, 1], 0, 1)[::-1, ::-1])
    kind.write(tmp_path / "b.nii", path, images, 1, "none")
    assert np.array_equal(np.asarray(nibabel.load(tmp_path / "b.nii").dataobj), voxels)


@pytest.mark.parametrize("codes", [(0, 0), (1, 0), (0, 2), (1, 2)], ids=str)
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("scale", [2, 3])
def test_a_volume_of_sr_has_its_corners_where_the_volume_has_them(
    tmp_path: Path, scale: int, axis: Any, kind: Any, codes: tuple[int, int]
) -> None:
    source, target = tmp_path / "a.nii.gz", tmp_path / "b.nii.gz"
    image = kind(counting((4, 5, 6, 2)), None)
    image.header.set_zooms((0.7, 1.1, 2.3, 1.5))
    image.header.set_xyzt_units("mm", "msec")
    for place, code in zip((image.header.set_qform, image.header.set_sform), codes, strict=True):
        if code:
            place(OBLIQUE, code)
    image.to_filename(source)
    form = Nifti(axis)
    frames = form.frames(source)
    form.write(target, source, [form.read(frame).repeat(scale, 0).repeat(scale, 1) for frame in frames], scale, "SR")

    old, new = nibabel.load(source), nibabel.load(target)
    assert type(new) is kind and new.header.get_xyzt_units() == ("mm", "msec") and new.header.get_zooms()[3] == 1.5
    slices = int(np.argmax(np.array(new.shape[:3]) == old.shape[:3]))
    factors = [1 if number == slices else scale for number in range(3)]
    for form_of in ("get_best_affine", "get_sform", "get_qform"):
        corners = np.stack(np.meshgrid(*[[-0.5, side - 0.5] for side in old.shape[:3]], [1.0]), -1).reshape(-1, 4)
        larger = np.stack(np.meshgrid(*[[-0.5, side - 0.5] for side in new.shape[:3]], [1.0]), -1).reshape(-1, 4)
        before, after = getattr(old.header, form_of)(), getattr(new.header, form_of)()
        if form_of == "get_best_affine" or int(old.header[f"{form_of[4:]}_code"]):
            assert np.abs(corners @ before.T - larger @ after.T).max() < 1e-5
    data = np.asarray(old.dataobj)
    for number, factor in enumerate(factors):
        data = data.repeat(factor, number)
    assert new.get_data_dtype() == np.int16 and np.array_equal(np.asarray(new.dataobj), data)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("codes", ["RAS", "LAS", "LPS", "RPI", "SRA"])
@pytest.mark.parametrize("scale", [Fraction(3, 2), Fraction(10, 7), 2])
def test_whatever_way_axes_run_what_is_seen_stays_in_its_place(
    tmp_path: Path, scale: srbench.Scale, codes: str, axis: Any
) -> None:
    """A volume whose voxels say where they lie is enlarged by linear interpolation, which keeps them right."""
    source, target = tmp_path / "a.nii", tmp_path / "b.nii"
    turn = nibabel.orientations.inv_ornt_aff(nibabel.orientations.axcodes2ornt(tuple(codes)), (7, 9, 11))
    affine = np.linalg.inv(turn) @ np.diag([2.0, 2.5, 3.0, 1.0])
    places = np.moveaxis(np.indices((7, 9, 11, 1))[:3], 0, -1)[..., 0, :] @ affine[:3, :3].T + affine[:3, 3]
    for part in range(3):
        save(source, places[..., part].astype(np.float32), affine)
        form = Nifti(axis)
        larger = []
        for frame in form.frames(source):
            image = form.read(frame)[..., 0].astype(np.float64)
            for direction in (0, 1):
                side = image.shape[direction]
                middles = (np.arange(int(side * scale)) + 0.5) / float(scale) - 0.5
                below = np.clip(np.floor(middles).astype(int), 0, side - 2)
                first, second = (np.take(image, below + more, direction) for more in (0, 1))
                share = np.expand_dims(middles - below, 1 - direction)
                image = first + share * (second - first)
            larger.append(image[..., None].astype(np.float32))
        form.write(target, source, larger, scale, "SR")
        new = nibabel.load(target)
        said = np.moveaxis(np.indices(new.shape), 0, -1) @ new.affine[:3, :3].T + new.affine[:3, 3]
        assert np.abs(np.asarray(new.dataobj) - said[..., part]).max() < 1e-4


@pytest.mark.parametrize("stored", ["int8", "uint8", ">i2", "int64", "float32", "float64", "scaled"])
def test_what_is_written_at_scale_1_has_the_same_pixels_and_nan(tmp_path: Path, stored: str) -> None:
    data = counting((4, 5, 6), "float32" if stored == "scaled" else stored)
    if data.dtype.kind == "f":
        data = np.where(data == 7, np.nan, data + 0.1).astype(data.dtype)
    image = nibabel.Nifti1Image(data, OBLIQUE, dtype="int16" if stored == "scaled" else stored)
    if stored == "scaled":
        image = nibabel.Nifti1Image(np.nan_to_num(data), OBLIQUE, dtype="int16")
    image.to_filename(tmp_path / "a.nii")
    kind = Nifti("coronal")
    images = [kind.read(frame) for frame in kind.frames(tmp_path / "a.nii")]
    kind.write(tmp_path / "b.nii.gz", tmp_path / "a.nii", images, 1, "none")
    again = [kind.read(frame) for frame in kind.frames(tmp_path / "b.nii.gz")]
    assert all(
        np.array_equal(one, other, equal_nan=one.dtype.kind == "f") for one, other in zip(images, again, strict=True)
    )
    assert {image.dtype for image in images} == {image.dtype for image in again}
    kept = nibabel.load(tmp_path / "b.nii.gz").get_data_dtype()
    assert kept == (np.float32 if stored == "scaled" else np.dtype(stored).newbyteorder("="))


def test_a_single_slice_is_written_with_as_many_dimensions(tmp_path: Path) -> None:
    source, kind = save(tmp_path / "a.nii", counting((3, 4))), Nifti()
    image = kind.read(kind.frames(source)[0]).repeat(2, 0).repeat(2, 1)
    kind.write(tmp_path / "b.nii", source, [image], 2, "SR")
    larger = counting((3, 4)).repeat(2, 0).repeat(2, 1)
    assert np.array_equal(np.asarray(nibabel.load(tmp_path / "b.nii").dataobj), larger)


def test_values_that_the_old_type_does_not_hold_are_written_in_the_type_of_the_slices(tmp_path: Path) -> None:
    source, kind = save(tmp_path / "a.nii", counting((2, 2, 2), "int8")), Nifti()
    kind.write(tmp_path / "b.nii", source, [np.full((4, 4, 1), 300, np.int16)] * 2, 2, "SR")
    assert np.asarray(nibabel.load(tmp_path / "b.nii").dataobj).tolist() == np.full((4, 4, 2), 300).tolist()


def test_names_are_left_out_and_the_method_is_said(tmp_path: Path) -> None:
    fields = {"descrip": b"Jane Roe", "aux_file": b"Jane.Roe", "db_name": b"Roe", "intent_name": b"Jane"}
    image = nibabel.Nifti1Image(counting((2, 2, 2)), np.eye(4))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"Jane Roe"))
    for name, value in fields.items():
        image.header[name] = value
    image.to_filename(tmp_path / "a.nii")
    kind = Nifti()
    images = [kind.read(frame) for frame in kind.frames(tmp_path / "a.nii")]
    for name in ("b.nii", "c.nii"):
        kind.write(tmp_path / name, tmp_path / "a.nii", images, 1, "srbench café")
    written = (tmp_path / "b.nii").read_bytes()
    assert b"Jane" in (tmp_path / "a.nii").read_bytes() and b"Roe" not in written and b"Jane" not in written
    assert nibabel.load(tmp_path / "b.nii").header["descrip"] == b"SR x1 by srbench caf?"
    assert written == (tmp_path / "c.nii").read_bytes()


def test_a_volume_of_200_slices_is_decompressed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = counting((8, 9, 200))
    path, kind = save(tmp_path / "a.nii.gz", data), Nifti()
    opened = []
    monkeypatch.setattr(volume.gzip, "open", lambda path: opened.append(path) or gzip.GzipFile(path))
    frames = kind.frames(path)
    assert len(opened) == 1  # for the header
    assert np.array_equal(kind.read(frames[199])[..., 0], seen(data, "axial", (199,)))
    for frame in frames:
        kind.read(frame)
    assert len(opened) == 2
    save(path, data[:, :, :150] + 1)
    assert kind.read(kind.frames(path)[0])[-1, -1, 0] == 1 and len(opened) == 4


def hostile(path: Path, content: bytes) -> str:
    """What is said of a file with this content, by `frames` or by `read`."""
    path.write_bytes(content)
    kind = Nifti()
    with pytest.raises(srbench.ImageError) as raised:
        for frame in kind.frames(path):
            kind.read(frame)
    assert str(raised.value).startswith(f"{path}: ")
    return str(raised.value).removeprefix(f"{path}: ")


def with_fields(**fields: Any) -> bytes:
    image = nibabel.Nifti1Image(counting((8, 8, 8)), np.diag([2.0, 2, 2, 1]))
    content = bytearray(image.to_bytes())
    header = np.frombuffer(content, nibabel.Nifti1Header.template_dtype, 1)
    for name, value in fields.items():
        header[name] = value
    return bytes(content)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dim": [3, 30000, 30000, 2, 1, 1, 1, 1]}, "damaged or truncated"),
        ({"dim": [4, 32767, 32767, 32767, 32767, 1, 1, 1]}, "promises .* bytes, more than 4,294,967,296; split it"),
        ({"dim": [3, -4, 8, 8, 1, 1, 1, 1]}, "its header says -4 x 8 x 8 voxels"),
        ({"dim": [3, 1, 8, 8, 1, 1, 1, 1]}, "its axial slices are 8 x 1 pixels, which is no picture"),
        ({"datatype": 32, "bitpix": 64, "dim": [3, 8, 8, 4, 1, 1, 1, 1]}, "complex .*; save their magnitude"),
        ({"datatype": 2304, "bitpix": 32, "dim": [3, 8, 8, 4, 1, 1, 1, 1]}, "RGBA; save it as grey or RGB"),
        ({"datatype": 99}, "not NIfTI that can be read: data code 99 not recognized"),
        ({"srow_x": np.nan}, "its affine holds numbers that are not finite"),
        ({"srow_x": 0}, "its affine does not say where the axes"),
        ({"vox_offset": 1e12}, "promises .* bytes, more than"),
        ({"vox_offset": -1e4}, "not NIfTI"),
        ({"scl_slope": 2, "scl_inter": np.inf}, "not NIfTI"),
        ({"xyzt_units": 12}, "its unit of length has the number 4"),
        ({"magic": b"ni1"}, r"another file \(\.img\)"),
        ({"magic": b"n-1"}, "it does not begin with a NIfTI header"),
    ],
)
def test_headers_that_cannot_be_meant_are_refused_in_words(tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    assert re.search(words, hostile(tmp_path / "a.nii", with_fields(**fields)))


def test_absurd_slices_and_too_many_of_them_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "MAX_PIXELS", 63)
    assert "its axial slices are 8 x 8 pixels, more than 63" in hostile(tmp_path / "a.nii", with_fields())
    monkeypatch.setattr(volume, "MAX_SLICES", 7)
    monkeypatch.setattr(volume, "MAX_PIXELS", 64)
    assert "promises 8 slices, more than 7; split it" in hostile(tmp_path / "b.nii", with_fields())


def test_damage_of_compressed_files_is_seen(tmp_path: Path) -> None:
    whole = gzip.compress(np.random.default_rng(0).bytes(2000), mtime=0)
    content = gzip.compress(with_fields() + whole, mtime=0)
    wrong_sum = gzip.compress(with_fields(), mtime=0)[:-8] + bytes(8)
    bomb = gzip.compress(with_fields(dim=[3, 20000, 20000, 5, 1, 1, 1, 1]) + bytes(10**6))
    for name, bad in {"cut": content[:300], "sum": wrong_sum, "bomb": bomb, "empty": b"", "bare": b"\x1f\x8b"}.items():
        assert hostile(tmp_path / f"{name}.nii.gz", bad)
    assert "damaged or truncated" in hostile(tmp_path / "a.nii.gz", wrong_sum)
    with pytest.raises(srbench.ImageError, match="none: cannot be read: No such file"):
        Nifti().frames(tmp_path / "none")


@settings(max_examples=150)
@given(st.data())
def test_no_damage_leads_to_another_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray(with_fields())
    for place, byte in data.draw(st.dictionaries(st.integers(0, 351), st.integers(0, 255), max_size=6)).items():
        content[place] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.nii"
    path.write_bytes(content[: data.draw(st.sampled_from([0, 100, 348, 352, 800, len(content)]))])
    kind = Nifti()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for frame in kind.frames(path):
                image = kind.read(frame)
                assert image.shape[:2] == frame.size and image.dtype.name in srbench.pictures.DEPTHS
    except srbench.ImageError as error:
        assert str(path) in str(error)


def test_the_plugin_offers_the_format(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", counting((4, 5, 6)))
    found = srbench.Formats({"nifti": {"axis": "coronal"}}).frames(path)
    assert found is not None and len(found) == 5
    assert np.array_equal(srbench.read_picture(found[1][1])[..., 0], seen(counting((4, 5, 6)), "coronal", (1,)))
