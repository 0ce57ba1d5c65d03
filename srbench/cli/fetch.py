"""`srbench fetch`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from srbench.cli.options import json_option
from srbench.cli.output import print_rows
from srbench.store.texts import visible

if TYPE_CHECKING:
    from srbench.contract.published import PublishedDataset


@click.command("fetch", short_help="Get datasets and weights, or list what there is to get.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--accept-terms", is_flag=True, help="Accept the terms of the datasets that are named, unasked.")
@json_option
def command(names: tuple[str, ...], accept_terms: bool, as_json: bool) -> None:
    """Bring datasets and weights to this machine, into the data root; without NAMES, list them and their state.

    What is downloaded is used only when its checksum is right; an interrupted download goes on where it stopped. Before
    a dataset is downloaded its terms are shown, and asked about. A dataset that cannot be downloaded says where its
    files go. Exits with 1 when something could not be fetched.
    """
    if names:
        _fetch(names, accept_terms)
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


def _fetch(names: tuple[str, ...], accept_terms: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from srbench.commands.fetch import check_names, fetch, to_download
    from srbench.errors import SrbenchError

    check_names(names)
    refused = [published.name for published in to_download(names) if not _accepted(published, accept_terms)]
    failed = bool(refused)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bars:
        for name in (name for name in names if name not in refused):
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


def _accepted(published: PublishedDataset, unasked: bool) -> bool:
    """Show the terms of a dataset; whether they are accepted. Raises `SrbenchError` where there is nobody to ask."""
    from srbench.errors import SrbenchError

    size = "" if published.size is None else f" ({published.size / 1e6:.0f} MB)"
    click.secho(published.name + size, bold=True, err=True)
    for what, text in (
        ("terms", published.licence),
        ("source", published.source),
        *(("from", archive.url) for archive in published.archives),
    ):
        click.echo(f"  {what:6}  {visible(text)}", err=True)
    if unasked:
        return True
    if not sys.stdin.isatty():
        raise SrbenchError(f"accept the terms of {published.name} with --accept-terms; nothing was downloaded")
    return click.confirm("Do you accept these terms?", err=True)
