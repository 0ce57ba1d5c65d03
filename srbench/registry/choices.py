"""What a parameter that is one of several named things stands for: `NAME`, or `{NAME: {parameters}}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from srbench.errors import ParameterError, SrbenchError, nearest
from srbench.registry.parameters import resolve


def chosen(parameter: str, value: str | Mapping[str, Mapping[str, Any]], kinds: Mapping[str, type]) -> Any:
    """The thing of that name, made with its parameters. Raises `ParameterError`, with the nearest name there is."""
    if isinstance(value, Mapping) and len(value) != 1:
        raise ParameterError(
            parameter, f"{parameter}: expected one name, `NAME` or `{{NAME: {{sizes}}}}`; found {len(value)}"
        )
    name, given = next(iter(value.items())) if isinstance(value, Mapping) else (value, {})
    if name not in kinds:
        raise ParameterError(parameter, f"{parameter}: unknown value {name!r}.{nearest(name, kinds)}")
    try:
        return kinds[name](**resolve(kinds[name], given))
    except SrbenchError as error:
        raise ParameterError(parameter, f"{parameter}: {name}: {error}") from None
