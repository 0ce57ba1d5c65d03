"""The board of the task `generation`: ranks, reference row, sheets of samples, nearest training images, words."""

from __future__ import annotations

import itertools
import json
import math
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow
from scipy import stats as scipy_stats
from selenium import webdriver

from srbench.leaderboard import publish_again
from srbench.leaderboard.generation.sheets import GAP
from srbench.leaderboard.results.results import Results
from srbench.leaderboard.tables.ranked import Row, Table, build_table
from srbench.pictures import Image, Values, read_image, write_image
from srbench.statistics.ranking import holm

from ..genboard import (
    CEILING,
    CLASSES,
    GENERATORS,
    MEANS,
    SAMPLES,
    SIZE,
    TRAIN,
    GenerationBoard,
    Squares,
    make_generation_board,
    write_generation,
)
from ..markup import Tag, parse
from ..pages.test_board import (  # noqa: F401
    test_headings_go_down_one_step_at_a_time_and_pictures_have_words,
    test_ids_are_unique_and_everything_that_refers_to_one_finds_it,
)
from ..pages.test_board import test_nothing_hostile_becomes_markup as test_nothing_hostile_becomes_markup

# The same checks as of other boards, on these pages: the fixtures `pages` and `trees` below take the others' place.
from ..test_browser import browser as browser
from ..test_browser import seen as seen
from ..test_browser import (
    test_no_errors_and_nothing_but_files_of_the_board as test_no_errors_and_nothing_but_files_of_the_board,
)
from ..test_browser import test_no_page_is_wider_than_the_window as test_no_page_is_wider_than_the_window
from ..test_browser import (
    test_words_and_markers_stand_out_from_their_background as test_words_and_markers_stand_out_from_their_background,
)
from ..test_browser import visit
from ..toyboard import content, keep

Pixels = np.ndarray


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GenerationBoard:
    """Two datasets, three seeds, three generators that did well and one that did not."""
    return make_generation_board(tmp_path_factory.mktemp("generation"), ("colour", "grey"))


@pytest.fixture(scope="module")
def pages(made: GenerationBoard, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its pages; takes the place of the other boards' in the checks imported above."""
    return write_generation(made, tmp_path_factory.mktemp("pages") / "toy")


@pytest.fixture(scope="module")
def trees(pages: Path) -> dict[Path, Tag]:
    return {path: parse(path) for path in pages.rglob("*.html")}


@pytest.fixture(scope="module")
def index(trees: dict[Path, Tag], pages: Path) -> Tag:
    return trees[pages / "index.html"]


@pytest.fixture
def one(tmp_path: Path) -> Callable[..., GenerationBoard]:
    """Other boards; of one dataset, one seed and a few samples of one generator unless told."""
    return lambda **given: make_generation_board(
        tmp_path, **{"seeds": 1, "samples": 4, "generators": ("maker",), **given}
    )


def table(board: GenerationBoard, dataset: str = "colour") -> Table:
    results: Results = board.results
    return build_table(results.scopes[0], results.metrics, dataset)


def row(table: Table, generator: str) -> Row:
    return next(row for row in table.rows if row.entrant.method == generator)


def values(board: GenerationBoard, generator: str, metric: str, dataset: str = "colour") -> list[float]:
    return [board.values[dataset, generator, seed][metric] for seed in board.plan.matrix.seeds]


def by_id(page: Tag, name: str) -> Tag:
    return next(tag for tag in page.find("div", "section", "table") if tag.attributes.get("id") == name)


def opened(path: Path) -> Pixels:
    with Pillow.open(path) as picture:
        return np.asarray(picture)


def tiles(sheet: Pixels, side: int = SIZE) -> list[Pixels]:
    """The pictures of a contact sheet, without alpha; what is transparent is no picture."""
    step = side + GAP
    places = itertools.product(range(0, sheet.shape[0], step), range(0, sheet.shape[1], step))
    cut = [sheet[top : top + side, left : left + side] for top, left in places]
    return [tile[..., :-1] for tile in cut if (tile[..., -1] == 255).all()]


# ---- ranks


@pytest.mark.parametrize(("metric", "higher"), [("fid-a", False), ("cas", True)])
def test_a_value_is_the_mean_over_seeds_with_students_interval(
    made: GenerationBoard, metric: str, higher: bool
) -> None:
    whole = table(made)
    place = [column.metric for column in whole.columns].index(metric)
    assert whole.columns[place].higher_is_better == higher
    for generator in MEANS:
        seeds = values(made, generator, metric)
        interval = row(whole, generator).values[place].interval
        assert interval is not None
        assert interval.estimate == pytest.approx(np.mean(seeds))
        if np.ptp(seeds):
            expected = scipy_stats.ttest_1samp(seeds, 0).confidence_interval(0.95)
            assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_generators_share_a_rank_exactly_where_welch_and_holm_find_no_difference(made: GenerationBoard) -> None:
    for dataset in ("colour", "grey"):
        whole = table(made, dataset)
        assert whole.primary == "fid-a"
        pairs = list(itertools.combinations(MEANS, 2))
        seeds = {name: values(made, name, "fid-a", dataset) for name in MEANS}
        p = holm([scipy_stats.ttest_ind(seeds[a], seeds[b], equal_var=False).pvalue for a, b in pairs])
        assert {value <= 0.05 for value in p} == {True, False}, "the board should have both cases"
        for (a, b), value in zip(pairs, p, strict=True):
            assert whole.standings["fid-a"].told_apart(row(whole, a).entrant, row(whole, b).entrant) == (value <= 0.05)
        assert [str(row(whole, name).rank) for name in ("copier", "maker", "static")] == ["1", "2-3", "2-3"]
        assert row(whole, "broken").rank is None


def test_differences_are_welchs(made: GenerationBoard) -> None:
    whole = table(made)
    gap = whole.standings["fid-a"].difference(row(whole, "maker").entrant, row(whole, "copier").entrant)
    test = scipy_stats.ttest_ind(values(made, "maker", "fid-a"), values(made, "copier", "fid-a"), equal_var=False)
    expected = test.confidence_interval(0.95)
    assert (gap.low, gap.high) == pytest.approx((expected.low, expected.high))
    back = whole.standings["fid-a"].difference(row(whole, "copier").entrant, row(whole, "maker").entrant)
    assert (back.low, back.high) == (-(gap.high or 0), -(gap.low or 0))


@pytest.mark.parametrize("seeds", [1, 2])
def test_with_few_seeds_the_order_is_shown_and_called_what_it_is(
    one: Callable[..., GenerationBoard], tmp_path: Path, seeds: int
) -> None:
    board = one(seeds=seeds, generators=GENERATORS)
    whole = table(board)
    means = {name: np.mean(values(board, name, "fid-a")) for name in MEANS}
    assert [row.entrant.method for row in whole.ranked] == sorted(means, key=lambda name: means[name])
    assert [str(row.rank) for row in whole.ranked] == ["1", "2", "3"]
    assert all(row.values[0].interval and row.values[0].interval.low is None for row in whole.ranked)
    told_apart = whole.standings["fid-a"].told_apart
    assert not any(told_apart(a.entrant, b.entrant) for a, b in itertools.combinations(whole.ranked, 2))
    page = parse(write_generation(board, tmp_path / "pages") / "index.html")
    (ranked,) = page.of_class("ranked")
    marked = [next(cell.find("a")) for cell in ranked.of_class("rank") if cell.name == "td" and cell.text[0].isdigit()]
    assert len(marked) == 3
    note = next(tag for tag in page.find("li") if f"#{tag.attributes.get('id')}" == marked[0].attributes["href"])
    assert "order of the values alone" in note.text
    assert "no test" in " ".join(tag.text for tag in page.of_class("caveats"))
    assert "leads" not in next(page.of_class("lead")).text
    assert "over seeds" not in " ".join(tag.text for tag in page.find("figcaption"))


def test_a_generator_without_all_its_seeds_is_not_ranked(one: Callable[..., GenerationBoard]) -> None:
    board = one(seeds=3, generators=GENERATORS)
    cell = next(planned for planned in board.plan.cells if planned.cell.method == "maker")
    record = cell.store.read("cells", cell.cell.key)
    assert record is not None
    record.status = "failed"
    keep(board.store, record)
    whole = table(board)
    assert row(whole, "maker").rank is None
    assert [str(row.rank) for row in whole.ranked] == ["1", "2"]


def test_each_dataset_has_a_table_of_its_own_and_nothing_is_averaged_over_datasets(
    made: GenerationBoard, index: Tag, pages: Path
) -> None:
    captions = [next(ranked.find("caption")).text for ranked in index.of_class("ranked")]
    assert [caption.split(":")[0] for caption in captions] == ["colour", "grey"]
    assert all(f"{SAMPLES} samples of each generator" in caption for caption in captions)
    board = json.loads((pages / "board.json").read_text(encoding="utf-8"))
    shown = {(part["dataset"], line["method"]): line for part in board["tables"] for line in part["rows"]}
    for dataset in ("colour", "grey"):
        line = shown[dataset, "maker"]
        assert line["metrics"]["fid-a"]["estimate"] == pytest.approx(np.mean(values(made, "maker", "fid-a", dataset)))
        assert line["images"] == SAMPLES
        assert line["ms_per_sample"] == pytest.approx(24.0)


def test_every_metric_says_which_way_is_better(index: Tag) -> None:
    ranked = next(index.of_class("ranked"))
    heads = [head for head in ranked.of_class("value") if head.name == "th"]
    said = {head.attributes["data-column"]: head.text for head in heads}
    assert {metric: "higher" in text for metric, text in said.items()} == {
        "fid-a": False,
        "kid": False,
        "fid-b": False,
        "pairwise-ssim": False,
        "cas": True,
    }


def test_real_images_are_a_row_without_rank(made: GenerationBoard, index: Tag) -> None:
    for ranked in index.of_class("ranked"):
        (line,) = next(ranked.of_class("references")).find("tr")
        assert next(line.find("th")).text.startswith("real images")
        cells = {
            cell.attributes["data-column"]: cell.text for cell in line.find("td") if "data-column" in cell.attributes
        }
        value, n = cells["fid-a"].strip().split("n ")
        assert float(value) == pytest.approx(CEILING, abs=0.06)
        assert int(n) == TRAIN
        assert "not measured" in cells["kid"]
    assert "in place of samples" in index.text


def test_findings_name_who_leads_what_real_images_get_and_where_metrics_disagree(index: Tag) -> None:
    lead = next(index.of_class("lead")).text
    assert "copier leads on colour" in lead
    assert "real images get" in lead
    assert lead.count(". ") == 2, "two sentences at most"
    assert "maker from static" in next(index.of_class("ties")).text
    caveats = " ".join(tag.text for tag in index.of_class("caveats"))
    for measure in ("pixels", "features"):
        assert f"By {measure}, samples of copier are nearer to training images than chance explains" in caveats
    assert "colour: By FID-b " in caveats


# ---- samples


def test_sheets_hold_the_stored_samples_pixel_by_pixel_by_class_beside_real_images(
    made: GenerationBoard, pages: Path
) -> None:
    for dataset, generator in itertools.product(("colour", "grey"), MEANS):
        planned = next(one for one in made.plan.cells if (one.cell.dataset, one.cell.method) == (dataset, generator))
        record = planned.record
        assert record is not None
        folder = made.store / "cells" / record.key[:2] / record.key / "images"
        items = {item.id: item for item in Squares(dataset).test()}
        for place, label in enumerate(sorted(CLASSES)):
            ids = [image for image in record.images if record.labels[image] == label]
            shown = tiles(opened(pages / "pictures" / f"{dataset}-16px" / generator / f"samples-{place}.png"))
            assert len(shown) == min(32, len(ids))
            for picture, image in zip(shown, ids, strict=False):
                stored = read_image(folder / record.images[image])
                assert (picture == stored).all()
            real = tiles(opened(pages / "pictures" / f"{dataset}-16px" / "real" / f"images-{place}.png"))
            of_class = [item.read_hr()[0] for item in items.values() if item.label == label]
            assert len(real) == len(of_class)
            assert all((picture == hr).all() for picture, hr in zip(real, of_class, strict=True))


def test_unlabelled_samples_are_one_sheet(one: Callable[..., GenerationBoard], tmp_path: Path) -> None:
    out = write_generation(one(labelled=False, samples=70), tmp_path / "pages")
    assert len(tiles(opened(out / "pictures" / "colour-16px" / "maker" / "samples-0.png"))) == 64
    assert not (out / "pictures" / "colour-16px" / "maker" / "samples-1.png").exists()
    assert "64 of 70 samples" in parse(out / "index.html").text


def test_without_the_dataset_samples_stand_alone_and_the_page_says_so(
    one: Callable[..., GenerationBoard], tmp_path: Path
) -> None:
    out = write_generation(one(datasets=("absent",)), tmp_path / "pages")
    page = parse(out / "index.html")
    assert "the store does not hold the test images" in page.text
    assert "the store does not hold the training image" in page.text
    look = by_id(page, "look")
    assert not list(look.of_class("real"))
    assert len(list(look.find("img"))) == len(CLASSES)
    memory = by_id(page, "memory")
    assert list(memory.find("svg"))
    assert not list(memory.find("img"))


def test_a_store_of_scores_only_makes_pages_without_samples(
    one: Callable[..., GenerationBoard], tmp_path: Path
) -> None:
    board = one()
    for folder in (board.store / "cells").glob("*/*/images"):
        shutil.rmtree(folder)
    page = parse(write_generation(board, tmp_path / "pages") / "index.html")
    assert "There are no samples" in page.text
    assert len(list(page.of_class("ranked"))) == 1


def test_published_without_pictures_the_answers_stay(one: Callable[..., GenerationBoard], tmp_path: Path) -> None:
    pages = write_generation(one(generators=("copier",)), tmp_path / "pages")
    (tmp_path / "bare").mkdir()
    shutil.copy(pages / "records.jsonl", tmp_path / "bare")
    publish_again(tmp_path / "bare" / "records.jsonl", tmp_path / "again")
    page = parse(tmp_path / "again" / "index.html")
    assert "There are no samples" in page.text and not list((tmp_path / "again" / "pictures").rglob("*"))
    assert "nearer to training images than chance explains: see Memory, below." in page.text
    memory = next(one for one in page.find("section") if one.attributes.get("id") == "memory")
    assert "this board was published without them" in memory.text
    (cell,) = (tmp_path / "again" / "cells").glob("*.html")
    assert "None of its samples are here." in parse(cell).text


def test_a_sample_name_that_leaves_the_store_is_not_read(one: Callable[..., GenerationBoard], tmp_path: Path) -> None:
    board = one()
    for path in board.store.glob("cells/*/*/record.json"):
        path.write_text(re.sub(r'": "sample-\d+\.png"', '": "../../../../../secret.png"', path.read_text()))
    Pillow.new("RGB", (SIZE, SIZE)).save(board.store.parent / "secret.png")
    assert "There are no samples" in parse(write_generation(board, tmp_path / "pages") / "index.html").text


# ---- memory


def nearest_by_brute_force(sample: Pixels, learned: dict[str, Pixels]) -> tuple[float, str, Pixels]:
    ways = [
        (math.sqrt(((sample / 255.0 - way / 255.0) ** 2).mean()), name, way)
        for name, image in learned.items()
        for way in (image, image[:, ::-1])
    ]
    return min(ways, key=lambda way: way[0])


@pytest.mark.parametrize(("dataset", "generator"), [("colour", "copier"), ("grey", "maker")])
def test_pairs_show_samples_beside_their_nearest_training_images_by_pixels_and_by_features(
    made: GenerationBoard, pages: Path, index: Tag, dataset: str, generator: str
) -> None:
    planned = next(one for one in made.plan.cells if (one.cell.dataset, one.cell.method) == (dataset, generator))
    record = planned.record
    assert record is not None
    folder = made.store / "cells" / record.key[:2] / record.key / "images"
    learned = {item.id: item.read_hr()[0] for item in Squares(dataset).train()}
    found = {image: nearest_by_brute_force(read_image(folder / name), learned) for image, name in record.images.items()}
    kept = pd.read_parquet(folder.parent / "nearest.parquet").set_index("image")
    part = by_id(index, f"g-{dataset}-16px-{generator}-memory")
    by_pixels, by_features, drawn = ([*pairs.find("li")] for pairs in part.of_class("pairs"))
    assert [len(by_pixels), len(by_features), len(drawn)] == [8, 8, 8]
    pictures = pages / "pictures" / f"{dataset}-16px" / generator
    for place, image in enumerate(sorted(found, key=lambda image: found[image][0])[:8]):
        rmse, name, way = found[image]
        left, right = tiles(opened(pictures / f"pixels-{place}.png"))
        assert (left == read_image(folder / record.images[image])).all()
        assert (right == way).all()
        (picture,) = by_pixels[place].find("img")
        assert {image, name} <= set(re.findall(r"[\w-]+", picture.attributes["alt"]))
        assert by_pixels[place].text.startswith(f"{rmse:.3f}")
        assert ("mirrored" in by_pixels[place].text) == bool((way == learned[name][:, ::-1]).all())
    for place, image in enumerate(kept.loc[list(found)].sort_values("distance").index[:8]):
        left, right = tiles(opened(pictures / f"features-{place}.png"))
        assert (left == read_image(folder / record.images[image])).all()
        assert (right == learned[kept.nearest_by_features[image]]).all()
        assert by_features[place].text.strip() == f"{kept.distance[image]:.3f}"
    for place, line in enumerate(drawn):
        (picture,) = line.find("img")
        image = next(image for image in found if image in picture.attributes["alt"])
        left, middle, right = tiles(opened(pictures / f"random-{place}.png"))
        assert (left == read_image(folder / record.images[image])).all()
        assert (middle == found[image][2]).all()
        assert (right == learned[kept.nearest_by_features[image]]).all()
        assert line.text.strip().endswith(f"; {kept.distance[image]:.3f}")


def test_memory_is_told_in_numbers_and_flagged_where_samples_are_too_near(made: GenerationBoard, index: Tag) -> None:
    for generator in MEANS:
        planned = next(one for one in made.plan.cells if (one.cell.dataset, one.cell.method) == ("colour", generator))
        assert planned.record is not None
        facts = planned.record.facts
        part = by_id(index, f"g-colour-16px-{generator}-memory")
        figures = [svg for svg in part.find("svg") if svg.attributes["class"] == "figure"]
        verdicts = list(part.of_class("verdict"))
        measures = {"pixels": "nearest_rmse", "features": "nearest_by_features"}
        for (measure, fact), svg, verdict in zip(measures.items(), figures, verdicts, strict=True):
            assert f"by {measure} of a sample to its nearest training image: {facts[fact]:.3f};" in part.text
            assert f"of a real test image: {facts[f'{fact}_real']:.3f}." in part.text
            assert f"Samples: {SAMPLES}, median {facts[fact]:.3g}" in next(svg.find("desc")).text
            assert f"By {measure}, " in verdict.text
            flagged = "bad" in verdict.attributes["class"].split()
            assert flagged == (generator == "copier")
            assert ("near copies" in verdict.text) == flagged


def test_shifted_copies_are_flagged_by_features_and_not_by_pixels(
    one: Callable[..., GenerationBoard], tmp_path: Path
) -> None:
    def shifted(_: str, rng: np.random.Generator, learned: Sequence[tuple[Image, Values]]) -> Image:
        return np.roll(learned[int(rng.integers(len(learned)))][0], (7, 5), (0, 1))

    page = parse(write_generation(one(make=shifted, samples=SAMPLES), tmp_path / "pages") / "index.html")
    by_pixels, by_features = by_id(page, "memory").of_class("verdict")
    assert "bad" not in by_pixels.attributes["class"].split()
    assert f"By features, {SAMPLES} of {SAMPLES} samples are near copies" in by_features.text
    caveats = " ".join(tag.text for tag in page.of_class("caveats"))
    assert "By features, samples of maker are nearer to training images" in caveats
    assert "By pixels, samples of maker" not in caveats


def test_the_pages_are_made_without_distances_and_say_which_are_damaged(
    one: Callable[..., GenerationBoard], tmp_path: Path
) -> None:
    board = one()
    files = list(board.store.glob("cells/*/*/nearest.parquet"))
    for path in files:
        path.write_bytes(b"PAR1 no more")
    page = parse(write_generation(board, tmp_path / "pages") / "index.html")
    assert "nearest.parquet: cannot be read" in page.text and "damaged: store" in page.text
    for path in files:
        path.unlink()
    page = parse(write_generation(board, tmp_path / "pages") / "index.html")
    assert not [tag for tag in page.find("section") if tag.attributes.get("id") == "memory"]
    assert "Samples" in [heading.text for heading in page.find("h2")]


# ---- the other pages, and what they say


def test_cells_show_samples_of_the_first_seed_and_say_where_the_others_are(pages: Path) -> None:
    cells = {path.name: parse(path) for path in (pages / "cells").glob("colour-16px-copier-*.html")}
    assert len(cells) == 3
    for name, page in cells.items():
        first = "-same-0-" in name
        assert bool(list(page.of_class("sheets"))) == first
        assert bool(list(page.of_class("memory"))) == first
        assert ("those of this one are in the store" in page.text) != first
        facts = {term.text: fact.text for term, fact in zip(page.find("dt"), page.find("dd"), strict=True)}
        assert facts["Making a sample, ms"] == "36"
        assert facts["Peak memory of sampling, GB"] == "1.5"
    broken = [parse(path) for path in (pages / "cells").glob("colour-16px-broken-*.html")]
    assert all("9 of 8 GB" in page.text for page in broken)


def test_no_page_speaks_of_super_resolution(trees: dict[Path, Tag]) -> None:
    for path, tree in trees.items():
        said = next(tree.find("main")).text
        assert not re.search(r"\b(LR|SR|HR|PSNR|[Uu]pscal\w*|paired by image|Mpx)\b", said), path


def test_the_header_says_how_many_samples_of_which_size(index: Tag) -> None:
    meta = next(index.of_class("meta")).text
    assert f"{SAMPLES} samples of each generator, {SIZE} × {SIZE} pixels" in meta
    assert "test images of colour and grey" in meta
    assert f"{len(GENERATORS)} generators, 3 seeds" in meta


def test_every_link_and_picture_is_there(trees: dict[Path, Tag]) -> None:
    for path, tree in trees.items():
        for tag in next(tree.find("main")).find("a", "img"):
            target, _, fragment = (tag.attributes.get("href") or tag.attributes["src"]).partition("#")
            there = (path.parent / target).resolve() if target else path
            assert there.is_file(), (path, target)
            names = {element.attributes.get("id") for element in everything(trees[there])} if fragment else {fragment}
            assert fragment in names


def everything(tag: Tag) -> list[Tag]:
    return [part for child in tag.children for part in (child, *everything(child))]


def test_the_strip_of_a_generators_training_is_of_samples(one: Callable[..., GenerationBoard], tmp_path: Path) -> None:
    board = one()
    folder = board.store / "models" / "00" / ("0" * 64)
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    write_image(folder / "samples" / "denoising-0.png", noise)
    out = write_generation(board, tmp_path / "pages")
    page = parse(out / "methods" / "maker.html")
    learned, denoised = page.of_class("strip")
    assert learned.text.count("step") == 7
    assert "training images" in learned.text
    (picture,) = denoised.find("img")
    assert (opened((out / "methods" / picture.attributes["src"]).resolve()) == noise).all()
    assert "Samples coming out of noise" in page.text


def test_published_generators_make_the_same_pages(pages: Path, tmp_path: Path) -> None:
    shutil.copytree(pages, tmp_path / "elsewhere")
    publish_again(tmp_path / "elsewhere" / "records.jsonl", tmp_path / "again")
    assert content(tmp_path / "again") == content(pages)


def test_the_same_input_gives_the_same_bytes(one: Callable[..., GenerationBoard], tmp_path: Path) -> None:
    board = one()
    first, again = (content(write_generation(board, tmp_path / name)) for name in ("first", "again"))
    assert first == again


def test_samples_are_enlarged_by_a_whole_factor_and_stay_sharp(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.sheets img, .pairs img')].map(i => { i.loading = 'eager'; return i; })"
        ".map(i => [i.getBoundingClientRect().width, i.width, getComputedStyle(i).imageRendering])"
    )
    assert len(shown) > 50
    assert all(width == asked and rendering == "pixelated" for width, asked, rendering in shown)
    natural = browser.execute_script(
        "return Promise.all([...document.querySelectorAll('.sheets img, .pairs img')]"
        ".map(i => i.decode().then(() => [i.width / i.naturalWidth, i.height / i.naturalHeight])))"
    )
    assert {tuple(pair) for pair in natural} == {(4, 4)}
