"""A SLURM cluster of one node, started for these tests and ended with them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

PROGRAMS = ("sbatch", "squeue", "scancel", "scontrol", "slurmctld", "slurmd", "munged")
CONFIG = """
ClusterName=srbench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=1
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
MaxArraySize=4
ReturnToService=2
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000
PartitionName=main Nodes={host} Default=YES MaxTime=60
"""


@dataclass
class Slurm:
    """The cluster: its folder, and its programs as a person types them."""

    folder: Path
    host: str = field(default_factory=lambda: socket.gethostname().partition(".")[0])
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start the three daemons; return when the node is idle."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        ports = dict(zip(("controller", "node"), _free_ports(2), strict=True))
        (self.folder / "slurm.conf").write_text(CONFIG.format(host=self.host, folder=self.folder, **ports))
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        for path in (self.folder, key):
            shutil.chown(path, "munge")
        key.chmod(0o400)
        self.folder.chmod(0o755)
        munged = [
            "munged",
            "--foreground",
            *(f"--{name}={self.folder}/munge.{end}" for name, end in MUNGE.items()),
        ]
        self._daemon("munged", munged, user="munge")
        _wait_for((self.folder / "munge.socket").exists)
        self._daemon("slurmctld", ["slurmctld", "-D", "-f", str(self.folder / "slurm.conf")])
        self._daemon("slurmd", ["slurmd", "-D", "-f", str(self.folder / "slurm.conf"), "-N", self.host])
        _wait_for(lambda: "idle" in self.say("sinfo", "--noheader", "--format=%t"))

    def _daemon(self, name: str, command: list[str], **options: Any) -> None:
        with (self.folder / f"{name}.said").open("wb") as said:
            self.started.append(subprocess.Popen(command, stdout=said, stderr=said, env=self.environment, **options))

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which this cluster is the one."""
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def say(self, *command: str) -> str:
        """What one of its programs prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        return done.stdout

    def stop(self) -> None:
        """End everything."""
        self.say("scancel", "--user=root", "--signal=KILL", "--full")
        for process in reversed(self.started):
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


MUNGE = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def slurm(missing: Callable[[str], NoReturn]) -> Iterator[Slurm]:
    """The cluster, while tests of this session run."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    lacking = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if lacking or os.getuid() != 0:
        missing(f"a SLURM needs root and slurm-wlm, slurmctld, slurmd, munge; there is no {', '.join(lacking)}")
    # Not below pytest's own folder, into which munge's user may not go.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path)
        cluster = Slurm(Path(folder))
        try:
            cluster.start()
            patch.setenv("SLURM_CONF", str(cluster.folder / "slurm.conf"))
            yield cluster
        finally:
            cluster.stop()
