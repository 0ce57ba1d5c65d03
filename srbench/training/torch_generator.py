"""The base of generators that learn with torch: say what the networks are and how they draw, the rest is here."""

from __future__ import annotations

import hashlib
import math
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from srbench.contract.generator import Generator, SampleContext
from srbench.contract.training_set import TrainingSet
from srbench.training.data.pairs import TrainingDataError
from srbench.training.inference import Inference
from srbench.training.loop.sample_strip import Strip
from srbench.training.torch_method import ModelError, TorchMethod

if TYPE_CHECKING:
    import torch

    from srbench.contract.dataset import Item
    from srbench.contract.fit import FitContext
    from srbench.training.data.heldout import HeldOut

SHEET = 96
"""The side in pixels of a sheet of samples; of images so large that fewer than 2 x 2 would fit, a larger one."""


class TorchGenerator(Generator, TorchMethod):
    """A generator whose networks learn in stages.

    A subclass writes `build` (its networks), `stages` (how they learn; their `patch` is `self.size`), and `draw` (how
    images come of noise). `size` and `labels` are known to all three, and saved with the model.

    size: the side of the images in pixels. labels: the names of the classes, sorted; empty where it is not `labelled`.
    """

    shared: ClassVar[Mapping[str, type]] = {**TorchMethod.shared, "inference": Inference}
    held_out_by_class = True
    inference = Inference()
    size: int
    labels: tuple[str, ...]

    @abstractmethod
    def draw(self, noise: Sequence[torch.Generator], labels: torch.Tensor) -> torch.Tensor:
        """Images `(N, C, size, size)`, white at 1, on `self.device`.

        noise: one for each image, on the CPU, from which all that is random about it comes. labels: `(N,)`, int64, on
        `self.device`: the class of each as its place in `self.labels`; -1 where there are no classes.
        """

    def preview(self, noise: Sequence[torch.Generator], labels: torch.Tensor) -> torch.Tensor:
        """Samples for the pictures that show how it learns: `draw`, unless there is a faster way."""
        return self.draw(noise, labels)

    def sample(self, count: int, context: SampleContext) -> torch.Tensor:
        """Images `(count, C, size, size)`, the noise of each from a generator that begins by its seed and place.

        Raises `ModelError` when they are asked for in another size, other channels or other classes than were learned.
        """
        import torch

        self._need_networks()
        if (context.size, context.channels) != (self.size, self.channels):
            raise ModelError(
                f"this model makes images of {self.size} pixels with {self.channels} channels, not of {context.size} "
                f"with {context.channels}; train one on those"
            )
        labels = self._places(count, context.labels)
        noise = [noise_of(context.seed, context.first + place) for place in range(count)]
        with torch.inference_mode(), self.inference.computing(self.upscalers(), self.device):
            return self.inference.through(lambda classes: self.draw(noise, classes), labels)

    def _places(self, count: int, labels: Sequence[str] | None) -> torch.Tensor:
        import torch

        if not self.labelled:
            return torch.full((count,), -1, device=self.device)
        if labels is None or len(labels) != count:
            raise ModelError(f"a class is needed for each of {count} images; there are {len(labels or ())}")
        if unknown := sorted(set(labels) - set(self.labels)):
            raise ModelError(f"this model learned the classes {', '.join(self.labels)}, not {', '.join(unknown)}")
        return torch.tensor([self.labels.index(label) for label in labels], device=self.device)

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Train the stages, as `TorchMethod` does.

        Raises `TrainingDataError` when the training images are no squares of one size, or where the generator is
        `labelled` and they are not.
        """
        if train.protocol.size is None:
            raise TrainingDataError(
                f"{type(self).__name__} learns from squares of one size, and {train.protocol.name} has none; a matrix "
                "with `task: generation` has them"
            )
        bare = [item.id for item in train.items if item.label is None] if self.labelled else []
        if bare:
            raise TrainingDataError(
                f"{type(self).__name__} learns classes, and {len(bare)} of {len(train)} training images have none: "
                f"{', '.join(bare[:10])}{', ...' if len(bare) > 10 else ''}"
            )
        self.size, self.labels = train.protocol.size, train.labels if self.labelled else ()
        super().fit(train, context)

    def strip(self, train: TrainingSet, context: FitContext, held: HeldOut | None) -> Strip:
        """The pictures that show how it learns: a sheet of samples, of one seed, beside one of training images."""
        import torch

        classes = self.classes_on_sheet()

        def made() -> torch.Tensor:
            return sheet(self.preview(sheet_noise(len(classes)), torch.tensor(classes, device=self.device)))

        chosen = [
            item
            for place, count in Counter(classes).items()
            for item in _spread([one for one in train.items if place < 0 or one.label == self.labels[place]], count)
        ]
        real = [hr.expand(self.channels, -1, -1) for _, hr in TrainingSet(chosen, train.protocol).pairs()]
        return Strip(context.model_folder, made, sheet(torch.stack(real)).numpy())

    def classes_on_sheet(self) -> list[int]:
        """The class of each image on a sheet, as its place in `labels`, in order; -1 where there are none."""
        count = max(2, SHEET // self.size) ** 2
        return [place * len(self.labels) // count if self.labels else -1 for place in range(count)]

    def _identity(self) -> dict[str, Any]:
        return super()._identity() | {"size": self.size, "labels": list(self.labels)}

    def _restore_identity(self, facts: Mapping[str, Any]) -> None:
        self.size, self.labels = int(facts["size"]), tuple(str(label) for label in facts["labels"])


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """Choose `count` items, evenly from the first to the last."""
    return [items[place * len(items) // count] for place in range(count)]


def noise_of(seed: int, place: int) -> torch.Generator:
    """The generator of the sample at a place; neighbouring seeds and places have nothing in common."""
    import torch

    digest = hashlib.sha256(f"{seed}/{place}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def sheet_noise(count: int) -> list[torch.Generator]:
    """The noise of the samples on a sheet: the first ones of seed 0."""
    return [noise_of(0, place) for place in range(count)]


def sheet(images: torch.Tensor) -> torch.Tensor:
    """Images `(N, C, h, w)`, N a square number, beside and below each other: `(1, C, H, W)`."""
    n, channels, height, width = images.shape
    side = math.isqrt(n)
    rows = images.reshape(side, side, channels, height, width).permute(2, 0, 3, 1, 4)
    return rows.reshape(1, channels, side * height, side * width)
