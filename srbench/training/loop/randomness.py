"""The global random number generators that a training may draw from: seeded, saved, restored."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from srbench.devices.kinds import KINDS

if TYPE_CHECKING:
    import torch


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch (all devices) from one number."""
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state() -> dict[str, Any]:
    """Where all of them stand, in a form that `torch.load(weights_only=True)` reads."""
    import torch

    name, keys, *rest = np.random.get_state(legacy=True)
    return {
        "python": json.dumps(random.getstate()),
        "numpy": json.dumps([name, np.asarray(keys).tolist(), *rest]),
        "torch": torch.get_rng_state(),
        **_device_states(),
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put all of them back to where `random_state` found them."""
    import torch

    version, internal, gauss = json.loads(state["python"])
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(tuple(json.loads(state["numpy"])))
    torch.set_rng_state(state["torch"])
    _restore_devices(state)


def _device_states() -> dict[str, list[torch.Tensor]]:
    """Where the generators of the current devices stand, by kind; of others nothing draws, so they are not asked."""
    return {name: kind.random_states() for name, kind in KINDS.items()}


def _restore_devices(states: Mapping[str, Any]) -> None:
    for name, kind in KINDS.items():
        match states.get(name, []):  # a checkpoint may come from a machine with other devices
            case [state]:
                kind.set_random_state(state)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, all of them are seeded with `seed`; afterwards they stand where they stood."""
    import torch

    before = random.getstate(), np.random.get_state(), torch.get_rng_state(), _device_states()
    seed_everything(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])
        _restore_devices(before[3])
