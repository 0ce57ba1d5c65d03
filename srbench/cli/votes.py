"""`srbench votes`."""

from __future__ import annotations

from pathlib import Path

import click

from srbench.cli.options import json_option, matrix_argument, store_option
from srbench.cli.output import print_rows


@click.command("votes", short_help="Take in what people said on a page for judging, and list the raters.")
@matrix_argument
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[FILE]...")
@store_option
@json_option
def command(matrix: Path, files: tuple[Path, ...], store: Path | None, as_json: bool) -> None:
    """Take in FILEs that raters saved on a page of `srbench judge`, and list all raters of MATRIX.

    They are kept in the store, and `srbench report` shows what comes of them; where there is no store, the pages of a
    board that was published are made anew with them. A rater whose answers cannot be told from chance, or who was too
    fast to look, is left out, and the list says why. A file that is known already changes nothing.
    """
    from srbench import api
    from srbench.cli.report import tell
    from srbench.commands.votes import take_in
    from srbench.leaderboard.words.numerals import plural

    at = api.board_of(matrix, store)
    taken = take_in(files, at.file, at.board, at.store)
    rows = [
        {
            "rater": rater.person if any(one.rater for one in rater.sessions) else rater.person[:8],
            "kind": rater.kind,
            "answers": rater.answers,
            "seconds": round(rater.seconds, 1),
            "catch trials": f"{rater.catches.right} of {rater.catches.of}",
            "repeats": f"{rater.repeats.right} of {rater.repeats.of}",
            "counts": rater.reason or "yes",
        }
        for rater in taken.raters
    ]
    print_rows(rows, as_json)
    if as_json:
        return
    if files:
        click.echo(f"{plural(taken.new, 'new session')} of {plural(len(files), 'file')}")
    if taken.published is not None and tell(taken.published):
        click.get_current_context().exit(1)
    if taken.new and taken.published is None:
        click.echo("`srbench report` shows them")
