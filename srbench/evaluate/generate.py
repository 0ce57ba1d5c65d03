"""Images from noise onto disk: the only step that runs a generator."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from srbench.contract.generator import Generator, SampleContext
from srbench.evaluate.journal import Journal, Note
from srbench.evaluate.output import checked
from srbench.pictures import Image, Values, suffix_for, to_image, write_image

AT_ONCE = 16
"""Images in one call of a generator: what a small GPU holds at the sizes of today's protocols."""


@dataclass
class Generated:
    """What was made: file names and labels by image id, and the generator's time for all of them.

    resumed: whether some were there before.
    """

    images: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    resumed: bool = False


def generate(
    generator: Generator,
    count: int,
    like: tuple[Image, Values],
    labels: Iterable[str] | None,
    seed: int,
    folder: Path,
    progress: Callable[[str], None] = lambda image: None,
    confirm: Callable[[], None] = lambda: None,
) -> Generated:
    """Make images and write them into `folder`, losslessly: `sample-00001.png` and so on.

    Those that an earlier attempt noted beside the folder (`srbench.evaluate.journal`) are not made again. like: a real
    image `(size, size, C)` and its values, of whose depth and channels the others are to be. labels: of the images of
    the training split, whose proportions the generated ones have; None where it makes images of no class.
    confirm: as of `upscale_split`. Raises `BadOutput`.
    """
    import torch

    reference, values = like
    asked = None if labels is None else list(islice(proportioned(labels), count))
    journal = Journal(folder)
    done = Generated(resumed=bool(journal.known))
    warm: set[int] = set()

    def add(note: Note) -> None:
        done.images[note.image] = note.file
        done.seconds += note.seconds
        if note.label is not None:
            done.labels[note.image] = note.label
        progress(note.image)

    for first in range(0, count, AT_ONCE):
        number = min(AT_ONCE, count - first)
        names = [f"sample-{place + 1:05d}" for place in range(first, first + number)]
        known = [journal.known[name] for name in names if name in journal.known]
        if len(known) == number:
            for note in known:
                add(note)
            continue
        context = SampleContext(
            seed=seed,
            first=first,
            size=reference.shape[0],
            channels=reference.shape[2],
            labels=None if asked is None else tuple(asked[first : first + number]),
        )
        if generator.warms_up and number not in warm:
            generator.sample(number, context)
        warm.add(number)
        started = time.perf_counter()
        with torch.inference_mode():
            shape = (number, context.channels, context.size, context.size)
            made = checked(generator.sample(number, context), shape, "sample", "it was asked for").cpu()
        seconds = time.perf_counter() - started
        for place, (name, image) in enumerate(zip(names, made, strict=True), start=first):
            file = name + suffix_for(reference)
            write_image(folder / file, to_image(image, reference, values))
            confirm()
            label = None if asked is None else asked[place]
            add(journal.add(name, file, seconds=seconds / number, label=label))
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
