"""What comes of the checks of a toy."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest
from toys import formats, protocols

import srbench
from srbench.registry.registry import Kind, Plugin, Registry
from srbench.testing import (
    DatasetSubject,
    DegradationSubject,
    ExecutorSubject,
    ExtractorSubject,
    FormatSubject,
    MethodSubject,
    MetricSubject,
    Outcome,
    ProtocolSubject,
    checks_for,
    run_checks,
)
from srbench.testing.check import Subject


class ToyFormatSubject(FormatSubject):
    """A toy format, tried on files of its kind."""

    def __init__(self, name: str, params: Mapping[str, Any], registry: Registry) -> None:
        super().__init__(name, params, registry, formats.files())


SUBJECTS: dict[Kind, type[Subject]] = {
    "method": MethodSubject,
    "metric": MetricSubject,
    "dataset": DatasetSubject,
    "extractor": ExtractorSubject,
    "degradation": DegradationSubject,
    "format": ToyFormatSubject,
    "protocol": ProtocolSubject,
    "executor": ExecutorSubject,
}
Wrong = dict[str, tuple[str, str]]
"""By toy: the one check that it fails, and a part of what its author is told."""


def registry_with(kind: Kind, target: object) -> Registry:
    """A registry that offers one thing, `toy`; a protocol with its degradation of that name."""
    module = ModuleType("toy")
    targets = {kind: target}
    if kind == "protocol" and (protocol := getattr(protocols, str(target).partition(":")[2], None)):
        targets["degradation"] = type(protocol.degradation)
    for each, its in targets.items():
        setattr(module, f"srbench_{each}s", srbench.hookimpl(lambda its=its: [srbench.Entry("toy", its)]))
    registry = Registry()
    # The module that is imported to list the plugin is, for the toys, one that holds nothing.
    registry.add(Plugin("toy", "srbench-toy", "1", "srbench.registry.builtin"), module)
    assert not registry.broken
    return registry


def subject_of(kind: Kind, target: object, **params: object) -> Subject:
    return SUBJECTS[kind]("toy", params, registry_with(kind, target))


def outcomes(subject: Subject) -> dict[str, Outcome]:
    """What came of each check that applies, by name."""
    return {outcome.check.name: outcome for outcome in run_checks(subject)}


def cases(wrong: Wrong) -> list:
    """Arguments of a test, a toy each: the toy, the check, the message."""
    return [pytest.param(target, *said, id=target) for target, said in wrong.items()]


def assert_breaks_only(kind: Kind, target: str, name: str, message: str) -> None:
    """The toy fails this check, in these words, and no other."""
    found = outcomes(subject_of(kind, target))
    failed = {name: outcome.message for name, outcome in found.items() if outcome.status == "failed"}
    assert set(failed) == {name}, failed
    assert message in failed[name]
    assert failed[name].startswith(f"{kind} 'toy'")
    others = {outcome.status for name, outcome in found.items() if name not in failed}
    assert others <= {"passed", "blocked"}


def assert_passes(kind: Kind, target: str) -> None:
    """The toy passes everything that applies to it."""
    found = outcomes(subject_of(kind, target))
    assert {name: outcome.message for name, outcome in found.items() if outcome.status != "passed"} == {}
    assert len(found) >= 7


def checks_in(module: str) -> set[str]:
    """The names of the checks that a module of the kit defines."""
    return {
        one.name
        for kind in SUBJECTS
        for one in checks_for(kind)
        if one.function.__module__ == f"srbench.testing.{module}"
    }
