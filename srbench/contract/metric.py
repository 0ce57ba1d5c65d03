"""What a metric is: a number for one image, or for two sets of images."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from srbench.contract.masked import Masked
from srbench.contract.names import GENERATION, SUPER_RESOLUTION
from srbench.contract.paper import Paper

if TYPE_CHECKING:
    import torch

    from srbench.contract.dataset import Item
    from srbench.contract.extractor import Extractor, ExtractorUse
    from srbench.contract.protocol import Protocol
    from srbench.store.details import Details

Need = Literal["labels", "masks", "training_sr", "baseline", "samples"]
Reference = Literal["test", "train"]
"""The split whose real images a set metric compares with."""
Judges = Literal["distortion", "perception", "no-reference", "task", ""]
"""What a metric's numbers say of SR.

How far it is from HR (`distortion`); how natural it looks, beside HR or a set of real images (`perception`) or alone
(`no-reference`); what a task makes of it (`task`); or none of these.
"""
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
    unit: of its values; a set metric whose values have the pictures' own unit sets its instance's in `compute`.
    needs: what it needs beyond SR and HR. An image metric: `baseline`, LR upscaled by bicubic interpolation. A set
        metric: `labels`, `masks`, of every item that it is given; a dataset that lacks them skips the metric before
        anything runs. `training_sr`: the SR of the training split, too. `samples`: several samples of each SR; a method
        that draws none skips the metric.
    weights: names of the files (see `srbench.weights`) that it reads; where one is missing the metric is skipped with
        the command that fetches it. Those of its extractor are the extractor's to name.
    samples: how many samples of each SR it needs, where `samples` is in `needs`.
    reference: the split whose real images a set metric compares with; it may set `train` in `__init__`. Then it defines
        `update_unpaired`, and of super-resolution, too, it is shown HR of the training split by that, as `training`,
        before any pair of the test split.
    papers: what is to be cited for it; no part of its code.
    judges: what its numbers say of SR: pages put metrics of one kind beside each other. No part of its code either.
    shown_as: how pages print its entry's name, where it is not written so: `PSNR`. Of this class alone, and no part of
        its code: what derives from it says its own.
    device, protocol: set by the runner before scoring: the torch device for metrics that compute with networks
        (images arrive on the CPU whatever it is), and the protocol that the SR was made under.
    """

    unit: str = ""
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    sees: ClassVar[Literal["protocol", "image", "lr"]] = "protocol"
    needs: ClassVar[frozenset[Need]] = frozenset()
    papers: ClassVar[tuple[Paper, ...]] = ()
    judges: ClassVar[Judges] = ""
    shown_as: ClassVar[str] = ""
    weights: tuple[str, ...] = ()
    samples: int = 0
    reference: Reference = "test"
    device: str = "cpu"
    protocol: Protocol

    @classmethod
    def tasks(cls) -> frozenset[str]:
        """The names of the tasks whose images it can judge."""
        return frozenset({SUPER_RESOLUTION})

    @classmethod
    def needs_hr(cls) -> bool:
        """Whether it looks at HR: images that have none skip it before anything runs."""
        return cls.sees != "lr"

    def requires(self) -> frozenset[Need]:
        """`needs`, and what its parameters add to that."""
        return self.needs

    def extractor(self) -> ExtractorUse | None:
        """The extractor that it runs on, if any. Its key is part of the metric's."""
        return None

    def bind(self, extractor: Extractor) -> None:
        """Take the extractor asked for, trained or loaded; called once, before any image.

        It is on `self.device`, and shared with other metrics: not to be changed.
        """
        raise TypeError(f"{type(self).__name__} asks for an extractor but does not define bind")


class ImageMetric(Metric):
    """Scores one image against its HR. The dataset's score is the mean over images.

    Define `score`, or `score_beside` where the baseline is needed.

    shared: parameters that every image metric has, as `Method.shared` has them: `region`, the part of each image that
    is scored. It is part of the key where it is given, and the item's mask too.
    """

    shared: ClassVar[Mapping[str, type]] = {"masked": Masked}
    masked: Masked = Masked()

    def requires(self) -> frozenset[Need]:
        """`needs`, and masks where a region of them is to be scored."""
        return self.needs if self.masked.region is None else self.needs | {"masks"}

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | tuple[float, Details] | Skip:
        """The score of `sr` against `hr`, both float64 `(C, H, W)` in [0, 1], C 1 or 3.

        Beside it may stand `Details(further=...)`, of which the means over images are shown. A `Skip` (the image is too
        small, say) skips the metric for the whole dataset: no means over some of the images.
        """
        raise TypeError(f"{type(self).__name__} defines neither score nor score_beside")

    def score_beside(
        self, sr: torch.Tensor, hr: torch.Tensor, baseline: torch.Tensor, measured: torch.Tensor | None
    ) -> float | tuple[float, Details] | Skip:
        """Where `baseline` is needed: the score of `sr` against `hr` beside what was known of it.

        baseline: of their shape, the LR that the method was given, upscaled by bicubic interpolation and rounded as it
        is. measured: as of `score_measured`, where all three are equal elsewhere; None where HR was measured
        everywhere.
        """
        raise TypeError(f"{type(self).__name__} needs the baseline but does not define score_beside")

    def score_measured(
        self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor
    ) -> float | tuple[float, Details] | Skip:
        """The score of a part of the image: where HR was measured, or what is asked for as `region`, or both.

        `measured` `(H, W)` is true there, at one pixel or more. Elsewhere `sr` is equal to `hr`: that is all that a
        metric needs which cannot say where in the image its score comes from, and what it does here. One that can has
        to define this as the mean over that part alone: equal pixels that nobody asked for would flatter it.
        """
        return self.score(sr, hr)


class NoReferenceMetric(ImageMetric):
    """Scores one image alone, whatever HR may be: it can judge SR of LR that has no HR.

    Where there is HR, its pixels play no part, those that were not measured included. It judges whole images: what is
    said of a region of them would be said of its borders, too.
    """

    shared: ClassVar[Mapping[str, type]] = {}
    judges: ClassVar[Judges] = "no-reference"

    @classmethod
    def needs_hr(cls) -> bool:
        """It never looks at HR."""
        return False

    @abstractmethod
    def judge(self, sr: torch.Tensor) -> float | tuple[float, Details] | Skip:
        """The score of `sr`, float64 `(C, H, W)` in [0, 1], C 1 or 3; a `Skip` as of `ImageMetric.score`."""

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | tuple[float, Details] | Skip:
        """The score of `sr`, which `hr` does not change."""
        return self.judge(sr)


class SetMetric(Metric):
    """Compares the set of SR images with the set of HR images.

    Define `update`, or `update_item` where the label or mask matters, or `update_samples` where samples are needed.
    Images come one at a time, in no order that matters; keep features or statistics of them, never the images (batch
    inside, a few at a time, where it pays).
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

    def update_samples(self, samples: Iterable[torch.Tensor], hr: torch.Tensor, measured: torch.Tensor | None) -> None:
        """Where `samples` are needed: take in the samples of one SR, read one after the other, and its HR.

        Each is float64 `(C, H, W)` in [0, 1], clamped and rounded as SR is when written. measured: `(H, W)`, where HR
        was; None where that is everywhere.
        """
        raise TypeError(f"{type(self).__name__} needs samples but does not define update_samples")

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
        """Whether it compares images with their HR: it defines `update`, `update_item` or `update_samples`."""
        own = (cls.update, cls.update_item, cls.update_samples)
        return own != (SetMetric.update, SetMetric.update_item, SetMetric.update_samples)

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
