"""What many records have in common, held in memory once: their environment, and most of what their keys are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec


def as_it_is(value: Any) -> Any:
    """The value itself."""
    return value


class Shared:
    """Gives one object for all data that are equal as JSON; it is not to be changed.

    made: what it gives for data that it meets for the first time.
    """

    def __init__(self, made: Callable[[Any], Any] = as_it_is) -> None:
        self._made = made
        self._known: dict[bytes, Any] = {}

    def of(self, value: Any) -> Any:
        """What was made of data equal to this when it was first met."""
        data = msgspec.json.encode(value)
        if data not in self._known:
            self._known[data] = self._made(value)
        return self._known[data]
