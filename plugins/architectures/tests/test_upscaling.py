"""Networks upscale pictures of any size, in grey and in colour, by every scale, on any device, whole or in tiles."""

from __future__ import annotations

import pytest
import torch
from srbench_architectures.architecture import continued
from srbench_architectures.catalogue import ARCHITECTURES
from srbench_architectures.method import Network
from tiny_networks import SCALES, TINY, scrambled, untrained

import srbench
from srbench.evaluate.tiles import Tiling, upscale_tiled
from srbench.training.start import Fit, start_from

SIZES = [(1, 1), (1, 9), (17, 2), (16, 24), (23, 19)]


@pytest.mark.parametrize(("name", "scale"), SCALES)
def test_every_scale_of_every_architecture(name: str, scale: int) -> None:
    sr = untrained(name, scale).upscale(torch.rand(1, 3, 5, 7), scale)
    assert sr.shape == (1, 3, 5 * scale, 7 * scale) and sr.isfinite().all()


@pytest.mark.parametrize("trained_on", [1, 3])
@pytest.mark.parametrize("name", TINY)
def test_any_size_in_grey_and_in_colour(name: str, trained_on: int) -> None:
    method = scrambled(name, 2, trained_on)
    for channels in (1, 3):
        for size in SIZES:
            sr = method.upscale(torch.rand(1, channels, *size), 2)
            assert sr.shape == (1, channels, 2 * size[0], 2 * size[1])
            assert sr.dtype == torch.float32 and sr.isfinite().all()


@pytest.mark.parametrize("name", TINY)
def test_lr_is_left_as_it_was_in_training_too(name: str) -> None:
    method = untrained(name)
    network = method.networks["network"].train()
    lr = torch.rand(2, method.channels, 16, 16)
    kept = lr.clone()
    for _, sr in method.architecture.learns_from(network, lr, 2, 0.5):
        assert sr.shape == (2, method.channels, 32, 32)
    assert lr.equal(kept)


def test_long_pictures_that_rgt_shrinks_often() -> None:
    method = untrained("rgt")
    for size in ((3, 260), (260, 3)):
        sr = method.upscale(torch.rand(1, 3, *size), 2)
        assert sr.shape == (1, 3, 2 * size[0], 2 * size[1]) and sr.isfinite().all()


@pytest.mark.parametrize("name", TINY)
def test_nothing_is_left_on_the_processor_when_a_network_moves(name: str) -> None:
    """On the device `meta` nothing is computed, but whatever stayed elsewhere is an error."""
    method = untrained(name)
    network = method.networks["network"].to("meta")
    lr = torch.empty(2, method.channels, 24, 16, device="meta")
    for _, sr in method.architecture.learns_from(network.train(), lr, 2, 0.5):
        assert sr.shape == (2, method.channels, 48, 32) and sr.device.type == "meta"


@pytest.mark.parametrize("name", [name for name in TINY if untrained(name).halo is not None])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_reach_is_how_far_a_network_sees_and_no_more(name: str, scale: int) -> None:
    if scale not in ARCHITECTURES[name].scales:
        assert (name, scale) == ("swiftsrgan", 3)
        return
    method = scrambled(name, scale)
    assert method.halo is not None
    middle = method.halo + 1
    lr = torch.rand(1, 3, 2 * middle + 1, 2 * middle + 1)
    lr[..., middle, middle] = torch.nan
    spoilt = method.upscale(lr, scale).isnan().any(1)[0]
    columns = spoilt.any(0).nonzero() // scale - middle
    assert max(-int(columns.min()), int(columns.max())) == method.halo


@pytest.mark.parametrize("name", ["edsr", "span", "vdsr"])
def test_tiles_with_the_halo_equal_the_whole(name: str) -> None:
    method, lr = scrambled(name), torch.rand(1, 3, 61, 58)
    assert method.halo is not None
    tiled = upscale_tiled(lambda seen: method.upscale(seen, 2), lr, 2, Tiling(3, 2, method.halo))
    torch.testing.assert_close(tiled, method.upscale(lr, 2), atol=1e-4, rtol=1e-4, check_stride=False)


@pytest.mark.parametrize("name", ["swinir", "edsr"])
def test_tile_upscales_larger_pictures_in_pieces(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    method = scrambled(name, tile=16, overlap=6)
    assert method.halo is None
    seen: list[tuple[int, ...]] = []
    whole = type(method.architecture).sr
    monkeypatch.setattr(
        type(method.architecture), "sr", lambda *given: seen.append(tuple(given[2].shape[-2:])) or whole(*given)
    )
    small = torch.rand(1, 3, 16, 12)
    sr = method.upscale(small, 2)
    assert seen == [(16, 12)] and sr.equal(whole(method.architecture, method.networks["network"], small, 2))
    seen.clear()
    lr = torch.rand(2, 1, 40, 17)
    sr = method.upscale(lr, 2)
    assert sr.shape == (2, 1, 80, 34) and len(seen) == 6
    assert max(max(size) for size in seen) <= 16 + 2 * 6
    if name == "edsr":  # which sees five pixels, and so does not tell
        torch.testing.assert_close(sr, scrambled(name).upscale(lr, 2), atol=1e-5, rtol=0, check_stride=False)


def test_pictures_are_continued_by_their_mirror_image_and_then_by_their_border() -> None:
    row = torch.tensor([[[[0.0, 1.0, 2.0]]]])
    assert continued(row, 1, 7)[0, 0, 0].tolist() == [0, 1, 2, 1, 0, 0, 0]
    assert continued(row.mT, 4, 1)[0, 0, :, 0].tolist() == [0, 1, 2, 1]
    same = continued(row, 1, 3)
    assert same.equal(row) and same.data_ptr() != row.data_ptr()


@pytest.mark.parametrize("name", TINY)
def test_scales_that_a_network_does_not_have_are_refused_with_the_reason(name: str) -> None:
    method = untrained(name)
    for scale in (1, 2, 3, 4, 5, 8):
        answer = method.supports(srbench.Problem(scale, (1, 3), ("uint8",), (1, 1), (99, 99)))
        assert (answer is None) == (scale in ARCHITECTURES[name].scales)
        if answer is not None:
            assert f"not x{scale}" in answer.reason
    with pytest.raises(srbench.SrbenchError, match="does not upscale by 5"):
        method._make(3, 5)


def started(name: str, channels: int, given: Network) -> tuple[Network, Fit]:
    """A network for so many channels that starts from another one's weights."""
    method = untrained(name, 2, channels)
    held = {"": given.networks["network"].state_dict()}
    (fit,) = start_from(method.networks, held, "it", method._for_other_channels)
    return method, fit


LINEAR = ("compact", "dctlsa", "edsr", "fdat", "moesr", "mosr", "omnisr")
"""Convolutions at both ends, with a mean colour or without one, and nothing beyond that looks at all of a picture."""


@pytest.mark.parametrize("name", TINY)
def test_weights_for_colour_start_a_network_for_grey(name: str) -> None:
    colour = scrambled(name, 2, 3)
    grey, fit = started(name, 1, colour)
    assert (fit.fitted, fit.anew) == (fit.total, ())
    lr = torch.rand(1, 1, 32, 32)
    inner = (..., slice(12, -12), slice(12, -12))  # beside the borders, where convolutions see zeros
    if name in LINEAR:
        torch.testing.assert_close(grey.upscale(lr, 2)[inner], colour.upscale(lr, 2)[inner], rtol=1e-4, atol=1e-5)
        again, _ = started(name, 3, grey)
        torch.testing.assert_close(again.upscale(lr, 2)[inner], grey.upscale(lr, 2)[inner], rtol=1e-4, atol=1e-5)
    seen = grey.upscale(lr, 2) - untrained(name, 2, 1, seed=1).upscale(lr, 2)
    error = grey.upscale(lr, 2) - colour.upscale(lr, 2)
    assert error[inner].square().mean() < seen[inner].square().mean(), "nearer than a network of other weights"


@pytest.mark.parametrize(("name", "anew"), [("swinir", "upsample"), ("edsr", "tail"), ("rcan", "tail")])
def test_at_another_scale_all_but_the_upsampler_is_taken(name: str, anew: str) -> None:
    method = untrained(name, 3)
    held = {"": scrambled(name, 2).networks["network"].state_dict()}
    (fit,) = start_from(method.networks, held, "it", method._for_other_channels)
    assert fit.anew and all(part.startswith(anew) for part in fit.anew)
