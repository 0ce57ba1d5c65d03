"""Parameters of methods, datasets, metrics: what `__init__` takes, typed, validated, listed."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from srbench.errors import SrbenchError, nearest

PRESET = "preset"


class ParameterError(SrbenchError):
    """A parameter that is unknown, missing, or has a wrong value. `parameter` is its name."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


@dataclass(frozen=True)
class Parameter:
    """One parameter of `__init__`, for `srbench info`."""

    name: str
    type: Any
    default: Any
    required: bool

    @property
    def type_name(self) -> str:
        """The type as a person would write it."""
        return self.type.__name__ if isinstance(self.type, type) else str(self.type).replace("typing.", "")


def parameters(target: Any) -> dict[str, Parameter]:
    """The parameters of a class, by name."""
    if target.__init__ is object.__init__:
        return {}
    hints = typing.get_type_hints(target.__init__, include_extras=True)
    found = {}
    for name, parameter in list(inspect.signature(target.__init__).parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        required = parameter.default is parameter.empty
        found[name] = Parameter(name, hints.get(name, Any), None if required else parameter.default, required)
    return found


def resolve(target: Any, given: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """The full parameters of a class: defaults, then the preset's, then the given ones, each checked by type.

    A parameter annotated as `Path` is taken relative to `folder`. `preset` names one of `target.presets`; it is
    resolved away, so that a preset and the same parameters spelled out are the same thing. Raises `ParameterError`.
    """
    known = parameters(target)
    presets: Mapping[str, Mapping[str, Any]] = getattr(target, "presets", {})
    given = dict(given)
    values = {name: parameter.default for name, parameter in known.items() if not parameter.required}
    if presets and PRESET in given:
        preset = given.pop(PRESET)
        if preset not in presets:
            raise ParameterError(PRESET, f"unknown preset {preset!r}.{nearest(str(preset), presets)}")
        values.update(presets[preset])
    for name, value in given.items():
        if name not in known:
            valid = [*known, *([PRESET] if presets else [])]
            raise ParameterError(name, f"unknown parameter {name!r}.{nearest(name, valid)}")
        values[name] = _convert(known[name], value, folder)
    for name in known:
        if name not in values:
            raise ParameterError(name, f"parameter {name!r} is missing")
    return {name: values[name] for name in known}


def _convert(parameter: Parameter, value: Any, folder: Path | None) -> Any:
    if parameter.type is Path:
        if not isinstance(value, str):
            raise ParameterError(parameter.name, f"{parameter.name}: expected a path, got {value!r}")
        path = Path(value).expanduser()
        return path if folder is None else folder / path
    try:
        return msgspec.convert(value, parameter.type)
    except msgspec.ValidationError as error:
        detail = str(error).replace("`", "")
        raise ParameterError(parameter.name, f"{parameter.name}: {detail[0].lower()}{detail[1:]}") from None
    except TypeError:  # an annotation that msgspec does not know: the class checks for itself
        return value
