"""What a metric is: a number for one image, or for two sets of images."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from srbench.contract.names import GENERATION, SUPER_RESOLUTION
from srbench.contract.paper import Paper

if TYPE_CHECKING:
    import torch

    from srbench.contract.dataset import Item
    from srbench.contract.extractor import Extractor, ExtractorUse
    from srbench.contract.protocol import Protocol
    from srbench.store.details import Details

Need = Literal["labels", "masks", "training_sr"]
Source = Literal["generated", "real", "training"]
"""Where an image that is not paired comes from: made by a generator, of the test split, of the training split."""


@dataclass(frozen=True)
class Skip:
    """Why something does not apply here, in words that a person can act on."""

    reason: str


class Metric(ABC):
    """The facts that image metrics and set metrics share.

    sees: `protocol`: what the protocol scores (its channel, border left out). `image`: every channel and pixel, for
        metrics that are defined on whole colour images. `lr`: LR in place of both, in the protocol's channel, border
        included: SR shrunk and rounded as the protocol makes LR, and the LR that the method was given. Always what
        was written to disk, never a method's tensor.
    needs: what a set metric needs beyond SR and HR. `labels`, `masks`: of every item that it is given; a dataset that
        lacks them skips the metric before anything runs. `training_sr`: the SR of the training split, too.
    weights: names of the files (see `srbench.weights`) that it reads; where one is missing the metric is skipped with
        the command that fetches it. Those of its extractor are the extractor's to name.
    papers: what is to be cited for it; no part of its code.
    device, protocol: set by the runner before scoring: the torch device for metrics that compute with networks
        (images arrive on the CPU whatever it is), and the protocol that the SR was made under.
    """

    unit: ClassVar[str] = ""
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    sees: ClassVar[Literal["protocol", "image", "lr"]] = "protocol"
    needs: ClassVar[frozenset[Need]] = frozenset()
    papers: ClassVar[tuple[Paper, ...]] = ()
    weights: tuple[str, ...] = ()
    device: str = "cpu"
    protocol: Protocol

    @classmethod
    def tasks(cls) -> frozenset[str]:
        """The names of the tasks whose images it can judge."""
        return frozenset({SUPER_RESOLUTION})

    def extractor(self) -> ExtractorUse | None:
        """The extractor that it runs on, if any. Its key is part of the metric's."""
        return None

    def bind(self, extractor: Extractor) -> None:
        """Take the extractor asked for, trained or loaded; called once, before any image.

        It is on `self.device`, and shared with other metrics: not to be changed.
        """
        raise TypeError(f"{type(self).__name__} asks for an extractor but does not define bind")


class ImageMetric(Metric):
    """Scores one image against its HR. The dataset's score is the mean over images."""

    @abstractmethod
    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | Skip:
        """The score of `sr` against `hr`, both float64 `(C, H, W)` in [0, 1], C 1 or 3.

        A `Skip` (the image is too small, say) skips the metric for the whole dataset: no means over some of the
        images.
        """

    def score_measured(self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor) -> float | Skip:
        """The score where HR was not measured everywhere; `measured` `(H, W)` is true where it was.

        Elsewhere `sr` is equal to `hr`, which is all that a metric of neighbourhoods needs. Define it for a mean over
        pixels: equal pixels that nobody measured would flatter it.
        """
        return self.score(sr, hr)


class SetMetric(Metric):
    """Compares the set of SR images with the set of HR images.

    Define `update`, or `update_item` where the label or mask matters. Images come one at a time, in no order that
    matters; keep features or statistics of them, never the images (batch inside, a few at a time, where it pays).
    """

    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        """Take in one image and its HR, both float64 `(C, H, W)` in [0, 1]."""
        raise TypeError(f"{type(self).__name__} defines neither update nor update_item")

    def update_item(self, sr: torch.Tensor, hr: torch.Tensor, item: Item) -> None:
        """Take in one image of the test split together with its item: `item.label`, `item.read_mask()`."""
        self.update(sr, hr)

    def update_training(self, sr: torch.Tensor, hr: torch.Tensor, item: Item) -> None:
        """Where `training_sr` is needed: take in one image of the training split, before any of the test split."""
        raise TypeError(f"{type(self).__name__} needs training_sr but does not define update_training")

    def update_unpaired(self, image: torch.Tensor, source: Source, item: Item) -> None:
        """Where images are made from noise: take in one, float64 `(C, H, W)` in [0, 1], that belongs to no other.

        Define it for metrics that compare a generated set with a real one; without it a metric cannot be asked for
        under such a task. First all `generated` images arrive, then all `real` ones (those of the test split), then all
        of the `training` split in an order that is random but always the same: enough of them, say, to learn what a
        real set of that size scores, the ceiling. Of a generated item only id and label are known. `needs` means here:
        `labels` of all three; `training_sr` means nothing.
        """
        raise TypeError(f"{type(self).__name__} does not define update_unpaired")

    @classmethod
    def compares_pairs(cls) -> bool:
        """Whether it compares images with their HR: it defines `update` or `update_item`."""
        return (cls.update, cls.update_item) != (SetMetric.update, SetMetric.update_item)

    @classmethod
    def compares_unpaired(cls) -> bool:
        """Whether it compares sets of images that are not paired: it defines `update_unpaired`."""
        return cls.update_unpaired is not SetMetric.update_unpaired

    @classmethod
    def tasks(cls) -> frozenset[str]:
        """The names of the tasks whose images it can judge, by which methods it defines."""
        paired = super().tasks() if cls.compares_pairs() else frozenset()
        return paired | ({GENERATION} if cls.compares_unpaired() else frozenset())

    @abstractmethod
    def compute(self) -> float | tuple[float, Details] | Skip:
        """The score of everything taken in so far, alone or with what stands beside it; the state stays as it is."""
