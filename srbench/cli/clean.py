"""`srbench clean`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import json_option, place_argument, store_option, stores_at
from srbench.cli.output import print_rows
from srbench.errors import nearest

if TYPE_CHECKING:
    from srbench.commands.clean import Kind, Removable


@click.command("clean", short_help="What a store can do without, and its removal.")
@place_argument
@store_option
@click.option("--delete", "text", default="", metavar="KIND,...", help="Remove these, `leftovers,pictures` say.")
@json_option
def command(place: Path | None, store: Path | None, text: str, as_json: bool) -> None:
    """List what a store can do without, how much room it takes, and what is lost with it. Nothing is removed.

    The store is the one that is named, that of a matrix, or every one in `results`. With --delete, what is of these
    kinds is removed, and listed: `leftovers` of runs that were killed, `checkpoints` of finished trainings, models and
    references that no record names (`unnamed`), `training-pictures`, `samples` and `pictures` of cells that have all
    metrics that were asked for, and `conflicts` of merges. Only what srbench wrote is removed, and never while a run
    holds the store. --json names every path.
    """
    from srbench.commands.clean import check_free, clean, removable

    kinds = _kinds(text)
    chosen = stores_at(place, store)
    if kinds and len(chosen) > 1:
        raise click.UsageError("--delete: there are several stores in results; name the one to remove from")
    for one in chosen:
        check_free(one)
    found = [item for one in chosen for item in (clean(one, kinds) if kinds else removable(one))]
    if as_json:
        rows = [
            {
                "kind": item.kind,
                "path": str(item.path),
                "of": item.record.label if item.record else "",
                "bytes": item.bytes,
            }
            for item in found
        ]
        print_rows(rows, as_json)
        return
    print_rows(_summary(found), as_json)
    if kinds:
        click.echo(f"removed: {_megabytes(found)}")
    elif found:
        click.echo("nothing was removed; name what is to go with --delete KIND,...")


def _kinds(text: str) -> set[Kind]:
    from srbench.commands.clean import KINDS

    asked = {part.strip() for part in text.split(",") if part.strip()}
    for kind in sorted(asked):
        if kind not in KINDS:
            raise click.BadParameter(f"unknown kind {kind!r}.{nearest(kind, KINDS)}", param_hint="--delete")
    return {kind for kind in KINDS if kind in asked}


def _summary(found: Sequence[Removable]) -> list[dict[str, object]]:
    from srbench.commands.clean import PRICES

    rows: list[dict[str, object]] = []
    for kind, price in PRICES.items():
        own = [item for item in found if item.kind == kind]
        if own:
            rows.append({"kind": kind, "files or folders": len(own), "size": _megabytes(own), "lost with it": price})
    return rows


def _megabytes(found: Sequence[Removable]) -> str:
    return f"{sum(item.bytes for item in found) / 1e6:,.3f} MB"
