"""What a run and its driver of Ray tell each other: one message a line of JSON, each question with one answer."""

from __future__ import annotations

import msgspec

from .needs import Needs


class Begin(msgspec.Struct):
    """A job to begin: its file, its command, what it needs."""

    job: str
    command: list[str]
    needs: Needs


class Question(msgspec.Struct):
    """How things are, once some jobs were begun and others ended. number: its own, which the answer repeats."""

    number: int
    begin: list[Begin] = []
    end: list[str] = []


class Outcome(msgspec.Struct):
    """What became of a job's task. words: what went wrong, empty where its command ended well. lost: with its node."""

    words: str = ""
    lost: bool = False


class Answer(msgspec.Struct):
    """How things are. nodes: what each that lives has in all. over: of jobs whose tasks ended since the last answer.

    refused: why there is no Ray to ask, in words; empty where there is.
    """

    number: int = 0
    nodes: list[dict[str, float]] = []
    over: dict[str, Outcome] = {}
    refused: str = ""
