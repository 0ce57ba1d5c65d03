"""Transparent pictures: read and written without loss, and what is not seen does not bleed into what is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

import srbench
from srbench.commands.sources import Picture
from srbench.commands.upscale import Loaded, upscale_file
from srbench.pictures import DEPTHS, ImageError, Values, read_image, read_with_alpha, suffix_for, write_image
from srbench.pictures.alpha import upscaled_alpha, without_unseen_colours
from srbench.pictures.resize import resize

DTYPES = [np.uint8, np.uint16, np.float32]


def random_picture(dtype: type, channels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Colours, and an alpha with opaque, half transparent and transparent pixels."""
    generator = np.random.default_rng(seed)
    peak = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    image = (generator.random((11, 14, channels)) * peak).astype(dtype)
    alpha = (generator.choice([0, 0.4, 1], (11, 14, 1)) * peak).astype(dtype)
    return image, alpha


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_written_with_alpha_is_read_as_it_was(tmp_path: Path, dtype: type, channels: int) -> None:
    image, alpha = random_picture(dtype, channels)
    path = tmp_path / f"a{suffix_for(image)}"
    write_image(path, image, alpha)
    again, seen = read_with_alpha(path)
    assert again.dtype == image.dtype
    assert np.array_equal(again, image)
    assert seen is not None
    assert np.array_equal(seen, alpha)
    with pytest.raises(ImageError, match="transparent"):
        read_image(path)


@pytest.mark.parametrize("channels", [1, 3])
def test_other_programs_see_the_same_alpha(tmp_path: Path, channels: int) -> None:
    image, alpha = random_picture(np.uint8, channels)
    write_image(tmp_path / "a.png", image, alpha)
    with Pillow.open(tmp_path / "a.png") as opened:
        assert opened.mode == ("LA" if channels == 1 else "RGBA")
        assert np.array_equal(np.asarray(opened)[..., -1:], alpha)
    write_image(tmp_path / "b.tiff", image.astype(np.float32) / 255, alpha.astype(np.float32) / 255)
    with tifffile.TiffFile(tmp_path / "b.tiff") as tiff:
        assert [int(extra) for extra in tiff.pages[0].extrasamples] == [2]


@pytest.mark.parametrize("channels", [1, 3])
def test_an_opaque_alpha_says_nothing(tmp_path: Path, channels: int) -> None:
    image, alpha = random_picture(np.uint8, channels)
    write_image(tmp_path / "a.png", image, np.full_like(alpha, 255))
    again, seen = read_with_alpha(tmp_path / "a.png")
    assert seen is None
    assert np.array_equal(again, image)


def test_transparency_of_palettes_and_colour_keys_is_read(tmp_path: Path) -> None:
    palette = Pillow.new("P", (3, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255, 9, 9, 9])
    palette.putdata([0, 1, 2])
    palette.save(tmp_path / "p.png", transparency=bytes([255, 128, 0]))
    image, alpha = read_with_alpha(tmp_path / "p.png")
    assert image.tolist() == [[[255, 0, 0], [0, 0, 255], [9, 9, 9]]]
    assert alpha is not None and alpha[..., 0].tolist() == [[255, 128, 0]]
    grey = Pillow.fromarray(np.array([[5, 6, 7]], np.uint8))
    grey.save(tmp_path / "k.png", transparency=6)
    image, alpha = read_with_alpha(tmp_path / "k.png")
    assert image[..., 0].tolist() == [[5, 6, 7]]
    assert alpha is not None and alpha[..., 0].tolist() == [[255, 0, 255]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_colours_that_a_file_holds_multiplied_are_divided_again(tmp_path: Path, dtype: type, channels: int) -> None:
    image, alpha = random_picture(dtype, channels)
    share = alpha / Values.of(alpha).high
    multiplied = image * share
    if dtype is not np.float32:
        multiplied = np.rint(multiplied)
    both = np.concatenate([multiplied.astype(dtype), alpha], -1)
    kind = "rgb" if channels == 3 else "minisblack"
    tifffile.imwrite(tmp_path / "a.tiff", both, photometric=kind, planarconfig="contig", extrasamples=["assocalpha"])
    again, seen = read_with_alpha(tmp_path / "a.tiff")
    assert seen is not None and np.array_equal(seen, alpha)
    # Rounding to whole numbers before the division is all that is lost.
    tolerance = 1e-6 if dtype is np.float32 else 0.5 / 0.4 + 0.5
    visible = np.broadcast_to(alpha > 0, image.shape)
    assert np.abs(again.astype(float) - image)[visible].max() <= tolerance
    assert (again[~visible] == 0).all()


alphas = hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.sampled_from([0, 1, 255]))


@settings(max_examples=60)
@given(alphas, st.integers(0, 2**32 - 1))
def test_colours_stored_under_transparent_pixels_do_not_matter(alpha: np.ndarray, seed: int) -> None:
    generator = np.random.default_rng(seed)
    alpha = alpha[..., None]
    image, rubbish = generator.integers(0, 256, (2, *alpha.shape[:2], 3), dtype=np.uint8)
    other = np.where(alpha > 0, image, rubbish)
    filled = without_unseen_colours(image, alpha, DEPTHS["uint8"])
    assert np.array_equal(filled, without_unseen_colours(other, alpha, DEPTHS["uint8"]))
    visible = np.broadcast_to(alpha > 0, image.shape)
    assert np.array_equal(filled[visible], image[visible])
    if visible.any():
        # Every filled colour is a mean of visible ones.
        for channel in range(3):
            seen = image[..., channel][alpha[..., 0] > 0]
            assert filled[..., channel].min() >= seen.min()
            assert filled[..., channel].max() <= seen.max()
    else:
        assert not filled.any()


def test_where_nothing_is_seen_all_is_black_wherever_that_lies() -> None:
    image = np.random.default_rng(0).random((5, 6, 3), np.float32)
    filled = without_unseen_colours(image, np.zeros((5, 6, 1), np.float32), Values(-1000, 3000))
    assert filled.dtype == np.float32 and (filled == -1000).all()


@given(st.floats(1, 1e6, width=32))
def test_a_filled_colour_is_not_above_white_by_a_last_digit(white: float) -> None:
    image = np.float32([[[white], [white]], [[white], [0]]])
    alpha = np.float32([[[1], [1]], [[1], [0]]])
    assert without_unseen_colours(image, alpha, Values(0, white)).max() == np.float32(white)


@given(alphas)
def test_a_picture_of_one_colour_stays_one_whatever_is_transparent(alpha: np.ndarray) -> None:
    if not alpha.any():
        alpha[0, 0] = 255
    stored = np.where(alpha[..., None] > 0, np.uint8([200, 30, 90]), np.uint8([0, 0, 0]))
    filled = without_unseen_colours(stored, alpha[..., None], DEPTHS["uint8"])
    assert (filled == np.uint8([200, 30, 90])).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_alpha_is_interpolated_and_its_flat_areas_stay(dtype: type) -> None:
    _, alpha = random_picture(dtype, 1)
    peak = Values.of(alpha).high
    expected = resize(torch.from_numpy(alpha[..., 0] / peak), 3).clamp(0, 1).numpy() * peak
    sr = upscaled_alpha(alpha, 3)
    assert sr.dtype == alpha.dtype
    np.testing.assert_allclose(sr[..., 0], expected, atol=1e-6 * peak + (0 if dtype is np.float32 else 0.51))
    step = np.zeros((16, 16, 1), dtype)
    step[:, 8:] = peak
    sr = upscaled_alpha(step, 4)
    assert (sr[:, :24] == 0).all()
    assert (sr[:, 40:] == peak).all()


class Bicubic(srbench.Method):
    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        return resize(lr, scale)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_cut_out_keeps_its_colour_up_to_the_edge(tmp_path: Path, dtype: type, channels: int) -> None:
    peak = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    image = np.zeros((12, 12, channels), dtype)  # black where nothing is seen, as most programs leave it
    alpha = np.zeros((12, 12, 1), dtype)
    image[3:9, 3:9] = dtype(0.8 * peak)
    alpha[3:9, 3:9] = peak
    path = tmp_path / f"cut{suffix_for(image)}"
    write_image(path, image, alpha)
    made = upscale_file(Loaded(Bicubic(), 4), Picture(path, tmp_path / "sr"))
    sr, seen = read_with_alpha(made.path)
    assert sr.dtype == dtype
    assert seen is not None
    assert 0 < seen[seen > 0].min() < peak
    visible = np.broadcast_to(seen > 0, sr.shape)
    assert np.abs(sr[visible].astype(float) - image.max()).max() <= 1e-6 * peak
