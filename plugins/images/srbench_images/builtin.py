"""Four sets that need no download, cut from photographs that come with other packages.

In three of them a photograph is divided into a part to train on and a part to test on, with at least `GUARD` pixels
between them that belong to neither, so that no method's view of a test image reaches what it was trained on. Regions of
the same photograph were trained on, though: what was learned there may suit a test image better than it suits any other
photograph. The test part is cut into squares. In the fourth, no photograph that is tested is trained on. Sides of test
images are multiples of 12, so that x2, x3 and x4 lose no pixel.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from srbench import Dataset, Item, Terms
from srbench.pictures import Image

from .photographs import Region, cut, locate

GUARD = 32
"""Pixels between the training and the test part of a photograph, at least."""


class _BuiltIn(Dataset):
    """training, testing: the regions of the two splits, photograph by photograph, each one image."""

    training: ClassVar[tuple[Region, ...]]
    testing: ClassVar[tuple[Region, ...]]

    def prepare(self, root: Path) -> None:
        """Check the photographs by their sha256. Raises `DatasetMissing` or `DatasetError`; uses no network."""
        for photograph in sorted({region.photograph for region in (*self.training, *self.testing)}):
            locate(photograph)

    def train(self) -> list[Item]:
        """The training regions."""
        return [self._item(region) for region in self.training]

    def test(self) -> list[Item]:
        """The test regions."""
        return [self._item(region) for region in self.testing]

    def _item(self, region: Region) -> Item:
        return region.item()


class Astronomy(_BuiltIn):
    """A deep field in colour and the Moon's surface in grey; 15 test images of 144 pixels, 2 training images.

    The test images are tiles of two photographs, and regions of the same two were trained on.

    Hubble eXtreme Deep Field: NASA and ESA, 2012, public domain (NASA's guidelines for its media). Below row 584 it is
    tested on, above row 552 trained on. Moon: scikit-image's `moon`, which states neither source nor licence
    beyond scikit-image's own (BSD-3-Clause). Its upper 144 rows are tested on, below row 176 it is trained on.
    """

    terms: ClassVar = (
        Terms("NASA and ESA, 2012", "public domain (NASA's guidelines for its media)", of="Hubble eXtreme Deep Field"),
        Terms("scikit-image, which states none", "none is stated beyond scikit-image's own (BSD-3-Clause)", of="Moon"),
    )
    training = (Region("hubble_deep_field.jpg", 0, 0, 552, 1000), Region("moon.png", 176, 0, 336, 512))
    testing = (
        *Region("hubble_deep_field.jpg", 584, 0, 288, 1000).tiles(144),
        *Region("moon.png", 0, 40, 144, 472).tiles(144),
    )


class Microscopy(_BuiltIn):
    """Stained tissue and the retina in colour, a detail of a retina and a cell in grey; 14 test, 3 training images.

    The test images are regions of four photographs, and regions of three of these were trained on.

    Immunohistochemistry (`ihc`): colonic glands, Center for Microscopy And Molecular Imaging; no known copyright. Test
    images of 120 pixels from its lowest rows. Retina (`retina`): fundus photograph, Haeggstroem 2014, CC0. Test images
    of 144 pixels from its right side. Microaneurysms: detail of a photograph of the High-Resolution Fundus database
    (Budai et al. 2013), CC0; 96 pixels, tested on only.

    Cell floating in saline (`cell`): quantitative phase image, Müller et al. 2018, CC0; 192 pixels around it are
    tested on, the rows above trained on. It is sampled far more finely than its optics resolve, so that interpolation
    restores it to within the rounding of 8 bits: a test that a method does no harm.
    """

    terms: ClassVar = (
        Terms("Center for Microscopy And Molecular Imaging", "no known copyright", of="immunohistochemistry"),
        Terms("Haeggstroem 2014", "CC0", of="retina"),
        Terms("High-Resolution Fundus database, Budai et al. 2013", "CC0", of="microaneurysms"),
        Terms("Müller et al. 2018", "CC0", of="cell"),
    )
    training = (
        Region("ihc.png", 0, 0, 360, 512),
        Region("retina.jpg", 120, 0, 1170, 900),
        Region("cell.png", 0, 0, 240, 550),
    )
    testing = (
        *Region("ihc.png", 392, 16, 120, 480).tiles(120),
        *Region("retina.jpg", 417, 932, 576, 288).tiles(144),
        Region("microaneurysms.png", 3, 3, 96, 96),
        Region("cell.png", 276, 336, 192, 192),
    )


class Textures(_BuiltIn):
    """Brick, grass and gravel in grey, labelled, with masks; 12 test and 36 training images, all of 120 pixels.

    The test images are tiles of three photographs, and regions of the same three were trained on.
    The two splits have images of one size, so that a classifier sees both at one magnification. Brick and gravel are
    from CC0Textures, grass is by linolafett (DeviantArt); all three CC0. The lowest 120 rows of each are tested on, the
    upper 360 trained on.

    Masks are computed, not annotated: 1 where a pixel is at most Otsu's threshold of its image (Otsu 1979), as in grout
    and in the shadows between blades and stones, 0 elsewhere. What learns them learns to tell dark from bright.
    """

    terms: ClassVar = (
        Terms("CC0Textures", "CC0", of="brick and gravel"),
        Terms("linolafett (DeviantArt)", "CC0", of="grass"),
    )
    training = tuple(
        tile for kind in ("brick", "grass", "gravel") for tile in Region(f"{kind}.png", 0, 16, 360, 480).tiles(120)
    )
    testing = tuple(
        tile for kind in ("brick", "grass", "gravel") for tile in Region(f"{kind}.png", 392, 16, 120, 480).tiles(120)
    )

    def _item(self, region: Region) -> Item:
        item = region.item()
        return replace(item, label=Path(region.photograph).stem, mask=partial(_dark, region))


class Photographs(_BuiltIn):
    """Twelve photographs of people, things and places to test on, in colour and grey, and another to train on.

    A test image is the middle of a photograph, of at most 384 pixels a side and never resized, and no region of it is
    trained on. Trained on is a motorcycle in a workshop, in colour and full of detail. The clock is blurred by motion,
    so that interpolation all but restores it: a test that a method does no harm.

    Astronaut, clock, Grace Hopper, rocket, handwriting: public domain; camera, chelsea, coffee: CC0; coins: no known
    copyright; page: scikit-image's own terms. China: danielbuechele, flower: vultilion (Flickr), both CC BY 2.0, which
    asks whoever shows them to name them. Motorcycle: Scharstein et al. 2014; no licence is stated, and it is not shown.
    """

    terms: ClassVar = (
        Terms("Eileen Collins; NASA, flic.kr/p/r9qvLn", "public domain", of="astronaut"),
        Terms("Lav Varshney", "CC0", of="camera"),
        Terms("Stefan van der Walt", "CC0", of="chelsea"),
        Terms("danielbuechele, flickr.com/photos/danielbuechele/6061409035", "CC BY 2.0", of="China"),
        Terms("Stefan van der Walt", "public domain", of="clock"),
        Terms("Rachel Michetti, by courtesy of Pikolo Espresso Bar", "CC0", of="coffee"),
        Terms("Brooklyn Museum, image 51611", "no known copyright", of="coins"),
        Terms("vultilion, flickr.com/photos/vultilion/6056698931", "CC BY 2.0", of="flower"),
        Terms("U.S. Navy", "public domain, as Matplotlib's authors said when they took it in", of="Grace Hopper"),
        Terms("scikit-image's manual", "none is stated beyond scikit-image's own (BSD-3-Clause)", of="page"),
        Terms(
            "SpaceX, flickr.com/photos/spacexphotos/16511594820",
            "public domain, as SpaceX declared in 2015",
            of="rocket",
        ),
        Terms("Wikipedia, File:Corner.png", "no known copyright, public domain", of="handwriting"),
        Terms(
            "Middlebury 2014 stereo benchmark, Scharstein et al. 2014",
            "none is stated",
            of="motorcycle, to train on",
        ),
    )
    training = (Region("motorcycle_left.png", 4, 4, 492, 732),)
    testing = (
        Region.middle("astronaut.png", 512, 512),
        Region.middle("camera.png", 512, 512),
        Region.middle("chelsea.png", 300, 451),
        Region.middle("china.jpg", 427, 640),
        Region.middle("clock_motion.png", 300, 400),
        Region.middle("coffee.png", 400, 600),
        Region.middle("coins.png", 303, 384),
        Region.middle("flower.jpg", 427, 640),
        Region.middle("grace_hopper.jpg", 600, 512),
        Region.middle("page.png", 191, 384),
        Region.middle("rocket.jpg", 427, 640),
        Region.middle("text.png", 172, 448),
    )


def _dark(region: Region) -> Image:
    """The mask `(H, W, 1)` of a grey region."""
    from skimage.filters import threshold_otsu

    pixels = cut(region)
    mask: Image = (pixels <= threshold_otsu(pixels)).astype(np.uint8)  # type: ignore[no-untyped-call]
    return mask
