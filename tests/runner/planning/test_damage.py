"""What is wrong with a store is told in one sentence, once for all cells, and nothing is read that did not change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench_in_process import InProcess

from srbench.runner.planning.damage import Damage
from srbench.store.record import Record
from srbench.store.references import References


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return InProcess(tmp_path, methods=[{"srcnn": {"preset": "small"}}], train={"on": ["same"], "budget": {"steps": 2}})


def test_each_part_of_a_cell_is_looked_at_by_itself(bench: InProcess) -> None:
    record = bench.run()
    task = bench.plan().training
    assert record.status == "ok" and task is not None
    folder, model = bench.store.folder("cells", record.key), bench.store.folder("models", task.key)
    references = References.of(bench.store.root, record.ingredients).folder

    def told() -> list[str]:
        damage = Damage(bench.store, verify=False)
        return [
            damage.of_scores(record),
            damage.of_sr(record, needed=False),
            damage.of_training(task),
            damage.of_references(record.ingredients),
        ]

    assert told() == [""] * 4
    parts = [
        (folder / "scores.parquet", "damaged: scores.parquet is gone"),
        (folder / "images/a.png", "damaged: images/a.png is gone"),
        (model / "weights.safetensors", f"damaged: weights.safetensors is gone, of {task.label}"),
        (references / "hr/a.png", "damaged: the reference hr/a.png is gone"),
    ]
    for place, (file, words) in enumerate(parts):
        content = file.read_bytes()
        file.unlink()
        assert told() == [words if place == other else "" for other in range(4)]
        file.write_bytes(content)
    assert told() == [""] * 4
    shutil.rmtree(folder / "images")
    assert not Damage(bench.store, verify=False).of_sr(record, needed=False)
    assert Damage(bench.store, verify=False).of_sr(record, needed=True) == "damaged: images/a.png is gone"


def test_scores_that_are_still_to_come_are_not_missed(bench: InProcess) -> None:
    record = Record(key="ab" * 32, schema=1, status="ok")
    assert Damage(bench.store, verify=True).of_scores(record) == ""
