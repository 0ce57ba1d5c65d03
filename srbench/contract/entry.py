"""One thing that a plugin offers, as its hooks return it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One thing that a plugin offers.

    target: the class (for protocols, the value) itself, or where to find it: `"package.module:Name"`. The second
    form is imported only when it is used.
    """

    name: str
    target: Any
    summary: str = ""
