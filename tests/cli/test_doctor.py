"""`srbench doctor`: every check in a row, and an exit code that tells whether something is wrong."""

from __future__ import annotations

import json

from rig import Bench
from rig.verbs import Srbench


def test_something_wrong_is_named_and_is_exit_1(toys: Bench, srbench: Srbench) -> None:
    toys.plugin.write_text("import a_module_that_is_not_there\n")
    said = srbench("doctor", "--json")
    assert said.code == 1
    wrong = [row for row in json.loads(said.out) if row["state"] != "ok"]
    assert [row["check"] for row in wrong] == ["plugin toys"]
    assert "a_module_that_is_not_there" in wrong[0]["finding"]
