"""Terms of datasets: their form, and those of every shipped dataset, held against its prose."""

from __future__ import annotations

import re

import pytest

import srbench
from srbench.registry.registry import registry
from srbench.store.texts import own_documentation

YOURS = {"folder", "pairs"}
"""Of pictures that whoever runs the matrix brings."""


@pytest.mark.parametrize(
    ("terms", "fault"),
    [
        (srbench.Terms(" ", "CC0"), "source is empty"),
        (srbench.Terms("somebody."), "source ends with a full stop"),
        (srbench.Terms("somebody", "do as you like."), "licence ends with a full stop"),
    ],
)
def test_each_fault_is_told(terms: srbench.Terms, fault: str) -> None:
    assert [*terms.faults()] == [fault]


def test_a_source_alone_is_enough() -> None:
    assert [*srbench.Terms("computed").faults()] == []


@pytest.mark.parametrize("name", [one.entry.name for one in registry().entries("dataset")])
def test_every_shipped_dataset_says_whose_its_pictures_are_but_for_those_of_the_reader(name: str) -> None:
    kind = registry().get("dataset", name).load()
    assert bool(kind.terms or kind.published) == (name not in YOURS)


@pytest.mark.parametrize("name", [one.entry.name for one in registry().entries("dataset")])
def test_licences_are_those_of_the_prose(name: str) -> None:
    """Every Creative Commons licence that a docstring names is in the terms, and the other way round."""
    kind = registry().get("dataset", name).load()
    named = re.compile(r"CC0|CC BY(?:-[A-Z]+)* [\d.]+\d")
    stated = {found for one in (*kind.terms, *kind.published) for found in named.findall(one.licence)}
    assert stated == set(named.findall(" ".join(own_documentation(kind).split()).replace("CC0Textures", "")))
