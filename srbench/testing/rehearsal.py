"""Jobs that take moments, for the checks of executors: an extractor that learns nothing, from one grey image."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from srbench.contract.dataset import Dataset, Item
from srbench.contract.entry import Entry
from srbench.contract.executor import Limits
from srbench.contract.extractor import Extractor
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.registry.configured import Use
from srbench.registry.registry import Kind, Plugin, Registered
from srbench.runner.job.tasks import ExtractorTraining
from srbench.runner.planning.survey import Surveyor
from srbench.runner.supervision.watch import Delayed, Ended, Lost, Progressed, Watch
from srbench.store.cell import digest
from srbench.store.lease import Lease
from srbench.store.records import Store
from srbench.testing.check import CheckFailure, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

Act = Literal["ends", "fails", "waits"]
HALF = Progressed("", 0.5, "half of it")


class Grey(Dataset):
    """One grey image."""

    def train(self) -> list[Item]:
        """The grey image, to learn from."""
        return [Item("grey", np.full((8, 8, 1), 128, np.uint8))]

    def test(self) -> list[Item]:
        """The grey image, to test on."""
        return self.train()


class Rehearsed(Extractor):
    """Gets halfway, and ends, fails, or waits for a stop."""

    learns = True
    dim = 1

    def __init__(self, act: Act = "ends") -> None:
        self.act = act
        self.budget = Budget("steps", 2)

    def fit(self, train: Sequence[Item], test: Sequence[Item], context: FitContext) -> dict[str, float]:
        """Tell that half is done, then end, fail, or wait for a stop."""
        context.progress(HALF.done, HALF.message)
        if self.act == "fails":
            raise RuntimeError("as rehearsed")
        while self.act == "waits":
            if context.stop():
                raise Interrupted
            time.sleep(0.05)
        return {}

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """Each image's mean."""
        return images.mean(dim=(1, 2, 3))[:, None]


def rehearsal(act: Act) -> ExtractorTraining:
    """The task that does so."""

    def use(kind: Kind, target: type, **params: Any) -> Use:
        plugin = Plugin("rehearsal", "srbench", "", __name__)
        return Use(target.__name__, Registered(kind, Entry(target.__name__, target), plugin), params)

    seen = {"fingerprint": Surveyor().fingerprint(Grey().train())}
    ingredients = {"act": act, "train": seen, "test": seen}
    return ExtractorTraining(
        digest(ingredients), ingredients, use("extractor", Rehearsed, act=act), use("dataset", Grey)
    )


class ExecutorSubject(Subject):
    """An executor, which is given rehearsals in a store of its own."""

    kind = "executor"
    patience: ClassVar[float] = 600.0
    """Seconds without any news of a job after which it is given up: some places have queues."""

    @contextmanager
    def watch(self, store: Store | None = None) -> Iterator[Watch]:
        """A new instance at work, in a store of its own unless told."""
        place = store or Store(self.folder())
        with (
            Lease(place.root, "a check of an executor") as lease,
            Watch(place, self.create(), lambda task: Limits(seconds=3600), lease) as watch,
        ):
            yield watch

    def news(self, watch: Watch, act: Act) -> Iterator[Progressed | Delayed | Ended]:
        """What happens to a rehearsal, until it ends."""
        task = rehearsal(act)
        watch.claim(task)
        watch.submit()
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            for event in watch.events():
                if isinstance(event, Lost):
                    raise CheckFailure("a job was another run's all at once, and nobody else is there")
                yield event
                if isinstance(event, Ended):
                    return
                until = time.monotonic() + self.patience
        raise CheckFailure(f"a job was submitted, and after {self.patience:g} s nothing more was heard of it")
