"""What extractors have in common that srbench trains on the dataset at hand, then freezes."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

import srbench
from srbench.errors import SrbenchError
from srbench.pictures import to_tensor
from srbench.training import write_tensors, write_training

from .learning import USUAL, Learning, budget_of
from .pictures import fitted, held_out, units
from .rows import Array, Rows

if TYPE_CHECKING:
    import torch

    from srbench import Evidence, FitContext, Item

    from .examples import Arrays
    from .training import Learned, Loss

WEIGHTS = "weights.safetensors"
FACTS = "extractor.json"
HALF = np.float16
"""Pictures wait for their epoch in half precision: off by at most 1/4096, a sixteenth of a step of 8 bits."""


class ExtractorError(SrbenchError):
    """A trained extractor that cannot be loaded, or is used before it has learned."""


class TrainedExtractor(srbench.Extractor):
    """An extractor that learns in `srbench.training`.

    side: of its input, in pixels. usual_epochs: how long it learns unless told. learning: how it learns, parameters of
    every such extractor. network: what it learned, in evaluation mode; None before.
    """

    learns: ClassVar[bool] = True
    usual_epochs: ClassVar[int] = 10
    shared: ClassVar[Mapping[str, type]] = {"learning": Learning}
    learning: Learning = USUAL
    side: int

    def __init__(self, epochs: int | None, steps: int | None, seconds: float | None) -> None:
        self.budget = budget_of(epochs, steps, seconds, self.usual_epochs)
        self.network: Any = None
        self.classes: tuple[str, ...] = ()
        self._learned: Learned | None = None
        self._evidence: Evidence | None = None

    @abstractmethod
    def _build(self) -> torch.nn.Module:
        """The network with initial weights."""

    @abstractmethod
    def _targets(self, items: Sequence[Item]) -> tuple[Arrays, list[str]]:
        """What is to be learned of each item, and the strata of which a part is held out."""

    @abstractmethod
    def _loss(self) -> Loss:
        """What is made small."""

    @abstractmethod
    def _facts(self, outputs: torch.Tensor, targets: Array) -> dict[str, float]:
        """How good the outputs for a split are."""

    @abstractmethod
    def _shown(self, outputs: torch.Tensor, test: Sequence[Item], inputs: Rows, targets: Arrays) -> Evidence:
        """What pages show of the outputs for the test split."""

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """Features `(N, dim)` of images of any size; both sides are resized to `side`."""
        import torch

        if self.network is None:
            raise ExtractorError(f"{type(self).__name__} has learned nothing yet: call fit or load first")
        with torch.inference_mode():
            return self._features(fitted(images, self.side).contiguous())

    def _features(self, images: torch.Tensor) -> torch.Tensor:
        """The features `(N, dim)` of images that fit the network."""
        features: torch.Tensor = self.network.features(images)
        return features

    def fit(self, train: Sequence[Item], test: Sequence[Item], context: FitContext) -> dict[str, float]:
        """Learn from the training split; the facts are about the test split."""
        from srbench.training import seeded

        from .examples import Examples
        from .training import learn, outputs

        self._prepare(train)
        targets, strata = self._targets(train)
        ids = [item.id for item in train]
        held = held_out(strata, units(strata, [item.group for item in train], ids), context.seed)
        examples = Examples(self._inputs(train), targets, ids, held, context.seed)
        with seeded(context.seed):
            network = self._build()
            self._start(network)
            self._learned = learn(network, examples, self._loss(), self.side, context, self.learning)
        self.network = network.requires_grad_(False)
        self.device = context.device
        tested, inputs = self._targets(test)[0], self._inputs(test)
        made = outputs(network, inputs, context.device)
        self._evidence = self._shown(made, test, inputs, tested)
        facts = self._facts(made, tested.take(np.arange(len(tested))))
        return {**facts, "epochs": float(self._learned.epochs)}

    def _prepare(self, train: Sequence[Item]) -> None:
        """Look at the training split before the network is built."""

    def _start(self, network: torch.nn.Module) -> None:
        """Give the new network other weights than random ones to start from."""

    def _inputs(self, items: Sequence[Item]) -> Rows:
        rows = Rows((3, self.side, self.side), HALF)
        for item in items:
            rows.append(fitted(to_tensor(*item.read_hr()), self.side).numpy())
        return rows

    def to(self, device: str) -> None:
        """Move to a torch device."""
        super().to(device)
        if self.network is not None:
            self.network.to(device)

    def save(self, folder: Path) -> None:
        """Write `weights.safetensors` and `extractor.json`; after `fit` also what pages show of it."""
        if self.network is None:
            raise ExtractorError(f"{type(self).__name__} has learned nothing yet: there is nothing to save")
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: value.detach().cpu().contiguous() for name, value in self.network.state_dict().items()}
        write_tensors(folder / WEIGHTS, state)
        facts = {"network": type(self).__name__, "side": self.side, "classes": list(self.classes)}
        (folder / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        if self._learned is not None:
            write_training(folder, self._learned.facts, self._learned.history)
        if self._evidence is not None:
            self._evidence.write(folder)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote. Raises `ExtractorError` or `srbench.weights.WeightsDamaged` for anything else."""
        from srbench.weights import load_state

        facts = self._read_facts(folder / FACTS)
        self.classes = tuple(facts["classes"])
        network = self._build()
        load_state(network, read_tensors(folder / WEIGHTS), str(folder / WEIGHTS))
        self.network = network.eval().requires_grad_(False).to(self.device)

    def _read_facts(self, path: Path) -> dict[str, Any]:
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            sound = facts["network"] == type(self).__name__ and facts["side"] == self.side
            sound = sound and isinstance(facts["classes"], list)
            sound = sound and all(isinstance(name, str) for name in facts["classes"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ExtractorError(f"{path} does not describe a trained extractor: {error}") from error
        if not sound:
            raise ExtractorError(f"{path} does not describe a {type(self).__name__} for {self.side} pixels")
        return dict(facts)


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file. Raises `ExtractorError`."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ExtractorError(f"{path} cannot be read as weights: {error}") from error
