"""SRCNN as a method: its parameters, presets, and one stage of training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench.pictures import Scale, resize
from srbench.training import Batch, cosine
from srbench.types import Count, Positive

if TYPE_CHECKING:
    import torch


_EDGE = 2
"""LR pixels at a patch's border whose upsampled values are not those of the whole image: bicubic's reach."""


class SRCNN(srbench.TorchMethod):
    """Three convolutions on the bicubic-upsampled Y channel; chroma is bicubic.

    Dong, Loy, He, Tang, "Learning a deep convolutional network for image super-resolution", 2014; "Image
    super-resolution using deep convolutional networks", 2016. Preset `paper` is the 9-5-5 network of the latter with 64
    and 32 filters: 57,281 parameters.

    Deviations from the paper: the convolutions learn the difference to the upsampled image; weights start as in He et
    al. 2015, the last layer's at zero, so that an untrained network is bicubic interpolation; Adam with a learning rate
    that falls to zero along a cosine, in place of SGD at fixed rates (the last layer learns at a tenth of the others'
    rate, as in the paper); batches of random crops, flipped and turned, in place of fixed sub-images; at image borders
    the upsampled image is continued by its outermost pixels. As in the paper, training uses no padding and the mean
    squared error. Images are held out only where a recipe is validated on them. Preset `small` has half the filters:
    15,841 parameters, which two cores train in half a minute.

    patch: side of patches in LR pixels.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Dong", "Loy", "He", "Tang"),
            "Learning a deep convolutional network for image super-resolution",
            2014,
            conference="ECCV",
        ),
        srbench.Paper(
            ("Dong", "Loy", "He", "Tang"),
            "Image super-resolution using deep convolutional networks",
            2016,
            journal="IEEE Transactions on Pattern Analysis and Machine Intelligence",
            arxiv="1501.00092",
        ),
    )
    trains_on = "y"
    takes_enlarged = True
    presets: ClassVar = {
        "paper": {},
        "small": {"filters": (32, 16)},
    }

    def __init__(
        self,
        kernels: tuple[int, int, int] = (9, 5, 5),
        filters: tuple[int, int] = (64, 32),
        learning_rate: Positive = 1e-3,
        batch_size: Count = 8,
        patch: Count = 24,
    ) -> None:
        for kernel in kernels:
            if kernel < 1 or kernel % 2 == 0:
                raise srbench.SrbenchError(f"kernels: {kernel} has no centre; use odd sizes")
        if min(filters) < 1:
            raise srbench.SrbenchError(f"filters: {list(filters)}; each layer needs at least one")
        self.kernels, self.filters = kernels, filters
        self.learning_rate, self.batch_size, self.patch = learning_rate, batch_size, patch

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """Every scale at which something is left of a patch, since training uses no padding."""
        lost = 2 * sum(kernel // 2 for kernel in self.kernels)
        least = 2 * _EDGE + int(lost / problem.scale) + 1
        if self._lr_patch(problem.scale) >= least:
            return None
        return srbench.Skip(
            f"training without padding leaves nothing of patches of {self.patch} LR pixels at x{problem.scale}; "
            f"set `patch` to {least} at least"
        )

    def _lr_patch(self, scale: Scale) -> int:
        """At a fraction the next multiple of its denominator, so that HR patches are whole pixels."""
        return self.patch + -self.patch % scale.denominator

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """One network, on one channel."""
        from .network import Network

        network = Network(scale, self.kernels, self.filters)
        self.halo = math.ceil(network.radius / scale) + _EDGE
        return {"network": network}

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """One stage, on the mean squared error of what each patch tells without padding."""
        import torch
        from torch.nn import functional

        from .network import Network, inner

        network = networks["network"]
        assert isinstance(network, Network)

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            edge = math.ceil(_EDGE * scale)
            upsampled = batch.lr if batch.lr.shape == batch.hr.shape else resize(batch.lr, scale)
            sr = network.refine(inner(upsampled, edge))
            return {"mse": functional.mse_loss(sr, inner(batch.hr, edge + network.radius))}

        # The last layer starts at zero and would overshoot at the others' rate; the paper has the same tenth.
        groups = [
            {"params": [*network.extraction.parameters(), *network.mapping.parameters()], "lr": self.learning_rate},
            {"params": network.reconstruction.parameters(), "lr": self.learning_rate / 10},
        ]
        return [
            srbench.Stage(
                "pixel",
                networks={"network": network},
                optimisers={"mse": torch.optim.Adam(groups, fused=True)},
                step=step,
                batch_size=self.batch_size,
                patch=self._lr_patch(scale),
                schedule=cosine,
                validate=self.validation_psnr if self.recipe.validates else None,
            )
        ]
