"""Learning: the bases of methods and generators that learn with torch, and what their stages are made of."""

from srbench.training.data.augment import CutBlur
from srbench.training.data.batch import Batch
from srbench.training.data.heldout import HeldOut
from srbench.training.data.pairs import EVERY_TURN, Channels, Floats, Pair, turned
from srbench.training.data.source import Drawn, Held, Source
from srbench.training.loop.engine import train
from srbench.training.loop.history import Row
from srbench.training.loop.outcome import Trained
from srbench.training.loop.randomness import seeded
from srbench.training.loop.sample_strip import (
    MOMENTS,
    SPREAD_SAMPLES,
    Strip,
    read_lr,
    write_denoising,
    write_spread,
)
from srbench.training.loop.stages import Schedule, Stage, constant, cosine
from srbench.training.speed.memory_format import Format, set_format
from srbench.training.start import Fit
from srbench.training.tensors import write_tensors
from srbench.training.torch_generator import TorchGenerator, sheet, sheet_noise
from srbench.training.torch_method import TorchMethod
from srbench.training.vgg import VGG_SMALLEST, VGGLayer, vgg_features, vgg_weights

__all__ = [
    "EVERY_TURN",
    "MOMENTS",
    "SPREAD_SAMPLES",
    "VGG_SMALLEST",
    "Batch",
    "Channels",
    "CutBlur",
    "Drawn",
    "Fit",
    "Floats",
    "Format",
    "Held",
    "HeldOut",
    "Pair",
    "Row",
    "Schedule",
    "Source",
    "Stage",
    "Strip",
    "TorchGenerator",
    "TorchMethod",
    "Trained",
    "VGGLayer",
    "constant",
    "cosine",
    "read_lr",
    "seeded",
    "set_format",
    "sheet",
    "sheet_noise",
    "train",
    "turned",
    "vgg_features",
    "vgg_weights",
    "write_denoising",
    "write_spread",
    "write_tensors",
]
