"""`srbench show`: the record in words, number by number, and its log."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image
from rig.verbs import Srbench

from srbench.store.record import Record
from srbench.store.records import Store


def change(label: str, **fields: object) -> Record:
    store = Store(Path("results/m"))
    record = msgspec.structs.replace(store.find("cells", label), **fields)
    store.write("cells", record)
    return record


def test_the_score_is_that_of_the_pictures(here: Path, srbench: Srbench) -> None:
    store = Store(Path("results/m"))
    folder = store.folder("cells", store.find("cells", "data/x2-rgb/nearest").key)
    values = []
    for name in ("a", "b"):
        hr, sr = (
            np.asarray(Image.open(root / f"{name}.png"), float) for root in (here / "data/test", folder / "images")
        )
        error = (sr - hr)[2:-2, 2:-2]
        values.append(10 * np.log10(255**2 / (error**2).mean()))
    said = srbench("show", "data/x2-rgb/nearest")
    facts = dict(line.split(maxsplit=1) for line in said.out.partition("log:")[0].splitlines())
    assert (said.code, said.err) == (0, "")
    assert facts["metric.psnr"] == f"ok, {np.mean(values):.6g} dB, n = 2"
    assert (facts["cell"], facts["status"], facts["LR"]) == ("data/x2-rgb/nearest", "ok", "made")
    assert Path(facts["folder"]).resolve() == folder.resolve()


def test_the_parameters_of_its_method_are_told_in_words(here: Path, srbench: Srbench) -> None:
    params = {"width": 3, "schedule": {"plateau": {"patience": 2}}, "augment": ["flips", {"noise": {"sigma": 0.1}}]}
    change("data/x2-rgb/nearest", ingredients={"method": {"params": params}})
    said = srbench("show", "data/x2-rgb/nearest").out
    facts = dict(line.split(maxsplit=1) for line in said.splitlines() if line.startswith("method."))
    assert facts == {
        "method.width": "3",
        "method.schedule": "plateau (patience 2)",
        "method.augment": "flips, noise (sigma 0.1)",
    }


def test_what_a_training_went_on_from_is_told(here: Path, srbench: Srbench) -> None:
    assert "training  " not in srbench("show", "data/x2-rgb/nearest").out
    model = {"from": {"model": "ab", "budget": {"steps": 2e4}, "from": {"model": "cd", "budget": {"steps": 1e4}}}}
    change("data/x2-rgb/nearest", ingredients={"model": model})
    for verb in ("show", "why"):
        said = srbench(verb, "data/x2-rgb/nearest").out
        assert [line.split(maxsplit=1)[1] for line in said.splitlines() if line.startswith("training")] == [
            "went on from 20,000 steps, gone on from 10,000 steps"
        ]


def test_a_failure_has_its_reason_and_the_end_of_its_log(here: Path, srbench: Srbench) -> None:
    said = srbench("show", "data/x2-rgb/broken").out
    assert "status   failed: ValueError: no such luck\n" in said
    assert said.endswith("log:\nthe last words\n")


def test_the_whole_log_is_shown_where_it_is_and_nothing_that_a_terminal_obeys(here: Path, srbench: Srbench) -> None:
    record = change("data/x2-rgb/broken", warnings=["too \x1b[2J dark"])
    (Store(Path("results/m")).folder("cells", record.key) / "log.txt").write_text("first\nsecond \x1b[31m\n\n")
    said = srbench("show", record.key[:8]).out
    assert said.endswith("log:\nfirst\nsecond \\x1b[31m\n")
    assert "warning.1" in said and "\x1b" not in said


def test_json_is_the_record_with_its_metrics_by_name(here: Path, srbench: Srbench) -> None:
    record = json.loads(srbench("show", "data/x2-rgb/nearest", "--json").out)
    assert list(record["metrics"]) == ["psnr"]
    assert record["key"] == Store(Path("results/m")).find("cells", "data/x2-rgb/nearest").key
    assert record["environment"]["packages"]["srbench"]


def test_an_unknown_cell_gets_the_nearest_name(here: Path, srbench: Srbench) -> None:
    said = srbench("show", "data/x2-rgb/nearst")
    assert said.code == 2
    assert "Did you mean 'data/x2-rgb/nearest'?" in said.err
