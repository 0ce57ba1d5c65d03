"""Pictures for the page: crops of HR, LR and SR as 8-bit PNG, and error maps on one fixed scale.

Of each dataset a few images are shown: the worst and the best of every method, then others spread over the range of
difficulty. Of a large image the window is shown where the methods err most. That keeps a board a few megabytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.leaderboard.results.results import Damaged, Entrant, Result, Results, unique_slugs
from srbench.pictures import Image, ImageError, peak_of, read_image
from srbench.registry.configured import Use
from srbench.store.records import Store

WINDOW = 256
"""The longest side shown, in HR pixels."""
MOST_IMAGES = 10
ERROR_WHITE = 0.2
"""The absolute error, as a part of white, at which an error map reaches its last colour."""
_UNSCORED = 255


@dataclass(frozen=True)
class Layer:
    """One picture of an image: HR, LR or an entrant's SR. href and error_href are relative to the board's folder."""

    name: str
    href: str
    error_href: str | None = None
    mean_error: float | None = None


@dataclass(frozen=True)
class ViewedImage:
    """One image of the viewer. box: left, top, width, height of the window, in HR pixels; whole: of how many."""

    id: str
    layers: tuple[Layer, ...]
    box: tuple[int, int, int, int]
    whole: tuple[int, int]

    def layer(self, name: str) -> Layer | None:
        """The layer of this name."""
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def window_words(self) -> str:
        """What part of the image is shown."""
        left, top, width, height = self.box
        if (width, height) == self.whole:
            return f"{width} × {height} pixels, the whole image"
        return (
            f"{width} × {height} of {self.whole[0]} × {self.whole[1]} pixels, from ({left}, {top}): "
            "where the methods err most"
        )


@dataclass(frozen=True)
class Gallery:
    """The images shown of one dataset under one protocol.

    trouble: why HR and LR are absent, if they are. extremes: each entrant's worst and best image by `metric`.
    """

    dataset: str
    protocol: Protocol
    images: tuple[ViewedImage, ...]
    trouble: str = ""
    metric: str | None = None
    extremes: Mapping[Entrant, tuple[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name in the choice of the viewer."""
        return f"{self.dataset}, {self.protocol.name}"


@dataclass(frozen=True)
class _Reference:
    """What the dataset gives of an image. lr: None when it cannot be had."""

    hr: Image
    white: float
    lr: Image


def write_galleries(results: Results, data_root: Path, out: Path) -> list[Gallery]:
    """Write the pictures under `out/pictures` and say what was written, a gallery a dataset and protocol."""
    pairs = list(dict.fromkeys((r.planned.cell.dataset, r.planned.cell.protocol) for r in results.all))
    folders = unique_slugs([f"{dataset}-{protocol}" for dataset, protocol in pairs])
    galleries = []
    for (dataset, protocol), folder in zip(pairs, folders, strict=True):
        shown = first_seeds(
            [r for r in results.all if (r.planned.cell.dataset, r.planned.cell.protocol) == (dataset, protocol)]
        )
        if shown:
            galleries.append(_gallery(shown, results, data_root, out, f"pictures/{folder}"))
    return galleries


def first_seeds(results: Sequence[Result]) -> list[Result]:
    """One result an entrant: that of the first seed which went well."""
    chosen: dict[Entrant, Result] = {}
    for result in results:
        if result.ok and result.record and result.record.images:
            chosen.setdefault(result.entrant, result)
    return list(chosen.values())


def _gallery(shown: Sequence[Result], results: Results, data_root: Path, out: Path, folder: str) -> Gallery:
    planned = shown[0].planned
    metric = next((m for m in results.metrics if any(None not in r.scores.get(m, {None: 0}) for r in shown)), None)
    extremes = _extremes(shown, metric)
    ids = choose_images(shown, metric, extremes)
    references, trouble = _references(planned.dataset, planned.protocol, data_root, ids)
    images = []
    for image, name in zip(ids, unique_slugs(ids), strict=True):
        written = _show(
            image, shown, results.store_root, references.get(image), planned.protocol, out, f"{folder}/{name}"
        )
        if written is not None:
            images.append(written)
    return Gallery(planned.cell.dataset, planned.protocol, tuple(images), trouble, metric, extremes)


def _extremes(shown: Sequence[Result], metric: str | None) -> dict[Entrant, tuple[str, str]]:
    """Each entrant's worst and best image by the metric."""
    found = {}
    for result in shown:
        scores = _by_image(result, metric)
        if len(scores) > 1:
            assert result.record is not None and metric is not None
            ordered = sorted(scores, key=lambda image: (scores[image], image))
            if not result.record.metrics[metric].higher_is_better:
                ordered.reverse()
            found[result.entrant] = (ordered[0], ordered[-1])
    return found


def _by_image(result: Result, metric: str | None) -> dict[str, float]:
    return {image: value for image, value in result.scores.get(metric or "", {}).items() if image is not None}


def choose_images(
    shown: Sequence[Result], metric: str | None, extremes: Mapping[Entrant, tuple[str, str]], most: int = MOST_IMAGES
) -> list[str]:
    """Which images to show: every worst one, every best one, then others evenly over the range of difficulty."""
    wanted = list(dict.fromkeys([worst for worst, _ in extremes.values()] + [best for _, best in extremes.values()]))
    scores = _by_image(shown[0], metric)
    every = list(dict.fromkeys(image for result in shown if result.record for image in result.record.images))
    by_difficulty = sorted(every, key=lambda image: (scores.get(image, 0.0), image))
    spread = np.linspace(0, len(by_difficulty) - 1, num=min(most, len(by_difficulty))).round().astype(int)
    wanted.extend(by_difficulty[place] for place in spread)
    kept = set(list(dict.fromkeys(wanted))[:most])
    return [image for image in every if image in kept]


def _references(
    dataset: Use, protocol: Protocol, data_root: Path, ids: Sequence[str]
) -> tuple[dict[str, _Reference], str]:
    wanted, found = set(ids), {}
    try:
        source = dataset.create()
        source.prepare(data_root)
        for item in source.test():
            if item.id in wanted:
                found[item.id] = _reference(item, protocol)
    except SrbenchError as error:
        return found, str(error)
    except Exception as error:  # a plugin may fail in any way; the page is made without its pictures
        return found, f"{type(error).__name__}: {error}"
    return found, ""


def _reference(item: Item, protocol: Protocol) -> _Reference:
    hr, peak = item.read_hr()
    reference, white = protocol.reference(hr, peak)
    lr = protocol.lr(hr, peak, item.id, protocol.shipped_lr(item))
    return _Reference(reference, white, lr)


def _show(
    image: str,
    shown: Sequence[Result],
    store_root: Path,
    reference: _Reference | None,
    protocol: Protocol,
    out: Path,
    folder: str,
) -> ViewedImage | None:
    pictures = {r.entrant: sr for r in shown if (sr := read_sr(r, store_root, image)) is not None}
    if reference is not None:
        pictures = {entrant: sr for entrant, sr in pictures.items() if sr.shape == reference.hr.shape}
    if not pictures:
        return None
    white = reference.white if reference else peak_of(next(iter(pictures.values())))
    errors = {e: error_map(sr, reference.hr, white, protocol) for e, sr in pictures.items()} if reference else {}
    height, width = next(iter(pictures.values())).shape[:2]
    box = window(width, height, protocol.scale, np.sum(list(errors.values()), axis=0) if errors else None)
    (out / folder).mkdir(parents=True, exist_ok=True)
    layers = []
    if reference is not None:
        write_png(out / folder / "HR.png", to_display(_cut(reference.hr, box), white))
        layers.append(Layer("HR", f"{folder}/HR.png"))
    for (entrant, sr), name in zip(pictures.items(), unique_slugs([e.name for e in pictures]), strict=True):
        write_png(out / folder / f"sr-{name}.png", to_display(_cut(sr, box), white))
        error_href, mean = None, None
        if entrant in errors:
            error_href, mean = f"{folder}/error-{name}.png", float(np.nanmean(errors[entrant]))
            _write_error(out / error_href, _cut(errors[entrant], box))
        layers.append(Layer(entrant.name, f"{folder}/sr-{name}.png", error_href, mean))
    if reference is not None:
        small = tuple(side // protocol.scale for side in box)
        write_png(out / folder / "LR.png", to_display(_cut(reference.lr, small), white))
        layers.append(Layer("LR", f"{folder}/LR.png"))
    return ViewedImage(image, tuple(layers), box, (width, height))


def read_sr(result: Result, store_root: Path, image: str) -> Image | None:
    """The SR picture, or None when it is not in the store (a published store may hold scores only).

    Raises `Damaged` when it is there and cannot be read.
    """
    assert result.record is not None
    name = result.record.images.get(image)
    if name is None:
        return None
    folder = Store(store_root).folder("cells", result.record.key) / "images"
    path = folder / name
    if path.resolve().parent != folder.resolve() or not path.is_file():
        return None
    try:
        return read_image(path)
    except (ImageError, OSError) as error:
        raise Damaged(result, f"{error}; run the matrix again with --verify, which makes it anew") from error


def error_map(sr: Image, hr: Image, white: float, protocol: Protocol) -> npt.NDArray[np.float64]:
    """The absolute error of what the protocol scores, `(H, W)`, as a part of white; NaN where it does not look."""
    difference = (protocol.scored(sr, white) - protocol.scored(hr, white)).abs().mean(0).numpy()
    full = np.full(sr.shape[:2], np.nan)
    border = protocol.border
    full[border : sr.shape[0] - border, border : sr.shape[1] - border] = difference
    return full


def window(width: int, height: int, scale: int, errors: npt.NDArray[np.float64] | None) -> tuple[int, int, int, int]:
    """Left, top, width, height of what is shown: aligned to LR pixels, where the errors are greatest.

    Without errors, the middle.
    """
    side = WINDOW - WINDOW % scale
    shown_width, shown_height = min(width, side), min(height, side)
    if errors is None:
        left, top = _aligned((width - shown_width) // 2, scale), _aligned((height - shown_height) // 2, scale)
        return left, top, shown_width, shown_height
    total = np.zeros((height + 1, width + 1))
    total[1:, 1:] = np.nan_to_num(errors).cumsum(0).cumsum(1)
    lefts = np.arange(0, width - shown_width + 1, scale)
    tops = np.arange(0, height - shown_height + 1, scale)
    sums = (
        total[np.ix_(tops + shown_height, lefts + shown_width)]
        - total[np.ix_(tops, lefts + shown_width)]
        - total[np.ix_(tops + shown_height, lefts)]
        + total[np.ix_(tops, lefts)]
    )
    row, column = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return int(lefts[column]), int(tops[row]), shown_width, shown_height


def _aligned(value: int, scale: int) -> int:
    return value - value % scale


def _cut(image: npt.NDArray[np.generic], box: Sequence[int]) -> npt.NDArray[np.generic]:
    left, top, width, height = box
    return image[top : top + height, left : left + width]


def to_display(image: npt.NDArray[np.generic], white: float) -> npt.NDArray[np.uint8]:
    """Turn any depth into 8 bits, white at 255."""
    if image.dtype == np.uint8 and white == 255:
        return image.astype(np.uint8)
    return np.floor(np.clip(image.astype(np.float64) / white, 0, 1) * 255 + 0.5).astype(np.uint8)


def write_png(path: Path, image: npt.NDArray[np.uint8]) -> None:
    """Write an 8-bit picture `(H, W, C)`."""
    from PIL import Image as Pillow

    Pillow.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(path, compress_level=7)


def _write_error(path: Path, errors: npt.NDArray[np.generic]) -> None:
    from PIL import Image as Pillow

    values = np.asarray(errors, dtype=np.float64)
    steps = np.floor(np.clip(np.nan_to_num(values) / ERROR_WHITE, 0, 1) * 254 + 0.5).astype(np.uint8)
    steps[np.isnan(values)] = _UNSCORED
    picture = Pillow.fromarray(steps)
    picture.putpalette(_palette())
    picture.save(path, compress_level=7)


def _palette() -> bytes:
    """Magma over 255 steps, and a neutral grey for the border that is not scored."""
    import matplotlib

    steps = matplotlib.colormaps["magma"](np.linspace(0, 1, 255))[:, :3]
    colours = np.vstack([steps, [[0.5, 0.5, 0.5]]])
    return np.floor(colours * 255 + 0.5).astype(np.uint8).tobytes()


def error_legend() -> str:
    """The error map's colours as a CSS gradient, from no error to `ERROR_WHITE`."""
    colours = np.frombuffer(_palette(), dtype=np.uint8).reshape(-1, 3)
    stops = ", ".join("rgb({} {} {})".format(*colours[place]) for place in range(0, 255, 32))
    return f"linear-gradient(to right, {stops})"
