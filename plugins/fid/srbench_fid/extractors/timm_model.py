"""Any model of timm as an extractor: `timm:resnet50`, `timm:vit_small_patch14_dinov2`, CLIP's image towers."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from safetensors import SafetensorError

import srbench
from srbench.errors import SrbenchError, nearest

from .preparing import resized, three_channels

if TYPE_CHECKING:
    import torch


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class ModelError(SrbenchError):
    """A model that timm does not have."""


class TimmModel(srbench.Extractor):
    """The pooled features of a model of timm, with weights from `weights/timm/MODEL.safetensors` in the data root.

    Input is resized as a whole, antialiased, to the size and by the interpolation that the weights were trained with,
    and normalised by their mean and deviation. Grey is repeated in three channels. Of CLIP's image towers the features
    are the embeddings, at length 1.
    """

    def __init__(self, model: str) -> None:
        if not _NAME.fullmatch(model):
            raise ModelError(f"{model!r} is no name of a model: letters, digits, '.', '_' and '-'")
        self._model = model

    @property
    def files(self) -> tuple[Path, ...]:  # type: ignore[override]
        """The file with the weights. Raises `WeightsMissing` where it is not."""
        from srbench.weights import WeightsMissing, weights_folder

        path = weights_folder() / "timm" / f"{self._model}.safetensors"
        if not path.is_file():
            # The reason of a skipped metric, which is published: no path of this machine. Models whose name says
            # `quickgelu` share the page of those without.
            page = f"https://huggingface.co/timm/{self._model.replace('_quickgelu', '')}"
            raise WeightsMissing(
                f"the weights of timm's {self._model!r} are not on this machine; `curl --create-dirs -Lo "
                f"$SRBENCH_DATA/weights/timm/{self._model}.safetensors {page}/resolve/main/model.safetensors` gets "
                "them, with SRBENCH_DATA set to the data root, which `srbench doctor` shows"
            )
        return (path,)

    @property
    def dim(self) -> int:  # type: ignore[override]
        """The length of a feature vector."""
        return int(self._network.num_classes or self._network.head_hidden_size)

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """Pooled features, or embeddings."""
        import torch

        features: torch.Tensor = self._network(self._prepared(images))
        return torch.nn.functional.normalize(features, dim=1) if self._embeds else features

    def to(self, device: str) -> None:
        """Move to a torch device."""
        super().to(device)
        if "_network" in vars(self):
            self._network.to(device)

    def _prepared(self, images: torch.Tensor) -> torch.Tensor:
        facts = self._facts
        height, width = facts.input_size[1:]
        interpolation: Literal["bilinear", "bicubic"] = "bilinear" if facts.interpolation == "bilinear" else "bicubic"
        # Bicubic interpolation overshoots at edges; in training, images were rounded to 8 bits after it.
        images = resized(three_channels(images), (height, width), interpolation).clamp(0, 1)
        mean, deviation = (images.new_tensor(part).view(1, 3, 1, 1) for part in (facts.mean, facts.std))
        return (images - mean) / deviation

    @cached_property
    def _facts(self) -> Any:
        """What timm knows of the weights: size, interpolation, mean and deviation of the input, their tag."""
        timm = _import_timm()
        try:
            return timm.models.get_pretrained_cfg(self._model, allow_unregistered=False)
        except RuntimeError as error:
            raise ModelError(f"timm: {error}{nearest(self._model, timm.list_pretrained())}") from error

    @cached_property
    def _embeds(self) -> bool:
        """Whether these are CLIP's own weights: then the last layer is no classifier, but leads to the embedding."""
        return "clip" in self._facts.architecture and "ft" not in (self._facts.tag or "").split("_")

    @cached_property
    def _network(self) -> Any:
        from srbench.weights import WeightsDamaged

        (path,) = self.files
        facts = self._facts
        try:
            # With the classifier that belongs to the weights: without, timm would not mind missing tensors.
            network = _import_timm().create_model(
                self._model, pretrained=True, num_classes=facts.num_classes, pretrained_cfg_overlay={"file": str(path)}
            )
        except (RuntimeError, SafetensorError, OSError, KeyError) as error:
            raise WeightsDamaged(f"{path} holds no weights of timm's {self._model!r}: {error}") from error
        if not self._embeds:
            network.reset_classifier(0)
        return network.requires_grad_(False).eval().to(self.device)


def _import_timm() -> Any:
    from srbench.weights import import_torchvision

    import_torchvision()  # timm imports it
    import timm

    return timm
