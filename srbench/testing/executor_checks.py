"""What every executor must do: start jobs, keep quiet while they run, and know those again that outlive their run."""

from __future__ import annotations

import time

from srbench.contract.executor import Executor, Limits
from srbench.runner.job.file import jobs_in
from srbench.runner.supervision.watch import Ended, Progressed, Watch
from srbench.store.lease import Lease
from srbench.store.records import Store
from srbench.testing.check import CheckFailure, check
from srbench.testing.rehearsal import HALF, Act, ExecutorSubject, rehearsal

_LONG = 4.0
"""Seconds that a job goes on after it was heard of, to see whether the executor loses it."""


def _lasting(subject: ExecutorSubject) -> bool:
    return bool(subject.target.holds is not Executor.holds)


@check("executor", needs=("constructs",))
def has_places(subject: ExecutorSubject) -> None:
    """`places` is a whole number above 0."""
    with subject.create() as executor:
        places = executor.places()
    if type(places) is not int or places < 1:
        raise CheckFailure(f"places() gave {places!r}; it should be the number of jobs that may run at once")


@check("executor", needs=("has_places", "imports_without_torch"))
def does_jobs(subject: ExecutorSubject) -> None:
    """Jobs run to their ends, good or bad, one after the other, and their progress is seen."""
    expected: tuple[tuple[Act, str, str], ...] = (("ends", "ok", ""), ("fails", "failed", "RuntimeError: as rehearsed"))
    with subject.watch() as watch:
        for act, status, reason in expected:
            *before, last = subject.news(watch, act)
            if not isinstance(last, Ended) or (last.status, last.reason) != (status, reason):
                raise CheckFailure(f"a job that should have ended as {status} {reason!r} ended otherwise: {last}")
            if not any(isinstance(news, Progressed) and news.done == HALF.done for news in before):
                raise CheckFailure("a job ran to its end, and its progress was not seen in the store's folder")


@check("executor", needs=("does_jobs",))
def stops_jobs(subject: ExecutorSubject) -> None:
    """A job that takes long is not given up, and ends, without a record, when it is asked to stop."""
    with subject.watch() as watch:
        for news in subject.news(watch, "waits"):
            if isinstance(news, Ended):
                raise CheckFailure(f"a job that was running was said to be over: {news.reason!r}")
            until = time.monotonic() + _LONG
            while time.monotonic() < until:
                for later in watch.events():
                    if isinstance(later, Ended):
                        raise CheckFailure(f"a job that was running was said to be over: {later.reason!r}")
            if not watch.stop():
                raise CheckFailure("a job that was asked to stop, by the file `stop` beside its own, did not end")
            return


@check("executor", needs=("stops_jobs",), applies=_lasting)
def finds_jobs_again(subject: ExecutorSubject) -> None:
    """A job that its run left goes on, and another instance holds it until it has ended."""
    store = Store(subject.folder())
    with subject.watch(store) as first:
        next(subject.news(first, "waits"))
        first.leave()
    (job,) = jobs_in(store)
    later: Executor = subject.create()
    if not later.holds(job):
        raise CheckFailure("holds() of another instance says of a job that was left that it neither waits nor runs")
    limits = Limits(seconds=3600)
    with Lease(store.root, "a check") as lease, Watch(store, later, lambda task: limits, lease) as watch:
        watch.adopt([rehearsal("waits")])
        if not watch.stop():
            raise CheckFailure("a job that was left did not end when the next run asked it to stop")
    until = time.monotonic() + subject.patience
    while later.holds(job):
        if time.monotonic() > until:
            raise CheckFailure("holds() says of a job that has ended that it still waits or runs")
        time.sleep(1)
