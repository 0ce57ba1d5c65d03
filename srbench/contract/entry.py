"""One thing that a plugin offers, as its hooks return it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One thing that a plugin offers.

    target: the class (for protocols and tasks, the value) itself, or where to find it: `"package.module:Name"`. The
    second form is imported only when it is used.
    """

    name: str
    target: Any
    summary: str = ""


def imported(target: str) -> Any:
    """What `"package.module:Name"` names, its module imported now."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
