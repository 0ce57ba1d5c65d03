"""`srbench publish`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import store_option
from srbench.store.texts import brief, visible

if TYPE_CHECKING:
    from srbench.commands.publish import Costs, Publication
    from srbench.leaderboard.publishing.limits import Pictures


@click.command("publish", short_help="Put a board on a site of boards, and tell what changed.")
@click.argument("board", required=False, metavar="[MATRIX|BOARD]", type=click.Path(path_type=Path))
@store_option
@click.option(
    "--to",
    "site",
    required=True,
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="The site: the board goes to FOLDER/NAME, all boards are listed in FOLDER/index.html.",
)
@click.option(
    "--add",
    "submissions",
    multiple=True,
    metavar="SUBMISSION",
    type=click.Path(exists=True, path_type=Path),
    help="A store, or a published board, of somebody else, whose results come to it once checked; may be repeated.",
)
@click.option(
    "--pictures",
    type=click.Choice(("all", "few", "none")),
    default="all",
    show_default=True,
    help="How many of the board's pictures; what each costs is told first.",
)
@click.option("--check", is_flag=True, help="Tell what would change and what is wrong with submissions; write nothing.")
@click.option("--workflow", is_flag=True, help="Write .github/workflows/pages.yml, which puts FOLDER on GitHub Pages.")
def command(
    board: Path | None,
    store: Path | None,
    site: Path,
    submissions: tuple[Path, ...],
    pictures: Pictures,
    check: bool,
    workflow: bool,
) -> None:
    """Publish the board of MATRIX, or a board that was made before, on a site of boards.

    Tells what changed since it was published there last, and why; the board's page tells it, too. Publishing the same
    again changes nothing. Exits with 1 when something is wrong with a submission, with nothing written, or when
    something that the store holds is damaged and could not be shown.
    """
    from srbench import api
    from srbench.commands.publish import Source, publish_board
    from srbench.commands.workflow import write_workflow
    from srbench.leaderboard.publishing.limits import Size

    if board is None and not workflow:
        raise click.UsageError("name a matrix or a board to publish, or --workflow")
    if check and workflow:
        raise click.UsageError("--check writes nothing; leave out --workflow, or --check")
    made = None
    if board is not None:
        at = api.board_of(board, store)
        source = Source(at.file, at.board, at.store)
        made = publish_board(source, site, submissions=submissions, pictures=pictures, check=check, tell=_tell_costs)
        _tell(made, site, at.remarks)
        if made.costs:
            for warning in Size.of(site).warnings(pictures, made.costs):
                click.secho(visible(f"too large: {warning}"), fg="yellow", err=True)
    if workflow and (made is None or not made.refused):
        click.echo(visible(f"workflow: {write_workflow(site)}"))
    if made is not None and (made.refused or made.troubles):
        click.get_current_context().exit(1)


def _tell_costs(costs: Costs) -> None:
    from srbench.leaderboard.publishing.limits import megabytes

    click.echo("pictures: " + ", ".join(f"{choice} {megabytes(size)}" for choice, size in costs.items()))


def _tell(made: Publication, site: Path, remarks: tuple[str, ...]) -> None:
    from srbench.leaderboard.pages.boards import read_listed
    from srbench.leaderboard.publishing.badge import embedding
    from srbench.leaderboard.publishing.limits import Size, megabytes
    from srbench.leaderboard.words.dates import date_words

    for remark in (*remarks, *made.remarks):
        click.echo(brief(f"note: {remark}"), err=True)
    for problem in made.refused:
        click.secho(brief(f"refused: {problem}"), fg="red", err=True)
    for trouble in made.troubles:
        click.secho(brief(f"not shown: {trouble}"), fg="red", err=True)
    if made.refused:
        click.echo("nothing was written", err=True)
        return
    for label in made.taken:
        click.echo(visible(f"added: {label}"))
    if made.before is None:
        click.echo("changes: none to tell of, it was not published here before")
    elif made.change is None:
        click.echo(f"changes: none since {date_words(made.before)}")
    else:
        click.echo(f"changes since {date_words(made.before)}:")
        for sentence in made.change.words():
            click.echo(visible(f"  {sentence}"))
    if made.costs is None:
        return
    badge = read_listed(made.folder).badge
    click.echo(visible(f"page: {made.folder / 'index.html'}"))
    click.echo(visible(f"all boards: {site / 'index.html'} ({megabytes(Size.of(site).whole)} in all)"))
    click.echo(visible(f"badge: {embedding(badge, f'ADDRESS/{made.folder.name}')}"))
