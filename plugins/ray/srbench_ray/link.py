"""The run's end of the line to its driver of Ray."""

from __future__ import annotations

import os
import re
import secrets
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress

import msgspec

import srbench

from .attend import GRACE_SECONDS
from .messages import Answer, Begin, Outcome, Question

PATIENCE_SECONDS = 60.0
"""How long Ray may take to start, or a cluster to answer for the first time."""
_LONGEST_SECONDS = 120.0
"""How long an answer may take later: Ray itself gives up a lost head after a minute."""
_CLOSING_SECONDS = GRACE_SECONDS + 15.0
_PREFIX = re.compile(r"^\[[^\]]*\] (\([^)]*\) )?[\w.]+:\d+: ")
"""How lines of Ray's log begin: `[2026-02-01 10:00:00,000 E 12 34] rpc_client.h:204: `."""


class RayGone(srbench.SrbenchError):
    """There is no Ray, or none any more, to do jobs or to ask for them."""


class Link:
    """A driver of Ray, in a process of its own. address: a cluster's; empty: a Ray that begins and ends with it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "srbench_ray.driver", address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=_environment(address),
            start_new_session=True,  # where Ctrl-C does not reach it
        )
        self._number = 0
        self._unread = b""
        self._missed: dict[str, Outcome] = {}

    def ask(self, begin: Sequence[Begin] = (), end: Sequence[str] = ()) -> Answer:
        """Have jobs begun and ended, and see how things are. Raises `RayGone`."""
        self._number += 1
        question = Question(self._number, list(begin), list(end))
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # what it said on its way is still to be read
            self._process.stdin.write(msgspec.json.encode(question) + b"\n")
            self._process.stdin.flush()
        until = time.monotonic() + (_LONGEST_SECONDS if self._number > 1 else PATIENCE_SECONDS)
        while True:
            answer = msgspec.json.decode(self._line(until), type=Answer)
            if answer.refused:
                raise RayGone(self._refusal(answer.refused))
            self._missed |= answer.over
            if answer.number == self._number:  # and not to a question whose asking was interrupted
                answer.over, self._missed = self._missed, {}
                return answer

    def _line(self, until: float) -> bytes:
        assert self._process.stdout is not None
        while b"\n" not in self._unread:
            if not select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                raise RayGone(self._refusal("it does not answer"))
            received = os.read(self._process.stdout.fileno(), 1 << 16)
            if not received:
                raise RayGone(self._refusal(self._last_words() or "its driver was killed"))
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _refusal(self, why: str) -> str:
        if not self._address:
            return f"executor ray: the Ray of this run does no jobs: {why}"
        return (
            f"executor ray: the cluster at {self._address!r} does no jobs: {why}. srbench has to run on a machine of "
            "the cluster (`ray start --address=...` makes this one a part of it), with its versions of Python and Ray"
        )

    def _last_words(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").splitlines()
        return next((_PREFIX.sub("", line).strip() for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        """End what still runs, and the driver."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._said.close()


def _environment(address: str) -> dict[str, str]:
    """This process's, in which Ray tells nobody of its use, leaves the run's folder alone, and lets no stranger in."""
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    # Of its own Ray: otherwise Ray writes a token into the user's home.
    own = {} if address else {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return {**os.environ, **quiet, **own}
