"""Multiply-adds against closed forms, whatever torch would rather not count; latency by a clock that the test holds."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pytest
import torch
from bench_in_process import InProcess
from torch import nn
from torch.nn import functional

import srbench
from srbench.evaluate import cost
from srbench.evaluate.cost import LATENCY_REPEATS, LATENCY_SECONDS, count_multiply_adds, measure_latency
from srbench.matrix import read_matrix
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.plan import make_plan

PIXELS = 1280 * 720


class Networked(srbench.Method):
    """Runs a network on LR and enlarges its one channel by repeating pixels."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network.eval()

    def to(self, device: str) -> None:
        self.device = device
        self.network.to(device)

    def parameters_count(self) -> int:
        return sum(parameter.numel() for parameter in self.network.parameters())

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        with torch.inference_mode():
            return self.network(lr).repeat_interleave(scale, -2).repeat_interleave(scale, -1)


class Tokens(nn.Module):
    """Pixels of LR, shrunk by 16, as tokens of 8 numbers."""

    def __init__(self, mixer: nn.Module) -> None:
        super().__init__()
        self.enter, self.mixer = nn.Conv2d(1, 8, 16, stride=16), mixer

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        entered = self.enter(functional.pad(lr, (0, -lr.shape[-1] % 16, 0, -lr.shape[-2] % 16)))
        tokens = entered.flatten(2).transpose(1, 2)
        mean = self.mixer(tokens).mean((1, 2))[:, None, None, None]
        return lr + mean


class MultiHead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.attention(tokens, tokens, tokens, need_weights=False)[0]


class Fused(nn.Module):
    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        heads = tokens.unflatten(-1, (2, 4)).transpose(1, 2)
        return functional.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2).flatten(2)


class Looks(nn.Module):
    """Reads a pixel's value, which the meta device does not have."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        return self.inner(lr) + lr.flatten()[0].item()


@pytest.mark.parametrize("scale", [2, 4])
def test_a_convolution_has_a_closed_form(scale):
    counted = count_multiply_adds(lambda: Networked(nn.Conv2d(3, 1, 5, padding=2)), 3, scale)
    assert counted is not None
    assert counted.value == 5 * 5 * 3 * PIXELS / scale**2
    assert counted.cost() == {"macs": counted.value}


def test_a_scale_that_does_not_divide_the_output_is_counted_a_little_larger_and_scaled():
    counted = count_multiply_adds(lambda: Networked(nn.Conv2d(1, 1, 3, padding=1)), 1, 3)
    assert counted is not None
    assert counted.counted_pixels == 1281 * 720
    assert counted.value == pytest.approx(9 * PIXELS / 9, rel=1e-12)
    assert counted.cost() == {"macs": counted.value}


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize(("mixer", "projections"), [(MultiHead, 4), (Fused, 0)])
def test_attention_is_counted_as_its_matrix_products(mixer, projections, looks):
    def make() -> Networked:
        network: nn.Module = Tokens(mixer())
        return Networked(Looks(network) if looks else network)

    counted = count_multiply_adds(make, 1, 4)
    assert counted is not None
    lr = (64, 64) if looks else (180, 320)
    tokens = -(-lr[0] // 16) * -(-lr[1] // 16)
    here = 16 * 16 * 8 * tokens + projections * 8 * 8 * tokens + 2 * 8 * tokens**2
    assert counted.value == pytest.approx(here * PIXELS / (lr[0] * lr[1] * 16), rel=1e-12)
    assert counted.cost().get("macs_scaled_from_pixels") == (256 * 256 if looks else None)


def test_a_learned_tensor_may_be_handed_to_a_module():
    class Tuned(Tokens):
        def __init__(self) -> None:
            super().__init__(nn.Identity())
            self.learned = nn.Parameter(torch.ones(8))

        def forward(self, lr: torch.Tensor) -> torch.Tensor:
            return super().forward(lr) + self.mixer(self.learned).mean()

    plain, tuned = (
        count_multiply_adds(lambda make=make: Networked(make()), 1, 4)
        for make in (lambda: Tokens(nn.Identity()), Tuned)
    )
    assert plain is not None
    assert tuned == plain


def test_where_nothing_is_multiplied_there_is_no_count(capsys):
    class Repeats(srbench.Method):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)

    assert count_multiply_adds(Repeats, 3, 4) is None
    assert count_multiply_adds(lambda: Networked(nn.PReLU()), 1, 4) is None
    assert capsys.readouterr().err == ""


def test_a_method_that_cannot_be_counted_says_so_in_the_log(capsys):
    class Broken(nn.PReLU):
        def forward(self, lr: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("out of luck")

    assert count_multiply_adds(lambda: Networked(Broken()), 1, 4) is None
    assert capsys.readouterr().err.count("RuntimeError: out of luck") == 2


def test_counting_ends_when_it_takes_too_long(capsys):
    class Endless(nn.PReLU):
        def forward(self, lr: torch.Tensor) -> torch.Tensor:
            while True:
                lr = lr + self.weight

    assert count_multiply_adds(lambda: Networked(Endless()), 1, 4, seconds=0) is None
    assert "not counted within 0 s" in capsys.readouterr().err


def test_counting_leaves_torchs_settings_as_they_were():
    before = torch.backends.mha.get_fastpath_enabled(), torch.backends.cuda.flash_sdp_enabled()
    count_multiply_adds(lambda: Networked(nn.Conv2d(1, 1, 3, padding=1)), 1, 4)
    assert (torch.backends.mha.get_fastpath_enabled(), torch.backends.cuda.flash_sdp_enabled()) == before


class Clock:
    """Stands still but for the calls of a method that takes as long as it is told."""

    def __init__(self, monkeypatch: Any, *seconds: float) -> None:
        self.now, self.seconds, self.calls, self.seen = 0.0, list(seconds), 0, []
        monkeypatch.setattr(cost.time, "perf_counter", lambda: self.now)

    def method(self) -> srbench.Method:
        clock = self

        class Timed(srbench.Method):
            halo = 1

            def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
                clock.now += clock.seconds[min(clock.calls, len(clock.seconds) - 1)]
                clock.calls += 1
                clock.seen.append(tuple(lr.shape))
                return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)

        return Timed()


LR = torch.zeros(3, 40, 50)


def test_latency_is_the_median_and_quartiles_after_a_warm_up(monkeypatch):
    times = [0.001 * (1 + index % 7) for index in range(LATENCY_REPEATS)]
    clock = Clock(monkeypatch, 0.2, *times)
    latency = measure_latency(clock.method(), LR, 4)
    assert latency is not None
    assert clock.calls == 1 + LATENCY_REPEATS
    low, median, high = (1000 * value for value in statistics.quantiles(times, n=4, method="inclusive"))
    assert (latency.first_quartile, latency.median, latency.third_quartile) == pytest.approx((low, median, high))
    assert latency.cost() == {
        "latency_ms": pytest.approx(median, abs=1e-4),
        "latency_ms_q1": pytest.approx(low, abs=1e-4),
        "latency_ms_q3": pytest.approx(high, abs=1e-4),
        "latency_repeats": LATENCY_REPEATS,
        "latency_lr_height": 40,
        "latency_lr_width": 50,
    }
    assert set(clock.seen) == {(1, 3, 40, 50)}


def test_repeats_end_when_their_time_is_spent(monkeypatch):
    clock = Clock(monkeypatch, LATENCY_SECONDS / 4)
    latency = measure_latency(clock.method(), LR, 2)
    assert latency is not None
    assert latency.repeats == clock.calls - 1 == 4


def test_what_is_compiled_is_compiled_before_time_is_taken(monkeypatch):
    clock = Clock(monkeypatch, 60.0, 30.0)
    method = clock.method()
    method.warms_up = True
    latency = measure_latency(method, LR, 2)
    assert latency is not None
    assert (latency.median, latency.repeats, clock.calls) == (30000, 1, 2)


def test_a_slow_method_is_called_once(monkeypatch):
    clock = Clock(monkeypatch, 30.0)
    latency = measure_latency(clock.method(), LR, 2)
    assert latency is not None
    assert (latency.median, latency.first_quartile, latency.third_quartile) == (30000, 30000, 30000)
    assert latency.repeats == clock.calls == 1


def test_latency_is_that_of_tiles_where_memory_asks_for_them(monkeypatch):
    clock = Clock(monkeypatch, 1.0)
    latency = measure_latency(clock.method(), torch.zeros(1, 128, 128), 4, memory_bytes=64 * 64 * 16 * 4)
    assert latency is not None
    # The first two calls are the probes by which tiles are chosen, and are not timed.
    assert clock.calls > 5
    assert latency.median == 1000 * (clock.calls - 2)


def test_a_method_that_raises_has_no_latency_and_says_why(capsys):
    class Refuses(srbench.Method):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            raise ValueError("only squares")

    assert measure_latency(Refuses(), LR, 4) is None
    assert "latency: not measured: ValueError: only squares" in capsys.readouterr().err


def test_cells_that_share_a_model_and_sample_differently_cost_differently(tmp_path: Path) -> None:
    tiny = {"use": "ddpm", "channels": [8], "attention": [False], "blocks": 1, "timesteps": 4, "patch": 16}
    once, thrice = ({**tiny, "as": name, "steps": steps} for name, steps in (("once", 1), ("thrice", 3)))
    bench = InProcess(tmp_path, methods=[once, thrice], train={"on": ["same"], "budget": {"steps": 2}})
    macs = []
    for cell in make_plan(read_matrix(bench.matrix), bench.store).cells:
        for task in cell.prerequisites():
            if not Damage(bench.store, verify=False).is_done(task):
                bench.do(task)
        macs.append(bench.do(cell.evaluation()).cost["macs"])
    assert len(list(bench.store.records("models"))) == 1
    assert macs[1] == pytest.approx(3 * macs[0], rel=1e-6)
