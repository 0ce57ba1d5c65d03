"""SR that was made elsewhere supports everything, and upscales nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from srbench.contract.method import Problem
from srbench.contract.submission import Given, Submission
from srbench.errors import SrbenchError


class Empty(Submission):
    def find(self, asked):
        return Given({})


@pytest.mark.parametrize("scale", [4, Fraction(10, 7)])
def test_it_is_for_whatever_there_is_and_makes_nothing(scale) -> None:
    assert Empty().supports(Problem(scale, (1, 3), ("float32",), (1, 1), (9, 9))) is None
    with pytest.raises(SrbenchError, match="made elsewhere"):
        Empty().upscale(torch.zeros(1, 3, 4, 4), scale)
