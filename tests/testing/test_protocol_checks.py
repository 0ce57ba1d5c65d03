"""The checks of protocols: srbench's own pass them, and a class of protocols that breaks a promise does not."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

import srbench
from srbench.registry import builtin
from srbench.registry.registry import Plugin, Registry
from srbench.testing import ProtocolSubject, check_protocols, protocol_checks, run_checks

test_srbenchs_own_keep_what_protocols_promise = check_protocols(
    "x2-rgb", "x3-y", "x4-gray", "x4-y8", "x4-y-repeat", "32px", "64px-tiles"
)

FACTS, LR, SCORED = srbench.Protocol.facts, srbench.Protocol.lr, srbench.Protocol.scored


def without(fact):
    return lambda self: {name: value for name, value in FACTS(self).items() if name != fact}


WRONG: Wrong = {
    "toys.protocols:NO_SCALE": ("declares_itself", "scale is 0"),
    "toys.protocols:HALF_A_SCALE": ("declares_itself", "scale is 2.5"),
    "toys.protocols:UNKNOWN_CHANNEL": ("declares_itself", "channel is 'luma'"),
    "toys.protocols:NEGATIVE_BORDER": ("declares_itself", "border is -1"),
    "toys.protocols:NO_SIZE": ("declares_itself", "size is 0"),
    "toys.protocols:ON_TWO_LINES": ("describes_itself", "not one line"),
    "toys.protocols:FACTS_OUTSIDE_JSON": ("facts_are_plain", "does not fit into JSON"),
    "toys.protocols:FACTS_OF_ITS_OWN": ("facts_are_plain", "never be reused"),
    "toys.protocols:HIDES_A_PARAMETER": ("degradation_is_made_again", "sigma=0.1"),
    "toys.protocols:DEGRADATION_OF_NOBODY": ("degradation_is_made_again", "unknown degradation 'another'"),
    "toys.protocols:KEEPS_HR_SIZE": ("lr_shape", "grey-uint8: the LR that toy makes of it is"),
    "toys.protocols:GLOBALLY_RANDOM": ("lr_repeats", "made again"),
    "toys.protocols:AS_BRIGHT_AS_THE_FIRST": ("lr_repeats", "after other images"),
}
# What only another class could break, and a name that is no toy's.
OTHERS = {"name_is_safe", "facts_tell_protocols_apart", "trains_on_the_same_lr", "scored_pixels"}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("protocol", target, check, message)


def test_every_check_has_a_toy_that_fails_it_or_a_test_below() -> None:
    assert checks_in("protocol_checks") == {check for check, _ in WRONG.values()} | OTHERS


@pytest.mark.parametrize("target", ["toys.protocols:OF_Y", "toys.protocols:OF_COLOUR", "toys.protocols:GENERATION"])
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("protocol", target)


def test_what_is_no_protocol_or_has_another_name_does_not_load() -> None:
    assert_breaks_only("protocol", "toys.protocols:ABSENT", "loads", "cannot be loaded")
    assert_breaks_only("protocol", "toys.protocols:MISNAMED", "loads", "a srbench.Protocol value with the entry's name")


@pytest.mark.parametrize(
    ("name", "method", "broken", "check", "message"),
    [
        ("x4-y", "facts", without("version"), "facts_tell_protocols_apart", "version=3"),
        ("x4-y", "facts", without("scale"), "facts_tell_protocols_apart", "scale=5"),
        ("x4-y", "facts", without("channel"), "facts_tell_protocols_apart", "channel='rgb'"),
        ("x4-y", "facts", without("border"), "facts_tell_protocols_apart", "border=5"),
        ("x4-y", "facts", without("seed"), "facts_tell_protocols_apart", "seed=1"),
        ("32px", "facts", without("size"), "facts_tell_protocols_apart", "size=33"),
        ("x4-y8", "lr", lambda self, *of: LR(replace(self, channel="rgb"), *of), "lr_shape", "it should be (6, 7, 1)"),
        ("x4-y8", "for_training", lambda self: replace(self, channel="rgb"), "trains_on_the_same_lr", "another LR"),
        ("x4-y", "scored", lambda self, *image: SCORED(self, *image).float(), "scored_pixels", "in torch.float32"),
        ("x4-y", "scored", lambda self, *image: 255 * SCORED(self, *image), "scored_pixels", "from 8 to"),
        (
            "x4-y",
            "scored",
            lambda self, *image: SCORED(replace(self, border=3), *image),
            "scored_pixels",
            "(1, 18, 22)",
        ),
        ("x4-y", "scored", lambda self, *image: SCORED(self, *image).flip(1), "scored_pixels", "other pixels"),
    ],
)
def test_a_class_of_protocols_that_breaks_a_promise(monkeypatch, name, method, broken, check, message):
    monkeypatch.setattr(srbench.Protocol, method, broken)
    failed = {each.check.name: each.message for each in run_checks(ProtocolSubject(name)) if each.status == "failed"}
    assert set(failed) == {check}
    assert message in failed[check]


@pytest.mark.parametrize(
    ("name", "told", "message"),
    [
        ("x4-y", lambda protocol: f"x{protocol.scale}, {protocol.border} px", "another channel"),
        ("x4-y", lambda protocol: f"x{protocol.scale} {protocol.channel}", "not say 4 px"),
        ("32px", lambda protocol: "generation", "not say 32 x 32"),
    ],
)
def test_a_task_that_tells_too_little(monkeypatch, name, told, message):
    monkeypatch.setattr(protocol_checks, "in_one_line", told)
    failed = {each.check.name: each.message for each in run_checks(ProtocolSubject(name)) if each.status == "failed"}
    assert set(failed) == {"describes_itself"} and message in failed["describes_itself"]


def test_the_name_is_that_of_a_folder():
    plugin = ModuleType("toy")
    plugin.srbench_protocols = srbench.hookimpl(lambda: [srbench.Entry("x4/y", srbench.Protocol("x4/y", 4, "y"))])
    registry = Registry()
    registry.add(Plugin("toy", "srbench-toy", "1", "srbench.registry.builtin"), plugin)
    registry.add(Plugin("builtin", "srbench", "1", "srbench.registry.builtin"), builtin)
    failed = [each for each in run_checks(ProtocolSubject("x4/y", registry=registry)) if each.status != "passed"]
    assert [each.check.name for each in failed] == ["name_is_safe"]
    assert "use letters, digits" in failed[0].message
