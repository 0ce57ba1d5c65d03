"""`srbench run`."""

from __future__ import annotations

import datetime
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import (
    coordinates,
    matrix_argument,
    only_option,
    retry_option,
    skip_option,
    statuses,
    store_option,
    verify_option,
    where_option,
)
from srbench.leaderboard.words.numerals import plural
from srbench.store.texts import visible

if TYPE_CHECKING:
    from srbench.runner.planning.planned import PlannedCell


@click.command("run", short_help="Run a matrix and make its pages.")
@matrix_argument
@store_option
@click.option("--executor", metavar="NAME", help="Where jobs run, in place of the matrix's [local].")
@click.option("--jobs", type=click.IntRange(min=1), help="Jobs at once on the CPU [1, but for short cells].")
@where_option
@only_option
@skip_option
@retry_option
@verify_option
@click.option("--detach", is_flag=True, help="Submit, and return; the same command comes back to the jobs.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The pages [leaderboards/NAME].")
@click.option("--no-report", is_flag=True, help="Make no pages.")
def command(
    matrix: Path,
    store: Path | None,
    executor: str | None,
    jobs: int | None,
    where: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    retry: str,
    verify: bool,
    detach: bool,
    out: Path | None,
    no_report: bool,
) -> None:
    """Run every cell of MATRIX (a file, or a folder holding matrix.yaml) that has no up-to-date record.

    What is done is kept: run again after an interruption, after adding a method or a metric, or after changing one.
    Exits with 0 when every cell is ok or skipped with a reason, otherwise (and when a metric failed, or the pages lack
    something damaged) with 1.
    """
    from rich.console import Console

    from srbench import api
    from srbench.cli.report import tell
    from srbench.leaderboard import board_folder, publish
    from srbench.matrix import read_matrix
    from srbench.runner.supervision.display import Lines, summary

    chosen, retried = coordinates(where), statuses(retry)
    read = read_matrix(matrix)
    _tell_of_sharing(api.shared_with(read, store))
    if not no_report:
        board_folder(
            read.name, read.path, out
        )  # one that is somebody else's is refused now, and not when everything has run
    begun = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    with _stoppable(), Lines(Console(highlight=False)) as display:
        result = api.run(
            read,
            store=store,
            executor=executor,
            jobs=jobs,
            where=chosen,
            only=only,
            skip=skip,
            retry=retried,
            verify=verify,
            detach=detach,
            display=display,
        )
    if result.detached:
        left = plural(result.detached, "job")
        click.echo(f"{left} left to wait or run, to which `srbench run` with the same matrix and store comes back")
        return
    cells = api.select(result.plan, chosen, only, skip)
    for record in (cell.record for cell in cells if not cell.went_well):
        if record is not None and record.started < begun:
            status = "failed" if record.status == "ok" else record.status  # of a metric
            known = f"{record.status:<14}{record.label}  {summary(record)}"
            click.echo(visible(f"{known} (before; --retry {status} repeats it)"))
    click.echo(_tally(cells))
    damaged = False
    if not no_report:
        click.echo("making the pages")
        damaged = tell(publish(result.board, result.store.root, out, anew=False))
    if damaged or not all(cell.went_well for cell in cells):
        click.get_current_context().exit(1)


def _tell_of_sharing(other: Path | None) -> None:
    """Say that the store is that of another matrix, too."""
    if other is not None:
        click.echo(
            visible(f"note: the store is also that of {other}, of the same name; --store gives this matrix its own"),
            err=True,
        )


def _tally(cells: Sequence[PlannedCell]) -> str:
    counts = Counter(cell.status or "missing" for cell in cells)
    parts = [f"{count} {status}" for status, count in sorted(counts.items(), key=lambda pair: -pair[1])]
    failed = Counter(name for cell in cells if cell.status == "ok" for name in cell.failed_metrics)
    metrics = f"; failed metrics: {', '.join(f'{name} ({count})' for name, count in failed.items())}" if failed else ""
    return f"{plural(len(cells), 'cell')}: {', '.join(parts)}{metrics}"


@contextmanager
def _stoppable() -> Iterator[None]:
    """Stop the run in order on Ctrl-C, on SIGTERM, a cluster's way to say that time is up, and where a line is cut.

    Set for SIGINT too: a shell starts what it runs in the background with SIGINT ignored. Jobs that can outlive the run
    do so where a line is cut.
    """
    from srbench.runner.supervision.supervisor import Terminated

    def interrupt(number: int, _: object) -> None:
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated(leaves=number == signal.SIGHUP)

    before = {asked: signal.signal(asked, interrupt) for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for asked, handler in before.items():
            signal.signal(asked, handler)
