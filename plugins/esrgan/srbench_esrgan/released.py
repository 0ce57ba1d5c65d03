"""Names of weights in checkpoints of RRDBNet, as the authors and others have released them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from srbench.weights import WeightsDamaged

if TYPE_CHECKING:
    import torch

_OLDEST = {
    "model.0": "conv_first",
    "model.3": "conv_up1",
    "model.6": "conv_up2",
    "model.8": "conv_hr",
    "model.10": "conv_last",
}
_OLD = {
    "trunk_conv": "conv_body",
    "upconv1": "conv_up1",
    "upconv2": "conv_up2",
    "HRconv": "conv_hr",
}
_OLDEST_BLOCK = re.compile(r"model\.1\.sub\.(\d+)\.RDB([123])\.conv([1-5])\.0\.(weight|bias)")
_OLDEST_TRUNK = re.compile(r"model\.1\.sub\.(\d+)\.(weight|bias)")
_OLD_BLOCK = re.compile(r"RRDB_trunk\.(\d+)\.RDB([123])\.conv([1-5])\.(weight|bias)")


def today(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same weights under the names that basicsr's `RRDBNet` has for them; names of no known layout stay.

    Layouts: `model.1.sub.0.RDB1.conv1.0.weight` (first release), `RRDB_trunk.0.RDB1.conv1.weight` (second), and
    `body.0.rdb1.conv1.weight` (basicsr). Raises `WeightsDamaged` where some are there twice.
    """
    renamed = {_today(name): value for name, value in weights.items()}
    if len(renamed) < len(weights):
        raise WeightsDamaged("the checkpoint holds some weights twice, in two layouts; which count cannot be told")
    return renamed


def _today(name: str) -> str:
    if block := _OLDEST_BLOCK.fullmatch(name) or _OLD_BLOCK.fullmatch(name):
        return f"body.{block[1]}.rdb{block[2]}.conv{block[3]}.{block[4]}"
    if trunk := _OLDEST_TRUNK.fullmatch(name):  # the convolution that follows the blocks; its number is their count
        return f"conv_body.{trunk[2]}"
    layer, _, kind = name.rpartition(".")
    return f"{_OLDEST.get(layer) or _OLD.get(layer) or layer}.{kind}"
