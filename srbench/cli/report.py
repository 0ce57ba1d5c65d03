"""`srbench report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import matrix_argument, store_option
from srbench.store.texts import brief, visible

if TYPE_CHECKING:
    from srbench.leaderboard import Published


@click.command("report", short_help="Make the pages from a store, or from records.")
@matrix_argument
@store_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The pages [leaderboards/NAME].")
def command(matrix: Path, store: Path | None, out: Path | None) -> None:
    """Make the leaderboard of MATRIX (a file, or a folder holding matrix.yaml) from what its runs left in the store.

    Without a store it is made from the records.jsonl that was published beside the file. A store in MATRIX's place
    stands for the matrix that ran in it last. No plugin, dataset or model need be on the machine. Cells that have not
    run are shown as missing.

    Only files of an earlier board are replaced or removed; the new one comes in place when it is whole. Exits with 1
    when something that the store holds is damaged and could not be shown.
    """
    from srbench import api

    if tell(api.report(matrix, store=store, out=out)):
        click.get_current_context().exit(1)


def tell(published: Published) -> bool:
    """Say where the pages are and what they lack; returns whether they lack anything."""
    click.echo(visible(f"page: {published.index}"))
    for remark in published.remarks:
        click.echo(brief(f"note: {remark}"), err=True)
    for trouble in published.troubles:
        click.secho(brief(f"not shown: {trouble}"), fg="red", err=True)
    return bool(published.troubles)
