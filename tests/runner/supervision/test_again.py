"""Cells made once more are compared with what the store holds, which stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench_in_process import InProcess
from rig import Bench

from srbench.pictures import read_image, write_image
from srbench.runner.supervision import again
from srbench.store.records import RECORD, Store


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    bench = Bench(tmp_path_factory.mktemp("again")).with_measures()
    bench.matrix(
        datasets=["toy-marked"],
        methods=["toy-nearest", "toy-pixel", "toy-raises"],
        metrics=["psnr", "toy-distance"],
        train={"on": ["same"], "budget": {"steps": 4}},
        seeds=[0],
    )
    assert bench.run().returncode == 1
    return bench


def test_what_is_made_again_comes_out_the_same_with_the_same_models(bench: Bench) -> None:
    before, fits = bench.contents(), [event for event in bench.events() if event.startswith("fit")]
    said = bench.srbench("verify", "results/toy", "--again", "5")
    assert (said.returncode, said.stdout) == (
        0,
        "every file is the one that was written; 2 made again came out the same\n",
    ), said.stderr
    assert said.stderr.count("made again: toy-marked/x4-rgb/") == 2
    assert bench.contents() == before and not bench.left()
    assert [event for event in bench.events() if event.startswith("fit")] == fits, "the extractor was there"


def test_of_a_model_that_is_gone_what_its_training_went_on_from_is_taken(tmp_path: Path) -> None:
    budget = {"steps": 4, "from": {"steps": 3, "from": {"steps": 2}}}
    train = {"on": ["same"], "budget": budget}
    task = InProcess(tmp_path, methods=[{"srcnn": {"preset": "small"}}], train=train).plan().training
    assert task is not None and task.earlier is not None and task.earlier.earlier is not None
    store, chain = Store(tmp_path / "kept"), [task.earlier.earlier, task.earlier, task]
    for number, left in enumerate(chain):
        store.folder("models", left.key).mkdir(parents=True)
        (store.folder("models", left.key) / "weights").write_text(left.key)
        again._copy(task, store, scratch := Store(tmp_path / str(number)))
        assert scratch.keys("models") == {left.key}, "the latest that is there"


def test_sr_and_scores_that_come_out_otherwise_are_named(bench: Bench) -> None:
    """A store in which somebody exchanged SR and a score, together with what the record says of them."""
    store = Store(bench.folder / "results/toy")
    record = store.find("cells", "toy-marked/x4-rgb/toy-nearest")
    (file, *_), folder = record.images.values(), store.folder("cells", record.key)
    picture = folder / "images" / file
    kept = {path: path.read_bytes() for path in (picture, folder / RECORD)}
    image = read_image(picture).copy()
    image[0, 0, 0] ^= 8
    write_image(picture, image)
    record.files |= store.hashes("cells", record.key, [f"images/{file}"])
    psnr = next(result for result in record.metrics.values() if result.name == "psnr")
    true, psnr.value = psnr.value, 99.0
    store.write("cells", record)
    try:
        said = bench.srbench("verify", "results/toy", "--again", "5", "--json")
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
    assert said.returncode == 1
    assert [row["what"] for row in json.loads(said.stdout) if row["what"].startswith("made again")] == [
        f"made again, SR of 1 of {len(record.images)} images is another, by at most 8",
        f"made again, psnr is {true}; it was 99.0",
    ]


def test_a_store_whose_matrix_is_gone_says_so(bench: Bench, tmp_path: Path) -> None:
    note = bench.folder / "results/toy/matrix"
    content = note.read_bytes()
    note.unlink()
    said = bench.srbench("verify", "results/toy", "--again", "1")
    note.write_bytes(content)
    assert said.returncode == 2 and "is gone; run it again first" in said.stderr
