"""What a step learns from: classes that are left out are -1."""

from __future__ import annotations

import torch

from srbench.training.data.batch import Batch


def test_classes_that_are_left_out_are_none_for_every_image() -> None:
    batch = Batch(torch.zeros(3, 1, 2, 2), torch.zeros(3, 1, 4, 4), 0.5)
    assert batch.labels.tolist() == [-1, -1, -1] and batch.labels.dtype == torch.int64
    assert Batch(torch.zeros(0, 1, 2, 2), torch.zeros(0, 1, 4, 4), 0.0).labels.shape == (0,)


def test_classes_that_are_given_stay_the_very_tensor() -> None:
    labels = torch.tensor([2, 0])
    assert Batch(torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 4, 4), 0.0, labels).labels is labels
