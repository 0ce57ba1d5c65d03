"""What an extractor is: something that maps images to feature vectors, for the metrics that compare those."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from srbench.contract.paper import Paper

if TYPE_CHECKING:
    import torch

    from srbench.contract.dataset import Item
    from srbench.contract.fit import Budget, FitContext


@dataclass(frozen=True)
class ExtractorUse:
    """An extractor as a metric asks for it.

    name: an extractor's name; or `ENTRY:MODEL` for an entry that is a family of models: `timm:resnet18` is the entry
    `timm` with its parameter `model` at `resnet18`. params: as a matrix file would give them; the others have their
    defaults.
    """

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


class Extractor(ABC):
    """Maps images to feature vectors.

    Parameters are those of `__init__`, typed. Importing the module that holds an extractor must not import torch, and
    making one must be cheap: weights are read when they are first needed, not in `__init__`.

    learns: trained by srbench, once for each tested dataset, on that dataset's own training split, or once for all
    on the dataset that the matrix names (`on`); then frozen and shared by every cell and metric. Has `fit`, `save`
    and `load`, and sets `budget`.
    wants: what `fit` needs of the items besides pictures; a dataset that lacks it skips the metrics that use this.
    weights: names of the files (see `srbench.weights`) that it reads. Where one is missing, the metrics that use this
    are skipped with the command that fetches it.
    files: further files that it reads, undeclared since they are the user's own: what they hold is part of its key. May
    be a property that raises an `SrbenchError` where one is missing: the metrics are skipped with that reason.
    budget: how long `fit` learns: the extractor's own parameter, whatever the matrix says of methods.
    papers: what is to be cited for it; no part of its code.
    key: set by the runner; changes whenever its features might (code, parameters, files, what it learned). Empty
    elsewhere. For caches of features.
    dim: the length of a feature vector; known at the latest after the first `extract`.
    """

    learns: ClassVar[bool] = False
    wants: ClassVar[Literal["labels", "masks"] | None] = None
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    papers: ClassVar[tuple[Paper, ...]] = ()
    weights: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    budget: Budget | None = None
    device: str = "cpu"
    key: str = ""
    dim: int

    @abstractmethod
    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """Features `(N, dim)`, float32, of `(N, C, H, W)` float32 in [0, 1], C 1 or 3, on `self.device`.

        The images may have any size; resizing is the extractor's affair, and part of what it is. Each image's features
        do not depend on the others in its batch, nor on any random number.
        """

    def fit(self, train: Sequence[Item], test: Sequence[Item], context: FitContext) -> dict[str, float]:
        """Learn from the training split, under `context.budget` (its own) and `context.seed`.

        Returns facts for the page, such as `{"accuracy": 0.93}` on the test split; that split is for nothing else.
        The same seed gives the same extractor. A training may keep checkpoints in `context.folder`.
        """
        raise TypeError(f"{type(self).__name__} does not learn")

    def save(self, folder: Path) -> None:
        """Write what `fit` learned into `folder` (safetensors and JSON).

        Pages show what lies beside it: the curves of `srbench.training.write_training`, and `srbench.Evidence`.
        """

    def load(self, folder: Path) -> None:
        """Read what `save` wrote, so that `extract` gives the same features."""

    def to(self, device: str) -> None:
        """Move to a torch device; images arrive there."""
        self.device = device
