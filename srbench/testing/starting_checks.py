"""What a method that starts from given weights must do: begin with them, say so, and refuse what does not fit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from srbench.contract.fit import Interrupted, Start
from srbench.contract.method import Method
from srbench.errors import SrbenchError
from srbench.testing.check import CheckFailure, check
from srbench.testing.subjects import MethodSubject, seeded
from srbench.training.torch_method import WEIGHTS

TOLD = "the conformance kit"
_SEED = 1
"""Of the trainings that start: another than that of the one whose weights they start from."""


def _starts(subject: MethodSubject) -> bool:
    return bool(subject.target.learns) and bool(subject.target.starts)


def _fitted(subject: MethodSubject, start: Start | None, folder: Path | None = None, stops: bool = False) -> Method:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return stops and asked == 1

    with seeded(0):
        method: Method = subject.create()
        subject.fit(method, seed=_SEED, folder=folder, stop=stop, start=start)
    return method


def _own(subject: MethodSubject) -> Start:
    folder = subject.folder()
    subject.ready().save(folder)
    if not (folder / WEIGHTS).is_file():
        raise CheckFailure(
            f"starts is True, and save wrote no {WEIGHTS}, from which another training could start. Leave starts out, "
            "or train by srbench.TorchMethod"
        )
    return Start(folder / WEIGHTS, TOLD)


@lru_cache(maxsize=1)
def _started(subject: MethodSubject) -> tuple[Start, Method]:
    start = _own(subject)
    return start, _fitted(subject, start)


@check("method", needs=("saves_and_loads",), applies=_starts)
def starts(subject: MethodSubject) -> None:
    """A training that starts from the weights of another one is another than one that begins anew, and says so."""
    _, started = _started(subject)
    if subject.made(started).equal(subject.made(_fitted(subject, None))):
        raise CheckFailure("a training gives the same model with context.start as without it; begin with its weights")
    if not any(TOLD in note for note in started.notes):
        raise CheckFailure(
            "no note says what a training started from: append to self.notes how much of it fitted, with "
            "context.start.told, so that pages tell it"
        )


@check("method", needs=("starts", "resumes"), applies=_starts)
def starts_and_resumes(subject: MethodSubject) -> None:
    """A started training that was stopped goes on from its checkpoint, to the same model."""
    start, whole = _started(subject)
    folder = subject.folder()
    try:
        _fitted(subject, start, folder, stops=True)
    except Interrupted:
        if not subject.made(_fitted(subject, start, folder)).equal(subject.made(whole)):
            raise CheckFailure(
                "a started training that was stopped and resumed ends in another model than one that was not. Begin "
                "with context.start only where there is no checkpoint in context.folder"
            ) from None


@check("method", needs=("starts",), applies=_starts)
def refuses_what_does_not_fit(subject: MethodSubject) -> None:
    """Weights of which nothing fits are refused by an `SrbenchError`."""
    import torch

    from srbench.training.tensors import write_tensors

    path = subject.folder() / WEIGHTS
    write_tensors(path, {"no-such-layer.weight": torch.ones(1)})
    try:
        _fitted(subject, Start(path, TOLD))
    except SrbenchError:
        return
    raise CheckFailure(
        "weights of which nothing fits were taken without a word: the results would pass for those of a started "
        "training. Raise an SrbenchError that says what does not fit"
    )
