"""Extractors that srbench trains on the dataset at hand, then freezes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import Meta

import srbench
from srbench.errors import ParameterError
from srbench.pictures import resize_to
from srbench.types import Count, Positive

from .extractor import ExtractorError, TrainedExtractor, read_tensors
from .pictures import LabelError, classes_of, labels_of, numbers
from .rows import Array, Rows

if TYPE_CHECKING:
    import torch

    from srbench import Item

    from .examples import Arrays
    from .training import Loss

Side = Annotated[int, Meta(ge=16, multiple_of=16)]
_MASKS_SHOWN = 6
_ISIC: Mapping[str, Any] = {"optimiser": "adam", "schedule": "plateau", "early_stopping": 15}
"""What a study of generated skin lesions says of the trainings of its extractors, and a patience that it does not."""


class _Classifying(TrainedExtractor):
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
        return self._logits(features)

    def _logits(self, features: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network.output(features)
        return logits

    def _facts(self, outputs: torch.Tensor, targets: Array) -> dict[str, float]:
        """accuracy: the share of images put into their class; a class that was not learned is never right."""
        return {"accuracy": float((outputs.argmax(1).numpy() == targets).mean())}

    def _shown(self, outputs: torch.Tensor, test: Sequence[Item], inputs: Rows, targets: Arrays) -> srbench.Evidence:
        """The confusion matrix; a class of the test split that was not learned has a row."""
        true = labels_of(test)
        names = (*self.classes, *sorted(set(true) - set(self.classes)))
        counts = np.zeros((len(names), len(names)), int)
        np.add.at(counts, (numbers(true, names), outputs.argmax(1).numpy()), 1)
        return srbench.Evidence(confusion=srbench.ConfusionMatrix(names, tuple(map(tuple, counts.tolist()))))


class SkinLesNet(_Classifying):
    """SkinLesNet (Azeem et al. 2023), trained on the labels of the training split.

    Its features are the 64 hidden units, or the maps of the last convolution: 18,432 numbers, more than most datasets
    have images. Input: 224 x 224 pixels in [0, 1], resized by bicubic interpolation with antialiasing; grey is
    repeated.
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
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"isic": {**_ISIC, "features": "maps"}}

    def __init__(
        self,
        epochs: Count | None = None,
        steps: Count | None = None,
        seconds: Positive | None = None,
        features: Literal["units", "maps"] = "units",
    ) -> None:
        """How it learns.

        epochs, steps, seconds: how long at most, 10 epochs where none is given; it stops when the held-out fifth gets
        no better. features: the `units` before the output, or the `maps` of the last convolution.
        """
        super().__init__(epochs, steps, seconds)
        self._of_maps = features == "maps"
        self.dim = 18_432 if self._of_maps else 64

    def _build(self) -> torch.nn.Module:
        from . import networks

        return networks.SkinLesNet(len(self.classes))

    def _features(self, images: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.network.maps(images)
        return maps if self._of_maps else super()._features(images)

    def _logits(self, features: torch.Tensor) -> torch.Tensor:
        return super()._logits(self.network.units(features) if self._of_maps else features)


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
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"isic": {**_ISIC, "weights": "imagenet", "freeze": True}}

    def __init__(
        self,
        epochs: Count | None = None,
        steps: Count | None = None,
        seconds: Positive | None = None,
        weights: Literal["imagenet"] | None = None,
        weights_file: Path | None = None,
        freeze: bool = False,
    ) -> None:
        """How it learns.

        epochs, steps, seconds: how long at most, 10 epochs where none is given; it stops when the held-out fifth gets
        no better. weights: what it starts from: `imagenet` for torchvision's (`srbench fetch resnet50`), by default
        random weights. weights_file: a safetensors file of timm's `resnet50` in place of these, with or without its
        classifier. freeze: these weights are kept, and the head alone learns.
        """
        super().__init__(epochs, steps, seconds)
        if weights is not None and weights_file is not None:
            raise ParameterError("weights_file", "weights_file: `weights` names others; give one of both")
        if freeze and weights is None and weights_file is None:
            raise ParameterError("freeze", "freeze: random weights are not worth keeping; give `weights: imagenet`")
        self.weights = ("resnet50",) if weights == "imagenet" else ()
        self._file, self._freeze = weights_file, freeze

    def _build(self) -> torch.nn.Module:
        from . import networks

        return networks.ResNetClassifier(len(self.classes), frozen=self._freeze)

    def _start(self, network: Any) -> None:
        from srbench.weights import load_state, load_weights

        if self.weights:
            tensors, name = load_weights(*self.weights), self.weights[0]
        elif self._file is not None:
            tensors, name = read_tensors(self._file), str(self._file)
        else:
            return
        # Files of older versions of torch have no count of batches, which nothing here depends on.
        counts = {key: one for key, one in network.backbone.network.state_dict().items() if key.endswith("_tracked")}
        backbone = {key: value for key, value in tensors.items() if not key.startswith("fc.")}
        load_state(network.backbone.network, {**counts, **backbone}, name)


class UNetEncoder(TrainedExtractor):
    """The bottleneck of a segmentation U-Net (Ronneberger et al. 2015), averaged over its pixels.

    16 times as many features as it has maps at its first level. Trained on the masks of the training split; what is
    not 0 in a mask is foreground. Input: a square in [0, 1], resized by bicubic interpolation with antialiasing; grey
    is repeated.
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
    wants = "masks"
    usual_epochs = 20
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"isic": {**_ISIC, "side": 64, "width": 64, "loss": "mse"}}

    def __init__(
        self,
        epochs: Count | None = None,
        steps: Count | None = None,
        seconds: Positive | None = None,
        side: Side = 128,
        width: Count = 16,
        loss: Literal["dice-bce", "mse"] = "dice-bce",
    ) -> None:
        """Make a U-Net of this size, which is to learn like this.

        epochs, steps, seconds: how long at most, 20 epochs where none is given; it stops when the held-out fifth gets
        no better. side: of its input, in pixels. width: maps of the first level; each of the four below has twice as
        many. loss: soft Dice and binary cross-entropy together, or the mean squared error.
        """
        super().__init__(epochs, steps, seconds)
        self.side, self._width, self._mse = side, width, loss == "mse"
        self.dim = 16 * width

    def _build(self) -> torch.nn.Module:
        from . import networks

        return networks.SegmentationUNet(self._width)

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

    def foreground(self, images: torch.Tensor) -> torch.Tensor:
        """How probably each pixel of `(N, C, H, W)` is foreground: `(N, 1, H, W)` in [0, 1]."""
        if self.network is None:
            raise ExtractorError(f"{type(self).__name__} has learned nothing yet: call fit or load first")
        found: torch.Tensor = self.network.foreground(images, self.side)
        return found

    def _loss(self) -> Loss:
        return _squared_error if self._mse else _dice_and_cross_entropy

    def _facts(self, outputs: torch.Tensor, targets: Array) -> dict[str, float]:
        """dice: 2 |A and B| / (|A| + |B|) of found and true foreground, the mean of images; 1 where both are empty."""
        return {"dice": float(_dice(outputs, targets).mean())}

    def _shown(self, outputs: torch.Tensor, test: Sequence[Item], inputs: Rows, targets: Arrays) -> srbench.Evidence:
        """A few pictures with both masks, from the worst to the best."""
        everything = np.arange(len(test))
        true, order = targets.take(everything)[:, 0] > 0, np.argsort(scores := _dice(outputs, targets.take(everything)))
        places = order[np.linspace(0, len(order) - 1, min(_MASKS_SHOWN, len(order))).round().astype(int)]
        pictures = (255 * inputs.take(places).transpose(0, 2, 3, 1)).round().astype(np.uint8)
        found = (outputs[:, 0] > 0).numpy()
        return srbench.Evidence(
            masks=tuple(
                srbench.MaskShown(test[place].id, float(scores[place]), picture, true[place], found[place])
                for place, picture in zip(places.tolist(), pictures, strict=True)
            )
        )


def _dice(logits: torch.Tensor, masks: Array) -> Array:
    """The Dice coefficient of each image, `(N,)`, in [0, 1]; 1 where both masks are empty."""
    found, true = (logits > 0).flatten(1).numpy(), masks.reshape(len(masks), -1) > 0
    both, sizes = (found & true).sum(1), found.sum(1) + true.sum(1)
    return np.where(sizes > 0, 2 * both / np.maximum(sizes, 1), 1.0)


def _squared_error(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """The mean squared error of the foreground's probability."""
    from torch.nn.functional import mse_loss

    return mse_loss(logits.sigmoid(), masks.to(logits))


def _dice_and_cross_entropy(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Soft Dice loss (Milletari et al. 2016) an image, plus binary cross-entropy."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    masks = masks.to(logits)
    found, true = logits.sigmoid().flatten(1), masks.flatten(1)
    dice = (2 * (found * true).sum(1) + 1) / (found.sum(1) + true.sum(1) + 1)
    loss: torch.Tensor = binary_cross_entropy_with_logits(logits, masks) + 1 - dice.mean()
    return loss
