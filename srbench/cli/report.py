"""`srbench report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import matrix_argument, store_option
from srbench.store.texts import brief, visible

if TYPE_CHECKING:
    from srbench.leaderboard import Published


@click.command("report", short_help="Make the pages from a store.")
@matrix_argument
@store_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The pages [leaderboards/NAME].")
def command(matrix: Path, store: Path | None, out: Path | None) -> None:
    """Make the leaderboard of MATRIX from what the store holds. Cells that have not run are shown as missing.

    Only files of an earlier board are replaced or removed; the new one comes in place when it is whole. Exits with 1
    when something that the store holds is damaged and could not be shown.
    """
    from srbench import api
    from srbench.matrix import read_matrix

    read = read_matrix(matrix)
    tell_of_sharing(api.shared_with(read, store))
    if tell(api.report(read, store=store, out=out)):
        click.get_current_context().exit(1)


def tell(published: Published) -> bool:
    """Say where the pages are and what they lack; returns whether they lack anything."""
    click.echo(visible(f"page: {published.index}"))
    for remark in published.remarks:
        click.echo(brief(f"note: {remark}"), err=True)
    for trouble in published.troubles:
        click.secho(brief(f"not shown: {trouble}"), fg="red", err=True)
    return bool(published.troubles)


def tell_of_sharing(other: Path | None) -> None:
    """Say that the store is that of another matrix, too."""
    if other is not None:
        click.echo(
            visible(f"note: the store is also that of {other}, of the same name; --store gives this matrix its own"),
            err=True,
        )
