"""A network by its name, as a method: its parameters and its one stage of training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

import srbench
from srbench import Tiling, upscale_tiled
from srbench.errors import nearest
from srbench.training import Batch, Steps
from srbench.types import Count, Natural, NonNegative, Positive, PositiveFraction, ProperFraction

from .catalogue import ARCHITECTURES
from .recipe import LATE, Keep, Loss, frequency_loss, pixel_loss

if TYPE_CHECKING:
    import torch

Side = Annotated[int, Meta(ge=16)]


class Network(srbench.TorchMethod):
    """A network for super-resolution, chosen by the name of its architecture and trained from scratch on pixels.

    Each architecture has parameters and presets of its own. A preset holds parameters of the network and of its
    training: those of the paper, or of a published configuration; `small` is for minutes on two CPU cores.

    Where all of them depart from their papers: training images and their LR are those of the matrix and its protocol;
    each scale is trained from scratch, also where the authors began with the weights of another; steps are as many as
    the budget has, and halvings of the learning rate happen at the same shares of them; patches are flipped and turned;
    a few training images are held out, to show how the training goes. The paper says what a network sees of grey; here
    most are made for one channel where no training image is in colour, and those that cannot be are given grey three
    times over, and the three results are averaged.

    loss: `l1`, `mse`, or `charbonnier`, a smooth l1. frequency_weight: of the mean absolute difference of spectra that
    is added to it. betas, weight_decay: of AdamW, which without decay is Adam. clip: the largest norm of a gradient.
    ema: decay of the average of weights, 0 for none. keep: the last weights, or those that are best on the held-out
    images. patch: side of LR patches in pixels. sizes: at which training images are learned from, 1 being their own.
    tile, overlap: where tile is set, images larger than that (in LR pixels) are upscaled in pieces of at most that
    side, each seen with so many pixels more on every side: less memory, and for most of these networks not quite the
    same image.
    """

    variants: ClassVar = {"architecture": ARCHITECTURES}
    sampling: ClassVar = frozenset({"tile", "overlap"})

    def __init__(
        self,
        architecture: str,
        loss: Loss = "l1",
        frequency_weight: NonNegative = 0.0,
        learning_rate: Positive = 2e-4,
        betas: tuple[ProperFraction, ProperFraction] = (0.9, 0.99),
        weight_decay: NonNegative = 0.0,
        clip: Positive | None = None,
        ema: ProperFraction = 0.999,
        keep: Keep = "last",
        batch_size: Count = 16,
        patch: Count = 48,
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        tile: Side | None = None,
        overlap: Natural = 16,
        **parameters: Any,
    ) -> None:
        if architecture not in ARCHITECTURES:
            raise srbench.SrbenchError(f"unknown architecture {architecture!r}.{nearest(architecture, ARCHITECTURES)}")
        if batch_size < ARCHITECTURES[architecture].fewest:
            raise srbench.SrbenchError(
                f"batch_size: {architecture} cannot normalise over {batch_size} image; give more"
            )
        if not sizes:
            raise srbench.SrbenchError("sizes: there should be at least one; [1] is the images' own")
        self.architecture = ARCHITECTURES[architecture](**parameters)
        self.trains_on, self.memory_format = self.architecture.trains_on, self.architecture.memory_format
        self.loss, self.frequency_weight = loss, frequency_weight
        self.learning_rate = learning_rate
        self.betas, self.weight_decay, self.clip, self.ema, self.keep = betas, weight_decay, clip, ema, keep
        self.batch_size, self.patch, self.training_scales = batch_size, patch, sizes
        self._tile, self._overlap = tile, overlap

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """The scales of the architecture."""
        if problem.scale in self.architecture.scales:
            return None
        *others, last = (f"x{scale}" for scale in self.architecture.scales)
        return srbench.Skip(f"this network makes {', '.join(others)} and {last}, not x{problem.scale}")

    def build(self, channels: int, scale: srbench.Scale) -> dict[str, torch.nn.Module]:
        """One network."""
        if scale not in self.architecture.scales:
            raise srbench.SrbenchError(f"this network does not upscale by {scale}")
        self.halo = None if self._tile else self.architecture.reach(int(scale))
        return {"network": self.architecture.build(channels, int(scale), self.patch)}

    def stages(self, networks: dict[str, torch.nn.Module], scale: srbench.Scale) -> list[srbench.Stage]:
        """One stage, on the error of pixels."""
        import torch

        network = networks["network"]
        minimised = "total" if self.frequency_weight else self.loss

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            made = self.architecture.learns_from(network, batch.lr, int(scale), batch.progress)
            losses: dict[str, torch.Tensor] = {}
            losses[self.loss] = weighted((weight, pixel_loss(self.loss, sr, batch.hr)) for weight, sr in made)
            if self.frequency_weight:
                losses["spectrum"] = weighted((weight, frequency_loss(sr, batch.hr)) for weight, sr in made)
                losses[minimised] = losses[self.loss] + self.frequency_weight * losses["spectrum"]
            return losses

        learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
        optimiser = torch.optim.AdamW(
            learned, lr=self.learning_rate, betas=self.betas, weight_decay=self.weight_decay, fused=True
        )
        return [
            srbench.Stage(
                "pixel",
                networks={"network": network},
                optimisers={minimised: optimiser},
                step=step,
                batch_size=self.batch_size,
                patch=self.patch,
                schedule=Steps(LATE),
                ema={"network": self.ema} if self.ema else {},
                clip=self.clip,
                validate=self.validation_psnr,
                keep=self.keep,
            )
        ]

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR of any size, as a whole."""
        return self.architecture.sr(self.networks["network"], lr, int(self.scale))

    def upscale(self, lr: torch.Tensor, scale: srbench.Scale) -> torch.Tensor:
        """SR of LR of any size; in pieces where `tile` asks for that."""
        height, width = lr.shape[-2:]
        if self._tile is None or max(height, width) <= self._tile:
            return super().upscale(lr, scale)
        tiling = Tiling(-(-height // self._tile), -(-width // self._tile), self._overlap)
        return upscale_tiled(lambda piece: super(Network, self).upscale(piece, scale), lr, scale, tiling).to(lr.device)

    def parameters_count(self) -> int:
        """How many numbers were learned and are needed to upscale."""
        network = getattr(self, "networks", {}).get("network")
        return 0 if network is None else self.architecture.parameters_count(network)


def weighted(losses: Iterable[tuple[float, torch.Tensor]]) -> torch.Tensor:
    """The sum of losses, each with its weight."""
    import torch

    return torch.stack([weight * loss for weight, loss in losses]).sum()
