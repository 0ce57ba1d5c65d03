"""What is held out, how a stage is validated on it, and what follows: best weights, early ends, divergence."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from safetensors.torch import load_file
from skimage.metrics import peak_signal_noise_ratio
from torch import nn
from toys.training import OneWeight, many_images, one_stage, picture, training_set, with_changes

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted, Precision
from srbench.contract.training_set import TrainingSet
from srbench.training.data.batch import Batch
from srbench.training.data.heldout import chosen
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.training.loop.checkpoint import CHECKPOINT
from srbench.training.loop.divergence import BEST_WEIGHTS, Diverged
from srbench.training.loop.randomness import seed_everything
from srbench.training.loop.schedules import Plateau
from srbench.training.loop.stages import StageError
from srbench.training.loop.validation import BAD_IN_A_ROW, COST, crop_side


@given(st.lists(st.none() | st.integers(0, 30), max_size=200))
def test_about_a_tenth_is_held_out_in_whole_groups(groups: list[int | None]) -> None:
    images = {f"i{i}": None if group is None else f"g{group}" for i, group in enumerate(groups)}
    held = chosen(images)
    assert held == chosen(dict(reversed(images.items())))
    assert len(set(held)) == len(held) <= max(10, len(images) / 4)
    if len(images) < 5:
        assert held == []
    outside = {images[name] for name in images if name not in held} - {None}
    assert not outside & {images[name] for name in held}
    if all(group is None for group in groups) and len(images) >= 5:
        assert len(held) == min(10, max(1, round(len(images) / 10)))


def test_patients_too_large_to_spare_are_not_held_out() -> None:
    assert chosen({f"i{i}": f"g{i % 2}" for i in range(20)}) == []


def test_what_is_held_out_is_not_trained_on_at_any_size() -> None:
    images = [np.full((32, 32, 1), 10 * i, np.uint8) for i in range(12)]
    patches = Patches(training_set(*images), "all", 0, (1.0, 0.5))
    before = {round(float(value) * 255) for value in patches.draw(500, 2)[1][:, 0, 0, 0]}
    held = patches.hold_out()
    assert held is not None and len(patches) == 11
    after = {round(float(value) * 255) for value in patches.draw(500, 2)[1][:, 0, 0, 0]}
    assert before == {10 * i for i in range(12)}
    assert after == before - {10 * int(held.ids[0][1:])}


@pytest.mark.parametrize(("channels", "count"), [("all", 3), ("y", 1)])
def test_crops_are_the_middle_of_the_image_as_the_protocol_has_it(channels: str, count: int) -> None:
    image = picture(40, 60)
    train = TrainingSet([srbench.Item(f"i{i}", image) for i in range(5)], srbench.Protocol("p", 2))
    held = Patches(train, channels, 0).hold_out()  # type: ignore[arg-type]
    assert held is not None
    ((lr, hr, _),) = held.centres(9, 4)
    assert lr.shape == (1, count, 8, 8) and hr.shape == (1, count, 16, 16)
    (whole_lr, whole_hr) = next(iter(train.pairs()))
    if count == 3:
        np.testing.assert_allclose(lr[0], whole_lr[:, 6:14, 11:19], atol=1e-6)
        np.testing.assert_allclose(hr[0], whole_hr[:, 12:28, 22:38], atol=1e-6)
    ((lr, hr, _),) = held.centres(100, 25)  # patches are wider than the image is high
    assert lr.shape == (1, count, 25, 25)


def test_the_sample_is_where_the_picture_is_busiest() -> None:
    image = np.full((96, 160, 3), 128, np.uint8)
    image[40:72, 100:132] = np.random.default_rng(0).integers(0, 255, (32, 32, 3))
    held = Patches(training_set(*[image] * 5), "all", 0).hold_out()
    assert held is not None
    lr, hr = held.most_detailed(32)
    assert lr.shape == (1, 3, 16, 16)
    np.testing.assert_allclose(hr[0] * 255, image[40:72, 100:132].transpose(2, 0, 1), atol=1e-3)
    assert held.most_detailed(128)[0].shape == (1, 3, 32, 32)  # 48 rows of LR hold no square of 64


@given(st.floats(1, 1e12), st.integers(1, 400), st.integers(1, 200), st.sampled_from(["32", "bf16"]))
def test_validation_is_cheap_where_crops_may_be_larger_than_a_patch(
    pixels: float, crops: int, patch: int, precision: Precision
) -> None:
    side = crop_side(pixels, crops, patch, precision)
    assert side % patch == 0
    # A step costs three forward passes, in half the bits half as much.
    assert side == patch or crops * side**2 <= COST * (3 if precision == "32" else 1.5) * pixels


def run(stage: srbench.Stage, folder: Path, steps: int, images: int = 6, **changes: object) -> engine.Trained:
    patches = Patches(training_set(*many_images(images)), "y", 0)
    return engine.train([stage], patches, FitContext(0, Budget("steps", steps), folder, **changes))


def test_a_stage_is_validated_at_twenty_points_of_its_progress_or_as_many_as_it_says(tmp_path: Path) -> None:
    trained = run(one_stage(OneWeight(), validate=lambda batch: 7.0), tmp_path, 400)
    assert [row["step"] for row in trained.history if "validation" in row] == list(range(20, 401, 20))
    assert {row["validation"] for row in trained.history if "validation" in row} == {7.0}
    assert len(trained.facts["held_out"]) == 1
    rare = run(one_stage(OneWeight(), validate=lambda batch: 7.0, validations=3), tmp_path / "rare", 30)
    assert [row["step"] for row in rare.history if "validation" in row] == [10, 20, 30]
    short = run(one_stage(OneWeight(), validate=lambda batch: 7.0), tmp_path / "short", 3)
    assert [row["step"] for row in short.history if "validation" in row] == [1, 2, 3]


def test_validation_sees_averaged_weights_in_evaluation_mode_and_changes_nothing(tmp_path: Path) -> None:
    def train(folder: str, validate: object) -> OneWeight:
        network = OneWeight()
        seed_everything(0)

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            assert network.training
            return {"loss": 0.5 * network.w**2 * (1 + torch.rand(()) * float(np.random.random()))}

        run(
            one_stage(network, step=step, ema={"n": 0.9}, validate=validate and validate(network)),
            tmp_path / folder,
            20,
        )
        return network

    seen = []

    def validate(network: OneWeight) -> object:
        def score(batch: Batch) -> float:
            assert not network.training and torch.is_inference_mode_enabled()
            seen.append((network.w.item(), torch.rand(()).item(), np.random.random()))
            return 0.0

        return score

    with_validation, without = train("with", validate), train("without", None)
    assert torch.equal(with_validation.w, without.w)
    # The stage hands on the average, and so the last validation has seen it.
    assert seen[-1][0] == with_validation.w.item()
    assert len({(one, other) for _, one, other in seen}) == 1, "each validation draws the same random numbers"


@pytest.mark.parametrize("keep", ["last", "best"])
def test_the_best_weights_are_kept_when_asked(tmp_path: Path, keep: str) -> None:
    network = OneWeight()
    stage = one_stage(network, validate=lambda batch: -abs(network.w.item() - 0.5), keep=keep)
    trained = run(stage, tmp_path, 20)
    # w_t = 0.9^t: nearest to 0.5 at t = 7 (0.478).
    (report,) = trained.facts["stages"]
    assert report["best_step"] == 7
    assert report["best_validation"] == pytest.approx(-abs(0.9**7 - 0.5), rel=1e-4)
    assert network.w.item() == pytest.approx(0.9 ** (7 if keep == "best" else 20), rel=1e-5)


def test_a_stage_that_gets_no_better_ends_early_and_the_next_keeps_its_share(tmp_path: Path) -> None:
    network = OneWeight()
    first = one_stage(network, name="first", validate=lambda batch: -abs(network.w.item() - 0.5), patience=3)
    later = []

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        later.append(batch.progress)
        return {"loss": network.w**2}

    told: list[float] = []
    patches = Patches(training_set(*many_images(6)), "y", 0)
    stages = [first, with_changes(one_stage(network, step=step), name="second")]
    context = FitContext(0, Budget("steps", 40), tmp_path, progress=lambda done, message: told.append(done))
    trained = engine.train(stages, patches, context)
    # Best at step 7, then three validations without a better one.
    assert [row["step"] for row in trained.history if row.get("event") == "ended early"] == [10]
    assert later == pytest.approx([i / 20 for i in range(20)])
    assert [report["steps"] for report in trained.facts["stages"]] == [10, 20]
    assert [report["ended_early"] for report in trained.facts["stages"]] == [True, False]
    assert told == sorted(told)


def labelled_images(**counts: int) -> TrainingSet:
    """So many images of each class, of one grey each; classes in turn."""
    items = [
        srbench.Item(f"{label}{i}", np.full((16, 16, 1), 10 * i + place, np.uint8), label=label)
        for place, (label, count) in enumerate(counts.items())
        for i in range(count)
    ]
    return TrainingSet(sorted(items, key=lambda item: item.id[1:]), srbench.Protocol("p", 2))


def test_where_stages_learn_classes_some_images_of_each_are_held_out() -> None:
    patches = Patches(labelled_images(a=20, b=6, c=4), "all", 0, held_out_by_class=True)
    held = patches.hold_out()
    assert held is not None
    assert [name[0] for name in held.ids] == ["a", "b", "a"], "four images are too few"
    assert [held.count(label) for label in (None, "a", "b", "c")] == [3, 2, 1, 0]
    assert [label for *_, label in held.centres(4, 2, "b")] == [1]
    (_, hr, _), _ = held.centres(8, 2, "a")
    assert round(float(hr.mean()) * 255) == 10 * int(held.ids[0][1:])


def test_a_stage_that_learns_a_class_sees_and_is_validated_on_no_other(tmp_path: Path) -> None:
    """And a batch says which class each image is of."""
    steps: dict[str, set[tuple[int, int]]] = {"a": set(), "b": set(), "all": set()}
    validations: dict[str, set[int]] = {"a": set(), "b": set(), "all": set()}

    def stage(name: str, label: str | None) -> srbench.Stage:
        network = OneWeight()

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            kinds = (batch.hr[:, 0, 0, 0] * 255).round().long() % 10
            steps[name] |= set(zip(kinds.tolist(), batch.labels.tolist(), strict=True))
            return {"loss": network.w**2}

        def score(batch: Batch) -> float:
            assert batch.labels.shape == (1,) and batch.labels.dtype == torch.int64 and batch.progress > 0
            validations[name].add(int(batch.labels))
            return 0.0

        return with_changes(one_stage(network, step=step, validate=score, label=label), name=name)

    stages = [
        with_changes(stage(name, label), networks={name: OneWeight()})
        for name, label in (("a", "a"), ("b", "b"), ("all", None))
    ]
    trained = engine.train(
        stages,
        Patches(labelled_images(a=6, b=6), "all", 0, held_out_by_class=True),
        FitContext(0, Budget("steps", 60), tmp_path),
    )
    assert steps == {"a": {(0, 0)}, "b": {(1, 1)}, "all": {(0, 0), (1, 1)}}
    assert validations == {"a": {0}, "b": {1}, "all": {0, 1}}
    assert trained.not_validated == []


def test_a_class_with_too_few_images_means_a_stage_without_validation(tmp_path: Path) -> None:
    stages = [
        with_changes(
            one_stage(OneWeight(), validate=lambda batch: 0.0, keep="best", label=label),
            name=label,
            networks={label: OneWeight()},
        )
        for label in ("a", "b")
    ]
    trained = engine.train(
        stages,
        Patches(labelled_images(a=4, b=6), "all", 0, held_out_by_class=True),
        FitContext(0, Budget("steps", 6), tmp_path),
    )
    assert trained.not_validated == ["a"]
    assert [row["step"] for row in trained.history if "validation" in row] == [4, 5, 6]


def test_too_few_images_mean_no_validation_and_a_note(tmp_path: Path) -> None:
    toy = Pixel()
    toy.fit(training_set(*many_images(4)), FitContext(0, Budget("steps", 3), tmp_path))
    toy.save(tmp_path / "model")
    assert not any("validation" in row for row in toy.history)
    assert toy.training["held_out"] == [] and toy.facts == {}
    again = Pixel()
    again.load(tmp_path / "model")
    for notes in (toy.notes, again.notes):
        assert len(notes) == 1 and "nothing was validated" in notes[0]
    assert not (tmp_path / "samples").exists()


def test_patience_and_best_need_a_validation() -> None:
    for changes in ({"keep": "best"}, {"patience": 3}):
        with pytest.raises(StageError, match="need `validate`"):
            one_stage(OneWeight(), **changes)
    for changes in ({"patience": 0, "validate": lambda batch: 0.0}, {"accumulate": 0}, {"validations": 0}):
        with pytest.raises(StageError, match="at least 1"):
            one_stage(OneWeight(), **changes)


class Pixel(srbench.TorchMethod):
    """One convolution. spoil: from that step on its loss or its SR is what `how` says."""

    memory_format = "contiguous"

    def __init__(self, spoil: int | None = None, how: str = "constant") -> None:
        self.spoil, self.how = spoil, how
        self.calls = 0

    def is_spoilt(self, how: str) -> bool:
        return self.how == how and self.spoil is not None and self.calls >= self.spoil

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        sr = super().sr(lr)
        return sr + 50 if self.is_spoilt("bright") else sr * 0 + 0.5 if self.is_spoilt("constant") else sr

    def build(self, channels: int, scale: int) -> dict[str, nn.Module]:
        return {
            "network": nn.Sequential(nn.Conv2d(channels, channels * scale**2, 3, padding=1), nn.PixelShuffle(scale))
        }

    def stages(self, networks: dict[str, nn.Module], scale: int) -> list[srbench.Stage]:
        network = networks["network"]
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            self.calls += 1
            loss = (network(batch.lr) - batch.hr).abs().mean()
            return {"l1": loss * math.nan if self.is_spoilt("nan") else loss}

        return [
            srbench.Stage("pixel", {"network": network}, {"l1": optimiser}, step, 4, 6, validate=self.validation_psnr)
        ]


def test_psnr_of_the_held_out_image_is_that_of_scikit_image(tmp_path: Path) -> None:
    toy = Pixel()
    toy.fit(training_set(*many_images(6)), FitContext(0, Budget("steps", 3), tmp_path))
    lr, hr = torch.rand(1, 3, 9, 8), torch.rand(1, 3, 18, 16)
    sr = toy.sr(lr).detach().numpy()[..., 2:-2, 2:-2]
    expected = peak_signal_noise_ratio(hr.numpy()[..., 2:-2, 2:-2], sr, data_range=1)
    assert toy.validation_psnr(Batch(lr, hr, 1.0)) == pytest.approx(expected, abs=1e-4)
    assert toy.validation_psnr(Batch(lr, toy.sr(lr).detach(), 1.0)) == pytest.approx(100)


def test_samples_show_the_crop_as_it_is_learned(tmp_path: Path) -> None:
    toy = Pixel()
    images = many_images(6)
    toy.fit(training_set(*images), FitContext(0, Budget("steps", 60), tmp_path / "checkpoint", model=tmp_path))
    names = {path.name for path in (tmp_path / "samples").iterdir()}
    assert names == {"hr.png", "lr.png", *(f"pixel-{step}.png" for step in (9, 15, 24, 30, 39, 45, 54, 60))}
    lr, hr, last = (np.asarray(Pillow.open(tmp_path / "samples" / f"{name}.png")) for name in ("lr", "hr", "pixel-60"))
    assert hr.shape == last.shape == (16, 16, 3) and lr.shape == (8, 8, 3)
    held = images[int(toy.training["held_out"][0][1:])]
    places = np.lib.stride_tricks.sliding_window_view(held, hr.shape).reshape(-1, *hr.shape)
    assert (places == hr).all(axis=(1, 2, 3)).any(), "hr.png is cut from the held-out image"
    sr = (
        toy.upscale(torch.from_numpy(lr.transpose(2, 0, 1).copy()).float()[None] / 255, 2)[0].numpy().transpose(1, 2, 0)
    )
    np.testing.assert_allclose(sr.clip(0, 1) * 255, last, atol=0.51)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("nan", "at step 31, the loss 'l1' is nan"),
        ("constant", "at step 36, it had collapsed: what it makes is of one colour"),
        ("bright", r"at step 36, it had collapsed: the validation is -\d+\.?\d*, after \d+\.\d+ at step 30"),
    ],
)
def test_a_training_that_goes_wrong_leaves_its_best_weights_and_starts_over(
    tmp_path: Path, how: str, reason: str
) -> None:
    context = FitContext(
        0, Budget("steps", 60), tmp_path / "checkpoint", model=tmp_path / "model", checkpoint_seconds=0.0
    )
    toy = Pixel(31, how)
    with pytest.raises(Diverged, match=rf"in stage 'pixel', {reason}") as caught:
        toy.fit(training_set(*many_images(6)), context)
    best = tmp_path / "model" / BEST_WEIGHTS
    assert str(best) in str(caught.value)
    (report,) = json.loads((tmp_path / "model" / "training.json").read_text())["stages"]
    assert report["steps"] == (30 if how == "nan" else 36)
    assert toy.history[-1]["event"] == "diverged"
    assert (tmp_path / "model" / "history.csv").read_text().count("\n") > 10
    assert not (tmp_path / "checkpoint" / CHECKPOINT).exists()

    # The weights are those of a training that ended at its best step.
    scores = {int(row["step"]): float(row["validation"]) for row in toy.history if row.get("validation")}
    best_step = max(scores, key=scores.__getitem__)
    assert (report["best_step"], report["best_validation"]) == (best_step, scores[best_step])
    assert f"at step {best_step} with a validation of {scores[best_step]:.4g}" in str(caught.value)
    until = Pixel()
    until.fit(training_set(*many_images(6)), FitContext(0, Budget("steps", best_step), tmp_path / "until"))
    state = until.networks["network"].state_dict()
    kept = load_file(best)
    assert all(torch.equal(kept[f"network/{name}"], value) for name, value in state.items())

    again = Pixel()
    again.fit(training_set(*many_images(6)), context)
    assert again.calls == 60
    assert not best.exists()


def test_one_bad_validation_is_no_collapse(tmp_path: Path) -> None:
    scores = iter([20.0] * 5 + [-20.0] + [20.0] * 3 + [-20.0] + [20.0] * 20)
    trained = run(one_stage(OneWeight(), validate=lambda batch: next(scores)), tmp_path, 20)
    assert sum(row["validation"] == -20.0 for row in trained.history) == 2
    assert BAD_IN_A_ROW == 2


def test_a_validation_that_is_not_a_number_is_a_divergence(tmp_path: Path) -> None:
    scores = iter([20.0] * 5 + [math.nan])
    with pytest.raises(Diverged, match="at step 6, the validation is not a number"):
        run(one_stage(OneWeight(), validate=lambda batch: next(scores)), tmp_path, 20)


def test_a_divergence_before_the_first_validation_keeps_nothing(tmp_path: Path) -> None:
    toy = Pixel(2, "nan")
    with pytest.raises(Diverged, match="Nothing had been validated, so no weights are kept"):
        toy.fit(training_set(*many_images(6)), FitContext(0, Budget("steps", 60), tmp_path))
    assert not (tmp_path / BEST_WEIGHTS).exists()


@pytest.mark.parametrize(("patience", "to"), [(1, 0.0), (2, 0.3), (4, 0.0)])
def test_on_a_plateau_the_rate_falls_as_torchs_does(patience: int, to: float, tmp_path: Path) -> None:
    scores = [0.0, 1.0, 1.0, 0.5, 0.2, 2.0, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 2.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    optimiser = torch.optim.SGD([torch.zeros(1)], 1.0)
    torchs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, "max", factor=0.5, patience=patience, threshold=0.0, min_lr=to
    )
    expected = []
    for score in scores:
        expected.append(optimiser.param_groups[0]["lr"])
        torchs.step(score)
    told = iter(scores)
    stage = one_stage(OneWeight(), validate=lambda batch: next(told), schedule=Plateau(0.5, patience, to))
    history = run(stage, tmp_path, 20).history
    assert [float(row["lr"]) / 0.1 for row in history] == pytest.approx(expected)


def test_a_plateau_begins_anew_with_each_stage_and_is_gone_on_from_after_an_interruption(tmp_path: Path) -> None:
    def rates(folder: str, stop_after: int | None) -> list[float]:
        networks = OneWeight(), OneWeight()
        stages = [
            with_changes(
                one_stage(network, validate=lambda batch: 0.0, schedule=Plateau(0.5, 1)),
                name=name,
                networks={name: network},
            )
            for name, network in zip("ab", networks, strict=True)
        ]
        asked = iter(range(1000))
        context = FitContext(0, Budget("steps", 16), tmp_path / folder, stop=lambda: next(asked) == stop_after)
        patches = Patches(training_set(*many_images(6)), "y", 0)
        return [float(row["lr"]) / 0.1 for row in engine.train(stages, patches, context).history]

    # Every second validation after the first is one too many.
    expected = [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125] * 2
    assert rates("whole", None) == pytest.approx(expected)
    with pytest.raises(Interrupted):
        rates("halves", 5)
    assert rates("halves", None) == pytest.approx(expected)
