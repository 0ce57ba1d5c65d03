"""The photographs inside the wheels of scikit-image, scikit-learn and Matplotlib, and rectangles cut from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from srbench import Item
from srbench.pictures import Image, read_image

from .wheels import Wheel


class Photograph(NamedTuple):
    """What is known of a photograph; terms: who made it, and what they allow."""

    wheel: Wheel
    sha256: str
    terms: str


_SKIMAGE = Wheel("scikit-image", "skimage", "data", "0.26")
_SKLEARN = Wheel("scikit-learn", "sklearn", "datasets/images", "1.9")
_MATPLOTLIB = Wheel("matplotlib", "matplotlib", "mpl-data/sample_data", "3.11")

PHOTOGRAPHS = {
    "astronaut.png": Photograph(
        _SKIMAGE,
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        "Eileen Collins; NASA, flic.kr/p/r9qvLn; public domain",
    ),
    "brick.png": Photograph(
        _SKIMAGE,
        "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
        "CC0Textures; CC0",
    ),
    "camera.png": Photograph(
        _SKIMAGE,
        "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
        "Lav Varshney; CC0",
    ),
    "cell.png": Photograph(
        _SKIMAGE,
        "8d23a7fb81f7cc877cd09f330357fc7f595651306e84e17252f6e0a1b3f61515",
        "quantitative phase image; Müller et al. 2018; CC0",
    ),
    "chelsea.png": Photograph(
        _SKIMAGE,
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        "a cat; Stefan van der Walt; CC0",
    ),
    "china.jpg": Photograph(
        _SKLEARN,
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
        "a pagoda; danielbuechele, flickr.com/photos/danielbuechele/6061409035; CC BY 2.0",
    ),
    "clock_motion.png": Photograph(
        _SKIMAGE,
        "f029226b28b642e80113d86622e9b215ee067a0966feaf5e60604a1e05733955",
        "a clock, blurred by motion; Stefan van der Walt; public domain",
    ),
    "coffee.png": Photograph(
        _SKIMAGE,
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        "Rachel Michetti, by courtesy of Pikolo Espresso Bar; CC0",
    ),
    "coins.png": Photograph(
        _SKIMAGE,
        "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba",
        "Greek coins from Pompeii; Brooklyn Museum, image 51611; no known copyright",
    ),
    "flower.jpg": Photograph(
        _SKLEARN,
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
        "a dahlia; vultilion, flickr.com/photos/vultilion/6056698931; CC BY 2.0",
    ),
    "grace_hopper.jpg": Photograph(
        _MATPLOTLIB,
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        "Grace Hopper; U.S. Navy; public domain, as Matplotlib's authors said when they took it in",
    ),
    "grass.png": Photograph(
        _SKIMAGE,
        "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
        "linolafett (DeviantArt); CC0",
    ),
    "gravel.png": Photograph(
        _SKIMAGE,
        "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
        "CC0Textures; CC0",
    ),
    "hubble_deep_field.jpg": Photograph(
        _SKIMAGE,
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
        "Hubble eXtreme Deep Field; NASA and ESA, 2012; public domain (NASA's guidelines for its media)",
    ),
    "ihc.png": Photograph(
        _SKIMAGE,
        "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
        "stained colonic glands; Center for Microscopy And Molecular Imaging; no known copyright",
    ),
    "microaneurysms.png": Photograph(
        _SKIMAGE,
        "a1e1be59aa447f8ce082f7fa809997ab369a2b137cb6c4202abc647c7ccf6456",
        "detail of a retina; High-Resolution Fundus database, Budai et al. 2013; CC0",
    ),
    "moon.png": Photograph(
        _SKIMAGE,
        "78739619d11f7eb9c165bb5d2efd4772cee557812ec847532dbb1d92ef71f577",
        "the Moon; neither source nor licence is stated beyond scikit-image's own (BSD-3-Clause)",
    ),
    "motorcycle_left.png": Photograph(
        _SKIMAGE,
        "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
        "left of a stereo pair; Middlebury 2014 stereo benchmark, Scharstein et al. 2014; no licence is stated",
    ),
    "page.png": Photograph(
        _SKIMAGE,
        "341a6f0a61557662b02734a9b6e56ec33a915b2c41886b97509dedf2a43b47a3",
        "a printed page of scikit-image's manual; no licence is stated beyond scikit-image's own (BSD-3-Clause)",
    ),
    "retina.jpg": Photograph(
        _SKIMAGE,
        "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
        "fundus photograph; Haeggstroem 2014; CC0",
    ),
    "rocket.jpg": Photograph(
        _SKIMAGE,
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        "Falcon 9; SpaceX, flickr.com/photos/spacexphotos/16511594820; public domain, as SpaceX declared in 2015",
    ),
    "text.png": Photograph(
        _SKIMAGE,
        "bd84aa3a6e3c9887850d45d606c96b2e59433fbef50338570b63c319e668e6d1",
        "handwriting; Wikipedia, File:Corner.png; no known copyright, public domain",
    ),
}


@dataclass(frozen=True)
class Region:
    """A rectangle of a photograph, in pixels: `[top, top + height)` x `[left, left + width)`."""

    photograph: str
    top: int
    left: int
    height: int
    width: int

    @classmethod
    def middle(cls, photograph: str, height: int, width: int) -> Region:
        """The middle of a photograph of that size: sides that are multiples of 12, of at most 384 pixels."""
        cut_height, cut_width = (min(side, 384) // 12 * 12 for side in (height, width))
        return cls(photograph, (height - cut_height) // 2, (width - cut_width) // 2, cut_height, cut_width)

    def tiles(self, side: int) -> Iterator[Region]:
        """The squares of `side` pixels that fit into it, row by row from its top left corner; none overlaps another."""
        for top in range(self.top, self.top + self.height - side + 1, side):
            for left in range(self.left, self.left + self.width - side + 1, side):
                yield Region(self.photograph, top, left, side, side)

    def item(self) -> Item:
        """An item that reads its pixels when asked; its group is the photograph."""
        stem = Path(self.photograph).stem
        name = f"{stem}-{self.top:04d}-{self.left:04d}"
        return Item(name, partial(cut, self), group=stem, region=(self.top, self.left, self.height, self.width))


def cut(region: Region) -> Image:
    """The pixels of a region `(height, width, C)`, uint8."""
    whole = _pixels(region.photograph)
    rows = slice(region.top, region.top + region.height)
    return np.array(whole[rows, region.left : region.left + region.width])


def locate(photograph: str) -> Path:
    """The file in the installed wheel; `DatasetMissing` when it is not there, `DatasetError` when it differs."""
    wheel, meant, _ = PHOTOGRAPHS[photograph]
    return wheel.locate(photograph, meant)


@lru_cache(maxsize=2)  # items come one photograph after the other
def _pixels(photograph: str) -> Image:
    pixels = read_image(locate(photograph))
    pixels.flags.writeable = False
    return pixels
