"""Images from noise onto disk: the only step that runs a generator."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.errors import SrbenchError
from srbench.generator import Generator, SampleContext
from srbench.image import Image, suffix_for, to_image, write_image

if TYPE_CHECKING:
    import torch

AT_ONCE = 16
"""Images in one call of a generator: what a small GPU holds at the sizes of today's protocols."""


class BadSamples(SrbenchError):
    """A generator returned something that is no set of images: wrong shape, not finite, not float32."""


@dataclass
class Generated:
    """What was made: file names and labels by image id, and the generator's time for all of them."""

    images: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def generate(
    generator: Generator,
    count: int,
    like: tuple[Image, float],
    labels: Iterable[str] | None,
    seed: int,
    folder: Path,
    progress: Callable[[str], None] = lambda image: None,
) -> Generated:
    """Make images and write them into `folder`, losslessly: `sample-00001.png` and so on.

    like: a real image `(size, size, C)` and its white, of whose depth and channels the others are to be. labels: of the
    images of the training split, whose proportions the generated ones have; None where it makes images of no class.
    Raises `BadSamples`.
    """
    import torch

    reference, white = like
    asked = None if labels is None else list(islice(proportioned(labels), count))
    done = Generated()
    for first in range(0, count, AT_ONCE):
        number = min(AT_ONCE, count - first)
        context = SampleContext(
            seed=seed,
            first=first,
            size=reference.shape[0],
            channels=reference.shape[2],
            labels=None if asked is None else tuple(asked[first : first + number]),
        )
        started = time.perf_counter()
        with torch.inference_mode():
            made = _checked(generator.sample(number, context), number, context).cpu()
        done.seconds += time.perf_counter() - started
        for place, image in enumerate(made, start=first):
            name = f"sample-{place + 1:05d}"
            done.images[name] = name + suffix_for(reference)
            write_image(folder / done.images[name], to_image(image, reference, white))
            if asked is not None:
                done.labels[name] = asked[place]
            progress(name)
    return done


def proportioned(labels: Iterable[str]) -> Iterator[str]:
    """Labels without end, every beginning of them as close as can be to the proportions of those given.

    So a larger set begins with the smaller one. The method of the largest deficit.
    """
    shares = Counter(labels)
    total = shares.total()
    given: Counter[str] = Counter()
    while True:
        wanted = given.total() + 1
        label = max(sorted(shares), key=lambda name: shares[name] * wanted / total - given[name])
        given[label] += 1
        yield label


def _checked(made: object, count: int, context: SampleContext) -> torch.Tensor:
    import torch

    expected = (count, context.channels, context.size, context.size)
    if not isinstance(made, torch.Tensor):
        raise BadSamples(f"sample returned {type(made).__name__} instead of a tensor")
    if tuple(made.shape) != expected:
        raise BadSamples(f"sample returned the shape {tuple(made.shape)}; it was asked for {expected}")
    if made.dtype != torch.float32:
        raise BadSamples(f"sample returned {made.dtype}; it should be torch.float32")
    if not torch.stack(made.aminmax()).isfinite().all():
        wrong = int((~torch.isfinite(made)).sum())
        raise BadSamples(f"sample returned {wrong} of {made.numel()} values that are not finite")
    return made
