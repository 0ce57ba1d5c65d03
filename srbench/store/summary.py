"""What a plan goes by of a cell's record: remembered on this machine for as long as no file of the cell changes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple

import msgspec

from srbench.store.file_memory import TICK_NS, FileMemory
from srbench.store.files import Stamp, stamp
from srbench.store.record import Record, Status
from srbench.store.records import RECORD, Store
from srbench.store.seal import UNREADABLE

_TOGETHER = 256
"""How many cells are remembered at once: what an interrupted plan reads again, at most."""


class ResultSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan goes by of a metric's result."""

    status: Literal["ok", "skipped", "failed"]
    reason: str
    again: bool


class Summary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan goes by of a record: how it ended, its results by key, and the packages that it was made with.

    Without anything of one cell alone, so that cells which ended alike share one.
    """

    status: Status
    reason: str
    metrics: dict[str, ResultSummary]
    packages: dict[str, Any]
    training_split: str
    samples: int

    @classmethod
    def of(cls, record: Record) -> Summary:
        """The summary of a record."""
        metrics = {key: ResultSummary(one.status, one.reason, one.again) for key, one in record.metrics.items()}
        packages = record.environment.get("packages", {})
        return cls(record.status, record.reason, metrics, packages, record.training_split, record.samples)

    def failed(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Why metrics failed, by name. keys: of those that are asked for, by name."""
        there = ((name, self.metrics.get(key)) for name, key in keys.items())
        return {name: one.reason for name, one in there if one is not None and one.status == "failed"}

    def outcome(self, keys: Mapping[str, str]) -> str:
        """How it ended, in words, as far as these metrics go."""
        failed = "; ".join(f"{name}: {reason}" for name, reason in self.failed(keys).items())
        return self.reason or failed or self.status


class _Remembered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A summary, the files of its cell that were what was written, and the folders of such that were not there."""

    summary: bytes
    files: dict[str, Stamp]
    gone: list[str]


_decoded = msgspec.msgpack.Decoder(_Remembered).decode


class Known(NamedTuple):
    """What is remembered of a cell. whole: no folder of its files is gone."""

    summary: Summary
    whole: bool


class Look(NamedTuple):
    """A record that was read, to be looked at closer.

    kept: the stamps of the files that it needs, itself first, from before anything was read; empty where one is not
    there, or may still change unseen. gone: the folders of its files that were not there.
    """

    record: Record
    summary: Summary
    kept: dict[str, Stamp]
    gone: set[str]


class Summaries:
    """What is remembered of the cells of a store."""

    def __init__(self, store: Store) -> None:
        self._store, self._memory = store, FileMemory("records")
        self._learned: list[tuple[str, Stamp, bytes]] = []
        self._shared: dict[bytes, Summary] = {}

    def known(self, key: str) -> Known | None:
        """What is remembered of a cell; None where its record or one of its files may have changed since."""
        folder = self._store.place("cells", key)
        try:
            found = self._memory.get(f"{folder}/{RECORD}", stamp(f"{folder}/{RECORD}"))
            known = None if found is None else _decoded(found)
            if known is None or any(stamp(f"{folder}/{name}") != then for name, then in known.files.items()):
                return None
            if any(os.path.isdir(f"{folder}/{name}") for name in known.gone):  # noqa: PTH112 (fast)
                return None
            return Known(self._of(known.summary), not known.gone)
        except (OSError, *UNREADABLE):
            return None

    def look(self, key: str) -> Look | None:
        """Read the record of a cell, as `Store.read` does."""
        folder, begun = self._store.place("cells", key), time.time_ns()
        own = _stamps(folder, [RECORD])
        record = self._store.read("cells", key)
        if record is None:
            return None
        files = record.files if record.status == "ok" else {}
        needed = [name for name in self._store.kept("cells", record) if name in files]
        kept = own | _stamps(folder, needed)
        settled = len(kept) > len(needed) and all(begun - one[-1] > TICK_NS for one in kept.values())
        summary = self._of(msgspec.msgpack.encode(Summary.of(record)))
        gone = {name.rpartition("/")[0] for name in files.keys() - needed}
        return Look(record, summary, kept if settled else {}, gone)

    def remember(self, look: Look) -> None:
        """Note that the files of a record are what was written."""
        if not look.kept:
            return
        files = dict(look.kept)
        own = files.pop(RECORD)
        kept = _Remembered(msgspec.msgpack.encode(look.summary), files, list(look.gone))
        path = f"{self._store.place('cells', look.record.key)}/{RECORD}"
        self._learned.append((path, own, msgspec.msgpack.encode(kept)))
        if len(self._learned) >= _TOGETHER:
            self.write()

    def _of(self, data: bytes) -> Summary:
        if data not in self._shared:
            self._shared[data] = msgspec.msgpack.decode(data, type=Summary)
        return self._shared[data]

    def write(self) -> None:
        """Write what was noted: it is done for many cells at once."""
        self._memory.put_all(self._learned)
        self._learned.clear()


def _stamps(folder: str, names: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of files, by name; without those that are not there."""
    found: dict[str, Stamp] = {}
    for name in names:
        with suppress(OSError):
            found[name] = stamp(f"{folder}/{name}")
    return found
