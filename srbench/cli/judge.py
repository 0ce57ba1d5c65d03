"""`srbench judge`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import coordinates, matrix_argument, store_option, where_option
from srbench.store.texts import brief, visible

if TYPE_CHECKING:
    from srbench.store.votes import Kind

TRIALS = 60


@click.command("judge", short_help="A page on which people judge the pictures, without knowing whose they are.")
@matrix_argument
@store_option
@click.option(
    "--kind",
    type=click.Choice(("pairs", "opinions")),
    default="pairs",
    show_default=True,
    help="The better of two, or marks from 1 to 5.",
)
@click.option(
    "--trials",
    type=click.IntRange(1, 10_000),
    default=TRIALS,
    show_default=True,
    help="Answers that count, besides those that check the rater.",
)
@click.option("--reference", is_flag=True, help="Show HR beside.")
@where_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("judge.html"),
    show_default=True,
    help="The page.",
)
def command(
    matrix: Path,
    store: Path | None,
    kind: Kind,
    trials: int,
    reference: bool,
    where: tuple[str, ...],
    out: Path,
) -> None:
    """Make a page for judging the pictures of MATRIX, or of a board that was published.

    It is one file that works from a disk, without a network. Raters give back the file that it saves; `srbench votes`
    takes these in. Neither methods nor datasets are named in it.
    """
    from srbench import api
    from srbench.commands.judge import make_page
    from srbench.leaderboard.words.numerals import plural

    at = api.board_of(matrix, store)
    made = make_page(
        at.file,
        at.board,
        at.store,
        out,
        kind=kind,
        trials=trials,
        reference=reference,
        where=coordinates(where),
    )
    for remark in made.remarks:
        click.echo(brief(f"note: {remark}"), err=True)
    shown = f"{plural(made.study.methods, 'method')}, {plural(len(made.study.scenes), 'image')}"
    click.echo(visible(f"page: {out} ({shown}, {made.size / 1e6:.1f} MB)"))
