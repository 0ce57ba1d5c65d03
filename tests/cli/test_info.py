"""`srbench info`: what a thing is, its parameters and presets."""

from __future__ import annotations

import inspect
import json
import sys

from rig import Bench
from rig.verbs import Srbench

from srbench.registry.registry import registry


def test_parameters_are_those_of_the_class(srbench: Srbench) -> None:
    (facts,) = json.loads(srbench("info", "srcnn", "--json").out)
    kind = registry().get("method", "srcnn").load()
    own = inspect.signature(kind.__init__).parameters
    assert [parameter["name"] for parameter in facts["parameters"]] == [name for name in own if name != "self"]
    assert facts["learns"] is True
    assert {name: set(values) for name, values in facts["presets"].items()} == {
        name: set(values) for name, values in kind.presets.items()
    }


def test_words_for_people_say_what_json_says(toys: Bench, srbench: Srbench) -> None:
    said = srbench("info", "toy-pixel").out
    assert said.startswith("toy-pixel (method of srbench-toys 1.0)\n")
    assert "learns: True\n" in said
    assert "parameters:\n  spoil: int = 0\n" in said
    doc = inspect.getdoc(sys.modules["srbench_toys"].Pixel)
    assert doc is not None and doc in said


def test_shared_parameters_are_told_apart_from_the_own_ones(srbench: Srbench) -> None:
    said = srbench("info", "srcnn").out
    assert (
        "\nrecipe (How it learns, in place of what the method says itself.):\n  schedule: 'constant' | 'linear' | "
        in said
    )
    assert said.index("\nparameters:\n") < said.index("\nrecipe (") < said.index("\npreset small: ")
    (facts,) = json.loads(srbench("info", "srcnn", "--json").out)
    names = {one["name"] for one in facts["shared"]["recipe"]["parameters"]}
    assert names == {"schedule", "warm_up", "early_stopping", "augment"}
    (facts,) = json.loads(srbench("info", "bicubic", "--json").out)[:1]
    assert facts["shared"] == {}


def test_a_degradation_a_protocol_and_a_required_parameter(srbench: Srbench) -> None:
    (protocol,) = json.loads(srbench("info", "x4-y", "--json").out)
    assert protocol["kind"] == "protocol" and protocol["facts"]["scale"] == 4
    (folder,) = json.loads(srbench("info", "folder", "--json").out)
    required = [one for one in folder["parameters"] if one["name"] == "path"]
    assert [one["default"] for one in required] == [None]


def test_a_name_of_several_kinds_is_told_of_each(srbench: Srbench) -> None:
    kinds = [facts["kind"] for facts in json.loads(srbench("info", "bicubic", "--json").out)]
    assert kinds == ["method", "degradation"]
    assert srbench("info", "bicubic").out.count(" of srbench") >= 2


def test_a_parameter_that_brings_others_is_told_with_what_it_brings(srbench: Srbench) -> None:
    listed = srbench("info", "network").out
    assert "\narchitecture (more of each: --param architecture=" in listed
    assert "\n  swinir (paper, light, small): " in listed
    (facts,) = json.loads(srbench("info", "network", "--param", "architecture=swinir", "--json").out)
    assert "window_size" in {one["name"] for one in facts["parameters"]}
    assert facts["presets"]["light"]["embed_dim"] == 60
    assert "Liang" in facts["description"]
    wrong = srbench("info", "network", "--param", "architecture=swinr")
    assert wrong.code == 2 and "Did you mean 'swinir'?" in wrong.err


def test_an_unknown_name_gets_the_nearest_of_any_kind(srbench: Srbench) -> None:
    for wrong, right in (("bicubik", "bicubic"), ("psnrr", "psnr"), ("x4-yy", "x4-y")):
        said = srbench("info", wrong)
        assert said.code == 2
        assert f"nothing is called {wrong!r}. Did you mean {right!r}?" in said.err


def test_papers_are_told_those_of_a_variant_where_it_is_chosen(srbench: Srbench) -> None:
    told = "\npaper: Keys, “Cubic convolution interpolation for digital image processing”, IEEE "
    assert told in srbench("info", "bicubic").out
    assert "paper: " not in srbench("info", "network").out
    (facts,) = json.loads(srbench("info", "network", "--param", "architecture=edsr", "--json").out)
    (paper,) = facts["papers"]
    assert paper.startswith("Lim, Son, Kim, Nah, Lee, “Enhanced deep residual networks") and "1707.02921" in paper
