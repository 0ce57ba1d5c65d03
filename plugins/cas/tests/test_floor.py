"""The floor where HR has gaps: what nobody measured is HR, as it is in the SR that metrics see."""

from __future__ import annotations

import numpy as np
import torch
from srbench_cas.floor import bicubic

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol


def test_gaps_are_hr_and_the_rest_is_bicubic() -> None:
    hr = np.random.default_rng(0).random((18, 16, 1)).astype(np.float32)
    hr[3:6, 4:8] = np.nan
    made = bicubic(Item("gaps", hr), Protocol("x2-rgb", 2, "rgb", border=2))
    filled, _ = Item("gaps", hr).read_hr()
    gaps = np.isnan(hr[..., 0])
    assert made.shape == (1, 18, 16)
    assert torch.equal(made[0][torch.from_numpy(gaps)], torch.from_numpy(filled[..., 0][gaps]).double())
    whole = bicubic(Item("whole", filled), Protocol("x2-rgb", 2, "rgb", border=2))
    assert torch.equal(made[0][torch.from_numpy(~gaps)], whole[0][torch.from_numpy(~gaps)])
