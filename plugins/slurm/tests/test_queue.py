"""What is read from `squeue`, and how often it is asked."""

from __future__ import annotations

from typing import Any

import pytest
from srbench_slurm import commands
from srbench_slurm.commands import SlurmError
from srbench_slurm.queue import Entry, Place, Queue

LISTING = """\
12_0|RUNNING|None|n1|srbench-toy-ab
12_1|PENDING|Resources||srbench-toy-ab
12_10|CANCELLED|None|n2|srbench-toy-ab
13|COMPLETED|None|n1|srbench-toy-cd
14_[3-7%2]|PENDING|Priority||srbench-toy-ef
15_0|REQUEUED|BeginTime||a|b
slurm_load_jobs: something was said
"""


def test_tasks_are_known_by_the_name_of_their_array_and_their_number(fake: Any) -> None:
    fake.answer("squeue", LISTING)
    queue = Queue(60)
    assert queue.entry(Place("srbench-toy-ab", 0)) == Entry("12_0", "RUNNING", "None", "n1")
    assert queue.entry(Place("srbench-toy-ab", 1)) == Entry("12_1", "PENDING", "Resources", "")
    assert queue.entry(Place("srbench-toy-ab", 10)) == Entry("12_10", "CANCELLED", "None", "n2")
    assert queue.entry(Place("srbench-toy-cd", 0)) == Entry("13", "COMPLETED", "None", "n1"), "one that is in no array"
    assert queue.entry(Place("srbench-toy-ef", 3)) is None
    assert queue.entry(Place("a|b", 0)) == Entry("15_0", "REQUEUED", "BeginTime", "")
    assert len(fake.told("squeue")) == 1


@pytest.mark.parametrize(
    ("entry", "waits", "over"),
    [
        (Entry("1", "PENDING", "Resources"), True, False),
        (Entry("1", "REQUEUED"), True, False),
        (Entry("1", "CONFIGURING"), True, False),
        (Entry("1", "RUNNING"), False, False),
        (Entry("1", "COMPLETING"), False, False),
        (Entry("1", "SUSPENDED"), False, False),
        (Entry("1", "A_STATE_OF_ANOTHER_VERSION"), True, False),
        (Entry("1", "NODE_FAIL"), False, True),
        (Entry("1", "COMPLETED"), False, True),
        (Entry("1", "PENDING", "launch_failed_requeued_held"), True, True),
        (Entry("1", "PENDING", "JobHeldUser"), True, False),
    ],
)
def test_a_job_waits_runs_or_is_over(entry: Entry, waits: bool, over: bool) -> None:
    assert (entry.waits, entry.is_over) == (waits, over)


def test_it_is_asked_once_in_so_many_seconds(fake: Any, clock: list[float]) -> None:
    queue, place = Queue(10), Place("x", 0)
    for _ in range(5):
        queue.entry(place)
    assert len(fake.told("squeue")) == 1
    clock[0] += 10
    fake.answer("squeue", "1_0|RUNNING|None|n1|x\n")
    assert queue.entry(place) == Entry("1_0", "RUNNING", "None", "n1")
    assert len(fake.told("squeue")) == 2


def test_a_queue_that_does_not_answer_is_as_it_was(fake: Any, clock: list[float]) -> None:
    fake.answer("squeue", "1_0|RUNNING|None|n1|x\n")
    queue = Queue(10)
    assert queue.entry(Place("x", 0)) is not None
    taken = queue.taken
    fake.answer("squeue", err="Unable to contact slurm controller (connect failure)", code=1)
    for _ in range(3):
        clock[0] += 10
        assert queue.entry(Place("x", 0)) == Entry("1_0", "RUNNING", "None", "n1")
    assert not queue.refresh() and queue.taken == taken
    fake.answer("squeue")
    assert queue.refresh() and queue.entry(Place("x", 0)) is None and queue.taken > taken


def test_before_the_first_answer_nothing_is_known(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", -1)
    fake.answer("squeue", err="Unable to contact slurm controller (connect failure)", code=1)
    with pytest.raises(SlurmError):
        Queue(10).entry(Place("x", 0))
