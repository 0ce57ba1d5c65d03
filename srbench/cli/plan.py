"""`srbench plan`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from srbench.cli.options import json_option, matrix_argument, store_option, verify_option
from srbench.cli.output import print_rows
from srbench.leaderboard.words.numerals import plural


@click.command("plan", short_help="What would run, what is done, what is stale and why.")
@matrix_argument
@store_option
@verify_option
@json_option
def command(matrix: Path, store: Path | None, verify: bool, as_json: bool) -> None:
    """Show every cell of MATRIX with its state: done, new, stale (and what changed), or to be repeated.

    Before them, the extractors that would be trained for their metrics; after them, what is probably wrong with the
    data.
    """
    from srbench.api import default_store
    from srbench.matrix import read_matrix
    from srbench.runner.planning.plan import make_plan
    from srbench.store.records import Store

    read = read_matrix(matrix)
    place = Store(store or default_store(read.name))
    plan = make_plan(read, place, verify=verify)
    no_warnings = {"warnings": ()} if as_json else {}
    trainings = [
        {"cell": task.label, "state": "new", "why": "metrics run on it", "key": task.key[:12], **no_warnings}
        for task in plan.extractors(place)
    ]
    rows = [
        {
            "cell": planned.cell.label,
            "state": planned.state,
            "why": planned.why if planned.verdict is None or planned.state == "done" else ": ".join(planned.verdict),
            "key": planned.cell.key[:12],
            **({"warnings": planned.warnings} if as_json else {}),
        }
        for planned in plan.cells
    ]
    print_rows([*trainings, *rows], as_json)
    if not as_json:
        counts = Counter(planned.state for planned in plan.cells)
        click.echo(f"{plural(len(rows), 'cell')}: " + ", ".join(f"{count} {state}" for state, count in counts.items()))
        for warning in plan.warnings:
            click.secho(f"warning: {warning}", fg="yellow")
        told = "\n".join([*plan.warnings, *(str(row["why"]) for row in rows)])
        for named in sorted(plan.names):
            if named.id in told:
                click.echo(f"{named.dataset}, {named.split} split: {named.id} is {named.name}")
