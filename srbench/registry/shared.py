"""Parameters that base classes share: made into one object a class of them, which each instance has as an attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from srbench.registry.parameters import shared_parameters


def create(target: Any, params: Mapping[str, Any]) -> Any:
    """A new instance with complete parameters: its own go to `__init__`, shared ones are on it by their attributes."""
    shared = shared_parameters(target, params)
    objects = {
        attribute: target.shared[attribute](**{name: params[name] for name in names if name in params})
        for attribute, names in shared.items()
    }
    elsewhere = {name for names in shared.values() for name in names}
    made = target(**{name: value for name, value in params.items() if name not in elsewhere})
    for attribute, value in objects.items():
        setattr(made, attribute, value)
    return made


def sampling(target: Any, params: Mapping[str, Any]) -> frozenset[str]:
    """The names of a method's parameters that its training pays no heed to, shared ones among them."""
    shared = {
        name
        for attribute, names in shared_parameters(target, params).items()
        for name in getattr(target.shared[attribute], "sampling", frozenset()) & names.keys()
    }
    return frozenset(target.sampling | shared)
