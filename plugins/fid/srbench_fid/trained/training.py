"""How a network learns from examples: in one stage of `srbench.training`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import nn

from srbench import Budget, FitContext
from srbench.training import Batch, Row, Stage, set_format, train

from .examples import Arrays, Examples
from .learning import USUAL, Learning

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""The mean over a batch, of outputs and labels."""

OPTIMISERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
WRONG = 10.0
"""The largest loss that a held-out picture counts with: one that is wrong with confidence does not decide alone, and
the loss never rises so far that it is taken for a collapse."""
STANDARDISED_ON = 16
"""Pictures whose statistics set the initial scale of layers."""


VALIDATIONS = 20
"""Points at which a training for so many seconds is validated."""


@dataclass(frozen=True)
class Learned:
    """What a training leaves besides the weights. epochs: passes that it took. history, facts: for pages."""

    epochs: int
    history: list[Row]
    facts: dict[str, Any]


def learn(
    network: nn.Module, examples: Examples, loss: Loss, side: int, context: FitContext, how: Learning = USUAL
) -> Learned:
    """Train `network` in place for `context.budget` on pictures of `side` pixels.

    It is left with the weights that did best on the part held out, the last ones where nothing is, in evaluation mode.
    Parameters without a gradient stay as they are. Layers that it calls `unnormalised` start standardised. Draws from
    the global random number generators.
    """
    batch_size = min(how.batch_size, len(examples))
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]

    def begin(draw: Callable[[], Batch]) -> None:
        if isinstance(network, HasUnnormalised):
            batches = [draw().hr for _ in range(0, STANDARDISED_ON, batch_size)]
            standardise(network, network.unnormalised(), torch.cat(batches))

    def step(batch: Batch) -> Mapping[str, torch.Tensor]:
        return {"loss": loss(network(batch.hr), batch.labels)}

    stage = Stage(
        "learning",
        {"network": network},
        {"loss": OPTIMISERS[how.optimiser](learned, how.learning_rate)},
        step,
        batch_size,
        side,
        schedule=how.course,
        warm_up=how.warm_up,
        validate=lambda batch: -min(float(step(batch)["loss"]), WRONG),
        keep="best",
        patience=how.early_stopping,
        validations=_validations(context.budget, len(examples) / batch_size),
        begin=begin,
    )
    trained = train([stage], examples, context, "channels_last")  # half again as fast on a CPU
    set_format([network], "contiguous")  # as it will be when loaded
    steps: int = trained.facts["stages"][0]["steps"]
    return Learned(steps * batch_size // len(examples), trained.history, trained.facts)


def _validations(budget: Budget, steps_an_epoch: float) -> int:
    """So many that there is one an epoch, as far as epochs are known."""
    epochs = {"epochs": budget.amount, "steps": budget.amount / steps_an_epoch}.get(budget.unit, VALIDATIONS)
    return max(1, int(epochs))


@runtime_checkable
class HasUnnormalised(Protocol):
    """A network that has layers without a normalisation behind them."""

    def unnormalised(self) -> list[nn.Module]:
        """Those layers, in the order in which images pass through them."""


def standardise(network: nn.Module, layers: list[nn.Module], inputs: torch.Tensor) -> None:
    """Scale and shift initial weights so that each unit of `layers` has mean 0 and deviation 1 over `inputs`.

    Without it SkinLesNet, whose inputs are all positive and which normalises nothing, often learns nothing in its
    first dozens of epochs. Mishkin and Matas, "All you need is a good init", 2016; Krähenbühl et al., "Data-dependent
    initializations of convolutional neural networks", 2016.
    """
    training = network.training
    network.eval()
    hooks = [layer.register_forward_hook(_standardised) for layer in layers]
    with torch.no_grad():
        network(inputs)
    for hook in hooks:
        hook.remove()
    network.train(training)


def _standardised(layer: nn.Module, given: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    """Standardise a layer by what it has just made; what it makes from now on goes to the layers behind it."""
    assert isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None
    units = output.transpose(0, 1).flatten(1)
    mean, deviation = units.mean(1), units.std(1, correction=0)
    deviation = torch.where(deviation > 1e-6, deviation, 1.0)  # a unit that sees nothing change is left alone
    layer.weight.div_(deviation.view(-1, *[1] * (layer.weight.ndim - 1)))
    layer.bias.sub_(mean).div_(deviation)
    return layer.forward(*given)


def outputs(network: nn.Module, inputs: Arrays, device: str, batch_size: int = 16) -> torch.Tensor:
    """What a network in evaluation mode makes of all inputs, on the CPU."""
    made = []
    with torch.inference_mode():
        for start in range(0, len(inputs), batch_size):
            rows = inputs.take(np.arange(start, min(start + batch_size, len(inputs))))
            made.append(network(torch.from_numpy(rows).to(device).float()).cpu())
    return torch.cat(made)
