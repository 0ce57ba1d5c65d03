"""What a process tells arrives as it was told, whole, in order, and nothing else arrives."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator

import msgspec
import pytest

from srbench.runner.job import channel as module
from srbench.runner.job.channel import Channel, Doing, Flooded, Lacking, Made, Measuring, Message, Scored
from srbench.store.details import Details
from srbench.store.record import MetricResult, Record

RECORD = Record(
    key="k", schema=1, status="ok", images={"ä": "ä.png"}, facts={"best": math.inf}, ingredients={"a": [1, {"b": None}]}
)
RESULT = MetricResult(key="m", value=0.1, details=Details(n=3, further={"pairs": 3.0}))
MESSAGES: list[Message] = [
    Made(RECORD, again=True),
    Doing("ceiling", "HR"),
    Lacking("no luck", again=True),
    Measuring(RESULT, ceiling=True),
    Scored(RESULT, {"a": 1.5, "b": -math.inf}, 2.5, ceiling=True),
]


@pytest.fixture
def channel() -> Iterator[Channel]:
    made = Channel()
    yield made
    made.close()


def write(channel: Channel, data: bytes) -> None:
    """What whoever has the writing end may do with it."""
    os.write(channel._writing, data)


def framed(value: object) -> bytes:
    data = value if isinstance(value, bytes) else msgspec.msgpack.encode(value)
    return len(data).to_bytes(4, "big") + data


def test_messages_arrive_as_they_were_told_and_in_order(channel: Channel) -> None:
    assert list(channel.messages()) == [] and not channel.ended
    for message in MESSAGES:
        channel.tell(message)
    assert list(channel.messages()) == MESSAGES
    assert list(channel.messages()) == [] and not channel.ended
    channel.close_writing()
    assert list(channel.messages()) == [] and channel.ended


def test_a_message_that_comes_in_pieces_arrives_when_it_is_whole(channel: Channel) -> None:
    data = framed(Doing("test", "a"))
    for byte in data[:-1]:
        write(channel, bytes([byte]))
        assert list(channel.messages()) == []
    write(channel, data[-1:] + data)
    assert list(channel.messages()) == [Doing("test", "a")] * 2


def test_a_message_larger_than_a_pipe_holds_comes_from_another_process(channel: Channel) -> None:
    large = Scored(RESULT, {f"image {place}": place / 7 for place in range(20_000)})
    pid = os.fork()
    if pid == 0:
        channel.tell(large)
        os._exit(0)
    channel.close_writing()
    found: list[Message] = []
    while not channel.ended:
        found += channel.messages()
    os.waitpid(pid, 0)
    assert found == [large]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xc1 nonsense",
        b"\xa3\xff\xff\xff",
        {"type": "Party"},
        {"type": "Made", "record": {"key": "k"}},
        {"type": "Doing", "part": "everything"},
        {"type": "Made", "record": {"key": "k", "schema": 1, "status": "ok", "images": {"a": "../../a.png"}}},
        {"type": "Made", "record": {"key": "../k", "schema": 1, "status": "ok"}},
        [1, 2],
    ],
)
def test_what_is_no_message_is_passed_over(channel: Channel, value: object) -> None:
    write(channel, framed(value))
    channel.tell(Doing("test"))
    assert list(channel.messages()) == [Doing("test")]


def test_half_a_message_is_none(channel: Channel) -> None:
    channel.tell(Doing("test"))
    write(channel, framed(Made(RECORD))[:-5])
    channel.close_writing()
    assert list(channel.messages()) == [Doing("test")] and channel.ended


def test_more_than_any_record_holds_is_refused_before_it_is_read(channel: Channel) -> None:
    channel.tell(Doing("test"))
    write(channel, (module.LARGEST + 1).to_bytes(4, "big"))
    found = channel.messages()
    assert next(found) == Doing("test")
    with pytest.raises(Flooded):
        next(found)


def test_half_a_character_is_told_as_its_code(channel: Channel) -> None:
    channel.tell(Doing("ceiling", "HR\ud800"))
    channel.tell(Lacking("no file \udcff"))
    assert list(channel.messages()) == [Doing("ceiling", "HR\\ud800"), Lacking("no file \\udcff")]
