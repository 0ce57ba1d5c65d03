"""Records as cells leave them, for tests that need some."""

from __future__ import annotations

from srbench.store.records import Record


def made_record(key: str = "ab" * 32, method: str = "bicubic", started: str = "2026-01-01") -> Record:
    """A record of a cell that went well."""
    point = {"dataset": "set5", "protocol": "x4-y", "method": method, "trained_on": None, "seed": None}
    return Record(key=key, schema=1, status="ok", point=point, started=started)
