"""The command line: what each verb says, how it exits, and what it does not import."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rig import Bench

from srbench.cli import VERBS, cli


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench after a run: one method fine, one failed, one trained."""
    bench = Bench(tmp_path_factory.mktemp("cli"))
    bench.matrix(
        methods=["toy-nearest", "toy-raises", {"srcnn": {"preset": "small"}}],
        train={"on": ["same"], "budget": {"steps": 2}},
    )
    assert bench.run().returncode == 1
    return bench


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list"], ["list", "plugins"]])
def test_asking_does_not_import_torch(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from srbench.cli import cli\n"
        f"cli.main({arguments!r}, standalone_mode=False)\n"
        "slow = ('torch', 'monai', 'pandas', 'matplotlib', 'scipy')\n"
        "sys.exit(' '.join(name for name in slow if name in sys.modules) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_help_lists_the_verbs_also_when_one_was_used_before() -> None:
    importlib.import_module("srbench.cli.list")  # a verb of that name hides the builtin in the package
    said = CliRunner().invoke(cli, ["--help"])
    assert said.exit_code == 0 and all(f"\n  {verb} " in said.output for verb in VERBS)


def test_planning_and_a_finished_run_do_not_import_torch(done: Bench) -> None:
    for verb in (["plan", "matrix.yaml"], ["run", "matrix.yaml", "--no-report"]):
        code = (
            "import sys\n"
            "from srbench.cli import cli\n"
            f"try: cli.main({verb!r}, standalone_mode=False)\n"
            "except SystemExit: pass\n"
            "sys.exit('torch' if 'torch' in sys.modules else 0)"
        )
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=done.folder, env=done.environment
        )
        assert result.returncode == 0, result.stderr


def test_plan_tells_the_state_of_every_cell(done: Bench) -> None:
    rows = json.loads(done.srbench("plan", "matrix.yaml", "--json").stdout)
    states = {row["cell"]: row["state"] for row in rows}
    assert states == {
        "toy-noise/x4-rgb/toy-nearest": "done",
        "toy-noise/x4-rgb/toy-raises": "done",
        "toy-noise/x4-rgb/srcnn/same/0": "done",
    }
    text = done.srbench("plan", "matrix.yaml", "--store", "elsewhere").stdout
    assert "3 cells: 3 new" in text


def test_show_prints_the_record_and_its_log(done: Bench) -> None:
    shown = done.srbench("show", "toy-noise/x4-rgb/toy-raises").stdout
    assert "failed: ValueError: no such luck" in shown
    assert "Traceback" in shown
    key = done.records()["toy-noise/x4-rgb/toy-nearest"]["key"]
    record = json.loads(done.srbench("show", key[:10], "--json").stdout)
    assert record["key"] == key
    assert record["environment"]["packages"]["srbench"]


def test_why_says_why_a_cell_is_not_ok(done: Bench) -> None:
    answer = json.loads(done.srbench("why", "toy-noise/x4-rgb/toy-raises", "--json").stdout)
    assert answer["status"] == "failed"
    assert "no such luck" in answer["reason"]


def test_an_unknown_cell_gets_the_nearest_name(done: Bench) -> None:
    result = done.srbench("show", "toy-noise/x4-rgb/toy-nearst")
    assert result.returncode == 2
    assert "Did you mean 'toy-noise/x4-rgb/toy-nearest'?" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "matrix.yaml", "--where", "metod=bicubic"], "Did you mean 'method'?"),
        (["run", "matrix.yaml", "--where", "method=toy-neares"], "Did you mean 'toy-nearest'?"),
        (["run", "matrix.yaml", "--where", "method"], "is not KEY=VALUE"),
        (["run", "matrix.yaml", "--retry", "faild"], "Did you mean 'failed'?"),
        (["run", "matrix.yaml", "--executor", "locl"], "Did you mean 'local'?"),
        (["run", "matrix.yaml", "--jobs", "0"], "--jobs"),
        (["info", "bicubik"], "Did you mean 'bicubic'?"),
        (["list", "metods"], "metods"),
        (["export", "matrix.yaml", "--to", "excel"], "excel"),
        (["show", "anything", "--store", "nowhere"], "nowhere"),
    ],
)
def test_bad_usage_is_one_clear_message_and_exit_2(done: Bench, arguments: list[str], words: str) -> None:
    result = done.srbench(*arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_info_lists_parameters_and_presets() -> None:
    bench = subprocess.run([sys.executable, "-m", "srbench", "info", "srcnn", "--json"], capture_output=True, text=True)
    (facts,) = json.loads(bench.stdout)
    assert facts["learns"] is True
    assert {"paper", "small"} <= set(facts["presets"])
    assert any(parameter["name"] == "kernels" for parameter in facts["parameters"])


def test_doctor_names_the_broken_plugin(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.plugin.write_text("import a_module_that_is_not_there\n")
    result = bench.srbench("doctor")
    assert result.returncode == 1
    assert "srbench-toys" in result.stdout
    assert "a_module_that_is_not_there" in result.stdout
    assert bench.srbench("list", "methods").returncode == 0
