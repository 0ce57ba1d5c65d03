"""`srbench prepare`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from srbench.cli.options import matrix_argument
from srbench.leaderboard.words.numerals import plural
from srbench.store.texts import visible


@click.command("prepare", short_help="HR and LR of a matrix as files, to train elsewhere.")
@matrix_argument
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A new or empty folder, or one that was prepared from this matrix before.",
)
def command(matrix: Path, folder: Path) -> None:
    """Write the HR and LR that MATRIX trains and tests on, for other programs, and print a line a dataset and protocol.

    They lie in FOLDER/DATASET/PROTOCOL/train and /test, losslessly and in native depth, beside a table, items.csv, and
    a README.txt. An interrupted command goes on where it was; files of others are never touched. A dataset that cannot
    be used is reported and the others go on; the exit code is then 1.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from srbench.commands.prepare import prepare
    from srbench.matrix import read_matrix

    failed = False
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    ) as bars:
        bar = bars.add_task("", total=None)

        def told(place: str, done: int, total: int) -> None:
            bars.update(bar, description=place, completed=done, total=total)

        for one in prepare(read_matrix(matrix), folder, told):
            for warning in one.warnings:
                click.secho(visible(f"warning: {one.place}: {warning}"), fg="yellow", err=True)
            if one.trouble:
                failed = True
                click.secho(visible(f"{one.place}: {one.trouble}"), fg="red", err=True)
            else:
                splits = ", ".join(f"{split} {plural(count, 'image')}" for split, count in one.images.items())
                click.echo(f"{click.format_filename(folder / one.place)}: {splits}; {plural(one.written, 'file')} new")
    if failed:
        click.get_current_context().exit(1)
