"""Cells of a finished store made once more, elsewhere, and what came out otherwise."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from srbench.contract.executor import Executor
from srbench.pictures import read_image
from srbench.runner.job.tasks import ExtractorTraining, Training
from srbench.runner.planning.plan import make_plan
from srbench.runner.planning.planned import Plan
from srbench.runner.supervision.at_work import at_work_in
from srbench.runner.supervision.supervisor import Display, limits_of, resources_of, run_cells
from srbench.runner.supervision.watch import Watch
from srbench.store.record import Record
from srbench.store.records import IMAGES, Store


@dataclass(frozen=True)
class MadeAgain:
    """A cell that was made once more. differences: from what the store holds of it, in words, if there are any."""

    folder: Path
    label: str
    differences: tuple[str, ...]


def make_again(plan: Plan, store: Store, executor: Executor, count: int, display: Display) -> list[MadeAgain]:
    """Make so many cells that went well once more, chosen at random, and compare SR and scores with the store's.

    A model or an extractor that the store holds is used; one that is gone is trained. Nothing in the store changes.
    """
    well = [one for one in plan.cells if one.state == "done" and one.status == "ok"]
    chosen = {planned.cell.key for planned in random.sample(well, min(count, len(well)))}
    with tempfile.TemporaryDirectory(prefix="srbench-") as folder:
        scratch = Store(Path(folder) / plan.matrix.name)
        with at_work_in(scratch, "a check", alone=True) as lease:
            cells = [planned for planned in make_plan(plan.matrix, scratch).cells if planned.cell.key in chosen]
            for task in {task.key: task for planned in cells for task in planned.prerequisites()}.values():
                _copy(task, store, scratch)
            limits, resources = partial(limits_of, plan.matrix), partial(resources_of, plan.matrix)
            watch = Watch(scratch, executor, limits, lease, resources)
            run_cells(cells, scratch, watch, display)
            return [_compared(key, store, scratch) for key in sorted(chosen)]


def _copy(task: Training | ExtractorTraining, store: Store, scratch: Store) -> None:
    """Copy what a training left; of a model that is gone, what its training went on or started from."""
    kept, place = store.folder(task.shelf, task.key), scratch.folder(task.shelf, task.key)
    if kept.is_dir():
        shutil.copytree(kept, place, dirs_exist_ok=True)
    elif isinstance(task, Training):
        for first in task.first:
            _copy(first, store, scratch)


def _compared(key: str, store: Store, scratch: Store) -> MadeAgain:
    before, after = store.read("cells", key), scratch.read("cells", key)
    assert before is not None, "a plan that says done has read it"
    if after is None or after.status != "ok":
        ending = "left nothing" if after is None else f"ended as {after.status}: {after.reason}"
        return MadeAgain(store.folder("cells", key), before.label, (f"made again, it {ending}",))
    found = (*_sr_differences(before, after, store, scratch), *_score_differences(before, after))
    return MadeAgain(store.folder("cells", key), before.label, found)


def _sr_differences(before: Record, after: Record, store: Store, scratch: Store) -> Iterator[str]:
    others = [
        (before.images[image], after.images[image])
        for image in before.images
        if before.files.get(f"{IMAGES}/{before.images[image]}") != after.files.get(f"{IMAGES}/{after.images[image]}")
    ]
    if not others:
        return
    told = f"made again, SR of {len(others)} of {len(before.images)} images is another"
    if not (store.folder("cells", before.key) / IMAGES).is_dir():  # removed, to save space
        yield told
        return
    largest = 0.0
    for names in others:
        folders = (store.folder("cells", before.key), scratch.folder("cells", after.key))
        one, other = (
            read_image(folder / IMAGES / name).astype(np.float64) for folder, name in zip(folders, names, strict=True)
        )
        largest = max(largest, float(np.abs(one - other).max()) if one.shape == other.shape else np.inf)
    yield f"{told}, by at most {largest:g}"


def _score_differences(before: Record, after: Record) -> Iterator[str]:
    for key, result in after.metrics.items():
        earlier = before.metrics.get(key)
        if earlier is not None and (earlier.status, earlier.value) != (result.status, result.value):
            was, now = (str(one.value if one.status == "ok" else one.status) for one in (earlier, result))
            yield f"made again, {result.name} is {now}; it was {was}"
