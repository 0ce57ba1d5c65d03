"""What a method that learns must do besides: stop and go on, save and load, depend on its seed and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from srbench.contract.fit import Interrupted
from srbench.contract.method import Method
from srbench.testing.check import CannotCheck, CheckFailure, check
from srbench.testing.subjects import MethodSubject, seeded
from srbench.training.loop.group import Group
from srbench.training.loop.stages import StageError

LONGER = 4
"""Steps of a training that is interrupted half way."""

_SAFE = (".safetensors", ".json", ".csv")


def _learns(subject: MethodSubject) -> bool:
    return bool(subject.target.learns)


def _trained(subject: MethodSubject, *, seed: int = 0, global_seed: int = 0) -> Method:
    with seeded(global_seed):
        method: Method = subject.create()
        subject.fit(method, seed=seed)
    return method


@check("method", needs=("supports_answers",), applies=_learns)
def fits(subject: MethodSubject) -> None:
    """`fit` trains on a few small pictures for two steps."""
    try:
        subject.ready()
    except (CheckFailure, CannotCheck):
        raise
    except Exception as error:
        raise CheckFailure(
            f"fit on {subject.pictures} pictures of {subject.size} x {subject.size} pixels raised "
            f"{type(error).__name__}: {error} (if its patches need larger pictures, give the check `size=`)"
        ) from error


@check("method", needs=("fits",), applies=_learns)
def counts_parameters(subject: MethodSubject) -> None:
    """`parameters_count` says how many numbers were learned."""
    count = subject.ready().parameters_count()
    if type(count) is not int or count < 1:
        raise CheckFailure(f"parameters_count gave {count!r} after fit; it should give how many numbers were learned")


@check("method", needs=("deterministic", "samples_repeat"), applies=_learns)
def saves_and_loads(subject: MethodSubject) -> None:
    """A new instance that loads what another saved gives the same images, bit for bit."""
    folder = subject.folder()
    subject.ready().save(folder)
    if not any(folder.iterdir()):
        raise CheckFailure("save wrote nothing into its folder, although learns is True")
    fresh = subject.create()
    fresh.load(folder)
    if not subject.made(fresh).equal(subject.made(subject.ready())):
        raise CheckFailure("a new instance gives other images after load; save everything that they depend on")


def _spreads(subject: MethodSubject) -> bool:
    return _learns(subject) and bool(subject.target.spreads)


@check("method", needs=("fits",), applies=_spreads)
def learns_in_the_loop(subject: MethodSubject) -> None:
    """A method that says `spreads` learns in srbench's training loop, which alone shares a training."""
    Group.shared = False
    _trained(subject)
    if not Group.shared:
        raise CheckFailure(
            "spreads is True, and fit did not learn in srbench's training loop: several processes would learn the "
            "same, each for itself. Leave spreads out, or train by srbench.TorchMethod or srbench.training.train"
        )


@check("method", needs=("learns_in_the_loop",), applies=_spreads)
def knows_its_batch(subject: MethodSubject) -> None:
    """A method with a `batch_size` has a batch that cannot be computed in more pieces than that."""
    method: Method = subject.create()
    size = getattr(method, "batch_size", None)
    if not isinstance(size, int):
        return
    with suppress(StageError), seeded(0):
        subject.fit(method, micro_batches=size + 1)
        raise CheckFailure(
            f"batch_size is {size}, and a training in {size + 1} micro-batches went well, which a plan would refuse: "
            "it should be the images of the smallest batch; give what is something else another name"
        )


@check("method", needs=("fits",), applies=_learns)
def saves_no_code(subject: MethodSubject) -> None:
    """`save` writes safetensors, JSON and CSV: a model from a stranger must be safe to load."""
    folder = subject.folder()
    subject.ready().save(folder)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix not in _SAFE:
            raise CheckFailure(
                f"save wrote {path.name}; write tensors with safetensors, the rest as JSON or CSV. A pickle (what "
                "torch.save writes) can run code when it is loaded"
            )


@check("method", needs=("deterministic", "samples_repeat"), applies=_learns)
def fit_repeats(subject: MethodSubject) -> None:
    """Two trainings with the same `context.seed` give the same model on a CPU, whatever the global seed."""
    if not subject.made(subject.ready()).equal(subject.made(_trained(subject, global_seed=1))):
        raise CheckFailure(
            "two trainings with the same context.seed differ. Draw every random number (weights, patches, noise) "
            "from generators seeded with context.seed, inside fit"
        )


@check("method", needs=("deterministic", "samples_repeat"), applies=_learns)
def seed_matters(subject: MethodSubject) -> None:
    """Trainings with different `context.seed` give different models."""
    if subject.made(subject.ready()).equal(subject.made(_trained(subject, seed=1))):
        raise CheckFailure(
            "trainings with the seeds 0 and 1 give the same images: context.seed is not used, so repeating the "
            "training with more seeds would show no spread"
        )


class _StopAfter:
    """Answers `stop` with True from call `limit` on, and counts."""

    def __init__(self, limit: int | None = None) -> None:
        self.calls = 0
        self.limit = limit

    def __call__(self) -> bool:
        self.calls += 1
        return self.limit is not None and self.calls >= self.limit


def _fit_until(subject: MethodSubject, stop: Callable[[], bool], folder: Path) -> Method:
    with seeded(0):
        method: Method = subject.create()
        subject.fit(method, steps=LONGER, folder=folder, stop=stop)
    return method


@dataclass(frozen=True)
class _Interrupted:
    """A training that was stopped half way, and one that was not: the method, and how often it asked `stop`."""

    folder: Path
    whole: Method
    calls: int


@lru_cache(maxsize=1)
def _interrupted(subject: MethodSubject) -> _Interrupted:
    undisturbed, folder = _StopAfter(), subject.folder()
    whole = _fit_until(subject, undisturbed, subject.folder())
    if undisturbed.calls < LONGER:
        raise CheckFailure(
            f"fit asked context.stop() {undisturbed.calls} times in {LONGER} steps; ask after every step, so that an "
            "interrupted run loses nothing"
        )
    try:
        _fit_until(subject, _StopAfter(max(2, undisturbed.calls // 2)), folder)
    except Interrupted:
        return _Interrupted(folder, whole, undisturbed.calls)
    raise CheckFailure(
        "context.stop() answered True, and fit went on; it should write its checkpoint and raise "
        "srbench.contract.fit.Interrupted"
    )


@check("method", needs=("fit_repeats",), applies=_learns)
def stops_on_request(subject: MethodSubject) -> None:
    """`fit` asks `context.stop()` at every step, and raises `Interrupted` when it answers True."""
    _interrupted(subject)


@check("method", needs=("stops_on_request",), applies=_learns)
def resumes(subject: MethodSubject) -> None:
    """A training that was stopped goes on from the checkpoint in `context.folder`, to the same model."""
    half, rest = _interrupted(subject), _StopAfter()
    method = _fit_until(subject, rest, half.folder)
    if rest.calls >= half.calls:
        raise CheckFailure(
            f"fit began again from the start: {rest.calls} steps after an interruption half way, {half.calls} "
            "without one. Write a checkpoint into context.folder before raising Interrupted, and look for it in fit"
        )
    if not subject.made(method).equal(subject.made(half.whole)):
        raise CheckFailure(
            "a training that was stopped and resumed ends in another model than one that was not. The checkpoint "
            "needs the weights, the optimiser, the schedule, the step and the random number generators"
        )
