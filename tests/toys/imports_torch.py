"""Right in everything, except that importing this module imports torch."""

import torch
from toys.datasets import Pictures
from toys.degradations import Mean
from toys.executors import Right as RightExecutor
from toys.extractors import Moments
from toys.formats import Written
from toys.methods import Right
from toys.metrics import MeanDifference


class Method(Right):
    def upscale(self, lr, scale):
        return torch.clone(super().upscale(lr, scale))


class Metric(MeanDifference): ...


class Dataset(Pictures): ...


class Extractor(Moments): ...


class Degradation(Mean): ...


class Format(Written): ...


class Executor(RightExecutor): ...
