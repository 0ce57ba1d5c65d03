"""What other runs, on this machine or on others, do of what this run is asked for."""

from __future__ import annotations

import time
from pathlib import Path

from srbench.contract.executor import Executor
from srbench.runner.job.claim import discard, owner, take_over
from srbench.runner.job.exchange import Ending, told
from srbench.runner.job.file import FILE
from srbench.runner.supervision.at_work import Burials, outlives, sweep_dead
from srbench.store.lease import Lease
from srbench.store.records import JOBS, Store

_LOOK_SECONDS = 1.0
"""Between two looks at what other runs do."""


class Elsewhere:
    """The tasks, by their keys, that another run had when this one wanted to begin them."""

    def __init__(self, store: Store, lease: Lease, executor: Executor) -> None:
        self._store, self._lease, self._executor = store, lease, executor
        self._burials = Burials(lease)
        self._keys: dict[str, None] = {}
        self._looked = float("-inf")

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str) -> str:
        """Wait for whoever has a task; who that is, in words."""
        self._keys[key] = None
        whose = owner(self._job(key))
        return self._lease.leases.describe(whose) if whose else ""

    def given_up(self) -> list[str]:
        """The tasks that nobody does any more, because they are done, or because whoever did them is over.

        Raises `StoreError` where that cannot be told with this run's executor.
        """
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return []
        self._looked = time.monotonic()
        free = [key for key in self._keys if self._is_free(self._job(key))]
        for key in free:
            del self._keys[key]
        return free

    def _job(self, key: str) -> Path:
        return self._store.root.resolve() / JOBS / key / FILE

    def _is_free(self, job: Path) -> bool:
        whose = owner(job)
        if whose is None:
            return False
        if whose == "":
            if job.parent.exists() and owner(job) == "":  # nobody can say any more what it was
                discard(job)
            return True
        if whose == self._lease.name:
            return self._burials.buried(job)
        if not self._lease.is_over(whose):
            return False
        if told(job, Ending) is not None or outlives(job, self._executor):
            return True  # and this run can adopt it
        if not take_over(job, whose, self._lease.name):
            return False
        sweep_dead(self._lease)
        return self._burials.buried(job)
