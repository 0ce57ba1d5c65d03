"""srbench: which super-resolution method serves your images, at what cost, and is the difference real?

Names are imported when first used, so that `import srbench` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from srbench.api import load as load
    from srbench.api import run as run
    from srbench.contract.dataset import Dataset as Dataset
    from srbench.contract.dataset import DatasetError as DatasetError
    from srbench.contract.dataset import DatasetMissing as DatasetMissing
    from srbench.contract.dataset import Item as Item
    from srbench.contract.entry import Entry as Entry
    from srbench.contract.executor import Executor as Executor
    from srbench.contract.extractor import Extractor as Extractor
    from srbench.contract.extractor import ExtractorUse as ExtractorUse
    from srbench.contract.generator import Generator as Generator
    from srbench.contract.generator import SampleContext as SampleContext
    from srbench.contract.hookspecs import hookimpl as hookimpl
    from srbench.contract.method import Method as Method
    from srbench.contract.method import Problem as Problem
    from srbench.contract.metric import ImageMetric as ImageMetric
    from srbench.contract.metric import SetMetric as SetMetric
    from srbench.contract.metric import Skip as Skip
    from srbench.contract.protocol import Protocol as Protocol
    from srbench.contract.weights_file import WeightsFile as WeightsFile
    from srbench.errors import SrbenchError as SrbenchError
    from srbench.pictures import ImageError as ImageError
    from srbench.pictures import read_image as read_image
    from srbench.pictures import write_image as write_image
    from srbench.training.torch_generator import TorchGenerator as TorchGenerator
    from srbench.training.torch_method import Stage as Stage
    from srbench.training.torch_method import TorchMethod as TorchMethod

_HOME = {
    "run": "api",
    "load": "api",
    "Dataset": "contract.dataset",
    "DatasetError": "contract.dataset",
    "DatasetMissing": "contract.dataset",
    "Item": "contract.dataset",
    "SrbenchError": "errors",
    "Executor": "contract.executor",
    "Extractor": "contract.extractor",
    "ExtractorUse": "contract.extractor",
    "Generator": "contract.generator",
    "SampleContext": "contract.generator",
    "hookimpl": "contract.hookspecs",
    "ImageError": "pictures",
    "read_image": "pictures",
    "write_image": "pictures",
    "Method": "contract.method",
    "Problem": "contract.method",
    "ImageMetric": "contract.metric",
    "SetMetric": "contract.metric",
    "Skip": "contract.metric",
    "Entry": "contract.entry",
    "Protocol": "contract.protocol",
    "Stage": "training.torch_method",
    "TorchGenerator": "training.torch_generator",
    "TorchMethod": "training.torch_method",
    "WeightsFile": "contract.weights_file",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'srbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"srbench.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
