"""What the test images of a dataset have to do with what models of the board learned from, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from srbench.leaderboard.board.contents import Board
from srbench.leaderboard.results.results import Result
from srbench.leaderboard.words.numerals import listing, plural


@dataclass(frozen=True)
class Overlap:
    """A sentence, and the images that it is about, each with what is like it."""

    sentence: str
    images: tuple[str, ...] = ()


def overlaps(dataset: str, board: Board, own: Sequence[Result]) -> Iterator[Overlap]:
    """Find, for each training set, test images that are in it or look alike, and regions of the same pictures.

    own: the cells of the dataset.
    """
    tested = {image for result in own if result.record is not None for image in result.record.images}
    for training in dict.fromkeys(name for result in own for name in result.cell.learned):
        yield _alike(board.seen.get(dataset, {}).get(training, {}), len(tested), training)
    yield from _regions(own)
    for other, seen in board.seen.items():
        if (found := seen.get(dataset)) and other != dataset:
            yield Overlap(
                f"{plural(len(found), 'test image')} of {other} {_looks(len(found), 'its training images')}.",
                _named(found),
            )


def _alike(found: Mapping[str, str], tested: int, training: str) -> Overlap:
    if not found:
        return Overlap(f"No test image is in the training images of {training}, or looks like one of them.")
    of = f"{len(found):,} of {plural(tested, 'test image')}" if tested else plural(len(found), "test image")
    return Overlap(
        f"{of} {_looks(len(found), f'the training images of {training}')}: models that learned from {training} have "
        "probably seen what they are tested on.",
        _named(found),
    )


def _looks(count: int, of: str) -> str:
    return f"{'is' if count == 1 else 'are'} among {of}, or {'looks' if count == 1 else 'look'} like one"


def _named(found: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{image} (like {like})" for image, like in found.items())


def _regions(own: Sequence[Result]) -> Iterator[Overlap]:
    """Tested groups of which a training split holds other regions, once for the same training sets."""
    told: dict[tuple[str, ...], set[str]] = {}
    groups = {group for result in own if result.record is not None for group in result.record.groups.values()}
    for result in own:
        if result.record is not None and result.record.seen_groups:
            told.setdefault(result.cell.learned, set()).update(result.record.seen_groups)
    for learned, seen in told.items():
        named = tuple(sorted(seen))
        of = f"{len(seen):,} of the {plural(len(groups), 'picture')}" if groups else plural(len(seen), "picture")
        yield Overlap(
            f"Other regions of {of} that test images are cut from are among the training images of {listing(learned)}.",
            named,
        )
