"""Global generators: seeded alike, put back to where they stood."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
import torch

from srbench.training.loop.randomness import random_state, restore_random_state, seed_everything, seeded


def draw() -> list[float]:
    return [random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), float(torch.rand(()))]


@pytest.fixture(autouse=True)
def put_back() -> object:
    state = random_state()
    yield
    restore_random_state(state)


@pytest.mark.parametrize("seed", [0, 7, 2**32, 2**40 + 1])
def test_one_seed_makes_all_of_them_draw_alike(seed: int) -> None:
    seed_everything(seed)
    first = draw()
    draw()
    seed_everything(seed)
    assert draw() == first
    seed_everything(seed + 1)
    assert not set(draw()) & set(first)


def test_a_state_survives_a_checkpoint_that_holds_no_code() -> None:
    draw()  # numpy and Python hold back the second of two normal numbers: part of their state
    file = io.BytesIO()
    torch.save(random_state(), file)
    expected = draw()
    draw()
    file.seek(0)
    restore_random_state(torch.load(file, weights_only=True))
    assert draw() == expected


@pytest.mark.parametrize("error", [False, True])
def test_what_is_drawn_aside_moves_nothing_and_is_always_the_same(error: bool) -> None:
    seed_everything(1)
    expected = draw()
    seed_everything(1)
    aside = []
    for _ in range(2):
        try:
            with seeded(5):
                aside.append(draw())
                if error:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
    assert draw() == expected
    assert aside[0] == aside[1] != expected


def test_a_state_of_a_machine_with_other_devices_is_taken_as_far_as_it_goes() -> None:
    state = random_state()
    expected = draw()
    restore_random_state({**state, "cuda": [torch.zeros(16, dtype=torch.uint8)] * 99})
    assert draw() == expected


def test_of_several_gpus_only_the_current_ones_generator_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPU is made up: asking the others would make a context on each, which takes memory there."""
    stands, taken = torch.arange(16, dtype=torch.uint8), []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda: stands)
    monkeypatch.setattr(torch.cuda, "set_rng_state", taken.append)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: None)
    state = random_state()
    assert [one.tolist() for one in state["cuda"]] == [stands.tolist()]
    restore_random_state(state)
    with seeded(1):
        pass
    assert [one.tolist() for one in taken] == [stands.tolist()] * 2
    restore_random_state({**state, "cuda": [stands] * 2})
    assert len(taken) == 2
