"""Learning: the bases of methods and generators that learn with torch, and what their stages are made of."""

from typing import TYPE_CHECKING, Any

from srbench.training.adversarial.judgement import AdversarialLoss, adversarial_step
from srbench.training.adversarial.perceptual import Distance, feature_loss, note_without_vgg19
from srbench.training.adversarial.vgg import (
    VGG_SMALLEST,
    VGGConvolution,
    VGGLayer,
    vgg_features,
    vgg_smallest,
    vgg_weights,
)
from srbench.training.data.batch import Batch
from srbench.training.data.heldout import HeldOut
from srbench.training.data.pairs import EVERY_TURN, Channels, Floats, Pair, turned
from srbench.training.data.source import Drawn, Held, Source
from srbench.training.inference import Inference, Upscaling
from srbench.training.loop.engine import train
from srbench.training.loop.history import Row
from srbench.training.loop.outcome import Trained, write_training
from srbench.training.loop.randomness import seeded
from srbench.training.loop.sample_strip import (
    MOMENTS,
    SPREAD_SAMPLES,
    Strip,
    read_lr,
    write_denoising,
    write_spread,
)
from srbench.training.loop.schedules import Linear, Plateau, Schedule, Steps, constant, cosine
from srbench.training.loop.stages import Stage
from srbench.training.recipe import NamedSchedule, Recipe, schedule_named
from srbench.training.speed.memory_format import Format, set_format
from srbench.training.start import Fit
from srbench.training.tensors import write_tensors
from srbench.training.torch_generator import TorchGenerator, sheet, sheet_noise
from srbench.training.torch_method import TorchMethod

if TYPE_CHECKING:
    from srbench.training.adversarial.discriminators import UNetDiscriminator, VGGDiscriminator

__all__ = [
    "EVERY_TURN",
    "MOMENTS",
    "SPREAD_SAMPLES",
    "VGG_SMALLEST",
    "AdversarialLoss",
    "Batch",
    "Channels",
    "Distance",
    "Drawn",
    "Fit",
    "Floats",
    "Format",
    "Held",
    "HeldOut",
    "Inference",
    "Linear",
    "NamedSchedule",
    "Pair",
    "Plateau",
    "Recipe",
    "Row",
    "Schedule",
    "Source",
    "Stage",
    "Steps",
    "Strip",
    "TorchGenerator",
    "TorchMethod",
    "Trained",
    "UNetDiscriminator",
    "Upscaling",
    "VGGConvolution",
    "VGGDiscriminator",
    "VGGLayer",
    "adversarial_step",
    "constant",
    "cosine",
    "feature_loss",
    "note_without_vgg19",
    "read_lr",
    "schedule_named",
    "seeded",
    "set_format",
    "sheet",
    "sheet_noise",
    "train",
    "turned",
    "vgg_features",
    "vgg_smallest",
    "vgg_weights",
    "write_denoising",
    "write_spread",
    "write_tensors",
    "write_training",
]


def __getattr__(name: str) -> Any:
    """Import the networks, and torch with them, when they are used."""
    if name in ("UNetDiscriminator", "VGGDiscriminator"):
        from srbench.training.adversarial import discriminators

        return getattr(discriminators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
