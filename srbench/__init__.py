"""srbench: which super-resolution method serves your images, at what cost, and is the difference real?

Names are imported when first used, so that `import srbench` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from srbench.api import load as load
    from srbench.api import run as run
    from srbench.dataset import Dataset as Dataset
    from srbench.dataset import DatasetError as DatasetError
    from srbench.dataset import DatasetMissing as DatasetMissing
    from srbench.dataset import Item as Item
    from srbench.errors import SrbenchError as SrbenchError
    from srbench.extractor import Extractor as Extractor
    from srbench.extractor import ExtractorUse as ExtractorUse
    from srbench.generator import Generator as Generator
    from srbench.generator import SampleContext as SampleContext
    from srbench.hookspecs import hookimpl as hookimpl
    from srbench.image import ImageError as ImageError
    from srbench.image import read_image as read_image
    from srbench.image import write_image as write_image
    from srbench.method import Method as Method
    from srbench.method import Problem as Problem
    from srbench.metric import ImageMetric as ImageMetric
    from srbench.metric import SetMetric as SetMetric
    from srbench.metric import Skip as Skip
    from srbench.plugins import Entry as Entry
    from srbench.protocol import Protocol as Protocol
    from srbench.training.torch_generator import TorchGenerator as TorchGenerator
    from srbench.training.torch_method import Stage as Stage
    from srbench.training.torch_method import TorchMethod as TorchMethod
    from srbench.weightsfile import WeightsFile as WeightsFile

_HOME = {
    "run": "api",
    "load": "api",
    "Dataset": "dataset",
    "DatasetError": "dataset",
    "DatasetMissing": "dataset",
    "Item": "dataset",
    "SrbenchError": "errors",
    "Extractor": "extractor",
    "ExtractorUse": "extractor",
    "Generator": "generator",
    "SampleContext": "generator",
    "hookimpl": "hookspecs",
    "ImageError": "image",
    "read_image": "image",
    "write_image": "image",
    "Method": "method",
    "Problem": "method",
    "ImageMetric": "metric",
    "SetMetric": "metric",
    "Skip": "metric",
    "Entry": "plugins",
    "Protocol": "protocol",
    "Stage": "training.torch_method",
    "TorchGenerator": "training.torch_generator",
    "TorchMethod": "training.torch_method",
    "WeightsFile": "weightsfile",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'srbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"srbench.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
