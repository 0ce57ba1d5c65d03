"""Published weights: looked up, downloaded, verified, read without running anything, and fitted exactly."""

from srbench.weights.data_root import data_root
from srbench.weights.lookup import (
    WeightsDamaged,
    WeightsMissing,
    load_state,
    load_weights,
    place,
    read_tensors,
    weights_file,
    weights_folder,
    weights_path,
)
from srbench.weights.torchvision_shim import import_torchvision

__all__ = [
    "WeightsDamaged",
    "WeightsMissing",
    "data_root",
    "import_torchvision",
    "load_state",
    "load_weights",
    "place",
    "read_tensors",
    "weights_file",
    "weights_folder",
    "weights_path",
]
