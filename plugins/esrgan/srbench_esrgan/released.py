"""Checkpoints of RRDBNet as the authors and others have released them, in any of their layouts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.weights import WeightsDamaged, WeightsMissing, load_state, read_tensors

if TYPE_CHECKING:
    import torch

_WRAPPERS = ("params_ema", "params")
"""Names under which basicsr keeps the weights in its checkpoints; the averaged ones are what it upscales with."""

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


def load_released(network: torch.nn.Module, path: Path) -> None:
    """Put a released checkpoint into an `RRDBNet`, every tensor of it and nothing else.

    The file is safetensors, or a pickle of which only tensors are read. Raises `WeightsMissing` when there is none,
    and `WeightsDamaged` when it holds anything else, or the weights of a network of another size.
    """
    if not path.is_file():
        raise WeightsMissing(f"there is no file of weights {path}")
    held = _tensors(read_tensors(path), path)
    renamed = today(held)
    if len(renamed) < len(held):
        raise WeightsDamaged(f"{path} holds some weights twice, in two layouts; which of them count cannot be told")
    load_state(network, renamed, str(path))


def _tensors(held: Any, path: Path) -> dict[str, torch.Tensor]:
    import torch

    if isinstance(held, Mapping):
        held = next((held[wrapper] for wrapper in _WRAPPERS if isinstance(held.get(wrapper), Mapping)), held)
    if not isinstance(held, Mapping) or not held:
        raise WeightsDamaged(f"{path} holds no tensors by name; it should be a checkpoint of RRDBNet")
    for key, value in held.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise WeightsDamaged(f"{path} holds {type(value).__name__} under {key!r}; it should hold tensors by name")
    return dict(held)


def today(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same weights under the names that basicsr's `RRDBNet` has for them; names of no known layout stay.

    Layouts: `model.1.sub.0.RDB1.conv1.0.weight` (first release), `RRDB_trunk.0.RDB1.conv1.weight` (second), and
    `body.0.rdb1.conv1.weight` (basicsr).
    """
    return {_today(name): value for name, value in weights.items()}


def _today(name: str) -> str:
    if block := _OLDEST_BLOCK.fullmatch(name) or _OLD_BLOCK.fullmatch(name):
        return f"body.{block[1]}.rdb{block[2]}.conv{block[3]}.{block[4]}"
    if trunk := _OLDEST_TRUNK.fullmatch(name):  # the convolution that follows the blocks; its number is their count
        return f"conv_body.{trunk[2]}"
    layer, _, kind = name.rpartition(".")
    return f"{_OLDEST.get(layer) or _OLD.get(layer) or layer}.{kind}"
