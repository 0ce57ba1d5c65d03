"""What is checked: an entry of a plugin, with what its checks share: a training, items."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from srbench.contract.chain import in_turn, steps_of
from srbench.contract.dataset import Dataset, DatasetMissing, Item
from srbench.contract.degradation import Degradation
from srbench.contract.extractor import Extractor, ExtractorUse
from srbench.contract.fit import Budget, FitContext, Start
from srbench.contract.generator import Generator, SampleContext
from srbench.contract.method import Method, Problem
from srbench.contract.metric import Metric, Skip
from srbench.contract.protocol import Protocol
from srbench.contract.submission import Submission
from srbench.contract.training_set import TrainingSet
from srbench.errors import SrbenchError
from srbench.pictures import Image, Scale, Values
from srbench.registry.configured import extractor_use
from srbench.registry.parameters import resolve
from srbench.registry.registry import Registry, task_named
from srbench.registry.registry import registry as installed
from srbench.testing.check import CannotCheck, CheckFailure, Subject
from srbench.testing.pictures import lr_batch, textured, textured_uint8
from srbench.weights.data_root import data_root
from srbench.weights.lookup import WeightsMissing, weights_path
from srbench.weights.offline import no_network

if TYPE_CHECKING:
    import torch


CLASSES = ("even", "odd")
"""Classes of the pictures that generators learn from."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Set the global random number generators, and put them back afterwards."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


class MethodSubject(Subject):
    """A method, trained for two steps on a few made pictures where it learns: enough for one to be held out.

    size: the side of those pictures, in HR pixels, for methods whose patches need more than 48; a generator makes
    images of that size.
    """

    kind = "method"
    scales: ClassVar[tuple[int, ...]] = (4, 2, 3)

    def __init__(
        self,
        name: str,
        params: Mapping[str, Any] | None = None,
        registry: Registry | None = None,
        size: int = 48,
    ) -> None:
        super().__init__(name, params, registry)
        self.size = size
        self._ready: dict[tuple[Scale, int], Method] = {}

    def refusal(self, scale: Scale, channels: int = 3, sizes: tuple[tuple[int, int], ...] = ((12, 16),)) -> Skip | None:
        """What `supports` answers when asked for one kind of picture."""
        answer: Skip | None = self.create().supports(Problem(scale, (channels,), ("uint8",), min(sizes), max(sizes)))
        return answer

    @property
    def generates(self) -> bool:
        """Whether it makes images from noise."""
        return issubclass(self.target, Generator)

    @property
    def is_submission(self) -> bool:
        """Whether its SR was made elsewhere."""
        return issubclass(self.target, Submission)

    @property
    def pictures(self) -> int:
        """How many it is trained on; a generator that learns its two classes apart, on half of them."""
        return 12 if self.generates else 6

    @cached_property
    def scale(self) -> int:
        """The first scale of 4, 2, 3 that the method does; 1 for a generator."""
        if self.generates:
            return 1
        for scale in self.scales:
            if any(self.refusal(scale, channels) is None for channels in (3, 1)):
                return scale
        answer = self.refusal(self.scales[0])
        raise CheckFailure(
            f"does no scale of 4, 2 and 3 for 12 x 16 pixels of LR (it says: {answer.reason if answer else ''}). Give "
            "the check parameters with which it can work."
        )

    @cached_property
    def channels(self) -> int:
        """3 when the method does colour, otherwise 1."""
        return 3 if self.does(3) else 1

    def does(self, channels: int) -> bool:
        """Whether it does pictures with so many channels."""
        sizes = (((self.size, self.size),),) if self.generates else ()
        return self.refusal(self.scale, channels, *sizes) is None

    def ready(self, scale: Scale | None = None, channels: int | None = None) -> Method:
        """The method, able to upscale: trained once where it learns; `CannotCheck` where its weights are missing."""
        key = (scale or self.scale, channels or self.channels)
        if key not in self._ready:
            with seeded(0):
                method = self.create()
                verify_weights(method.weights)
                if method.learns:
                    self.fit(method, *key)
            self._ready[key] = method
        return self._ready[key]

    def training_set(self, scale: Scale | None = None, channels: int | None = None) -> TrainingSet:
        """The made pictures; for a generator, of two classes in turn."""
        scale, channels = scale or self.scale, channels or self.channels
        pictures = [textured_uint8(seed, self.size, self.size, channels) for seed in range(self.pictures)]
        if self.generates:
            items = [Item(f"made-{place}", one, label=CLASSES[place % 2]) for place, one in enumerate(pictures)]
            return TrainingSet(items, Protocol(f"{self.size}px", 1, size=self.size))
        items = [Item(f"made-{place}", one) for place, one in enumerate(pictures)]
        return TrainingSet(items, Protocol(f"x{scale}-rgb", scale, "rgb", border=math.ceil(scale)))

    def fit(
        self,
        method: Method,
        scale: Scale | None = None,
        channels: int | None = None,
        *,
        seed: int = 0,
        steps: int = 2,
        folder: Path | None = None,
        stop: Callable[[], bool] = lambda: False,
        micro_batches: int = 1,
        start: Start | None = None,
    ) -> None:
        """Train a method on the made pictures."""
        folder = folder or self.folder()
        context = FitContext(seed, Budget("steps", steps), folder, start=start, stop=stop, micro_batches=micro_batches)
        method.fit(self.training_set(scale, channels), context)

    def upscale(self, method: Method, lr: torch.Tensor, scale: Scale | None = None, seed: int = 0) -> torch.Tensor:
        """SR, with the global random number generators at `seed`."""
        import torch

        with seeded(seed), torch.inference_mode():
            return method.upscale(lr.clone(), scale or self.scale)

    def sample(self, method: Method, count: int, **context: Any) -> torch.Tensor:
        """Images of a generator, by default the first ones of seed 0, their classes in turn where it asks for them."""
        import torch

        assert isinstance(method, Generator)
        first = context.get("first", 0)
        labels = tuple(CLASSES[place % 2] for place in range(first, first + count)) if method.labelled else None
        asked = {"seed": 0, "first": 0, "size": self.size, "channels": self.channels, "labels": labels} | context
        with torch.inference_mode():
            return method.sample(count, SampleContext(**asked))

    def made(self, method: Method) -> torch.Tensor:
        """Make SR of two pictures, or two samples, of one LR and one seed."""
        return self.sample(method, 2) if self.generates else self.upscale(method, lr_batch(2, self.channels, 12, 16))


class MetricSubject(Subject):
    """A metric of one image or of a set, with its extractor bound if it runs on one."""

    kind = "metric"

    def create(self) -> Any:
        """A new instance, ready to score."""
        metric: Metric = super().create()
        metric.protocol = Protocol("x4-rgb", 4, "rgb", border=4)
        verify_weights(metric.weights)
        asked = metric.extractor()
        if asked is not None:
            metric.bind(self._extractor(asked))
        return metric

    def _extractor(self, asked: ExtractorUse) -> Extractor:
        """Trained once for all checks where it learns."""
        if self._bound is None:
            use = extractor_use(asked, installed() if self.registry is None else self.registry)
            subject = ExtractorSubject(use.registered.entry.name, use.given, self.registry)
            self._bound = subject, subject.ready
        return self._bound[1]

    _bound: tuple[ExtractorSubject, Extractor] | None = None


TESTED = 2
"""Made pictures that an extractor is checked on when it has learned."""


class ExtractorSubject(Subject):
    """An extractor, trained on a few made pictures of two classes where it learns.

    size: the side of those pictures.
    """

    kind = "extractor"

    def __init__(
        self,
        name: str,
        params: Mapping[str, Any] | None = None,
        registry: Registry | None = None,
        size: int = 48,
    ) -> None:
        super().__init__(name, params, registry)
        self.size = size

    @property
    def ready(self) -> Extractor:
        """The extractor, able to extract; `CannotCheck` where its weights are not on this machine."""
        return self._trained[0]

    @property
    def facts(self) -> dict[str, float]:
        """What `fit` returned; empty where it does not learn."""
        return self._trained[1]

    @cached_property
    def _trained(self) -> tuple[Extractor, dict[str, float]]:
        extractor: Extractor = self.create()
        verify_weights(extractor.weights)
        return extractor, self.fit(extractor) if extractor.learns else {}

    def fit(self, extractor: Extractor, seed: int = 0, global_seed: int = 0) -> dict[str, float]:
        """Train it on the made pictures, for as long as it asks."""
        if extractor.budget is None:
            raise CheckFailure(
                "learns is True, but budget is None; set it in __init__, from a parameter such as epochs"
            )
        with seeded(global_seed):
            context = FitContext(seed, extractor.budget, self.folder())
            return extractor.fit(marked_items(0, 6, self.size), marked_items(1, TESTED, self.size), context)

    def extract(self, extractor: Extractor, images: torch.Tensor) -> torch.Tensor:
        """The features of `(N, C, H, W)`."""
        import torch

        with torch.inference_mode():
            return extractor.extract(images.clone())


def marked_items(seed: int, count: int, size: int) -> list[Item]:
    """Made pictures of two classes, dark and bright, each with its label and a mask."""
    items = []
    for index in range(count):
        label = ("dark", "bright")[index % 2]
        picture = textured_uint8(100 * seed + index, size, size) // 2 + (120 if label == "bright" else 0)
        mask = (picture[..., :1] > picture.mean()).astype(np.uint8)
        items.append(Item(f"{label}-{index}", picture.astype(np.uint8), label=label, mask=mask))
    return items


def verify_weights(names: Iterable[str]) -> None:
    """`CannotCheck` where one of these files of weights is not on this machine."""
    for name in names:
        try:
            weights_path(name)
        except WeightsMissing as missing:
            raise CannotCheck(str(missing)) from missing


class DegradationSubject(Subject):
    """A degradation, tried on made pictures."""

    kind = "degradation"

    @property
    def params(self) -> dict[str, Any]:
        """All parameters, with defaults."""
        return resolve(self.target, self.given)

    @cached_property
    def scales(self) -> tuple[Scale, ...]:
        """2, 3 and 4, and 3/2 where the degradation does not refuse it."""
        fraction, hr = Fraction(3, 2), np.zeros((3, 3, 1), np.uint8)
        try:
            self.lr(self.create(), hr, Values.of(hr), fraction)
        except SrbenchError:
            return (2, 3, 4)
        return (2, 3, 4, fraction)

    def lr(self, degradation: Degradation, hr: Image, values: Values, scale: Scale, seed: int = 0) -> Image:
        """LR of a copy of HR, drawn from this seed."""
        return degradation.lr(hr.copy(), values, scale, np.random.default_rng(seed))


class ProtocolSubject(Subject):
    """A protocol, tried on made pictures. It has no parameters."""

    kind = "protocol"

    @property
    def upscales(self) -> bool:
        """Whether its task is one with LR."""
        return not task_named(self.target.task).unpaired

    @cached_property
    def items(self) -> list[Item]:
        """Pictures of each type, grey and in colour, from black to white; sides are no multiples of the scale."""
        protocol: Protocol = self.target
        step = protocol.scale.numerator
        height = protocol.size or (2 * protocol.border // step + 5) * step - 1
        width = protocol.size or height + step
        items = []
        for dtype, white in (("uint8", 255), ("uint16", 65535), ("float32", 1)):
            for kind, channels in (("grey", 1), ("colour", 3)):
                values = ((textured(channels, height, width, channels) - 0.05) / 0.9).clip(0, 1) * white
                picture = values if dtype == "float32" else values.round()
                items.append(Item(f"{kind}-{dtype}", picture.astype(dtype)))
        return items

    def lr(self, protocol: Protocol, item: Item) -> Image:
        """LR of a picture under this protocol or one derived from it."""
        hr, values = item.read_hr()
        return protocol.lr(hr.copy(), values, item.id)

    def degradation_again(self) -> Degradation:
        """The degradation, made from the protocol's facts as a worker does; `SrbenchError` when there is none."""
        degradations = installed() if self.registry is None else self.registry
        again = []
        for step in steps_of(self.target.degradation):
            kind = degradations.get("degradation", step.name).load()
            again.append(kind(**resolve(kind, step.facts())))
        return in_turn(again)


class DatasetSubject(Subject):
    """A dataset, looked for under a data root.

    root: by default the data root of this machine (`SRBENCH_DATA`). The network is not used.
    """

    kind = "dataset"
    look_at: ClassVar[int] = 200
    """Pixels are read of so many items of a split at most."""

    def __init__(
        self,
        name: str,
        params: Mapping[str, Any] | None = None,
        registry: Registry | None = None,
        root: Path | None = None,
    ) -> None:
        super().__init__(name, params, registry)
        self.root = root or data_root()

    @cached_property
    def prepared(self) -> Dataset:
        """The dataset with its files in place.

        When they are not to be had, `CannotCheck`; where CI is set, a failure, so that no check is lost unnoticed.
        """
        dataset: Dataset = self.create()
        try:
            with no_network():
                dataset.prepare(self.root)
        except DatasetMissing as missing:
            if os.environ.get("CI"):
                raise CheckFailure(f"is not here, and CI is set: {missing}") from missing
            raise CannotCheck(str(missing)) from missing
        return dataset

    @cached_property
    def splits(self) -> dict[str, list[Item]]:
        """The items of each split."""
        with no_network():
            return {"train": list(self.prepared.train()), "test": list(self.prepared.test())}

    def items(self) -> Iterator[tuple[str, Item]]:
        """The items whose pixels are looked at, each with its split's name."""
        for split, items in self.splits.items():
            for item in items[: self.look_at]:
                yield split, item
