"""`srbench watch`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import json_option, place_argument, store_of_matrix, store_option, stores_at

if TYPE_CHECKING:
    from rich.console import Console

    from srbench.commands.look import Look, Onlooker
    from srbench.store.records import Store

LOOK_SECONDS = 2.0


@click.command("watch", short_help="What runs do just now, seen from elsewhere.")
@place_argument
@store_option
@click.option("--once", is_flag=True, help="Look once, and end.")
@json_option
def command(place: Path | None, store: Path | None, once: bool, as_json: bool) -> None:
    """Show what runs where in a store, since when and how far, the ends of logs, and how long it still takes.

    From any terminal, and any machine that sees the store's folder: its files are read, and nothing is written. The
    store is the one that is named, that of a matrix, or every one in `results`. On a terminal the view is kept up to
    date; elsewhere there is a line for each run once a minute; with --json, an object in a line for each store and
    look. It ends when no run is at work and none has left anything to be done; Ctrl-C ends it before. Of a matrix that
    has not run yet, it waits for the first run.
    """
    from rich.console import Console

    from srbench.commands.look import Onlooker
    from srbench.commands.view import view

    awaited = _to_be_run(place, store)
    if awaited is not None and not once:
        click.echo("the matrix has not run yet; waiting for its first run (Ctrl-C ends this)", err=True)
    chosen = stores_at(place, store) if awaited is None else [awaited]
    looks = _looks([Onlooker(one) for one in chosen], once, awaited is not None)
    console = Console(highlight=False)
    with suppress(KeyboardInterrupt):
        if as_json:
            _print_json(looks)
        elif once:
            for look in next(looks)[0]:
                for style, line in view(look):
                    click.secho(line, bold=style == "bold", dim=style == "dim")
        elif console.is_terminal:
            _keep_up_to_date(console, looks)
        else:
            _print_lines(looks)


def _to_be_run(place: Path | None, store: Path | None) -> Store | None:
    """The store of a matrix that has not run yet; None where that is not what is looked at."""
    from srbench.runner.supervision.progress import runs
    from srbench.store.records import Store, is_store

    if place is None or store is not None or is_store(place):
        return None
    named = Store(store_of_matrix(place))
    return None if any(runs(named)) else named


def _looks(onlookers: Sequence[Onlooker], once: bool, awaited: bool) -> Iterator[tuple[list[Look], bool]]:
    """A look at each store, again and again, and whether it is the last one. awaited: a run is to begin first."""
    while True:
        seen = [onlooker.look() for onlooker in onlookers]
        begun = not awaited or any(look.runs for look in seen)
        last = once or (begun and all(look.over for look in seen))
        yield seen, last
        if last:
            return
        time.sleep(LOOK_SECONDS)


def _print_json(looks: Iterator[tuple[list[Look], bool]]) -> None:
    import msgspec

    for seen, _ in looks:
        for look in seen:
            click.echo(msgspec.json.encode(look))


def _print_lines(looks: Iterator[tuple[list[Look], bool]]) -> None:
    from srbench.commands.view import lines
    from srbench.runner.supervision.display import LINE_SECONDS

    told = float("-inf")
    for seen, last in looks:
        if last or time.monotonic() - told >= LINE_SECONDS:
            told = time.monotonic()
            for look in seen:
                for line in lines(look):
                    click.echo(line)


def _keep_up_to_date(console: Console, looks: Iterator[tuple[list[Look], bool]]) -> None:
    from rich.live import Live
    from rich.text import Text

    from srbench.commands.view import view

    with Live(console=console, auto_refresh=False) as live:
        for seen, _ in looks:
            shown = Text(no_wrap=True, overflow="ellipsis")
            for look in seen:
                for style, line in view(look):
                    shown.append(f"{line}\n", style)
            live.update(shown, refresh=True)
