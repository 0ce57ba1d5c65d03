"""ResNet50 as Keras has it, which is not torchvision's.

The stride of a stage is on its first 1 x 1 convolution (torchvision: on the 3 x 3), convolutions have a bias, and batch
normalisation adds 1.001e-5 to the variance. He et al., "Deep residual learning for image recognition", 2015;
`keras.applications.ResNet50`.
"""

from __future__ import annotations

import torch
from torch import nn

EPSILON = 1.001e-5
BLOCKS = (3, 4, 6, 3)
EXPANSION = 4


class KerasResNet(nn.Module):
    """`(N, 3, H, W)` to `(N, width * 32, H / 32, W / 32)`; ResNet50 without its top by default.

    width: channels of the first stage, before expansion. blocks: of each of the four stages. The names of its tensors
    are those of the published PyTorch file of RadImageNet.
    """

    def __init__(self, width: int = 64, blocks: tuple[int, int, int, int] = BLOCKS) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(width, eps=EPSILON)
        # Keras pads this pooling with zeros, torch with minus infinity: after a ReLU there is no difference.
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = width
        for stage, count in enumerate(blocks):
            inner = width * 2**stage
            first = _Bottleneck(channels, inner, stride=1 if stage == 0 else 2, project=True)
            channels = inner * EXPANSION
            others = (_Bottleneck(channels, inner) for _ in range(count - 1))
            self.add_module(f"layer{stage + 1}", nn.Sequential(first, *others))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The feature maps of the last stage."""
        maps: torch.Tensor = self.pool(torch.relu(self.bn1(self.conv1(images))))
        for stage in range(len(BLOCKS)):
            maps = self.get_submodule(f"layer{stage + 1}")(maps)
        return maps


class _Bottleneck(nn.Module):
    def __init__(self, channels: int, inner: int, stride: int = 1, project: bool = False) -> None:
        super().__init__()
        outer = inner * EXPANSION
        self.conv1 = nn.Conv2d(channels, inner, 1, stride=stride)
        self.bn1 = nn.BatchNorm2d(inner, eps=EPSILON)
        self.conv2 = nn.Conv2d(inner, inner, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(inner, eps=EPSILON)
        self.conv3 = nn.Conv2d(inner, outer, 1)
        self.bn3 = nn.BatchNorm2d(outer, eps=EPSILON)
        self.downsample: nn.Module = (
            nn.Sequential(nn.Conv2d(channels, outer, 1, stride=stride), nn.BatchNorm2d(outer, eps=EPSILON))
            if project
            else nn.Identity()
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """The block's maps, added to its input."""
        inner = torch.relu(self.bn1(self.conv1(maps)))
        inner = torch.relu(self.bn2(self.conv2(inner)))
        added: torch.Tensor = self.bn3(self.conv3(inner)) + self.downsample(maps)
        return torch.relu(added)
