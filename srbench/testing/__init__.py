"""The conformance kit: what every plugin must do, whatever its kind, as checks that a plugin's tests import.

A plugin's test file needs one line a kind; pytest then shows one test a name and check:

    from srbench.testing import check_methods
    test_methods = check_methods("bicubic", ("srcnn", {"preset": "small"}))

Without pytest, `run_checks` gives the same outcomes one after another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from srbench.testing.check import CannotCheck, Check, CheckFailure, Outcome, Subject, checks_for, run_check, run_checks
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

if TYPE_CHECKING:
    from srbench.testing.parametrize import (
        check_datasets,
        check_degradations,
        check_executors,
        check_extractors,
        check_formats,
        check_methods,
        check_metrics,
        check_protocols,
    )

__all__ = [
    "CannotCheck",
    "Check",
    "CheckFailure",
    "DatasetSubject",
    "DegradationSubject",
    "ExecutorSubject",
    "ExtractorSubject",
    "FormatSubject",
    "MethodSubject",
    "MetricSubject",
    "Outcome",
    "ProtocolSubject",
    "Subject",
    "check_datasets",
    "check_degradations",
    "check_executors",
    "check_extractors",
    "check_formats",
    "check_methods",
    "check_metrics",
    "check_protocols",
    "checks_for",
    "run_check",
    "run_checks",
]

_NEED_PYTEST = frozenset(
    {
        "check_datasets",
        "check_degradations",
        "check_executors",
        "check_extractors",
        "check_formats",
        "check_methods",
        "check_metrics",
        "check_protocols",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _NEED_PYTEST:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from srbench.testing import parametrize

    return getattr(parametrize, name)
