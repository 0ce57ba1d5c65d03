"""A recipe in place of what a method says itself: what becomes of stages, what is refused, and that nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_networks
import torch
from toys.training import OneWeight, one_stage, picture, training_set

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.errors import ParameterError, SrbenchError
from srbench.registry.parameters import examine, parameters, resolve, shared_parameters
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.testing import MethodSubject
from srbench.testing.check import run_check
from srbench.training.data.augment import Brightness, CutBlur, Flips, Noise, Turns
from srbench.training.data.batch import Batch
from srbench.training.data.pairs import TrainingDataError
from srbench.training.loop.schedules import Cosine, Plateau, Steps
from srbench.training.recipe import Recipe

DIFFUSION = {"channels": (4, 8), "attention": (False, False), "blocks": 1, "batch_size": 2, "steps": 3}
RRDB = {"blocks": 1, "width": 6, "growth": 4, "patch": 16, "batch_size": 2}
GAN = {"content": "mse", "discriminator_width": 2}
RRDB = {"blocks": 1, "width": 6, "growth": 4, "patch": 16, "batch_size": 2}
LEARNING: dict[str, dict[str, Any]] = {
    "ddnm": {**DIFFUSION, "patch": 16, "betas": "cosine", "timesteps": 5},
    "ddpm": {**DIFFUSION, "patch": 16, "timesteps": 5},
    "ddpm-generator": {**DIFFUSION, "betas": "cosine", "timesteps": 6},
    "esrgan": {**RRDB, "content": "l1", "discriminator_width": 1, "adversarial_share": 0.5},
    "ldm": {
        "autoencoder_channels": (4, 8),
        "latent_channels": 2,
        "autoencoder_blocks": 1,
        "unet_channels": (8, 8),
        "unet_attention": (False, False),
        "head_channels": 4,
        "unet_blocks": 1,
        "norm_groups": 2,
        "perceptual_weight": 0.0,
        "discriminator_width": 2,
        "discriminator_layers": 1,
        "autoencoder_share": 0.5,
        "batch_size": 2,
        "patch": 16,
        "timesteps": 8,
        "beta_end": 0.8,
        "lr_noise": 5,
        "noise_level": 1,
        "steps": 4,
    },
    "ncsn": {**DIFFUSION, "levels": 6, "largest": 1.0, "steps": 2},
    "network": tiny_networks.params("edsr"),
    "resshift": {**DIFFUSION, "patch": 16, "timesteps": 5, "fold": 1},
    "rrdb": RRDB,
    "srcnn": {"filters": (6, 4), "patch": 16, "batch_size": 2},
    "srgan": {**GAN, "blocks": 1, "width": 6, "patch": 16, "batch_size": 3, "adversarial_share": 0.5, "dense": 8},
    "srresnet": {"blocks": 1, "width": 6, "patch": 16, "batch_size": 2},
}
"""Every method that learns, so small that a training takes moments."""


PROMISES = {"fit_repeats", "goes_on", "resumes", "saves_and_loads", "seed_matters"}
"""What a recipe could break."""


def with_recipe(name: str) -> dict[str, Any]:
    """Its parameters, with all that a recipe can ask of it."""
    kind, given = registry().get("method", name).load(), LEARNING[name]
    images = ["brightness", {"contrast": {"by": 0.1}}, "inversion", {"zoom": {"by": 0.5}}]
    pairs = [] if issubclass(kind, srbench.Generator) else [{"noise": {"sigma": 0.05}}, "mixup"]
    recipe = {
        "schedule": {"plateau": {"patience": 1}},
        "warm_up": 0.3,
        "early_stopping": 3,
        "augment": [
            {"flips": {"vertical": False}},
            "turns",
            *images,
            *pairs,
            *(["cutblur"] if name == "srcnn" else []),
        ],
    }
    shared = shared_parameters(kind, given)["recipe"]
    return {**given, **{key: value for key, value in recipe.items() if key in shared}}


def test_every_method_that_learns_has_a_recipe_and_the_same_names_for_the_rest() -> None:
    kinds = {name: registry().get("method", name).load() for name in registry().names("method")}
    learning = {name: kind for name, kind in kinds.items() if kind.learns}
    assert learning.keys() == LEARNING.keys()
    for name, kind in learning.items():
        known = parameters(kind, LEARNING[name])
        assert {"learning_rate", "batch_size", "augment", "early_stopping", "schedule"} <= known.keys(), name
        assert ("patch" in known) != issubclass(kind, srbench.Generator), name


@pytest.mark.parametrize("name", LEARNING)
def test_with_a_recipe_it_keeps_the_promises_of_methods_that_learn(name: str) -> None:
    """It resumes, goes on and repeats bit for bit, hangs on its seed, and is saved whole."""
    generates = issubclass(registry().get("method", name).load(), srbench.Generator)
    subject = MethodSubject(name, with_recipe(name), size=16 if generates else 48)
    outcomes = {one.name: run_check(one, subject) for one in subject.checks() if one.name in PROMISES}
    assert {check: one.message for check, one in outcomes.items() if one.status != "passed"} == {}
    assert outcomes.keys() == PROMISES


def stage(**changes: Any) -> srbench.Stage:
    return one_stage(OneWeight(), **{"validate": lambda batch: 0.0, **changes})


class TestStages:
    def test_without_a_word_a_stage_stays_as_it_is(self) -> None:
        own = [stage(schedule=Cosine(), patience=4, warm_up=0.2, augment=lambda batch: batch), stage()]
        assert Recipe().applied(own) == own
        assert Recipe().turns((0, 4)) == (0, 4)

    def test_what_is_asked_for_takes_the_place_of_its_own(self) -> None:
        recipe = Recipe({"steps": {"at": [0.5]}}, 0.1, 3, ("flips", {"noise": {"sigma": 0.1}}))
        (found,) = recipe.applied([stage(schedule=Cosine(), patience=9, keep="last", augment=lambda batch: batch)])
        assert (found.schedule, found.warm_up) == (Steps((0.5,), 0.5), 0.1)
        assert (found.patience, found.keep) == (3, "best")
        lr, hr = torch.full((2, 1, 4, 4), 0.5), torch.rand(2, 1, 8, 8)
        assert found.augment is not None
        changed = found.augment(Batch(lr, hr, 0.0))
        assert not changed.lr.equal(lr) and changed.hr.equal(hr)
        assert recipe.turns((0,)) == (0, 2, 4, 6)

    def test_an_empty_list_of_augmentations_leaves_images_as_they_are(self) -> None:
        recipe = Recipe(augment=())
        (found,) = recipe.applied([stage(augment=lambda batch: batch)])
        assert found.augment is None and recipe.turns(tuple(range(8))) == (0,)

    def test_a_schedule_that_needs_none_leaves_the_choice_of_weights_alone(self) -> None:
        (found,) = Recipe("cosine").applied([stage(validate=None)])
        assert (found.schedule, found.keep, found.patience) == (Cosine(), "last", None)

    @pytest.mark.parametrize(
        ("recipe", "named"),
        [
            (Recipe(early_stopping=2), "early_stopping"),
            (Recipe("plateau"), "schedule: plateau"),
            (Recipe("plateau", early_stopping=2), "early_stopping and schedule: plateau"),
        ],
    )
    def test_a_stage_that_is_not_validated_cannot_hang_on_that(self, recipe: Recipe, named: str) -> None:
        with pytest.raises(SrbenchError, match=f"^{named}: stage 'only' of this method is not validated; leave it out"):
            recipe.applied([stage(validate=None)])

    def test_things_are_made_by_their_names(self) -> None:
        recipe = Recipe(
            {"plateau": {"factor": 0.1}}, augment=("flips", "turns", "cutblur", {"brightness": {"by": 0.3}})
        )
        assert recipe.course == Plateau(0.1)
        assert recipe.augmentations == (Flips(), Turns(), CutBlur(), Brightness(0.3))


class TestRefusals:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"schedule": "cosin"}, "schedule: unknown value 'cosin'. Did you mean 'cosine'?"),
            ({"schedule": {"plateau": {"factor": 1}}}, "schedule: plateau: factor: expected a number < 1.0"),
            ({"schedule": {"steps": {}}}, "schedule: steps: parameter 'at' is missing"),
            ({"augment": ["flps"]}, "augment: unknown value 'flps'. Did you mean 'flips'?"),
            ({"augment": [{"noise": {"sigm": 1}}]}, "augment: noise: unknown parameter 'sigm'. Did you mean 'sigma'?"),
            ({"augment": ["turns", {"turns": {}}]}, "augment: turns is there twice"),
            ({"early_stopping": 0}, "early_stopping: expected a whole number >= 1"),
        ],
    )
    def test_what_is_wrong_in_a_matrix_is_told_in_words(self, given: dict[str, Any], message: str) -> None:
        (error,) = examine(registry().get("method", "srcnn").load(), given)[1]
        assert str(error) == message and error.parameter in given

    @pytest.mark.parametrize(
        ("name", "augment", "message"),
        [
            ("srresnet", "cutblur", "takes it in its own"),
            ("ncsn", "noise", "noise is of LR"),
            ("ddpm-generator", "mixup", "blends of two images"),
        ],
    )
    def test_an_augmentation_that_a_method_has_no_use_for_is_refused_when_it_is_made(
        self, name: str, augment: str, message: str
    ) -> None:
        kind = registry().get("method", name).load()
        with pytest.raises(ParameterError, match=message):
            create(kind, resolve(kind, {**LEARNING[name], "augment": [augment]}))

    @pytest.mark.parametrize("given", [{"early_stopping": 2}, {"schedule": "plateau"}])
    def test_without_images_to_hold_out_nothing_can_hang_on_them(self, given: dict[str, Any], tmp_path: Path) -> None:
        kind = registry().get("method", "network").load()
        method = create(kind, {**LEARNING["network"], **given})
        few = training_set(*(picture(40, 36, seed=seed) for seed in range(4)))
        with pytest.raises(TrainingDataError, match="no training image can be held out to validate on"):
            method.fit(few, FitContext(0, Budget("steps", 2), tmp_path))
        assert not (tmp_path / "checkpoint.pt").exists()


def test_augmentations_of_a_recipe_are_those_of_their_names() -> None:
    torch.manual_seed(0)
    (found,) = Recipe(augment=({"noise": {"sigma": 0.3}},)).applied([stage()])
    given = Batch(torch.full((3, 1, 5, 5), 0.5), torch.full((3, 1, 10, 10), 0.5), 0.0)
    assert found.augment is not None
    changed = found.augment(given).lr
    torch.manual_seed(0)
    assert changed.equal(Noise(0.3)(given).lr)
