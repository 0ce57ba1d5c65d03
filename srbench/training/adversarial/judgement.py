"""The losses of a generator and of the discriminator that judges its images, and a step in which both learn.

Logits of a discriminator come in any shape; means are over all of them. Losses are computed in 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from srbench.training.data.batch import Batch

if TYPE_CHECKING:
    import torch

AdversarialLoss = Literal["plain", "relativistic"]
"""`plain`: is it real? By cross-entropy (Goodfellow et al. 2014; Ledig et al. 2017, equations 2 and 6).
`relativistic`: is it more real than the others are on average? (Wang et al. 2018, equations 1 and 2.)"""


def generator_loss(kind: AdversarialLoss, fake: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """What the generator minimises, of the logits of SR and of HR; `plain`: -log D(SR)."""
    if kind == "relativistic":
        return relativistic_loss(fake, real.detach())
    return _plain_loss(fake, is_real=True)


def discriminator_loss(kind: AdversarialLoss, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """What the discriminator minimises, of the logits of HR and of SR; `plain`: -log D(HR) - log(1 - D(SR))."""
    if kind == "relativistic":
        return relativistic_loss(real, fake)
    return _plain_loss(real, is_real=True) + _plain_loss(fake, is_real=False)


def relativistic_loss(winners: torch.Tensor, losers: torch.Tensor) -> torch.Tensor:
    """How far the winners are from looking more real than the average loser, and the losers from less than the winner.

    With C the discriminator's logits, sigma the logistic function, and D(a, b) = sigma(C(a) - mean C(b)):
    half of -mean log D(winners, losers) - mean log(1 - D(losers, winners)). The discriminator's loss (Wang et al. 2018,
    equation 1) has HR as winners and SR as losers, the generator's (equation 2) SR as winners and HR as losers. The
    paper prints the sum; the half is that of the authors' programs.
    """
    from torch.nn.functional import softplus

    winners, losers = winners.float(), losers.float()
    return (softplus(losers.mean() - winners).mean() + softplus(losers - winners.mean()).mean()) / 2


def _plain_loss(logits: torch.Tensor, *, is_real: bool) -> torch.Tensor:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    logits = logits.float()
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(is_real)))


def adversarial_step(
    upscale: Callable[[torch.Tensor], torch.Tensor],
    discriminator: torch.nn.Module,
    kind: AdversarialLoss,
    weight: float,
    content: Callable[[torch.Tensor, torch.Tensor], Mapping[str, tuple[float, torch.Tensor]]],
) -> Callable[[Batch], dict[str, torch.Tensor]]:
    """A `Stage.step` whose loss `generator` is for an optimiser of what `upscale` makes SR with, and whose loss
    `discriminator` is for one of the discriminator.

    weight: of the adversarial loss beside the content's. content: compares SR with HR; losses by name, each with its
    weight. They are recorded, as is the `adversarial` one.
    """

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        sr = upscale(batch.lr)
        real, fake = discriminator(batch.hr), discriminator(sr)
        near = content(sr, batch.hr)
        adversarial = generator_loss(kind, fake, real)
        total = weight * adversarial
        for share, loss in near.values():
            total = total + share * loss
        return {
            "generator": total,
            "discriminator": discriminator_loss(kind, real, discriminator(sr.detach())),
            "adversarial": adversarial.detach(),
            **{name: loss.detach() for name, (_, loss) in near.items()},
        }

    return step
