"""What a method is: something that turns LR into SR, and may learn how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from srbench.contract.degradation import Degradation
from srbench.contract.degradations import Bicubic
from srbench.contract.metric import Skip
from srbench.contract.names import SUPER_RESOLUTION
from srbench.contract.paper import Paper
from srbench.pictures import Scale

if TYPE_CHECKING:
    import torch

    from srbench.contract.fit import FitContext, Precision
    from srbench.contract.training_set import TrainingSet


@dataclass(frozen=True)
class Problem:
    """What a method will meet; asked before anything is trained.

    scale: HR side / LR side. channels: the channel counts that occur (1, 3 or both). depths: the pixel types that
    occur (`uint8`, `uint16`, `float32`). smallest, largest: LR (height, width) extremes, side by side. degradation: how
    LR is made of HR; of a picture whose HR nobody has, `bicubic`.
    """

    scale: Scale
    channels: tuple[int, ...]
    depths: tuple[str, ...]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    degradation: Degradation = field(default_factory=Bicubic)


class Method(ABC):
    """Turns LR into SR.

    Parameters are those of `__init__`, typed; presets are named sets of them. Importing the module that holds a
    method should not import torch: import it inside the functions that compute.

    variants: by the name of a parameter, the classes that its values stand for: the parameters of the class chosen are
    the method's, too, and come to `__init__` as further keywords (`**parameters`), its presets are the method's, and
    what it says of itself is shown beside what the method says.
    shared: by the name of an attribute, frozen dataclasses whose fields, all with defaults, are parameters of every
    class that derives from this one. They do not come to `__init__`: an instance that srbench makes has an object of
    each as that attribute. A parameter of `__init__` hides a shared one of its name. Which of them `fit` pays no heed
    to, such a class says in a `sampling` of its own; in `check(method)` it may refuse them, by `SrbenchError`, for a
    method that they are not for.
    learns: has `fit`, `save` and `load`; trained on a training split under a budget, once a seed.
    samples: its SR depends on the seed even after training; `sample_sr` draws what SR might be as well.
    spreads: `fit` may be called in several processes at once, each with a device, which share the training: it learns
    in srbench's training loop (`TorchMethod.fit`, `srbench.training.train`). Such a method may have an attribute
    `batch_size`, the images of its smallest batch: by it a plan tells that a batch cannot be divided.
    goes_on: `fit` leaves `checkpoint.pt` in `context.folder`, and goes on from that of an earlier training, where there
    is one (`context.earlier`), to a larger budget, as `TorchMethod.fit` does. An instance may take it back.
    starts: `fit` begins with given weights (`context.start`), as far as they fit, and says so in `notes`; it raises an
    `SrbenchError` where too little of them fits, as `TorchMethod.fit` does. What it saves is `weights.safetensors`,
    which others start from.
    history: rows of the training just done, each with at least `step` and `seconds`; empty when none are kept.
    facts: numbers of the training just done, by name, for its record (the best validation, say).
    halo: how many LR pixels around an output pixel can influence it, for exact tiling; None: any of them.
    weights: names of the published files (see `srbench.weights`) that it reads. Where one is missing, its cells are
    skipped with the command that fetches it.
    computes_in: the number format in which it computes when it is used. Where that is not `32`, a plan compares it with
    the device that its cells would have.
    warms_up: whether its first SR of each shape takes much longer than those that follow, because something is compiled
    for it: that is kept out of the times that are told.
    sampling: names of the parameters that `fit` pays no heed to (how it samples, say): methods that differ in them
    alone share their models.
    files: further files that it reads, beside those that are its parameters: what they hold is part of its key.
    papers: what is to be cited for it, and for each of the `variants` in their own `papers`; told on pages, and as
    BibTeX. They are no part of its code: changing them leaves results as they are.
    ceiling: what its ceiling is, in a few words that follow its name ("reconstruction by its autoencoder"): what
    `reconstruct` gives, which is scored as its SR is and shown beside it, never ranked. Empty: it has none.
    """

    learns: ClassVar[bool] = False
    samples: ClassVar[bool] = False
    spreads: ClassVar[bool] = False
    goes_on: bool = False
    starts: ClassVar[bool] = False
    ceiling: ClassVar[str] = ""
    papers: ClassVar[tuple[Paper, ...]] = ()
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    variants: ClassVar[Mapping[str, Mapping[str, type]]] = {}
    shared: ClassVar[Mapping[str, type]] = {}
    history: Sequence[Mapping[str, float | int | str]] = ()
    facts: Mapping[str, float] = {}
    halo: int | None = None
    weights: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    sampling: ClassVar[frozenset[str]] = frozenset()
    computes_in: Precision = "32"
    warms_up: bool = False
    device: str = "cpu"

    @classmethod
    def tasks(cls) -> frozenset[str]:
        """The names of the tasks that it can do."""
        return frozenset({SUPER_RESOLUTION})

    @cached_property
    def notes(self) -> list[str]:
        """What readers of its results should know, a sentence each: a fall-back, a licence. Append to it."""
        return []

    def supports(self, problem: Problem) -> Skip | None:
        """Why the method cannot do this; None when it can: by default, every scale that is a whole number."""
        if isinstance(problem.scale, int):
            return None
        return Skip(f"upscales by whole numbers, not by {problem.scale}")

    def fit(self, train: TrainingSet, context: FitContext) -> None:
        """Learn from the training split, under `context.budget`."""
        raise TypeError(f"{type(self).__name__} does not learn")

    @abstractmethod
    def upscale(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """SR `(N, C, H * scale, W * scale)` from LR `(N, C, H, W)`; float32, white at 1, on `self.device`.

        C is 1 or 3. At a scale that is a fraction n/d, H and W are multiples of d. Each image's result does not depend
        on the others in its batch. Values outside [0, 1] are clamped when written.
        """

    def sample_sr(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """Draw what SR of LR might be, shaped as `upscale` does: another whenever torch is seeded otherwise.

        How much samples differ is what the method says it does not know. By default its SR, which is right where that
        is one sample; a method whose SR is the mean or the best of several defines it.
        """
        return self.upscale(lr, scale)

    def reconstruct(self, hr: torch.Tensor) -> torch.Tensor:
        """Make its ceiling of HR `(N, C, H, W)`: what it would give if the part that it cannot know were known.

        Float32 of HR's shape, white at 1, on `self.device`; C is 1 or 3. Called only after every SR is on the disk, and
        on a method that was loaded for this alone, so that a method that upscales has never seen HR.
        """
        raise TypeError(f"{type(self).__name__} has no ceiling")

    def to(self, device: str) -> None:
        """Move to a torch device; LR arrives there."""

    def save(self, folder: Path) -> None:
        """Write what `fit` learned into `folder` (safetensors and JSON)."""

    def load(self, folder: Path) -> None:
        """Read what `save` wrote, so that `upscale` gives the same SR."""

    def parameters_count(self) -> int:
        """How many learned numbers it holds."""
        return 0
