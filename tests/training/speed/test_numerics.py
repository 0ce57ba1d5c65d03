"""How exactly a GPU computes is set, put back and told; what a GPU makes of it, none here can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from toys.training import OneWeight, linear_stage, many_images, one_stage, run_stage, training_set

import srbench
from srbench.contract.fit import Budget, FitContext, Precision
from srbench.training.data.batch import Batch
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.training.speed.numerics import EXACT, Numerics, numerics, numerics_facts, of_training, set_numerics


def set_now() -> tuple[bool, bool, bool, bool]:
    cudnn = torch.backends.cudnn
    return torch.backends.cuda.matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    with numerics(EXACT):
        yield


@pytest.mark.parametrize("benchmark", [True, False])
@pytest.mark.parametrize("tf32", [True, False])
@pytest.mark.parametrize("deterministic", [True, False])
def test_what_is_wanted_is_set_told_under_torchs_names_and_put_back(
    tf32: bool, benchmark: bool, deterministic: bool
) -> None:
    wanted = (tf32, tf32, benchmark, deterministic)
    with pytest.raises(ZeroDivisionError), numerics(Numerics(tf32, benchmark, deterministic)):
        assert set_now() == wanted
        assert numerics_facts() == {
            "cuda.matmul.allow_tf32": tf32,
            "cudnn.allow_tf32": tf32,
            "cudnn.benchmark": benchmark,
            "cudnn.deterministic": deterministic,
        }
        raise ZeroDivisionError
    assert set_now() == (False, False, False, True)
    set_numerics(Numerics(tf32, benchmark, deterministic))
    assert set_now() == wanted


@pytest.mark.parametrize(("precision", "tf32"), [("32", False), ("tf32", True), ("bf16", False), ("fp16", False)])
def test_only_a_training_that_asks_for_it_computes_in_tf32(precision: Precision, tf32: bool) -> None:
    assert of_training(precision) == Numerics(tf32, benchmark=True, deterministic=False)


def test_a_training_validates_as_exactly_as_its_models_upscale(tmp_path: Path) -> None:
    seen: dict[str, object] = {}
    network, stage = linear_stage()

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        seen["step"] = set_now()
        return dict(stage.step(batch))

    def validate(batch: Batch) -> float:
        seen["validation"] = set_now()
        return 0.0

    changed = srbench.Stage("s", {"n": network}, stage.optimisers, step, 4, 2, validate=validate)
    patches = Patches(training_set(*many_images()), "y", 0)
    engine.train([changed], patches, FitContext(0, Budget("steps", 2), tmp_path))
    assert seen == {"step": (False, False, True, False), "validation": (False, False, False, True)}
    assert set_now() == (False, False, False, True)


def test_tf32_is_refused_on_a_cpu_in_words(tmp_path: Path) -> None:
    with pytest.raises(srbench.SrbenchError, match="tf32 needs a GPU; on a CPU use precision: bf16, or 32"):
        run_stage(one_stage(OneWeight()), tmp_path, 1, precision="tf32")
