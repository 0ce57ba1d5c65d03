"""Small pictures on the pages of datasets and methods, each of which leads to where it can be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from srbench.leaderboard.gallery.pictures import Gallery

Place = tuple[str, str, str]
"""A dataset, a protocol, and what an entrant is called."""


@dataclass(frozen=True)
class Shot:
    """A small picture. src, href: the picture and where it leads, seen from the board's folder. words: below it.

    image: which one it shows; empty where it is a sheet of several, whose width and height in CSS pixels are given.
    """

    src: str
    alt: str
    href: str
    words: str
    image: str = ""
    width: int = 0
    height: int = 0


def look_at(place: int, image: str) -> str:
    """The address of the viewer at an image. place: of its gallery, among those that have pictures."""
    return f"index.html#{urlencode({'look': place, 'image': image})}"


def addresses(galleries: Sequence[Gallery], dataset: str, protocol: str) -> Mapping[str, str]:
    """Where the viewer shows each image of a dataset that it does show, by image id."""
    drawn = [gallery for gallery in galleries if gallery.images]
    return {
        shown.id: look_at(place, shown.id)
        for place, gallery in enumerate(drawn)
        if (gallery.dataset, gallery.protocol) == (dataset, protocol)
        for shown in gallery.images
    }


def dataset_shots(galleries: Sequence[Gallery], dataset: str) -> list[Shot]:
    """The test images of a dataset that the viewer shows, each once: HR, or LR where there is no HR."""
    found: dict[str, Shot] = {}
    for place, gallery in enumerate(gallery for gallery in galleries if gallery.images):
        for shown in gallery.images if gallery.dataset == dataset else ():
            layer = shown.layer("HR") or shown.layer("LR")
            if layer is not None:
                shot = Shot(layer.href, f"{shown.id}: {layer.name}", look_at(place, shown.id), shown.id, shown.id)
                found.setdefault(shown.id, shot)
    return list(found.values())


def worst_and_best(extremes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Place, list[Shot]]]:
    """The worst and the best picture of each method. extremes: as `srbench.leaderboard.gallery.viewer` has them."""
    for table in extremes:
        for line in table["lines"]:
            shots = [
                Shot(
                    thumb["src"],
                    f"{thumb['image']}: {line['name']}",
                    f"index.html#{thumb['look']}",
                    f"{which}: {thumb['image']}, {thumb['score']}",
                    thumb["image"],
                )
                for which, thumb in zip(("worst", "best"), line["thumbs"], strict=True)
                if thumb["src"]
            ]
            yield (table["dataset"], table["protocol"], line["name"]), shots
