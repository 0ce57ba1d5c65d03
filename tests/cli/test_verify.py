"""`srbench verify`: which store is read, and what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rig.verbs import Srbench, rewrite

from srbench.store.records import Store


@pytest.fixture
def folder(here: Path) -> Path:
    """The folder of a cell that went well."""
    store = Store(Path("results/m"))
    return store.folder("cells", store.find("cells", "data/x2-rgb/nearest").key)


WAYS = [[], ["results/m"], ["matrix.yaml"], ["--store", "results/m"]]


@pytest.mark.parametrize("named", WAYS, ids=["every store", "the store", "its matrix", "by option"])
def test_however_the_store_is_named_the_damage_is_found(folder: Path, srbench: Srbench, named: list[str]) -> None:
    sound = srbench("verify", *named)
    assert (sound.code, sound.out) == (0, "every file is the one that was written\n")
    (folder / "images/a.png").write_bytes(b"x")
    (folder / "scores.parquet").unlink()
    said = srbench("verify", *named, "--json")
    assert said.code == 1
    assert {(row["of"], row["what"]) for row in json.loads(said.out)} == {
        ("data/x2-rgb/nearest", "damaged: images/a.png is not the file that was written"),
        ("data/x2-rgb/nearest", "damaged: scores.parquet is gone"),
    }


def test_a_sound_store_is_an_empty_list_in_json(here: Path, srbench: Srbench) -> None:
    assert srbench("verify", "--json")[:2] == (0, "[]\n")


def test_a_store_that_is_not_there_is_bad_usage(here: Path, srbench: Srbench) -> None:
    said = srbench("verify", "--store", "nowhere")
    assert said.code == 2 and "there is no store nowhere" in said.err
    rewrite(here, name="other")
    said = srbench("verify", "matrix.yaml")
    assert said.code == 2 and "there is no store results/other" in said.err
