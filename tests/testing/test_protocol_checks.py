"""The checks of protocols: srbench's own pass them, and a class of protocols that breaks a promise does not."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest

import srbench
from srbench.registry import builtin
from srbench.registry.registry import Plugin, Registry
from srbench.testing import ProtocolSubject, check_protocols, run_checks

test_srbenchs_own_keep_what_protocols_promise = check_protocols(
    "x2-rgb", "x3-y", "x4-gray", "x4-y8", "x4-y-repeat", "32px", "64px-tiles"
)

FACTS, LR, SCORED = srbench.Protocol.facts, srbench.Protocol.lr, srbench.Protocol.scored


def without(fact):
    return lambda self: {name: value for name, value in FACTS(self).items() if name != fact}


@pytest.mark.parametrize(
    ("name", "method", "broken", "check", "message"),
    [
        ("x4-y", "describe", lambda self: f"x{self.scale}, {self.border} px", "describes_itself", "another channel"),
        ("x4-y", "describe", lambda self: f"x{self.scale} {self.channel}", "describes_itself", "not say 4 px"),
        ("32px", "describe", lambda self: "generation", "describes_itself", "not say 32 x 32"),
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


def test_the_name_is_that_of_a_folder():
    plugin = ModuleType("toy")
    plugin.srbench_protocols = srbench.hookimpl(lambda: [srbench.Entry("x4/y", srbench.Protocol("x4/y", 4, "y"))])
    registry = Registry()
    registry.add(Plugin("toy", "srbench-toy", "1", "srbench.registry.builtin"), plugin)
    registry.add(Plugin("builtin", "srbench", "1", "srbench.registry.builtin"), builtin)
    failed = [each for each in run_checks(ProtocolSubject("x4/y", registry=registry)) if each.status != "passed"]
    assert [each.check.name for each in failed] == ["name_is_safe"]
    assert "use letters, digits" in failed[0].message
