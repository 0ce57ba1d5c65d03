"""NIQE against basicsr's function in double precision, with the parameters of basicsr's own file."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from srbench_no_reference.niqe import BLOCK, Niqe

import srbench
from srbench.pictures.resize import resize
from srbench.testing import check_metrics
from srbench.weights import WeightsDamaged

test_keeps_the_contract = pytest.mark.usefixtures("niqe")(check_metrics("niqe"))


@pytest.fixture
def niqe(basicsr: ModuleType, put) -> ModuleType:
    """basicsr's module, its file as the weights; it halves images in double precision, as MATLAB does."""
    import importlib

    module = importlib.import_module("basicsr.metrics.niqe")
    put("niqe", Path(module.__file__).with_name("niqe_pris_params.npz").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "imresize", lambda image, scale, antialiasing: resize(torch.tensor(image), scale).numpy())
        yield module


def expected(module: ModuleType, sr: torch.Tensor) -> float:
    held = np.load(Path(module.__file__).with_name("niqe_pris_params.npz"))
    levels = sr.numpy() * 255
    if len(levels) == 3:
        levels = np.tensordot([65.481 / 255, 128.553 / 255, 24.966 / 255], levels, 1)[None] + 16
    parameters = (held[name] for name in ("mu_pris_param", "cov_pris_param", "gaussian_window"))
    return module.niqe(np.floor(levels[0] + 0.5), *parameters)


@pytest.mark.parametrize(
    ("height", "width", "channels", "depth"),
    [(192, 192, 3, np.uint8), (201, 307, 3, np.uint16), (96, 200, 1, np.uint8), (193, 191, 1, np.uint16)],
)
def test_it_is_basicsr_s_number(picture, niqe, height, width, channels, depth):
    sr = picture(height, width, channels, depth)
    assert Niqe().judge(sr) == pytest.approx(expected(niqe, sr), abs=1e-5)


def test_it_is_the_number_that_basicsr_prints_for_a_photograph(niqe, basicsr):
    from skimage.data import coffee

    image = coffee()[:300, :400]
    printed = niqe.calculate_niqe(image[..., ::-1], 0)  # in single precision, its channels in the order of OpenCV
    sr = torch.from_numpy(image / 255.0).permute(2, 0, 1)
    assert Niqe().judge(sr) == pytest.approx(printed, abs=0.01)


@pytest.mark.parametrize("distortion", ["blur", "noise"])
def test_stronger_distortions_are_worse(niqe, distortion):
    from scipy.ndimage import gaussian_filter
    from skimage.data import camera

    image = camera()[:288, :288] / 255.0
    rng = np.random.default_rng(0)
    scores = []
    for strength in (0, 1, 2, 4):
        noise = rng.normal(0, 0.05 * strength, image.shape)
        worse = gaussian_filter(image, strength) if distortion == "blur" else image + noise
        scores.append(Niqe().judge(torch.from_numpy(np.round(worse.clip(0, 1) * 255) / 255)[None]))
    assert scores == sorted(scores) and scores[0] < scores[-1]
    assert not Niqe.higher_is_better


@pytest.mark.parametrize(("height", "width"), [(95, 400), (191, 191), (1, 1)])
def test_it_needs_two_whole_blocks(niqe, height, width):
    skip = Niqe().judge(torch.rand(3, height, width).double())
    assert isinstance(skip, srbench.Skip)
    assert f"2 blocks of {BLOCK} pixels; this image has {width} x {height}" in skip.reason


def test_flat_images_are_skipped(niqe):
    skip = Niqe().judge(torch.full((3, 192, 192), 0.5).double())
    assert isinstance(skip, srbench.Skip) and "not flat" in skip.reason


def test_without_its_parameters_it_is_skipped_with_the_command(picture, put):
    skip = Niqe().judge(picture(192, 192, 3))
    assert isinstance(skip, srbench.Skip) and "`srbench fetch niqe`" in skip.reason


@pytest.mark.parametrize("content", [b"?", b"no archive"])
def test_a_file_that_holds_none_gives_no_number(picture, put, content):
    put("niqe", content)
    with pytest.raises(WeightsDamaged, match="no file of NIQE's parameters"):
        Niqe().judge(picture(192, 192, 3))
