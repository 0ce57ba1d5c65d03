"""Equal parts of many records, held in memory once: most of what a record says of its environment, others say, too."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec


class Shared:
    """What was met so far. What it gives is not to be changed."""

    def __init__(self) -> None:
        self._known: dict[bytes, Any] = {}

    def of(self, value: Any) -> Any:
        """Data equal to this, as JSON has it, whose mappings, lists and texts are those that were met before."""
        if isinstance(value, dict):
            value = {self.of(name): self.of(part) for name, part in value.items()}
        elif isinstance(value, list):
            value = [self.of(part) for part in value]
        elif not isinstance(value, str):
            return value
        return self._known.setdefault(blake2b(msgspec.json.encode(value), digest_size=16).digest(), value)
