"""`srbench fetch`."""

from __future__ import annotations

import click

from srbench.cli.options import json_option
from srbench.cli.output import print_rows
from srbench.store.texts import visible


@click.command("fetch", short_help="Get datasets and weights, or list what there is to get.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
def command(names: tuple[str, ...], as_json: bool) -> None:
    """Bring datasets and weights to this machine, into the data root; without NAMES, list them and their state.

    Weights are downloaded, and used only when their sha256 is right; an interrupted download goes on where it stopped.
    A dataset that cannot be downloaded says where its files go. Exits with 1 when something could not be fetched.
    """
    if names:
        _fetch(names)
        return
    from srbench.commands.fetch import fetchables

    rows = [
        {
            "kind": one.kind,
            "name": one.name,
            "state": one.state,
            "size": one.size if as_json else None if one.size is None else f"{one.size / 1e6:.0f} MB",
            "licence": one.licence,
            "what": one.what,
        }
        for one in fetchables()
    ]
    print_rows(rows, as_json)


def _fetch(names: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from srbench.commands.fetch import check_names, fetch
    from srbench.errors import SrbenchError

    check_names(names)
    failed = False
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bars:
        for name in names:
            bar = bars.add_task(name, total=None, visible=False)
            try:
                done = fetch(
                    name,
                    lambda here, total, bar=bar: bars.update(bar, completed=here, total=total, visible=True),  # type: ignore[misc]
                )
            except SrbenchError as error:
                failed = True
                click.secho(visible(f"{name}: {error}"), fg="red", err=True)
            else:
                for line in done:
                    click.echo(line)
    if failed:
        click.get_current_context().exit(1)
