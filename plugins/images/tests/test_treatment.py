"""Grey, crops, sizes and levels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from srbench_images.treatment import Treatment, levels, with_curve

import srbench
from srbench import ImageError, Part, Values, read_picture
from srbench.pictures import write_image

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (30, 41, 3), dtype=np.uint8)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_image(tmp_path / "a.png", COLOUR)
    return tmp_path / "a.png"


def test_where_nothing_is_done_a_file_stays_a_file(file: Path) -> None:
    assert Treatment().of(file, Values(0, 255), clipped=False) is file


def test_grey_is_luma_and_the_crop_is_the_middle(file: Path) -> None:
    from PIL import Image

    luma = np.asarray(Image.fromarray(COLOUR).convert("L"))[..., None]
    made = read_picture(Treatment(grey=True, crop=21).of(file, None, clipped=False))
    assert np.abs(made.astype(int) - luma[4:25, 10:31]).max() <= 1 and made.dtype == np.uint8
    assert read_picture(Treatment(crop=0).of(file, None, clipped=False)).shape == (30, 30, 3)
    with pytest.raises(ImageError, match=r"a\.png: is 41 x 30 pixels, too few for `crop: 31`"):
        read_picture(Treatment(crop=31).of(file, None, clipped=False))


def test_another_size_is_bicubic_with_the_longer_side_as_asked(file: Path) -> None:
    made = read_picture(Treatment(crop=0, resize=15).of(file, None, clipped=False))
    exact = srbench.pictures.resize_picture(COLOUR[:, 5:35], 0.5, Values(0, 255))
    np.testing.assert_array_equal(made, exact)
    assert read_picture(Treatment(resize=20).of(file, None, clipped=False)).shape == (15, 20, 3)


def test_what_is_beyond_black_and_white_is_cut_off(file: Path) -> None:
    made = read_picture(Treatment().of(file, Values(50, 200), clipped=True))
    np.testing.assert_array_equal(made, COLOUR.clip(50, 200))


def test_a_mask_goes_the_way_of_its_picture_and_keeps_its_classes(tmp_path: Path) -> None:
    mask = np.zeros((30, 41, 1), np.uint8)
    mask[10:20, 15:30] = 255
    write_image(tmp_path / "m.png", mask)
    made = read_picture(Treatment(crop=20, resize=10).of_mask(tmp_path / "m.png"))
    np.testing.assert_array_equal(made[..., 0], mask[5:25, 10:30, 0][1::2, 1::2] // 255)
    mask[mask == 255] = 7
    write_image(tmp_path / "m.png", mask)
    assert set(np.unique(read_picture(Treatment().of_mask(tmp_path / "m.png")))) == {0, 7}


def test_keys_tell_treatments_apart(file: Path) -> None:
    made = [
        treatment.of(file, values, clipped=clipped)
        for treatment in (Treatment(grey=True), Treatment(crop=9), Treatment(crop=9, resize=5))
        for values in (Values(0, 255), Values(0, 100))
        for clipped in (False, True)
    ]
    keys = {part.key for part in made if isinstance(part, Part)}
    # Black and white matter where something is cut off or resized.
    assert len(keys) == 2 * 3 + 4


def test_levels_are_those_of_what_was_measured(tmp_path: Path) -> None:
    pixels = RNG.normal(100, 5, (60, 60, 1)).astype(np.float32)
    pixels[:5] = np.nan
    pixels[10, 10] = 9000
    write_image(tmp_path / "f.tiff", pixels)
    found = levels(tmp_path / "f.tiff")
    known = pixels[np.isfinite(pixels)]
    assert (found.low, found.high) == (known.min(), 9000)
    assert found.middle == pytest.approx(np.median(known)) and found.spread == pytest.approx(5, rel=0.1)
    bent = with_curve(Values(0, 9000, unit="adu"), [found, found], None, None)
    assert bent == Values(0, 9000, "asinh", 3 * found.spread, found.middle, "adu")
    assert with_curve(Values(0, 9000), [found], 7, 1) == Values(0, 9000, "asinh", 7, 1)
