"""What a method returned: everything that is no set of images is refused, in words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from srbench.evaluate.output import BadOutput, NotFinite, checked, finite

SHAPE = (1, 3, 4, 4)


def test_images_pass_as_they_are_whatever_their_range() -> None:
    output = torch.randn(SHAPE) * 1e30
    assert checked(output, SHAPE, "upscale", "it should be") is output


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (None, "upscale returned NoneType instead of a tensor"),
        (np.zeros(SHAPE, np.float32), "upscale returned ndarray instead of a tensor"),
        ([torch.zeros(SHAPE)], "upscale returned list instead of a tensor"),
        (torch.zeros(3, 4, 4), r"the shape \(3, 4, 4\); it should be \(1, 3, 4, 4\)"),
        (torch.zeros(1, 3, 4, 5), r"the shape \(1, 3, 4, 5\); it should be"),
        (torch.zeros(SHAPE, dtype=torch.float64), "returned torch.float64; it should be torch.float32"),
        (torch.zeros(SHAPE, dtype=torch.uint8), "returned torch.uint8"),
    ],
)
def test_what_is_no_set_of_images_is_refused(output: object, reason: str) -> None:
    with pytest.raises(BadOutput, match=reason):
        checked(output, SHAPE, "upscale", "it should be")


@pytest.mark.parametrize("wrong", [[float("nan")], [float("inf")], [float("-inf")], [float("inf"), float("nan")]])
def test_values_that_are_not_finite_are_counted(wrong: list[float]) -> None:
    output = torch.zeros(SHAPE)
    output[0, 1, 2, : len(wrong)] = torch.tensor(wrong)
    with pytest.raises(BadOutput, match=f"sample returned {len(wrong)} of 48 values that are not finite"):
        checked(output, SHAPE, "sample", "it should be")


def test_of_several_images_it_is_told_how_many_have_such_values_and_what_may_help() -> None:
    output = torch.zeros(4, 3, 2, 2)
    output[1, 0, 0] = float("inf")
    output[3] = float("nan")
    words = r"^it returned 14 of 48 values in 2 of 4 images that are not finite. Do this$"
    with pytest.raises(NotFinite, match=words):
        finite("it", output, "Do this")
    assert finite("it", output[:1]) is not None
