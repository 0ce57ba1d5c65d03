"""VDSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from srbench import Paper
from srbench.types import Count

from ..architecture import Architecture
from ..recipe import SMALL

if TYPE_CHECKING:
    import torch

Layers = Annotated[int, Meta(ge=2)]


def reach_after_bicubic(scale: int, radius: int) -> int:
    """How many LR pixels around one influence it where `radius` HR pixels of the upsampled image around it do.

    The outermost of these lies (scale - 1 + 2 radius) / (2 scale) LR pixels from the middle of the pixel, and is made
    of the two pixels beyond that.
    """
    return (scale - 1 + 2 * radius) // (2 * scale) + 2


@dataclass(frozen=True)
class VDSR(Architecture):
    """Twenty convolutions that learn the difference to the bicubic-upsampled image. Parameters at any scale: `paper`
    665,921, `small` 26,497.

    Kim, Lee, Lee, "Accurate image super-resolution using very deep convolutional networks", CVPR 2016 (arXiv
    1511.04587). Written from the paper; on the Y channel, chroma is bicubic. `paper` minimises the mean squared error
    in batches of 64 patches, of 12 LR pixels in place of 41 HR pixels; Adam at 1e-3, divided by 10 at each quarter,
    stands for SGD at .1, and gradients with a norm of .4 at most for its own clipping. The paper trains one network for
    x2, x3 and x4, here each has one. The last convolution begins at zero.

    num_layers: convolutions. num_feat: channels between them.
    """

    papers: ClassVar = (
        Paper(
            ("Kim", "Lee", "Lee"),
            "Accurate image super-resolution using very deep convolutional networks",
            2016,
            conference="CVPR",
            arxiv="1511.04587",
        ),
    )
    trains_on: ClassVar = "y"
    memory_format: ClassVar = "channels_last"
    presets: ClassVar = {
        "paper": {
            "loss": "mse",
            "learning_rate": 1e-3,
            "schedule": {"steps": {"at": (0.25, 0.5, 0.75), "factor": 0.1}},
            "betas": (0.9, 0.999),
            "weight_decay": 1e-4,
            "clip": 0.4,
            "ema": 0.0,
            "batch_size": 64,
            "patch": 12,
            "sizes": (1.0, 0.9, 0.8, 0.7, 0.6),
        },
        "small": {**SMALL, "num_layers": 7, "num_feat": 24, "patch": 16},
    }

    num_layers: Layers = 20
    num_feat: Count = 64

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network."""
        from ..networks import vdsr

        return vdsr.VDSR(channels, scale, self.num_layers, self.num_feat)

    def reach(self, scale: int) -> int:
        """One HR pixel a convolution, and what the upsampled image is made of."""
        return reach_after_bicubic(scale, self.num_layers)
