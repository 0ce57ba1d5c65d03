"""A job as a file in the store, `STORE/jobs/KEY/job.json`, so that any process on any machine can do it.

The store is the one that the file lies in, wherever that is mounted. Paths below the data root are written relative to
it, and read below the data root of the machine that reads them, where `SRBENCH_DATA` names one. Plugins' things are
written as the module and name of their class, with their parameters as plain data.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from numbers import Rational
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from srbench.contract.chain import in_turn, steps_of
from srbench.contract.degradation import Degradation
from srbench.contract.executor import Limits
from srbench.errors import SrbenchError
from srbench.pictures import scale_of
from srbench.registry.configured import Use
from srbench.registry.parameters import resolve
from srbench.registry.registry import registry
from srbench.runner.job.claim import claim
from srbench.runner.job.tasks import Job, Task
from srbench.store.files import StoreError, temporary_in, write_atomically
from srbench.store.records import JOBS, LASTING, Store
from srbench.weights.data_root import VARIABLE

if TYPE_CHECKING:
    import numpy as np

    from srbench.pictures import Image, Scale, Values

FILE = "job.json"
_KINDS: dict[str, type[Task]] = {kind.__name__: kind for kind in get_args(Task)}


class Unwritable(SrbenchError):
    """A job with a parameter that JSON cannot hold."""


class _WrittenStep(msgspec.Struct):
    name: str
    params: dict[str, Any]


class _Unloaded(Degradation):
    """A degradation of which only what is written is known: its plugins are not loaded yet."""

    def __init__(self, written: tuple[_WrittenStep, ...]) -> None:
        self.written = written

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """Raise `TypeError`: LR is made after `with_types` only."""
        raise TypeError(f"the degradation {', '.join(step.name for step in self.written)} is not loaded")


class _Written(msgspec.Struct):
    kind: str
    task: dict[str, Any]
    data_root: str
    limits: Limits
    sources: Mapping[str, Mapping[str, str]]


def write_job(job: Job, run: str, *, lasting: bool = False) -> Path | None:
    """Write a job's file into a new folder, for a run; its absolute path. None where a run does that job already.

    Device and threads are the reader's own. run: by the name of its lease. lasting: the job may outlive it. Raises
    `Unwritable`, and `StoreError`.
    """
    jobs = job.store.resolve() / JOBS

    def plain(value: Any) -> str:
        if isinstance(value, Path):
            return str(value.relative_to(job.data_root) if value.is_relative_to(job.data_root) else value)
        if isinstance(value, Fraction):
            return str(value)
        if isinstance(value, re.Pattern):
            return str(value.pattern)
        if isinstance(value, type):
            return f"{value.__module__}:{value.__qualname__}"
        raise Unwritable(f"{job.task.label}: the parameter {value!r} cannot be written into a file of JSON")

    written = _Written(
        type(job.task).__name__,
        msgspec.to_builtins(_changed(job.task, _named), enc_hook=plain),
        str(job.data_root),
        job.limits,
        job.sources,
    )
    place, prepared = jobs / job.task.key / FILE, temporary_in(jobs)
    if place.parent.exists():
        return None
    try:
        prepared.mkdir(parents=True)
        # Python's own JSON writes names of files that are no UTF-8, too.
        write_atomically(prepared / FILE, json.dumps(msgspec.to_builtins(written)).encode(), lasting=False)
        if lasting:
            (prepared / LASTING).touch()
        return place if claim(prepared, place, run) else None
    except OSError as error:
        raise StoreError(f"{place}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(prepared, ignore_errors=True)


def read_job(path: Path) -> Job:
    """The job of a file, its plugins' things without the types of their parameters (`with_types`).

    Imports no plugin. Raises `SrbenchError` for what is no job's file.
    """
    path = path.resolve()
    try:
        written = msgspec.convert(json.loads(path.read_bytes()), _Written)
        root = Path(os.environ.get(VARIABLE) or written.data_root).expanduser().resolve()

        def typed(kind: type, value: Any) -> Any:
            if kind is Path:
                return root / value
            if issubclass(kind, Rational):  # a scale
                return scale_of(value)
            return _Unloaded(msgspec.convert(value, tuple[_WrittenStep, ...]))

        task = msgspec.convert(written.task, _KINDS[written.kind], dec_hook=typed)
    except (OSError, ValueError, KeyError) as error:  # msgspec's errors are ValueErrors
        raise SrbenchError(f"{path} is no job of this version of srbench: {type(error).__name__}: {error}") from error
    return Job(task, path.parents[2], root, written.limits, written.sources)


def with_types(job: Job, unloaded: Sequence[Use] = ()) -> Job:
    """A job that was read, with its plugins loaded and their parameters in their types. Raises `SrbenchError`.

    unloaded: plugins' things in it that stay as they were written.
    """

    def typed(value: Any) -> Any:
        if isinstance(value, Use):
            return replace(value, params=resolve(value.registered.load(), value.params, job.data_root))
        if isinstance(value, _Unloaded):
            return in_turn([_made(step, job.data_root) for step in value.written])
        return value

    return replace(job, task=_changed(job.task, typed, unloaded))


def _made(step: _WrittenStep, data_root: Path) -> Degradation:
    kind = registry().get("degradation", step.name).load()
    made: Degradation = kind(**resolve(kind, step.params, data_root))
    return made


def _named(value: Any) -> Any:
    """A degradation as the names and parameters of its steps; all else as it is."""
    if not isinstance(value, Degradation):
        return value
    return tuple(_WrittenStep(step.name, step.facts()) for step in steps_of(value))


def _changed(value: Any, change: Callable[[Any], Any], unchanged: Sequence[object] = ()) -> Any:
    """The value with every part of it changed but those, down through tuples and the fields of dataclasses."""
    if any(value is one for one in unchanged):
        return value
    value = change(value)
    if isinstance(value, tuple):
        return tuple(_changed(part, change, unchanged) for part in value)
    if is_dataclass(value) and not isinstance(value, type | Degradation):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: _changed(part, change, unchanged) for name, part in parts.items()})
    return value


def jobs_in(store: Store) -> list[Path]:
    """The absolute paths of the files of all jobs in the store."""
    return sorted(folder / FILE for folder in (store.root.resolve() / JOBS).glob("[!.]*"))


def is_lasting(job: Path) -> bool:
    """Whether a job may outlive its run."""
    return (job.parent / LASTING).exists()
