"""Checkpoints of super-resolution networks: verified, read without running anything, and recognised by spandrel."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

import srbench
from srbench.errors import SrbenchError

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor, MaskedImageModelDescriptor


class CheckpointError(SrbenchError):
    """A checkpoint that cannot be used: another file than expected, damaged, or of an unknown architecture."""


class Facts(msgspec.Struct, frozen=True):
    """What a checkpoint says of itself.

    architecture: as spandrel calls it. purpose: spandrel's word: `SR`, `FaceSR`, `Restoration`, `Inpainting`.
    """

    architecture: str
    purpose: str
    scale: int
    input_channels: int
    output_channels: int


def sha256_of_checkpoint(path: Path) -> str:
    """The hash of a checkpoint, computed anew when the file changes. Raises `CheckpointError` when it is not there."""
    try:
        return srbench.sha256(path)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None


def verify(path: Path, sha256: str | None) -> None:
    """Raise `CheckpointError` when the file has another hash than the expected one, if one is."""
    found = sha256_of_checkpoint(path)
    if sha256 is not None and found != sha256.lower():
        raise CheckpointError(
            f"{path} is not the checkpoint that was expected: its sha256 is {found}, it should be {sha256.lower()}. It "
            "was not read; get the file again, or correct `sha256`."
        )


def facts_of(path: Path) -> Facts:
    """What a checkpoint is. Raises `CheckpointError`.

    Remembered in the user's cache by the file's hash, since finding out imports torch and reads the whole file.
    """
    key = srbench.digest({"checkpoint": sha256_of_checkpoint(path), "spandrel": importlib.metadata.version("spandrel")})
    read = msgspec.json.Decoder(Facts).decode  # what it raises for a damaged file are `ValueError`s
    facts: Facts = srbench.Cache("checkpoints").get(key, lambda: _facts(path), msgspec.json.encode, read)
    return facts


def _facts(path: Path) -> Facts:
    network = load(path)
    return Facts(
        architecture=network.architecture.name,
        purpose=network.purpose,
        scale=network.scale,
        input_channels=network.input_channels,
        output_channels=network.output_channels,
    )


def load(path: Path) -> ImageModelDescriptor[Any] | MaskedImageModelDescriptor[Any]:
    """The network with its weights, in float32 on the CPU, in evaluation mode.

    The file is safetensors, or what `torch.save` writes, of which only tensors are read. Raises `CheckpointError` for
    an architecture that spandrel does not know, with those that it does, and `WeightsDamaged` for a file that is
    truncated or holds pickled objects; nothing in it is run.
    """
    from srbench.weights import import_torchvision, read_tensors

    held = read_tensors(path, f"{path} ({path.name!r})")
    import_torchvision()
    import spandrel
    import torch

    named = isinstance(held, Mapping) and all(isinstance(name, str) for name in held)
    state = spandrel.canonicalize_state_dict(dict(held)) if named else {}
    if not state or not all(isinstance(name, str) and isinstance(one, torch.Tensor) for name, one in state.items()):
        raise CheckpointError(f"{path}: holds something else than a network's tensors by name")
    try:
        network = spandrel.ModelLoader().load_from_state_dict(state)
    except spandrel.UnsupportedModelError:
        raise CheckpointError(f"{path}: {_unknown()}") from None
    except Exception as error:  # a network that resembles a known one fails anywhere in the code that builds that
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"{path}: resembles an architecture that spandrel knows, but does not fit it: {reason}"
        ) from error
    return network.to(torch.float32).eval()


def _unknown() -> str:
    import spandrel

    known = sorted((one.architecture.name for one in spandrel.MAIN_REGISTRY), key=str.casefold)
    version = importlib.metadata.version("spandrel")
    return f"of no architecture that spandrel {version} knows. It knows {', '.join(known)}."
