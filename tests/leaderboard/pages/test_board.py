"""The pages as files: escaped, linked, accessible, the same bytes each time."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from PIL import Image as Pillow

from srbench.leaderboard import publish
from srbench.leaderboard.gallery.display import WINDOW
from srbench.leaderboard.gallery.whole import TILE
from srbench.leaderboard.pages.site import SCRIPTS
from srbench.store.records import Store

from ..markup import Tag, parse
from ..toyboard import HOSTILE, HOSTILE_REASON, Board, content, write


@pytest.fixture(scope="module")
def trees(pages: Path) -> dict[Path, Tag]:
    return {path: parse(path) for path in pages.rglob("*.html")}


def test_there_is_a_page_for_the_board_each_cell_and_each_method(board: Board, pages: Path) -> None:
    assert len(list((pages / "cells").glob("*.html"))) == len(board.plan.cells)
    assert len(list((pages / "methods").glob("*.html"))) == len(board.plan.matrix.methods)


def test_each_dataset_says_of_itself_what_it_is_and_the_board_what_it_holds(
    board: Board, trees: dict[Path, Tag], pages: Path
) -> None:
    index = " ".join(trees[pages / "index.html"].text.split())
    for use in board.plan.matrix.datasets:
        first = (use.registered.load().__doc__ or "").split("\n\n")[0]
        shown = " ".join(trees[pages / "datasets" / f"{use.name}.html"].text.split())
        assert first and " ".join(first.split()).replace("`", "") in shown
        assert f"{use.name}: Summary of {use.name}; 8 test images in 4 independent groups: {HOSTILE} 8" in index


def test_nothing_hostile_becomes_markup(trees: dict[Path, Tag]) -> None:
    for path, tree in trees.items():
        scripts = list(tree.find("script"))
        assert all(
            s.attributes.get("src", "").removeprefix("../") in SCRIPTS or s.attributes.get("type") == "application/json"
            for s in scripts
        ), path
        elements = list(tree.find(*{t.name for t in tree.find(*_all_names(tree))}))
        assert not [e for e in elements if any(name.startswith("on") for name in e.attributes)], path
        assert not list(tree.find("b")) or all("bold" not in b.text for b in tree.find("b"))


def _all_names(tag: Tag) -> set[str]:
    return {child.name for child in tag.children} | {name for child in tag.children for name in _all_names(child)}


def test_hostile_words_are_shown_as_they_are(trees: dict[Path, Tag], pages: Path) -> None:
    index = trees[pages / "index.html"]
    assert HOSTILE in next(index.find("h1")).text
    assert HOSTILE_REASON in index.text
    data = json.loads(next(s.text for s in index.find("script") if "type" in s.attributes))
    assert any(layer["name"] == HOSTILE for layer in data[0]["images"][0]["layers"])
    assert "$x^2$" in "".join(svg.text for svg in index.find("svg"))


def test_every_link_picture_and_fragment_leads_somewhere_on_this_disk(trees: dict[Path, Tag], pages: Path) -> None:
    outside = {"../index.html"}
    ids = {
        path: {t.attributes["id"] for t in tree.find(*_all_names(tree)) if "id" in t.attributes}
        for path, tree in trees.items()
    }
    seen = 0
    for path, tree in trees.items():
        for tag in tree.find("a", "img", "script", "link"):
            target = tag.attributes.get("href", tag.attributes.get("src", ""))
            if not target or target.startswith("data:") or (path == pages / "index.html" and target in outside):
                continue
            assert not re.match(r"[a-z]+:|//", target), target
            file, _, fragment = target.partition("#")
            fragment = "look" if fragment.startswith("look=") else fragment  # what the viewer is to show
            there = (path.parent / unquote(file)).resolve() if file else path
            assert there.is_file(), f"{path.name}: {target}"
            assert not fragment or fragment in ids[there], f"{path.name}: {target}"
            seen += 1
    assert seen > 500


def test_ids_are_unique_and_everything_that_refers_to_one_finds_it(trees: dict[Path, Tag]) -> None:
    for path, tree in trees.items():
        elements = list(tree.find(*_all_names(tree)))
        ids = [element.attributes["id"] for element in elements if "id" in element.attributes]
        assert len(set(ids)) == len(ids), path
        for element in elements:
            for name in ("aria-labelledby", "for"):
                assert set(element.attributes.get(name, "").split()) <= set(ids), (path, element.attributes)
            for used in re.findall(r"url\(#([^)]+)\)", element.attributes.get("clip-path", "")):
                assert used in ids


def test_tables_have_captions_and_scoped_heads_and_no_blank_cells(trees: dict[Path, Tag]) -> None:
    tables = [table for tree in trees.values() for table in tree.find("table")]
    assert len(tables) > 50
    for table in tables:
        assert next(table.find("caption")).text.strip()
        assert all(head.attributes.get("scope") in ("col", "row") for head in table.find("th"))
        width = len(list(next(table.find("thead")).find("th")))
        for line in next(table.find("tbody")).find("tr"):
            cells = [cell for cell in line.children if cell.name in ("td", "th")]
            assert sum(int(cell.attributes.get("colspan", "1")) for cell in cells) == width
            assert all(cell.text.strip() for cell in cells)


def test_headings_go_down_one_step_at_a_time_and_pictures_have_words(trees: dict[Path, Tag]) -> None:
    for path, tree in trees.items():
        levels = [int(heading.name[1]) for heading in tree.find("h1", "h2", "h3", "h4")]
        assert levels[0] == 1 and levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), path
        assert all(image.attributes.get("alt") for image in tree.find("img"))
        for svg in tree.find("svg"):
            hidden = svg.attributes.get("aria-hidden") == "true"
            assert hidden or (
                svg.attributes["role"] == "img" and next(svg.find("title")).text and next(svg.find("desc")).text
            )
        assert next(tree.find("html")).attributes["lang"] == "en"
        assert len(list(tree.find("main"))) == 1
        fields = list(tree.find("select", "input"))
        labelled = {t for label in tree.find("label") for t in map(id, label.find("select", "input"))}
        named = {label.attributes.get("for") for label in tree.find("label")}
        assert all(id(f) in labelled or f.attributes.get("id") in named for f in fields)


def test_method_and_cell_pages_say_what_the_method_costs(trees: dict[Path, Tag]) -> None:
    (learner,) = [tree for path, tree in trees.items() if path.parent.name == "methods" and path.stem == "learner"]
    tables = [table for table in learner.find("table") if "cost" in next(table.find("caption")).text]
    assert tables
    for table in tables:
        heads = [head.text for head in next(table.find("thead")).find("th")]
        assert heads == ["Cell", "Parameters", "Multiply-adds", "Training", "ms/Mpx", "Latency, ms"]
        for row in next(table.find("tbody")).find("tr"):
            cells = [" ".join(cell.text.split()) for cell in row.find("td")]
            assert cells[:2] == ["57 k", "52.7 G"]
            assert cells[4] == "4.2 [4.1, 4.6]"
    cells = [tree for path, tree in trees.items() if path.parent.name == "cells" and "learner" in path.stem]
    said = [
        {term.text: fact.text for term, fact in zip(tree.find("dt"), tree.find("dd"), strict=True)} for tree in cells
    ]
    assert any(facts.get("Multiply-adds for a 1280 x 720 output") == "52.7 G" for facts in said)
    assert any(
        facts.get("Latency of one LR of 75 x 11 pixels, ms") == "4.2 (quartiles 4.1 and 4.6, 20 calls)"
        for facts in said
    )


def test_pages_say_which_hardware_a_time_is_of_where_there_are_several(
    make: Callable[..., Board], tmp_path: Path
) -> None:
    two = make(datasets=("blobs",), protocols=1, seeds=2, methods=("bicubic", "lanczos", "learner"))
    store = Store(two.store)
    for cell in (planned.cell for planned in two.plan.cells):
        record = store.read("cells", cell.key)
        if record is not None and (cell.method == "lanczos" or cell.seed == 1):
            record.environment = {"cores": 16, "device": "GPU"}
            store.write("cells", record)
    pages = write(two, tmp_path / "toy")
    index = parse(pages / "index.html")
    rows = {
        next(row.find("a")).text: [(" ".join(cell.text.split()), cell.attributes.get("data-sort")) for cell in cells][
            -2
        ]
        for row in index.find("tr")
        if len(cells := list(row.find("td"))) > 6
    }
    assert rows["bicubic"] == ("3.7", "3.7")
    assert rows["lanczos"][1] == "" and rows["lanczos"][0].endswith("on GPU (16 cores), not compared")
    assert rows["learner"][1] != "" and "GPU" not in rows["learner"][0]
    assert any("ms/Mpx" in head.text and "on A <fast> processor (2 cores)" in head.text for head in index.find("th"))
    table = next(one for one in parse(pages / "methods/learner.html").find("table") if ": cost" in one.text)
    assert [list(row.find("td"))[-1].text for row in next(table.find("tbody")).find("tr")] == [
        "A <fast> processor (2 cores)",
        "GPU (16 cores)",
    ]
    rows_of_json = json.loads((pages / "board.json").read_text())["tables"][0]["rows"]
    assert {row["method"]: row["hardware"]["ms_per_megapixel"] for row in rows_of_json} == {
        "bicubic": "A <fast> processor (2 cores)",
        "lanczos": "GPU (16 cores)",
        "learner": "A <fast> processor (2 cores)",
    }


def test_heads_of_scores_say_which_direction_is_better_and_sort_by_it(trees: dict[Path, Tag], pages: Path) -> None:
    lower, higher = [], []
    for path in pages.glob("[cm]*/*.html"):
        for head in trees[path].find("th"):
            if head.attributes.get("data-order") and "lower is better" in head.text:
                lower.append(head.attributes["data-order"])
            elif head.attributes.get("data-order") and "higher is better" in head.text:
                higher.append(head.attributes["data-order"])
    assert set(lower) == {"ascending"}
    assert set(higher) == {"descending"}


def test_colours_of_figures_come_from_the_style_sheet(trees: dict[Path, Tag], pages: Path) -> None:
    svgs = [svg for svg in trees[pages / "index.html"].find("svg") if svg.attributes["class"] == "figure"]
    assert len(svgs) == 8
    for svg in svgs:
        styles = [element.attributes.get("style", "") for element in svg.find(*_all_names(svg))]
        assert not [style for style in styles if re.search(r"(fill|stroke): *#", style)]
        assert list(svg.find("text"))


def test_writing_again_removes_what_is_no_longer_part_and_leaves_the_rest(
    make: Callable[..., Board], tmp_path: Path
) -> None:
    small = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "lanczos"))
    publish(small.described, small.store, tmp_path)
    gone = small.plan.cells[-1]
    (page,) = (tmp_path / "cells").glob(f"*-{gone.cell.key[:8]}.html")
    for name in ("cells/added.html", "cells/aa/keep.json", "matrix.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    few = replace(small, plan=replace(small.plan, cells=small.plan.cells[:-1]))
    publish(few.described, small.store, tmp_path)
    assert not page.exists()
    for name in ("cells/added.html", "cells/aa/keep.json", "matrix.yaml"):
        assert (tmp_path / name).read_text(encoding="utf-8") == "x"


def test_without_hr_in_the_store_the_viewer_shows_sr_and_says_so(make: Callable[..., Board], tmp_path: Path) -> None:
    absent = make(datasets=("absent",), protocols=1, seeds=1, methods=("bicubic", "lanczos"))
    index = parse(publish(absent.described, absent.store, tmp_path).index)
    assert "Some SR is shown without HR and error maps: the store does not hold the HR of im" in index.text
    data = json.loads(next(s.text for s in index.find("script") if "type" in s.attributes))
    assert "HR" not in [layer["name"] for layer in data[0]["images"][0]["layers"]]


def test_pictures_are_small_eight_bit_pngs(pages: Path) -> None:
    pictures = list((pages / "pictures").rglob("*.png"))
    assert len(pictures) > 100
    for path in pictures:
        with Pillow.open(path) as opened:
            assert opened.mode in ("L", "RGB", "P")
            assert max(opened.size) <= (TILE if path.name.startswith("whole-") else WINDOW)


def test_pages_of_several_training_sets_are_whole(make: Callable[..., Board], tmp_path: Path) -> None:
    several = make(protocols=1, seeds=1, train_on=("t91", "faces"), methods=("bicubic", "learner"))
    index = parse(publish(several.described, several.store, tmp_path).index)
    captions = [caption.text for caption in index.find("caption")]
    assert any("columns are tested on" in caption for caption in captions)
    (transfer,) = (section for section in index.find("section") if section.attributes.get("id") == "transfer")
    assert re.search(r"\d\.\d+ \[\d+\.\d+, \d+\.\d+\]", transfer.text), "a value with its interval"
    assert sum("trained on faces: 17 images" in caption for caption in captions) == 1
    elements = list(index.find(*_all_names(index)))
    ids = [element.attributes["id"] for element in elements if "id" in element.attributes]
    assert len(set(ids)) == len(ids)


def test_a_picture_name_that_leaves_the_store_is_not_read(make: Callable[..., Board], tmp_path: Path) -> None:
    small = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "lanczos"))
    for path in small.store.glob("cells/*/*/record.json"):
        path.write_text(re.sub(r'": "im\d\.png"', '": "../../../../../secret.png"', path.read_text()))
    Pillow.new("RGB", (48, 40)).save(small.store.parent / "secret.png")
    page = parse(publish(small.described, small.store, tmp_path).index)
    assert "There are no pictures" in page.text


PUBLISH = """
import sys
from pathlib import Path
import msgspec
from srbench.leaderboard import publish
from srbench.leaderboard.board.contents import Board
board, store, out = map(Path, sys.argv[1:])
publish(msgspec.json.decode(board.read_bytes(), type=Board), store, out)
"""


def test_the_same_store_gives_the_same_bytes_anywhere(make: Callable[..., Board], tmp_path: Path) -> None:
    """In another process, folder and time zone, and whatever order sets have there."""
    small = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "lanczos", "learner"))
    board = tmp_path / "board.json"
    board.write_bytes(msgspec.json.encode(small.described))
    for name, zone, seed in (("a", "UTC", "1"), ("b/c", "Asia/Kolkata", "2")):
        here = tmp_path / name
        here.mkdir(parents=True)
        command = [sys.executable, "-c", PUBLISH, str(board), str(small.store), str(here / "pages")]
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(here / "cache")}
        subprocess.run(command, cwd=here, env=environment, check=True)
    one, other = content(tmp_path / "a/pages"), content(tmp_path / "b/c/pages")
    assert {name.rpartition(".")[2] for name in one} >= {"html", "pdf", "svg", "tex", "bib", "png", "csv", "jsonl"}
    assert [name for name in one if one[name] != other.get(name)] == [] and set(one) == set(other)
