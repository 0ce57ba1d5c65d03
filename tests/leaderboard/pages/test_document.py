"""Pages are made from one file and the pictures beside it: from a store or from what was published, byte for byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from srbench.leaderboard import publish, publish_again
from srbench.leaderboard.gallery.values import read_script
from srbench.leaderboard.pages.document import decoded, read_records, results_in
from srbench.leaderboard.site.folder import LISTING, PublishError
from srbench.pictures import read_image
from srbench.registry.registry import Registered

from ..markup import parse
from ..toyboard import Board, Toy, content, write


@pytest.fixture(scope="module")
def small_pages(make: Callable[..., Board], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages of a small board."""
    small = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "lanczos"))
    return write(small, tmp_path_factory.mktemp("pages") / "toy")


def forbidden(asked: object, *_: object) -> object:
    if isinstance(asked, Registered) and asked.kind == "task":  # tasks come with srbench itself
        return asked.entry.target
    raise AssertionError("pages need no plugin and no dataset")


def test_pages_are_made_with_no_plugin_and_no_dataset_and_are_the_same_each_time(
    board: Board, pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = board.described
    monkeypatch.setattr(Registered, "load", forbidden)
    monkeypatch.setattr(Toy, "prepare", forbidden)
    publish(described, board.store, tmp_path / "again")
    assert content(tmp_path / "again") == content(pages)
    assert (tmp_path / "again" / LISTING).read_bytes() == (pages / LISTING).read_bytes()


def test_published_records_make_the_same_pages(board: Board, pages: Path, tmp_path: Path) -> None:
    publish_again(pages / "records.jsonl", tmp_path / "again")
    assert content(tmp_path / "again") == content(pages)
    made = [json.loads((folder / LISTING).read_text())["made_from"] for folder in (pages, tmp_path / "again")]
    assert made[0] == made[1]


def test_a_board_is_made_anew_where_it_lies(small_pages: Path, tmp_path: Path) -> None:
    shutil.copytree(small_pages, tmp_path / "toy")
    (tmp_path / "toy" / LISTING).unlink()
    shutil.copytree(tmp_path / "toy", tmp_path / "records")
    publish_again(tmp_path / "records" / "records.jsonl", tmp_path / "there")
    before = content(tmp_path / "there")
    publish_again(tmp_path / "there" / "records.jsonl", tmp_path / "there")
    assert content(tmp_path / "there") == before


def test_records_alone_make_pages_without_pictures_and_say_so(small_pages: Path, tmp_path: Path) -> None:
    shutil.copy(small_pages / "records.jsonl", tmp_path)
    published = publish_again(tmp_path / "records.jsonl", tmp_path / "pages")
    assert any(f"beside {tmp_path / 'records.jsonl'} is not there" in trouble for trouble in published.troubles)
    assert "There are no pictures" in parse(published.index).text
    assert not list((tmp_path / "pages").rglob("*.png"))
    assert (tmp_path / "pages" / "scores.csv").read_bytes() == (small_pages / "scores.csv").read_bytes()


def test_the_lines_of_a_document_are_those_it_was_read_from(pages: Path) -> None:
    lines = (pages / "records.jsonl").read_bytes().splitlines()
    assert list(decoded(lines).lines()) == lines


def test_where_a_board_of_coded_ids_was_run_is_not_told(board: Board) -> None:
    described = board.described
    described.coded, described.path = True, str(Path.cwd() / "jane-doe" / "matrix.yaml")
    lines = b"".join(results_in(described, board.store).lines())
    assert b"jane-doe" not in lines and b'"path":"matrix.yaml"' in lines


def test_what_a_cluster_called_a_job_is_not_published(board: Board) -> None:
    document = results_in(board.described, board.store)
    for result in document.results.all:
        if result.record is not None:
            result.record.job = "slurm 12_3 on node secret7"
    lines = list(document.lines())
    assert b"secret7" not in b"".join(lines) and list(decoded(lines).lines()) == lines


def test_infinite_scores_survive(pages: Path) -> None:
    results = read_records(pages / "records.jsonl").results
    values = [value for one in results.all for scores in one.scores.values() for value in scores.values()]
    assert float("inf") in values


Change = Callable[[list[bytes]], list[bytes]]
CHANGES: dict[str, Change] = {
    "nothing": lambda lines: [],
    "no board": lambda lines: [line for line in lines if not line.startswith(b'{"board"')],
    "no JSON": lambda lines: [*lines, b"{"],
    "a list": lambda lines: [*lines, b"[]"],
    "another kind of value": lambda lines: [line.replace(b'"cells":[', b'"cells":["x",') for line in lines],
    "a cell of no method": lambda lines: [line.replace(b'"methods":[', b'"methods":[],"x":[') for line in lines],
    "a picture elsewhere": lambda lines: [
        line.replace(b'"href":"pictures/', b'"href":"../pictures/') for line in lines
    ],
    "a picture at the root": lambda lines: [line.replace(b'"href":"pictures/', b'"href":"/etc/') for line in lines],
    "pictures of nobody": lambda lines: [line.replace(b'"extremes":{"', b'"extremes":{"nobody') for line in lines],
    "spectra of nobody": lambda lines: [line.replace(b'"sr":{"', b'"sr":{"nobody') for line in lines],
    "pictures of no dataset": lambda lines: [
        line.replace(b'{"gallery":{"dataset":"', b'{"gallery":{"dataset":"x') for line in lines
    ],
    "an image without pictures": lambda lines: [line.replace(b'"layers":[{', b'"layers":[],"x":[{') for line in lines],
    "scores that are a list": lambda lines: [line.replace(b'"scores":{', b'"scores":[],"x":{') for line in lines],
    "nested without end": lambda lines: [*lines, b'{"x":' + b"[" * 5000],
    "a page as a picture": lambda lines: [line.replace(b'HR.png"', b'HR.html"') for line in lines],
}


@pytest.mark.parametrize("change", CHANGES)
def test_files_that_hold_no_board_are_refused(pages: Path, tmp_path: Path, change: str) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"\n".join(CHANGES[change]((pages / "records.jsonl").read_bytes().splitlines())))
    with pytest.raises(PublishError, match=r"records\.jsonl holds no board that this srbench can read"):
        publish_again(path, tmp_path / "pages")
    assert not (tmp_path / "pages").exists()


def test_a_script_in_the_place_of_values_is_not_brought_along(small_pages: Path, tmp_path: Path) -> None:
    shutil.copytree(small_pages, tmp_path / "board")
    script = next((tmp_path / "board" / "pictures").rglob("values.js"))
    script.write_bytes(script.read_bytes() + b"alert(1);\n")
    published = publish_again(tmp_path / "board" / "records.jsonl", tmp_path / "again")
    (trouble,) = published.troubles
    assert "values.js" in trouble and "is not what srbench writes" in trouble
    assert not [one for one in (tmp_path / "again").rglob("*.js") if b"alert(1)" in one.read_bytes()]


def test_a_board_that_kept_no_values_has_those_shown(small_pages: Path, tmp_path: Path) -> None:
    shutil.copytree(small_pages, tmp_path / "board")
    records = tmp_path / "board" / "records.jsonl"
    for script in (tmp_path / "board" / "pictures").rglob("values.js"):
        script.unlink()
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    for line in lines:
        for image in line.get("gallery", {}).get("images", ()):
            del image["values"]
    records.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert publish_again(records, tmp_path / "again").troubles == ()
    again = read_records(tmp_path / "again" / "records.jsonl")
    for image in (image for gallery in again.galleries for image in gallery.images):
        packed = read_script((tmp_path / "again" / image.values).read_bytes())
        for layer, one in zip(image.layers, packed, strict=True):
            assert one.values.unit == "of 255, as shown"
            assert np.array_equal(one.image(), read_image(small_pages / layer.href))


def test_a_link_in_the_place_of_a_picture_is_not_followed(small_pages: Path, tmp_path: Path) -> None:
    shutil.copytree(small_pages, tmp_path / "toy")
    place = read_records(small_pages / "records.jsonl").files[0]
    secret = tmp_path / "secret.png"
    secret.write_bytes((small_pages / place).read_bytes())
    (tmp_path / "toy" / place).unlink()
    (tmp_path / "toy" / place).symlink_to(secret)
    published = publish_again(tmp_path / "toy" / "records.jsonl", tmp_path / "pages")
    assert any(place in trouble for trouble in published.troubles)
    assert not (tmp_path / "pages" / place).exists()
