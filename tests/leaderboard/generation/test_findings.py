"""What is said of generators: who leads, what real images get, and no claim where nothing was tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from srbench.leaderboard.findings.lead import Findings
from srbench.leaderboard.generation.findings import generation_findings
from srbench.leaderboard.generation.samples import write_samples
from srbench.leaderboard.tables.ranked import build_table
from srbench.pictures import Image, Values

from ..genboard import CEILING, GenerationBoard, make_generation_board

Find = Callable[..., tuple[Findings, GenerationBoard]]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    def found(metric: str | None = "fid-a", **given: object) -> tuple[Findings, GenerationBoard]:
        board = make_generation_board(tmp_path, **{"samples": 12, **given})  # type: ignore[arg-type]
        results = board.results
        scope = results.scopes[0]
        tables = [build_table(scope, results.metrics, dataset) for dataset in scope.datasets()]
        return generation_findings(tables, write_samples(results, board.store, tmp_path / "out"), metric), board

    return found


def test_a_tested_lead_is_claimed_and_real_images_are_beside_it(find: Find) -> None:
    found, _ = find(seeds=4)
    assert "copier" in found.lead[0]
    assert f"real images get {CEILING:.1f}" in found.lead[0] or f"real images get {CEILING}" in found.lead[0]
    assert not any("so no test" in caveat for caveat in found.caveats)


def test_of_one_training_each_the_order_is_told_without_a_claim(find: Find) -> None:
    found, board = find(seeds=1)
    values = {name: board.values["colour", name, 0]["fid-a"] for name in ("maker", "copier", "static")}
    first, second, _ = sorted(values, key=values.__getitem__)
    assert found.lead[0].startswith(f"On colour, {first} has the best FID-a of 3 generators: ")
    shown = found.lead[0].split(": ")[1]
    assert float(shown.split(",")[0]) == pytest.approx(values[first], abs=0.06)
    assert f"then {second} with" in found.lead[0]
    assert "One training of each generator, so no test: others may come out in another order." in found.caveats


def test_a_single_generator_leads_nobody(find: Find) -> None:
    found, _ = find(seeds=1, generators=("maker",))
    assert found.lead[0].startswith("maker is the only generator that can be ranked on colour: FID-a ")


def test_memory_is_a_caveat_of_who_shows_it(find: Find) -> None:
    found, _ = find(seeds=1)
    said = [caveat for caveat in found.caveats if "nearer to training images than chance explains" in caveat]
    assert [caveat.split(",")[0] for caveat in said] == ["By pixels", "By features"]
    assert all("samples of copier are" in caveat for caveat in said)


def test_without_copies_there_is_no_word_of_memory(find: Find) -> None:
    def noise(_: str, rng: np.random.Generator, learned: Sequence[tuple[Image, Values]]) -> Image:
        return rng.integers(0, 256, learned[0][0].shape).astype(np.uint8)

    found, _ = find(seeds=1, generators=("static",), make=noise)
    assert not any("nearer to training images" in caveat for caveat in found.caveats)


def test_two_sentences_lead_and_the_rest_are_caveats_with_their_dataset(find: Find) -> None:
    found, _ = find(seeds=1, datasets=("colour", "grey"))
    assert len(found.lead) <= 2
    assert any(sentence.startswith("colour: By FID-b ") for sentence in (*found.lead, *found.caveats))


def test_where_nothing_is_ranked_that_is_said(find: Find) -> None:
    found, _ = find(None, seeds=1, generators=("broken",))
    assert found.lead and found.cost == ()
