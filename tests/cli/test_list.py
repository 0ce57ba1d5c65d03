"""`srbench list`: everything that is offered, of one kind or of all, and what cannot be loaded."""

from __future__ import annotations

import json

import pytest
from rig import Bench
from rig.verbs import Srbench

from srbench.cli.list import KINDS
from srbench.registry.registry import KINDS as OFFERED
from srbench.registry.registry import registry


def rows(srbench: Srbench, *arguments: str) -> list[dict[str, str]]:
    said = srbench("list", *arguments, "--json")
    assert said.code == 0
    return list(json.loads(said.out))


def test_all_kinds_that_plugins_offer_are_listed_together(toys: Bench, srbench: Srbench) -> None:
    listed = rows(srbench)
    assert [(row["kind"], row["name"]) for row in listed] == [
        (kind, name) for kind in OFFERED for name in registry().names(kind)
    ]
    assert {"kind": "dataset", "name": "toy-noise", "summary": "", "plugin": "srbench-toys"} in listed


@pytest.mark.parametrize("kind", OFFERED)
def test_one_kind_is_that_part_of_all(toys: Bench, srbench: Srbench, kind: str) -> None:
    assert f"{kind}s" in KINDS
    assert rows(srbench, f"{kind}s") == [row for row in rows(srbench) if row["kind"] == kind]


def test_a_plugin_that_cannot_be_loaded_is_named_and_the_others_are_listed(toys: Bench, srbench: Srbench) -> None:
    toys.plugin.write_text("import a_module_that_is_not_there\n")
    registry.cache_clear()
    said = srbench("list", "methods")
    assert said.code == 0 and "bicubic" in said.out
    assert said.err.startswith("not loaded: srbench-toys: ModuleNotFoundError") and said.err.count("\n") == 1
    (broken,) = [row for row in rows(srbench, "plugins") if row["state"] == "broken"]
    assert (broken["plugin"], broken["version"]) == ("srbench-toys", "1.0")
    assert "a_module_that_is_not_there" in broken["reason"]
    assert {"srbench", "srbench-bicubic"} <= {row["plugin"] for row in rows(srbench, "plugins") if row["state"] == "ok"}


def test_weights_are_listed_with_their_terms_and_the_plugin_that_declares_them(toys: Bench, srbench: Srbench) -> None:
    (vgg,) = [row for row in rows(srbench, "weights") if row["name"] == "vgg19"]
    assert (vgg["file"], vgg["size"], vgg["plugin"]) == ("vgg19-dcbb9e9d.pth", 574_673_361, "srbench")
    assert "BSD-3-Clause" in vgg["licence"]


def test_an_unknown_kind_is_bad_usage_that_names_the_kinds(srbench: Srbench) -> None:
    said = srbench("list", "metods")
    assert said.code == 2
    assert all(kind in said.err for kind in KINDS)
