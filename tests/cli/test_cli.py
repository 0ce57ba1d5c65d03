"""The command line as a whole: exit codes, one clear message for bad usage, and what it does not import."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from rig.verbs import Srbench, rewrite

from srbench.cli import VERBS, cli
from srbench.errors import SrbenchError


def loaded_by(arguments: list[str], folder: Path | None = None) -> set[str]:
    """The slow packages that a verb imports in a process of its own."""
    code = (
        "import sys\n"
        "from srbench.cli import cli\n"
        f"try: cli.main({arguments!r}, standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "slow = ('torch', 'monai', 'pandas', 'matplotlib', 'scipy')\n"
        "print('loaded:', *(name for name in slow if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].removeprefix("loaded:").split())


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list"], ["list", "plugins"]])
def test_asking_does_not_import_torch(arguments: list[str]) -> None:
    assert loaded_by(arguments) == set()


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_planning_and_a_finished_run_do_not_import_torch(here: Path, verb: str) -> None:
    assert "torch" not in loaded_by([verb, "matrix.yaml", *(["--no-report"] if verb == "run" else [])], here)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "matrix.yaml", "--where", "metod=bicubic"], "Did you mean 'method'?"),
        (["run", "matrix.yaml", "--where", "method=neares"], "Did you mean 'nearest'?"),
        (["run", "matrix.yaml", "--where", "method"], "is not KEY=VALUE"),
        (["run", "matrix.yaml", "--retry", "faild"], "Did you mean 'failed'?"),
        (["run", "matrix.yaml", "--executor", "locl"], "Did you mean 'local'?"),
        (["run", "matrix.yaml", "--jobs", "0"], "--jobs"),
        (["export", "matrix.yaml", "--to", "excel"], "excel"),
        (["show", "anything", "--store", "nowhere"], "nowhere"),
        (["shwo"], "shwo"),
    ],
)
def test_bad_usage_is_one_clear_message_and_exit_2(
    here: Path, srbench: Srbench, arguments: list[str], words: str
) -> None:
    said = srbench(*arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "Traceback" not in said.err


def test_each_of_several_mistakes_is_an_error_of_its_own(here: Path, srbench: Srbench) -> None:
    rewrite(here, methods=["neares", "bicubi"], metrics=["pnsr"])
    said = srbench("plan", "matrix.yaml")
    lines = said.err.splitlines()
    assert said.code == 2 and len(lines) == 3
    assert all(line.startswith("error: matrix.yaml:1:") and "Did you mean" in line for line in lines)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (SrbenchError("no \x1b[2J luck"), 2, "error: no \\x1b[2J luck\n"),
        (KeyboardInterrupt(), 130, "interrupted; what is finished is kept, run again to go on\n"),
        (click.Abort(), 130, "interrupted; what is finished is kept, run again to go on\n"),
        (click.UsageError("not so"), 2, "Error: not so\n"),
    ],
)
def test_each_way_to_end_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, srbench: Srbench, error: BaseException, code: int, message: str
) -> None:
    def ends(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli, "main", ends)
    assert srbench() == (code, "", message)


def test_every_verb_has_its_module_and_tells_what_it_does(srbench: Srbench) -> None:
    said = srbench("--help")
    assert said.code == 0
    words = " ".join(said.out.split())
    for verb in VERBS:
        command = importlib.import_module(f"srbench.cli.{verb}").command
        assert f"{verb} {command.short_help}" in words
        assert srbench(verb, "--help").code == 0


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -c 'from srbench.cli import main; main()' list weights --json | head -c 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[", "")
