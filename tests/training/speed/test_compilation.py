"""Compiled networks: the same numbers and names, as written again afterwards, and a fault in words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from toys.training import (
    linear_stage,
    many_images,
    run_stage,
    training_set,
    with_changes,
)

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.training.data.batch import Batch
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.training.speed import compilation


def test_compiled_networks_keep_their_names_and_upscale_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = torch.compile
    graphs = []

    def backend(graph: torch.fx.GraphModule, inputs: object) -> object:
        graphs.append(graph)
        return graph.forward

    monkeypatch.setattr(torch, "compile", lambda function, **how: original(function, backend=backend, **how))

    def step_of(network: nn.Module) -> object:
        def step(batch: Batch) -> dict[str, torch.Tensor]:
            return {"mse": (network(batch.lr) - batch.lr).square().mean()}

        return step

    states = []
    for compiled in (False, True):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1))
        names = list(network.state_dict())
        optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
        stage = srbench.Stage("only", {"n": network}, {"mse": optimiser}, step_of(network), 2, 6)  # type: ignore[arg-type]
        stage = with_changes(
            stage, validate=lambda batch, network=network: -float(network(batch.lr).mean()), ema={"n": 0.5}
        )
        patches = Patches(training_set(*many_images(5)), "y", 0)
        context = FitContext(0, Budget("steps", 6), tmp_path / str(compiled), compile=compiled)
        facts = engine.train([stage], patches, context).facts
        assert facts["compile"] is compiled
        assert list(network.state_dict()) == names
        assert bool(graphs) is compiled
        once = len(graphs)
        network(torch.rand(1, 1, 9, 9))
        assert len(graphs) == once, "afterwards it runs as it is written"
        states.append(network.state_dict())
    assert len(graphs) == 1, "validation, with crops of other sizes, runs it as it is written"
    for name, value in states[0].items():
        torch.testing.assert_close(states[1][name], value, rtol=1e-4, atol=1e-5)


def test_a_compiler_that_fails_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", (str(tmp_path / "no-such-compiler"),))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    network = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.GELU(), nn.Conv2d(2, 1, 3, padding=1))

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        return {"mse": (network(batch.lr) - batch.lr).square().mean()}

    stage = with_changes(linear_stage()[1], networks={"n": network}, step=step)
    with pytest.raises(compilation.CompileError, match=r"stage 'only': torch.compile failed: .*C\+\+ compiler"):
        run_stage(stage, tmp_path, 2, compile=True)
    assert "forward" not in vars(network)


def test_other_errors_of_a_compiled_step_stay_what_they_are(tmp_path: Path) -> None:
    def step(batch: Batch) -> dict[str, torch.Tensor]:
        raise ZeroDivisionError("the method's own fault")

    _, stage = linear_stage(step=step)
    with pytest.raises(ZeroDivisionError, match="own fault"):
        run_stage(stage, tmp_path, 1, compile=True)
