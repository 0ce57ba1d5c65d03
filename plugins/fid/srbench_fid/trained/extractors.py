"""Extractors that srbench trains on the dataset at hand, then freezes."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

import srbench
from srbench import Budget
from srbench.errors import SrbenchError
from srbench.pictures import resize_to, to_tensor
from srbench.training import write_tensors

from .pictures import LabelError, classes_of, fitted, held_out, labels_of, numbers, units
from .rows import Array, Rows

if TYPE_CHECKING:
    import torch

    from srbench import FitContext, Item

    from .examples import Arrays
    from .training import Loss

WEIGHTS = "weights.safetensors"
FACTS = "extractor.json"
Epochs = Annotated[int, Meta(ge=1)]
HALF = np.float16
"""Pictures wait for their epoch in half precision: off by at most 1/4096, a sixteenth of a step of 8 bits."""


class ExtractorError(SrbenchError):
    """A trained extractor that cannot be loaded, or is used before it has learned."""


class _Trained(srbench.Extractor):
    """side: of its input, in pixels. network: what it learned, in evaluation mode; None before."""

    learns: ClassVar[bool] = True
    side: ClassVar[int]

    def __init__(self, epochs: Epochs) -> None:
        self.budget = Budget("epochs", epochs)
        self.network: Any = None
        self.classes: tuple[str, ...] = ()

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

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """Features `(N, dim)` of images of any size; both sides are resized to `side`."""
        import torch

        if self.network is None:
            raise ExtractorError(f"{type(self).__name__} has learned nothing yet: call fit or load first")
        with torch.inference_mode():
            features: torch.Tensor = self.network.features(fitted(images, self.side).contiguous())
        return features

    def fit(self, train: Sequence[Item], test: Sequence[Item], context: FitContext) -> dict[str, float]:
        """Learn from the training split; the facts are about the test split."""
        from srbench.training import seeded

        from .examples import Examples
        from .training import learn, outputs

        if context.budget.unit != "epochs":
            raise ExtractorError(f"{type(self).__name__} learns for a number of epochs, not {context.budget}")
        self._prepare(train)
        targets, strata = self._targets(train)
        ids = [item.id for item in train]
        held = held_out(strata, units(strata, [item.group for item in train], ids), context.seed)
        examples = Examples(self._inputs(train), targets, ids, held, context.seed)
        with seeded(context.seed):
            network = self._build()
            self._start(network)
            epochs = learn(network, examples, self._loss(), self.side, context)
        self.network = network.requires_grad_(False)
        self.device = context.device
        tested = self._targets(test)[0]
        made = outputs(network, self._inputs(test), context.device)
        return {**self._facts(made, tested.take(np.arange(len(tested)))), "epochs": float(epochs)}

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
        """Write `weights.safetensors` and `extractor.json`."""
        if self.network is None:
            raise ExtractorError(f"{type(self).__name__} has learned nothing yet: there is nothing to save")
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: value.detach().cpu().contiguous() for name, value in self.network.state_dict().items()}
        write_tensors(folder / WEIGHTS, state)
        facts = {"network": type(self).__name__, "side": self.side, "classes": list(self.classes)}
        (folder / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Read what `save` wrote. Raises `ExtractorError` or `srbench.weights.WeightsDamaged` for anything else."""
        from srbench.weights import load_state

        facts = self._read_facts(folder / FACTS)
        self.classes = tuple(facts["classes"])
        network = self._build()
        load_state(network, _read_tensors(folder / WEIGHTS), str(folder / WEIGHTS))
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


def _read_tensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ExtractorError(f"{path} cannot be read as weights: {error}") from error


class _Classifying(_Trained):
    """Learns to tell the classes of a labelled dataset apart."""

    wants = "labels"
    dim = 64

    def _prepare(self, train: Sequence[Item]) -> None:
        self.classes = classes_of(labels_of(train))

    def _targets(self, items: Sequence[Item]) -> tuple[Arrays, list[str]]:
        labels = labels_of(items)
        return numbers(labels, self.classes), labels

    def _loss(self) -> Loss:
        from torch.nn.functional import cross_entropy

        return cross_entropy

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Logits `(N, classes)` from features `(N, dim)`: what the Inception Score looks at."""
        if self.network is None:
            raise ExtractorError(f"{type(self).__name__} has learned nothing yet: call fit or load first")
        logits: torch.Tensor = self.network.output(features)
        return logits

    def _facts(self, outputs: torch.Tensor, targets: Array) -> dict[str, float]:
        """accuracy: the share of images put into their class; a class that was not learned is never right."""
        return {"accuracy": float((outputs.argmax(1).numpy() == targets).mean())}


class SkinLesNet(_Classifying):
    """The 64 hidden units of SkinLesNet (Azeem et al. 2023), trained on the labels of the training split.

    Input: 224 x 224 pixels in [0, 1], resized by bicubic interpolation with antialiasing; grey is repeated.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Azeem", "others"),
            "SkinLesNet: Classification of skin lesions and detection of melanoma cancer using a novel multi-layer "
            "deep convolutional neural network",
            2023,
            journal="Cancers",
            doi="10.3390/cancers16010108",
        ),
    )

    side = 224

    def __init__(self, epochs: Epochs = 10) -> None:
        """How it learns.

        epochs: passes over the training split at most; it stops when the held-out fifth gets no better.
        """
        super().__init__(epochs)

    def _build(self) -> torch.nn.Module:
        from . import networks

        return networks.SkinLesNet(len(self.classes))


class ResNet50(_Classifying):
    """The last 64 hidden units of a ResNet50 with the head 1024-512-256-128-64-classes, trained on the labels.

    Input: 224 x 224 pixels, resized by bicubic interpolation with antialiasing, normalised by ImageNet's mean and
    deviation; grey is repeated.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("He", "Zhang", "Ren", "Sun"),
            "Deep residual learning for image recognition",
            2016,
            conference="CVPR",
            arxiv="1512.03385",
        ),
    )
    side = 224

    def __init__(self, epochs: Epochs = 10, weights: Path | None = None) -> None:
        """How it learns.

        epochs: passes over the training split at most; it stops when the held-out fifth gets no better. weights: a
        safetensors file of timm's `resnet50` to start from, with or without its classifier; by default it starts from
        random weights.
        """
        super().__init__(epochs)
        self._weights = weights

    def _build(self) -> torch.nn.Module:
        from . import networks

        return networks.ResNetClassifier(len(self.classes))

    def _start(self, network: Any) -> None:
        from srbench.weights import load_state

        if self._weights is not None:
            tensors = _read_tensors(self._weights)
            backbone = {name: value for name, value in tensors.items() if not name.startswith("fc.")}
            load_state(network.backbone.network, backbone, str(self._weights))


class UNetEncoder(_Trained):
    """The bottleneck of a small segmentation U-Net (Ronneberger et al. 2015), averaged over its pixels: 256 features.

    Trained on the masks of the training split (Dice and binary cross-entropy); what is not 0 in a mask is foreground.
    Input: 128 x 128 pixels in [0, 1], resized by bicubic interpolation with antialiasing; grey is repeated.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Ronneberger", "Fischer", "Brox"),
            "U-Net: Convolutional networks for biomedical image segmentation",
            2015,
            conference="MICCAI",
            arxiv="1505.04597",
        ),
    )
    side = 128
    dim = 256
    wants = "masks"

    def __init__(self, epochs: Epochs = 20) -> None:
        """How it learns.

        epochs: passes over the training split at most; it stops when the held-out fifth gets no better.
        """
        super().__init__(epochs)

    def _build(self) -> torch.nn.Module:
        from . import networks

        return networks.SegmentationUNet()

    def _targets(self, items: Sequence[Item]) -> tuple[Arrays, list[str]]:
        import torch

        rows = Rows((1, self.side, self.side), np.uint8)
        for item in items:
            mask = item.read_mask()
            if mask is None:
                raise LabelError(f"image {item.id!r} has no mask; every image of the split needs one")
            foreground = torch.from_numpy((mask != 0).astype(np.float32)).permute(2, 0, 1)
            rows.append(resize_to(foreground, self.side, self.side, "nearest").numpy())
        return rows, [""] * len(items)

    def _loss(self) -> Loss:
        return _dice_and_cross_entropy

    def _facts(self, outputs: torch.Tensor, targets: Array) -> dict[str, float]:
        """dice: 2 |A and B| / (|A| + |B|) of found and true foreground, the mean of images; 1 where both are empty."""
        found, true = (outputs > 0).flatten(1).numpy(), targets.reshape(len(targets), -1) > 0
        both, sizes = (found & true).sum(1), found.sum(1) + true.sum(1)
        return {"dice": float(np.where(sizes > 0, 2 * both / np.maximum(sizes, 1), 1.0).mean())}


def _dice_and_cross_entropy(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Soft Dice loss (Milletari et al. 2016) an image, plus binary cross-entropy."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    masks = masks.to(logits)
    found, true = logits.sigmoid().flatten(1), masks.flatten(1)
    dice = (2 * (found * true).sum(1) + 1) / (found.sum(1) + true.sum(1) + 1)
    loss: torch.Tensor = binary_cross_entropy_with_logits(logits, masks) + 1 - dice.mean()
    return loss
