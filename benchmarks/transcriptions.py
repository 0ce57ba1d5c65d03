"""Metrics written out from their papers with NumPy and SciPy, for comparison: slow, plain, one image pair at a time.

All take SR and HR as float64 `(H, W, C)` in [0, 1].
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import correlate
from scipy.signal import convolve2d, get_window
from scipy.special import expit, logit

Plane = npt.NDArray[np.float64]

YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
LMN = np.array([[0.06, 0.63, 0.27], [0.30, 0.04, -0.35], [0.34, -0.60, 0.17]])
SCHARR = np.array([[3, 0, -3], [10, 0, -10], [3, 0, -3]]) / 16
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def likeness(one: Plane, other: Plane, constant: float) -> Plane:
    """The similarity that FSIM, VSI and HaarPSI are made of."""
    return (2 * one * other + constant) / (one**2 + other**2 + constant)


def conv2(plane: Plane, kernel: Plane) -> Plane:
    """MATLAB's conv2(plane, kernel, 'same'): for even kernels its middle is another than SciPy's."""
    full = convolve2d(plane, kernel)
    top, left = (side // 2 for side in kernel.shape)
    return full[top : top + plane.shape[0], left : left + plane.shape[1]]


def gradient(plane: Plane) -> Plane:
    return np.hypot(conv2(plane, SCHARR), conv2(plane, SCHARR.T))


def gmsd(sr: Plane, hr: Plane) -> float:
    """Xue, Zhang, Mou and Bovik 2014; of colour, the mean over channels."""
    mean, prewitt = np.full((2, 2), 0.25), np.array([[1, 0, -1]] * 3) / 3
    scores = []
    for channel in range(hr.shape[2]):
        halves = [conv2(255 * image[..., channel], mean)[::2, ::2] for image in (sr, hr)]
        edges = [np.hypot(conv2(half, prewitt), conv2(half, prewitt.T)) for half in halves]
        scores.append(likeness(edges[0], edges[1], 170).std(ddof=1))
    return float(np.mean(scores))


def spectrum(sr: Plane, hr: Plane) -> float:
    """The log-spectral distance of radially averaged power spectra, as docs/scoring.md defines it."""
    height, width = hr.shape[:2]
    window = np.outer(get_window("hann", height), get_window("hann", width))
    short = min(height, width)
    radius = short * np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    ring = np.ceil(radius - 0.5 - 1e-9)
    scores = []
    for channel in range(hr.shape[2]):
        powers = []
        for image in (sr[..., channel], hr[..., channel]):
            seen = (image - np.average(image, weights=window)) * window
            power = np.abs(np.fft.fft2(seen)) ** 2 / (window**2).sum()
            powers.append(np.array([power[ring == number].mean() for number in range(1, short // 2 + 1)]).clip(1e-12))
        scores.append(math.sqrt(np.mean((10 * np.log10(powers[0] / powers[1])) ** 2)))
    return float(np.mean(scores))


def frequencies(side: int) -> Plane:
    """Of a centred spectrum, as Kovesi's code has them: odd sides are divided by one less."""
    if side % 2:
        return np.arange(-(side - 1) / 2, (side - 1) / 2 + 1) / (side - 1)
    return np.arange(-side / 2, side / 2) / side


def phase_congruency(plane: Plane) -> Plane:
    """Kovesi's phase congruency of four scales and four orientations, with the parameters of FSIM."""
    rows, columns = np.meshgrid(*map(frequencies, plane.shape), indexing="ij")
    # FSIM's grid runs down the rows where Kovesi's runs along the columns.
    radius = np.fft.ifftshift(np.hypot(rows, columns))
    angle = np.fft.ifftshift(np.arctan2(-columns, rows))
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1
    radial = []
    for scale in range(4):
        band = np.exp(-(np.log(radius * 6 * 2**scale) ** 2) / (2 * math.log(0.55) ** 2)) * low_pass
        band[0, 0] = 0
        radial.append(band)
    spectrum = np.fft.fft2(plane)
    energies, amplitudes = np.zeros(plane.shape), np.zeros(plane.shape)
    for orientation in range(4):
        apart = np.angle(np.exp(1j * (angle - orientation * math.pi / 4)))
        angular = np.exp(-(apart**2) / (2 * (math.pi / 4 / 1.2) ** 2))
        filters = [band * angular for band in radial]
        responses = [np.fft.ifft2(spectrum * one) for one in filters]
        total = sum(responses)
        direction = total / (np.abs(total) + np.finfo(float).eps)
        turned = [response * direction.conj() for response in responses]
        energy = sum(one.real - np.abs(one.imag) for one in turned)
        noise = np.median(np.abs(responses[0]) ** 2) / math.log(2) / (filters[0] ** 2).sum()
        kernels = [np.fft.ifft2(one).real * math.sqrt(plane.size) for one in filters]
        power = sum((one**2).sum() for one in kernels)
        cross = sum((one * other).sum() for one, other in itertools.combinations(kernels, 2))
        tau = math.sqrt(noise * power + 2 * noise * cross)
        threshold = tau * (math.sqrt(math.pi / 2) + 2 * math.sqrt(2 - math.pi / 2)) / 1.7
        energies += np.maximum(energy - threshold, 0)
        amplitudes += sum(map(np.abs, responses))
    eps = np.finfo(float).eps
    return (energies + eps) / (amplitudes + eps)


def fsim(sr: Plane, hr: Plane) -> float:
    """Zhang, Zhang, Mou and Zhang 2011: FSIM of grey images, FSIMc of colour images."""
    factor = max(1, math.floor(min(hr.shape[:2]) / 256 + 0.5))
    box = np.full((factor, factor), factor**-2.0)
    made, wanted = (
        [conv2(255 * image[..., c], box)[::factor, ::factor] for c in range(image.shape[2])] for image in (sr, hr)
    )
    if len(made) == 3:
        made, wanted = (list(np.tensordot(YIQ, np.stack(image), 1)) for image in (made, wanted))
    one, other = phase_congruency(made[0]), phase_congruency(wanted[0])
    weight = np.maximum(one, other)
    local = likeness(one, other, 0.85) * likeness(gradient(made[0]), gradient(wanted[0]), 160)
    if len(made) == 3:
        local = local * np.abs(likeness(made[1], wanted[1], 200) * likeness(made[2], wanted[2], 200)) ** 0.03
    return float((local * weight).sum() / weight.sum())


def haarpsi(sr: Plane, hr: Plane) -> float:
    """Reisenhofer, Bosse, Kutyniok and Wiegand 2018."""
    mean = np.full((2, 2), 0.25)
    channels = [np.tensordot(255 * image, YIQ, (2, 1)) if image.shape[2] == 3 else 255 * image for image in (sr, hr)]
    planes = [[conv2(image[..., c], mean)[::2, ::2] for c in range(image.shape[2])] for image in channels]
    similarities, weights = [], []
    for turned in (False, True):
        found = []
        for image in planes:
            responses = []
            for scale in (1, 2, 3):
                kernel = np.full((2**scale, 2**scale), 2.0**-scale)
                kernel[: 2 ** (scale - 1)] *= -1
                responses.append(np.abs(conv2(image[0], kernel.T if turned else kernel)))
            found.append(responses)
        one, other = found
        similarities.append((likeness(one[0], other[0], 30) + likeness(one[1], other[1], 30)) / 2)
        weights.append(np.maximum(one[2], other[2]))
    if len(planes[0]) == 3:
        chroma = [[np.abs(conv2(image[c], mean)) for c in (1, 2)] for image in planes]
        first, second = (likeness(one, other, 30) for one, other in zip(*chroma, strict=True))
        similarities.append((first + second) / 2)
        weights.append((weights[0] + weights[1]) / 2)
    local, weight = np.stack(similarities), np.stack(weights)
    return float((logit((expit(4.2 * local) * weight).sum() / weight.sum()) / 4.2) ** 2)


def stretched(plane: Plane, height: int, width: int, corners: bool) -> Plane:
    """Bilinear interpolation; corners: the outermost pixels stay where they are, or else the outer edges do."""
    for axis, side in enumerate((height, width)):
        old = plane.shape[axis]
        places = np.arange(side) * (old - 1) / (side - 1) if corners else (np.arange(side) + 0.5) * old / side - 0.5
        places = places.clip(0, old - 1)
        before = np.floor(places).astype(int).clip(0, max(0, old - 2))
        share = (places - before).reshape((-1, 1) if axis == 0 else (1, -1))
        after = np.minimum(before + 1, old - 1)
        plane = (1 - share) * plane.take(before, axis) + share * plane.take(after, axis)
    return plane


def saliency(rgb: Plane) -> Plane:
    """SDSP (Zhang, Gu and Li 2013) with VSI's parameters, of `(H, W, 3)` in [0, 1]."""
    small = np.stack([stretched(rgb[..., c], 256, 256, False) for c in range(3)], axis=-1)
    linear = np.where(small <= 0.04045, small / 12.92, ((small + 0.055) / 1.055) ** 2.4)
    xyz = linear @ SRGB_TO_XYZ.T / (0.9642119944211994, 1, 0.8251882845188288)
    curved = np.where(xyz > 0.008856, np.cbrt(xyz), (903.3 * xyz + 16) / 116)
    lab = [
        116 * curved[..., 1] - 16,
        500 * (curved[..., 0] - curved[..., 1]),
        200 * (curved[..., 1] - curved[..., 2]),
    ]
    rows, columns = np.meshgrid(frequencies(256), frequencies(256), indexing="ij")
    radius = np.fft.ifftshift(np.hypot(rows, columns))
    band = np.zeros_like(radius)
    within = (radius > 0) & (radius <= 0.5)
    band[within] = np.exp(-(np.log(radius[within] / 0.021) ** 2) / (2 * 1.34**2))
    frequency = np.sqrt(sum(np.fft.ifft2(np.fft.fft2(one) * band).real ** 2 for one in lab))
    centre = np.exp(-((256 * rows + 1) ** 2 + (256 * columns + 1) ** 2) / 145**2)
    warmth = sum(((one - one.min()) / (np.ptp(one) + np.finfo(float).eps)) ** 2 for one in lab[1:])
    height, width = rgb.shape[:2]
    whole = stretched(frequency * centre * (1 - np.exp(-warmth / 0.001**2)), height, width, True)
    return (whole - whole.min()) / (np.ptp(whole) + np.finfo(float).eps)


def vsi(sr: Plane, hr: Plane) -> float:
    """Zhang, Shen and Li 2014, of images whose short side is under 384 pixels, saliency resized as piq does."""
    one, other = (np.broadcast_to(image, (*image.shape[:2], 3)) for image in (sr, hr))
    seen = saliency(one), saliency(other)
    made, wanted = (np.tensordot(LMN, 255 * image, (1, 2)) for image in (one, other))
    chroma = likeness(made[1], wanted[1], 130) * likeness(made[2], wanted[2], 130)
    local = likeness(*seen, 1.27) * likeness(gradient(made[0]), gradient(wanted[0]), 386) ** 0.4
    local = local * (chroma.astype(complex) ** 0.02).real
    weight = np.maximum(*seen)
    return float((local * weight).sum() / weight.sum())


def flip(sr: Plane, hr: Plane, pixels_per_degree: float = 67.0) -> float:
    """LDR-FLIP (Andersson et al. 2020)."""
    return float(flip_map(sr, hr, pixels_per_degree).mean())


_FLIP_XYZ = np.array(
    [
        [10135552 / 24577794, 8788810 / 24577794, 4435075 / 24577794],
        [2613072 / 12288897, 8788810 / 12288897, 887015 / 12288897],
        [1425312 / 73733382, 8788810 / 73733382, 70074185 / 73733382],
    ]
)
_BLACK = np.array([16, 0, 0])
_OPPONENT = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]])


def flip_map(sr: Plane, hr: Plane, pixels_per_degree: float) -> Plane:
    """FLIP of each pixel, `(H, W)`."""
    white = _FLIP_XYZ.sum(axis=1)
    opponents = []
    for image in (sr, hr):
        rgb = np.broadcast_to(image, (*image.shape[:2], 3))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        opponents.append((linear @ _FLIP_XYZ.T / white) @ _OPPONENT.T - _BLACK)
    colour = _colour_difference(*(_seen(one, pixels_per_degree) for one in opponents))
    most = _colour_difference(*(_hunt(np.array([[primary]])) for primary in ([0.0, 1, 0], [0.0, 0, 1]))).item()
    knee = 0.4 * most
    colour = np.where(colour < knee, 0.95 / knee * colour, 0.95 + (colour - knee) / (most - knee) * 0.05)
    made, wanted = ((one[..., 0] + 16) / 116 for one in opponents)
    exponent: Plane = 1 - _feature_difference(made, wanted, pixels_per_degree)
    return np.power(colour, exponent)


def _seen(opponent: Plane, pixels_per_degree: float) -> Plane:
    """An image in YCxCz as the eye resolves it, in Lab with Hunt's effect."""
    sums = [((1, 0.0047),), ((1, 0.0053),), ((34.1, 0.04), (13.5, 0.025))]
    reach = math.ceil(3 * math.sqrt(0.04 / (2 * math.pi**2)) * pixels_per_degree)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1] / pixels_per_degree
    blurred = []
    for channel, gaussians in enumerate(sums):
        kernel = sum(
            a * math.sqrt(math.pi / b) * np.exp(-(math.pi**2) * (rows**2 + columns**2) / b) for a, b in gaussians
        )
        blurred.append(correlate(opponent[..., channel], kernel / kernel.sum(), mode="nearest"))
    xyz = (np.stack(blurred, axis=-1) + _BLACK) @ np.linalg.inv(_OPPONENT).T * _FLIP_XYZ.sum(axis=1)
    return _hunt((xyz @ np.linalg.inv(_FLIP_XYZ).T).clip(0, 1))


def _hunt(linear: Plane) -> Plane:
    ratio = linear @ _FLIP_XYZ.T / _FLIP_XYZ.sum(axis=1)
    edge = 6 / 29
    curved = np.where(ratio > edge**3, np.cbrt(ratio), ratio / (3 * edge**2) + 4 / 29)
    lightness, *chroma = np.moveaxis(curved @ _OPPONENT.T - _BLACK, -1, 0)
    return np.stack([lightness, *(0.01 * lightness * one for one in chroma)], axis=-1)


def _colour_difference(one: Plane, other: Plane) -> Plane:
    apart = np.abs(one - other)
    return (apart[..., 0] + np.hypot(apart[..., 1], apart[..., 2])) ** 0.7


def _feature_difference(one: Plane, other: Plane, pixels_per_degree: float) -> Plane:
    """Of edges and points in luminance, whichever differ more."""
    deviation = 0.5 * 0.082 * pixels_per_degree
    reach = math.ceil(3 * deviation)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    bell = np.exp(-(rows**2 + columns**2) / (2 * deviation**2))
    differences = []
    for kernel in (-columns * bell, (columns**2 / deviation**2 - 1) * bell):
        kernel = np.where(kernel > 0, kernel / kernel[kernel > 0].sum(), -kernel / kernel[kernel < 0].sum())
        strengths = [
            np.hypot(*(correlate(plane, turned, mode="nearest") for turned in (kernel, kernel.T)))
            for plane in (one, other)
        ]
        differences.append(np.abs(strengths[0] - strengths[1]))
    return np.sqrt(np.maximum(*differences) / math.sqrt(2))
