"""What every plugin's class promises, whatever it does: each toy breaks one promise."""

from __future__ import annotations

import pytest
from toys.conformance import SUBJECTS, assert_breaks_only, checks_in, outcomes, subject_of

from srbench.registry.registry import Kind
from srbench.testing import checks_for

WRONG: list[tuple[Kind, str, str, str]] = [
    ("method", "toys.methods:Absent", "loads", "cannot be loaded"),
    ("method", "toys.methods:Abstract", "loads", "does not define upscale"),
    ("method", "toys.methods:not_a_class", "loads", "derived from srbench.Method"),
    ("method", "toys.imports_torch:Method", "imports_without_torch", "imports torch"),
    ("method", "toys.methods:Misnamed", "found_by_name", "SomethingElse"),
    ("method", "toys.methods:Untyped", "parameters_are_typed", "'strength' has no annotation"),
    ("method", "toys.methods:WrongDefault", "parameters_are_typed", "default 'strong'"),
    ("method", "toys.methods:AnyParameter", "parameters_are_typed", "name every parameter"),
    ("method", "toys.methods:Unchosen", "parameters_are_typed", "'sort', which __init__ does not take"),
    ("method", "toys.methods:NamedTwice", "parameters_are_typed", "'bright' brings light, which __init__ has, too"),
    ("method", "toys.methods:SharedWithoutDefault", "parameters_are_typed", "shared 'lamp' has no default for light"),
    ("method", "toys.methods:Uncitable", "papers_can_be_cited", "write it as 1707.02921"),
    ("metric", "toys.metrics:JudgesBeauty", "judges_something_known", "'beauty'; it should be one of 'distortion'"),
    ("metric", "toys.metrics:Uncitable", "papers_can_be_cited", "a tuple of srbench.Paper"),
    ("method", "toys.methods:MisspeltPreset", "constructs", "strenght"),
    ("method", "toys.methods:UnwritableParameter", "constructs", "JSON"),
    ("method", "toys.methods:FailsToConstruct", "constructs", "'preset': 'none'"),
    ("metric", "toys.metrics:Absent", "loads", "cannot be loaded"),
    ("metric", "toys.imports_torch:Metric", "imports_without_torch", "imports torch"),
    ("dataset", "toys.datasets:Absent", "loads", "cannot be loaded"),
    ("dataset", "toys.imports_torch:Dataset", "imports_without_torch", "imports torch"),
    ("degradation", "toys.degradations:Absent", "loads", "cannot be loaded"),
    ("degradation", "toys.degradations:OtherName", "loads", "derived from srbench.Degradation, with the entry's name"),
    ("degradation", "toys.imports_torch:Degradation", "imports_without_torch", "imports torch"),
    ("extractor", "toys.extractors:Abstract", "loads", "does not define extract"),
    ("extractor", "toys.imports_torch:Extractor", "imports_without_torch", "imports torch"),
    ("format", "toys.formats:Absent", "loads", "cannot be loaded"),
    ("format", "toys.imports_torch:Format", "imports_without_torch", "imports torch"),
    ("executor", "toys.executors:Homeless", "loads", "does not define close"),
    ("protocol", "toys.protocols:ABSENT", "loads", "cannot be loaded"),
    ("executor", "toys.imports_torch:Executor", "imports_without_torch", "imports torch"),
]


@pytest.mark.parametrize(("kind", "target", "check", "message"), WRONG)
def test_a_broken_promise_fails_its_check_alone(kind: Kind, target: str, check: str, message: str) -> None:
    assert_breaks_only(kind, target, check, message)


def test_a_method_whose_parameters_hang_on_one_of_them_keeps_all_promises() -> None:
    found = outcomes(subject_of("method", "toys.methods:Variable", shade="bright", light=0.5))
    assert [one.message for one in found.values() if one.status != "passed"] == []


def test_a_method_with_shared_parameters_keeps_all_promises() -> None:
    found = outcomes(subject_of("method", "toys.methods:Lit", light=0.5))
    assert [one.message for one in found.values() if one.status != "passed"] == []


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("class_checks") == {check for _, _, check, _ in WRONG}


@pytest.mark.parametrize("check", ["loads", "imports_without_torch"])
def test_what_is_asked_of_each_kind_differently_has_a_toy_of_each(check: str) -> None:
    asked = {kind for kind in SUBJECTS if check in {one.name for one in checks_for(kind)}}
    assert {kind for kind, _, one, _ in WRONG if one == check} == asked
