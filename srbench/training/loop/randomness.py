"""The global random number generators that a training may draw from: seeded, saved, restored."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

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
        "cuda": _cuda_states(),
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put all of them back to where `random_state` found them."""
    import torch

    version, internal, gauss = json.loads(state["python"])
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(tuple(json.loads(state["numpy"])))
    torch.set_rng_state(state["torch"])
    _restore_cuda(state["cuda"])


def _cuda_states() -> list[torch.Tensor]:
    """Where the generator of the current device stands; those of others, which nothing draws from, are not asked."""
    import torch

    return [torch.cuda.get_rng_state()] if torch.cuda.is_available() else []


def _restore_cuda(states: list[torch.Tensor]) -> None:
    import torch

    if len(states) == 1 and torch.cuda.is_available():  # a checkpoint may come from a machine without a GPU
        torch.cuda.set_rng_state(states[0])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, all of them are seeded with `seed`; afterwards they stand where they stood."""
    import torch

    before = random.getstate(), np.random.get_state(), torch.get_rng_state(), _cuda_states()
    seed_everything(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])
        _restore_cuda(before[3])
