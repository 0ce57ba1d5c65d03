"""Small pictures: each a file of the gallery, each leading to its image in the viewer."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest

from srbench.leaderboard.gallery.pictures import Gallery, Layer, ViewedImage
from srbench.leaderboard.gallery.shots import addresses, dataset_shots, worst_and_best
from srbench.leaderboard.gallery.viewer import extremes, look_data
from srbench.leaderboard.gallery.writing import write_galleries
from srbench.leaderboard.results.results import Results

from ..toyboard import Board, score


@pytest.fixture(scope="module")
def results(board: Board) -> Results:
    return board.results


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shots")


@pytest.fixture(scope="module")
def galleries(results: Results, board: Board, out: Path) -> list[Gallery]:
    return write_galleries(results, board.store, out)


def viewed(name: str, *layers: str) -> ViewedImage:
    shown = tuple(Layer(layer, f"pictures/{name}-{layer}.png") for layer in layers)
    return ViewedImage(name, shown, (0, 0, 4, 4), (4, 4))


def shown_at(href: str, galleries: list[Gallery], results: Results) -> tuple[str, str, str]:
    """Dataset, protocol and image that the viewer shows at an address."""
    page, _, said = href.partition("#")
    assert page == "index.html"
    known = parse_qs(said)
    gallery = look_data(galleries, results)[int(known["look"][0])]
    return gallery["dataset"], gallery["protocol"], known["image"][0]


def test_a_dataset_has_each_image_of_its_galleries_once(galleries: list[Gallery], results: Results, out: Path) -> None:
    shots = dataset_shots(galleries, "waves")
    drawn = {image.id for gallery in galleries if gallery.dataset == "waves" for image in gallery.images}
    assert sorted(shot.image for shot in shots) == sorted(drawn)
    for shot in shots:
        assert shot.src.endswith("HR.png") and (out / shot.src).is_file()
        dataset, _, image = shown_at(shot.href, galleries, results)
        assert (dataset, image) == ("waves", shot.image)


def test_where_there_is_no_hr_lr_is_shown_and_galleries_without_images_count_for_nothing(results: Results) -> None:
    galleries = [
        Gallery("bare", "p", ()),
        Gallery("d", "p", (viewed("a", "net", "LR"), viewed("b", "net"))),
        Gallery("e", "p", (viewed("a", "HR"),)),
    ]
    assert [(shot.src, shot.href) for shot in dataset_shots(galleries, "d")] == [
        ("pictures/a-LR.png", "index.html#look=0&image=a")
    ]
    assert addresses(galleries, "e", "p") == {"a": "index.html#look=1&image=a"}
    assert addresses(galleries, "e", "other") == {}


def test_worst_and_best_are_those_of_the_scores(galleries: list[Gallery], results: Results) -> None:
    found = dict(worst_and_best(extremes(galleries, results)))
    worst, best = found["blobs", "x4-y", "bicubic"]
    scores = {f"im{at}": score("psnr", "blobs", "bicubic", at, None) for at in range(9)}
    assert worst.image == min(scores, key=scores.__getitem__) and best.image == max(scores, key=scores.__getitem__)
    assert worst.words.startswith(f"worst: {worst.image}, PSNR") and best.words.startswith("best: ")
    assert shown_at(worst.href, galleries, results) == ("blobs", "x4-y", worst.image)
