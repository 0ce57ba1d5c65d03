"""CLIP-IQA: whether a network of pictures and words takes an image for a "Good photo." or a "Bad photo."."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench.weights import WeightsMissing, import_torchvision, load_state, weights_path

from .torchscript import tensors_of

if TYPE_CHECKING:
    import torch
    from piq.feature_extractors.clip import CLIP

SHORT_SIDE = 32
"""The network halves five times."""
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of red, green and blue, as CLIP was trained."""
_BEGIN, _END = 49406, 49407
PROMPTS = ((_BEGIN, 886, 1125, 269, _END), (_BEGIN, 2103, 1125, 269, _END))
"""The tokens of "Good photo." and of "Bad photo." in CLIP's vocabulary."""
_NO_TENSORS_OF_ITS = frozenset({"input_resolution", "context_length", "vocab_size"})
"""Numbers that OpenAI's archive holds as tensors."""


class ClipIqa(srbench.NoReferenceMetric):
    """The probability with which CLIP takes an image for a "Good photo." rather than a "Bad photo.": 1 is best.

    Wang, Chan, Loy, "Exploring CLIP for assessing the look and feel of images", 2023, as piq computes it: CLIP's
    ResNet-50 without its position embedding, so that images keep their size, and one pair of prompts. Programs that
    average several pairs have other numbers. The whole image is judged in RGB, whatever the protocol's channel and
    border; a grey image is repeated over the three channels. Skipped for a side under 32 pixels, and without the
    weights `clip-rn50`.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Wang", "Chan", "Loy"),
            "Exploring CLIP for assessing the look and feel of images",
            2023,
            conference="AAAI",
            arxiv="2207.12396",
        ),
    )
    shown_as = "CLIP-IQA"
    higher_is_better = True
    range = (0.0, 1.0)
    sees = "image"
    weights = ("clip-rn50",)

    def __init__(self) -> None:
        self._network: CLIP | None = None
        self._anchors: torch.Tensor | None = None

    def judge(self, sr: torch.Tensor) -> float | srbench.Skip:
        """CLIP-IQA of `(C, H, W)` in [0, 1]."""
        import torch

        height, width = sr.shape[-2:]
        if min(height, width) < SHORT_SIDE:
            return srbench.Skip(f"CLIP-IQA needs {SHORT_SIDE} pixels on each side; this image has {width} x {height}")
        try:
            network = self._ready()
        except WeightsMissing as missing:
            return srbench.Skip(str(missing))
        mean, deviation = (torch.tensor(three)[:, None, None] for three in (MEAN, DEVIATION))
        image = ((sr.float().expand(3, -1, -1) - mean) / deviation)[None].to(self.device)
        # The reference is float32; a GPU would round the factors of its products to 10 bits.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            seen = _unit(network.encode_image(image, pos_embedding=False))  # type: ignore[no-untyped-call]
            likeness = network.logit_scale.exp() * seen @ self._anchors.T  # type: ignore[union-attr]
        return float(likeness[0].softmax(0)[0])

    def _ready(self) -> CLIP:
        """The network, made when the first image needs it; the prompts are read once."""
        import torch

        if self._network is None:
            network = clip(tensors_of(weights_path(self.weights[0])), self.weights[0]).to(self.device)
            words = torch.zeros(len(PROMPTS), network.context_length, dtype=torch.long, device=self.device)
            words[:, : len(PROMPTS[0])] = torch.tensor(PROMPTS)
            with torch.inference_mode():
                self._anchors = _unit(network.encode_text(words))  # type: ignore[no-untyped-call]
            self._network = network
        return self._network


def clip(state: dict[str, torch.Tensor], name: str) -> CLIP:
    """CLIP with a ResNet-50 in float32, as OpenAI's, with all tensors of `state`.

    name: what messages call the weights. Raises `WeightsDamaged`.
    """
    import_torchvision()
    import torch
    from piq.feature_extractors.clip import CLIP

    with torch.device("meta"):  # no tensor has a value until it comes from the file
        network = CLIP(1024, 224, (3, 4, 6, 3), 64, 32, 77, 49408, 512, 8, 12)
    for block in network.transformer.resblocks:
        block.attn_mask = network.build_attention_mask()  # type: ignore[no-untyped-call]
    # How many batches a layer was normalised over, which archives may leave out, matters to nobody any more.
    counts = {key: torch.tensor(0) for key in network.state_dict() if key.endswith("num_batches_tracked")}
    held = {key: tensor for key, tensor in state.items() if key not in _NO_TENSORS_OF_ITS}
    floats = {key: tensor.float() for key, tensor in held.items() if tensor.is_floating_point()}
    load_state(network, {**held, **floats, **counts}, name)
    return network.eval().requires_grad_(False)


def _unit(features: torch.Tensor) -> torch.Tensor:
    unit: torch.Tensor = features / features.norm(dim=-1, keepdim=True)
    return unit
