"""The processes that share one training: forked by the one that the keeper holds to limits, one for each device.

They are forked before any GPU is touched, meet on a port of this machine that is theirs alone, and die with the process
that forked them. That one learns nothing itself: it hears how each ends, and ends the others where one fails.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn

from srbench.devices.kinds import kind_of
from srbench.errors import SrbenchError, machine_fault
from srbench.runner.job.channel import Channel, Made, Tell
from srbench.runner.work import processes
from srbench.training.loop.group import PeerLost

_LOOK_SECONDS = 0.1
_LOST = 65
"""The exit code of a process that lost another: what happened is for that one to tell."""
_GRACE_SECONDS = 5.0
"""How long after the first failure the others may take to tell what they met: of several the first's counts."""
_PATIENCE = timedelta(days=1)
"""How long one waits for another that lives: those that die are seen at once."""


class RankDied(SrbenchError):
    """A process of a training that ended before it was done, without a word."""


@dataclass
class _Rank:
    """A process. told: what it told so far. code: its exit code once it ended, negative for a signal."""

    number: int
    pid: int
    channel: Channel
    told: list[Made] = field(default_factory=list)
    code: int | None = None

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than well; those after the first have something to tell only then."""
        return bool(self.code) or (self.number > 0 and bool(self.told))

    def hear(self) -> None:
        """Take in what it told."""
        self.told += [message for message in self.channel.messages() if isinstance(message, Made)]


def spread(work: Callable[[Tell], None], devices: Sequence[str], stop: Callable[[], bool]) -> Made | None:
    """Do the work in a process for each device, which have joined a group when it begins; what came of it.

    work: told how to tell what came of it: of the first process in any case, of others only where it failed; in it
    `Group.here()` says which process it is. stop: whether the work is asked to end, which is passed on to the first.
    Returns what the first process told, if anything, or of one that failed what that told. Raises `RankDied`; where one
    was ended by a signal, this process ends by the same.
    """
    ranks: list[_Rank] = []
    try:
        with socket.create_server(("127.0.0.1", 0)) as door:
            for number in range(len(devices)):
                ranks.append(_forked(number, work, devices, door))  # noqa: PERF401  those that are there are ended
        return _heard(ranks, stop)
    finally:
        for rank in ranks:
            if rank.code is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(rank.pid, signal.SIGKILL)
                os.waitpid(rank.pid, 0)
            rank.channel.close()


def _forked(number: int, work: Callable[[Tell], None], devices: Sequence[str], door: socket.socket) -> _Rank:
    channel = Channel()
    pid = os.fork()
    if pid == 0:
        _become(number, work, devices, door, channel)
    channel.close_writing()
    return _Rank(number, pid, channel)


def _become(
    number: int, work: Callable[[Tell], None], devices: Sequence[str], door: socket.socket, channel: Channel
) -> NoReturn:
    code = 1
    try:
        processes.die_with_parent()
        try:
            _join(number, devices, door)
        except RuntimeError as error:
            raise PeerLost(f"it met no other ({error})") from error
        work(channel.tell)
        code = 0
    except PeerLost as lost:
        print(f"process {number + 1} of {len(devices)} of this training: {lost}", file=sys.stderr)
        code = _LOST
    except BaseException as error:
        traceback.print_exc()
        if machine_fault(error):
            code = os.EX_IOERR
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _join(number: int, devices: Sequence[str], door: socket.socket) -> None:
    """Meet the others: on the CPU by gloo, on GPUs by NCCL, with gloo for what is no tensor of theirs."""
    from torch import distributed
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    # Processes of one machine need no network but its own, whatever its name stands for elsewhere.
    own = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
    os.environ.setdefault("GLOO_SOCKET_IFNAME", own)
    first, (host, port) = number == 0, door.getsockname()
    if not first:
        door.close()
    store = TCPStore(
        host,
        port,
        len(devices),
        is_master=first,
        timeout=_PATIENCE,
        wait_for_workers=False,
        master_listen_fd=door.detach() if first else None,
    )
    backend = kind_of(devices[number]).exchange
    distributed.init_process_group(backend, store=store, rank=number, world_size=len(devices), timeout=_PATIENCE)


def _heard(ranks: Sequence[_Rank], stop: Callable[[], bool]) -> Made | None:
    """Wait until the first is done, or any fails; what it told."""
    asked, failed_at, ended = False, None, list[_Rank]()
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        handles: dict[int, _Rank] = {}
        for rank in ranks:
            handle = os.pidfd_open(rank.pid)
            stack.callback(os.close, handle)
            poll.register(handle, select.POLLIN)
            handles[handle] = rank
        while True:
            for handle, _ in poll.poll(_LOOK_SECONDS * 1000):
                rank = handles[handle]
                rank.code = os.waitstatus_to_exitcode(os.waitpid(rank.pid, 0)[1])
                ended.append(rank)
                poll.unregister(handle)
            for rank in ranks:
                rank.hear()
            if ranks[0].code == 0:
                return ranks[0].told[-1] if ranks[0].told else None
            if stop() and not asked and ranks[0].code is None:
                os.kill(ranks[0].pid, signal.SIGTERM)
                asked = True
            if any(rank.failed for rank in ranks):
                failed_at = failed_at or time.monotonic()
                if all(rank.code is not None for rank in ranks) or time.monotonic() - failed_at > _GRACE_SECONDS:
                    return _verdict(ranks, ended)


def _verdict(ranks: Sequence[_Rank], ended: Sequence[_Rank]) -> Made:
    """What a training says of itself that failed. Raises `RankDied`, or ends this process as the first ended that died.

    ended: in that order; NCCL ends a process that lost another by a signal of its own.
    """
    for rank in ranks:
        if rank.told:
            return rank.told[-1]
    died = next((rank for rank in ended if rank.code not in (0, _LOST)), None)
    if died is None or died.code is None:
        raise RankDied("the processes of the training lost each other; see the end of the log")
    which = f"process {died.number + 1} of {len(ranks)} of the training"
    if died.code == os.EX_IOERR:
        print(f"{which} met a fault of the machine", file=sys.stderr, flush=True)
        os._exit(died.code)
    if died.code > 0:
        raise RankDied(f"{which} ended with exit code {died.code} before it was done")
    print(f"{which} was ended by {signal.Signals(-died.code).name}", file=sys.stderr, flush=True)
    for rank in ranks:
        if rank.code is None:
            os.kill(rank.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):  # nothing catches SIGKILL anyway
        signal.signal(-died.code, signal.SIG_DFL)
    os.kill(os.getpid(), -died.code)
    raise RankDied(f"{which} was ended by a signal")
