"""The autoencoder of an earlier model."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from srbench.errors import SrbenchError

_PREFIX = "autoencoder/"


class EarlierModelError(SrbenchError):
    """A file that holds no autoencoder of the wanted kind."""


def load_autoencoder(path: Path, autoencoder: torch.nn.Module) -> None:
    """Give a network the weights of the autoencoder in a model's `weights.safetensors`; freezes nothing.

    Raises `EarlierModelError` where there are none, or those of another network.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise EarlierModelError(
            f"autoencoder: {path} cannot be read: {error}. It should be the `weights.safetensors` of an earlier model "
            "of ldm, in the folder that `srbench show CELL` names"
        ) from error
    weights = {key.removeprefix(_PREFIX): tensor for key, tensor in tensors.items() if key.startswith(_PREFIX)}
    if not weights:
        raise EarlierModelError(f"autoencoder: {path} holds the weights of something else; give a model of ldm")
    try:
        autoencoder.load_state_dict(weights)
    except RuntimeError as error:
        raise EarlierModelError(
            f"autoencoder: the one in {path} is another network. Give this method the parameters that it was trained "
            "with (first_stage, codes, latent_channels, autoencoder_channels, autoencoder_blocks, "
            "autoencoder_attention, fold, shortcut), at a scale with as many factors of two, and images with as many "
            f"channels. {error}"
        ) from error
