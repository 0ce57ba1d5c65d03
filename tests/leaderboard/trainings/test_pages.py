"""Trainings on the pages: curves, strip, facts, notes; nothing where a store holds no models."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image as Pillow

from srbench.leaderboard import publish
from srbench.leaderboard.results.results import Result
from srbench.leaderboard.trainings.pages import Group, trainings_chart
from srbench.leaderboard.trainings.run import TrainingFacts, TrainingRun
from srbench.leaderboard.trainings.strips import MOST_SAMPLES, SIDE
from srbench.store.records import Store

from ..markup import Tag, parse
from ..toyboard import (
    HELD_OUT,
    HOSTILE,
    HOSTILE_NOTE,
    HOSTILE_REASON,
    NOTE,
    Board,
    Made,
    results_of,
    write,
    write_training,
)


@pytest.fixture(scope="module")
def learner(pages: Path) -> Tag:
    """The page of the method that learns."""
    return parse(pages / "methods" / "learner.html")


@pytest.fixture
def small(make: Callable[..., Board]) -> Board:
    """One dataset, one protocol, one seed, and a single method that learns."""
    return make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "learner"))


def section(page: Tag) -> Tag | None:
    return next((s for s in page.find("section") if s.attributes.get("aria-labelledby") == "training-heading"), None)


def page_of(board: Board, out: Path) -> Tag:
    return parse(write(board, out) / "methods" / "learner.html")


def model(board: Board, seed: int = 0) -> Path:
    key = f"{seed}" * 64
    return board.store / "models" / key[:2] / key


def test_losses_and_validation_of_all_seeds_share_two_figures(learner: Tag) -> None:
    training = section(learner)
    assert training is not None
    loss, score = training.find("svg")
    assert all(f"seed {seed}" in next(svg.find("desc")).text for svg in (loss, score) for seed in range(3))
    assert {"content", "_d", "pixel"} <= {text.text.strip() for text in loss.find("text")}
    assert "seed 0: best 37.00 at step 250, last 37.89" in next(score.find("desc")).text
    # 25 + 5 log10(600) - 1 = 37.89 is what the history ends with.


def test_the_strip_leads_from_lr_to_hr_with_the_steps(learner: Tag, pages: Path) -> None:
    training = section(learner)
    assert training is not None
    pictures = list(training.find("img"))
    assert [image.attributes["alt"].split(":")[0].split(",")[0] for image in pictures] == [
        "LR",
        *(f"step {step}" for step in (75, 150, 225, 375, 450, 525, 600)),
        "HR",
    ]
    assert len(pictures) == MOST_SAMPLES + 2
    files = [(pages / "methods" / image.attributes["src"]).resolve() for image in pictures]
    sizes = [Pillow.open(file).size for file in files]
    assert sizes[0] == (SIDE // 4, SIDE // 4)
    assert set(sizes[1:]) == {(SIDE, SIDE)}
    assert sum(file.stat().st_size for file in files) < 300_000
    assert all(file.is_relative_to(pages) for file in files)


def test_lr_and_hr_of_the_strip_show_the_same_place(pages: Path) -> None:
    folder = pages / "training" / "learner-t91-x4-y"
    lr, hr = (np.asarray(Pillow.open(folder / f"{name}.png")) for name in ("lr", "hr"))
    np.testing.assert_array_equal(np.kron(lr, np.ones((4, 4, 1), np.uint8)), hr)


def test_facts_stages_notes_and_the_shortness_are_told(learner: Tag) -> None:
    training = section(learner)
    assert training is not None
    facts = {t.text: d.text for t, d in zip(training.find("dt"), training.find("dd"), strict=True)}
    assert facts["Precision"] == "bfloat16"
    assert facts["Compiled"] == "no"
    assert facts["Held out for validation"] == "2 images"
    assert facts["Held-out images"] == ", ".join(HELD_OUT)
    heads = [head.text for head in next(training.find("thead")).find("th")]
    lines = [[cell.text for cell in row.find("th", "td")] for row in next(training.find("tbody")).find("tr")]
    assert len(lines) == 6
    told = [dict(zip(heads, line, strict=True)) for line in lines]
    assert told[0] == {
        "Training": "seed 0",
        "Stage": "pixel",
        "Steps": "300",
        "Time of all stages": "66 s",
        "Memory format": "channels last",
        "Best validation": "37.00",
        "At step": "250",
        "Ended": "with its budget",
        "Steps skipped": "0",
    }
    assert told[3]["Ended"] == "early"
    assert told[3]["Stage"] == HOSTILE
    assert "Trained for at most 68 s: too short for more than a first look." in training.text
    notes = [item.text for item in learner.find("li") if item.text in (NOTE, HOSTILE_NOTE)]
    assert sorted(notes) == sorted([NOTE, HOSTILE_NOTE])


def test_what_a_method_says_of_the_paper_is_on_its_page_as_words(learner: Tag) -> None:
    assert "It departs from the paper in one way & says so." in learner.text
    assert "Learns something <b>bold</b>." in learner.text


def test_the_page_of_a_cell_leads_to_its_training_and_has_its_notes(board: Board, pages: Path) -> None:
    cells = [parse(path) for path in (pages / "cells").glob("*learner*.html")]
    assert len(cells) == 12
    for cell in cells:
        (link,) = [a for a in cell.find("a") if a.text == "How it learned"]
        assert link.attributes["href"] == "../methods/learner.html#t-learner-t91-x4-y"
        assert {NOTE, HOSTILE_NOTE} <= {item.text for item in cell.find("li")}
    others = [parse(path) for path in (pages / "cells").glob("*bicubic*.html")]
    assert others
    assert all("How it learned" not in cell.text for cell in others)


def test_without_models_the_page_says_nothing(small: Board, tmp_path: Path) -> None:
    shutil.rmtree(small.store / "models")
    page = page_of(small, tmp_path)
    assert section(page) is None
    assert not list((tmp_path / "training").glob("*"))


def test_a_training_that_diverged_shows_its_reason_and_its_curve_up_to_there(small: Board, tmp_path: Path) -> None:
    shutil.rmtree(model(small))
    write_training(small.store, "0" * 64, 0, "failed", HOSTILE_REASON)
    training = section(page_of(small, tmp_path))
    assert training is not None
    assert f"seed 0, failed: {HOSTILE_REASON}" in training.text
    loss, _ = training.find("svg")
    assert "where it diverged" in next(loss.find("desc")).text
    assert "diverged" in [cell.text for cell in training.find("td")]
    assert "too short" not in training.text


def test_a_training_that_left_only_a_reason_is_told(small: Board, tmp_path: Path) -> None:
    shutil.rmtree(model(small))
    folder = write_training(small.store, "0" * 64, 0, "out_of_memory", "8.1 of 8.0 GB")
    for name in ("history.csv", "training.json"):
        (folder / name).unlink()
    shutil.rmtree(folder / "samples")
    training = section(page_of(small, tmp_path))
    assert training is not None
    assert "seed 0, out of memory: 8.1 of 8.0 GB" in training.text
    assert not list(training.find("svg", "img", "table"))


def test_a_history_of_an_earlier_engine_is_one_figure(small: Board, tmp_path: Path) -> None:
    folder = model(small)
    shutil.rmtree(folder / "samples")
    (folder / "training.json").unlink()
    (folder / "history.csv").write_text("step,seconds,loss,lr\n1,0.1,0.5,1e-4\n2,0.2,0.25,1e-4\n", encoding="utf-8")
    training = section(page_of(small, tmp_path))
    assert training is not None
    (svg,) = training.find("svg")
    assert next(svg.find("desc")).text == "seed 0: last loss 0.25."
    assert not list(training.find("img", "table"))


@pytest.mark.parametrize(("name", "text"), [("training.json", '{"stages": 3}'), ("history.csv", 'step\n"1')])
def test_a_damaged_file_is_named_and_costs_itself_alone(small: Board, tmp_path: Path, name: str, text: str) -> None:
    (model(small) / name).write_text(text, encoding="utf-8")
    published = publish(small.described, small.store, tmp_path)
    (trouble,) = published.troubles
    assert trouble.startswith(f"{model(small) / name}: cannot be read")
    training = section(parse(tmp_path / "methods" / "learner.html"))
    assert training is not None and f"{name}: cannot be read" in training.text
    assert (name == "history.csv") != bool(list(training.find("svg")))


def test_half_a_sample_and_one_from_elsewhere_are_left_out(small: Board, tmp_path: Path) -> None:
    samples = model(small) / "samples"
    whole = samples / "pixel-75.png"
    whole.write_bytes(whole.read_bytes()[:60])
    outside = tmp_path / "secret.png"
    Pillow.new("RGB", (128, 128)).save(outside)
    (samples / "pixel-1.png").symlink_to(outside)
    training = section(page_of(small, tmp_path / "pages"))
    assert training is not None
    alts = [image.attributes["alt"] for image in training.find("img")]
    assert not any(alt.startswith(("step 75,", "step 1,")) for alt in alts)
    assert any(alt.startswith("step 600,") for alt in alts)


def test_sr_coming_out_of_noise_has_a_strip_of_its_own(small: Board, tmp_path: Path) -> None:
    samples = model(small) / "samples"
    for step in (0, 2, 4, 10):
        shutil.copy(samples / "pixel-75.png", samples / f"denoising-{step}.png")
    training = section(page_of(small, tmp_path))
    assert training is not None
    learning, denoising = (tag for tag in training.find("ol") if "strip" in tag.attributes["class"].split())
    assert [image.attributes["alt"].split(":")[0] for image in denoising.find("img")] == [
        "noise",
        "step 2",
        "step 4",
        "step 10",
    ]
    assert len(list(learning.find("img"))) == MOST_SAMPLES + 2
    assert "coming out of noise" in training.text
    assert all((tmp_path / "methods" / image.attributes["src"]).exists() for image in denoising.find("img"))
    assert "Spread" not in training.text
    shutil.copy(samples / "pixel-75.png", samples / "spread.png")
    training = section(page_of(small, tmp_path))
    assert training is not None
    _, denoising = (tag for tag in training.find("ol") if "strip" in tag.attributes["class"].split())
    assert [image.attributes["alt"].split(":")[0] for image in denoising.find("img")][-2:] == ["step 10", "spread"]
    assert "Spread: the standard deviation of several; white is 1/8 of the range." in training.text


def test_samples_of_a_training_that_is_gone_are_removed(small: Board, tmp_path: Path) -> None:
    write(small, tmp_path)
    assert list((tmp_path / "training").glob("*/*.png"))
    shutil.rmtree(small.store / "models")
    write(small, tmp_path)
    assert not list((tmp_path / "training").glob("*/*.png"))


def test_what_a_training_went_on_from_is_told(small: Board, tmp_path: Path) -> None:
    store, key = Store(small.store), "0" * 64
    record = store.read("models", key)
    assert record is not None
    before = {"model": "1" * 64, "budget": {"steps": 20000.0}}
    cases = (
        (record.ingredients, None, None),
        ({"from": before}, "20,000 steps", None),
        ({"start": before}, None, "a model trained for 20,000 steps"),
    )
    for ingredients, told, started in cases:
        store.write("models", msgspec.structs.replace(record, ingredients=ingredients))
        training = section(page_of(small, tmp_path))
        assert training is not None
        facts = {t.text: d.text for t, d in zip(training.find("dt"), training.find("dd"), strict=True)}
        assert (facts.get("Went on from"), facts.get("Started from")) == (told, started)


HISTORY: dict[str, list[float | str | None]] = {"step": [10, 20, 30], "seconds": [1, 2, 3], "mse": [0.3, 0.2, 0.1]}


def trained(*methods: str, seeds: int = 2) -> tuple[list[Group], list[Result]]:
    """Trainings of methods, and results of their models."""
    cells = [Made("d", name, {"psnr": {"a": 1.0}}, trained_on="t", seed=k) for name in methods for k in range(seeds)]
    results = list(results_of(cells).all)
    groups = []
    for name in methods:
        own = [result for result in results if result.entrant.method == name]
        runs = []
        for result in own:
            assert result.record is not None
            result.record.model = f"{name}-{result.cell.seed}"
            runs.append(TrainingRun(result.record.model, result.cell.seed, None, TrainingFacts(), HISTORY))
        groups.append(Group(name, name, f"{name} on t, x4-y", tuple(runs), ()))
    return groups, results


def test_a_board_of_several_methods_that_learned_shows_their_trainings_beside_each_other() -> None:
    groups, results = trained("srcnn", "edsr")
    chart = trainings_chart(groups, results, "f")
    assert chart is not None and {"srcnn", "edsr"} <= set(re.findall(r">([^<>]+)</text>", chart.svg))
    assert chart.lines == tuple(
        (f"{method}, seed {seed}", "30", "3.0 s") for method in ("srcnn", "edsr") for seed in range(2)
    )
    # Only those that the results are of; and one method alone has its curves on its own page.
    assert trainings_chart(groups, [one for one in results if one.entrant.method == "edsr"], "f") is None
    assert trainings_chart(groups[:1], results, "f") is None


def test_a_method_that_learned_from_several_sets_is_told_apart_and_a_dozen_panels_are_the_most() -> None:
    groups, results = trained(*(f"m{place:02}" for place in range(14)), seeds=1)
    chart = trainings_chart(groups, results, "f")
    assert chart is not None and "Not drawn: m12 and m13." in chart.remark and len(chart.lines) == 14
    twice = [groups[0], msgspec.structs.replace(groups[1], method="m00", caption="m00 on other, x4-y"), groups[2]]
    again = trainings_chart(twice, results, "f")
    assert again is not None and [line[0] for line in again.lines] == ["m00 on t", "m00 on other", "m02"]
