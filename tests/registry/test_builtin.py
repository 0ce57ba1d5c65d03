"""What srbench registers itself: every entry can be loaded, under its name, as any plugin's."""

from __future__ import annotations

import pytest

from srbench.registry import builtin
from srbench.registry.registry import Kind, Plugin, Registry
from srbench.tasks import generation, super_resolution


@pytest.fixture(scope="module")
def registry() -> Registry:
    registry = Registry()
    registry.add(Plugin("builtin", "srbench", "1", "srbench.registry.builtin"), builtin)
    assert registry.broken == []
    return registry


@pytest.mark.parametrize("kind", ["degradation", "protocol", "executor"])
def test_every_entry_loads_and_has_a_summary(registry: Registry, kind: Kind) -> None:
    assert registry.names(kind)
    for registered in registry.entries(kind):
        registered.load()
        assert registered.entry.summary


def test_protocols_are_all_the_standard_ones_by_their_own_names(registry: Registry) -> None:
    found = {registered.entry.name: registered.load() for registered in registry.entries("protocol")}
    assert found == {one.name: one for one in (*super_resolution.protocols(), *generation.protocols())}


def test_every_degradation_of_a_protocol_is_registered(registry: Registry) -> None:
    wanted = {one.degradation.name for one in super_resolution.protocols()}
    assert wanted <= set(registry.names("degradation"))
    for name in registry.names("degradation"):
        assert registry.get("degradation", name).load().name == name


def test_it_offers_neither_methods_nor_metrics_nor_datasets(registry: Registry) -> None:
    kinds: tuple[Kind, ...] = ("method", "metric", "dataset", "extractor")
    assert [name for kind in kinds for name in registry.names(kind)] == []
