"""An entry as a matrix uses it: made anew each time, framed where squares are wanted, with the extractor asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import srbench
from srbench.contract.extractor import ExtractorUse
from srbench.contract.framing import Squares
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.registry.configured import Use, extractor_use
from srbench.registry.registry import Plugin, Registered, Registry


class Pictures(srbench.Dataset):
    def __init__(self, side: int = 8) -> None:
        self.side = side

    def test(self) -> list[srbench.Item]:
        return [srbench.Item("a", np.zeros((self.side, 2 * self.side, 1), np.uint8))]


class Trunk(srbench.Extractor):
    dim = 1

    def __init__(self, model: str = "small", layer: int = 3) -> None:
        self.model, self.layer = model, layer

    def extract(self, images: Any) -> Any:
        return images


@pytest.fixture
def registry() -> Registry:
    hook = srbench.hookimpl(lambda: [srbench.Entry("trunk", Trunk)])
    registry = Registry()
    registry.add(Plugin("toy", "srbench-toy", "1", "toy"), SimpleNamespace(srbench_extractors=hook))
    assert not registry.broken
    return registry


def use(**more: Any) -> Use:
    registered = Registered("dataset", srbench.Entry("pictures", Pictures), Plugin("toy", "srbench-toy", "1", "toy"))
    return Use("mine", registered, {"side": 12}, **more)


def test_each_instance_is_new_and_has_the_parameters() -> None:
    one, other = use().create(), use().create()
    assert isinstance(one, Pictures) and one is not other
    assert one.side == 12


def test_squares_are_cut_where_a_protocol_of_generation_wants_them() -> None:
    made = use(under=Protocol("12px", 1, task="generation", size=12, framing="tiles")).create()
    assert isinstance(made, Squares)
    assert [item.read_hr()[0].shape for item in made.test()] == [(12, 12, 1)] * 2
    assert isinstance(use(under=Protocol("x2", 2)).create(), Pictures)  # one of another task changes nothing


@pytest.mark.parametrize(
    ("asked", "params"),
    [
        (ExtractorUse("trunk"), {"model": "small", "layer": 3}),
        (ExtractorUse("trunk:large"), {"model": "large", "layer": 3}),
        (ExtractorUse("trunk:large", {"layer": 5}), {"model": "large", "layer": 5}),
        (ExtractorUse("trunk:a:b"), {"model": "a:b", "layer": 3}),
    ],
)
def test_an_extractor_is_an_entry_and_perhaps_a_model(
    registry: Registry, asked: ExtractorUse, params: dict[str, Any]
) -> None:
    found = extractor_use(asked, registry)
    assert (found.name, found.registered.entry.name, found.params) == (asked.name, "trunk", params)
    made = found.create()
    assert (made.model, made.layer) == (params["model"], params["layer"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (ExtractorUse("trnk"), "Did you mean 'trunk'"),
        (ExtractorUse("trunk", {"layr": 1}), r"extractor 'trunk': .*Did you mean 'layer'"),
        (ExtractorUse("trunk:large", {"layer": "x"}), "extractor 'trunk:large': layer"),
    ],
)
def test_a_wrong_extractor_is_told_by_the_name_it_was_asked_for(
    registry: Registry, asked: ExtractorUse, words: str
) -> None:
    with pytest.raises(SrbenchError, match=words):
        extractor_use(asked, registry)
