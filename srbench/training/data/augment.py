"""Augmentations of batches, for `Stage.augment`. They draw from torch's global generator, which a checkpoint holds."""

from __future__ import annotations

from dataclasses import replace

from srbench.errors import SrbenchError
from srbench.pictures.resize import Kernel, resize
from srbench.training.data.batch import Batch

_JITTER = 0.01
"""Standard deviation of the rectangle's side, around `alpha`."""


class CutBlur:
    """A rectangle of the input is HR where the rest is LR, or LR where the rest is HR; the target stays HR.

    Yoo, Ahn, Sohn, "Rethinking data augmentation for image super-resolution: a comprehensive analysis and a new
    strategy", 2020 (arXiv 2004.00448). The network learns where, and how much, to sharpen. One rectangle
    serves the whole batch, at the same place in each image.

    Input and target have to be of one size, so `lr` of the batch is first upsampled to HR's: this is an augmentation
    for methods whose step otherwise begins with exactly that upsampling, such as SRCNN. A network that takes LR in its
    own size (SRResNet, RRDBNet) has no place for HR pixels in its input; the authors give such networks another first
    layer, which undoes the upsampling by shuffling pixels into channels.

    probability: of a batch to be changed; 1 in the paper's best setting for RRDBNet. alpha: the side of the rectangle,
    relative to the image's; 0.7 in the paper. kernel: of the upsampling, that which the method itself begins with.
    """

    def __init__(self, probability: float = 1.0, alpha: float = 0.7, kernel: Kernel = "bicubic") -> None:
        if not (0 <= probability <= 1 and 0 < alpha < 1):
            raise SrbenchError(
                f"CutBlur: probability {probability:g}, alpha {alpha:g}; both are in [0, 1], alpha is neither end"
            )
        self.probability, self.alpha, self.kernel = probability, alpha, kernel

    def __call__(self, batch: Batch) -> Batch:
        """A batch whose `lr` has the size of its `hr`."""
        import torch

        scale = batch.hr.shape[-1] // batch.lr.shape[-1]
        blurred = resize(batch.lr, scale, self.kernel)
        if float(torch.rand(())) >= self.probability:
            return replace(batch, lr=blurred)
        top, bottom, left, right = self._rectangle(*batch.hr.shape[-2:])
        outside, inside = (blurred, batch.hr) if float(torch.rand(())) < 0.5 else (batch.hr, blurred)
        mixed = outside.clone()
        mixed[..., top:bottom, left:right] = inside[..., top:bottom, left:right]
        return replace(batch, lr=mixed)

    def _rectangle(self, height: int, width: int) -> tuple[int, int, int, int]:
        import torch

        part = min(max(self.alpha + _JITTER * float(torch.randn(())), 0.0), 1.0)
        rows, columns = int(height * part), int(width * part)
        top = int(torch.randint(height - rows + 1, ()))
        left = int(torch.randint(width - columns + 1, ()))
        return top, top + rows, left, left + columns
