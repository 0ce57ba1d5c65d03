"""Score matching as a generator: what is learned, and how images are drawn."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from srbench_ddpm.parameters import Width, check_levels, too_odd

import srbench
from srbench.training import MOMENTS, Batch, sheet, sheet_noise, write_denoising
from srbench.types import Count, Positive, ProperFraction

from .levels import check_falling, geometric, largest_distance, levels_needed
from .parameters import PRESETS, Levels, Predicts

if TYPE_CHECKING:
    import torch

    from srbench import FitContext, Scale, TrainingSet

    from .network import ScoreNetwork

MEASURED = 256
"""Training images among which the largest distance is looked for, at least."""
VALIDATED = 10
"""Levels of noise at which a held-out image is validated."""
PREVIEW = 20
"""Levels in which everything is sampled that training shows."""


class NCSN(srbench.TorchGenerator):
    """Makes images by climbing their density, whose slope it has learned at many levels of noise.

    Song and Ermon, "Generative modeling by estimating gradients of the data distribution", 2019, with the techniques of
    their "Improved techniques for training score-based generative models", 2020: a U-Net, MONAI's, learns the score,
    which is the gradient of the logarithm of the density, of images with normal noise of a level drawn at random, by
    denoising score matching: the squared error of level x score to minus the unit noise. Images are drawn by annealed
    Langevin dynamics.

    The largest level is the distance of the two least alike of 256 training images (technique 1), the others follow
    geometrically, as many as technique 2 wants; the U-Net knows nothing of the level, by which its answer is divided
    (3); the length of steps is the one by which noise of one level best becomes that of the next (4); weights are
    averaged (5); at the end the noise of the last level is taken away.

    Preset `paper` is the configuration for 32 pixels in colour (CIFAR-10): levels down to .01, 5 steps at each, Adam at
    1e-4, batches of 128, averaged weights of decay .999, mirrored images; the authors make 300,000 steps. Preset
    `small` is for two CPU cores and 32 pixels: the smaller U-Net of `ddpm-generator`, on squares of 2 x 2 pixels, which
    is told the level and tells the velocity, 40 levels, Adam at 1e-3 falling to zero along a cosine, gradients of norm
    1 at most.

    Deviations: MONAI's U-Net of four levels, whose middle has attention, in place of a RefineNet with instance
    normalisation; the loss is a mean over values, not half their sum; the largest distance is that of a sample of the
    training set; sampling begins with normal noise of the largest level, not with uniform noise.

    channels: of the U-Net, by level. blocks: residual blocks a level. attention: levels that have it. fold: side of the
    squares of pixels that the U-Net sees as one place. largest, smallest: the levels of noise, as standard deviations
    where white is 1; `largest` None is measured. levels: how many, None for as many as technique 2 wants. predicts:
    what the U-Net tells, the `noise` or the `velocity` (Salimans and Ho 2022), for which it is told the level, and
    which gives images after a short training. learning_rate: Adam's. accumulate: batches that make one step. Images are
    learned from as they are and mirrored left to right, unless `augment` says otherwise. checkpointing: less memory for
    more time, the same result. clip: the largest norm of a gradient. ema: decay of the average of weights, 0 for none.
    keep: the weights of the last step, or of the best validation, which is -10 log10 of the squared error of what the
    U-Net tells, at fixed levels. steps: of Langevin dynamics at each level; the U-Net is asked levels x steps times,
    and once more.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Song", "Ermon"),
            "Generative modeling by estimating gradients of the data distribution",
            2019,
            conference="NeurIPS",
            arxiv="1907.05600",
        ),
        srbench.Paper(
            ("Song", "Ermon"),
            "Improved techniques for training score-based generative models",
            2020,
            conference="NeurIPS",
            arxiv="2006.09011",
        ),
    )
    presets: ClassVar = PRESETS
    turns = (0, 4)
    sampling = frozenset({"steps"})

    def __init__(
        self,
        channels: tuple[Width, ...] = (128, 256, 256, 256),
        blocks: Count = 2,
        attention: tuple[bool, ...] = (False, False, False, False),
        fold: Count = 1,
        largest: Positive | None = None,
        smallest: Positive = 0.01,
        levels: Levels | None = None,
        predicts: Predicts = "noise",
        learning_rate: Positive = 1e-4,
        batch_size: Count = 128,
        accumulate: Count = 1,
        checkpointing: bool = False,
        clip: Positive | None = None,
        ema: ProperFraction = 0.999,
        keep: Literal["last", "best"] = "last",
        steps: Count = 5,
    ) -> None:
        check_levels(channels, attention)
        self.channels_by_level, self.blocks, self.attention, self.fold = channels, blocks, attention, fold
        self.checkpointing = checkpointing
        self.largest, self.smallest, self.levels = largest, smallest, levels
        self.predicts: Predicts = predicts
        if largest is not None:
            check_falling(largest, smallest)
        self.learning_rate, self.clip = learning_rate, clip
        self.batch_size, self.accumulate = batch_size, accumulate
        self.ema, self.keep, self.steps = ema, keep, steps

    def supports(self, problem: srbench.Problem) -> srbench.Skip | None:
        """Squares whose sides the U-Net can halve."""
        return too_odd(problem, len(self.channels_by_level), self.fold)

    def build(self, channels: int, scale: Scale) -> dict[str, torch.nn.Module]:
        """The U-Net."""
        from .network import ScoreNetwork

        network = ScoreNetwork(
            channels,
            self.channels_by_level,
            self.blocks,
            self.attention,
            self.fold,
            self.checkpointing,
            self.predicts,
            self.smallest,
        )
        network.largest.fill_(self.largest or 0)
        return {"score": network}

    @property
    def network(self) -> ScoreNetwork:
        """What tells the score."""
        from .network import ScoreNetwork

        network = self.networks["score"]
        assert isinstance(network, ScoreNetwork)
        return network

    @property
    def noise_levels(self) -> torch.Tensor:
        """The levels of noise, from the largest down: `(L,)`, float64. Raises `LevelsError`."""
        largest = float(self.network.largest)
        count = self.levels or levels_needed(largest, self.smallest, self.channels * self.size**2)
        return geometric(largest, self.smallest, count)

    def stages(self, networks: dict[str, torch.nn.Module], scale: Scale) -> list[srbench.Stage]:
        """One stage: denoising score matching at a random level."""
        import torch

        network = self.network

        # Once, since reading the largest level would make a GPU wait; not before it has been measured.
        levels = functools.cache(lambda: self.noise_levels.float().to(self.device))

        def error(images: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
            level = levels()[places]
            noise = torch.randn_like(images)
            told: torch.Tensor = network(images + level[:, None, None, None] * noise, level).float()
            squares = (told + noise).square().mean((1, 2, 3))
            return (squares if self.predicts == "noise" else squares / network.clean_share(level)).mean()

        def measure(draw: Callable[[], Batch]) -> None:
            images = torch.cat([draw().hr for _ in range(math.ceil(MEASURED / self.batch_size))])
            network.largest.fill_(largest_distance(images))
            levels()

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            return {"mse": error(batch.hr, torch.randint(len(levels()), batch.hr.shape[:1], device=batch.hr.device))}

        def validate(batch: Batch) -> float:
            places = [(2 * i + 1) * len(levels()) // (2 * VALIDATED) for i in range(VALIDATED)]
            found = error(batch.hr.expand(VALIDATED, -1, -1, -1), torch.tensor(places, device=batch.hr.device))
            return -10 * math.log10(max(float(found), 1e-10))

        return [
            srbench.Stage(
                "score",
                networks=networks,
                optimisers={"mse": torch.optim.Adam(network.parameters(), lr=self.learning_rate, fused=True)},
                step=step,
                batch_size=self.batch_size,
                patch=self.size,
                ema={"score": self.ema} if self.ema else {},
                clip=self.clip,
                accumulate=self.accumulate,
                validate=validate,
                keep=self.keep,
                begin=measure if self.largest is None else None,
            )
        ]

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train; at the end, a sheet of samples is shown coming out of the noise.

        `facts` hold how many levels of noise there are, and the largest.
        """
        super().fit(train, context)
        levels = self.noise_levels
        self.facts = {**self.facts, "noise_levels": float(len(levels)), "largest_noise": float(levels[0])}
        states = self._in_few_steps(sheet_noise(len(self.classes_on_sheet())), MOMENTS)
        write_denoising(context.model_folder, {asked: sheet(state) for asked, state in states.items()})

    def draw(self, noise: Sequence[torch.Generator], labels: torch.Tensor) -> torch.Tensor:
        """Images by annealed Langevin dynamics."""
        from .langevin import annealed_langevin

        return annealed_langevin(
            self._score, self._shape, self.noise_levels, noise, steps=self.steps, device=self.device
        )

    def preview(self, noise: Sequence[torch.Generator], labels: torch.Tensor) -> torch.Tensor:
        """Images in a few steps, and without noise but the first."""
        (images,) = self._in_few_steps(noise).values()
        return images

    def _in_few_steps(self, noise: Sequence[torch.Generator], keep: int = 1) -> dict[int, torch.Tensor]:
        from .langevin import probability_flow

        largest, smallest = (float(self.noise_levels[end]) for end in (0, -1))
        levels = geometric(largest, smallest, PREVIEW)
        return probability_flow(self._score, self._shape, levels, noise, keep=keep, device=self.device)

    def _score(self, x: torch.Tensor, level: float) -> torch.Tensor:
        told: torch.Tensor = self.network(x, x.new_full((len(x),), level))
        return told / level

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.channels, self.size, self.size
