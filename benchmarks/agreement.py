"""Compare each image metric with an independent implementation of it, on the same pictures; fills docs/agreement.md.

Pictures: grey and colour, 8 and 16 bits, odd sides, twice degraded. Networks run on seeded weights, the same in both
programs, so that nothing has to be downloaded. Run as `python -m benchmarks.agreement`.
"""

from __future__ import annotations

import importlib
import itertools
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import click
import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from skimage import filters, metrics
from sklearn.metrics import max_error, mean_absolute_error

from benchmarks import transcriptions
from benchmarks.transcriptions import Plane
from srbench.contract.metric import ImageMetric
from srbench.registry.registry import registry
from srbench.store.files import sha256
from srbench.testing.pictures import textured
from srbench.weights import import_torchvision

PAGE = Path(__file__).parents[1] / "docs" / "agreement.md"
BEGIN, END = "<!-- made by benchmarks/agreement.py -->", "<!-- end -->"
NUMBERS, NETWORKS = 1e-5, 1e-4
"""How far a metric may be from its reference: without a network and with one, whose sums are float32."""
ROUNDING = 1e-12
"""Below this two numbers of double precision are the same one, summed in another order."""


@dataclass(frozen=True)
class Peer:
    """What a metric is compared with.

    reference: in words. distributions: the packages whose versions are told. score: of SR and HR, float64 `(H, W, C)`
    in [0, 1]. bound: how far apart they may be.
    """

    reference: str
    distributions: Sequence[str]
    score: Callable[[Plane, Plane], float]
    bound: float = NUMBERS


def psnr(sr: Plane, hr: Plane) -> float:
    return float(metrics.peak_signal_noise_ratio(hr, sr, data_range=1.0))


def ssim_map(sr: Plane, hr: Plane) -> Plane:
    """Of each channel, where the window lies inside the image."""
    _, whole = metrics.structural_similarity(
        hr,
        sr,
        data_range=1.0,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return whole[5:-5, 5:-5]


def ssim3(sr: Plane, hr: Plane) -> float:
    scores = []
    for channel, similarity in enumerate(np.moveaxis(ssim_map(sr, hr), -1, 0)):
        made, wanted = (
            np.hypot(filters.sobel_h(one), filters.sobel_v(one))[5:-5, 5:-5]
            for one in (sr[..., channel], hr[..., channel])
        )
        edge = np.maximum(made, wanted) > 0.12 * wanted.max()
        smooth = ~edge & (wanted < 0.06 * wanted.max())
        parts = [(0.5, edge), (0.25, smooth), (0.25, ~edge & ~smooth)]
        known = [(weight, similarity[part].mean()) for weight, part in parts if part.any()]
        scores.append(sum(weight * mean for weight, mean in known) / sum(weight for weight, _ in known))
    return float(np.mean(scores))


def shifted_psnr(sr: Plane, hr: Plane) -> float:
    height, width = hr.shape[:2]
    inner = sr[3:-3, 3:-3]
    return max(
        psnr(inner, hr[down : down + height - 6, right : right + width - 6])
        for down, right in itertools.product(range(7), repeat=2)
    )


def scale_invariant_psnr(sr: Plane, hr: Plane) -> float:
    columns = np.stack([sr.ravel(), np.ones(sr.size)], axis=1)
    (gain, offset), *_ = np.linalg.lstsq(columns, hr.ravel(), rcond=None)
    return psnr(gain * sr + offset, hr)


def vif(sr: Plane, hr: Plane) -> float:
    from sewar import vifp

    luma = [255 * (image @ (0.299, 0.587, 0.114) if image.shape[2] == 3 else image[..., 0]) for image in (hr, sr)]
    return float(vifp(*luma))


def ms_ssim(sr: Plane, hr: Plane) -> float:
    from pytorch_msssim.ssim import ms_ssim as theirs

    return float(theirs(tensor(sr)[None], tensor(hr)[None], data_range=1.0))


def lpips(sr: Plane, hr: Plane) -> float:
    return float(_lpips()(*(2 * _rgb(image) - 1 for image in (sr, hr))))


def dists(sr: Plane, hr: Plane) -> float:
    return float(_dists()(*(_rgb(image) for image in (sr, hr))))


PEERS: dict[str, Peer] = {
    "psnr": Peer("scikit-image, `peak_signal_noise_ratio`", ["scikit-image"], psnr),
    "ssim": Peer(
        "scikit-image, `structural_similarity` with a Gaussian window, without its border",
        ["scikit-image"],
        lambda sr, hr: float(ssim_map(sr, hr).mean()),
    ),
    "ms-ssim": Peer("pytorch-msssim, `ms_ssim`", ["pytorch-msssim"], ms_ssim),
    "rmse": Peer(
        "scikit-image, `mean_squared_error`",
        ["scikit-image"],
        lambda sr, hr: math.sqrt(metrics.mean_squared_error(hr, sr)),
    ),
    "mae": Peer(
        "scikit-learn, `mean_absolute_error`",
        ["scikit-learn"],
        lambda sr, hr: float(mean_absolute_error(hr.ravel(), sr.ravel())),
    ),
    "largest-error": Peer(
        "scikit-learn, `max_error`", ["scikit-learn"], lambda sr, hr: float(max_error(hr.ravel(), sr.ravel()))
    ),
    "nrmse": Peer(
        "scikit-image, `normalized_root_mse`",
        ["scikit-image"],
        lambda sr, hr: float(metrics.normalized_root_mse(hr, sr)),
    ),
    "si-psnr": Peer("PSNR of scikit-image after NumPy's `lstsq`", ["scikit-image", "numpy"], scale_invariant_psnr),
    "shifted-psnr": Peer("the best PSNR of scikit-image of 49 cuts", ["scikit-image"], shifted_psnr),
    "dssim": Peer(
        "(1 - `structural_similarity`) / 2 of scikit-image",
        ["scikit-image"],
        lambda sr, hr: (1 - float(ssim_map(sr, hr).mean())) / 2,
    ),
    "ssim3": Peer("the formula, on SSIM's map and Sobel's filter of scikit-image", ["scikit-image"], ssim3),
    "lr-consistency": Peer("scikit-image, `peak_signal_noise_ratio`, of two LR", ["scikit-image"], psnr),
    "gmsd": Peer("the paper's formula with SciPy", ["scipy"], transcriptions.gmsd),
    "spectrum": Peer("the formula with NumPy and SciPy", ["numpy", "scipy"], transcriptions.spectrum),
    "fsim": Peer("the paper's formula with NumPy and SciPy", ["numpy", "scipy"], transcriptions.fsim),
    "vif": Peer("sewar, `vifp`, of luma", ["sewar"], vif),
    "haarpsi": Peer("the paper's formula with SciPy", ["scipy"], transcriptions.haarpsi),
    "vsi": Peer("the paper's formula with NumPy", ["numpy"], transcriptions.vsi),
    "flip": Peer("the paper's formula with SciPy", ["scipy"], transcriptions.flip),
    "lpips": Peer("lpips, `LPIPS(net='alex')`", ["lpips"], lpips, bound=NETWORKS),
    "dists": Peer("DISTS-pytorch, `DISTS`", ["DISTS-pytorch"], dists, bound=NETWORKS),
}


def tensor(image: Plane) -> torch.Tensor:
    """`(C, H, W)` of `(H, W, C)`."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def _rgb(image: Plane) -> torch.Tensor:
    return tensor(image).float().expand(3, -1, -1)[None]


@cache
def pictures() -> dict[str, tuple[Plane, Plane]]:
    """SR and HR by what they are: float64 `(H, W, C)` in [0, 1], on the levels of 8 or 16 bits."""
    found = {}
    sizes = [(163, 171), (170, 165), (167, 180), (161, 177)]
    for seed, ((channels, bits), size) in enumerate(zip(itertools.product((1, 3), (8, 16)), sizes, strict=True)):
        white = 2**bits - 1
        hr = (0.1 + 0.8 * textured(seed, *size, channels)).clip(0, 1)
        noise = np.random.default_rng(seed).normal(0, 0.02, hr.shape)
        blurred, shifted = gaussian_filter(hr, (1, 1, 0)), 0.9 * np.roll(hr, 1, axis=0)
        what = f"{'colour' if channels == 3 else 'grey'}, {bits} bits, {size[1]} x {size[0]}"
        for kind, sr in (("blurred", blurred + noise), ("shifted", shifted + noise)):
            found[f"{what}, {kind}"] = tuple(np.round(image.clip(0, 1) * white) / white for image in (sr, hr))
    return found


def difference(name: str) -> float:
    """The largest difference of a metric from its peer over the pictures; under `seeded_weights`."""
    peer = PEERS[name]
    metric: ImageMetric = registry().get("metric", name).load()()
    return max(abs(_value(metric, sr, hr) - peer.score(sr, hr)) for sr, hr in pictures().values())


def _value(metric: ImageMetric, sr: Plane, hr: Plane) -> float:
    answer = metric.score(tensor(sr), tensor(hr))
    value = answer[0] if isinstance(answer, tuple) else answer
    assert isinstance(value, float), value
    return value


@cache
def _trunk(name: str) -> torch.nn.Module:
    """The convolutions of torchvision's classifier with seeded weights."""
    with torch.device("meta"):
        layers = getattr(import_torchvision().models, name)(weights=None).features
    layers = layers.to_empty(device="cpu").eval()
    random = torch.Generator().manual_seed(1)
    for parameter in layers.parameters():
        spread = 0.0 if parameter.ndim == 1 else math.sqrt(2 / parameter[0].numel())
        torch.nn.init.normal_(parameter, 0, spread, generator=random)
    return layers.requires_grad_(False)


@contextmanager
def seeded_weights() -> Iterator[None]:
    """A data root in which the networks of metrics have seeded weights, declared with the hashes that these have."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"SRBENCH_DATA": folder}):
        (Path(folder) / "weights").mkdir()
        declared = {}
        for name in ("alexnet", "vgg16"):
            (known,) = registry()._weights[name]
            path = Path(folder) / "weights" / known.file.file
            torch.save({f"features.{key}": one for key, one in _trunk(name).state_dict().items()}, path)
            file = replace(known.file, sha256=sha256(path), size=path.stat().st_size)
            declared[name] = [replace(known, file=file)]
        with mock.patch.dict(registry()._weights, declared):
            yield


@cache
def _lpips() -> Callable[..., torch.Tensor]:
    import_torchvision()
    package = importlib.import_module("lpips")
    made = SimpleNamespace(features=_trunk("alexnet"))
    trunks = package.pretrained_networks.tv
    with mock.patch.object(trunks, "alexnet", lambda pretrained: made), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = package.LPIPS(net="alex", version="0.1", verbose=False)
    return network.eval().requires_grad_(False)


@cache
def _dists() -> Callable[..., torch.Tensor]:
    import_torchvision()
    package = importlib.import_module("DISTS_pytorch.DISTS_pt")
    with mock.patch.object(package.models, "vgg16", lambda pretrained: SimpleNamespace(features=_trunk("vgg16"))):
        network = package.DISTS(load_weights=False)
    fitted = torch.load(Path(str(package.__file__)).parent / "weights.pt", map_location="cpu", weights_only=True)
    network.alpha.data, network.beta.data = fitted["alpha"], fitted["beta"]
    return network.eval().requires_grad_(False)


def _told(largest: float) -> str:
    """A difference; one that is rounding alone differs from one machine to the next."""
    return f"{largest:.0e}" if largest > ROUNDING else f"< {ROUNDING:.0e}"


def table() -> str:
    """The table of the page."""
    rows = ["| metric | reference | version | largest difference |", "| --- | --- | --- | --- |"]
    with seeded_weights():
        for name, peer in PEERS.items():
            versions = ", ".join(f"{one} {version(one)}" for one in peer.distributions)
            rows.append(f"| `{name}` | {peer.reference} | {versions} | {_told(difference(name))} |")
            print(rows[-1], flush=True)
    return "\n".join(rows)


@click.command(help=__doc__)
def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
