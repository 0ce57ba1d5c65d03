"""Any method on any picture: what `srbench upscale` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, overload

import numpy as np

from srbench.commands.sources import Picture
from srbench.contract.format import Format
from srbench.contract.method import Method, Problem
from srbench.contract.metric import Skip
from srbench.devices.kinds import best_device, kind_of
from srbench.errors import SrbenchError, nearest
from srbench.evaluate.upscale import upscale_image
from srbench.pictures import (
    Image,
    Scale,
    Values,
    filled,
    in_digits,
    measured,
    read_with_alpha,
    scale_of,
    suffix_for,
    to_image,
    to_tensor,
    under_middles,
    write_image,
)
from srbench.pictures.alpha import upscaled_alpha, without_unseen_colours
from srbench.registry.parameters import UnknownParameterError, examine, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create, sampling
from srbench.store.record import Record
from srbench.store.records import Store
from srbench.training.speed.numerics import EXACT, numerics

SCALES = (4, 2, 3, 8, 16, 1)
"""Scales in the order in which they are tried where neither a model nor a scale is given."""
_CPU_SHARE, _GPU_SHARE = 0.5, 0.8
"""How much of the memory that is free may be used, unless told."""


@dataclass(frozen=True)
class Declared:
    """Black and white as somebody declared them, for pictures of so many bits, or all.

    by: who did, for messages. cut_off: what is below or above becomes black or white; otherwise it is an error.
    """

    values: Values
    by: str = ""
    bits: int | None = None
    cut_off: bool = False


@dataclass(frozen=True)
class Loaded:
    """A method ready to upscale by one scale. declared: black and white, where somebody declared them."""

    method: Method
    scale: Scale
    declared: Declared | None = None


@dataclass(frozen=True)
class Written:
    """A new file. undeclared: nobody said which values mean black and white, so that each picture in it went from its
    own least to its own most. besides: pictures in it that were not asked for, and are as they were."""

    path: Path
    undeclared: bool = False
    besides: tuple[str, ...] = ()


def load_method(
    name: str,
    model: str | None = None,
    scale: Scale | None = None,
    given: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Loaded:
    """A method by name, with what it learned.

    model: a cell of a store in `results/` (label or key), or the folder that a training left. A method that learns
    needs one, which brings its parameters; a cell also those that training pays no heed to. given: the parameters of a
    method that does not learn; of one that learns, those that training pays no heed to, in place of the model's. Paths
    among them are relative to the working directory. scale: that of the model unless told; of a method that does not
    learn, the first of `SCALES` that it does. Raises `SrbenchError` for a scale that it cannot do, and for a number
    format that the device does not have.
    """
    registered = registry().get("method", name)
    kind = registered.load()
    facts: Mapping[str, float] = {}
    if not kind.learns:
        if model is not None:
            raise SrbenchError(f"{name} does not learn; leave out --model")
        method: Method = create(kind, resolve(kind, given or {}, Path.cwd()))
        scale = _own_scale(method) if scale is None else scale
        if (refusal := _refusal(method, scale)) is not None:
            raise SrbenchError(f"{name} cannot do this: {refusal}")
    else:
        if model is None:
            raise SrbenchError(
                f"{name} learns; name a trained model with --model (a cell's label, its key, or a folder)"
            )
        method, scale, facts = _trained(name, kind, model, scale, given or {})
    if lacking := kind_of(device).lacks(method.computes_in, device):
        raise SrbenchError(lacking)
    method.to(device)
    if "values_low" not in facts:
        return Loaded(method, scale)
    values = Values(facts["values_low"], facts["values_high"])
    if "values_knee" in facts:
        values = replace(values, curve="asinh", knee=facts["values_knee"], pivot=facts["values_pivot"])
    return Loaded(method, scale, Declared(values, " of the model's training", int(facts["values_bits"])))


def _trained(
    name: str, kind: type[Method], model: str, scale: Scale | None, given: Mapping[str, Any]
) -> tuple[Method, Scale, Mapping[str, float]]:
    folder, record, params = _model(model)
    trained_by = record.ingredients["method"]
    if trained_by["name"] != name:
        raise SrbenchError(f"{model} is a model of {trained_by['name']}, not of {name}")
    trained_scale = scale_of(record.ingredients["protocol"]["scale"])
    if scale not in (None, trained_scale):
        raise SrbenchError(f"{model} was trained for scale {trained_scale}, not {scale}")
    method: Method = create(kind, _with_given(name, model, kind, params, given))
    method.load(folder)
    return method, trained_scale, record.facts


def _with_given(
    name: str, model: str, kind: type[Method], params: Mapping[str, Any], given: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The parameters of a model with others in place of those that its training paid no heed to."""
    free = sampling(kind, params)
    if bound := [parameter for parameter in given if parameter not in free]:
        raise SrbenchError(
            f"{name} learns: its parameters are those of the model; leave out --param {bound[0]}. How the model is "
            f"used can be told by {', '.join(sorted(free))}.{nearest(bound[0], free)}"
        )
    values, errors = examine(kind, {**params, **given}, Path.cwd())
    if gone := [error.parameter for error in errors if isinstance(error, UnknownParameterError)]:
        raise SrbenchError(
            f"{model} was trained by another {name}, which had the parameters {', '.join(sorted(gone))}; train anew"
        )
    if wrong := next((error for error in errors if error.parameter in given), None):
        raise wrong
    kept = {parameter: value for parameter, value in params.items() if parameter not in given}
    # A shared parameter that is at its default is not among complete ones.
    return kept | {parameter: values[parameter] for parameter in given if parameter in values}


def _own_scale(method: Method) -> int:
    return next((scale for scale in SCALES if _refusal(method, scale) is None), SCALES[0])


def _refusal(method: Method, scale: Scale) -> str | None:
    """Why the method can upscale neither colour nor grey by this scale; None when it can do one of them."""
    reasons = []
    for channels in (3, 1):
        answer = method.supports(Problem(scale, (channels,), ("uint8",), (64, 64), (64, 64)))
        if not isinstance(answer, Skip):
            return None
        reasons.append(answer.reason)
    return reasons[0]


def _model(model: str) -> tuple[Path, Record, Mapping[str, Any]]:
    """The folder of a model, the record of its training, and the parameters of the method that is to use it."""
    folder = Path(model)
    if folder.is_dir():
        store = Store(folder.resolve().parents[2])
        record = store.read("models", folder.resolve().name)
        if record is None:
            raise SrbenchError(f"{folder} holds no trained model (no record.json of one)")
        return folder, record, record.ingredients["method"]["params"]
    from srbench.store.find import find_record

    store, cell = find_record(model, None)
    record = None if cell.model is None else store.read("models", cell.model)
    if record is None or cell.model is None or record.status != "ok":
        raise SrbenchError(f"the cell {cell.label} has no trained model")
    return store.folder("models", cell.model), record, cell.ingredients["method"]["params"]


def usable_device(named: str | None) -> str:
    """The torch device of that name, or the first GPU, or else the CPU. `SrbenchError` where it is not there."""
    import torch

    if named is None:
        return best_device()
    try:
        torch.empty(1, device=named)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for the device
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SrbenchError(f"the device {named!r} cannot be used: {reason}") from None
    return named


def free_memory(device: str) -> float:
    """The bytes that upscaling may take unless told: half of the free main memory, or most of the GPU's."""
    if (memory := kind_of(device).free(device)) is not None:
        return _GPU_SHARE * memory[0]
    import psutil

    return _CPU_SHARE * psutil.virtual_memory().available


def upscale_file(
    loaded: Loaded,
    picture: Picture,
    memory_bytes: float | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> Written:
    """Upscale one picture, losslessly and in its own depth; the new file is there whole or not at all.

    memory_bytes: above it, the picture is upscaled in tiles, where the method allows that. progress: told the share
    that is done. Black and white are those that were declared for such pictures, or else those of the file's header or
    of the depth. Raises `SrbenchError` for what the method does not support, and for values below black or above white.
    """
    if picture.format is not None:
        return _upscale_frames(picture.format, loaded, picture, memory_bytes, progress)
    image, alpha = read_with_alpha(picture.path)
    _check_supported(loaded, image)
    declared = _declared(loaded, image, Values.of(image))
    if alpha is not None:
        image = without_unseen_colours(image, alpha, declared.values)
    image = _within(picture.path, image, declared)
    sr = _sr_of(image, declared.values, loaded, memory_bytes, progress)
    target = picture.target.with_name(picture.target.name + suffix_for(image))
    with _finished(target) as unfinished:
        write_image(unfinished, sr, None if alpha is None else upscaled_alpha(alpha, loaded.scale))
    return Written(target)


def _upscale_frames(
    format: Format, loaded: Loaded, picture: Picture, memory_bytes: float | None, progress: Callable[[float], None]
) -> Written:
    """Upscale all that a file of a plugin's format holds."""
    frames = format.frames(picture.path)
    images = []
    undeclared = False
    for place, frame in enumerate(frames):
        image = format.read(frame)
        _check_supported(loaded, image)
        if (declared := _declared(loaded, image, frame.values)) is not None:
            image, values = _within(picture.path, image, declared), declared.values
        else:
            values, undeclared = Values.spanning(image), True

        def told(share: float, before: int = place) -> None:
            progress((before + share) / len(frames))

        images.append(_sr_of(image, values, loaded, memory_bytes, told))
    with _finished(picture.target) as unfinished:
        format.write(unfinished, picture.path, images, loaded.scale, f"srbench {type(loaded.method).__name__}")
    return Written(picture.target, undeclared, tuple(format.besides(picture.path)))


@overload
def _declared(loaded: Loaded, image: Image, known: Values) -> Declared: ...
@overload
def _declared(loaded: Loaded, image: Image, known: Values | None) -> Declared | None: ...
def _declared(loaded: Loaded, image: Image, known: Values | None) -> Declared | None:
    """Black and white as declared for such pictures. known: what the file or its depth says, where nobody did."""
    declared = loaded.declared
    if declared is not None and declared.bits in (None, 8 * image.itemsize):
        return declared
    return None if known is None else Declared(known)


def _within(path: Path, image: Image, declared: Declared) -> Image:
    """The picture between black and white: cut off there, or else an `SrbenchError` where it is not."""
    values = declared.values
    if not values.fit(image.dtype.name):
        raise SrbenchError(
            f"{path}: its {8 * image.itemsize} bits cannot hold the black and white{declared.by}, {values}"
        )
    if declared.cut_off:
        return image.clip(values.low, values.high).astype(image.dtype)
    lowest, highest = float(np.nanmin(image)), float(np.nanmax(image))
    if not values.hold(lowest, highest):
        raise SrbenchError(
            f"{path}: has values from {in_digits(lowest)} to {in_digits(highest)}, outside the black and "
            f"white{declared.by}, {values}; rescale the picture, or name its black and white with --range, which cuts "
            "off what is beyond"
        )
    return image


def _sr_of(
    image: Image, values: Values, loaded: Loaded, memory_bytes: float | None, progress: Callable[[float], None]
) -> Image:
    """SR in the picture's own depth; where nothing was measured, nothing is in SR either."""
    lr, known = filled(image), measured(image)
    with numerics(EXACT):
        made = upscale_image(loaded.method, to_tensor(lr, values), loaded.scale, memory_bytes, progress)
    sr = to_image(made, lr, values)
    if known is not None:
        down, across = (under_middles(side, 1 / Fraction(loaded.scale)) for side in sr.shape[:2])
        sr[~known[np.ix_(down, across)]] = np.nan
    return sr


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
