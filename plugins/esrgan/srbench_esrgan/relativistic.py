"""The adversarial loss of ESRGAN."""

from __future__ import annotations

import torch
from torch.nn.functional import softplus


def relativistic_loss(winners: torch.Tensor, losers: torch.Tensor) -> torch.Tensor:
    """How far the winners are from looking more real than the average loser, and the losers from less than the winner.

    With C the discriminator's logits, sigma the logistic function, and D(a, b) = sigma(C(a) - mean C(b)):
    half of -mean log D(winners, losers) - mean log(1 - D(losers, winners)). Logits in any shape; the loss is in
    float32. The discriminator's loss (Wang et al. 2018, equation 1) has HR as winners and SR as losers, the
    generator's (equation 2) SR as winners and HR as losers. The paper prints the sum; the half is that of the authors'
    programs.
    """
    winners, losers = winners.float(), losers.float()
    return (softplus(losers.mean() - winners).mean() + softplus(losers - winners.mean()).mean()) / 2
