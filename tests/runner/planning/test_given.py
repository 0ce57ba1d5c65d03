"""SR that was made elsewhere, before anything runs: all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.contract.submission import Asked, Given, Submission
from srbench.pictures import write_image
from srbench.runner.planning.given import SeenSubmission, look_at_submission
from srbench.runner.planning.splits import Unusable
from srbench.runner.planning.survey import Surveyor
from srbench.store.files import sha256

X4 = Protocol("x4-rgb", 4, "rgb", border=4)
ITEMS = [Item(f"im{place}", np.full((26, 24, 3), 9 * place, np.uint8)) for place in range(12)]  # 24 x 24 is compared


class Folder(Submission):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, asked: Sequence[Asked]) -> Given:
        files = {one.image: self.folder / f"{one.image}.png" for one in asked}
        there = {image: path for image, path in files.items() if path.is_file()}
        missing = {image: path.name for image, path in files.items() if image not in there}
        return Given(there, missing, tuple(sorted(set(self.folder.glob("*.png")) - set(there.values()))))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for item in ITEMS:
        write_image(theirs / f"{item.id}.png", np.full((24, 24, 3), 7, np.uint8))
    return theirs


def look(folder: Path, *, coded: bool = False, items: list[Item] = ITEMS) -> SeenSubmission:
    survey = Surveyor().survey(items, X4)
    return look_at_submission(Folder(folder), "theirs", items, "set", X4, survey, coded)


def wrong(folder: Path, *, coded: bool = False, items: list[Item] = ITEMS) -> str:
    with pytest.raises(Unusable) as caught:
        look(folder, coded=coded, items=items)
    assert caught.value.verdict[0] == "failed"
    return caught.value.verdict[1]


def test_the_hash_of_every_file_is_known(folder: Path) -> None:
    seen = look(folder)
    assert seen.hashes == {item.id: sha256(folder / f"{item.id}.png") for item in ITEMS}
    assert {file.path.stem: file.sha256 for file in seen.files} == seen.hashes
    assert seen.warnings == ()


def test_missing_wrong_and_unreadable_pictures_are_told_together(folder: Path) -> None:
    (folder / "im3.png").unlink()
    write_image(folder / "im4.png", np.zeros((26, 24, 3), np.uint8))
    write_image(folder / "im5.png", np.zeros((24, 24, 1), np.uint8))
    (folder / "im6.png").write_bytes(b"nothing")
    told = wrong(folder)
    assert told.startswith(
        "theirs: of the SR of set, that of im3 is missing (im3.png was looked for); "
        "that of im4 is 24 x 26 pixels, not 24 x 24, that of im5 has 1 channel, not 3, that of im6 cannot be read ("
    )
    coded = wrong(folder, coded=True)
    assert "im3.png" not in coded and "im6.png" not in coded and str(folder) not in coded
    assert all(f"im{place}" in coded for place in (3, 4, 5, 6))


def test_of_many_the_first_are_named_and_all_are_counted(folder: Path) -> None:
    for item in ITEMS[1:]:
        (folder / f"{item.id}.png").unlink()
    assert wrong(folder) == (
        "theirs: of the SR of set, those of im1, im2, im3, im4, im5, im6, im7, im8 and 3 more are missing "
        "(im1.png, say, was looked for)"
    )


def test_floats_that_run_to_255_are_told_of_hr_in_integers(folder: Path) -> None:
    (folder / "im2.png").unlink()

    class Floats(Folder):
        def find(self, asked: Sequence[Asked]) -> Given:
            given = super().find(asked)
            return Given({**given.files, "im2": folder / "im2.tiff"}, {})

    write_image(folder / "im2.tiff", np.full((24, 24, 3), 200, np.float32))
    with pytest.raises(Unusable) as caught:
        look_at_submission(Floats(folder), "theirs", ITEMS, "set", X4, Surveyor().survey(ITEMS, X4), False)
    assert "that of im2 has values from 200 to 200; floats have black at 0" in caught.value.verdict[1]


def test_files_of_no_image_are_named_unless_names_are_coded(folder: Path) -> None:
    for name in ("more", "other"):
        write_image(folder / f"{name}.png", np.zeros((24, 24, 3), np.uint8))
    assert look(folder).warnings == ("theirs: 2 files belong to no image of set (more.png, other.png)",)
    assert look(folder, coded=True).warnings == ("theirs: 2 files belong to no image of set",)


def test_the_sr_of_other_images_lies_there_and_is_not_of_no_image(folder: Path) -> None:
    survey = Surveyor().survey(ITEMS[:9], X4)

    def warned(others: Sequence[Item]) -> tuple[str, ...]:
        return look_at_submission(
            Folder(folder), "theirs", ITEMS[:9], "set", X4, survey, False, lambda: others
        ).warnings

    assert warned(ITEMS[9:]) == ()
    assert warned(ITEMS[10:]) == ("theirs: 1 file belongs to no image of set (im9.png)",)
