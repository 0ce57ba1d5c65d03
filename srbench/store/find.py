"""Find a cell's record when only its name is given."""

from __future__ import annotations

from pathlib import Path

from srbench.errors import SrbenchError
from srbench.store.files import StoreError
from srbench.store.record import Record
from srbench.store.records import Store


def stores(named: Path | None) -> list[Store]:
    """The named store, or every store in `results`."""
    if named is not None:
        if not named.is_dir():
            where = "" if named.is_absolute() else f" (in {Path.cwd()})"
            raise SrbenchError(f"there is no store {named}{where}; `srbench run` makes one, where a matrix is run")
        return [Store(named)]
    found = [Store(folder) for folder in sorted(Path("results").glob("*")) if (folder / "cells").is_dir()]
    if not found:
        raise SrbenchError(
            f"there is no store in results/ (in {Path.cwd()}); name one with --store, or go to where a matrix was run"
        )
    return found


def find_record(cell: str, named: Path | None) -> tuple[Store, Record]:
    """The latest record of a cell given by label or key prefix, and the store that holds it."""
    found: list[tuple[Store, Record]] = []
    missing: StoreError | None = None
    for store in stores(named):
        try:
            found.append((store, store.find("cells", cell)))
        except StoreError as error:
            missing = error
    if not found:
        assert missing is not None
        raise missing
    return max(found, key=lambda pair: pair[1].started)
