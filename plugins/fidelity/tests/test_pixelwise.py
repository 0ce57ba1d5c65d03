"""PSNR, RMSE and MAE against basicsr, scikit-image and closed forms."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr
from skimage.metrics import mean_squared_error, normalized_root_mse, peak_signal_noise_ratio
from srbench_fidelity.pixelwise import LargestError, LrConsistency, Mae, Nrmse, Psnr, Rmse, ScaleInvariantPsnr

import srbench
from srbench.contract.protocol import Protocol
from srbench.evaluate.score import score_split
from srbench.evaluate.tiles import PeakBytes
from srbench.pictures import suffix_for

SIZES = [(37, 53), (64, 41), (101, 96)]


def pair(shape: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A uint8 picture and a noisy copy."""
    rng = np.random.default_rng(seed)
    hr = rng.integers(0, 256, shape, dtype=np.uint8)
    sr = (hr + rng.normal(0, 12, shape)).round().clip(0, 255).astype(np.uint8)
    return sr, hr


def tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image / 255.0).permute(2, 0, 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("border", [0, 1, 4])
@pytest.mark.parametrize(("channels", "channel"), [(1, "rgb"), (1, "y"), (3, "rgb"), (3, "y")])
def test_psnr_of_what_a_protocol_scores_is_that_of_basicsr(size, border, channels, channel, basicsr):
    sr, hr = pair((*size, channels))
    protocol = Protocol("p", 1, channel, border=border)
    reference = basicsr.metrics.calculate_psnr(
        sr[..., ::-1], hr[..., ::-1], crop_border=border, test_y_channel=channel == "y" and channels == 3
    )
    ours = Psnr().score(protocol.scored(sr, srbench.Values(0, 255)), protocol.scored(hr, srbench.Values(0, 255)))
    assert ours == pytest.approx(float(reference), abs=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixelwise_metrics_are_those_of_scikit_image_and_numpy(channels):
    sr, hr = (image / 255.0 for image in pair((45, 31, channels)))
    tensors = tuple(torch.from_numpy(image).permute(2, 0, 1) for image in (sr, hr))
    assert Psnr().score(*tensors) == pytest.approx(peak_signal_noise_ratio(hr, sr, data_range=1.0), abs=1e-9)
    assert Rmse().score(*tensors) == pytest.approx(math.sqrt(mean_squared_error(hr, sr)), rel=1e-12)
    assert Mae().score(*tensors) == pytest.approx(np.abs(hr - sr).mean(), rel=1e-12)


def test_a_16_bit_image_keeps_its_depth():
    # One level of 65535 everywhere: 20 log10(65535) dB. Narrowed to 8 bits the two would be equal.
    hr = np.full((20, 20, 1), 40000, dtype=np.uint16)
    protocol = Protocol("p", 1)
    scored = protocol.scored(hr + np.uint16(1), srbench.Values.of(hr)), protocol.scored(hr, srbench.Values.of(hr))
    assert Psnr().score(*scored) == pytest.approx(20 * math.log10(65535), abs=1e-9)


def test_a_12_bit_sensor_is_measured_against_its_own_white():
    hr = np.full((20, 20, 1), 1000, dtype=np.uint16)
    protocol = Protocol("p", 1)
    twelve_bits = srbench.Values(0, 4095)
    scored = protocol.scored(hr + np.uint16(41), twelve_bits), protocol.scored(hr, twelve_bits)
    assert Psnr().score(*scored) == pytest.approx(20 * math.log10(4095 / 41), abs=1e-9)


def test_differences_of_uint8_do_not_wrap_around():
    black, white = np.zeros((12, 12, 3), np.uint8), np.full((12, 12, 3), 255, np.uint8)
    protocol = Protocol("p", 1)
    for sr, hr in ((black, white), (white, black)):
        scored = protocol.scored(sr, srbench.Values(0, 255)), protocol.scored(hr, srbench.Values(0, 255))
        assert Psnr().score(*scored) == 0.0
        assert Rmse().score(*scored) == 1.0
        assert Mae().score(*scored) == 1.0


def test_psnr_of_black_against_white_is_zero_without_a_sign():
    black = torch.zeros(1, 4, 5, dtype=torch.float64)
    assert str(Psnr().score(black, black + 1)) == "0.0"


def test_equal_images_have_infinite_psnr_and_no_error():
    image = tensor(pair((13, 9, 3))[0])
    assert Psnr().score(image, image.clone()) == math.inf
    assert Rmse().score(image, image.clone()) == 0.0
    assert Mae().score(image, image.clone()) == 0.0


def test_the_error_is_that_of_every_channel():
    # Only the last channel differs: a metric of the first channel alone would see two equal images.
    hr = torch.full((3, 8, 8), 0.5, dtype=torch.float64)
    sr = hr.clone()
    sr[2] += 0.3
    assert Mae().score(sr, hr) == pytest.approx(0.1)
    assert Psnr().score(sr, hr) == pytest.approx(-10 * math.log10(0.09 / 3))


@given(offset=st.floats(1e-6, 0.5), level=st.floats(0, 0.5), channels=st.sampled_from([1, 3]))
def test_a_constant_offset_has_a_closed_form(offset, level, channels):
    hr = torch.full((channels, 5, 7), level, dtype=torch.float64)
    sr = hr + offset
    assert Rmse().score(sr, hr) == pytest.approx(offset, rel=1e-6)
    assert Mae().score(sr, hr) == pytest.approx(offset, rel=1e-6)
    assert Psnr().score(sr, hr) == pytest.approx(-20 * math.log10(offset), abs=1e-4)


@given(seed=st.integers(0, 2**32 - 1))
def test_rmse_is_never_below_mae_and_the_order_of_the_images_does_not_matter(seed):
    generator = torch.Generator().manual_seed(seed)
    sr, hr = torch.rand((2, 3, 6, 5), generator=generator, dtype=torch.float64)
    assert Rmse().score(sr, hr) >= Mae().score(sr, hr)
    for metric in (Psnr(), Rmse(), Mae()):
        assert metric.score(sr, hr) == metric.score(hr, sr)


@pytest.mark.parametrize("metric", [Psnr(), Rmse(), Mae()])
def test_images_of_different_shapes_are_refused(metric):
    grey, colour = torch.zeros(1, 8, 8).double(), torch.zeros(3, 8, 8).double()
    with pytest.raises(ValueError, match=r"\(1, 8, 8\).*\(3, 8, 8\)"):
        metric.score(grey, colour)


def consistency(item: srbench.Item, sr: np.ndarray, protocol: Protocol, folder: Path) -> tuple[float | None, int]:
    """What a record holds of one image whose SR is `sr`: the mean, and how many scores are infinite."""
    name = f"sr{suffix_for(sr)}"
    srbench.write_image(folder / name, sr)
    column = score_split("key", LrConsistency(), [item], protocol, folder, {item.id: name})
    result = column.result()
    assert result.status == "ok", result.reason
    return result.value, result.infinite


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lr_consistency_is_the_psnr_of_what_matlab_would_shrink(channels, dtype, tmp_path, basicsr):
    imresize = basicsr.utils.matlab_functions.imresize
    white = np.iinfo(dtype).max
    rng = np.random.default_rng(0)
    hr = (rng.random((41, 64, channels)) * white).round().astype(dtype)
    sr = (hr[:39, :63] * 0.4 + rng.random((39, 63, channels)) * white * 0.3).round().astype(dtype)
    protocol = Protocol("p", 3, "rgb", border=3)

    def shrunk_rows(image):
        # MATLAB rounds after the rows and after the columns. What repeats itself along its columns does not change
        # when they are shrunk: so of each column made wide only the rows are.
        columns = [imresize(np.repeat(image[:, [place]], 12, 1) / white, 1 / 3) for place in range(image.shape[1])]
        return np.round(np.stack([column[:, 1] for column in columns], 1).astype(float).clip(0, 1) * white)

    shrunk, lr = (shrunk_rows(shrunk_rows(image[:39, :63]).swapaxes(0, 1)).swapaxes(0, 1) for image in (sr, hr))
    expected = peak_signal_noise_ratio(lr, shrunk, data_range=white)
    value, _ = consistency(srbench.Item("a", hr), sr, protocol, tmp_path)
    assert value == pytest.approx(expected, abs=1e-5)


def test_hr_is_consistent_with_the_lr_made_of_it_and_a_shift_of_one_pixel_is_not(tmp_path):
    hr = (np.random.default_rng(0).random((41, 64, 3)) * 255).astype(np.uint8)
    protocol = Protocol("p", 4, "y", border=4)
    assert consistency(srbench.Item("a", hr), hr[:40], protocol, tmp_path) == (None, 1)
    value, infinite = consistency(srbench.Item("a", hr), np.roll(hr[:40], 1, axis=0), protocol, tmp_path)
    assert infinite == 0
    assert value is not None
    assert value < 45


def test_lr_consistency_is_with_the_lr_that_was_shipped(tmp_path):
    hr = np.full((12, 12, 1), 100, np.uint8)
    shipped = np.full((6, 6, 1), 110, np.uint8)
    item = srbench.Item("a", hr, {("bicubic", 2): shipped})
    value, _ = consistency(item, hr, Protocol("p", 2), tmp_path)
    assert value == pytest.approx(20 * math.log10(255 / 10), abs=1e-9)


@pytest.mark.parametrize("metric", [Psnr, Rmse, Mae])
def test_a_large_picture_is_compared_in_parts_that_leave_nothing_out(metric):
    hr = torch.zeros(1, 3000, 3000, dtype=torch.float64)
    sr = hr.clone()
    sr.view(-1)[::1000] = 0.5
    expected = {Psnr: -10 * math.log10(0.25e-3), Rmse: math.sqrt(0.25e-3), Mae: 0.5e-3}[metric]
    with PeakBytes() as peak:
        assert metric().score(sr, hr) == pytest.approx(expected, rel=1e-12)
    assert peak.bytes < 2.5 * hr.nbytes  # SR and HR themselves, and little more


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("normalisation", "theirs"), [("euclidean",) * 2, ("range", "min-max"), ("mean",) * 2])
def test_nrmse_is_that_of_scikit_image_by_each_size_of_hr(channels, normalisation, theirs):
    sr, hr = (image / 255.0 for image in pair((37, 53, channels)))
    expected = normalized_root_mse(hr, sr, normalization=theirs)
    ours = Nrmse(normalisation).score(*(torch.from_numpy(image).permute(2, 0, 1) for image in (sr, hr)))
    assert ours == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("normalisation", ["euclidean", "range", "mean"])
def test_an_hr_without_a_size_has_no_nrmse(normalisation):
    black = torch.zeros(1, 4, 5, dtype=torch.float64)
    assert "nothing to divide" in Nrmse(normalisation).score(black + 0.1, black).reason


def test_the_largest_error_is_of_one_pixel_wherever_it_is():
    hr = torch.full((3, 600, 700), 0.5, dtype=torch.float64)  # more than are looked at together
    for place in ((0, 0, 0), (2, 599, 699), (1, 300, 20)):
        sr = hr.clone()
        sr[place] += 0.25
        assert LargestError().score(sr, hr) == 0.25


@given(gain=st.floats(0.05, 1.0), offset=st.floats(0.0, 0.5))
def test_si_psnr_heeds_no_gain_and_no_offset_and_is_never_under_psnr(gain, offset):
    sr, hr = (tensor(image) for image in pair((15, 22, 3)))
    metric = ScaleInvariantPsnr()
    assert metric.score(gain * sr + offset, hr) == pytest.approx(metric.score(sr, hr), abs=1e-6)
    assert metric.score(sr, hr) >= ScaleInvariantPsnr(offset=False).score(sr, hr) >= Psnr().score(sr, hr)
    # The variance that a line does not explain is that of HR times 1 - r^2.
    unexplained = float(hr.var(correction=0)) * (1 - pearsonr(sr.flatten(), hr.flatten()).statistic ** 2)
    assert metric.score(sr, hr) == pytest.approx(-10 * math.log10(unexplained), abs=1e-8)


def test_without_an_offset_black_stays_black():
    hr = tensor(pair((15, 22, 1))[0])
    assert ScaleInvariantPsnr(offset=False).score(0.3 * hr, hr) == math.inf
    assert ScaleInvariantPsnr(offset=False).score(0.3 * hr + 0.2, hr) < 30
    assert ScaleInvariantPsnr().score(torch.zeros_like(hr), hr) == pytest.approx(
        -10 * math.log10(hr.var(correction=0)), abs=1e-9
    )
