"""The protocols of generation, and datasets as squares under them."""

from __future__ import annotations

import numpy as np
import pytest

import srbench
from srbench.tasks.generation import TASK, describe, protocols


class Wide(srbench.Dataset):
    """One picture of 70 x 100 pixels in both splits."""

    def train(self) -> list[srbench.Item]:
        return [srbench.Item("a", np.arange(70 * 100 * 3, dtype=np.uint16).reshape(70, 100, 3))]

    def test(self) -> list[srbench.Item]:
        return self.train()


@pytest.mark.parametrize(("name", "count"), [("32px", 1), ("64px", 1), ("32px-tiles", 6), ("64px-tiles", 1)])
def test_a_dataset_is_shown_as_squares_of_the_protocol_s_size(name: str, count: int) -> None:
    (protocol,) = [one for one in protocols() if one.name == name]
    assert TASK.shown is not None
    shown = TASK.shown(Wide(), protocol)
    for split in (list(shown.train()), list(shown.test())):
        assert len(split) == count
        assert {item.read_hr()[0].shape for item in split} == {(protocol.size, protocol.size, 3)}


def test_a_line_says_the_size_and_what_samples_are_held_against() -> None:
    lines = [describe(protocol) for protocol in protocols()]
    assert len(set(lines)) == len(lines) == 4
    for protocol, line in zip(protocols(), lines, strict=True):
        assert f"{protocol.size} x {protocol.size} pixels" in line
        assert ("tiles" in line) == protocol.name.endswith("-tiles")
