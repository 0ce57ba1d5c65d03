"""Notes of images: what was noted is known where its file is still that one, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.evaluate.journal import Journal


def noted(folder: Path, *names: str, of: str = "") -> Journal:
    journal = Journal(folder, of)
    for name in names:
        (folder / f"{name}.png").write_bytes(name.encode())
        journal.add(name, f"{name}.png", seconds=0.5, clamped=3, label="brick")
    return journal


def lines(folder: Path) -> list[bytes]:
    return folder.with_name(f"{folder.name}.jsonl").read_bytes().splitlines()


def test_what_was_noted_is_known_with_all_its_facts(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    added = noted(folder, "a", "b").add("b", "b.png", seconds=0.25, megapixels=2.0, shipped=True)
    known = Journal(folder).known
    assert known.keys() == {"a", "b"} and known["b"] == added, "the latest note counts"
    assert (known["a"].file, known["a"].seconds, known["a"].clamped, known["a"].label) == ("a.png", 0.5, 3, "brick")


def test_each_note_is_on_the_disk_at_once_beside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    noted(folder, "a", of="split")
    head, _ = lines(folder)
    assert json.loads(head) == {"of": "split"}
    assert [path.name for path in folder.iterdir()] == ["a.png"]


def test_a_file_that_is_gone_or_another_is_not_known_and_nothing_else_stays_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    noted(folder, "a", "b", "c")
    (folder / "a.png").unlink()
    (folder / "b.png").write_bytes(b"another")
    (folder / "left.part").touch()
    (folder / "deep").mkdir()
    (folder / "deep" / "left").touch()
    assert Journal(folder).known.keys() == {"c"}
    assert [path.name for path in folder.iterdir()] == ["c.png"]
    assert len(lines(folder)) == 2, "what does not hold is forgotten"


def test_images_of_something_else_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    noted(folder, "a", of="one")
    assert Journal(folder, "two").known == {} and not list(folder.iterdir())


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "", ".", "..", "a/b.png", "a\0b"])
def test_a_note_leads_to_no_other_folder(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "images"
    noted(folder)
    (tmp_path / "secret").touch()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with folder.with_name("images.jsonl").open("a") as notes:
        notes.write(json.dumps({"image": "a", "file": file, "sha256": empty}) + "\n")
    assert Journal(folder).known == {} and (tmp_path / "secret").exists()


@given(st.binary(max_size=60), st.integers(0, 400))
def test_whatever_became_of_the_journal_what_is_known_was_noted(damage: bytes, at: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "images"
        noted(folder, "a", "b")
        path = folder.with_name("images.jsonl")
        before = path.read_bytes()
        path.write_bytes(before[:at] + damage + before[at + len(damage) :])
        for image, note in Journal(folder).known.items():
            assert (note.file, (folder / note.file).read_bytes()) == (f"{note.file[0]}.png", note.file[:1].encode())
            assert image
        assert Journal(folder).known.keys() == {json.loads(line)["image"] for line in lines(folder)[1:]}
