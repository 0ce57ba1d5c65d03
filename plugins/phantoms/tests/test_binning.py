import numpy as np
from skimage.measure import block_reduce
from srbench_phantoms.binning import Binning

from srbench import Values


def test_binning_is_the_mean_of_each_square() -> None:
    hr = np.random.default_rng(0).random((12, 18, 3), np.float32)
    lr = Binning().lr(hr, Values(0, 1), 3, np.random.default_rng(0))
    np.testing.assert_allclose(lr, block_reduce(hr.astype(float), (3, 3, 1), np.mean), rtol=1e-6)


def test_integers_are_rounded_a_half_up() -> None:
    hr = np.array([[0, 1], [1, 0], [1, 2], [1, 2], [3, 0], [0, 0]], np.uint8)[..., None]
    lr = Binning().lr(hr, Values(0, 255), 2, np.random.default_rng(0))
    assert lr[:, 0, 0].tolist() == [1, 2, 1]
