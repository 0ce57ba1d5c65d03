"""What is shown to people who judge: scenes, each the same crop as every method made it, under names that say nothing.

The pictures are those of a board's galleries. Where they hold HR and LR, a scene has HR and nearest, too: for catch
trials, whose answer is known, and as the examples of the ends of the scale.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from srbench.errors import SrbenchError
from srbench.leaderboard.gallery.choice import first_seeds
from srbench.leaderboard.gallery.pictures import Gallery, ViewedImage
from srbench.leaderboard.results.results import Entrant, Results
from srbench.leaderboard.words.numerals import plural
from srbench.pictures import Scale, scale_of
from srbench.pictures.scale import under_middles
from srbench.store.cell import digest
from srbench.store.votes import Picture

_MOST_BYTES = 200 * 1000 * 1000


@dataclass(frozen=True)
class Shown:
    """A picture of a study: what it is, and its file."""

    picture: Picture
    png: bytes

    @property
    def id(self) -> str:
        """Its name in the page and in answers: 24 hex digits of a sha256, from which nobody reads a method."""
        return digest([*msgspec.structs.astuple(self.picture), hashlib.sha256(self.png).hexdigest()])[:24]


@dataclass(frozen=True)
class Scene:
    """One crop: as each method made it, None where one did not; HR and nearest where they are known."""

    width: int
    height: int
    methods: tuple[Shown | None, ...]
    hr: Shown | None = None
    nearest: Shown | None = None

    @property
    def shown(self) -> list[Shown]:
        """All that there is of it."""
        return [one for one in (*self.methods, self.hr, self.nearest) if one is not None]


@dataclass(frozen=True)
class Study:
    """The scenes of a page for judging. methods: how many are compared."""

    scenes: tuple[Scene, ...]
    methods: int

    @property
    def catches(self) -> bool:
        """Whether there can be catch trials."""
        return any(scene.hr and scene.nearest for scene in self.scenes)

    @property
    def key(self) -> dict[str, Picture]:
        """What each picture is, by its id."""
        return {one.id: one.picture for scene in self.scenes for one in scene.shown}

    @property
    def hash(self) -> str:
        """The study's name: a hash of its pictures."""
        return digest(sorted(self.key))


def study_of(results: Results, galleries: Sequence[Any], folder: Path, chosen: Collection[str] | None = None) -> Study:
    """The study of a board whose pictures lie in a folder.

    chosen: the keys of the cells whose SR is shown, None for all. Scenes and methods stand in an order that tells
    nothing. Raises `SrbenchError` where there are not two methods to compare.
    """
    galleries = [gallery for gallery in galleries if isinstance(gallery, Gallery) and gallery.images]
    shown = {(gallery.dataset, gallery.protocol): _entrants(gallery, results, chosen) for gallery in galleries}
    entrants = list(dict.fromkeys(entrant for cells in shown.values() for entrant in cells))
    if len(entrants) < 2:
        raise SrbenchError(
            f"there is nothing to judge: of {plural(len(entrants), 'method')} there are pictures; it takes two with SR "
            "of the same images"
        )
    entrants.sort(key=lambda entrant: digest([results.board.name, entrant.name]))
    scenes = []
    for gallery in galleries:
        cells = shown[gallery.dataset, gallery.protocol]
        scenes += [
            scene for image in gallery.images if (scene := _scene(gallery, image, entrants, cells, results, folder))
        ]
    scenes.sort(key=lambda scene: min(one.id for one in scene.shown))
    if sum(len(one.png) for scene in scenes for one in scene.shown) > _MOST_BYTES:
        raise SrbenchError(
            "the pictures take more than 200 MB, which no browser should be given in one page; choose fewer with "
            "--where dataset=NAME or --where method=NAME"
        )
    return Study(tuple(scenes), len(entrants))


def _entrants(gallery: Gallery, results: Results, chosen: Collection[str] | None) -> dict[Entrant, str]:
    """The entrants of a gallery that are to be shown, each with the key of the cell that its pictures are of."""
    inside = [r for r in results.all if (r.cell.dataset, r.cell.protocol) == (gallery.dataset, gallery.protocol)]
    return {r.entrant: r.cell.key for r in first_seeds(inside) if chosen is None or r.cell.key in chosen}


def _scene(
    gallery: Gallery,
    image: ViewedImage,
    entrants: Sequence[Entrant],
    cells: Mapping[Entrant, str],
    results: Results,
    folder: Path,
) -> Scene | None:
    """The scene of an image; None where fewer than two methods have it."""
    place = (gallery.dataset, gallery.protocol, image.id)
    methods = tuple(
        Shown(Picture(*place, "sr", entrant.name, cells[entrant]), (folder / layer.href).read_bytes())
        if entrant in cells and (layer := image.layer(entrant.name)) is not None
        else None
        for entrant in entrants
    )
    if sum(one is not None for one in methods) < 2:
        return None
    width, height = image.box[2:]
    hr, lr = image.layer("HR"), image.layer("LR")
    scale = scale_of(results.board.protocol(gallery.protocol).scale)
    return Scene(
        width,
        height,
        methods,
        Shown(Picture(*place, "hr"), (folder / hr.href).read_bytes()) if hr else None,
        Shown(Picture(*place, "nearest"), nearest((folder / lr.href).read_bytes(), width, height, scale))
        if lr
        else None,
    )


def nearest(lr: bytes, width: int, height: int, scale: Scale) -> bytes:
    """LR brought to a size by repeating the nearest of its pixels: what the low end of the scale looks like."""
    from PIL import Image

    with Image.open(io.BytesIO(lr)) as opened:
        small = np.asarray(opened)
    rows, columns = (
        np.minimum(under_middles(side, 1 / Fraction(scale)), there - 1)
        for side, there in zip((height, width), small.shape[:2], strict=True)
    )
    buffer = io.BytesIO()
    Image.fromarray(small[rows][:, columns]).save(buffer, "PNG", compress_level=7)
    return buffer.getvalue()
