"""Y in training: against scikit-image's YCbCr, there and back."""

from __future__ import annotations

import numpy as np
import torch
from skimage.color import rgb2ycbcr

from srbench.contract.protocol import Protocol
from srbench.pictures import DEPTHS
from srbench.training.data.colour import luma, with_luma

RGB = torch.rand(2, 3, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def ycbcr(rgb: torch.Tensor) -> np.ndarray:
    return np.asarray(rgb2ycbcr(rgb.permute(0, 2, 3, 1).numpy())) / 255


def test_y_is_that_of_scikit_image_and_of_the_protocols() -> None:
    np.testing.assert_allclose(luma(RGB)[:, 0].numpy(), ycbcr(RGB)[..., 0], rtol=1e-6)
    image = (RGB[0].permute(1, 2, 0).numpy()).astype(np.float32)
    scored = Protocol("y", 1, "y").in_channel(image, DEPTHS["float32"])
    np.testing.assert_allclose(luma(torch.from_numpy(image).permute(2, 0, 1)).numpy(), scored.numpy(), rtol=1e-6)


def test_black_and_white_are_16_and_235_of_255() -> None:
    ends = torch.stack([torch.zeros(3, 1, 1), torch.ones(3, 1, 1)])
    np.testing.assert_allclose(luma(ends).ravel().numpy() * 255, [16, 235], rtol=1e-6)


def test_only_y_changes_when_it_is_replaced() -> None:
    y = torch.rand(2, 1, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    changed = with_luma(RGB, y)
    np.testing.assert_allclose(luma(changed).numpy(), y.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ycbcr(changed)[..., 1:], ycbcr(RGB)[..., 1:], atol=1e-6)
    np.testing.assert_allclose(with_luma(RGB, luma(RGB)).numpy(), RGB.numpy(), rtol=1e-12)
