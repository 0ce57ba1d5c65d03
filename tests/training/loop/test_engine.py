import logging
import multiprocessing
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from toys.ranks import PRELOADED
from toys.training import IMAGES, OneWeight, Toy, one_stage, picture, train, training_set, with_changes

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.errors import SrbenchError
from srbench.training.data.batch import Batch
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.training.loop.checkpoint import CHECKPOINT, PREVIOUS, Checkpoints
from srbench.training.loop.divergence import Diverged
from srbench.training.loop.history import Row
from srbench.training.loop.schedules import constant, cosine
from srbench.training.loop.stages import StageError, boundaries


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "weights.safetensors")


def identical(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    train(folder / "checkpoint", folder / "model", 120, checkpoint_seconds=1e9)
    return folder / "model"


def test_a_training_killed_at_random_moments_ends_with_identical_weights(uninterrupted: Path, tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(PRELOADED)
    moments = random.Random(7)
    codes = []
    while not codes or codes[-1] != 0:
        before = _stamp(tmp_path / "checkpoint")
        process = processes.Process(target=train, args=(tmp_path / "checkpoint", tmp_path / "model", 120))
        process.start()
        if len(codes) < 4:
            # Let it get somewhere first: a new checkpoint, then a random while.
            while process.is_alive() and _stamp(tmp_path / "checkpoint") == before:
                time.sleep(0.002)
            process.join(moments.uniform(0, 0.1))
            process.kill()
        process.join()
        codes.append(process.exitcode)
    assert set(codes) == {0, -signal.SIGKILL}
    assert identical(weights(tmp_path / "model"), weights(uninterrupted))
    assert [p.name for p in (tmp_path / "checkpoint").iterdir() if p.name != PREVIOUS] == [CHECKPOINT]


def _stamp(folder: Path) -> int | None:
    try:
        return (folder / CHECKPOINT).stat().st_mtime_ns
    except FileNotFoundError:
        return None


def test_interrupting_at_every_step_changes_neither_weights_nor_history(uninterrupted: Path, tmp_path: Path) -> None:
    stops = 0
    while True:
        # Something else may draw from the global generators between two attempts.
        torch.rand(stops + 1), np.random.random(stops), random.random()
        toy = Toy()
        calls = iter(range(1000))
        context = FitContext(
            3, Budget("steps", 120), tmp_path, checkpoint_seconds=1e9, stop=lambda calls=calls: next(calls) >= 16
        )
        try:
            toy.fit(training_set(*IMAGES), context)
            break
        except Interrupted:
            stops += 1
    assert stops >= 6
    toy.save(tmp_path / "model")
    assert identical(weights(tmp_path / "model"), weights(uninterrupted))
    assert _without_seconds(tmp_path / "model") == _without_seconds(uninterrupted)


def _without_seconds(folder: Path) -> list[list[str]]:
    rows = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    column = rows[0].index("seconds")
    return [row[:column] + row[column + 1 :] for row in rows]


def test_a_finished_training_is_not_repeated(uninterrupted: Path) -> None:
    toy = Toy()
    toy.fit(training_set(*IMAGES), FitContext(3, Budget("steps", 120), uninterrupted.parent / "checkpoint"))
    assert toy.calls == 0
    assert identical(_state(toy), {k.split("/")[1]: v for k, v in weights(uninterrupted).items()})


def _state(toy: Toy) -> dict[str, torch.Tensor]:
    return toy.networks["generator"].state_dict()


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99])
def test_a_truncated_checkpoint_is_discarded_and_training_starts_over(
    uninterrupted: Path, tmp_path: Path, keep: float, caplog: pytest.LogCaptureFixture
) -> None:
    data = (uninterrupted.parent / "checkpoint" / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    toy = Toy()
    with caplog.at_level(logging.WARNING):
        toy.fit(training_set(*IMAGES), FitContext(3, Budget("steps", 6), tmp_path))
    assert toy.calls == 4
    assert "set aside" in caplog.text and "starts over" in caplog.text
    assert str(tmp_path) in caplog.text


def test_a_bit_flipped_in_the_numbers_of_a_checkpoint_is_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Checkpoints(tmp_path).write({"weights": torch.full((1000,), 0.5)})
    known = Checkpoints(tmp_path).read()
    assert known is not None and torch.equal(known["weights"], torch.full((1000,), 0.5))
    path = tmp_path / CHECKPOINT
    data = bytearray(path.read_bytes())
    data[data.index(np.full(1000, 0.5, np.float32).tobytes()) + 2001] ^= 1
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert Checkpoints(tmp_path).read() is None
    assert "starts over" in caplog.text


def test_a_checkpoint_of_another_training_is_discarded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Toy().fit(training_set(*IMAGES), FitContext(3, Budget("steps", 6), tmp_path))
    toy = Toy()
    with caplog.at_level(logging.WARNING):
        toy.fit(training_set(*IMAGES), FitContext(4, Budget("steps", 6), tmp_path))
    assert toy.calls == 4
    assert "another training" in caplog.text


def test_a_checkpoint_runs_no_code(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    torch.save({"identity": Path("pathlib objects are not plain data")}, tmp_path / CHECKPOINT)
    with caplog.at_level(logging.WARNING):
        assert Checkpoints(tmp_path).read() is None
    assert not (tmp_path / CHECKPOINT).exists()


def fitted(tmp_path: Path, budget: Budget) -> Toy:
    toy = Toy()
    toy.fit(training_set(*IMAGES), FitContext(0, budget, tmp_path, checkpoint_seconds=1e9))
    return toy


@pytest.mark.parametrize(
    ("budget", "pixel_steps", "all_steps"),
    [
        (Budget("steps", 30), 20, 30),
        # Two thirds of the images in batches of 4, the rest in batches of 2.
        (Budget("images", 60), 10, 20),
        # An epoch is as many patches as there are images: 3.
        (Budget("epochs", 20), 10, 20),
    ],
)
def test_a_budget_is_shared_among_the_stages(tmp_path: Path, budget: Budget, pixel_steps: int, all_steps: int) -> None:
    toy = fitted(tmp_path, budget)
    assert toy.calls == pixel_steps
    assert toy.history[-1]["step"] == all_steps


@pytest.mark.parametrize("budget", [Budget("steps", 1), Budget("seconds", 1e-9)])
def test_a_stage_that_is_left_no_step_is_no_training(tmp_path: Path, budget: Budget) -> None:
    with pytest.raises(SrbenchError, match=f"stage 'adversarial' took no step: the budget of {budget} is too small"):
        fitted(tmp_path, budget)


def test_a_budget_of_seconds_counts_the_seconds_before_an_interruption(tmp_path: Path) -> None:
    ticks = iter(range(10**6))
    context = FitContext(0, Budget("seconds", 0.6), tmp_path, stop=lambda: next(ticks) > 5)
    with pytest.raises(Interrupted):
        Toy().fit(training_set(*IMAGES), context)
    state = Checkpoints(tmp_path).read()
    assert state is not None
    before = state["course"]["seconds"]
    assert before > 0
    toy = fitted(tmp_path, Budget("seconds", 0.6))
    assert {row["stage"] for row in toy.history} == {"pixel", "adversarial"}
    last = Checkpoints(tmp_path).read()
    assert last is not None
    # Over by one step at most; a step of this toy takes nothing like ten seconds.
    assert 0.6 <= last["course"]["seconds"] < 10
    assert last["course"]["steps"] > state["course"]["steps"]


def test_boundaries_are_exact_where_floating_point_is_not() -> None:
    toy = Toy()
    toy.channels = 1
    first, second = toy.stages(toy.build(1, 2), 2)
    stages = [
        with_changes(first, name="a", share=0.1),
        with_changes(first, name="b", share=0.2),
        with_changes(second, share=0.7),
    ]
    assert boundaries(stages, 100) == [10, 30, 100]
    with pytest.raises(StageError, match="same name"):
        boundaries([first, first], 10)
    with pytest.raises(StageError, match="at least one stage"):
        boundaries([], 10)


def run(stage: srbench.Stage, folder: Path, steps: int, **changes: object) -> list[Row]:
    patches = Patches(training_set(picture(8, 8)), "y", 0)
    return engine.train([stage], patches, FitContext(0, Budget("steps", steps), folder, **changes)).history


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.95])
def test_the_average_of_the_weights_has_its_closed_form(tmp_path: Path, decay: float) -> None:
    network = OneWeight()
    run(one_stage(network, ema={"n": decay}), tmp_path, 40)
    # Gradient descent on w^2 / 2 at rate 0.1: w_t = 0.9^t. The average weighs w_t by (1 - d_t) and all later d.
    decays = [0.0] + [min(decay, (1 + t) / (10 + t)) for t in range(1, 40)]
    expected = sum(0.9 ** (t + 1) * (1 - decays[t]) * np.prod(decays[t + 1 :]) for t in range(40))
    assert network.w.item() == pytest.approx(expected, rel=1e-5)
    assert network.seen.item() == 40


def test_the_learning_rate_follows_the_schedule_of_the_progress(tmp_path: Path) -> None:
    network = OneWeight()
    history = run(one_stage(network, schedule=cosine), tmp_path, 10)
    factors = [0.5 * (1 + np.cos(np.pi * k / 10)) for k in range(10)]
    assert [row["lr"] for row in history] == pytest.approx([0.1 * f for f in factors])
    assert [row["progress"] for row in history] == pytest.approx([k / 10 for k in range(10)])
    assert network.w.item() == pytest.approx(np.prod([1 - 0.1 * f for f in factors]), rel=1e-5)
    assert cosine(0) == 1 and cosine(1) == 0 and constant(0.3) == 1


def test_a_schedule_of_numpy_leaves_a_checkpoint_that_is_gone_on_from(tmp_path: Path) -> None:
    def schedule(done: float) -> Any:
        return np.float64(1) - np.float64(done) / 2

    halves, whole = OneWeight(), OneWeight()
    asked = iter([False, False, False, True])
    with pytest.raises(Interrupted):
        run(one_stage(halves, schedule=schedule), tmp_path, 8, stop=lambda: next(asked))
    assert Checkpoints(tmp_path).read() is not None
    again = OneWeight()
    run(one_stage(again, schedule=schedule), tmp_path, 8)
    run(one_stage(whole, schedule=schedule), tmp_path / "whole", 8)
    assert again.w.item() == whole.w.item()


def test_seconds_of_a_training_are_those_of_the_clock_that_it_is_given(tmp_path: Path) -> None:
    seconds = iter(range(10**6))
    context = FitContext(0, Budget("seconds", 30), tmp_path, clock=lambda: float(next(seconds)) / 4)
    history = engine.train([one_stage(OneWeight())], Patches(training_set(picture(8, 8)), "y", 0), context).history
    assert 29 < history[-1]["seconds"] < 31 and history[-1]["step"] <= 4 * 30


def test_neither_a_pause_nor_the_way_back_from_it_takes_seconds_of_a_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = [0.0], iter([False] * 9 + [True])

    def lasts_a_second(done: float) -> float:
        now[0] += 1
        return 1.0

    def learn(folder: Path, stop: Callable[[], bool]) -> list[Row]:
        patches = Patches(training_set(picture(8, 8)), "y", 0)
        context = FitContext(0, Budget("seconds", 30), folder, clock=lambda: now[0], stop=stop)
        return engine.train([one_stage(OneWeight(), schedule=lasts_a_second)], patches, context).history

    with pytest.raises(Interrupted):
        learn(tmp_path, lambda: next(asked))
    now[0] += 1000
    read = Checkpoints.read

    def read_slowly(checkpoints: Checkpoints) -> Any:
        now[0] += 50
        return read(checkpoints)

    monkeypatch.setattr(Checkpoints, "read", read_slowly)
    (*_, last) = learn(tmp_path, lambda: False)
    assert (last["step"], last["seconds"]) == (30, 30)


def test_gradients_are_clipped_by_norm(tmp_path: Path) -> None:
    network = OneWeight(5.0)
    run(one_stage(network, clip=0.5), tmp_path, 4)
    assert network.w.item() == pytest.approx(5 - 4 * 0.1 * 0.5, rel=1e-4)


def test_a_long_history_has_a_bounded_number_of_rows_and_ends_at_the_last_step(tmp_path: Path) -> None:
    history = run(one_stage(OneWeight()), tmp_path, 1000)
    assert engine.ROWS_PER_STAGE <= len(history) <= engine.ROWS_PER_STAGE + 1
    assert history[-1]["step"] == 1000
    # Rows hold means over the steps since the row before: together they are the mean of all losses.
    lengths = np.diff([0, *(int(row["step"]) for row in history)])
    mean = np.average([float(row["loss"]) for row in history], weights=lengths)
    assert mean == pytest.approx(np.mean([0.5 * 0.9 ** (2 * t) for t in range(1000)]), rel=1e-4)


def test_an_optimiser_whose_loss_is_left_out_rests(tmp_path: Path) -> None:
    network, other = OneWeight(), OneWeight()

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        losses = {"loss": 0.5 * network.w**2}
        return losses if batch.progress < 0.5 else losses | {"late": 0.5 * other.w**2 * network.w}

    stage = one_stage(network, networks={"n": network, "o": other}, step=step)
    optimisers = {**stage.optimisers, "late": torch.optim.SGD(other.parameters(), lr=0.1)}
    run(with_changes(stage, optimisers=optimisers), tmp_path, 10)
    # The late loss depends on the first network too, which must not follow it.
    assert network.w.item() == pytest.approx(0.9**10, rel=1e-5)
    assert other.w.item() == pytest.approx(np.prod([1 - 0.1 * 0.9**t for t in range(5, 10)]), rel=1e-5)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_not_finite_names_stage_step_and_loss(tmp_path: Path, value: float) -> None:
    network = OneWeight()
    calls = iter(range(100))

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        return {"loss": network.w * (value if next(calls) == 6 else 1.0)}

    with pytest.raises(Diverged, match=r"stage 'only', at step 7, the loss 'loss'") as caught:
        run(one_stage(network, step=step), tmp_path, 100)
    assert isinstance(caught.value, srbench.SrbenchError)
    assert np.isfinite(network.w.item())


def test_contradicting_stages_are_named(tmp_path: Path) -> None:
    network = OneWeight()
    with pytest.raises(StageError, match="none of which"):
        run(one_stage(network, step=lambda batch: {"other": network.w}), tmp_path, 1)
    for changes, message in [
        ({"ema": {"m": 0.5}}, "not among its networks"),
        ({"ema": {"n": 1.0}}, "decay"),
        ({"share": 0.0}, "share"),
        ({"batch_size": 0}, "at least 1"),
        ({"optimisers": {}}, "no optimiser"),
    ]:
        with pytest.raises(StageError, match=message):
            one_stage(network, **changes)
    patches = Patches(training_set(picture(8, 8)), "y", 0)
    stages = [one_stage(network), one_stage(OneWeight(), name="second")]
    with pytest.raises(StageError, match="different network"):
        engine.train(stages, patches, FitContext(0, Budget("steps", 2), tmp_path))


def test_networks_that_do_not_learn_in_a_stage_are_in_evaluation_mode(tmp_path: Path) -> None:
    network, frozen = OneWeight(), OneWeight()
    modes = []

    def look(batch: Batch) -> dict[str, torch.Tensor]:
        modes.append((network.training, frozen.training))
        return {"loss": network.w**2}

    first = one_stage(frozen, name="first", networks={"f": frozen}, share=1)
    second = one_stage(network, step=look)
    patches = Patches(training_set(picture(8, 8)), "y", 0)
    engine.train([first, second], patches, FitContext(0, Budget("steps", 4), tmp_path))
    assert modes == [(True, False)] * 2
    assert not network.training and not frozen.training


def test_a_stage_begins_once_with_what_the_one_before_has_learned(tmp_path: Path) -> None:
    interrupted = 0
    begun = []
    while True:
        first, second = OneWeight(), OneWeight(7.0)

        def begin(draw: Callable[[], Batch], first: OneWeight = first, second: OneWeight = second) -> None:
            begun.append(second.w.item())
            second.load_state_dict(first.state_dict())

        stages = [
            one_stage(first, name="first", networks={"f": first}, ema={"f": 0.5}),
            one_stage(second, begin=begin, ema={"n": 0.0}),
        ]
        patches = Patches(training_set(picture(8, 8)), "y", 0)
        calls = iter(range(100))
        context = FitContext(0, Budget("steps", 6), tmp_path, stop=lambda calls=calls: next(calls) >= 1)
        try:
            engine.train(stages, patches, context)
            break
        except Interrupted:
            interrupted += 1
    assert interrupted >= 3
    assert begun == [7.0]
    # Descent at rate 0.1: three steps, averaged with the decays 2/11 and 1/4, and from there three more.
    average = 0.25 * (2 / 11 * 0.9 + 9 / 11 * 0.9**2) + 0.75 * 0.9**3
    assert first.w.item() == pytest.approx(average, rel=1e-6)
    assert second.w.item() == pytest.approx(average * 0.9**3, rel=1e-6)


def test_progress_is_told_seldom_and_grows(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    toy = Toy()
    budget = Budget("seconds", 1.2)
    toy.fit(
        training_set(*IMAGES),
        FitContext(0, budget, tmp_path, progress=lambda done, message: told.append((done, message))),
    )
    assert 1 <= len(told) <= 1.2 / engine.PROGRESS_SECONDS + 1
    done = [part for part, _ in told]
    assert done == sorted(done) and done[0] > 0 and done[-1] <= 1
    assert "step" in told[0][1] and "pixel" in told[0][1]


def test_bf16_trains_in_mixed_precision(tmp_path: Path) -> None:
    seen = []
    linear = nn.Linear(4, 1)

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        out = linear(batch.lr.flatten(1)[:, :4])
        seen.append(out.dtype)
        return {"loss": out.float().square().mean()}

    stage = srbench.Stage(
        "only", {"n": linear}, {"loss": torch.optim.SGD(linear.parameters(), lr=0.1)}, step, batch_size=1, patch=2
    )
    run(stage, tmp_path, 2, precision="bf16")
    assert seen == [torch.bfloat16] * 2
    assert linear.weight.dtype == torch.float32


class Offset(nn.Module):
    """A weight, and the mean of HR that was measured before the first step."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(()))
        self.register_buffer("mean", torch.full((), float("nan")))


def test_what_is_measured_when_a_stage_begins_is_measured_once_and_resumed(tmp_path: Path) -> None:
    def run(folder: Path, stop_after: int | None) -> tuple[list[str], Offset]:
        network, calls, checks = Offset(), [], iter(range(100))

        def measure(draw: Callable[[], Batch]) -> None:
            calls.append("begin")
            batches = [draw() for _ in range(5)]
            assert {batch.hr.shape for batch in batches} == {(2, 3, 6, 6)} and batches[0].progress == 0
            network.mean.copy_(torch.stack([batch.hr.mean() for batch in batches]).mean())

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            calls.append("step")
            return {"loss": (network.w + network.mean - batch.hr.mean()).square()}

        def stage(name: str, **changes: Any) -> srbench.Stage:
            optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
            return srbench.Stage(name, {"n": network}, {"loss": optimiser}, step, 2, 3, **changes)

        earlier = replace(stage("earlier"), step=lambda batch: {"loss": network.w**2})
        engine.train(
            [earlier, stage("later", begin=measure)],
            Patches(training_set(*IMAGES), "all", 0),
            FitContext(
                0, Budget("steps", 8), folder, stop=lambda: stop_after is not None and next(checks) >= stop_after
            ),
        )
        return calls, network

    calls, whole = run(tmp_path / "whole", None)
    assert calls == ["begin"] + ["step"] * 4
    assert 0 < float(whole.mean) < 1
    for stop_after in range(8):
        folder = tmp_path / str(stop_after)
        with pytest.raises(Interrupted):
            run(folder, stop_after)
        calls, resumed = run(folder, None)
        assert calls.count("begin") == (stop_after < 4)
        assert identical(resumed.state_dict(), whole.state_dict())
