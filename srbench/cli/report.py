"""`srbench report`."""

from __future__ import annotations

from pathlib import Path

import click

from srbench.cli.options import matrix_argument, store_option


@click.command("report", short_help="Make the pages from a store.")
@matrix_argument
@store_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The pages [leaderboards/NAME].")
def command(matrix: Path, store: Path | None, out: Path | None) -> None:
    """Make the leaderboard of MATRIX from what the store holds. Cells that have not run are shown as missing."""
    from srbench.api import default_store
    from srbench.leaderboard import publish
    from srbench.matrix import read_matrix
    from srbench.runner.plan import make_plan
    from srbench.store import Store

    read = read_matrix(matrix)
    place = Store(store or default_store(read))
    click.echo(f"page: {publish(make_plan(read, place), place.root, out)}")
