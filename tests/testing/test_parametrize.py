"""The one-liners: a test a name and check, with an outcome that pytest understands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from toys import nearest_plugin
from toys.conformance import registry_with

from srbench.errors import SrbenchError
from srbench.registry.registry import Plugin, Registry
from srbench.testing import check_datasets, check_methods, check_metrics
from srbench.testing.check import run_checks


def cases(test: Any) -> Iterator[tuple[str, Any]]:
    """The id and the arguments of each test that pytest would run."""
    (mark,) = test.pytestmark
    for case in mark.args[1]:
        yield case.id, case.values


@pytest.fixture(scope="module")
def nearest() -> Registry:
    registry = Registry()
    registry.add(Plugin("nearest", "srbench-nearest", "1", nearest_plugin.__name__), nearest_plugin)
    return registry


def test_there_is_a_test_a_name_and_check(nearest: Registry) -> None:
    test = check_methods("nearest", registry=nearest)
    ((_, (subject, _)), *_) = cases(test)
    assert [name for name, _ in cases(test)] == [f"nearest-{one.name}" for one in subject.checks()]
    for _, values in cases(test):
        test(*values)  # passes
    assert {outcome.status for outcome in run_checks(subject)} == {"passed"}


def test_an_unknown_name_is_one_test_that_fails_with_the_nearest_and_the_promise(nearest: Registry) -> None:
    test = check_methods("neerest", registry=nearest)
    ((name, values),) = cases(test)
    assert name == "neerest-loads"
    with pytest.raises(pytest.fail.Exception, match=r"(?s)Did you mean 'nearest'\?.*\(checked: The name is registered"):
        test(*values)


def test_parameters_tell_entries_of_one_name_apart() -> None:
    registry = registry_with("method", "toys.methods:RightLearner")
    test = check_methods("toy", ("toy", {"stride": 2}), registry=registry)
    names = {name.rpartition("-")[0] for name, _ in cases(test)}
    assert names == {"toy", "toy(stride=2)"}


def test_what_cannot_be_checked_here_is_skipped() -> None:
    test = check_metrics("toy", registry=registry_with("metric", "toys.metrics:NeedsWeights"))
    (values,) = [values for name, values in cases(test) if name == "toy-worse_with_noise"]
    with pytest.raises(pytest.skip.Exception, match="its weights are not here"):
        test(*values)


def test_what_the_plugin_raises_is_raised_for_its_traceback() -> None:
    test = check_metrics("toy", registry=registry_with("metric", "toys.metrics:FailsOnNothing"))
    (values,) = [values for name, values in cases(test) if name == "toy-few_unpaired_images"]
    with pytest.raises(ZeroDivisionError):
        test(*values)


@pytest.mark.parametrize("check", [check_methods, check_datasets])
def test_no_names_are_a_mistake_and_not_a_test_that_passes(check: Any) -> None:
    with pytest.raises(SrbenchError, match="give at least one registered name"):
        check()
