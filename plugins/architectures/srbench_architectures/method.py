"""A network by its name, as a method: its parameters, and its one or two stages of training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

import srbench
from srbench import Tiling, upscale_tiled
from srbench.errors import nearest
from srbench.training import Batch, Channels, Steps, adversarial_step, vgg_weights
from srbench.types import Count, Natural, NonNegative, Positive, PositiveFraction, ProperFraction

from .catalogue import ARCHITECTURES
from .gan import GAN
from .recipe import LATE, Keep, Loss, frequency_loss, pixel_loss

if TYPE_CHECKING:
    import torch

Side = Annotated[int, Meta(ge=16)]


class Network(srbench.TorchMethod):
    """A network for super-resolution, chosen by the name of its architecture and trained from scratch: on pixels, and
    where `gan` asks for it, against a discriminator.

    Each architecture has parameters and presets of its own. A preset holds parameters of the network and of its
    training: those of the paper, or of a published configuration; `small` is for minutes on two CPU cores.

    Where all of them depart from their papers: training images and their LR are those of the matrix and its protocol;
    each scale is trained from scratch, also where the authors began with the weights of another; steps are as many as
    the budget has, and halvings of the learning rate happen at the same shares of them; patches are flipped and turned;
    a few training images are held out, to show how the training goes. The paper says what a network sees of grey; here
    most are made for one channel where no training image is in colour, and those that cannot be are given grey three
    times over, and the three results are averaged.

    `gan` adds a second stage, `adversarial`, whose loss is that of pixels, of features of VGG19, and of a discriminator
    that learns to tell SR from HR; its weights are those of the last step (a PSNR cannot tell which are best). In each
    step the gradients of network and discriminator are computed before either is updated. Where the weights of VGG19
    are not on this machine, the loss on pixels has the weight 1 in place of features, and the record and the page say
    so; `srbench fetch vgg19` gets them.

    gan: none, or a mapping, {} being Real-ESRGAN's. Of it, loss: `plain` or `relativistic`. discriminator: `unet`,
    which judges every pixel, or `vgg`, which judges a patch; width: channels of its first convolution. weight: of its
    loss; pixel_weight: of that on pixels. layers: convolutions of VGG19 (conv1_1 to conv5_4) whose features are
    compared, each with its weight, {} for none; activated: behind ReLU, not before; distance: `l1` or `mse`.
    learning_rate: of the network; discriminator_rate: of the discriminator, none being the same. share: of the budget;
    with 1 there is no stage on pixels before.
    loss: `l1`, `mse`, or `charbonnier`, a smooth l1. frequency_weight: of the mean absolute difference of spectra that
    is added to it. betas, weight_decay: of AdamW, which without decay is Adam. clip: the largest norm of a gradient.
    ema: decay of the average of weights, 0 for none. keep: the last weights, or those that are best on the held-out
    images. trains_on: `y`: of colour images Y alone is learned, and chroma is upscaled by bicubic interpolation; `all`:
    all channels; none: as the paper has it. patch: side of LR patches in pixels. sizes: at which training images are
    learned from, 1 being their own.
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
        trains_on: Channels | None = None,
        batch_size: Count = 16,
        patch: Count = 48,
        sizes: tuple[PositiveFraction, ...] = (1.0,),
        tile: Side | None = None,
        overlap: Natural = 16,
        gan: GAN | None = None,
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
        self.trains_on = trains_on or self.architecture.trains_on
        self.memory_format = self.architecture.memory_format
        self.loss, self.frequency_weight = loss, frequency_weight
        self.learning_rate = learning_rate
        self.betas, self.weight_decay, self.clip, self.ema, self.keep = betas, weight_decay, clip, ema, keep
        self.batch_size, self.patch, self.training_scales = batch_size, patch, sizes
        self._tile, self._overlap = tile, overlap
        self.gan = gan
        if gan is not None and gan.layers:
            self.weights = vgg_weights()

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """The scales of the architecture, with patches that are large enough for `gan`."""
        if problem.scale in self.architecture.scales:
            side = self.patch * int(problem.scale)
            reason = None if self.gan is None else self.gan.why_not(side, self.batch_size)
            return None if reason is None else srbench.Skip(reason)
        *others, last = (f"x{scale}" for scale in self.architecture.scales)
        return srbench.Skip(f"this network makes {', '.join(others)} and {last}, not x{problem.scale}")

    def build(self, channels: int, scale: srbench.Scale) -> dict[str, torch.nn.Module]:
        """One network."""
        if scale not in self.architecture.scales:
            raise srbench.SrbenchError(f"this network does not upscale by {scale}")
        self.halo = None if self._tile else self.architecture.reach(int(scale))
        return {"network": self.architecture.build(channels, int(scale), self.patch)}

    def stages(self, networks: dict[str, torch.nn.Module], scale: srbench.Scale) -> list[srbench.Stage]:
        """One stage on the error of pixels, and one against a discriminator, where there is one."""
        network = networks["network"]
        if self.gan is None:
            return [self._pixel_stage(network, int(scale))]
        adversarial = self._adversarial_stage(self.gan, network, int(scale))
        if self.gan.share == 1:
            return [adversarial]
        return [self._pixel_stage(network, int(scale), 1 - self.gan.share), adversarial]

    def _pixel_stage(self, network: torch.nn.Module, scale: int, share: float = 1.0) -> srbench.Stage:

        minimised = "total" if self.frequency_weight else self.loss

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            made = self.architecture.learns_from(network, batch.lr, scale, batch.progress)
            losses: dict[str, torch.Tensor] = {}
            losses[self.loss] = weighted((weight, pixel_loss(self.loss, sr, batch.hr)) for weight, sr in made)
            if self.frequency_weight:
                losses["spectrum"] = weighted((weight, frequency_loss(sr, batch.hr)) for weight, sr in made)
                losses[minimised] = losses[self.loss] + self.frequency_weight * losses["spectrum"]
            return losses

        return srbench.Stage(
            "pixel",
            networks={"network": network},
            optimisers={minimised: self._optimiser(network, self.learning_rate)},
            step=step,
            batch_size=self.batch_size,
            patch=self.patch,
            share=share,
            schedule=Steps(LATE),
            ema=self._averaged(),
            clip=self.clip,
            validate=self.validation_psnr,
            keep=self.keep,
        )

    def _adversarial_stage(self, gan: GAN, network: torch.nn.Module, scale: int) -> srbench.Stage:
        discriminator = gan.judge(self.channels, self.patch * scale)
        content = gan.content(self.loss, self.device, bool(self.weights), self.notes)

        def upscale(lr: torch.Tensor) -> torch.Tensor:
            return self.architecture.sr(network, lr, scale)

        return srbench.Stage(
            "adversarial",
            networks={"network": network, "discriminator": discriminator},
            optimisers={
                "generator": self._optimiser(network, gan.learning_rate),
                "discriminator": self._optimiser(discriminator, gan.discriminator_rate or gan.learning_rate),
            },
            step=adversarial_step(upscale, discriminator, gan.loss, gan.weight, content),
            batch_size=self.batch_size,
            patch=self.patch,
            share=gan.share,
            ema=self._averaged(),
            clip=self.clip,
            validate=self.validation_psnr,
        )

    def _optimiser(self, network: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
        import torch

        learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
        return torch.optim.AdamW(learned, lr=rate, betas=self.betas, weight_decay=self.weight_decay, fused=True)

    def _averaged(self) -> dict[str, float]:
        return {"network": self.ema} if self.ema else {}

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
