"""`srbench why`."""

from __future__ import annotations

from pathlib import Path

import click

from srbench.cli.options import json_option, store_option
from srbench.cli.output import print_json
from srbench.store.texts import visible


@click.command("why", short_help="Why a cell is stale or not ok.")
@click.argument("cell")
@store_option
@json_option
def command(cell: str, store: Path | None, as_json: bool) -> None:
    """Tell which component of CELL's key changed since it was recorded, or why it is not ok."""
    from srbench.runner.planning.changes import changes
    from srbench.runner.planning.plan import make_plan
    from srbench.store.cell import begun_with
    from srbench.store.find import find_record

    place, record = find_record(cell, store)
    answer = {"cell": record.label, "key": record.key, "status": record.status, "reason": record.reason}
    if begun := begun_with(record.ingredients.get("model") or {}):
        answer["training"] = begun
    matrix = place.last_matrix()
    if matrix is not None:
        from srbench.matrix import read_matrix

        now = [one for one in make_plan(read_matrix(matrix), place).cells if one.cell.point() == record.point]
        if not now:
            answer["state"] = f"not asked for by {matrix}, the matrix that ran in this store last"
        elif now[0].cell.key == record.key:
            done = "done" if record.status in ("ok", "skipped") else f"not repeated without --retry {record.status}"
            answer["state"] = done if now[0].state == "done" else f"{now[0].state}, {now[0].why}"
        else:
            answer["state"] = f"stale, {changes(record, now[0].cell, now[0].tested)}"
    if as_json:
        print_json(answer)
        return
    width = max(len(name) for name, value in answer.items() if value)
    for name, value in answer.items():
        if value:
            click.echo(visible(f"{name.ljust(width)}  {value}"))
    if record.status not in ("ok", "skipped") and record.log_tail:
        click.echo("log:")
        click.echo(record.log_tail)
