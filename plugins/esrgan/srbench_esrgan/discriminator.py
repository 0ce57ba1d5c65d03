"""The discriminator: which of two images is more real?"""

from __future__ import annotations

from torch import nn

from .generator import SLOPE

_LAST_SIDE = 4
"""The side of the features that the dense layers judge, in pixels."""
_MOST_DOUBLINGS = 3
_DENSE = 100


class Discriminator(nn.Sequential):
    """The discriminator of SRGAN (Ledig et al. 2017, figure 4) in the variant of ESRGAN's authors.

    A patch is halved to 4 pixels by kernels of 4, each after a convolution of 3 x 3; the first of two dense layers has
    100 outputs. `(N, channels, side, side)` to logits `(N, 1)`: high for HR, low for SR. Parameters have the names of
    basicsr's `VGGStyleDiscriminator`.

    channels: of an image, 1 or 3. features: channels of the first convolution, doubled after each of the first three
    halvings. side: 128 or 256.
    """

    def __init__(self, channels: int, features: int, side: int) -> None:
        super().__init__()
        inside = channels
        for halving in range((side // _LAST_SIDE).bit_length() - 1):
            outside = features * 2 ** min(halving, _MOST_DOUBLINGS)
            keeping = nn.Conv2d(inside, outside, kernel_size=3, padding=1, bias=halving == 0)
            halved = nn.Conv2d(outside, outside, kernel_size=4, stride=2, padding=1, bias=False)
            for index, convolution in enumerate((keeping, halved)):
                name = f"{halving}_{index}"
                self.add_module(f"conv{name}", convolution)
                if convolution.bias is None:
                    self.add_module(f"bn{name}", nn.BatchNorm2d(outside))
                self.add_module(f"active{name}", nn.LeakyReLU(SLOPE, inplace=True))
            inside = outside
        self.flat = nn.Flatten()
        self.linear1 = nn.Linear(inside * _LAST_SIDE**2, _DENSE)
        self.active = nn.LeakyReLU(SLOPE, inplace=True)
        self.linear2 = nn.Linear(_DENSE, 1)
