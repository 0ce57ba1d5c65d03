"""The base of methods whose SR is drawn at random: several samples, which of them SR is, and what training shows."""

from __future__ import annotations

import copy
import functools
import operator
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import srbench
from srbench.pictures import Scale, resize
from srbench.training import MOMENTS, SPREAD_SAMPLES, read_lr, write_denoising, write_spread

if TYPE_CHECKING:
    import torch

    from srbench import FitContext, TrainingSet

Combine = Literal["mean", "most-consistent"]


class SampledSR(srbench.TorchMethod):
    """A torch method that draws SR; a subclass writes `sampled`, besides `build` and `stages`.

    drawn: samples for a picture. combine: SR is their mean, or the one of them that fits LR best. previews: whether
    what is drawn is for the pictures that training shows, of which there is one sample, by a sampler that is always the
    same: whatever sampler is asked for later, the model is the same.
    """

    samples = True
    drawn: int = 1
    combine: Combine = "mean"
    previews: bool = False

    @abstractmethod
    def sampled(self, lr: torch.Tensor, seed: int, keep: int = 1) -> dict[int, torch.Tensor]:
        """SR of LR `(N, C, H, W)` at `keep` moments of sampling, by how often the network had been asked.

        The last moment is the result. C is what was learned. All that is random about each image begins at `seed`.
        """

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train. At the end, one sample is shown coming out of the noise, and how much several differ."""
        import torch

        self.previews = True
        try:
            super().fit(train, context)
            lr = read_lr(context.model_folder)
            if lr is None:
                return
            lr = lr.expand(-1, self.channels, -1, -1).to(self.device)
            with torch.inference_mode():
                write_denoising(context.model_folder, self.sampled(lr, seed=0, keep=MOMENTS))
                several = torch.cat([sr for seed in range(SPREAD_SAMPLES) for sr in self.sampled(lr, seed).values()])
                write_spread(context.model_folder, several)
        finally:
            self.previews = False

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR with the channels that were learned: the mean of the samples, or the one that fits LR best."""
        count = 1 if self.previews else self.drawn
        samples = self._samples(lr, count)
        if self.combine == "mean":
            return functools.reduce(operator.add, samples) / count
        return self._most_consistent(lr, samples)

    def sample_sr(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """One sample, of which SR may be the mean, or the best of several."""
        once = copy.copy(self)
        once.drawn = 1
        return super(SampledSR, once).sample_sr(lr, scale)

    def draw(self, lr: torch.Tensor, count: int) -> torch.Tensor:
        """Samples `(count, N, C, H * scale, W * scale)` of LR `(N, C, H, W)` with the channels that were learned.

        `upscale` takes the mean of the first of them, where torch is seeded alike and it makes no ensemble. Their
        standard deviation shows how much LR leaves open, and where.
        """
        import torch

        self._need_networks()
        with torch.inference_mode(), self.inference.computing(self.upscalers(), self.device):
            return torch.stack(list(self._samples(lr, count))).float()

    def _samples(self, lr: torch.Tensor, count: int) -> Iterator[torch.Tensor]:
        """One after the other, so that many need no more memory than one.

        Noise comes from torch's global generator by one number. Every image of a batch has generators of its own that
        begin there, so that neither the others nor its place in the batch change anything.
        """
        import torch

        begin = int(torch.randint(2**62, ()))
        for place in range(count):
            (result,) = self.sampled(lr, begin + place).values()
            yield result

    def _most_consistent(self, lr: torch.Tensor, samples: Iterator[torch.Tensor]) -> torch.Tensor:
        """Choose for each image the sample that, made small as LR was, is closest to LR; the first of equal ones."""
        import torch

        best = next(samples)
        smallest = inconsistency(best, lr, self.scale)
        for other in samples:
            error = inconsistency(other, lr, self.scale)
            best = torch.where((error < smallest)[:, None, None, None], other, best)
            smallest = torch.minimum(error, smallest)
        return best


def inconsistency(sr: torch.Tensor, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
    """The mean squared error of SR made small, by antialiased bicubic interpolation, to LR: `(N,)`.

    SR is clamped to [0, 1] first, as it is when written.
    """
    return (resize(sr.clamp(0, 1), 1 / scale) - lr).square().mean((1, 2, 3))


def generators(seed: int, count: int) -> list[torch.Generator]:
    """One for each image of a batch, on the CPU, all of which begin at the same seed."""
    import torch

    return [torch.Generator().manual_seed(seed) for _ in range(count)]
