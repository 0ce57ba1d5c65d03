"""The command line in this process, in a folder with a matrix and the store of its run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench_in_process import InProcess
from rig.verbs import Said, Srbench, rewrite

from srbench.cli import main
from srbench.matrix import read_matrix
from srbench.runner.planning.plan import make_plan
from srbench.store.record import Record
from srbench.store.records import Store

METHODS = ["nearest", "bicubic", {"use": "lanczos", "as": "broken"}]


@pytest.fixture
def srbench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Srbench:
    """Run the command line with these arguments."""

    def run(*arguments: str | Path) -> Said:
        monkeypatch.setattr("sys.argv", ["srbench", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        return Said(int(exit_.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a matrix of three methods was run: two went well, `broken` raised."""
    root = tmp_path_factory.mktemp("finished")
    bench = InProcess(root, methods=METHODS)
    bench.store = Store(root / "results" / "m")
    bench.store.create()
    matrix = bench.matrix
    bench.store.remember_matrix(matrix)
    for planned in make_plan(read_matrix(matrix), bench.store).cells:
        if planned.method.name != "broken":
            bench.do(planned.evaluation())
        else:
            bench.store.write(
                "cells",
                Record(
                    key=planned.cell.key,
                    schema=2,
                    status="failed",
                    reason="ValueError: no such luck",
                    point=planned.cell.point(),
                    ingredients=planned.cell.ingredients,
                    started="2026-01-01T00:00:00+00:00",
                    log_tail="the last words",
                ),
            )
    return root


@pytest.fixture
def here(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder as the working directory."""
    folder = tmp_path / "here"
    shutil.copytree(finished, folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(folder)
    rewrite(folder, datasets=[{"use": "folder", "as": "data", "path": "data"}])
    Store(folder / "results" / "m").remember_matrix(folder / "matrix.yaml")
    return folder
