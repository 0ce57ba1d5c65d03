"""Publishing: twice the same is the same; what changed is told and kept; submissions are checked before they count."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from leaderboard.toyboard import Board, content, make_board, write

from srbench.commands.publish import Costs, Publication, Source, publish_board
from srbench.errors import SrbenchError
from srbench.leaderboard.board.kept import keep_board
from srbench.leaderboard.pages.boards import read_listed
from srbench.leaderboard.pages.document import read_records
from srbench.leaderboard.site.folder import PublishError
from srbench.store.records import Store


def toy(root: Path, *methods: str) -> Board:
    root.mkdir(exist_ok=True)
    return make_board(root, ("blobs",), 1, 1, methods=methods)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    return toy(tmp_path_factory.mktemp("board"), "bicubic", "lanczos")


def source(board: Board) -> Source:
    return Source(board.plan.matrix.path, board.described, Store(board.store))


def published(records: Path) -> Source:
    return Source(records, None, None)


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_publishing_the_same_twice_changes_nothing(board: Board, tmp_path: Path) -> None:
    first = publish_board(source(board), tmp_path)
    assert (first.before, first.change) == (None, None)
    before = tree(tmp_path)
    again = publish_board(source(board), tmp_path)
    assert again.before is not None and again.change is None
    assert tree(tmp_path) == before
    assert {"index.html", "boards.js", "toy/index.html", "toy/badge.svg", "toy/cover.png"} <= before.keys()


def test_of_a_store_and_of_its_published_board_the_site_is_the_same(board: Board, tmp_path: Path) -> None:
    pages = write(board, tmp_path / "pages")
    publish_board(source(board), tmp_path / "a")
    publish_board(published(pages / "records.jsonl"), tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_a_check_writes_nothing(board: Board, tmp_path: Path) -> None:
    assert publish_board(source(board), tmp_path / "site", check=True).costs is None
    assert not (tmp_path / "site").exists()


def test_what_changed_is_told_kept_and_on_the_page(board: Board, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish_board(source(board), site)
    answer = read_listed(site / "toy").findings
    more = toy(tmp_path, "bicubic", "lanczos", "learner")
    made = publish_board(source(more), site)
    assert made.change is not None
    assert made.change.new == ("learner",) and made.change.moved == () and made.change.still > 0
    assert list(made.change.answer) == answer
    kept = read_records(site / "toy" / "records.jsonl")
    assert kept.changes == (made.change,)
    page = (site / "toy" / "index.html").read_text()
    assert "New: learner." in page and "The answer was: " in page
    before = tree(site)
    assert publish_board(source(more), site).change is None
    assert tree(site) == before
    back = publish_board(source(board), site)
    assert back.change is not None and back.change.gone == ("learner",)
    assert read_records(site / "toy" / "records.jsonl").changes == (back.change, made.change)


def test_pictures_cost_what_is_told_before_and_fewer_of_them_less(board: Board, tmp_path: Path) -> None:
    told: list[Costs] = []
    sizes = {}
    for choice in ("all", "few", "none"):
        site = tmp_path / choice
        publish_board(source(board), site, pictures=choice, tell=lambda costs: told.append({**costs}))
        pictures = (path for path in (site / "toy").glob("pictures/**/*") if path.is_file())
        sizes[choice] = sum(path.stat().st_size for path in pictures)
    assert told[0] == told[1] == told[2] == sizes
    assert sizes["all"] > sizes["few"] > sizes["none"] == 0
    bare = read_records(tmp_path / "none" / "toy" / "records.jsonl").galleries
    assert all(one.spectra is not None and not one.images for one in bare) and bare
    cover = read_listed(tmp_path / "none" / "toy").cover
    assert cover is not None and cover.drawn and (tmp_path / "none" / "toy" / cover.href).is_file()


def test_the_folder_of_runs_and_an_index_of_others_are_refused(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PublishError, match="`run` and `report` keep their pages"):
        publish_board(source(board), Path("leaderboards"))
    Path("site").mkdir()
    Path("site/index.html").write_text("mine")
    with pytest.raises(PublishError, match="is not of srbench"):
        publish_board(source(board), Path("site"))
    assert tree(Path("site")) == {"index.html": b"mine"}
    Path("other/toy").mkdir(parents=True)
    Path("other/toy/mine").touch()
    with pytest.raises(PublishError, match="choose an empty folder with --to"):
        publish_board(source(board), Path("other"))


def test_the_folder_of_a_board_is_no_site(board: Board, tmp_path: Path) -> None:
    publish_board(source(board), tmp_path)
    before = tree(tmp_path)
    with pytest.raises(PublishError, match=r"holds a board, .* name the folder around it with --to"):
        publish_board(source(board), tmp_path / "toy")
    assert tree(tmp_path) == before


def test_from_the_matrix_and_from_its_published_board_it_is_the_same_board_on_a_site(
    board: Board, tmp_path: Path
) -> None:
    pages = write(board, tmp_path / "pages") / "records.jsonl"
    for site, sources in (("a", (source(board), published(pages))), ("b", (published(pages), source(board)))):
        for one in sources:
            assert publish_board(one, tmp_path / site).change is None
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_what_is_in_the_way_is_told_with_the_options_of_publish(board: Board, tmp_path: Path) -> None:
    publish_board(source(board), tmp_path)
    (tmp_path / "toy" / "scores.csv").write_text("mine")
    with pytest.raises(PublishError, match=r"scores\.csv is in the way.*--to$"):
        publish_board(source(board), tmp_path)


def test_a_picture_that_turns_out_to_be_damaged_is_none_of_a_cell_that_is_well(tmp_path: Path) -> None:
    ours, site = toy(tmp_path / "ours", "bicubic", "lanczos"), tmp_path / "site"
    folder = Store(ours.store).folder("cells", ours.plan.cells[1].cell.key)
    (folder / "images" / "im1.png").write_bytes(b"?")
    made = publish_board(source(ours), site)
    assert any("lanczos" in trouble for trouble in made.troubles)
    assert [one.status for one in read_records(site / "toy" / "records.jsonl").results.all] == ["ok", "damaged"]
    assert publish_board(source(ours), site).change is None


# ---- submissions


def add(board: Board, site: Path, *places: Path, **how: Any) -> Publication:
    return publish_board(source(board), site, submissions=places, **how)


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A published board with a method more, which a matrix could name."""
    return write(toy(tmp_path / "theirs", "bicubic", "lanczos", "learner"), tmp_path / "submission")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Board:
    return toy(tmp_path_factory.mktemp("ours"), "bicubic", "lanczos")


def test_a_submission_comes_to_the_board_and_its_page(ours: Board, submission: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    made = add(ours, site, submission)
    assert made.refused == () and made.taken == ("blobs/x4-y/learner/t91/0",)
    assert "learner" in (site / "toy" / "index.html").read_text()
    assert "from the board toy, sha256:" in (site / "toy" / "methods" / "learner.html").read_text()
    before = tree(site)
    assert add(ours, site, submission).change is None and tree(site) == before


def test_a_submission_that_learned_from_another_set_changes_names_and_not_pictures(tmp_path: Path) -> None:
    site, ours = tmp_path / "site", toy(tmp_path / "ours", "bicubic", "learner")
    publish_board(source(ours), site)
    (tmp_path / "other").mkdir()
    other = make_board(tmp_path / "other", ("blobs",), 1, 1, ("div2k",), ("bicubic", "learner"))
    pages = write(other, tmp_path / "pages")
    lines = (pages / "records.jsonl").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith('{"gallery"'))
    text = text.replace('"method":"learner"', '"method":"edsr"').replace('"name":"learner"', '"name":"edsr"')
    (pages / "records.jsonl").write_text(text)
    rewritten(pages, "learner", {})
    made = add(ours, site, pages)
    assert (made.refused, made.taken, made.troubles) == ((), ("blobs/x4-y/edsr/div2k/0",), ())
    (gallery,) = read_records(site / "toy" / "records.jsonl").galleries
    names = {"bicubic", "learner (t91)"}
    assert {*gallery.extremes} == names == {*gallery.spectra.sr}
    assert all({layer.name for layer in image.layers} == names | {"HR", "LR"} for image in gallery.images)
    pages_of_cells = [path.read_text() for path in (site / "toy" / "cells").glob("*learner*.html")]
    assert pages_of_cells and all("sr-learner" in page for page in pages_of_cells)


def rewritten(folder: Path, method: str, change: dict[str, Any]) -> None:
    """Alter the records of a method, and the listing so that it knows of it."""
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_bytes().splitlines()]
    for one in lines:
        if "key" in one and method in one["ingredients"]["cell"]:
            one |= change
    data = b"".join(json.dumps(one).encode() + b"\n" for one in lines)
    (folder / "records.jsonl").write_bytes(data)
    listing = json.loads((folder / "files.json").read_bytes())
    listing["files"]["records.jsonl"] = hashlib.sha256(data).hexdigest()
    (folder / "files.json").write_text(json.dumps(listing))


def test_a_tampered_submission_is_refused_with_nothing_written(ours: Board, submission: Path, tmp_path: Path) -> None:
    site, text = tmp_path / "site", (submission / "records.jsonl").read_text()
    (submission / "records.jsonl").write_text(text.replace('"psnr"', '"psnr" ', 1))
    (problem,) = add(ours, site, submission).refused
    assert problem == f"{submission}: records.jsonl is not what was published: its sha256 is not that of files.json"
    assert not site.exists()
    (submission / "files.json").unlink()
    assert "there is no files.json" in add(ours, site, submission).refused[0]


def test_scores_that_do_not_add_up_are_refused_by_cell_even_where_the_listing_was_made_to_fit(
    ours: Board, submission: Path, tmp_path: Path
) -> None:
    scores = read_records(submission / "records.jsonl").results.all[-1].scores
    better = {name: {image or "": value + 1 for image, value in images.items()} for name, images in scores.items()}
    rewritten(submission, "learner", {"scores": better})
    (problem, *_) = add(ours, tmp_path / "site", submission).refused
    assert "blobs/x4-y/learner" in problem or "cells/" in problem
    assert "mean" in problem or "value" in problem


def test_a_key_that_its_ingredients_do_not_make_is_refused(ours: Board, submission: Path, tmp_path: Path) -> None:
    rewritten(submission, "learner", {"ingredients": {"cell": ["learner"], "schema": 7}})
    assert "does not make its key" in add(ours, tmp_path / "site", submission).refused[0]


def test_scores_of_a_metric_that_no_record_names_are_refused(ours: Board, submission: Path, tmp_path: Path) -> None:
    rewritten(submission, "learner", {"scores": {"<script>": {"im0": 1.0}}})
    assert "it has scores of '<script>'" in add(ours, tmp_path / "site", submission).refused[0]


def test_what_is_no_submission_is_a_mistake(ours: Board, tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match="is no store, and no board"):
        add(ours, tmp_path / "site", tmp_path)
    (tmp_path / "records.jsonl").write_text("{}")
    with pytest.raises(SrbenchError, match="holds no board"):
        add(ours, tmp_path / "site", tmp_path)


def test_a_store_is_a_submission_too_and_a_changed_byte_in_it_is_found(ours: Board, tmp_path: Path) -> None:
    other = toy(tmp_path / "theirs", "bicubic", "lanczos", "learner")
    shutil.rmtree(other.store / "models")  # whose toys have keys that nothing makes
    keep_board(Store(other.store), other.described)
    made = add(ours, tmp_path / "site", other.store)
    assert made.refused == ()
    assert made.taken == ("blobs/x4-y/learner/t91/0",)
    table = next(path for path in other.store.glob("cells/*/*/scores.parquet"))
    table.write_bytes(table.read_bytes() + b"x")
    assert add(ours, tmp_path / "other", other.store).refused
    assert not (tmp_path / "other").exists()
