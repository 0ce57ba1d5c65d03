"""Run the command line with plugins of toys, installed as any plugin is: by a distribution on the path."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from rig.preloaded import Forked, Preloaded, preloaded
from srbench.registry.registry import registry

HERE = Path(__file__).parent
MARK = "SRBENCH_TEST_MARK"
LEARNING = {
    "datasets": ["toy-marked"],
    "methods": ["toy-nearest", "toy-pixel"],
    "metrics": ["psnr", "toy-distance"],
    "train": {"on": ["same"], "budget": {"steps": 4}},
    "seeds": [0],
}
"""A matrix with a training, an extractor that learns, and a set metric, for a bench with measures."""
TIMED_FILES = {"training.json", "history.csv", "scores.parquet"}
"""Files with times in them, or with rows in the order in which metrics were computed."""


@dataclass
class Bench:
    """A working directory with a toy plugin, and the command line in it. forks: what command lines are forked from."""

    folder: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    forks: Preloaded = field(default_factory=preloaded, repr=False)

    def __post_init__(self) -> None:
        self.plugin = self._install("toys")

    def _install(self, name: str) -> Path:
        plugin = self.folder / "site" / f"srbench_{name}.py"
        info = plugin.parent / f"srbench_{name}-1.0.dist-info"
        info.mkdir(parents=True)
        plugin.write_text((HERE / f"srbench_{name}.py").read_text())
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: srbench-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[srbench]\n{name} = srbench_{name}\n")
        return plugin

    def with_measures(self) -> Bench:
        """The bench with the plugin of extractors and metrics that need something, too."""
        self._install("measures")
        return self

    def with_generators(self) -> Bench:
        """The bench with the plugin of generators, and with labelled pictures."""
        self._install("generators")
        return self.with_measures()

    def with_denoising(self) -> Bench:
        """The bench with the plugin of a third task."""
        self._install("denoising")
        return self

    def with_places(self) -> Bench:
        """The bench with the plugin of another executor."""
        self._install("places")
        return self

    def events(self) -> list[str]:
        """What that plugin did."""
        path = self.folder / "events.txt"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(self.plugin.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "SRBENCH_TEST_FOLDER": str(self.folder),
            MARK: self.mark,
        }

    def matrix(self, **changes: Any) -> Path:
        """A matrix file: the toy dataset at x4-rgb with PSNR, changed as told."""
        content: dict[str, Any] = {
            "name": "toy",
            "datasets": ["toy-noise"],
            "protocols": ["x4-rgb"],
            "methods": ["toy-nearest"],
            "metrics": ["psnr"],
        }
        path = self.folder / "matrix.yaml"
        path.write_text(json.dumps({**content, **changes}))  # JSON is YAML
        return path

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start the command line as a person does."""
        return subprocess.Popen(
            [sys.executable, "-m", "srbench", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fork(self, *arguments: str | Path, said: Sequence[str] = (os.devnull, os.devnull)) -> Forked:
        """Start the command line as quickly as `srbench` runs it. said: where its output and its errors go."""
        return self.forks.start([str(one) for one in arguments], self.folder, self.environment, said)

    def srbench(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end."""
        return self.forks.run([str(one) for one in arguments], self.folder, self.environment)

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """`srbench run` without pages."""
        return self.srbench("run", "matrix.yaml", "--no-report", *arguments)

    def records(self, shelf: str = "cells") -> dict[str, dict[str, Any]]:
        """The records of the store, by label; metrics by name, the latest result of each."""
        found = {}
        for path in (self.folder / "results/toy" / shelf).glob("??/*/record.json"):
            if path.is_dir():  # which a method may make of it
                continue
            record = json.loads(path.read_text())
            label = "/".join(str(part) for part in record["point"].values() if part is not None)
            for results in ("metrics", "ceiling"):
                record[results] = {result["name"]: result for result in record[results].values()}
            found[label] = {**record, "path": path, "changed": path.stat().st_mtime_ns}
        return found

    def contents(self) -> tuple[dict[str, Any], list[str]]:
        """All that the store holds but times: its records, with what every file hashes to, and the files' names."""
        store = self.folder / "results/toy"
        records = {}
        for path in store.glob("*/??/*/record.json"):
            record = json.loads(path.read_text())
            for timed in ("sha256", "started", "seconds", "cost", "log_tail"):
                del record[timed]
            record["files"] = {name: known for name, known in record["files"].items() if name not in TIMED_FILES}
            record["metrics"] = dict(sorted(record["metrics"].items()))  # whichever was computed first
            records[path.parent.name] = record
        files = (path.relative_to(store) for path in store.rglob("*") if path.is_file())
        kept = (path for path in files if path.parts[0] != "runs" and not path.name.startswith("index.sqlite"))
        return records, sorted(map(str, kept))

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The bench's plugins among those of this process, and its folder the working directory."""
        site = self.plugin.parent
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(site)
            patch.chdir(self.folder)
            for name in ("XDG_CACHE_HOME", "SRBENCH_TEST_FOLDER"):
                patch.setenv(name, self.environment[name])
            registry.cache_clear()
            yield
        registry.cache_clear()
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "/").parent == site:
                del sys.modules[name]

    def interrupted_at_the_gate(self, run: Forked, ask: signal.Signals) -> None:
        """Ask a run to stop whose training waits at the gate, which is there; told of it, the training opens it."""
        wait_for((self.folder / "at-the-gate").exists)
        run.send_signal(ask)

    def below(self, run: Forked) -> list[psutil.Process]:
        """What a run that was forked has started, and still lives."""
        return [process for process in self.forks.below() if process.pid != run.pid]

    def left(self) -> list[psutil.Process]:
        """Processes of this bench that still live."""
        marked = [process for process in psutil.process_iter() if _mark(process) == self.mark]
        return marked + [process for process in self.forks.below() if _mark(process) is not None]


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def _mark(process: psutil.Process) -> str | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.environ().get(MARK, "")
    except psutil.Error:
        return None


def untouched(before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]) -> bool:
    """Whether every record of `before` is still the very same file."""
    return all(after[label]["changed"] == record["changed"] for label, record in before.items())
