"""What judges is imported once for all jobs: never a method, and nothing that a fork could not go on with."""

from __future__ import annotations

import importlib
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench_in_process import InProcess

from srbench.contract.entry import Entry
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.job import sharing
from srbench.runner.job.sharing import Shared, changed, share, shared_by

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a module with this code; its name. It is old enough to be told from any later one."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sharing, "_tried", set())
    monkeypatch.setattr(sharing, "_stamps", {})
    monkeypatch.setattr(sharing, "TICK_NS", -1)

    def written(code: str) -> str:
        name = f"module_{uuid.uuid4().hex[:8]}"
        (tmp_path / f"{name}.py").write_text(code)
        importlib.invalidate_caches()
        return name

    return written


def test_what_judges_a_cell_is_shared_and_nothing_of_a_method(tmp_path: Path) -> None:
    bench = InProcess(
        tmp_path, methods=[{"srcnn": {"preset": "small"}}], train={"on": ["same"], "budget": {"steps": 2}}
    )
    cell = bench.plan()
    task = cell.evaluation()
    shared = shared_by(task)
    assert {"srbench_images", "srbench_images.folder", "srbench_fidelity.pixelwise", "srbench_tiff.tiff"} <= {
        *shared.modules
    }
    assert {"srbench_srcnn", "srbench_bicubic"} <= {*shared.methods} and "srbench" not in shared.methods
    assert not {module.partition(".")[0] for module in shared.modules} & {*shared.methods}
    own = Plugin("bicubic", "srbench-bicubic", "1", "srbench_bicubic")
    pictures = Use("p", Registered("dataset", Entry("p", "srbench_bicubic.pictures:Pictures"), own), {})
    assert "srbench_bicubic.pictures" not in shared_by(replace(task, dataset=pictures)).modules
    assert cell.training is not None and shared_by(cell.training) == Shared()


def test_a_module_is_imported_once_and_a_change_of_it_is_seen(write: Write, tmp_path: Path) -> None:
    inner = write("")
    name = write(f"import {inner}")
    assert share(Shared([name])) and name in sys.modules and changed() == ""
    assert not share(Shared([name]))
    (tmp_path / f"{inner}.py").write_text("x = 1")
    assert changed() == str(tmp_path / f"{inner}.py")
    (tmp_path / f"{inner}.py").unlink()
    assert changed() == str(tmp_path / f"{inner}.py")


@pytest.mark.parametrize(
    "code",
    [
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "import {method}",
        "import os; os._exit(0 if False else 3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_what_a_fork_could_not_go_on_with_or_must_not_know_is_left_to_each_job(write: Write, code: str) -> None:
    method, harmless = write(""), write("")
    name = write(code.format(method=method))
    assert not share(Shared([harmless, name], [method]))
    assert not {name, harmless, method} & sys.modules.keys()


@pytest.mark.parametrize("code", ["raise ValueError", "import sys; sys.exit(1)", "import no_such_module"])
def test_a_module_that_cannot_be_imported_is_for_the_job_to_tell_of(write: Write, code: str) -> None:
    name, sound = write(code), write("")
    share(Shared([name, sound]))
    assert name not in sys.modules and sound in sys.modules


def test_nobody_hears_what_an_import_has_to_say(write: Write, tmp_path: Path) -> None:
    name = write("import os, sys; print('one'); print('two', file=sys.stderr); os.system('echo three')")
    code = (
        "import sys; from srbench.runner.job import sharing; sharing.TICK_NS = -1; "
        f"print(sharing.share(sharing.Shared(['{name}'])), '{name}' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("True True\n", "")


def test_a_module_that_was_written_a_moment_ago_may_be_another_unseen(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write("")
    monkeypatch.setattr(sharing, "TICK_NS", 10**18)
    assert not share(Shared([name])) and name not in sys.modules
