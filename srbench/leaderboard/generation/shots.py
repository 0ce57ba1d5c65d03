"""Small sheets of samples and of real images, for the pages of generators and datasets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srbench.leaderboard.gallery.shots import Place, Shot
from srbench.leaderboard.generation.samples import SampleGallery
from srbench.leaderboard.generation.sheets import Sheet
from srbench.leaderboard.words.numerals import plural

MOST_SHEETS = 3


def real_shots(galleries: Sequence[SampleGallery], dataset: str) -> list[Shot]:
    """The real test images of a dataset, the largest sheet of each class; of all, where no class is known."""
    largest: dict[str, tuple[Sheet, str]] = {}
    for gallery in galleries:
        for shown in gallery.shown if gallery.dataset == dataset else ():
            for row in shown.sheets:
                known = largest.get(row.label)
                if row.real is not None and (known is None or known[0].count < row.real.count):
                    largest[row.label] = row.real, shown.id
    if len(largest) > 1:
        largest.pop("", None)
    return [_sheet(sheet, label, "real test image", f"index.html#{name}") for label, (sheet, name) in largest.items()]


def sample_shots(galleries: Sequence[SampleGallery]) -> Iterator[tuple[Place, list[Shot]]]:
    """The samples of each generator, a sheet of each of its first classes."""
    for gallery in galleries:
        for shown in gallery.shown:
            sheets = [
                _sheet(row.generated, row.label, "sample", f"cells/{shown.slug}.html")
                for row in shown.sheets[:MOST_SHEETS]
            ]
            yield (gallery.dataset, gallery.protocol, shown.generator), sheets


def _sheet(sheet: Sheet, label: str, noun: str, href: str) -> Shot:
    words = plural(sheet.count, noun) + (f" of {label}" if label else "")
    return Shot(sheet.href, words, href, words, width=sheet.width, height=sheet.height)
