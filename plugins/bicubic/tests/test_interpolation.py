"""Each kernel against an independent one, and what a method promises."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from srbench_bicubic.interpolation import Bicubic, Bilinear, Interpolation, Lanczos, Nearest

from srbench.registry.registry import registry

METHODS = {"nearest": Nearest, "bilinear": Bilinear, "bicubic": Bicubic, "lanczos": Lanczos}
methods = pytest.mark.parametrize("method", [cls() for cls in METHODS.values()], ids=METHODS)
scales = pytest.mark.parametrize("scale", [2, 3, 4])


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", METHODS)
def test_each_is_registered_under_its_name(name):
    assert registry().get("method", name).load() is METHODS[name]


@methods
@scales
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 1, 7), (1, 3, 9, 1), (3, 1, 5, 8), (1, 3, 17, 23)])
def test_sr_has_the_shape_and_type_that_a_method_promises(method, scale, shape):
    lr = noise(*shape)
    sr = method.upscale(lr, scale)
    assert sr.shape == (*shape[:2], shape[2] * scale, shape[3] * scale)
    assert sr.dtype == torch.float32
    assert sr.isfinite().all()
    assert lr.equal(noise(*shape))


@scales
def test_nearest_repeats_pixels(scale):
    lr = noise(2, 3, 7, 9)
    assert Nearest().upscale(lr, scale).equal(lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1))


@scales
def test_bilinear_is_torchs(scale):
    lr = noise(2, 3, 12, 15)
    # At the border both repeat the outermost pixel: mirroring with one tap outside is the same thing.
    reference = F.interpolate(lr, scale_factor=scale, mode="bilinear", align_corners=False)
    torch.testing.assert_close(Bilinear().upscale(lr, scale), reference, rtol=0, atol=1e-6)


@scales
@pytest.mark.parametrize("size", [(12, 15), (31, 26)])
def test_bicubic_is_matlabs_imresize(scale, size, basicsr):
    lr = noise(1, 3, *size)
    reference = basicsr.utils.matlab_functions.imresize(lr[0], scale)
    torch.testing.assert_close(Bicubic().upscale(lr, scale)[0], reference, rtol=0, atol=1e-5)


@scales
def test_lanczos_is_pillows_away_from_the_border(scale):
    import numpy as np
    from PIL import Image

    lr = noise(1, 1, 24, 30)
    size = (30 * scale, 24 * scale)
    reference = np.asarray(Image.fromarray(lr[0, 0].numpy()).resize(size, Image.Resampling.LANCZOS))
    inner = slice(3 * scale, -3 * scale)
    ours = Lanczos().upscale(lr, scale)[0, 0]
    torch.testing.assert_close(ours[inner, inner], torch.from_numpy(reference.copy())[inner, inner], rtol=0, atol=1e-5)


@methods
@given(level=st.floats(0, 1, width=32), scale=st.integers(2, 4), side=st.integers(1, 12))
def test_the_weights_of_every_pixel_sum_to_one(method, level, scale, side):
    sr = method.upscale(torch.full((1, 1, side, 13 - side), level), scale)
    torch.testing.assert_close(sr, torch.full_like(sr, level), rtol=0, atol=1e-6)


@methods
@scales
def test_an_image_does_not_depend_on_the_others_in_its_batch(method, scale):
    batch = noise(4, 3, 11, 13)
    together = method.upscale(batch, scale)
    for index, lr in enumerate(batch):
        assert method.upscale(lr[None], scale)[0].equal(together[index])


@methods
@scales
def test_a_tile_with_its_halo_equals_that_part_of_the_whole(method, scale):
    lr = noise(1, 3, 30, 34)
    whole = method.upscale(lr, scale)
    top, bottom, left, right, halo = 9, 21, 8, 25, method.halo
    tile = method.upscale(lr[..., top - halo : bottom + halo, left - halo : right + halo], scale)
    kept = tile[..., halo * scale : (halo + bottom - top) * scale, halo * scale : (halo + right - left) * scale]
    expected = whole[..., top * scale : bottom * scale, left * scale : right * scale]
    torch.testing.assert_close(kept, expected, rtol=0, atol=1e-6)


@methods
@scales
def test_no_pixel_beyond_the_halo_has_any_influence_and_the_outermost_within_it_has(method, scale):
    # The derivative of one LR pixel's block of SR pixels with respect to LR.
    lr = noise(1, 1, 21, 21).requires_grad_()
    method.upscale(lr, scale)[..., 10 * scale : 11 * scale, 10 * scale : 11 * scale].square().sum().backward()
    rows = lr.grad[0, 0].abs().sum(dim=1).nonzero().flatten()
    assert (10 - int(rows.min()), int(rows.max()) - 10) == (method.halo, method.halo)


def test_none_learns_or_depends_on_a_seed():
    for cls in METHODS.values():
        assert issubclass(cls, Interpolation)
        assert not cls.learns
        assert not cls.samples
        assert cls().parameters_count() == 0
