"""A generator makes images from noise, for its own task, and never upscales."""

from __future__ import annotations

import pytest
import torch

import srbench
from srbench.contract.generator import SampleContext


class Grey(srbench.Generator):
    def sample(self, count: int, context: SampleContext) -> torch.Tensor:
        return torch.full((count, context.channels, context.size, context.size), 0.5)


def test_its_task_is_generation_and_it_is_a_method_that_samples() -> None:
    assert Grey.tasks() == {"generation"}
    assert issubclass(Grey, srbench.Method) and Grey.samples
    assert not Grey().labelled


def test_it_refuses_to_upscale_by_name() -> None:
    with pytest.raises(TypeError, match="Grey makes images from noise; it does not upscale"):
        Grey().upscale(torch.zeros(1, 1, 2, 2), 2)


def test_one_that_samples_nothing_cannot_be_made() -> None:
    class Nothing(srbench.Generator):
        pass

    with pytest.raises(TypeError, match="sample"):
        Nothing()  # type: ignore[abstract]
