"""The global random number generators that a training may draw from: seeded, saved, restored."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


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
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put all of them back to where `random_state` found them."""
    import torch

    version, internal, gauss = json.loads(state["python"])
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(tuple(json.loads(state["numpy"])))
    torch.set_rng_state(state["torch"])
    # A checkpoint may come from a machine with another number of devices.
    if len(state["cuda"]) == (torch.cuda.device_count() if torch.cuda.is_available() else 0):
        for index, device_state in enumerate(state["cuda"]):
            torch.cuda.set_rng_state(device_state, index)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, all of them are seeded with `seed`; afterwards they stand where they stood."""
    state = random_state()
    seed_everything(seed)
    try:
        yield
    finally:
        restore_random_state(state)
