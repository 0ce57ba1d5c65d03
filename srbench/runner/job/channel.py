"""What a process of a job tells its keeper: what it made, and each score as soon as it is there.

The keeper alone writes records, so that a process that dies, or does harm on its way, damages none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from srbench.store.record import MetricResult, Record
from srbench.store.seal import UNREADABLE
from srbench.store.texts import each, visible

LARGEST = 1 << 28
"""The most bytes of one message: more than a record of a million images takes."""

Part = Literal["test", "train", "samples", "ceiling"]
"""What is made for a cell: SR of the test split, of the training split, samples of it, the method's ceiling."""


class Made(msgspec.Struct, tag=True):
    """A record as far as it goes, without results of metrics: SR or a model is there, or why it is not.

    again: it says nothing about the method, and is worth another try at once.
    """

    record: Record
    again: bool = False


class Doing(msgspec.Struct, tag=True):
    """A part of a cell's images is begun: what is to be named where the process ends meanwhile."""

    part: Part
    name: str = ""


class Lacking(msgspec.Struct, tag=True):
    """The part that was begun could not be made, and why; the others go on. again: by a fault of the machine."""

    reason: str
    again: bool = False


class Measuring(msgspec.Struct, tag=True):
    """A metric is begun. result: what is known of it now, to which the reason is added where the process ends."""

    result: MetricResult
    ceiling: bool = False


class Scored(msgspec.Struct, tag=True):
    """A metric's result, of SR or of the method's ceiling; of SR the scores by image, or of the whole set."""

    result: MetricResult
    images: dict[str, float] = {}
    whole: float | None = None
    ceiling: bool = False


Message = Made | Doing | Lacking | Measuring | Scored
Tell = Callable[[Message], None]


class Flooded(Exception):
    """More came through a channel than any message has."""


class Channel:
    """A pipe from a forked process to the one that forked it. ended: nothing more can come."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()
        os.set_blocking(self.reading, False)
        self._pending = b""
        self.ended = False

    def tell(self, message: Message) -> None:
        """Send a message; for the process at the writing end."""
        try:
            data = msgspec.msgpack.encode(message)
        except UnicodeEncodeError:  # half a character somewhere, in the name of a class, say
            data = msgspec.msgpack.encode(each(msgspec.to_builtins(message), visible))
        data = len(data).to_bytes(4, "big") + data
        while data:
            data = data[os.write(self._writing, data) :]

    def close_writing(self) -> None:
        """Leave the writing end to the forked process."""
        os.close(self._writing)

    def close(self) -> None:
        """Close the reading end."""
        os.close(self.reading)

    def messages(self) -> Iterator[Message]:
        """What has arrived since the last call; what is no message is passed over. Raises `Flooded`."""
        while True:
            try:
                data = os.read(self.reading, 1 << 16)
            except BlockingIOError:
                return
            if not data:
                self.ended = True
                return
            self._pending += data
            while len(self._pending) >= 4:
                size = int.from_bytes(self._pending[:4], "big")
                if size > LARGEST:
                    raise Flooded
                if len(self._pending) < 4 + size:
                    break
                message, self._pending = self._pending[4 : 4 + size], self._pending[4 + size :]
                try:
                    yield msgspec.msgpack.decode(message, type=Message)
                except UNREADABLE:
                    continue
