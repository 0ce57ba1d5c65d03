"""The checks as pytest tests: the only module of the kit that imports pytest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from srbench.errors import SrbenchError
from srbench.registry.registry import Registry
from srbench.testing.check import Check, Subject, run_check
from srbench.testing.format_subject import FormatSubject
from srbench.testing.rehearsal import ExecutorSubject
from srbench.testing.subjects import (
    DatasetSubject,
    DegradationSubject,
    ExtractorSubject,
    MethodSubject,
    MetricSubject,
    ProtocolSubject,
)

Named = str | tuple[str, Mapping[str, Any]]
"""A registered name, alone or with parameters: `("srcnn", {"preset": "small"})`."""

Test = Callable[..., None]


def check_methods(*methods: Named, registry: Registry | None = None, size: int = 48) -> Test:
    """A test that pytest runs once a method and check: `test_methods = check_methods("bicubic")`.

    size: the side in HR pixels of the made pictures that methods are trained on. registry: where the names are
    registered, when they are not those of installed plugins.
    """
    return _test([MethodSubject(*_name_and_params(one), registry, size) for one in methods])


def check_metrics(*metrics: Named, registry: Registry | None = None) -> Test:
    """A test that pytest runs once a metric and check: `test_metrics = check_metrics("psnr")`."""
    return _test([MetricSubject(*_name_and_params(one), registry) for one in metrics])


def check_extractors(*extractors: Named, registry: Registry | None = None, size: int = 48) -> Test:
    """A test that pytest runs once an extractor and check: `test_extractors = check_extractors("inception")`.

    size: the side of the made pictures that extractors which learn are trained on.
    """
    return _test([ExtractorSubject(*_name_and_params(one), registry, size) for one in extractors])


def check_executors(*executors: Named, registry: Registry | None = None) -> Test:
    """A test that pytest runs once an executor and check: `test_executors = check_executors("local")`."""
    return _test([ExecutorSubject(*_name_and_params(one), registry) for one in executors])


def check_datasets(*datasets: Named, registry: Registry | None = None, root: Path | None = None) -> Test:
    """A test that pytest runs once a dataset and check: `test_datasets = check_datasets("set5")`.

    root: the data root to look under; by default that of this machine (`SRBENCH_DATA`).
    """
    return _test([DatasetSubject(*_name_and_params(one), registry, root) for one in datasets])


def check_degradations(*degradations: Named, registry: Registry | None = None) -> Test:
    """A test that pytest runs once a degradation and check: `test_degradations = check_degradations("bicubic")`."""
    return _test([DegradationSubject(*_name_and_params(one), registry) for one in degradations])


def check_formats(*formats: Named, files: Sequence[Path], registry: Registry | None = None) -> Test:
    """A test that pytest runs once a format and check: `test_formats = check_formats("dicom", files=[...])`.

    files: small ones, of every sort that the formats read.
    """
    return _test([FormatSubject(*_name_and_params(one), registry, files) for one in formats])


def check_protocols(*protocols: str, registry: Registry | None = None) -> Test:
    """A test that pytest runs once a protocol and check: `test_protocols = check_protocols("x4-y")`."""
    return _test([ProtocolSubject(name, registry=registry) for name in protocols])


def _name_and_params(named: Named) -> tuple[str, Mapping[str, Any]]:
    return (named, {}) if isinstance(named, str) else named


def _test(subjects: Sequence[Subject]) -> Test:
    if not subjects:
        raise SrbenchError('nothing to check: give at least one registered name, as in check_methods("bicubic")')
    taken = Counter(subject.name for subject in subjects)
    cases = [
        pytest.param(subject, one, id=f"{subject.name if taken[subject.name] == 1 else subject.label}-{one.name}")
        for subject in subjects
        for one in subject.checks()
    ]

    @pytest.mark.parametrize(("subject", "check"), cases)
    def test(subject: Subject, check: Check) -> None:
        __tracebackhide__ = True
        outcome = run_check(check, subject)
        if outcome.error is not None:
            raise outcome.error
        if outcome.status == "unchecked":
            pytest.skip(outcome.message)
        if outcome.status != "passed":
            pytest.fail(f"{outcome.message}\n(checked: {check.summary})", pytrace=False)

    return test
