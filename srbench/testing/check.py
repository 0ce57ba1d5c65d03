"""What a check is, which there are, and what came of one."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from srbench.registry.parameters import resolve
from srbench.registry.registry import Kind, Registered, Registry
from srbench.registry.registry import registry as installed
from srbench.registry.shared import create

Status = Literal["passed", "failed", "blocked", "unchecked"]

_MODULES = (
    "class_checks",
    "method_checks",
    "generator_checks",
    "fit_checks",
    "going_on_checks",
    "starting_checks",
    "submission_checks",
    "metric_checks",
    "set_metric_checks",
    "dataset_checks",
    "extractor_checks",
    "degradation_checks",
    "format_checks",
    "protocol_checks",
    "executor_checks",
)
_CHECKS: list[Check] = []


class CheckFailure(AssertionError):
    """A plugin breaks the contract; the message tells its author how, and what to do."""


class CannotCheck(Exception):
    """What the check needs is not on this machine (weights, files); the message says what."""


def _always(subject: Any) -> bool:
    return True


@dataclass(frozen=True)
class Check:
    """One promise of the contract.

    summary: the promise in one line. needs: checks without which this one says nothing. applies: whether a subject
    makes the promise at all (only methods that learn can resume). function: raises `CheckFailure`.
    """

    name: str
    kinds: tuple[Kind, ...]
    summary: str
    function: Callable[[Any], None]
    needs: tuple[str, ...]
    applies: Callable[[Any], bool]


@dataclass(frozen=True)
class Outcome:
    """What came of one check.

    status: `blocked` when a check that it needs did not pass; `unchecked` when this machine lacks something for it.
    error: what the plugin's code raised, when it was not expected to.
    """

    check: Check
    status: Status
    message: str = ""
    error: Exception | None = None


def check(
    *kinds: Kind, needs: tuple[str, ...] = (), applies: Callable[[Any], bool] = _always
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Make a function a check of these kinds, by its own name; its docstring's first line is the promise."""

    def register(function: Callable[[Any], None]) -> Callable[[Any], None]:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        _CHECKS.append(Check(function.__name__, kinds, summary, function, needs, applies))
        return function

    return register


def checks_for(kind: Kind) -> list[Check]:
    """The checks of one kind, in the order in which they are best read."""
    for module in _MODULES:
        importlib.import_module(f"srbench.testing.{module}")
    return [one for one in _CHECKS if kind in one.kinds]


def run_check(one: Check, subject: Subject) -> Outcome:
    """Run a check, and before it those that it needs; each at most once a subject."""
    if one.name not in subject.outcomes:
        subject.outcomes[one.name] = _obstacle(one, subject) or _run(one, subject)
    return subject.outcomes[one.name]


def _obstacle(one: Check, subject: Subject) -> Outcome | None:
    for needed in subject.checks() if one.needs else ():
        if needed.name not in one.needs:
            continue
        outcome = run_check(needed, subject)
        if outcome.status in ("failed", "blocked"):
            return Outcome(one, "blocked", f"not checked, because {needed.name!r} comes first and did not pass")
        if outcome.status == "unchecked":
            return Outcome(one, "unchecked", outcome.message)
    return None


def _run(one: Check, subject: Subject) -> Outcome:
    try:
        one.function(subject)
    except CheckFailure as failure:
        return Outcome(one, "failed", f"{subject.kind} {subject.label!r}: {failure}")
    except CannotCheck as reason:
        return Outcome(one, "unchecked", str(reason))
    except Exception as error:  # a plugin may raise anything; its author is told what, and where
        return Outcome(one, "failed", f"{subject.kind} {subject.label!r} raised {type(error).__name__}: {error}", error)
    return Outcome(one, "passed")


def run_checks(subject: Subject) -> Iterator[Outcome]:
    """Every check that applies to a subject, without pytest: `run_checks(MethodSubject("bicubic"))`."""
    for one in subject.checks():
        yield run_check(one, subject)


class Subject:
    """One entry of a registry, with parameters.

    params: as a matrix file would give them; `preset` may be among them.
    """

    kind: ClassVar[Kind]

    def __init__(self, name: str, params: Mapping[str, Any] | None = None, registry: Registry | None = None) -> None:
        self.name = name
        self.given = {key: str(value) if isinstance(value, Path) else value for key, value in (params or {}).items()}
        self.outcomes: dict[str, Outcome] = {}
        self.registry = registry
        self._workspace = tempfile.TemporaryDirectory(prefix="srbench-check-")

    @property
    def label(self) -> str:
        """The name, with the parameters where there are any: `srcnn(preset=small)`."""
        given = ",".join(f"{key}={value}" for key, value in self.given.items())
        return f"{self.name}({given})" if given else self.name

    @property
    def registered(self) -> Registered:
        """The registry's entry; `PluginError` when there is none."""
        return (installed() if self.registry is None else self.registry).get(self.kind, self.name)

    @cached_property
    def target(self) -> Any:
        """The class; of a protocol, the value."""
        return self.registered.load()

    def create(self) -> Any:
        """A new instance."""
        return create(self.target, resolve(self.target, self.given))

    def checks(self) -> list[Check]:
        """The checks that apply; of a class that cannot be loaded, only the one that says so."""
        loads, *others = checks_for(self.kind)
        if run_check(loads, self).status != "passed":
            return [loads]
        return [loads, *(one for one in others if one.applies(self))]

    def folder(self) -> Path:
        """A new empty folder, gone when the subject is."""
        return Path(tempfile.mkdtemp(dir=self._workspace.name))
