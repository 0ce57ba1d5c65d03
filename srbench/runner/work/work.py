"""What either half of a cell's evaluation has at hand: making its images, and scoring them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from srbench.runner.job.channel import Lacking, Part, Tell
from srbench.runner.job.tasks import Evaluation, Job
from srbench.runner.work.attempt import Attempt
from srbench.runner.work.witness import Witness
from srbench.store.records import Store


@dataclass(frozen=True)
class Work:
    """An evaluation under way.

    task: its metrics are those that are still to be computed. witness: reads what the key stands for. tell: what is
    there is told at once, part by part. progress: told the share that is done, in [0, 1], and the image; it raises
    `Interrupted` when the job is asked to stop. troubles: why there is no SR of the training split, or why there are no
    samples, where there should be.
    """

    job: Job
    task: Evaluation
    attempt: Attempt
    store: Store
    witness: Witness
    tell: Tell
    progress: Callable[[float, str], None]
    troubles: Mapping[Part, Lacking] = field(default_factory=dict)

    def steps(self, count: int) -> Callable[[str], None]:
        """Progress by images, of so many in all: to be told each one that is done."""
        finished = 0

        def step(image: str) -> None:
            nonlocal finished
            finished += 1
            self.progress(min(1.0, finished / count), image)

        return step
