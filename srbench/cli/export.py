"""`srbench export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from srbench.cli.options import matrix_argument, store_option
from srbench.store.texts import visible

TIDY = ("csv", "parquet", "json")
FOR_PAPERS = ("latex", "markdown", "bibtex")
FORMATS = (*TIDY, *FOR_PAPERS)


@click.command("export", short_help="The scores as a table for other programs.")
@matrix_argument
@store_option
@click.option("--to", "form", type=click.Choice(FORMATS), default="csv", show_default=True, help="The format.")
@click.option("--images", is_flag=True, help="One row an image instead of one a cell.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file [standard output].")
def command(matrix: Path, store: Path | None, form: str, images: bool, out: Path | None) -> None:
    """Write the scores of MATRIX: tidy rows (csv, parquet, json), or what a paper needs.

    latex and markdown are the ranked tables of its board, one after the other; bibtex is the board itself, and the
    papers that its methods, datasets and metrics stand on.
    """
    from srbench.api import default_store
    from srbench.commands.export import encode, for_papers
    from srbench.leaderboard.board.description import describe
    from srbench.matrix import read_matrix
    from srbench.runner.planning.plan import make_plan
    from srbench.store.frames import cells_frame, images_frame
    from srbench.store.records import Store

    if images and form not in TIDY:
        raise click.UsageError(f"--images is for {', '.join(TIDY)}; {form} has a row a method")
    read = read_matrix(matrix)
    place = Store(store or default_store(read.name))
    plan = make_plan(read, place)
    cells = plan.cells
    if form in FOR_PAPERS:
        data = for_papers(describe(plan), place.root, form)
    else:
        records = [(planned.cell.point(), planned.record) for planned in cells]
        names = [metric.name for metric in read.metrics]
        data = encode(images_frame(records, place) if images else cells_frame(records, names), form)
    if out is None:
        sys.stdout.buffer.write(data)
    else:
        out.write_bytes(data)
    damaged = [planned for planned in cells if planned.damage]
    for planned in damaged:
        click.echo(visible(f"warning: {planned.cell.label}: {planned.damage}; run the matrix again"), err=True)
    if damaged:
        click.get_current_context().exit(1)
