"""Writing the pictures of a board: crops of HR, LR and SR as 8-bit PNG, their values, and maps on one scale.

Of each dataset a few images are shown: the worst and the best of every method, then others spread over the range of
difficulty. Of a large image the window is shown where the methods err most. That keeps a board a few megabytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec
import numpy as np

from srbench.contract.protocol import Protocol
from srbench.leaderboard.gallery.choice import choose_images, difficulties, extremes_of, first_seeds
from srbench.leaderboard.gallery.display import WINDOW, cut, meaning, to_display, window, write_png
from srbench.leaderboard.gallery.errors import Errors, error_map, error_scale, high_error, write_error
from srbench.leaderboard.gallery.hallucination import hallucination_map, write_hallucination
from srbench.leaderboard.gallery.pictures import Gallery, Layer, ViewedImage
from srbench.leaderboard.gallery.spectra import SpectraSum
from srbench.leaderboard.gallery.values import FILE, Pixels, script
from srbench.leaderboard.gallery.whole import Room
from srbench.leaderboard.results.results import Damaged, Entrant, Result, Results, unique_slugs
from srbench.leaderboard.words.numerals import listing
from srbench.pictures import Image, ImageError, Values, read_image, reduced, scale_of
from srbench.registry.registry import registry
from srbench.store.cell import digest
from srbench.store.file_memory import FileMemory
from srbench.store.files import StoreError, hash_of
from srbench.store.records import IMAGES, Store
from srbench.store.references import Reference, References


def write_galleries(
    results: Results, store_root: Path, out: Path, earlier: Callable[[str], Gallery | None] = lambda _: None
) -> list[Gallery]:
    """Write the pictures under `out/pictures` and say what was written, a gallery a dataset and protocol.

    earlier: finds a gallery that was made from the same before; what is as it would come out now is not written again.
    """
    folders = unique_slugs([f"{dataset}-{protocol}" for dataset, protocol in results.by_place])
    chosen = []
    for rivals, folder in zip(results.by_place.values(), folders, strict=True):
        if shown := first_seeds(rivals):
            chosen.append(_Chosen.of(shown, results, store_root, f"pictures/{folder}"))
    plans = [_Plan.of(one, store_root, earlier) for one in chosen]
    white = error_scale(one.high_error for one in plans)
    galleries, left, waiting = [], results.board.whole_pictures_mb * 1e6, sum(one.is_cut for one in plans)
    for plan in plans:
        room = left / waiting if plan.is_cut else 0.0
        gallery = plan.gallery(store_root, out, white, room)
        galleries.append(gallery)
        left, waiting = left - gallery.taken, waiting - plan.is_cut
    return galleries


@dataclass(frozen=True)
class _Chosen:
    """What is to be shown of a dataset under a protocol: results of all entrants, and which images, by which metric."""

    shown: Sequence[Result]
    metric: str | None
    extremes: Mapping[Entrant, tuple[str, str]]
    ids: Sequence[str]
    references: References
    scored: Protocol
    folder: str

    @classmethod
    def of(cls, shown: Sequence[Result], results: Results, store_root: Path, folder: str) -> _Chosen:
        """Choose."""
        first = shown[0]
        metrics = sorted(results.metrics, key=lambda name: name != results.board.rank_by)  # the one that ranks first
        metric = next((m for m in metrics if any(None not in r.scores.get(m, {None: 0}) for r in shown)), None)
        extremes = extremes_of(shown, metric)
        kept = References.at(store_root, first.references)
        scale, channel, border = scale_of(first.protocol.scale), first.protocol.channel, first.protocol.border
        scored = Protocol(first.protocol.name, scale, channel, border)
        return cls(shown, metric, extremes, choose_images(shown, metric, extremes), kept, scored, folder)

    def made_from(self, store_root: Path) -> str:
        """A sha256 over what its pictures are made from, files as they are; empty where one cannot be read now."""
        hashed = FileMemory("hashes").sha256
        order = [one.image for one in difficulties(self.ids, self.shown, self.metric)]
        ends = {entrant.name: found for entrant, found in self.extremes.items()}
        facts = [self.scored.facts(), self.metric, ends, self.ids, order, self.folder]
        try:
            known = self.references.state(self.ids, hashed)
            sr = [(one.entrant.name, _hashes(one, store_root, self.ids, hashed)) for one in self.shown]
        except StoreError:
            return ""
        return digest([registry().source_of("srbench"), *facts, known, sr])

    def first_errors(self, store_root: Path) -> Iterator[Errors]:
        """The errors of the first method, image by image."""
        for image in self.ids:
            sr, reference = read_sr(self.shown[0], store_root, image), self.references.read(image)
            hr = None if reference is None else reference.hr
            if sr is not None and reference is not None and hr is not None and sr.shape == hr.shape:
                yield error_map(sr, hr, reference.values, self.scored)


@dataclass(frozen=True)
class _Plan:
    """A gallery before its pictures are written.

    earlier: one that was made from the same before. high_error, is_cut: as in `Gallery`.
    """

    chosen: _Chosen
    made_from: str
    earlier: Gallery | None
    high_error: float | None
    is_cut: bool

    @classmethod
    def of(cls, chosen: _Chosen, store_root: Path, earlier: Callable[[str], Gallery | None]) -> _Plan:
        """Look at what there is."""
        made_from = chosen.made_from(store_root)
        found = earlier(made_from) if made_from else None
        if found is not None:
            return cls(chosen, made_from, found, found.high_error, found.is_cut)
        errors = list(chosen.first_errors(store_root))
        sides = [max(one.shape) for one in errors]
        return cls(chosen, made_from, None, high_error(errors), max(sides, default=WINDOW + 1) > WINDOW)

    def gallery(self, store_root: Path, out: Path, white: float, room: float) -> Gallery:
        """The gallery with this scale and this room; written under `out` unless it was made so before."""
        if self.earlier is not None and (self.earlier.error_white, self.earlier.room) == (white, room):
            return self.earlier
        made = _gallery(self.chosen, store_root, out, white, room)
        known = {"made_from": self.made_from, "high_error": self.high_error, "is_cut": self.is_cut}
        return msgspec.structs.replace(made, **known)


def _gallery(chosen: _Chosen, store_root: Path, out: Path, white: float, share: float) -> Gallery:
    cell, images, alone, lone, room = chosen.shown[0].cell, [], [], False, Room(share)
    spectra = SpectraSum([result.entrant.name for result in chosen.shown], chosen.scored)
    names = dict(zip(chosen.ids, unique_slugs(chosen.ids), strict=True))
    for image in (one.image for one in difficulties(chosen.ids, chosen.shown, chosen.metric)):
        reference = chosen.references.read(image)
        folder = f"{chosen.folder}/{names[image]}"
        written = _show(image, chosen, store_root, reference, out, folder, white, room, spectra)
        if written is not None:
            images.append(written)
            alone += [] if reference else [image]
            lone |= reference is not None and reference.hr is None
    images.sort(key=lambda shown: chosen.ids.index(shown.id))
    alone.sort(key=chosen.ids.index)
    trouble = f"the store does not hold the HR of {listing(alone)}" if alone else ""
    trouble = trouble or (f"{cell.dataset} has LR alone" if lone else "")
    named = {entrant.name: ends for entrant, ends in chosen.extremes.items()}
    return Gallery(
        cell.dataset,
        cell.protocol,
        tuple(images),
        trouble,
        chosen.metric,
        named,
        white,
        spectra.mean(),
        room=share,
        taken=share - room.left,
    )


def _show(
    image: str,
    chosen: _Chosen,
    store_root: Path,
    reference: Reference | None,
    out: Path,
    folder: str,
    white: float,
    room: Room,
    spectra: SpectraSum,
) -> ViewedImage | None:
    protocol = chosen.scored
    pictures = {r.entrant: sr for r in chosen.shown if (sr := read_sr(r, store_root, image)) is not None}
    hr = None if reference is None else reference.hr
    if hr is not None:
        pictures = {entrant: sr for entrant, sr in pictures.items() if sr.shape == hr.shape}
    if not pictures:
        return None
    values = reference.values if reference else Values.of(next(iter(pictures.values())))
    errors = {} if hr is None else {e: error_map(sr, hr, values, protocol) for e, sr in pictures.items()}
    if hr is not None:
        spectra.add(hr, {entrant.name: sr for entrant, sr in pictures.items()}, values)
    height, width = next(iter(pictures.values())).shape[:2]
    box = window(width, height, protocol.scale.numerator, np.sum(list(errors.values()), axis=0) if errors else None)
    (out / folder).mkdir(parents=True, exist_ok=True)
    baseline = None if reference is None or reference.lr is None else protocol.baseline(reference.lr, values)
    layers, pixels, wholes = [], [], []

    def keep(whole: Image, box: Sequence[int], place: str) -> str:
        """Write what is shown of a picture, and remember its values."""
        picture = cut(whole, box)
        write_png(out / place, to_display(picture, values))
        pixels.append(Pixels.of(picture, values))
        wholes.append((f"{folder}/whole-{PurePosixPath(place).stem}", whole))
        return place

    if hr is not None:
        layers.append(Layer("HR", keep(hr, box, f"{folder}/HR.png")))
    for (entrant, sr), name in zip(pictures.items(), unique_slugs([e.name for e in pictures]), strict=True):
        layer = Layer(entrant.name, keep(sr, box, f"{folder}/sr-{name}.png"))
        if entrant in errors:
            href, mean = f"{folder}/error-{name}.png", float(np.nanmean(errors[entrant]))
            write_error(out / href, cut(errors[entrant], box), white)
            layer = msgspec.structs.replace(layer, error_href=href, mean_error=mean)
        if hr is not None and baseline is not None:
            href = f"{folder}/map-{name}.png"
            classes, shares = hallucination_map(sr, hr, baseline, values, protocol)
            write_hallucination(out / href, cut(classes, box))
            layer = msgspec.structs.replace(layer, map_href=href, shares=shares)
        layers.append(layer)
    if reference is not None and reference.lr is not None:
        small = tuple(reduced(side, protocol.scale) for side in box)
        layers.append(Layer("LR", keep(reference.lr, small, f"{folder}/LR.png")))
    if box[2:] != (width, height):
        shown = ((name, to_display(whole, values)) for name, whole in wholes)
        tiles = room.write(shown, max(width, height), out) or [()] * len(layers)
        layers = [msgspec.structs.replace(layer, tiles=of) for layer, of in zip(layers, tiles, strict=True)]
    told = "" if reference is None else meaning(reference)
    (out / folder / FILE).write_bytes(script(f"{folder}/{FILE}", pixels))
    return ViewedImage(image, tuple(layers), box, (width, height), told, f"{folder}/{FILE}")


def _folder(result: Result, store_root: Path) -> Path:
    """Where the SR of a result lies."""
    return Store(store_root).folder("cells", result.cell.key) / IMAGES


def _hashes(result: Result, store_root: Path, images: Sequence[str], hashed: Callable[[Path], str]) -> list[str | None]:
    """The sha256 of its SR of some images; None where there is none. Raises `StoreError`."""
    assert result.record is not None
    folder, named = _folder(result, store_root), result.record.images
    return [hash_of(folder / named[image], hashed) if image in named else None for image in images]


def read_sr(result: Result, store_root: Path, image: str) -> Image | None:
    """The SR picture, or None when it is not in the store (a published store may hold scores only).

    Raises `Damaged` when it is there and cannot be read.
    """
    assert result.record is not None
    name = result.record.images.get(image)
    if name is None:
        return None
    folder = _folder(result, store_root)
    path = folder / name
    if Path(os.path.realpath(path)).parent != folder.resolve() or not path.is_file():
        return None
    try:
        return read_image(path)
    except (ImageError, OSError) as error:
        raise Damaged(result, f"{error}; run the matrix again") from error
