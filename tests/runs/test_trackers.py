"""A run tells trackers what it does, and whoever looks how far it is."""

from __future__ import annotations

import json
from pathlib import Path

from rig import Bench

DIARY = """

class Diary(srbench.Tracker):
    def __init__(self, name: str, raises: bool = False, ready: bool = True):
        if not ready:
            raise srbench.SrbenchError("there is no ink")
        self.path, self.raises = Path(os.environ["SRBENCH_TEST_FOLDER"], name), raises

    def begin(self, matrix):
        self.write("begin", matrix)

    def cell_started(self, cell):
        self.write("started", cell.label)

    def cell_finished(self, cell, record):
        self.write("finished", cell.label, record.status, *record.metrics)

    def training_finished(self, record, history):
        self.write("trained", record.point["method"], record.status, *(row["step"] for row in history[-1:]))
        if self.raises:
            raise OSError("the pen is broken")

    def end(self):
        self.write("end")

    def write(self, *words):
        with self.path.open("a") as file:
            print(*words, file=file)


@srbench.hookimpl
def srbench_trackers():
    return [srbench.Entry("diary", Diary)]
"""


def bench_with_diaries(folder: Path, **second: bool) -> Bench:
    bench = Bench(folder)
    bench.plugin.write_text(bench.plugin.read_text() + DIARY)
    bench.matrix(
        methods=["toy-nearest", "toy-pixel"],
        train={"on": ["same"], "budget": {"steps": 4}},
        trackers=[{"diary": {"name": "one"}}, {"use": "diary", "as": "other", "name": "two", **second}],
    )
    return bench


def test_trackers_are_told_of_everything_and_one_that_fails_costs_a_warning(tmp_path: Path) -> None:
    bench = bench_with_diaries(tmp_path, raises=True)
    result = bench.run()
    assert result.returncode == 0, result.stderr
    told = [
        "begin toy",
        "started toy-noise/x4-rgb/toy-nearest",
        "finished toy-noise/x4-rgb/toy-nearest ok psnr",
        "trained toy-pixel ok 4.0",
        "started toy-noise/x4-rgb/toy-pixel/same/0",
        "finished toy-noise/x4-rgb/toy-pixel/same/0 ok psnr",
        "end",
    ]
    assert (tmp_path / "one").read_text().splitlines() == told
    assert (tmp_path / "two").read_text().splitlines() == [*told[:4], "end"]
    warning = "warning: tracker 'other': OSError: the pen is broken; it hears no more of this run"
    assert result.stderr.splitlines() == [warning]

    look = json.loads(bench.srbench("watch", "results/toy", "--json").stdout)
    (run,) = look["runs"]
    assert run["progress"]["state"] == "done" and not run["at_work"]
    assert (run["progress"]["cells"]["total"], run["progress"]["cells"]["ok"]) == (2, 2)


def test_a_tracker_that_cannot_be_made_keeps_a_run_from_beginning(tmp_path: Path) -> None:
    bench = bench_with_diaries(tmp_path, ready=False)
    result = bench.run()
    assert (result.returncode, result.stderr) == (2, "error: tracker 'other': there is no ink\n")
    assert not (tmp_path / "results").exists() and not (tmp_path / "one").exists()
