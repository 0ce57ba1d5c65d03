"""A training that is cut off anywhere ends as if it had not been: weights, history, samples, facts.

And checkpoints themselves: two generations, none of them lost to anything but proven damage.
"""

import errno
import fractions
import logging
import math
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from toys.training import Blown, Careful, many_images, training_set

from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.training.loop import engine
from srbench.training.loop.checkpoint import CHECKPOINT, DAMAGED, PREVIOUS, CheckpointError, Checkpoints

STEPS = 40


def context(folder: Path, **changes: object) -> FitContext:
    return FitContext(3, Budget("steps", STEPS), folder / "checkpoint", model=folder / "model", **changes)


def left(folder: Path) -> tuple[object, ...]:
    """What a training leaves, without what it took in time."""
    model = folder / "model"
    history = [line.split(",") for line in (model / "history.csv").read_text().splitlines()]
    seconds = history[0].index("seconds")
    return (
        {name: tensor.numpy().tobytes() for name, tensor in load_file(model / "weights.safetensors").items()},
        [row[:seconds] + row[seconds + 1 :] for row in history],
        {path.name: path.read_bytes() for path in (model / "samples").iterdir()},
        (model / "training.json").read_text(),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Careful, Path]:
    folder = tmp_path_factory.mktemp("whole")
    toy = Careful()
    toy.fit(training_set(*many_images()), context(folder, checkpoint_seconds=1e9))
    toy.save(folder / "model")
    return toy, folder


def test_the_toy_does_all_that_has_to_be_resumed(whole: tuple[Careful, Path]) -> None:
    toy, folder = whole
    first, second = toy.training["stages"]
    assert first["steps"] == STEPS / 2
    assert first["best_step"] < STEPS / 2, "the best weights are not the last ones"
    assert second["ended_early"] and second["steps"] < STEPS / 2
    assert toy.history[-1]["event"] == "ended early"
    assert len(list((folder / "model" / "samples").iterdir())) >= 8


@pytest.mark.parametrize("calls", [6, 7, 9])
def test_a_training_cut_off_again_and_again_ends_the_same(
    whole: tuple[Careful, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """At any call of a step, an augmentation or a validation, so also between the batches of one step.

    calls: made before each cut; a step that is cut off is begun again, and makes five at most.
    """
    monkeypatch.setattr(engine, "CHECKPOINT_SHARE", math.inf)
    toy, folder = whole
    for attempt in range(toy.calls // (calls - 5) + 1):
        torch.rand(attempt)  # something else draws from the global generator before it goes on
        again = Careful(calls)
        try:
            again.fit(training_set(*many_images()), context(tmp_path, checkpoint_seconds=0.0))
            break
        except Blown:
            pass
    assert attempt >= toy.calls // calls
    again.save(tmp_path / "model")
    assert left(tmp_path) == left(folder)


def test_a_training_stopped_after_each_step_ends_the_same(whole: tuple[Careful, Path], tmp_path: Path) -> None:
    for _ in range(STEPS * 2):
        calls = iter(range(10))
        toy = Careful()
        try:
            toy.fit(training_set(*many_images()), context(tmp_path, stop=lambda calls=calls: next(calls) >= 1))
            break
        except Interrupted:
            pass
    toy.save(tmp_path / "model")
    assert left(tmp_path) == left(whole[1])


def test_samples_of_a_lost_timeline_are_removed(whole: tuple[Careful, Path], tmp_path: Path) -> None:
    samples = tmp_path / "model" / "samples"
    samples.mkdir(parents=True)
    (samples / "first-999.png").write_bytes(b"of an earlier attempt")
    toy = Careful()
    toy.fit(training_set(*many_images()), context(tmp_path))
    toy.save(tmp_path / "model")
    assert left(tmp_path) == left(whole[1])


def test_a_damaged_checkpoint_costs_what_came_after_the_one_before_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for step in (1, 2, 3):
        Checkpoints(tmp_path).write({"step": step})
    assert Checkpoints(tmp_path).read() == {"step": 3}
    (tmp_path / CHECKPOINT).write_bytes(b"half")
    with caplog.at_level(logging.WARNING):
        assert Checkpoints(tmp_path).read() == {"step": 2}
    assert "set aside" in caplog.text and (tmp_path / DAMAGED).read_bytes() == b"half"
    assert Checkpoints(tmp_path).read() == {"step": 2}, "where a crash came between the two, the older one stands"
    Checkpoints(tmp_path).write({"step": 4})
    assert Checkpoints(tmp_path).read() == {"step": 4}


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EMFILE, errno.EACCES])
def test_a_checkpoint_that_cannot_be_read_now_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    Checkpoints(tmp_path).write({"step": 1})

    def fail(path: Path) -> bytes:
        raise OSError(number, "no luck", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", fail)
        with pytest.raises(CheckpointError, match="cannot be read now: no luck"):
            Checkpoints(tmp_path).read()
    assert Checkpoints(tmp_path).read() == {"step": 1}


def test_memory_that_is_short_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Checkpoints(tmp_path).write({"step": 1})

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(torch, "load", fail)
        with pytest.raises(MemoryError):
            Checkpoints(tmp_path).read()
    assert (tmp_path / CHECKPOINT).exists()


def test_what_numpy_computed_is_written_as_plain_numbers(tmp_path: Path) -> None:
    state = {
        "lr": np.float64(0.5),
        "betas": (np.float32(0.25), [np.int64(3)]),
        "mean": np.arange(3.0),
        np.str_("name"): np.bool_(True),
        "weights": OrderedDict(a=torch.ones(2)),
    }
    Checkpoints(tmp_path).write(state)
    read = Checkpoints(tmp_path).read()
    assert read is not None
    assert (read["lr"], read["betas"], read["name"]) == (0.5, (0.25, [3]), True)
    assert [type(one) for one in (read["lr"], read["betas"][0], read["name"])] == [float, float, bool]
    assert torch.equal(read["mean"], torch.arange(3.0, dtype=torch.float64))
    assert torch.equal(read["weights"]["a"], torch.ones(2))


def test_what_no_checkpoint_can_hold_is_named_with_its_place_when_it_is_to_be_written(tmp_path: Path) -> None:
    Checkpoints(tmp_path).write({"step": 1})
    with pytest.raises(CheckpointError, match=r"'optimisers', 'adam', 'lr' holds Fraction .*keep tensors, numbers"):
        Checkpoints(tmp_path).write({"optimisers": {"adam": {"lr": fractions.Fraction(1, 3)}}})
    assert Checkpoints(tmp_path).read() == {"step": 1}


def test_versions_of_modules_come_back_with_their_weights(tmp_path: Path) -> None:
    state = torch.nn.BatchNorm2d(2).state_dict()
    Checkpoints(tmp_path).write({"network": state})
    read = Checkpoints(tmp_path).read()
    assert read is not None and read["network"]._metadata == state._metadata


@pytest.mark.parametrize("spoil", ["missing", "shape"])
def test_a_sound_checkpoint_that_does_not_fit_is_set_aside_and_the_next_attempt_ends_as_if_it_had_not_been(
    whole: tuple[Careful, Path], tmp_path: Path, spoil: str
) -> None:
    def stopped(steps: int) -> None:
        calls = iter(range(100))
        with pytest.raises(Interrupted):
            Careful().fit(training_set(*many_images()), context(tmp_path, stop=lambda: next(calls) >= steps))

    stopped(2)
    checkpoints = Checkpoints(tmp_path / "checkpoint")
    state = checkpoints.read()
    assert state is not None
    weights = next(iter(state["networks"].values()))
    name = next(iter(weights))
    if spoil == "missing":
        del weights[name]
    else:
        weights[name] = torch.zeros(1)
    checkpoints.write(state)
    with pytest.raises(engine.Unresumable, match="set aside; run again"):
        Careful().fit(training_set(*many_images()), context(tmp_path))
    assert (tmp_path / "checkpoint" / DAMAGED).exists() and (tmp_path / "checkpoint" / PREVIOUS).exists()
    toy = Careful()
    toy.fit(training_set(*many_images()), context(tmp_path))
    toy.save(tmp_path / "model")
    assert left(tmp_path) == left(whole[1])
