"""A look at a store in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from srbench.commands.look import Look, RunSeen
from srbench.leaderboard.words.numerals import duration, plural
from srbench.runner.planning.estimate import seconds_left
from srbench.runner.supervision.display import time_left
from srbench.runner.supervision.progress import Cells, JobAtWork, seconds_between

LATE_SECONDS = 15.0
"""The shortest silence of a run that is worth a word."""

Style = Literal["bold", "", "dim"]


def view(look: Look) -> Iterator[tuple[Style, str]]:
    """All there is to see, a line after the other, each with its style."""
    if not look.runs:
        yield "", f"no run has been at work in {look.store} yet"
    for run in look.runs:
        yield "bold", _state(run, look.time)
        yield "", _counts(run)
        for job in run.progress.jobs:
            yield "", f"{job.done:>4.0%}  {job.label}"
            if run.at_work or run.progress.state == "left":
                yield "dim", f"      {_place(job, look.time)}"
            for line in run.logs.get(job.key, ()):
                yield "dim", f"      | {line}"


def lines(look: Look) -> Iterator[str]:
    """The same in a line for each run."""
    if not look.runs:
        yield from (line for _, line in view(look))
    for run in look.runs:
        yield "; ".join(
            [_state(run, look.time), _counts(run), *(f"{job.label} {job.done:.0%}" for job in run.progress.jobs)]
        )


def _state(run: RunSeen, now: str) -> str:
    progress = run.progress
    who = f"process {progress.pid} on {progress.host}"
    begun = f"begun {_ago(progress.started, now)}"
    if progress.ended:
        state = "left its jobs to themselves" if progress.state == "left" else progress.state
        return f"{progress.matrix}: {state} {_ago(progress.time, now)}{_because(progress.reason)}"
    if not run.at_work:
        return f"{progress.matrix}: no sign of life since {progress.time} ({who})"
    late = f", last heard of {duration(run.silent_seconds)} ago" if run.silent_seconds > LATE_SECONDS else ""
    return f"{progress.matrix}: {progress.state}, {begun} ({who}){late}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _ago(time: str, now: str) -> str:
    return f"{duration(seconds_between(time, now))} ago"


def _counts(run: RunSeen) -> str:
    progress, cells = run.progress, run.progress.cells
    if not cells.total:
        return "which cells there are is not known yet" if progress.state == "planning" else "no cells"
    ended = f"{cells.total - cells.remaining} of {plural(cells.total, 'cell')}"
    parts = [f"{count} {name}" for name, count in _by_state(cells) if count]
    left = time_left(progress.seconds_left) if cells.remaining and run.at_work else ""
    beside = f"{left}, not counting {plural(progress.unknown_jobs, 'job')} of which nothing is known"
    return "; ".join(filter(None, (f"{ended}: {', '.join(parts)}", beside if left and progress.unknown_jobs else left)))


def _by_state(cells: Cells) -> Iterator[tuple[str, int]]:
    for name in cells.__struct_fields__[1:]:
        yield name, getattr(cells, name)


def _place(job: JobAtWork, now: str) -> str:
    if job.ended:
        return f"ended ({job.ended}); a run that goes on takes it in"
    if not job.started:
        not_begun = f"submitted {_ago(job.submitted, now)}, not begun"
        return ", ".join(filter(None, (job.job, f"{not_begun}: {job.waits}" if job.waits else not_begun)))
    taken = seconds_between(job.started, now)
    left = time_left(seconds_left(job.done, taken))
    if job.waits:  # it was put back into the queue
        return ", ".join(filter(None, (job.job, f"waits to go on: {job.waits}", job.message)))
    words = (f"process {job.pid} on {job.host}", job.device, job.job, f"for {duration(taken)}", left, job.message)
    return ", ".join(filter(None, words))
