"""What a task is: everything in which what methods are to do differs from one to another.

A task is one file like those in `srbench/tasks/`, and one entry in the hook `srbench_tasks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from srbench.contract.dataset import Dataset
    from srbench.contract.protocol import Protocol
    from srbench.contract.wording import Cost, Wording


@dataclass(frozen=True)
class Task:
    """What methods are to do, and all that follows from it.

    A task serves other parts of srbench with code of its own. That it names as `"package.module:Name"`, imported when
    it is used and not before.

    name: that of its entry, in a matrix file's `task`, `Protocol.task`, and `tasks()` of methods and metrics.
    needed, optional: what its protocols say, besides scale and version: the keys of one that is written out in full,
    those that have to be there and those that may. A protocol that says more is refused, since no key would hold it.
    describe: a protocol in one line, for people.
    wants: what a method has to be able to do, and a metric: words that follow "cannot" where one is not for this task.
    making, scoring: the functions that bring a cell's images onto the disk, and that compare them, each in a process of
    its own; called as `srbench.runner.work.worker` says.
    judging: what tells entrants apart, as `srbench.leaderboard.results.comparison` says.
    pages: what its boards show besides, as `srbench.leaderboard.pages.views` says.
    wording: the words of its pages. costs: those of use, in the order of the pages; training's are the same for all.
    settings: keys that its matrix files have to have, each a whole number from 1 up, with an example.
    protocols: those of a matrix that names none; where there are none, each has to.
    unpaired: whether what is made belongs to no HR. Its methods then derive from `Generator`, and metrics compare what
    they make as a set with the real images of both splits (`SetMetric.update_unpaired`).
    shown: a dataset as a protocol shows it to methods and metrics alike; None where that is as it is.
    """

    name: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    describe: Callable[[Protocol], str]
    wants: Mapping[Literal["method", "metric"], str]
    making: str
    scoring: str
    judging: str
    pages: str
    wording: Wording
    costs: tuple[Cost, ...]
    settings: Mapping[str, int] = field(default_factory=dict)
    protocols: tuple[str, ...] = ()
    unpaired: bool = False
    shown: Callable[[Dataset, Protocol], Dataset] | None = None

    def facts(self) -> dict[str, Any]:
        """What a matrix file has to say for it, for `srbench info`."""
        keys = [*self.needed, *self.optional]
        return {"settings": dict(self.settings), "protocols": list(self.protocols), "protocol_keys": keys}
