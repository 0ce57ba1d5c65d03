"""What every generator must do when it samples."""

from __future__ import annotations

from srbench.testing.check import CheckFailure, check
from srbench.testing.method_checks import SANE, TOLERANCE
from srbench.testing.subjects import CLASSES, MethodSubject, seeded

COUNT = 5


def _generates(subject: MethodSubject) -> bool:
    return subject.generates


def _is_labelled(subject: MethodSubject) -> bool:
    return subject.generates and bool(subject.create().labelled)


@check("method", needs=("supports_answers", "fits"), applies=_generates)
def sample_gives_images(subject: MethodSubject) -> None:
    """Samples are a finite float32 tensor `(count, C, size, size)`, with white at 1, of each C that it does."""
    import torch

    for channels in (one for one in (3, 1) if subject.does(one)):
        made = subject.sample(subject.ready(channels=channels), COUNT, channels=channels)
        if not isinstance(made, torch.Tensor):
            raise CheckFailure(f"sample gave a {type(made).__name__}; it should give a torch.Tensor")
        expected = (COUNT, channels, subject.size, subject.size)
        if tuple(made.shape) != expected:
            raise CheckFailure(f"sample gave {tuple(made.shape)}; it should give {expected}: (count, C, size, size)")
        if made.dtype != torch.float32:
            raise CheckFailure(f"samples are {made.dtype}; they should be torch.float32")
        if not bool(made.isfinite().all()):
            raise CheckFailure("samples hold values that are not finite")
        typical = float(made.abs().median())
        if typical > SANE:
            raise CheckFailure(f"half of the samples' values are beyond {typical:.3g}; white is at 1, not at 255")


@check("method", needs=("sample_gives_images",), applies=_generates)
def samples_repeat(subject: MethodSubject) -> None:
    """The same seed gives the same samples, bit for bit, whatever torch's global generator."""
    found = []
    for global_seed in (0, 1):
        with seeded(global_seed):
            found.append(subject.sample(subject.ready(), COUNT))
    if not found[0].equal(found[1]):
        raise CheckFailure(
            f"two calls with the same seed differ by up to {float((found[0] - found[1]).abs().max()):.3g}. Draw from a "
            "torch.Generator of each image's own, seeded with context.seed and its place"
        )


@check("method", needs=("samples_repeat",), applies=_generates)
def samples_ignore_the_batch(subject: MethodSubject) -> None:
    """A sample made alone, in whatever order, is the one made among others (to 1e-5)."""
    together = subject.sample(subject.ready(), COUNT)
    for place in reversed(range(COUNT)):
        alone = subject.sample(subject.ready(), 1, first=place)
        apart = float((alone[0] - together[place]).abs().max())
        if apart > TOLERANCE:
            raise CheckFailure(
                f"sample {place}, made alone, differs by up to {apart:.3g} from the same among {COUNT}. Its noise "
                "should depend on context.seed and its place (context.first for the first of a call), and nothing "
                "should be normalised over the batch"
            )


@check("method", needs=("samples_ignore_the_batch",), applies=_generates)
def samples_differ(subject: MethodSubject) -> None:
    """Another place, and another seed, gives another sample."""
    labels = (CLASSES[0],) if subject.create().labelled else None
    asked = [(seed, place) for seed in range(3) for place in range(3)]
    made = [(one, subject.sample(subject.ready(), 1, seed=one[0], first=one[1], labels=labels)) for one in asked]
    for number, (one, image) in enumerate(made):
        for other, earlier in made[:number]:
            if image.equal(earlier):
                raise CheckFailure(
                    f"the same image comes of seed {other[0]}, place {other[1]} and of seed {one[0]}, place {one[1]}; "
                    "seed the noise with both, so that neighbours do not meet (not with their sum)"
                )


@check("method", needs=("samples_repeat",), applies=_is_labelled)
def classes_matter(subject: MethodSubject) -> None:
    """The same noise makes another image when another class is asked for."""
    one, other = (subject.sample(subject.ready(), 2, labels=(label,) * 2) for label in CLASSES)
    if one.equal(other):
        raise CheckFailure("images of both classes are the same; context.labels says which one to make, image by image")
