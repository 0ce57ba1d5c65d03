"""A plugin of an executor that knows nothing but the store: it could as well start jobs on another machine."""

import os
import subprocess
import tempfile
from pathlib import Path

import srbench


class Elsewhere(srbench.Executor):
    """Starts each job as a process of its own, from another folder, by another path to the same store."""

    def __init__(self, most: int = 2) -> None:
        self.most = most
        self.started: dict[Path, subprocess.Popen] = {}
        self.folder = Path(tempfile.mkdtemp(dir=os.environ["SRBENCH_TEST_FOLDER"]))

    def places(self):
        return self.most

    def submit(self, job, limits, resources):
        store = job.parents[2]
        mount = self.folder / "mount"
        if not mount.exists():
            mount.symlink_to(store)
        command = self.command(mount / job.relative_to(store))
        with (self.folder / "said.txt").open("a") as said:
            self.started[job] = subprocess.Popen(command, cwd=self.folder, stdout=said, stderr=said)

    def fate(self, job):
        code = self.started[job].poll()
        return None if code is None else srbench.Fate(f"the command ended with {code}")

    def close(self):
        for process in self.started.values():
            process.terminate()
            process.wait()


@srbench.hookimpl
def srbench_executors():
    return [srbench.Entry("elsewhere", Elsewhere)]
