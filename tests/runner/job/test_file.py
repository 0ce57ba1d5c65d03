"""A job's file says all that there is to a job, wherever its store is mounted."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from bench_in_process import InProcess, perform

import srbench
from srbench.contract.chain import Chain
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.contract.entry import Entry
from srbench.contract.executor import Limits
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered, Registry
from srbench.runner.job import file as job_file
from srbench.runner.job.file import read_job, with_types, write_job
from srbench.runner.job.tasks import Evaluation, Job, SeenFile
from srbench.runner.planning.provenance import sources_of
from srbench.store.records import Store


class Typed(srbench.Dataset):
    """Parameters of every type that JSON lacks."""

    def __init__(self, path: Path, only: re.Pattern[str] = re.compile("a"), sizes: tuple[int, ...] = (1, 2)) -> None:
        self.path, self.only, self.sizes = path, only, sizes


def written(job: Job) -> Path:
    shutil.rmtree(job.store / "jobs" / job.task.key, ignore_errors=True)
    path = write_job(job, "a-run")
    assert path is not None
    return path


def typed(path: Path) -> Use:
    registered = Registered("dataset", Entry("typed", Typed), Plugin("own", "srbench-own", "1", "test_job_file"))
    return Use("typed", registered, {"path": path, "only": re.compile("b+"), "sizes": (3,)})


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.delenv("SRBENCH_DATA", raising=False)
    return InProcess(tmp_path, methods=[{"srcnn": {"preset": "small"}}], train={"on": ["same"], "budget": {"steps": 2}})


def test_a_job_that_was_read_does_what_the_job_does(bench: InProcess) -> None:
    cell = bench.plan()
    elsewhere = Store(bench.root / "elsewhere")
    for task in (*cell.prerequisites(), cell.evaluation()):
        bench.do(task)
        path = written(Job(task, elsewhere.root, bench.root, Limits(60, 2.5), sources_of(task.uses)))
        read = read_job(path)
        assert (read.limits, read.store, read.task.label) == (Limits(60, 2.5), elsewhere.root, task.label)
        whole = with_types(read).task
        assert (whole.ingredients, whole.reads, whole.files) == (task.ingredients, task.reads, task.files)
        perform(read)
    mine, other = (store.read("cells", cell.cell.key) for store in (bench.store, elsewhere))
    assert mine is not None and other is not None and other.status == "ok", other
    assert other.metrics == mine.metrics
    assert other.files == mine.files


def test_a_training_that_goes_on_names_all_that_it_goes_on_from(bench: InProcess) -> None:
    bench.content["train"]["budget"] = {"steps": 4, "from": {"steps": 3, "from": {"steps": 2}}}
    task = bench.plan().training
    assert task is not None and task.earlier is not None and task.earlier.earlier is not None
    read = with_types(read_job(written(Job(task, bench.root / "store", bench.root)))).task
    assert (read.budget, read.key, read.ingredients) == (task.budget, task.key, task.ingredients)
    assert read.earlier.ingredients == task.earlier.ingredients
    assert (read.earlier.key, read.earlier.earlier.key) == (task.earlier.key, task.earlier.earlier.key)


def test_parameters_have_their_types_again(bench: InProcess) -> None:
    squares = Protocol("8px", 1, task="generation", size=8)
    task = replace(bench.plan().evaluation(), dataset=replace(typed(bench.root / "a"), under=squares))
    job = with_types(read_job(written(Job(task, bench.root / "store", bench.root))))
    assert job.task.dataset.params == {"path": bench.root / "a", "only": re.compile("b+"), "sizes": (3,)}
    assert job.task.dataset.under == squares
    assert with_types(job) == job


@dataclass(frozen=True)
class FromFile(srbench.Degradation):
    """A degradation that reads a file."""

    name: ClassVar[str] = "from-file"
    kernel: Path

    def lr(self, hr: np.ndarray, values: srbench.Values, scale: int, rng: np.random.Generator) -> np.ndarray:
        return hr[::scale, ::scale]


def test_a_degradation_is_itself_again_and_its_file_moves_with_the_data_root(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry()
    module = SimpleNamespace(srbench_degradations=srbench.hookimpl(lambda: [Entry("from-file", FromFile)]))
    registry.add(Plugin("own", "srbench-own", "1", "own"), module)
    monkeypatch.setattr(job_file, "registry", lambda: registry)
    data = bench.root / "data"
    task = bench.plan().evaluation()
    task = replace(task, protocol=replace(task.protocol, degradation=FromFile(data / "kernel.npy")), learned=())
    path = written(Job(task, bench.root / "store", data))
    assert with_types(read_job(path)).task.protocol == task.protocol
    monkeypatch.setenv("SRBENCH_DATA", str(bench.root / "mnt"))
    moved = with_types(read_job(path)).task.protocol.degradation
    assert moved == FromFile(bench.root / "mnt/kernel.npy")


def test_every_step_of_a_chain_of_degradations_is_itself_again(bench: InProcess) -> None:
    task = bench.plan().evaluation()
    chain = Chain((GaussianBlur(1.2), Bicubic("repeat")))
    task = replace(task, protocol=replace(task.protocol, degradation=chain))
    path = written(Job(task, bench.root / "store", bench.root / "data"))
    assert with_types(read_job(path)).task.protocol == task.protocol


def test_a_store_and_a_data_root_may_be_mounted_elsewhere(bench: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    data, outside = bench.root / "data", bench.root / "model.pth"
    files = (SeenFile(data / "weights/a.pth", None), SeenFile(outside, "0"))
    task = replace(bench.plan().evaluation(), dataset=typed(data / "typed"), method_files=files)
    path = written(Job(task, bench.root / "store", data))
    assert (read_job(path).data_root, read_job(path).task.files[0].path) == (data, data / "weights/a.pth")
    moved, root = bench.root / "mnt/store", bench.root / "mnt/data"
    shutil.copytree(bench.root / "store", moved)
    monkeypatch.setenv("SRBENCH_DATA", str(root))
    job = with_types(read_job(moved / path.relative_to(bench.root / "store")))
    assert (job.store, job.data_root, job.task.dataset.params["path"]) == (moved, root, root / "typed")
    assert [file.path for file in job.task.files] == [root / "weights/a.pth", outside]


def test_a_folder_whose_name_is_no_utf_8_can_be_named(bench: InProcess) -> None:
    strange = bench.root / os.fsdecode(b"caf\xe9")
    task = replace(bench.plan().evaluation(), dataset=typed(strange))
    job = with_types(read_job(written(Job(task, bench.root / "store", bench.root))))
    assert job.task.dataset.params["path"] == strange


def test_reading_imports_no_plugin_and_no_torch(bench: InProcess) -> None:
    path = written(Job(bench.plan().evaluation(), bench.root / "store", bench.root))
    code = (
        "import sys, pathlib; from srbench.runner import keeper; from srbench.runner.job.file import read_job; "
        "read_job(pathlib.Path(sys.argv[1])); print([name for name in sys.modules if name.startswith('srbench_')])"
        "; assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "Party"}', None])
def test_what_is_no_job_is_an_error_that_names_the_file(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "store/jobs/key/job.json"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_text(content)
    with pytest.raises(SrbenchError, match=r"job\.json is no job of this version of srbench"):
        read_job(path)


def test_a_job_of_an_unknown_kind_is_an_error(bench: InProcess) -> None:
    path = written(Job(bench.plan().evaluation(), bench.root / "store", bench.root))
    path.write_text(json.dumps({**json.loads(path.read_text()), "kind": "Party"}))
    with pytest.raises(SrbenchError, match="Party"):
        read_job(path)


def test_a_thing_of_a_plugin_may_stay_as_it_was_written(bench: InProcess) -> None:
    task = replace(bench.plan().evaluation(), dataset=typed(bench.root / "a"))
    unknown = Registered(
        "method", Entry("gone", "no.such.module:Method"), Plugin("gone", "gone", "1", "no.such.module")
    )
    method = Use("gone", unknown, {"path": "b", "only": "b+"})
    job = Job(replace(task, method=method), bench.root / "store", bench.root)
    with pytest.raises(SrbenchError, match="gone"):
        with_types(job)
    kept = with_types(job, unloaded=[method]).task
    assert isinstance(kept, Evaluation) and kept.method == method
    assert kept.dataset.params["only"] == re.compile("b+"), "all else has its types"


def test_a_parameter_that_json_cannot_hold_is_named(bench: InProcess) -> None:
    use = replace(typed(bench.root), params={"path": bench.root, "only": object()})
    task = replace(bench.plan().evaluation(), dataset=use)
    with pytest.raises(SrbenchError, match=r"the parameter <object object at .*> cannot be written"):
        written(Job(task, bench.root / "store", bench.root))
