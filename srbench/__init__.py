"""srbench: which super-resolution method serves your images, at what cost, and is the difference real?

What plugins and programs use: these names, and those of `srbench.errors`, `srbench.pictures`, `srbench.testing`,
`srbench.training`, `srbench.types` and `srbench.weights`. Names are imported when first used, so that `import srbench`
costs next to nothing.
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
    from srbench.contract.dataset import Part as Part
    from srbench.contract.dataset import Picture as Picture
    from srbench.contract.dataset import read_picture as read_picture
    from srbench.contract.degradation import Degradation as Degradation
    from srbench.contract.entry import Entry as Entry
    from srbench.contract.executor import Executor as Executor
    from srbench.contract.executor import Fate as Fate
    from srbench.contract.executor import Limits as Limits
    from srbench.contract.executor import Resources as Resources
    from srbench.contract.executor import Wait as Wait
    from srbench.contract.extractor import Extractor as Extractor
    from srbench.contract.extractor import ExtractorUse as ExtractorUse
    from srbench.contract.fit import Budget as Budget
    from srbench.contract.fit import FitContext as FitContext
    from srbench.contract.fit import Interrupted as Interrupted
    from srbench.contract.fit import Precision as Precision
    from srbench.contract.fit import Start as Start
    from srbench.contract.format import Format as Format
    from srbench.contract.format import Frame as Frame
    from srbench.contract.format import IndexFile as IndexFile
    from srbench.contract.framing import Framing as Framing
    from srbench.contract.generator import Generator as Generator
    from srbench.contract.generator import SampleContext as SampleContext
    from srbench.contract.hookspecs import hookimpl as hookimpl
    from srbench.contract.masked import Masked as Masked
    from srbench.contract.method import Method as Method
    from srbench.contract.method import Problem as Problem
    from srbench.contract.metric import ImageMetric as ImageMetric
    from srbench.contract.metric import Need as Need
    from srbench.contract.metric import NoReferenceMetric as NoReferenceMetric
    from srbench.contract.metric import Reference as Reference
    from srbench.contract.metric import SetMetric as SetMetric
    from srbench.contract.metric import Skip as Skip
    from srbench.contract.metric import Source as Source
    from srbench.contract.paper import Paper as Paper
    from srbench.contract.protocol import Protocol as Protocol
    from srbench.contract.published import Members as Members
    from srbench.contract.published import PublishedArchive as PublishedArchive
    from srbench.contract.published import PublishedDataset as PublishedDataset
    from srbench.contract.section import Passage as Passage
    from srbench.contract.section import Section as Section
    from srbench.contract.submission import Asked as Asked
    from srbench.contract.submission import Given as Given
    from srbench.contract.submission import Submission as Submission
    from srbench.contract.task import Task as Task
    from srbench.contract.terms import Terms as Terms
    from srbench.contract.tracker import Tracker as Tracker
    from srbench.contract.training_set import TrainingSet as TrainingSet
    from srbench.contract.weights_file import WeightsFile as WeightsFile
    from srbench.contract.wording import Cost as Cost
    from srbench.contract.wording import Speed as Speed
    from srbench.contract.wording import Wording as Wording
    from srbench.errors import SrbenchError as SrbenchError
    from srbench.evaluate.tiles import Span as Span
    from srbench.evaluate.tiles import Tiling as Tiling
    from srbench.evaluate.tiles import upscale_tiled as upscale_tiled
    from srbench.pictures import Image as Image
    from srbench.pictures import ImageError as ImageError
    from srbench.pictures import Scale as Scale
    from srbench.pictures import Values as Values
    from srbench.pictures import read_image as read_image
    from srbench.pictures import write_image as write_image
    from srbench.registry.choices import chosen as chosen
    from srbench.registry.formats import Formats as Formats
    from srbench.registry.registry import Registry as Registry
    from srbench.registry.registry import code_of as code_of
    from srbench.statistics.intervals import Interval as Interval
    from srbench.statistics.intervals import mean_interval as mean_interval
    from srbench.store.cache import Cache as Cache
    from srbench.store.cell import Cell as Cell
    from srbench.store.cell import digest as digest
    from srbench.store.details import ConfusionMatrix as ConfusionMatrix
    from srbench.store.details import Details as Details
    from srbench.store.details import Estimate as Estimate
    from srbench.store.details import LearningCurve as LearningCurve
    from srbench.store.evidence import Evidence as Evidence
    from srbench.store.evidence import MaskShown as MaskShown
    from srbench.store.file_memory import remembered as remembered
    from srbench.store.files import sha256 as sha256
    from srbench.store.frames import Frames as Frames
    from srbench.store.record import MetricResult as MetricResult
    from srbench.store.record import Record as Record
    from srbench.training import Batch as Batch
    from srbench.training import Stage as Stage
    from srbench.training import TorchGenerator as TorchGenerator
    from srbench.training import TorchMethod as TorchMethod
    from srbench.weights.unpacked import unpacked as unpacked

_HOME = {
    "load": "api",
    "run": "api",
    "Dataset": "contract.dataset",
    "DatasetError": "contract.dataset",
    "DatasetMissing": "contract.dataset",
    "Item": "contract.dataset",
    "Part": "contract.dataset",
    "Picture": "contract.dataset",
    "read_picture": "contract.dataset",
    "Degradation": "contract.degradation",
    "Entry": "contract.entry",
    "Executor": "contract.executor",
    "Fate": "contract.executor",
    "Limits": "contract.executor",
    "Resources": "contract.executor",
    "Wait": "contract.executor",
    "Extractor": "contract.extractor",
    "ExtractorUse": "contract.extractor",
    "Budget": "contract.fit",
    "FitContext": "contract.fit",
    "Start": "contract.fit",
    "Interrupted": "contract.fit",
    "Precision": "contract.fit",
    "Format": "contract.format",
    "Frame": "contract.format",
    "IndexFile": "contract.format",
    "Framing": "contract.framing",
    "Generator": "contract.generator",
    "SampleContext": "contract.generator",
    "hookimpl": "contract.hookspecs",
    "Masked": "contract.masked",
    "Method": "contract.method",
    "Problem": "contract.method",
    "ImageMetric": "contract.metric",
    "Need": "contract.metric",
    "NoReferenceMetric": "contract.metric",
    "SetMetric": "contract.metric",
    "Skip": "contract.metric",
    "Reference": "contract.metric",
    "Source": "contract.metric",
    "Paper": "contract.paper",
    "Protocol": "contract.protocol",
    "Members": "contract.published",
    "PublishedArchive": "contract.published",
    "PublishedDataset": "contract.published",
    "Passage": "contract.section",
    "Section": "contract.section",
    "Asked": "contract.submission",
    "Given": "contract.submission",
    "Submission": "contract.submission",
    "Task": "contract.task",
    "Terms": "contract.terms",
    "Tracker": "contract.tracker",
    "TrainingSet": "contract.training_set",
    "WeightsFile": "contract.weights_file",
    "Cost": "contract.wording",
    "Speed": "contract.wording",
    "Wording": "contract.wording",
    "SrbenchError": "errors",
    "Span": "evaluate.tiles",
    "Tiling": "evaluate.tiles",
    "upscale_tiled": "evaluate.tiles",
    "Image": "pictures",
    "ImageError": "pictures",
    "Scale": "pictures",
    "Values": "pictures",
    "read_image": "pictures",
    "write_image": "pictures",
    "chosen": "registry.choices",
    "Formats": "registry.formats",
    "Registry": "registry.registry",
    "code_of": "registry.registry",
    "Interval": "statistics.intervals",
    "mean_interval": "statistics.intervals",
    "Cache": "store.cache",
    "Cell": "store.cell",
    "digest": "store.cell",
    "ConfusionMatrix": "store.details",
    "LearningCurve": "store.details",
    "Details": "store.details",
    "Estimate": "store.details",
    "Evidence": "store.evidence",
    "MaskShown": "store.evidence",
    "remembered": "store.file_memory",
    "sha256": "store.files",
    "Frames": "store.frames",
    "MetricResult": "store.record",
    "Record": "store.record",
    "Batch": "training",
    "Stage": "training",
    "TorchGenerator": "training",
    "TorchMethod": "training",
    "unpacked": "weights.unpacked",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'srbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"srbench.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
