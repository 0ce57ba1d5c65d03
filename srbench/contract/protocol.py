"""A protocol: how LR is made and how SR is scored. Named, versioned, hashed into every result.

The protocol alone moves PSNR by 2 dB, so nothing about it is left to the method, the dataset or the metric.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from srbench.contract.dataset import Item
from srbench.contract.degradation import Degradation
from srbench.contract.degradations import Bicubic
from srbench.contract.framing import Framing
from srbench.contract.names import SUPER_RESOLUTION
from srbench.pictures import DEPTHS, LUMA, Image, ImageError, Scale, Values, enlarged, plain_scale, resize_picture
from srbench.store.cell import digest

if TYPE_CHECKING:
    import torch

Channel = Literal["y", "rgb", "gray", "y8"]

# ITU-R BT.601. Limited range (16 to 235 of 255), as MATLAB's rgb2ycbcr: the field's "Y channel".
Y_WEIGHTS = (65.481 / 255, 128.553 / 255, 24.966 / 255)
Y_OFFSET = 16 / 255


@dataclass(frozen=True)
class Protocol:
    """How one comparison is made.

    scale: HR side / LR side, from 1 up, as `srbench.pictures.scale_of` has it: 4, or a `Fraction` n/d in lowest terms.
        HR is cut to multiples of n pixels and LR to multiples of d.
    channel: what is scored of a colour image. `rgb`: every channel. `y`: BT.601 luma in limited range, unrounded.
        `gray`: BT.601 luma in full range, unrounded. `y8`: the convention of older MATLAB tables; LR and HR are
        both turned into 8-bit Y (limited range) first, and the method upscales that one channel.
        An image with one channel is scored as it is under every one of them.
    border: pixels left out of the score on every side.
    degradation: how LR is made from HR. seed: of what it draws, if anything.
    task: the name of what methods do under it.
    size, framing: where images of one size are made: the side of these squares in pixels, and how the images of a
        dataset become such squares. There is no LR then: the scale is 1.
    """

    name: str
    scale: Scale
    channel: Channel = "rgb"
    border: int = 0
    degradation: Degradation = field(default_factory=Bicubic)
    seed: int = 0
    version: int = 2
    task: str = SUPER_RESOLUTION
    size: int | None = None
    framing: Framing = "shrunk"

    def facts(self) -> dict[str, Any]:
        """Everything but what the protocol is called; a key holds those facts that its task asks for."""
        facts = asdict(self)
        del facts["name"]
        return {**facts, "scale": plain_scale(self.scale), "degradation": self.degradation.identity()}

    def for_training(self) -> Protocol:
        """The part that training depends on: protocols that differ only in scoring share their models."""
        if self.size is not None:
            return self
        y8 = self.channel == "y8"
        lr = "" if self.degradation == Bicubic() else f"-{self.degradation}"
        return Protocol(
            name=f"x{plain_scale(self.scale)}".replace("/", "-") + ("-y8" if y8 else "") + lr,
            scale=self.scale,
            channel="y8" if y8 else "rgb",
            degradation=self.degradation,
            seed=self.seed,
            version=self.version,
        )

    def reference(self, hr: Image, values: Values) -> tuple[Image, Values]:
        """The part of HR that is compared, and its values: cut at the right and at the bottom to whole LR pixels.

        Raises `ImageError` when HR is too small to leave a pixel to score.
        """
        return self._converted(self._cut(hr), values)

    def given(self, item: Item) -> tuple[Image, Values, bool]:
        """What a method is given of an item: LR `(H / scale, W / scale, C)`, its values, and whether it came with it.

        LR without HR is taken as it is, cut to whole steps of a fraction. Raises `ImageError` as `lr` does.
        """
        if item.hr is None:
            lr, values = item.read_own()
            height, width = self.lone_lr_size(lr.shape)
            return *self._converted(lr[:height, :width], values), True
        hr, native = item.read_hr()
        shipped = self.shipped_lr(item)
        return self.lr(hr, native, item.id, shipped), self.reference(hr, native)[1], shipped is not None

    def lone_lr_size(self, lr_shape: tuple[int, ...]) -> tuple[int, int]:
        """(height, width) of what is upscaled of LR `(h, w, ...)` without HR; `ImageError` when that is too little."""
        height, width = (side - side % self.scale.denominator for side in lr_shape[:2])
        return self.lr_size((enlarged(height, self.scale), enlarged(width, self.scale)))

    def shipped_lr(self, item: Item) -> Image | None:
        """The LR that comes with an image for this degradation and scale, as it is; None where there is none."""
        return item.read_lr(self.degradation.shipped_as, self.scale)

    def lr(
        self, hr: Image, values: Values, image: str, shipped: Image | None = None, draw: tuple[int, ...] = ()
    ) -> Image:
        """LR `(H / scale, W / scale, C)` in native depth: the shipped one, checked and cut, or else made from HR.

        image: the id; what the degradation draws hangs on it, and on the protocol's seed, and on nothing else. draw:
        numbers of another draw than the one that everybody is tested on.
        """
        lr = shipped
        if lr is None:
            lr = self.degradation.lr(self._cut(hr), values, self.scale, self._rng(image, draw))
        height, width = self.lr_size(hr.shape)
        if not self.fits(lr.shape, hr.shape) or lr.dtype != hr.dtype:
            made = f"the LR that {self.degradation} makes of it" if shipped is None else "the LR that comes with it"
            raise ImageError(
                f"{made} is {_size(lr)}; with HR of {_size(hr)} at scale {self.scale} it "
                f"should be {width} x {height} pixels of the same depth and channels"
            )
        return self._converted(lr[:height, :width], values)[0]

    def baseline(self, lr: Image, values: Values) -> Image:
        """What was known of HR: LR upscaled by bicubic interpolation in its own depth, as MATLAB does it."""
        return resize_picture(lr, self.scale, values)

    def fits(self, lr_shape: tuple[int, ...], hr_shape: tuple[int, ...]) -> bool:
        """Whether LR `(h, w, C)` can belong to HR `(H, W, C)`.

        At a fraction n/d it may have up to d - 1 pixels more along a side than whole steps of n HR pixels have, since
        a picture's sides are what a scanner makes them; they are cut.
        """
        more = [side - least for side, least in zip(lr_shape, self.lr_size(hr_shape), strict=False)]
        return lr_shape[2:] == hr_shape[2:] and all(0 <= side < self.scale.denominator for side in more)

    def _rng(self, image: str, draw: tuple[int, ...]) -> np.random.Generator:
        seed = int(digest([self.seed, self.degradation.name, plain_scale(self.scale), image, *draw]), 16)
        return np.random.Generator(np.random.PCG64(seed))

    def lr_size(self, hr_shape: tuple[int, ...]) -> tuple[int, int]:
        """(height, width) of the LR that belongs to an HR of shape `(H, W, ...)`; `ImageError` when HR is too small."""
        step = self.scale.numerator
        height, width = (side // step for side in hr_shape[:2])
        if min(height, width) * step <= 2 * self.border:
            raise ImageError(
                f"{hr_shape[1]} x {hr_shape[0]} pixels are too few for {self.name}: nothing is left to score after "
                f"cutting to a multiple of {step} and leaving out {self.border} pixels on every side"
            )
        return height * self.scale.denominator, width * self.scale.denominator

    def _cut(self, hr: Image) -> Image:
        height, width = (enlarged(side, self.scale) for side in self.lr_size(hr.shape))
        return hr[:height, :width]

    def _converted(self, image: Image, values: Values) -> tuple[Image, Values]:
        if self.channel != "y8" or image.shape[-1] == 1:
            return image, values
        eight_bits = DEPTHS["uint8"]
        y = eight_bits.from_unit(values.to_unit(image) @ np.asarray(Y_WEIGHTS) + Y_OFFSET)
        return np.floor(y + 0.5).astype(np.uint8)[..., None], eight_bits

    def scored(self, image: Image, values: Values) -> torch.Tensor:
        """What a metric compares of an image `(H, W, C)`: float64 `(C, H, W)` in [0, 1], border left out.

        The border is cut before the colour conversion.
        """
        return self.in_channel(self.without_border(image), values)

    def without_border(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An array `(H, W, ...)` without the pixels at its sides that are left out of the score."""
        return image[self.border : image.shape[0] - self.border, self.border : image.shape[1] - self.border]

    def in_channel(self, image: Image, values: Values) -> torch.Tensor:
        """An image `(H, W, C)` in the channel that is scored: float64 `(C, H, W)` in [0, 1], no border cut."""
        import torch

        return torch.from_numpy(self._unit(image, values))

    def compared(self, image: Image, values: Values) -> npt.NDArray[np.float64]:
        """What is scored of an image `(H, W, C)`, as `scored` has it, as an array; torch is not needed for it."""
        return self._unit(self.without_border(image), values)

    def errors(self, sr: Image, hr: Image, values: Values) -> npt.NDArray[np.float64]:
        """The absolute error of what is scored, `(H, W)`, as a part of the data range: the mean over its channels.

        The border is left out. Torch, which takes seconds to load, is not needed for it.
        """
        difference: npt.NDArray[np.float64] = np.abs(self.compared(sr, values) - self.compared(hr, values)).mean(0)
        return difference

    def _unit(self, image: Image, values: Values) -> npt.NDArray[np.float64]:
        height, width, channels = image.shape
        whole: npt.NDArray[np.float64] = values.to_unit(image.transpose(2, 0, 1), np.empty((channels, height, width)))
        if channels == 1 or self.channel in ("rgb", "y8"):
            return whole
        return _weigh(whole, Y_WEIGHTS) + Y_OFFSET if self.channel == "y" else _weigh(whole, LUMA)


def _weigh(rgb: npt.NDArray[np.float64], weights: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    red, green, blue = rgb
    weighted: npt.NDArray[np.float64] = weights[0] * red + weights[1] * green + weights[2] * blue
    return weighted[None]


def _size(image: Image) -> str:
    return f"{image.shape[1]} x {image.shape[0]} x {image.shape[2]} {image.dtype.name}"
