"""`srbench plan`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from srbench.cli.options import (
    STATUSES,
    coordinates,
    json_option,
    matrix_argument,
    only_option,
    retry_option,
    skip_option,
    statuses,
    store_option,
    verify_option,
    where_option,
)
from srbench.cli.output import print_rows
from srbench.errors import SrbenchError
from srbench.leaderboard.words.numerals import duration, plural
from srbench.store.texts import visible

if TYPE_CHECKING:
    from srbench.contract.executor import Executor
    from srbench.matrix import Matrix
    from srbench.runner.planning.estimate import Estimate
    from srbench.runner.planning.planned import Plan, PlannedCell
    from srbench.store.records import Store


@click.command("plan", short_help="What would run, what is done, what is stale and why.")
@matrix_argument
@store_option
@where_option
@only_option
@skip_option
@retry_option
@verify_option
@click.option("--executor", metavar="NAME", help="Show the jobs that this one would be given, too; not with --json.")
@click.option("--alike", is_flag=True, help="List the images that show the same, and nothing else.")
@json_option
def command(
    matrix: Path,
    store: Path | None,
    where: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    retry: str,
    verify: bool,
    executor: str | None,
    alike: bool,
    as_json: bool,
) -> None:
    """Show what `srbench run` would do for every cell of MATRIX, and why.

    done: nothing. new, stale (what it is made of changed), retry: run it. A cell that ended otherwise than well, and
    would not be repeated, has that as its state: failed, timeout, out_of_memory, skipped. Before the cells, the
    extractors that would be trained for their metrics, and the trainings that others go on or start from; after them,
    how long that takes, which metrics cannot be computed, and what is probably wrong with the data. Exits with 1 when
    it is known by now that some cell would fail, or that a run would not begin; a cell that is skipped with a reason
    does not count.
    """
    from srbench.api import default_store, executor_of, plan_for, select, trouble
    from srbench.leaderboard.board.description import split_words
    from srbench.matrix import read_matrix
    from srbench.runner.job.file import is_lasting, jobs_in
    from srbench.runner.planning.estimate import estimate
    from srbench.store.lease import Leases
    from srbench.store.records import Store

    if executor and as_json:
        raise click.UsageError("--executor goes without --json")
    read = read_matrix(matrix)
    place = Store(store or default_store(read.name))
    place_to_run = executor_of(read, executor)
    plan = plan_for(read, place, place_to_run, statuses(retry), verify=verify)
    if alike:
        print_rows([one._asdict() for one in plan.alike], as_json)
        return
    plan = replace(plan, cells=tuple(select(plan, coordinates(where), only, skip)))
    no_warnings = {"warnings": ()} if as_json else {}
    extractors = [(task.label, task.key, "metrics run on it") for task in plan.extractors(place)]
    first = [(task.label, task.key, why) for task, why in plan.first(place)]
    trainings = [
        {"cell": label, "state": "new", "key": key[:12], "why": why, **no_warnings}
        for label, key, why in (*extractors, *first)
    ]
    rows = [
        {
            "cell": planned.cell.label,
            "state": _state(planned),
            "key": planned.cell.key[:12],
            "why": planned.why if planned.verdict is None or planned.state == "done" else ": ".join(planned.verdict),
            **({"warnings": planned.warnings} if as_json else {}),
        }
        for planned in plan.cells
    ]
    print_rows([*trainings, *rows], as_json)
    in_the_way = list(filter(None, (trouble(read, executor), _lacking_trackers(read))))
    failing = sum(planned.verdict is not None and planned.verdict[0] == "failed" for planned in plan.cells)
    if not as_json:
        for split in plan.contents:
            click.echo(f"{split.dataset}: {split_words(split)}")
        counts = Counter(_state(planned) for planned in plan.cells)
        click.echo(f"{plural(len(rows), 'cell')}: " + ", ".join(f"{count} {state}" for state, count in counts.items()))
        if at_work := Leases(place.root).at_work():
            click.echo(f"at work in this store: {'; '.join(at_work)}; what is done just now stands here as not done")
        elif left := sum(is_lasting(job) for job in jobs_in(place)):
            click.echo(f"{plural(left, 'job')} of an earlier run, which `srbench run` comes back to")
        for line in _outline(plan, place, place_to_run, executor is not None):
            click.echo(visible(line))
        if expected := _expected(estimate(plan, place)):
            click.echo(expected)
        badly = {status: None for status in counts if status in STATUSES and status not in ("ok", "skipped")}
        if any(planned.failed_metrics for planned in plan.cells):
            badly["failed"] = None
        if badly:
            option = f" --store {store}" if store else ""
            click.echo(f"`srbench run {matrix}{option} --retry {','.join(badly)}` repeats what ended badly")
        for reason, cells in plan.lacking.items():
            click.secho(f"{reason} ({plural(cells, 'cell')})", fg="yellow")
        for warning in (*plan.warnings, *filter(None, [plan.tells_of_folders])):
            click.secho(f"warning: {warning}", fg="yellow")
        told = "\n".join([*plan.warnings, *(str(row["why"]) for row in rows)])
        for named in sorted(plan.names):
            if named.id in told:
                click.echo(f"{named.dataset}, {named.split} split: {named.id} is {named.name}")
    for one in in_the_way:
        click.secho(one, fg="yellow", err=as_json)
    if not as_json:
        if failing:
            click.secho(f"{failing} of {plural(len(rows), 'cell')} would fail, for reasons that stand above", fg="red")
        if in_the_way:
            click.secho("a run would not begin, for reasons that stand above", fg="red")
    if failing or in_the_way:
        click.get_current_context().exit(1)


def _outline(plan: Plan, store: Store, executor: Executor, asked: bool) -> list[str]:
    """What would be submitted, where that is asked for, or the executor has more to say of it than how many."""
    from srbench.api import outline
    from srbench.contract.executor import Executor

    if asked:
        return outline(plan, store, executor)
    try:
        return outline(plan, store, executor) if type(executor).outline is not Executor.outline else []
    except SrbenchError as error:
        return [f"what would be submitted cannot be told here: {error}"]


def _lacking_trackers(matrix: Matrix) -> str:
    from srbench.runner.supervision.tracking import made_trackers

    try:
        made_trackers(matrix.trackers)
    except SrbenchError as error:
        return str(error)
    return ""


def _expected(found: Estimate) -> str:
    """How long the run will take, as far as that is known; empty where there is nothing to do."""
    if not found.jobs:
        return ""
    if found.unknown == found.jobs:
        return "how long that takes is not known: nothing like it has run in this store"
    rest = f"; of {plural(found.unknown, 'job')} nothing is known" if found.unknown else ""
    return f"about {duration(found.seconds)}, one job after the other, by what such jobs took before{rest}"


def _state(planned: PlannedCell) -> str:
    """The state for people: of a cell that is done, how it ended where that was not well."""
    ended = planned.status if planned.state == "done" else None
    return planned.state if ended in (None, "ok") else ended
