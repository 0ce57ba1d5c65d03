"""What happens to pictures between a camera and the web, at random: the second-order degradation of Real-ESRGAN.

Wang, Xie, Dong, Shan, "Real-ESRGAN: training real-world blind super-resolution with pure synthetic data", 2021
(arXiv 2107.10833). Written from that description, with its ranges, and those of the authors' published settings where
it names none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from srbench import Degradation, Image, Scale, Values
from srbench.pictures import LUMA, reduced

from .jpeg import compressed
from .kernels import gaussian, low_pass, plateau
from .pixels import Array, as_picture, blurred

_SIZES = range(7, 22, 2)
"""Sides of kernels."""
_SINC = 0.1
"""The share of kernels that are low-passes."""
_SHAPES = {"gaussian": (1.0, 1.0), "generalised": (0.5, 4.0), "plateau": (1.0, 2.0)}
_KERNELS = {
    ("gaussian", "round"): 0.45,
    ("gaussian", "long"): 0.25,
    ("generalised", "round"): 0.12,
    ("generalised", "long"): 0.03,
    ("plateau", "round"): 0.12,
    ("plateau", "long"): 0.03,
}
_GREY_NOISE = 0.4
_LEVELS = 256
"""Photons that white stands for, where Poisson noise has the strength 1."""
_QUALITY = (30, 95)
_SECOND_BLUR, _FINAL_SINC = 0.8, 0.8


@dataclass(frozen=True)
class Order:
    """Ranges of one of the two rounds.

    widths: of kernels, in pixels. resize: factors. larger, smaller: how often pictures become so. gaussian: standard
    deviations in levels of 255. poisson: strengths.
    """

    widths: tuple[float, float]
    resize: tuple[float, float]
    larger: float
    smaller: float
    gaussian: tuple[float, float]
    poisson: tuple[float, float]


FIRST = Order((0.2, 3.0), (0.15, 1.5), 0.2, 0.7, (1.0, 30.0), (0.05, 3.0))
SECOND = Order((0.2, 1.5), (0.3, 1.2), 0.3, 0.4, (1.0, 25.0), (0.05, 2.5))


@dataclass(frozen=True)
class RealWorld(Degradation):
    """Blur, a random size, noise and JPEG, and all that once more, ending at HR / scale.

    Everything is drawn anew for each picture, from the ranges of the paper, and for all of the picture alike.
    """

    name: ClassVar[str] = "real-world"

    @property
    def draws(self) -> bool:
        """True: everything."""
        return True

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """HR after its way through the world."""
        height, width = (reduced(side, scale) for side in hr.shape[:2])
        picture = blurred(values.to_unit(hr), kernel(rng, FIRST))
        picture = _resized(picture, hr.shape[0], hr.shape[1], size_factor(rng, FIRST), rng)
        picture = compressed(noisy(picture, rng, FIRST), _quality(rng))
        if rng.random() < _SECOND_BLUR:
            picture = blurred(picture, kernel(rng, SECOND))
        picture = noisy(_resized(picture, height, width, size_factor(rng, SECOND), rng), rng, SECOND)
        # Resizing and the low-pass come before the last JPEG, or after it.
        if rng.random() < 0.5:
            picture = compressed(_finished(picture, height, width, rng), _quality(rng))
        else:
            picture = _finished(compressed(picture, _quality(rng)), height, width, rng)
        return as_picture(values.from_unit(picture), hr, values)


def kernel(rng: np.random.Generator, order: Order) -> Array:
    """A kernel of blur, drawn."""
    size = int(rng.choice(_SIZES))
    if rng.random() < _SINC:
        return low_pass(size, rng.uniform(np.pi / 3 if size < 13 else np.pi / 5, np.pi))
    kinds = list(_KERNELS)
    kind, form = kinds[int(rng.choice(len(kinds), p=list(_KERNELS.values())))]
    width = rng.uniform(*order.widths)
    other, angle = (width, 0.0) if form == "round" else (rng.uniform(*order.widths), rng.uniform(-np.pi, np.pi))
    shape = rng.uniform(*_SHAPES[kind])
    return (plateau if kind == "plateau" else gaussian)(size, (width, other), angle, shape)


def size_factor(rng: np.random.Generator, order: Order) -> float:
    """How much larger or smaller a picture becomes, drawn."""
    chance = rng.random()
    if chance < order.larger:
        return float(rng.uniform(1, order.resize[1]))
    return float(rng.uniform(order.resize[0], 1)) if chance < order.larger + order.smaller else 1.0


def _resized(picture: Array, height: int, width: int, factor: float, rng: np.random.Generator) -> Array:
    """To `factor` times a size, by area, bilinear or bicubic interpolation without antialiasing."""
    import torch
    from torch.nn.functional import interpolate

    size = [max(1, round(side * factor)) for side in (height, width)]
    mode = ("area", "bilinear", "bicubic")[int(rng.integers(3))]
    planes = torch.from_numpy(picture).permute(2, 0, 1)[None]
    resized: Array = interpolate(planes, size, mode=mode)[0].permute(1, 2, 0).numpy()
    return resized


def noisy(picture: Array, rng: np.random.Generator, order: Order) -> Array:
    """A picture `(H, W, C)` of [0, 1] with Gaussian or Poisson noise, its own in every channel or grey."""
    picture = picture.clip(0, 1)
    grey = rng.random() < _GREY_NOISE
    seen = picture @ np.array(LUMA)[:, None] if grey and picture.shape[2] == 3 else picture
    if rng.random() < 0.5:
        noise = rng.uniform(*order.gaussian) / 255 * rng.standard_normal(seen.shape)
    else:
        noise = rng.uniform(*order.poisson) * (rng.poisson(_LEVELS * seen) / _LEVELS - seen)
    clipped: Array = (picture + noise).clip(0, 1)
    return clipped


def _finished(picture: Array, height: int, width: int, rng: np.random.Generator) -> Array:
    """At LR's size, most often with the ringing of a sharpening filter."""
    picture = _resized(picture, height, width, 1.0, rng)
    if rng.random() < _FINAL_SINC:
        picture = blurred(picture, low_pass(int(rng.choice(_SIZES)), rng.uniform(np.pi / 3, np.pi)))
    return picture


def _quality(rng: np.random.Generator) -> int:
    return int(rng.integers(_QUALITY[0], _QUALITY[1], endpoint=True))
