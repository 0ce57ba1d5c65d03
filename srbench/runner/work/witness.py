"""What a job reads, compared with what was planned, so that no result stands under the key of something else.

A key is made before a job runs. A picture, file or model that is another by then, or becomes another meanwhile, even
if it is put back afterwards, ends the job: its result belongs to no key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from srbench.contract.dataset import Item, Part, Picture, read_picture
from srbench.errors import SrbenchError
from srbench.pictures import Image
from srbench.registry.configured import Use
from srbench.runner.job.tasks import SeenFile, SeenSplit
from srbench.runner.planning.picture_facts import pixels_sha256
from srbench.runner.planning.splits import Split, read_items
from srbench.runner.planning.survey import Surveyor
from srbench.store.files import Stamp, sha256, stamp


class Outdated(SrbenchError):
    """A job whose result would stand under the key of something else; the next run plans it anew."""


class Witness:
    """Everything that one job reads. `confirm` says at its end whether it was, all the time, what was planned."""

    def __init__(self) -> None:
        self._surveyor = Surveyor()
        self._files: dict[Path, Stamp] = {}
        self._changed = ""

    def watch(self, files: Iterable[SeenFile]) -> None:
        """Expect files to be what the plan saw, and to stay as they are. Raises `Outdated`."""
        for file in files:
            try:
                self._files[file.path] = stamp(file.path)
                same = file.sha256 is None or sha256(file.path) == file.sha256
            except OSError:
                same = False
            if not same:
                raise Outdated(_changed(str(file.path)))

    def items(self, use: Use, split: Split, root: Path, planned: Iterable[SeenSplit]) -> list[Item]:
        """The items of a split, each picture compared whenever it is read. Raises `Outdated`.

        planned: what the plan saw of the split.
        """
        items = read_items(use, split, root)
        for seen in planned:
            if seen.split != split:
                continue
            try:
                found = (
                    self._surveyor.fingerprint(items)
                    if seen.protocol is None
                    else self._surveyor.survey(items, seen.protocol).fingerprint
                )
            except SrbenchError as error:
                raise Outdated(f"{error}. It was sound when this was planned; run again") from error
            if found != seen.fingerprint:
                raise Outdated(_changed(f"the split {split!r} of {use.name}"))
        return [self._witnessed(item) for item in items]

    @property
    def outdated(self) -> Outdated | None:
        """What is to be said of a change since the job began, whoever hid it; None where nothing changed."""
        files = (str(path) for path, before in self._files.items() if _replaced(path, before))
        changed = self._changed or next(files, "")
        return Outdated(_changed(changed)) if changed else None

    def confirm(self) -> None:
        """Raise `Outdated` where something changed since the job began."""
        if self.outdated is not None:
            raise self.outdated

    def _witnessed(self, item: Item) -> Item:
        def seen(picture: Picture) -> Picture:
            facts = self._surveyor.known(picture)
            if facts is None or isinstance(picture, np.ndarray):
                return picture
            name = str(picture) if isinstance(picture, Path | Part) else f"image {item.id!r}"
            return _Witnessed(picture, facts.sha256, name, self._note)

        hr, lone_lr, mask = (
            None if picture is None else seen(picture) for picture in (item.hr, item.lone_lr, item.mask)
        )
        lr = {key: seen(lr) for key, lr in item.lr.items()}
        return replace(item, hr=hr, lone_lr=lone_lr, lr=lr, mask=mask)

    def _note(self, name: str) -> None:
        self._changed = self._changed or name


@dataclass(frozen=True)
class _Witnessed:
    """A picture that is compared with what was seen of it whenever it is read."""

    picture: Picture
    sha256: str
    name: str
    note: Callable[[str], None]

    def __call__(self) -> Image:
        image = read_picture(self.picture)
        if pixels_sha256(image) != self.sha256:
            self.note(self.name)
            raise Outdated(_changed(self.name))
        return image


def _replaced(path: Path, before: Stamp) -> bool:
    try:
        return stamp(path) != before
    except OSError:
        return True


def _changed(what: str) -> str:
    return f"{what} changed after this was planned; run again"
