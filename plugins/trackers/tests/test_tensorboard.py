"""What TensorBoard reads in the event files."""

from __future__ import annotations

from pathlib import Path

import pytest
from srbench_trackers.tensorboard import TensorBoard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2, metadata

import srbench

Rows = list[dict[str, float | str]]


def read(folder: Path) -> EventAccumulator:
    read = EventAccumulator(str(folder))
    read.Reload()
    return read


@pytest.fixture
def folder(
    tmp_path: Path, cell: srbench.Record, failed: srbench.Record, training: srbench.Record, history: Rows
) -> Path:
    """What a run of the matrix `m` leaves, in the folder for it."""
    tracker = TensorBoard(tmp_path / "new")
    tracker.begin("m")
    point = srbench.Cell("set5", "x4-y", "srcnn", "t91", 1)
    tracker.training_finished(training, history)
    for record in (cell, failed):
        tracker.cell_started(point)
        tracker.cell_finished(point, record)
    tracker.end()
    return tmp_path / "new/m"


def test_scores_and_cost_are_scalars(folder: Path) -> None:
    cell = read(folder / "cells/set5/x4-y/srcnn/t91/1")
    scalars = {tag: [(event.step, event.value) for event in cell.Scalars(tag)] for tag in cell.Tags()["scalars"]}
    assert scalars == {"psnr": [(0, 30.5)], "cost/train_seconds": [(0, 20.0)], "cost/seconds": [(0, 2.5)]}
    assert cell.Scalars("psnr")[0].wall_time == 1767225602.5


def test_curves_have_their_steps(folder: Path) -> None:
    training = read(folder / "trainings/t91/x4/srcnn/1")
    assert [(event.step, event.value) for event in training.Scalars("warm/mse")] == [(1, 0.5), (9, 0.25)]
    assert [(event.step, event.value) for event in training.Scalars("main/l1 (y)")] == [(4, 0.125)]


def test_status_and_reason_are_texts(folder: Path) -> None:
    failed = read(folder / "cells/set5/bicubic")
    texts = {
        name: failed.Tensors(f"{name}/text_summary")[0].tensor_proto.string_val[0] for name in ("status", "reason")
    }
    assert texts == {"status": b"timeout", "reason": b"took too long"}
    assert failed.SummaryMetadata("status/text_summary").plugin_data.plugin_name == "text"


@pytest.mark.parametrize(
    ("place", "status"),
    [("set5/x4-y/srcnn/t91/1", api_pb2.STATUS_SUCCESS), ("set5/bicubic", api_pb2.STATUS_FAILURE)],
)
def test_parameters_and_the_end_stand_where_the_table_of_hyperparameters_looks(
    folder: Path, place: str, status: int
) -> None:
    seen = read(folder / "cells" / place)
    start = metadata.parse_session_start_info_plugin_data(
        seen.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    )
    end = metadata.parse_session_end_info_plugin_data(
        seen.SummaryMetadata(metadata.SESSION_END_INFO_TAG).plugin_data.content
    )
    assert end.status == status and start.start_time_secs == 1767225600
    assert start.hparams["dataset"].string_value == "set5"
    if status == api_pb2.STATUS_SUCCESS:
        assert end.end_time_secs == 1767225602.5
        assert start.hparams["seed"].number_value == 1 and start.hparams["rate"].number_value == 0.5
        assert start.hparams["blur"].WhichOneof("kind") == "bool_value"


def test_neither_torch_nor_tensorflow_is_imported(folder: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from srbench_trackers.tensorboard import TensorBoard;"
        "from srbench_trackers.tracked import Tracked;"
        "one = Tracked('cell', 'a', True, {}, {'psnr': 1.0}, {'status': 'ok'}, (), 0.0, 1.0);"
        f"tracker = TensorBoard(Path({str(folder)!r})); tracker.begin('lean'); tracker.take(one);"
        "print({'torch', 'tensorflow'} & {*sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"
    assert read(folder / "lean/cells/a").Scalars("psnr")[0].value == 1
