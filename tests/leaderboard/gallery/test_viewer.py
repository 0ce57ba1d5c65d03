"""What the viewer starts with and shows: pictures that were written, with the scores of the cells they are of."""

from __future__ import annotations

import math
import re
from pathlib import Path
from statistics import median_low
from urllib.parse import parse_qs

import pytest

from srbench.leaderboard.gallery.pictures import Gallery
from srbench.leaderboard.gallery.viewer import extremes, look_data, start
from srbench.leaderboard.gallery.writing import write_galleries
from srbench.leaderboard.results.results import Results

from ..toyboard import HOSTILE, Board, score


@pytest.fixture(scope="module")
def results(board: Board) -> Results:
    return board.results


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("viewer")


@pytest.fixture(scope="module")
def galleries(results: Results, board: Board, out: Path) -> list[Gallery]:
    return write_galleries(results, board.store, out)


def test_every_layer_is_a_file_with_the_scores_of_its_image(
    galleries: list[Gallery], results: Results, out: Path
) -> None:
    data = look_data(galleries, results)
    names = [f"{dataset}, {protocol}" for dataset in ("blobs", "waves") for protocol in ("x4-y", "x2-rgb")]
    assert [one["name"] for one in data] == names
    for gallery in data:
        for shown in gallery["images"]:
            number = int(shown["id"].removeprefix("im"))
            for layer in shown["layers"]:
                assert (out / layer["src"]).is_file()
                assert layer["error"] is None or (out / layer["error"]).is_file()
                assert layer["map"] is None or (out / layer["map"]).is_file()
                if layer["name"] == "bicubic":
                    assert re.fullmatch(r"\d+ % improved, \d+ % left out, \d+ % invented", layer["shares"])
                    psnr = score("psnr", gallery["dataset"], "bicubic", number, None)
                    ssim = score("ssim", gallery["dataset"], "bicubic", number, None)
                    assert layer["words"] == f"PSNR {psnr:.2f} dB, SSIM {ssim:.4f}"
                    assert layer["scores"] == {"psnr": f"{psnr:.2f} dB", "ssim": f"{ssim:.4f}"}
                    assert {gallery["labels"][name] for name in layer["scores"]} == {"PSNR", "SSIM"}
                if layer["name"] in ("HR", "LR"):
                    assert layer["words"] == layer["shares"] == "" and layer["map"] is None and layer["scores"] == {}


def test_it_begins_with_the_hardest_image_and_the_first_two_that_are_wanted(
    galleries: list[Gallery], results: Results
) -> None:
    places = {
        ("blobs", "x4-y"): {name: {"psnr": place} for place, name in enumerate(("learner", "lanczos", "bicubic"))}
    }
    look = look_data(galleries, results, places)
    begun = start(look, ["never", "lanczos", "bicubic", "learner"])
    assert begun is not None
    assert (begun["a"], begun["b"]) == ("lanczos", "bicubic")
    shown = ("bicubic", "lanczos", "learner", "$x^2$", HOSTILE)
    seeds = {"learner": 0}

    def median(number: int) -> float:
        infinite = {("$x^2$", 2): math.inf}  # which is identical to HR there
        known = (infinite.get((name, number), score("psnr", "blobs", name, number, seeds.get(name))) for name in shown)
        return median_low(known)

    order = sorted(range(9), key=median)
    assert [image["id"] for image in look[0]["images"]] == [f"im{number}" for number in order]
    assert look[0]["images"][0]["median"] == f"{median(order[0]):.2f} dB"
    assert (begun["gallery"], begun["id"]) == (galleries[0].name, f"im{order[0]}")
    names = [tile["name"] for tile in begun["tiles"]]
    assert names == ["LR", "HR", "learner", "lanczos", "bicubic", "$x^2$", HOSTILE]
    scores = {tile["name"]: tile["score"] for tile in begun["tiles"]}
    assert scores["bicubic"] == f"{score('psnr', 'blobs', 'bicubic', order[0], None):.2f} dB"
    assert scores["LR"] == scores["HR"] == ""
    alone = start(look, [])
    assert alone is not None and (alone["a"], alone["b"]) == ("learner", "lanczos")
    assert start([], ["bicubic"]) is None


def test_worst_and_best_are_those_of_the_scores_and_lead_to_the_viewer(
    galleries: list[Gallery], results: Results
) -> None:
    table = extremes(galleries, results)[0]
    assert (table["dataset"], table["metric"]) == ("blobs", "PSNR")
    (line,) = [line for line in table["lines"] if line["name"] == "bicubic"]
    scores = {f"im{number}": score("psnr", "blobs", "bicubic", number, None) for number in range(9)}
    worst, best = line["thumbs"]
    assert (worst["image"], best["image"]) == (min(scores, key=scores.__getitem__), max(scores, key=scores.__getitem__))
    assert worst["score"] == f"PSNR {min(scores.values()):.2f} dB"
    asked = parse_qs(worst["look"])
    assert (asked["image"], asked["a"], asked["b"], asked["look"]) == ([worst["image"]], ["bicubic"], ["HR"], ["0"])
