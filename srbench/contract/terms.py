"""Whose the pictures of a dataset are, and what may be done with them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Terms(msgspec.Struct, frozen=True):
    """Source and licence of a dataset, or of a part of it.

    source: who made the pictures, and where they are from. licence: what their publisher allows, in their words where
    these are short: `CC BY 4.0`, `none is stated`; empty where there is nothing to allow, as of computed pictures. of:
    the part that it is about, in a word, where the parts of a dataset differ.
    """

    source: str
    licence: str = ""
    of: str = ""

    def faults(self) -> Iterator[str]:
        """What is wrong with them, in words; nothing where they can be shown."""
        if not self.source.strip():
            yield "source is empty"
        for name in ("source", "licence"):
            if getattr(self, name).rstrip().endswith("."):
                yield f"{name} ends with a full stop"
