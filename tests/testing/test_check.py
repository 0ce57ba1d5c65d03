"""What comes of checks: each runs once a subject, after those that it needs, and says what its promise is."""

from __future__ import annotations

import subprocess
import sys

import pytest
from toys import nearest_plugin
from toys.conformance import SUBJECTS, outcomes, registry_with, subject_of

from srbench.registry.registry import Kind, Plugin, Registry
from srbench.testing import MethodSubject, checks_for
from srbench.testing.check import CannotCheck, Check, CheckFailure, Status, Subject, run_check


class Toy(Subject):
    """A subject of the checks that a test gives it."""

    kind = "method"

    def __init__(self, *checks: Check) -> None:
        super().__init__("toy")
        self._own = list(checks)

    def checks(self) -> list[Check]:
        return self._own


def toy(name: str, error: Exception | None = None, needs: tuple[str, ...] = (), log: list[str] | None = None) -> Check:
    def function(subject: Subject) -> None:
        if log is not None:
            log.append(name)
        if error is not None:
            raise error

    return Check(name, ("method",), "It is right.", function, needs, lambda subject: True)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (None, "passed", ""),
        (CheckFailure("say why"), "failed", "method 'toy': say why"),
        (CannotCheck("no weights"), "unchecked", "no weights"),
        (KeyError("x"), "failed", "method 'toy' raised KeyError: 'x'"),
    ],
)
def test_what_a_check_raises_decides_its_outcome(error: Exception | None, status: Status, message: str) -> None:
    one = toy("one", error)
    outcome = run_check(one, Toy(one))
    assert (outcome.status, outcome.message) == (status, message)
    assert outcome.error is (error if isinstance(error, KeyError) else None)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (None, "passed", ""),
        (CheckFailure("wrong"), "blocked", "not checked, because 'second' comes first and did not pass"),
        (CannotCheck("no weights"), "unchecked", "no weights"),
    ],
)
def test_what_a_check_needs_is_run_before_it_and_once(error: Exception | None, status: Status, message: str) -> None:
    log: list[str] = []
    third = toy("third", log=log)
    second = toy("second", error, ("third",), log)
    first = toy("first", None, ("second",), log)
    subject = Toy(first, second, third)
    outcome = run_check(first, subject)
    assert (outcome.status, outcome.message) == (status, message)
    assert log == ["third", "second", *(["first"] if error is None else [])]
    assert run_check(second, subject) is run_check(second, subject)
    assert log.count("second") == 1


def test_of_a_failure_far_up_the_chain_the_nearest_is_named() -> None:
    subject = Toy(toy("a", CheckFailure("")), toy("b", None, ("a",)), toy("c", None, ("b",)))
    assert "'b' comes first" in run_check(subject.checks()[2], subject).message


def test_a_subject_is_called_by_its_name_and_its_parameters() -> None:
    assert MethodSubject("srcnn").label == "srcnn"
    assert MethodSubject("srcnn", {"preset": "small", "width": 3}).label == "srcnn(preset=small,width=3)"


def test_folders_are_new_empty_and_gone_with_the_subject() -> None:
    subject = Toy()
    one, other = subject.folder(), subject.folder()
    assert one != other and list(one.iterdir()) == []
    subject._workspace.cleanup()
    assert not one.exists() and not other.exists()


@pytest.mark.parametrize("kind", SUBJECTS)
def test_every_check_says_its_promise_and_needs_only_checks_of_its_kind(kind: Kind) -> None:
    checks = checks_for(kind)
    assert checks[0].name == "loads"
    assert len({one.name for one in checks}) == len(checks)
    for one in checks:
        assert one.summary.endswith(".")
        assert set(one.needs) <= {other.name for other in checks}


def test_the_plugin_of_nine_lines_passes_everything() -> None:
    registry = Registry()
    registry.add(Plugin("nearest", "srbench-nearest", "1", nearest_plugin.__name__), nearest_plugin)
    found = outcomes(MethodSubject("nearest", registry=registry))
    assert {outcome.status for outcome in found.values()} == {"passed"}


def test_checks_of_learning_are_for_methods_that_learn() -> None:
    fixed, learning = (
        {one.name for one in subject_of("method", f"toys.methods:{name}").checks()}
        for name in ("Right", "RightLearner")
    )
    assert "resumes" in learning - fixed
    assert "refuses_to_fit" in fixed - learning


def test_parameters_are_given_by_name() -> None:
    subject = subject_of("method", "toys.methods:FailsToConstruct", strength=0.0)
    assert outcomes(subject)["constructs"].status == "failed"
    found = outcomes(subject_of("method", "toys.methods:RightLearner", strides=1.0))
    assert "Did you mean 'stride'" in found["constructs"].message


def test_an_unregistered_name_is_said_to_be_unknown() -> None:
    found = outcomes(MethodSubject("tyo", registry=registry_with("method", "toys.methods:Right")))
    assert list(found) == ["loads"]
    assert "unknown method 'tyo'. Did you mean 'toy'?" in found["loads"].message


def test_only_the_one_liners_need_pytest_and_listing_checks_needs_no_torch() -> None:
    code = (
        "import sys; sys.modules['pytest'] = None; import srbench.testing as kit; "
        "kinds = 'method', 'metric', 'dataset', 'extractor', 'degradation', 'protocol'; "
        "names = [one.name for kind in kinds for one in kit.checks_for(kind)]; "
        "print(len(names) > 30, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "False"]
