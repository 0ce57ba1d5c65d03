"""A SLURM cluster of one node on this machine, with ports and a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig import wait_for

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
AuthInfo=socket={folder}/munge.socket,cred_expire=5
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
        wait_for((self.folder / "munge.socket").exists)
        self._daemon("slurmctld", ["slurmctld", "-D", "-f", str(self.folder / "slurm.conf")])
        self._daemon("slurmd", ["slurmd", "-D", "-f", str(self.folder / "slurm.conf"), "-N", self.host])
        wait_for(lambda: "idle" in self.say("sinfo", "--noheader", "--format=%t"))

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
