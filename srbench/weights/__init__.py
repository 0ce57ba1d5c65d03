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
    weights_path,
)

__all__ = [
    "WeightsDamaged",
    "WeightsMissing",
    "data_root",
    "load_state",
    "load_weights",
    "place",
    "read_tensors",
    "weights_file",
    "weights_path",
]
