"""Parameters of methods, datasets, metrics: what `__init__` takes, typed, validated, listed."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, get_origin

import msgspec

from srbench.errors import ParameterError as ParameterError
from srbench.errors import SrbenchError, nearest
from srbench.registry.type_words import given_whole, readable, type_name

PRESET = "preset"


class UnknownParameterError(ParameterError):
    """A parameter that `__init__` does not take."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of `__init__`, for `srbench info`."""

    name: str
    type: Any
    default: Any
    required: bool

    @property
    def type_name(self) -> str:
        """The type as a person would write it: `int >= 1`, `'y' | 'rgb'`, `float | None`."""
        return type_name(self.type)


def parameters(target: Any, given: Mapping[str, Any] | None = None) -> dict[str, Parameter]:
    """The parameters of a class, by name; with `given` also those of the variants of it that are chosen, and those that
    its base classes share.

    `SrbenchError` when its `__init__` cannot be read.
    """
    if given is not None:
        shared = (found for names in shared_parameters(target, given).values() for found in names.items())
        return {**own_parameters(target, given), **dict(shared)}
    return dict(_parameters(target))


@lru_cache(maxsize=1 << 10)
def _parameters(target: Any) -> dict[str, Parameter]:
    if target.__init__ is object.__init__:
        return {}
    try:
        hints = typing.get_type_hints(target.__init__, include_extras=True)
        signature = inspect.signature(target.__init__)
    except Exception as error:  # an annotation that only type checkers can see, most often
        raise SrbenchError(
            f"the parameters of {target.__module__}.{target.__qualname__} cannot be read: "
            f"{type(error).__name__}: {error}. Types of parameters must be importable where the class is defined."
        ) from error
    found = {}
    for name, parameter in list(signature.parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        required = parameter.default is parameter.empty
        default = None if required else _default(target, parameter)
        found[name] = Parameter(name, hints.get(name, Any), default, required)
    return found


def own_parameters(target: Any, given: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters of `__init__` and of the variants of the class that `given` chooses, by name."""
    return {name: one for kind in (target, *variants(target, given)) for name, one in parameters(kind).items()}


def shared_parameters(target: Any, given: Mapping[str, Any]) -> dict[str, dict[str, Parameter]]:
    """The parameters that base classes of a class share (`Method.shared`), by attribute and name.

    One that the class has of its own hides the shared one.
    """
    shared: Mapping[str, Any] = getattr(target, "shared", {})
    own = own_parameters(target, given) if shared else {}
    return {
        attribute: {name: one for name, one in parameters(kind).items() if name not in own}
        for attribute, kind in shared.items()
    }


def variants(target: Any, given: Mapping[str, Any]) -> list[Any]:
    """The variants of a class that `given`, or a default, chooses; none for a value that is unknown."""
    chosen = [(kinds, _variant(target, name, given)) for name, kinds in _variants(target).items()]
    return [kinds[value] for kinds, value in chosen if isinstance(value, str) and value in kinds]


def presets(target: Any, given: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The presets of a class, and of the variants of it that `given` chooses, by name."""
    kinds = (target, *variants(target, given))
    return {name: values for kind in kinds for name, values in getattr(kind, "presets", {}).items()}


def _variants(target: Any) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = getattr(target, "variants", {})
    return found


def _variant(target: Any, name: str, given: Mapping[str, Any]) -> Any:
    return given[name] if name in given else parameters(target)[name].default


def _default(target: Any, parameter: inspect.Parameter) -> Any:
    # In the signature of a dataclass, a placeholder stands for `default_factory`.
    for field in dataclasses.fields(target) if dataclasses.is_dataclass(target) else ():
        if field.name == parameter.name and field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
    return parameter.default


def resolve(target: Any, given: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """The full parameters of a class: defaults, then the preset's, then the given ones, each checked by type.

    A parameter annotated as `Path` is taken relative to `folder`. `preset` names one of `target.presets`, or of those
    of the variants chosen; it is resolved away, so that a preset and the same parameters spelled out are the same
    thing. Of a mapping the given keys win over the preset's one by one, and None leaves the preset's out. A shared
    parameter (`Method.shared`) is among them only where it is not at its default, so that keys from before it was there
    stay. Raises `ParameterError`.
    """
    values, errors = examine(target, given, folder)
    if errors:
        raise errors[0]
    return values


def examine(
    target: Any, given: Mapping[str, Any], folder: Path | None = None
) -> tuple[dict[str, Any], list[ParameterError]]:
    """Like `resolve`, but returns everything that is wrong, with the values that are right."""
    known, named = parameters(target, given), presets(target, given)
    given = dict(given)
    errors: list[ParameterError] = []
    values = {name: _normal(parameter) for name, parameter in known.items() if not parameter.required}
    wrong: set[str] = set()
    base: Mapping[str, Any] = {}
    for name, kinds in _variants(target).items():
        value = _variant(target, name, given)
        if isinstance(value, str) and value in kinds:
            continue
        if name in given:
            wrong.add(name)
            errors.append(ParameterError(name, f"{name}: unknown value {value!r}.{nearest(str(value), kinds)}"))
        # Which parameters and presets there are is not known then.
        given = {key: value for key, value in given.items() if key in known and key != name}
    if named and PRESET in given:
        preset = given.pop(PRESET)
        if isinstance(preset, str) and preset in named:
            base = named[preset]
            values.update(_preset(known, preset, named[preset], folder, errors))
        else:
            errors.append(ParameterError(PRESET, f"unknown preset {preset!r}.{nearest(str(preset), named)}"))
            wrong.update(known)  # it might have held any of them
    for name, value in given.items():
        if name not in known:
            valid = [*known, *([PRESET] if named else [])]
            errors.append(UnknownParameterError(name, f"unknown parameter {name!r}.{nearest(name, valid)}"))
            continue
        try:
            whole = given_whole(known[name].type)
            values[name] = _convert(known[name], value if whole else _over(base.get(name), value, name), folder)
        except ParameterError as error:
            wrong.add(name)
            errors.append(error)
    errors += [
        ParameterError(name, f"parameter {name!r} is missing")
        for name in known
        if name not in values and name not in wrong
    ]
    for attribute, names in shared_parameters(target, given).items():
        chosen = {name: values[name] for name in names if values[name] != _normal(names[name])}
        values = {name: value for name, value in values.items() if name not in names or name in chosen}
        if not wrong & names.keys():
            errors += _refused(target.shared[attribute], chosen)
    return {name: values[name] for name in known if name in values}, errors


def _refused(kind: Any, values: Mapping[str, Any]) -> list[ParameterError]:
    """What a class itself finds wrong with values that fit their types."""
    try:
        kind(**values)
    except ParameterError as error:
        return [error]
    return []


def _preset(
    known: Mapping[str, Parameter],
    preset: str,
    values: Mapping[str, Any],
    folder: Path | None,
    errors: list[ParameterError],
) -> dict[str, Any]:
    converted = {}
    for name, value in values.items():
        try:
            if name not in known:
                raise UnknownParameterError(name, f"unknown parameter {name!r}.{nearest(name, known)}")
            converted[name] = _convert(known[name], value, folder)
        except ParameterError as error:
            errors.append(ParameterError(PRESET, f"preset {preset!r} of the plugin is wrong: {error}"))
    return converted


def _over(base: Any, value: Any, name: str) -> Any:
    """A given value over that of a preset: of mappings the keys, None leaving one out. Raises `ParameterError`."""
    if not (isinstance(base, Mapping) and isinstance(value, Mapping)):
        return value
    for key in value:
        if value[key] is None and key not in base:
            raise ParameterError(
                name, f"{name}: the preset has no {key!r} that null could leave out; it has {', '.join(map(str, base))}"
            )
    return {key: part for key, part in {**base, **value}.items() if part is not None}


def _normal(parameter: Parameter) -> Any:
    # A default counts as the same value given in the file: 1 for a float is 1.0, a list for a tuple a tuple.
    try:
        return msgspec.convert(parameter.default, parameter.type)
    except (msgspec.ValidationError, TypeError):
        return parameter.default


def _convert(parameter: Parameter, value: Any, folder: Path | None) -> Any:
    def decode(type_: Any, raw: Any) -> Any:
        if re.Pattern in (type_, get_origin(type_)):
            return _compiled(raw)
        if type_ is not Path:
            raise NotImplementedError  # what msgspec wants to hear of a type that is not ours to read
        if isinstance(raw, Path):
            raw = str(raw)
        if not isinstance(raw, str) or not raw or "\0" in raw:
            raise ValueError(f"expected a path, got {raw!r}")
        try:
            path = Path(raw).expanduser()
        except RuntimeError:
            raise ValueError(f"the home folder in {raw!r} is not known") from None
        return path if folder is None else folder / path

    if not _finite(value):
        raise ParameterError(parameter.name, f"{parameter.name}: expected a finite number, got {value!r}")
    try:
        return msgspec.convert(value, parameter.type, dec_hook=decode)
    except msgspec.ValidationError as error:
        detail = readable(str(error), parameter.type, value)
        raise ParameterError(parameter.name, f"{parameter.name}: {detail}") from None
    except (TypeError, NotImplementedError):  # an annotation that msgspec does not know: the class checks for itself
        return value


def _compiled(raw: Any) -> re.Pattern[str]:
    if isinstance(raw, re.Pattern):
        return raw
    if not isinstance(raw, str):
        raise ValueError(f"expected a regular expression, got {raw!r}")
    try:
        return re.compile(raw)
    except re.error as error:
        raise ValueError(f"{raw!r} is no regular expression: {error}") from None


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(_finite(item) for item in value.values())
    return all(_finite(item) for item in value) if isinstance(value, list | tuple) else True
