"""What every protocol must be: told apart from others by its facts, and the same LR and scored pixels for all."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import get_args

import numpy as np

from srbench.contract.degradation import Degradation
from srbench.contract.protocol import Channel, Protocol
from srbench.errors import SrbenchError
from srbench.matrix.fields import is_safe
from srbench.pictures import Image, scale_of
from srbench.registry.registry import task_named
from srbench.testing.check import CheckFailure, check
from srbench.testing.class_checks import as_plain
from srbench.testing.subjects import ProtocolSubject, seeded


def _upscales(subject: ProtocolSubject) -> bool:
    return subject.upscales


def _is_scale(value: object) -> bool:
    try:
        found = scale_of(value)
    except SrbenchError:
        return False
    return (type(value), value) == (type(found), found)


def _is_whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


@check("protocol", needs=("loads",))
def name_is_safe(subject: ProtocolSubject) -> None:
    """The name will do as that of a folder, and as a part of a cell's label."""
    if not is_safe(subject.name):
        raise CheckFailure(
            "use letters, digits, `.`, `_` and `-` in the name, the first a letter or digit, 100 at most"
        )


@check("protocol", needs=("loads",))
def declares_itself(subject: ProtocolSubject) -> None:
    """Scale, channel, border, degradation, seed and version (of generation: the size) are such as can be."""
    protocol: Protocol = subject.target
    channels = get_args(Channel)
    wanted = [("version", _is_whole(protocol.version, 1), "a whole number from 1 up")]
    if subject.upscales:
        wanted += [
            (
                "scale",
                _is_scale(protocol.scale),
                "what srbench.pictures.scale_of gives: a whole number from 1 up or a fraction",
            ),
            ("channel", protocol.channel in channels, f"one of {', '.join(channels)}"),
            ("border", _is_whole(protocol.border, 0), "a number of pixels from 0 up"),
            ("degradation", isinstance(protocol.degradation, Degradation), "a srbench.Degradation value"),
            ("seed", _is_whole(protocol.seed, 0), "a whole number from 0 up"),
        ]
    else:
        wanted += [("size", _is_whole(protocol.size, 1), "a number of pixels from 1 up")]
    for field, fits, words in wanted:
        if not fits:
            raise CheckFailure(f"{field} is {getattr(protocol, field)!r}; it should be {words}")


@check("protocol", needs=("declares_itself",))
def describes_itself(subject: ProtocolSubject) -> None:
    """Its task tells it in one line that says scale, channel and border, or of generation the size."""
    protocol: Protocol = subject.target
    line = in_one_line(protocol)
    if not line.isprintable():
        raise CheckFailure(f"it is told as {line!r}, which is not one line of text")
    if subject.upscales and line in {in_one_line(other) for other in _in_other_channels(protocol)}:
        raise CheckFailure(f"it is told as {line!r}, and so it is with another channel")
    size = f"{protocol.size} x {protocol.size}"
    for part in (f"x{protocol.scale}", f"{protocol.border} px") if subject.upscales else (size,):
        if part not in line:
            raise CheckFailure(f"it is told as {line!r}, which does not say {part}")


def in_one_line(protocol: Protocol) -> str:
    """The protocol as people are told of it."""
    return task_named(protocol.task).describe(protocol)


def _in_other_channels(protocol: Protocol) -> list[Protocol]:
    return [replace(protocol, channel=channel) for channel in get_args(Channel) if channel != protocol.channel]


@check("protocol", needs=("declares_itself",))
def facts_are_plain(subject: ProtocolSubject) -> None:
    """`facts()` gives plain values and paths, the same for equal protocols, whatever they are called."""
    protocol: Protocol = subject.target
    facts = protocol.facts()
    try:
        json.dumps(facts, default=as_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CheckFailure(f"facts() gives {facts}, which does not fit into JSON: {error}") from None
    equal = replace(copy.deepcopy(protocol), name="another-name").facts()
    if equal != facts:
        raise CheckFailure(f"facts() gives {facts}, and for an equal protocol {equal}; results would never be reused")


@check("protocol", needs=("facts_are_plain",))
def facts_tell_protocols_apart(subject: ProtocolSubject) -> None:
    """Protocols that score or make LR otherwise have other facts."""
    protocol: Protocol = subject.target
    others = [replace(protocol, version=protocol.version + 1)]
    if subject.upscales:
        others += [replace(protocol, **{field: getattr(protocol, field) + 1}) for field in ("scale", "border", "seed")]
        others += _in_other_channels(protocol)
    else:
        others += [replace(protocol, size=(protocol.size or 0) + 1)]
    for other in others:
        if other.facts() == protocol.facts():
            raise CheckFailure(
                f"facts() are the same as those of {other}; results of one would be reused for the other"
            )


@check("protocol", needs=("facts_are_plain",), applies=_upscales)
def degradation_is_made_again(subject: ProtocolSubject) -> None:
    """The facts name a degradation that plugins offer, and all parameters that it takes to make an equal one."""
    degradation = subject.target.degradation
    try:
        again = subject.degradation_again()
    except SrbenchError as error:
        raise CheckFailure(f"its degradation {degradation} cannot be made again in a worker: {error}") from None
    if again != degradation:
        raise CheckFailure(
            f"its degradation is {degradation!r}, and made again from its facts {again!r}; its facts() should give "
            "every parameter"
        )


@check("protocol", needs=("declares_itself",), applies=_upscales)
def lr_shape(subject: ProtocolSubject) -> None:
    """LR is `(H // scale, W // scale, C)` in HR's type (8-bit Y in one channel under `y8`), grey or in colour."""
    protocol: Protocol = subject.target
    for item in subject.items:
        hr, _ = item.read_hr()
        try:
            lr = subject.lr(protocol, item)
        except SrbenchError as error:
            raise CheckFailure(f"{item.id}: {error}") from None
        y8 = protocol.channel == "y8" and hr.shape[2] == 3
        expected = (*protocol.lr_size(hr.shape), 1 if y8 else hr.shape[2])
        dtype = np.dtype(np.uint8) if y8 else hr.dtype
        if lr.shape != expected or lr.dtype != dtype:
            raise CheckFailure(f"{item.id}: LR is {lr.shape} in {lr.dtype}; it should be {expected} in {dtype}")


@check("protocol", needs=("lr_shape", "degradation_is_made_again"), applies=_upscales)
def lr_repeats(subject: ProtocolSubject) -> None:
    """Each worker makes the same LR of an image, whatever images came before and whatever was drawn elsewhere."""
    orders = (subject.items, subject.items[::-1])
    made: list[dict[str, Image]] = []
    for seed, order in enumerate(orders):
        of_a_worker = replace(subject.target, degradation=subject.degradation_again())
        with seeded(seed):
            made.append({item.id: subject.lr(of_a_worker, item) for item in order})
    for item in subject.items:
        if not np.array_equal(made[0][item.id], made[1][item.id]):
            raise CheckFailure(f"{item.id}: LR differs when it is made again, after other images")


@check("protocol", needs=("lr_repeats",), applies=_upscales)
def trains_on_the_same_lr(subject: ProtocolSubject) -> None:
    """Methods learn from LR that is made as the LR that they are tested on."""
    protocol: Protocol = subject.target
    learned = protocol.for_training()
    for item in subject.items:
        if not np.array_equal(subject.lr(protocol, item), subject.lr(learned, item)):
            raise CheckFailure(f"{item.id}: for_training() gives {learned}, which makes another LR")


@check("protocol", needs=("declares_itself",))
def scored_pixels(subject: ProtocolSubject) -> None:
    """What is scored is float64 `(C, H, W)` in [0, 1], without the border; of grey pictures and of Y one channel."""
    import torch

    protocol: Protocol = subject.target
    border = protocol.border
    for item in subject.items:
        image, values = protocol.reference(*item.read_hr())
        height, width = image.shape[:2]
        scored = protocol.scored(image, values)
        expected = (image.shape[2] if protocol.channel == "rgb" else 1, height - 2 * border, width - 2 * border)
        if tuple(scored.shape) != expected or scored.dtype != torch.float64:
            raise CheckFailure(
                f"{item.id}: scored() gives {tuple(scored.shape)} in {scored.dtype}; it should be {expected} in float64"
            )
        if not (scored.min() >= 0 and scored.max() <= 1):
            raise CheckFailure(f"{item.id}: scored() gives values from {scored.min():g} to {scored.max():g}")
        whole = protocol.in_channel(image, values)
        if not scored.equal(whole[:, border : height - border, border : width - border]):
            raise CheckFailure(f"{item.id}: scored() gives other pixels than those {border} and more from the border")
