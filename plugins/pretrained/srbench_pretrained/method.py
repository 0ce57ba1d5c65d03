"""Any checkpoint that spandrel recognises, as a method."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

import srbench
from srbench import Tiling, upscale_tiled
from srbench.training import seeded
from srbench.types import Natural
from srbench.weights import weights_file, weights_path

from .checkpoint import CheckpointError, facts_of, load, sha256_of_checkpoint, verify
from .reach import measured_halo

if TYPE_CHECKING:
    import torch
    from spandrel import ImageModelDescriptor

Side = Annotated[int, Meta(ge=16)]
_NEEDS_MASK = "this checkpoint ({}) fills in what a mask marks; it does not upscale"
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class Pretrained(srbench.Method):
    """A network that somebody else has trained: ESRGAN, Real-ESRGAN, SwinIR, HAT, DAT, and what else spandrel knows.

    weights: the checkpoint: safetensors, or what torch.save writes, of which only tensors are read. published: instead,
    the name of weights that `srbench fetch` gets. sha256: what the file must hash to. licence: its terms, shown with
    the results. tile, overlap: where tile is set, images larger than that (in LR pixels) are upscaled in pieces of at
    most that side, each seen with so many pixels more on every side. That saves memory but is not quite the same
    picture for networks that see farther, so it belongs to the result. Without it, images are tiled only where memory
    is short and the network's reach has been measured, which changes nothing.

    The architecture, its size and its scale are found in the checkpoint (spandrel); nothing is learned. Whatever
    trained it may have seen the test images: the plan cannot know. Grey images go through a colour network three times
    over and are averaged; colour images go through a grey network channel by channel. An image whose sides the network
    cannot take is continued by its mirror image at the right and the bottom, and SR is cut. Output is clamped to
    [0, 1]. Networks that draw noise (AuraSR, GFPGAN) draw the same for every image.
    """

    def __init__(
        self,
        weights: Path | None = None,
        published: str | None = None,
        sha256: str | None = None,
        licence: str = "",
        tile: Side | None = None,
        overlap: Natural = 16,
    ) -> None:
        if (weights is None) == (published is None):
            raise CheckpointError(
                "give one of `weights` (the path of a checkpoint) and `published` (a name in `srbench list weights`)"
            )
        if sha256 is not None and not _SHA256.fullmatch(sha256):
            raise CheckpointError(f"sha256: {sha256!r} is no sha256, which has 64 hexadecimal digits")
        self._path, self._published, self._sha256, self._licence = weights, published, sha256, licence
        self._tile, self._overlap = tile, overlap
        if published is not None:
            self.weights = (published,)

    @cached_property
    def _file(self) -> Path:
        """The verified checkpoint."""
        if self._published is not None:
            path = weights_path(self._published)
        else:
            assert self._path is not None
            path = self._path
        verify(path, self._sha256)
        return path

    @cached_property
    def _network(self) -> ImageModelDescriptor[Any]:
        network = load(self._file)
        if network.purpose == "Inpainting":
            raise CheckpointError(f"{self._file}: {_NEEDS_MASK.format(network.architecture.name)}")
        return network.to(self.device)

    @cached_property
    def notes(self) -> list[str]:
        """Which checkpoint it was, and on what terms."""
        licence = self._licence or (weights_file(self._published).licence if self._published else "")
        facts = facts_of(self._file)
        return [
            f"Weights of somebody else's training: {self._file.name} ({facts.architecture}), sha256 "
            f"{sha256_of_checkpoint(self._file)}. Licence: {licence or 'not stated'}."
        ]

    @cached_property
    def halo(self) -> int | None:  # type: ignore[override]
        """Measured, when it is first asked for; None where `tile` says how to divide images."""
        if self._tile is not None:
            return None
        network = self._network
        return measured_halo(network, network.input_channels, network.scale, self.device)

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """The checkpoint's own scale only, and networks that turn an image with 1 or 3 channels into another.

        Raises `CheckpointError` or `WeightsDamaged` for a file that cannot be used.
        """
        facts = facts_of(self._file)
        if facts.purpose == "Inpainting":
            return srbench.Skip(
                f"this checkpoint ({facts.architecture}) fills in what a mask marks; it does not upscale"
            )
        taken, given = facts.input_channels, facts.output_channels
        if taken not in (1, 3) or given != taken:
            return srbench.Skip(
                f"this checkpoint ({facts.architecture}) makes images with {given} channels from {taken}; images here "
                "have 1 or 3"
            )
        if facts.scale != problem.scale:
            return srbench.Skip(f"this checkpoint upscales by {facts.scale}, the protocol asks for {problem.scale}")
        return None

    def upscale(self, lr: torch.Tensor, scale: srbench.Scale) -> torch.Tensor:
        """SR of LR `(N, 1 or 3, H, W)`, one image after the other."""
        import torch

        if scale != self._network.scale:
            raise CheckpointError(f"this checkpoint upscales by {self._network.scale}, not by {scale}")
        with torch.inference_mode():
            return torch.cat([self._any_channels(image[None]) for image in lr])

    def _any_channels(self, lr: torch.Tensor) -> torch.Tensor:
        import torch

        channels = self._network.input_channels
        if lr.shape[1] == channels:
            return self._sr(lr)
        if lr.shape[1] == 1:
            return self._sr(lr.expand(-1, channels, -1, -1)).mean(1, keepdim=True)
        return torch.cat([self._sr(channel) for channel in torch.split(lr, 1, dim=1)], dim=1)

    def _sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of one image with the network's channels."""
        height, width = lr.shape[-2:]
        with seeded(0):
            if self._tile is None or max(height, width) <= self._tile:
                sr: torch.Tensor = self._network(lr)
                return sr
            tiling = Tiling(-(-height // self._tile), -(-width // self._tile), self._overlap)
            return upscale_tiled(self._network, lr, self._network.scale, tiling).to(lr.device)

    def to(self, device: str) -> None:
        """Move the network, if it has been read."""
        self.device = device
        if "_network" in vars(self):
            self._network.to(device)

    def parameters_count(self) -> int:
        """The numbers in the network."""
        return sum(parameter.numel() for parameter in self._network.model.parameters())
