"""What a task says of itself: its key, its name, what it reads, and whose code its key is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_in_process import Nearest

from srbench.contract.entry import Entry
from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.job.tasks import (
    Evaluation,
    ExtractorTraining,
    Learned,
    Scoring,
    SeenFile,
    SeenSplit,
    StartingWeights,
    Training,
)
from srbench.store.cell import Cell, digest

X2, SCORED = Protocol("x2", 2), Protocol("x2-y", 2, "y", border=2)


def use(name: str, extractor: Use | None = None) -> Use:
    return Use(name, Registered("method", Entry(name, Nearest), Plugin("own", "own", "1", "own")), {}, {}, extractor)


def file(name: str) -> SeenFile:
    return SeenFile(Path(name), None)


TRAINING = Training("m", {"train": {"fingerprint": "seen"}}, use("srcnn"), use("t91"), X2, Budget("steps", 9), 3)
EXTRACTOR = ExtractorTraining(
    "e", {"train": {"fingerprint": "one"}, "test": {"fingerprint": "two"}}, use("skinlesnet"), use("skin")
)
INGREDIENTS = {"test": {"fingerprint": "tested"}, "model": {"train": {"fingerprint": "learned"}}}
SCORING = Scoring(use("fid", use("inception")), "f", reads=(SeenSplit("train", None, "r"),), files=(file("inception"),))
EVALUATION = Evaluation(
    Cell("set5", "x2-y", "srcnn", "t91", 0, INGREDIENTS), use("srcnn"), use("set5"), SCORED, (SCORING,), model="m"
)


def test_a_training_is_named_for_its_model_and_reads_the_training_split_as_the_protocol_meets_it() -> None:
    assert TRAINING.label == "training srcnn on t91 x2, seed 3"
    assert TRAINING.point() == {"dataset": "t91", "protocol": "x2", "method": "srcnn", "seed": 3}
    assert TRAINING.reads == (SeenSplit("train", X2, "seen"),)
    assert [one.name for one in TRAINING.uses] == ["srcnn"]
    assert [one.name for one in replace(TRAINING, degradations=(use("grain"),)).uses] == ["srcnn", "grain"]
    assert TRAINING.shelf == "models"
    further = replace(TRAINING, budget=Budget("steps", 99, TRAINING.budget), earlier=TRAINING)
    assert further.label == f"{TRAINING.label}, from 9 steps"


def test_an_extractor_reads_both_splits_as_they_are_and_has_the_one_seed() -> None:
    assert EXTRACTOR.label == "training extractor skinlesnet on skin"
    assert EXTRACTOR.point() == {"dataset": "skin", "extractor": "skinlesnet"}
    assert EXTRACTOR.reads == (SeenSplit("train", None, "one"), SeenSplit("test", None, "two"))
    assert [one.name for one in EXTRACTOR.uses] == ["skinlesnet"]
    assert (EXTRACTOR.shelf, EXTRACTOR.seed) == ("extractors", 0)


def test_an_evaluation_is_its_cell() -> None:
    assert EVALUATION.key == digest(INGREDIENTS)
    assert EVALUATION.label == "set5/x2-y/srcnn/t91/0"
    assert EVALUATION.point() == EVALUATION.cell.point() and EVALUATION.shelf == "cells"


def test_an_evaluation_reads_the_test_split_and_what_its_metrics_are_made_of() -> None:
    assert EVALUATION.reads == (SeenSplit("test", SCORED, "tested"), SeenSplit("train", None, "r"))
    assert replace(EVALUATION, metrics=()).reads == (SeenSplit("test", SCORED, "tested"),)


def test_a_training_has_seen_what_the_one_saw_that_it_starts_from_and_needs_it_first() -> None:
    own = Learned(use("t91"), SeenSplit("train", X2, "seen"))
    assert TRAINING.learned == (own,) and TRAINING.first == ()
    before = replace(TRAINING, dataset=use("generic"), ingredients={"train": {"fingerprint": "other"}})
    started = replace(TRAINING, start=StartingWeights("srcnn, trained on generic x2 (9 steps)", training=before))
    assert started.learned == (Learned(use("generic"), SeenSplit("train", X2, "other")), own)
    assert started.first == (before,)
    assert replace(started, earlier=TRAINING).first == (TRAINING, before)
    assert started.label == f"{TRAINING.label}, started from srcnn, trained on generic x2 (9 steps)"
    again = replace(started, start=StartingWeights("the same", training=started))
    assert again.learned == started.learned, "each split once, the last one last"
    assert replace(TRAINING, start=StartingWeights("a file", Path("a.pth"))).first == ()


@pytest.mark.parametrize("degradations", [(), (use("grain"), use("jpeg"))])
def test_an_evaluation_is_made_of_the_code_of_all_that_it_uses(degradations: tuple[Use, ...]) -> None:
    uses = replace(EVALUATION, degradations=degradations).uses
    assert [one.name for one in uses] == ["srcnn", "fid", "inception", *(one.name for one in degradations)]


def test_an_evaluation_reads_the_files_of_its_method_and_its_metrics() -> None:
    task = replace(EVALUATION, method_files=(file("gain"),), lr_files=(file("psf"),))
    assert [one.path.name for one in task.files] == ["gain", "psf", "inception"]
    assert [one.path.name for one in task.judging_files] == ["psf", "inception"]


def test_the_instruments_of_an_evaluation_are_its_metrics_and_the_extractors_that_learn_for_them() -> None:
    assert [one.name for one in EVALUATION.instruments] == ["fid"]
    learned = replace(EVALUATION.metrics[0], training=EXTRACTOR)
    assert [one.name for one in replace(EVALUATION, metrics=(learned,)).instruments] == ["fid", "skinlesnet"]
