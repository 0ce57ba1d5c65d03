"""Every hook a plugin can implement: read this file and know the architecture.

A plugin is an installed distribution with an entry point in the group `srbench` that names a module. The module
implements any of these hooks with `@srbench.hookimpl`. Each of the first eleven returns a list of `srbench.Entry`,
`srbench_weights` a list of `srbench.WeightsFile`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from srbench.contract.entry import Entry
    from srbench.contract.tracker import Row
    from srbench.contract.weights_file import WeightsFile
    from srbench.store.cell import Cell
    from srbench.store.record import Record

hookspec = pluggy.HookspecMarker("srbench")
hookimpl = pluggy.HookimplMarker("srbench")


@hookspec
def srbench_methods() -> list[Entry]:  # type: ignore[empty-body]
    """Methods: classes derived from `srbench.Method`."""


@hookspec
def srbench_datasets() -> list[Entry]:  # type: ignore[empty-body]
    """Datasets: classes derived from `srbench.Dataset`."""


@hookspec
def srbench_metrics() -> list[Entry]:  # type: ignore[empty-body]
    """Metrics: classes derived from `srbench.ImageMetric` or `srbench.SetMetric`."""


@hookspec
def srbench_extractors() -> list[Entry]:  # type: ignore[empty-body]
    """Extractors: classes derived from `srbench.Extractor`."""


@hookspec
def srbench_degradations() -> list[Entry]:  # type: ignore[empty-body]
    """Degradations: classes derived from `srbench.Degradation`; the entry has the degradation's own name."""


@hookspec
def srbench_formats() -> list[Entry]:  # type: ignore[empty-body]
    """Formats of files that hold pictures: classes derived from `srbench.Format`."""


@hookspec
def srbench_protocols() -> list[Entry]:  # type: ignore[empty-body]
    """Protocols: `srbench.Protocol` values."""


@hookspec
def srbench_tasks() -> list[Entry]:  # type: ignore[empty-body]
    """Tasks: `srbench.Task` values."""


@hookspec
def srbench_executors() -> list[Entry]:  # type: ignore[empty-body]
    """Executors: classes derived from `srbench.Executor`."""


@hookspec
def srbench_sections() -> list[Entry]:  # type: ignore[empty-body]
    """Sections of pages: classes derived from `srbench.Section`."""


@hookspec
def srbench_trackers() -> list[Entry]:  # type: ignore[empty-body]
    """Trackers: classes derived from `srbench.Tracker`."""


@hookspec
def srbench_weights() -> list[WeightsFile]:  # type: ignore[empty-body]
    """Weights: published files that the plugin reads, each with address, sha256, licence and size."""


@hookspec
def srbench_cell_started(cell: Cell) -> None:
    """A cell is about to run."""


@hookspec
def srbench_cell_finished(cell: Cell, record: Record) -> None:
    """A cell has left its record."""


@hookspec
def srbench_training_finished(record: Record, history: Sequence[Row]) -> None:
    """The training of a model or an extractor has ended."""
