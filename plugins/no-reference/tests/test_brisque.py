"""BRISQUE against piq's on the same seeded regression, and what is made of LIBSVM's files."""

import importlib

import numpy as np
import pytest
import torch
from srbench_no_reference.brisque import SHORT_SIDE, Brisque, Regression
from srbench_no_reference.scene_statistics import grey_levels

import srbench
from srbench.pictures.resize import resize
from srbench.testing import check_metrics
from srbench.weights import WeightsDamaged, import_torchvision

import_torchvision()
import piq  # noqa: E402

VECTORS = 40
test_keeps_the_contract = pytest.mark.usefixtures("regression")(check_metrics("brisque"))


def files(vectors: np.ndarray, weights: np.ndarray, ranges: np.ndarray, rho: float = -153.591) -> tuple[bytes, bytes]:
    """The two files as LIBSVM writes them; what is 0 is left out."""
    head = f"svm_type epsilon_svr\nkernel_type rbf\ngamma 0.05\nnr_class 2\ntotal_sv {len(vectors)}\nrho {rho}\nSV\n"
    rows = (
        " ".join([f"{weight:.17g}", *(f"{place}:{x:.17g}" for place, x in enumerate(vector, 1) if x)])
        for weight, vector in zip(weights, vectors, strict=True)
    )
    scaled = "".join(f"{place} {low:.17g} {high:.17g}\n" for place, (low, high) in enumerate(ranges, 1))
    return (head + "".join(f"{row} \n" for row in rows)).encode(), f"x\n-1 1\n{scaled}".encode()


@pytest.fixture
def regression(put, monkeypatch) -> None:
    """A seeded regression, in the files and in piq, which reads ranges of its own."""
    module, rng = importlib.import_module("piq.brisque"), np.random.default_rng(1)
    vectors, weights = rng.uniform(-1, 1, (VECTORS, 36)).round(3), rng.uniform(-1024, 1024, VECTORS)
    vectors[3, 5] = 0
    zero, one = (module._scale_features(torch.full((1, 36), x, dtype=torch.float64))[0].numpy() for x in (0.0, 1.0))
    low = (-1 - zero) / (one - zero)
    ranges = np.stack([low, low + 2 / (one - zero)], axis=1)
    for name, content in zip(Brisque.weights, files(vectors, weights, ranges), strict=True):
        put(name, content)
    monkeypatch.setattr(
        module, "load_url", lambda *_, **__: (torch.tensor(weights)[:, None], torch.tensor(vectors).clone())
    )
    # piq halves in single precision, and rounds odd sides down where MATLAB rounds them up.
    monkeypatch.setattr(module, "imresize", lambda image, sizes: resize(image, 0.5))


@pytest.mark.parametrize(
    ("height", "width", "channels", "depth"),
    [(64, 80, 3, np.uint8), (75, 61, 3, np.uint16), (64, 97, 1, np.uint8), (33, 41, 1, np.uint16)],
)
@pytest.mark.usefixtures("regression")
def test_it_is_piq_s_number(picture, height, width, channels, depth):
    sr = picture(height, width, channels, depth)
    assert Brisque().judge(sr) == pytest.approx(float(piq.brisque(sr[None], data_range=1.0)), abs=1e-5)


def test_a_generalised_gaussian_is_found_for_what_it_is():
    from scipy.stats import gennorm, norm
    from srbench_no_reference.scene_statistics import asymmetric_shape, symmetric_shape

    places = (np.arange(200_000) + 0.5) / 200_000
    for shape in (0.7, 1.0, 2.0):
        values = gennorm.ppf(places, shape, scale=3)
        assert symmetric_shape(values) == pytest.approx((shape, gennorm.var(shape, scale=3)), rel=0.01)
    # As many values lie on a side as it is wide.
    left, right = norm.ppf(places[: len(places) // 2]), -norm.ppf(places[: len(places) // 2])
    found = asymmetric_shape(np.concatenate([np.tile(2 * left, 2), np.tile(5 * right, 5)]))
    assert found == pytest.approx((2, 2, 5), rel=0.01)


def test_where_an_image_is_flat_or_a_ramp_rounding_decides_nothing():
    from srbench_no_reference.scene_statistics import gaussian_window, normalised

    for picture_ in (np.full((40, 40), 77.0), np.add.outer(3.0 * np.arange(40), 2.0 * np.arange(40))):
        assert not normalised(picture_, gaussian_window(), "nearest")[8:-8, 8:-8].any()


@pytest.mark.usefixtures("regression")
def test_small_and_flat_images_are_skipped(picture):
    skip = Brisque().judge(picture(SHORT_SIDE - 1, 50, 3))
    assert isinstance(skip, srbench.Skip) and f"{SHORT_SIDE} pixels" in skip.reason
    assert isinstance(Brisque().judge(picture(SHORT_SIDE, SHORT_SIDE, 3)), float)
    skip = Brisque().judge(torch.full((1, 60, 60), 0.5).double())
    assert isinstance(skip, srbench.Skip) and "contrast" in skip.reason


def test_colours_become_whole_levels_and_grey_of_16_bits_stays_as_it_is(picture):
    colour, grey = picture(20, 30, 3), picture(20, 30, 1, np.uint16)
    luma = np.tensordot([0.299, 0.587, 0.114], colour.numpy() * 255, 1)
    assert np.abs(grey_levels(colour) - luma).max() <= 0.5 and (grey_levels(colour) % 1 == 0).all()
    assert np.array_equal(grey_levels(grey), grey[0].numpy() * 255)


def test_a_regression_predicts_what_libsvm_s_own_does():
    from sklearn.svm import SVR

    rng = np.random.default_rng(2)
    known, ranges = rng.uniform(-1, 1, (30, 36)), np.stack([rng.uniform(-2, 0, 36), rng.uniform(1, 2, 36)], axis=1)
    fitted = SVR(C=1024, gamma=0.05).fit(known, rng.uniform(0, 100, 30))
    ours = Regression(fitted.support_vectors_, fitted.dual_coef_[0], 0.05, -float(fitted.intercept_[0]), ranges)
    scaled = rng.uniform(-1, 1, 36)
    features = ranges[:, 0] + (scaled + 1) / 2 * np.ptp(ranges, axis=1)
    assert ours.predict(features) == pytest.approx(float(fitted.predict(scaled[None])[0]), abs=1e-6)


@pytest.mark.parametrize("name", Brisque.weights)
def test_without_a_file_it_is_skipped_with_the_command(picture, put, name):
    for other, content in zip(Brisque.weights, (b"model", b"range"), strict=True):
        if other != name:
            put(other, content)
    skip = Brisque().judge(picture(40, 40, 3))
    assert isinstance(skip, srbench.Skip) and f"`srbench fetch {name}`" in skip.reason


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda model, ranges: (b"?", ranges), "no files of BRISQUE's regression"),
        (lambda model, ranges: (model.replace(b"epsilon_svr", b"c_svc"), ranges), "no regression with a Gaussian"),
        (lambda model, ranges: (model.replace(b"5:", b"50:", 1), ranges), "no feature 50"),
        (lambda model, ranges: (model.replace(b"rho -153.591", b"rho nan"), ranges), "not finite"),
        (lambda model, ranges: (model, ranges[: len(ranges) // 2]), "no range for each of 36"),
    ],
)
def test_files_that_are_none_give_no_number(picture, put, spoil, message):
    rng = np.random.default_rng(0)
    model, ranges = files(rng.normal(size=(3, 36)), rng.normal(size=3), np.tile([0.0, 1.0], (36, 1)))
    for name, content in zip(Brisque.weights, spoil(model, ranges), strict=True):
        put(name, content)
    with pytest.raises(WeightsDamaged, match=message):
        Brisque().judge(picture(40, 40, 3))
