"""Any method on any picture: what `srbench upscale` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from srbench.contract.format import Format
from srbench.contract.method import Method, Problem
from srbench.contract.metric import Skip
from srbench.errors import SrbenchError
from srbench.evaluate.upscale import upscale_image
from srbench.pictures import (
    Image,
    ImageError,
    Values,
    filled,
    in_digits,
    measured,
    read_with_alpha,
    suffix_for,
    to_image,
    to_tensor,
    write_image,
)
from srbench.pictures.alpha import upscaled_alpha, without_unseen_colours
from srbench.pictures.names import has_picture_name, is_hidden, is_picture, left_out
from srbench.registry.formats import Formats
from srbench.registry.parameters import resolve
from srbench.registry.registry import registry
from srbench.store.records import Record, Store
from srbench.weights.unpacked import unpacked

SCALES = (4, 2, 3, 8, 16, 1)
"""Scales in the order in which they are tried where neither a model nor a scale is given."""
_OUTPUT_SUFFIXES = (".png", ".tiff")
_CPU_SHARE, _GPU_SHARE = 0.5, 0.8
"""How much of the memory that is free may be used, unless told."""


@dataclass(frozen=True)
class Loaded:
    """A method ready to upscale by one scale. values, bits: what the values of that mean which it learned from, where
    the dataset declared it, and the bits of one: those of pictures of that depth are taken to mean the same."""

    method: Method
    scale: int
    values: Values | None = None
    bits: int | None = None


@dataclass(frozen=True)
class Picture:
    """A file to be upscaled.

    target: where its SR goes; the suffix, `.png` or `.tiff`, is decided by its depth. format: what reads and writes it,
    where it is of a format that a plugin knows; SR is then a file of the same format, and `target` its whole name.
    """

    path: Path
    target: Path
    format: Format | None = None

    @classmethod
    def of(cls, path: Path, place: Path, formats: Formats) -> Picture:
        """The file, with SR in `place`, where its name stands in the output folder."""
        known = _format_of(path, formats)
        return cls(path, place.with_suffix("") if known is None else place, known)

    def existing(self) -> Path | None:
        """What already stands in the place of its SR."""
        if self.format is not None:
            return self.target if self.target.exists() else None
        found = (self.target.with_name(self.target.name + suffix) for suffix in _OUTPUT_SUFFIXES)
        return next((path for path in found if path.exists()), None)


def load_method(
    name: str,
    model: str | None = None,
    scale: int | None = None,
    given: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Loaded:
    """A method by name, with what it learned.

    model: a cell of a store in `results/` (label or key), or the folder that a training left. A method that learns
    needs one, which brings its parameters. given: the parameters of a method that does not learn; paths among them are
    relative to the working directory. scale: that of the model unless told; of a method that does not learn, the first
    of `SCALES` that it does. Raises `SrbenchError` for a scale that it cannot do.
    """
    registered = registry().get("method", name)
    kind = registered.load()
    facts: Mapping[str, float] = {}
    if not kind.learns:
        if model is not None:
            raise SrbenchError(f"{name} does not learn; leave out --model")
        method: Method = kind(**resolve(kind, given or {}, Path.cwd()))
        scale = _own_scale(method) if scale is None else scale
        if (refusal := _refusal(method, scale)) is not None:
            raise SrbenchError(f"{name} cannot do this: {refusal}")
    else:
        if given:
            raise SrbenchError(f"{name} learns: its parameters are those of the model; leave out --param")
        if model is None:
            raise SrbenchError(
                f"{name} learns; name a trained model with --model (a cell's label, its key, or a folder)"
            )
        method, scale, facts = _trained(name, kind, model, scale)
    method.to(device)
    if "values_low" not in facts:
        return Loaded(method, scale)
    values = Values(facts["values_low"], facts["values_high"])
    if "values_knee" in facts:
        values = replace(values, curve="asinh", knee=facts["values_knee"], pivot=facts["values_pivot"])
    return Loaded(method, scale, values, int(facts["values_bits"]))


def _trained(name: str, kind: type[Method], model: str, scale: int | None) -> tuple[Method, int, Mapping[str, float]]:
    folder, record = _model(model)
    trained_by = record.ingredients["method"]
    if trained_by["name"] != name:
        raise SrbenchError(f"{model} is a model of {trained_by['name']}, not of {name}")
    trained_scale = int(record.ingredients["protocol"]["scale"])
    if scale not in (None, trained_scale):
        raise SrbenchError(f"{model} was trained for scale {trained_scale}, not {scale}")
    method = kind(**trained_by["params"])
    method.load(folder)
    return method, trained_scale, record.facts


def _own_scale(method: Method) -> int:
    return next((scale for scale in SCALES if _refusal(method, scale) is None), SCALES[0])


def _refusal(method: Method, scale: int) -> str | None:
    """Why the method can upscale neither colour nor grey by this scale; None when it can do one of them."""
    reasons = []
    for channels in (3, 1):
        answer = method.supports(Problem(scale, (channels,), ("uint8",), (64, 64), (64, 64)))
        if not isinstance(answer, Skip):
            return None
        reasons.append(answer.reason)
    return reasons[0]


def _model(model: str) -> tuple[Path, Record]:
    folder = Path(model)
    if folder.is_dir():
        store = Store(folder.resolve().parents[2])
        record = store.read("models", folder.resolve().name)
        if record is None:
            raise SrbenchError(f"{folder} holds no trained model (no record.json of one)")
        return folder, record
    from srbench.store.find import find_record

    store, cell = find_record(model, None)
    record = None if cell.model is None else store.read("models", cell.model)
    if record is None or cell.model is None or record.status != "ok":
        raise SrbenchError(f"the cell {cell.label} has no trained model")
    return store.folder("models", cell.model), record


def with_archives_unpacked(paths: Iterable[Path]) -> list[Path]:
    """The same files and folders, a zip as the folder of what it holds. Raises `SrbenchError` for a damaged one."""
    return [(path.suffix.lower() == ".zip" and path.is_file() and unpacked(path)) or path for path in paths]


def pictures(paths: Iterable[Path], out: Path) -> list[Picture]:
    """Files as they are, folders as all the pictures in them and below them, with their place in the folder.

    Hidden files and folders are passed over, and what lies in `out` already, when a folder holds it. Raises
    `SrbenchError` for a folder without pictures, when two pictures would become one file, and when SR would replace one
    of the pictures.
    """
    found: list[Picture] = []
    formats = Formats()
    for path in paths:
        if not path.is_dir():
            found.append(Picture.of(path, out / path.name, formats))
            continue
        inside = [Picture.of(one, out / one.relative_to(path), formats) for one in _visible(path, out)]
        chosen = [one for one in inside if one.format is not None or is_picture(one.path) or _leads_nowhere(one.path)]
        if not chosen:
            raise SrbenchError(f"there is no picture in {path}")
        found += chosen
    _check_targets(found)
    return found


def _format_of(path: Path, formats: Formats) -> Format | None:
    try:
        return formats.of(path)
    except ImageError:
        return None  # which is told when it is its turn


def passed_over(paths: Iterable[Path], out: Path) -> str:
    """What else lies in the folders, in words: `3 files (.dcm, .gif)`; empty where there is nothing."""
    inside = (one for path in paths if path.is_dir() for one in _visible(path, out))
    formats = Formats()
    return left_out(one for one in inside if not _leads_nowhere(one) and _format_of(one, formats) is None)


def _visible(folder: Path, out: Path) -> list[Path]:
    """The files in a folder and below it that are not hidden, sorted; not those in `out`, when that lies in it."""
    files = sorted(
        one
        for one in folder.rglob("*")
        if not one.is_dir() and not any(is_hidden(part) for part in one.relative_to(folder).parts)
    )
    if folder.resolve() in out.resolve().parents:  # an earlier SR is not to be upscaled again
        files = [one for one in files if not one.resolve().is_relative_to(out.resolve())]
    return files


def _leads_nowhere(path: Path) -> bool:
    """A link to a picture that is not there: that is to be told in its turn, and not passed over."""
    return has_picture_name(path) and path.is_symlink() and not path.exists()


def _check_targets(found: Iterable[Picture]) -> None:
    targets: dict[str, Path] = {}
    sources = {picture.path.resolve() for picture in found}
    for picture in found:
        # Not every file system tells upper from lower case.
        other = targets.setdefault(str(picture.target).casefold(), picture.path)
        if other is not picture.path:
            raise SrbenchError(
                f"{other} and {picture.path} would both become {picture.target}.png; upscale them into folders of "
                "their own"
            )
        for suffix in _OUTPUT_SUFFIXES if picture.format is None else ("",):
            if picture.target.with_name(picture.target.name + suffix).resolve() in sources:
                raise SrbenchError(f"the SR would overwrite the picture {picture.path} itself; choose another --out")


def usable_device(named: str | None) -> str:
    """The torch device of that name, or the first GPU, or else the CPU. `SrbenchError` where it is not there."""
    import torch

    if named is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=named)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for the device
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SrbenchError(f"the device {named!r} cannot be used: {reason}") from None
    return named


def free_memory(device: str) -> float:
    """The bytes that upscaling may take unless told: half of the free main memory, or most of the GPU's."""
    if device.startswith("cuda"):
        import torch

        return _GPU_SHARE * torch.cuda.mem_get_info(device)[0]
    import psutil

    return _CPU_SHARE * psutil.virtual_memory().available


def upscale_file(
    loaded: Loaded,
    picture: Picture,
    memory_bytes: float | None = None,
    progress: Callable[[float], None] = lambda done: None,
    values: Values | None = None,
) -> Path:
    """Upscale one picture, losslessly and in its own depth; returns the new file, which is there whole or not at all.

    memory_bytes: above it, the picture is upscaled in tiles, where the method allows that. progress: told the share
    that is done. values: its black and white, unless they are those of the model's training or of the depth. Raises
    `SrbenchError` for what the method does not support, and for values below black or above white.
    """
    if picture.format is not None:
        return _upscale_frames(picture.format, loaded, picture, memory_bytes, progress, values)
    image, alpha = read_with_alpha(picture.path)
    _check_supported(loaded, image)
    of_model = loaded.values if loaded.bits == 8 * image.itemsize else None
    whose = " that --peak gives" if values else " of the model's training" if of_model else ""
    values = values or of_model or Values.of(image)
    if alpha is not None:
        image = without_unseen_colours(image, alpha, values)
    _check_range(picture.path, image, values, whose)
    sr = _sr_of(image, values, loaded, memory_bytes, progress)
    target = picture.target.with_name(picture.target.name + suffix_for(image))
    with _finished(target) as unfinished:
        write_image(unfinished, sr, None if alpha is None else upscaled_alpha(alpha, loaded.scale))
    return target


def _upscale_frames(
    format: Format,
    loaded: Loaded,
    picture: Picture,
    memory_bytes: float | None,
    progress: Callable[[float], None],
    values: Values | None,
) -> Path:
    """Upscale all that a file of a plugin's format holds."""
    frames = format.frames(picture.path)
    images = []
    for place, frame in enumerate(frames):
        image = format.read(frame)
        _check_supported(loaded, image)
        of_model = loaded.values if loaded.bits == 8 * image.itemsize else None
        meant = values or of_model or frame.values or _own_values(image)
        if meant in (values, of_model):
            _check_range(picture.path, image, meant, " that --peak gives" if values else " of the model's training")

        def told(share: float, before: int = place) -> None:
            progress((before + share) / len(frames))

        images.append(_sr_of(image, meant, loaded, memory_bytes, told))
    with _finished(picture.target) as unfinished:
        format.write(unfinished, picture.path, images, loaded.scale, f"srbench {type(loaded.method).__name__}")
    return picture.target


def _sr_of(
    image: Image, values: Values, loaded: Loaded, memory_bytes: float | None, progress: Callable[[float], None]
) -> Image:
    """SR in the picture's own depth; where nothing was measured, nothing is in SR either."""
    lr, known = filled(image), measured(image)
    sr = to_image(upscale_image(loaded.method, to_tensor(lr, values), loaded.scale, memory_bytes, progress), lr, values)
    if known is not None:
        sr[~known.repeat(loaded.scale, 0).repeat(loaded.scale, 1)] = np.nan
    return sr


def _own_values(image: Image) -> Values:
    """From the least to the most of a picture whose file does not say what its values mean."""
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    return Values(low, high if low < high else low + 1)


def _check_supported(loaded: Loaded, image: Image) -> None:
    """Raise `SrbenchError` where the method cannot do with such a picture."""
    height, width, channels = image.shape
    problem = Problem(loaded.scale, (channels,), (image.dtype.name,), (height, width), (height, width))
    answer = loaded.method.supports(problem)
    if isinstance(answer, Skip):
        raise SrbenchError(answer.reason)


@contextmanager
def _finished(target: Path) -> Iterator[Path]:
    """The place to write a file at, which stands at `target` afterwards: whole, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".unfinished-{target.name}")
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _check_range(path: Path, image: Image, values: Values, whose: str) -> None:
    """Raise `SrbenchError` when the picture does not lie between black and white. whose: who says what they are."""
    if not values.fit(image.dtype.name):
        raise SrbenchError(f"{path}: its {8 * image.itemsize} bits cannot hold the black and white{whose}, {values}")
    lowest, highest = float(np.nanmin(image)), float(np.nanmax(image))
    if not values.hold(lowest, highest):
        remedy = "rescale the picture" + ("" if lowest < 0 else ", or give its white with --peak")
        raise SrbenchError(
            f"{path}: has values from {in_digits(lowest)} to {in_digits(highest)}, outside the black and white{whose}, "
            f"{values}; {remedy}"
        )
