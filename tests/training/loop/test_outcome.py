"""What tells of a training, as files."""

from __future__ import annotations

import json
from pathlib import Path

from srbench.training.loop.history import Row, read_history
from srbench.training.loop.outcome import write_training


def test_facts_and_history_come_back_and_no_history_leaves_no_file(tmp_path: Path) -> None:
    facts = {"stages": [{"name": "pixels", "steps": 3}], "held_out": ["a"]}
    rows: list[Row] = [
        {"stage": "pixels", "step": 1.0, "loss": 0.5},
        {"stage": "pixels", "step": 3.0, "validation": 2.0},
    ]
    write_training(tmp_path, facts, [])
    assert json.loads((tmp_path / "training.json").read_text()) == facts
    assert not (tmp_path / "history.csv").exists()
    write_training(tmp_path, facts, rows)
    assert read_history(tmp_path / "history.csv") == rows
