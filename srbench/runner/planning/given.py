"""SR that was made elsewhere, before anything runs: whether it is there for every image, and can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.contract.submission import Submission
from srbench.errors import SrbenchError
from srbench.evaluate.given import asked_of, given_facts
from srbench.pictures import ImageError, enlarged
from srbench.registry.formats import Formats
from srbench.runner.job.tasks import SeenFile
from srbench.runner.planning.splits import Unusable
from srbench.runner.planning.survey import Survey
from srbench.store.file_memory import FileMemory

_NAMED = 8
"""How many images are named for one reason."""


@dataclass(frozen=True)
class SeenSubmission:
    """What was found. hashes: the sha256 of each file, by image id, which is part of the key. files: what a job reads.
    warnings: what a person should know, a sentence each.
    """

    hashes: Mapping[str, str]
    files: tuple[SeenFile, ...]
    warnings: tuple[str, ...]


def look_at_submission(
    submission: Submission,
    name: str,
    items: Sequence[Item],
    dataset: str,
    protocol: Protocol,
    survey: Survey,
    coded: bool,
    others: Callable[[], Sequence[Item]] = tuple,
) -> SeenSubmission:
    """Look for the SR of every image of a split, and at each picture.

    name, dataset: of both in the matrix. survey: of the split. coded: whether names of files are not to be told.
    others: the images whose SR may lie there, too. Raises `Unusable` that names all images without SR, and all whose SR
    cannot be compared.
    """
    given = submission.find(asked_of(items, dataset, protocol))
    faults = [*_missing(given.missing, coded)]
    channels = survey.channels[0] if len(survey.channels) == 1 else None
    depth = survey.depths[0] if len(survey.depths) == 1 and protocol.channel != "y8" else None
    formats, wrong = Formats(), list[str]()
    for item, (height, width) in zip(items, survey.lr_sizes, strict=True):
        if (path := given.files.get(item.id)) is None:
            continue
        try:
            size = enlarged(height, protocol.scale), enlarged(width, protocol.scale)
            fault = given_facts(path, formats).fault(*size, channels, depth)
        except ImageError as error:
            fault = f"cannot be read ({_nameless(str(error), path) if coded else error})"
        wrong += [f"that of {item.id} {fault}"] if fault else []
    faults += [some(wrong)] if wrong else []
    if faults:
        raise Unusable("failed", f"{name}: of the SR of {dataset}, {'; '.join(faults)}")
    memory = FileMemory("hashes")
    hashes = {item.id: memory.sha256(given.files[item.id]) for item in items}
    files = tuple(SeenFile(given.files[item.id], hashes[item.id]) for item in items)
    extra = given.extra
    if extra:
        with suppress(SrbenchError):  # what is wrong with theirs is told where it is asked for
            theirs = set(submission.find(asked_of(others(), dataset, protocol)).files.values())
            extra = tuple(path for path in extra if path not in theirs)
    return SeenSubmission(hashes, files, tuple(_extra(name, dataset, extra, coded)))


def _missing(missing: Mapping[str, str], coded: bool) -> list[str]:
    if not missing:
        return []
    wanted, count = next(iter(missing.values())), len(missing)
    where = "" if coded else f" ({wanted}{', say,' if count > 1 else ''} was looked for)"
    return [f"{'that' if count == 1 else 'those'} of {some([*missing])} {'is' if count == 1 else 'are'} missing{where}"]


def _extra(name: str, dataset: str, extra: Sequence[Path], coded: bool) -> list[str]:
    if not extra:
        return []
    which = "" if coded else f" ({some([path.name for path in extra])})"
    count = "1 file belongs" if len(extra) == 1 else f"{len(extra)} files belong"
    return [f"{name}: {count} to no image of {dataset}{which}"]


def some(words: Sequence[str]) -> str:
    """The first of many, and how many more there are."""
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more


def _nameless(text: str, path: Path) -> str:
    return text.replace(str(path), "it").replace(path.name, "it")
