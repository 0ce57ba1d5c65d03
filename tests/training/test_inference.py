"""How a model is asked: the mean over orientations taken by hand, number formats, compilation, overflows in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tiny_networks
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import srbench
from srbench.contract.generator import SampleContext
from srbench.evaluate.cost import count_multiply_adds
from srbench.evaluate.output import NotFinite
from srbench.evaluate.tiles import PeakBytes, as_written, tiling_for, upscale_tiled
from srbench.pictures import resize
from srbench.registry.parameters import ParameterError, parameters, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create, sampling
from srbench.training.inference import Inference, Upscaling, turned, turned_back
from srbench.training.speed.compilation import CompileError, is_compiled
from srbench.training.speed.numerics import numerics_facts
from srbench.training.speed.precision import PrecisionError

EVERY = [(turns, mirrored) for mirrored in (False, True) for turns in range(4)]


class Plain(srbench.TorchMethod):
    """One convolution before the pixels are shuffled, whose weights are those that chance gives."""

    halo = 1

    def __init__(self, trains_on: Literal["y", "all"] = "all") -> None:
        self.trains_on = trains_on

    def build(self, channels: int, scale: Any) -> dict[str, nn.Module]:
        torch.manual_seed(3)
        first = nn.Conv2d(channels, channels * scale**2, 3, padding=1)
        return {"network": nn.Sequential(first, nn.PixelShuffle(scale))}

    def stages(self, networks: dict[str, nn.Module], scale: Any) -> list[srbench.Stage]:
        raise AssertionError("nothing is trained here")


def made(channels: int = 3, inference: Inference | None = None, **given: Any) -> Plain:
    method = Plain(**given)
    method._make(channels, 2)
    if inference is not None:
        method.inference = inference
    return method


def by_hand(make: Any, image: torch.Tensor) -> torch.Tensor:
    """The mean over the eight orientations, turned by NumPy, in 64 bits."""
    total = np.zeros(())
    for turns, mirrored in EVERY:
        seen = image.numpy()
        seen = seen[..., ::-1] if mirrored else seen
        seen = np.rot90(seen, turns, (-2, -1))
        sr = np.rot90(make(torch.from_numpy(np.ascontiguousarray(seen))).numpy(), -turns, (-2, -1))
        total = total + (sr[..., ::-1] if mirrored else sr).astype(np.float64)
    return torch.from_numpy(total / 8).float()


# --- ensembles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 3, 7, 11), (2, 3, 9, 5), (1, 3, 6, 6)])
def test_an_ensemble_is_the_mean_over_eight_orientations(shape: tuple[int, ...]) -> None:
    method, lr = made(inference=Upscaling(ensemble=8)), torch.rand(shape)
    with torch.inference_mode():
        expected = by_hand(method.networks["network"], lr)
    torch.testing.assert_close(method.upscale(lr, 2), expected, rtol=0, atol=2e-7)
    assert not torch.allclose(method.upscale(lr, 2), made().upscale(lr, 2), atol=1e-3)


@pytest.mark.parametrize("name", ["edsr", "swinir", "rcan", "drcn", "fsrcnn", "hat"])
def test_that_of_a_network_with_windows_of_its_own_is_that_mean_too(name: str) -> None:
    plain, asked = (tiny_networks.scrambled(name, 2) for _ in range(2))
    asked.inference = Upscaling(ensemble=8)
    lr = torch.rand(1, plain.channels, 9, 14)
    with torch.inference_mode():
        torch.testing.assert_close(asked.upscale(lr, 2), by_hand(lambda seen: plain.upscale(seen, 2), lr))


def test_what_is_asked_once_is_what_the_network_gives_bit_for_bit() -> None:
    for inference in (None, Upscaling(), Inference()):
        method, lr = made(inference=inference), torch.rand(2, 3, 7, 9)
        with torch.inference_mode():
            assert torch.equal(method.upscale(lr, 2), method.networks["network"](lr))
    assert Plain().inference == Upscaling()


def test_a_sample_is_made_without_the_ensemble() -> None:
    plain, method = made(), made(inference=Upscaling(ensemble=8))
    lr = torch.rand(1, 3, 8, 5)
    assert method.sample_sr(lr, 2).equal(plain.upscale(lr, 2)) and not method.upscale(lr, 2).equal(plain.upscale(lr, 2))
    assert method.inference == Upscaling(ensemble=8), "which stays as it was"


def test_an_ensemble_does_not_hang_on_how_the_image_lies() -> None:
    method, lr = made(inference=Upscaling(ensemble=8)), torch.rand(1, 3, 8, 5)
    sr = method.upscale(lr, 2)
    for turn in range(8):
        torch.testing.assert_close(method.upscale(turned(lr, turn), 2), turned(sr, turn), rtol=0, atol=2e-7)


def test_the_eight_orientations_are_eight_and_each_is_turned_back() -> None:
    image = torch.arange(2 * 3 * 4.0).reshape(1, 2, 3, 4)
    seen = [turned(image, turn) for turn in range(8)]
    assert len({tuple(one.flatten().tolist()) + tuple(one.shape) for one in seen}) == 8
    assert all(torch.equal(turned_back(one, turn), image) for turn, one in enumerate(seen))
    assert torch.equal(seen[0], image)


@pytest.mark.parametrize("learned", [1, 3])
@pytest.mark.parametrize("asked", [1, 3])
@pytest.mark.parametrize("trains_on", ["y", "all"])
def test_ensembles_are_made_of_images_in_any_channels(learned: int, asked: int, trains_on: Literal["y", "all"]) -> None:
    plain, method = made(learned, trains_on=trains_on), made(learned, Upscaling(ensemble=8), trains_on=trains_on)
    lr = torch.rand(1, asked, 6, 9)
    sr = method.upscale(lr, 2)
    torch.testing.assert_close(sr, by_hand(lambda seen: plain.upscale(seen, 2), lr), rtol=0, atol=1e-6)
    if (learned, asked, trains_on) == (1, 3, "y"):  # chroma is interpolated, whatever the network makes of Y
        torch.testing.assert_close((sr - resize(lr, 2)).std(1), torch.zeros(1, 12, 18), rtol=0, atol=1e-6)


def test_a_ceiling_is_asked_as_sr_is() -> None:
    class Ceiled(Plain):
        ceiling = "shifted"

        def reconstruction(self, hr: torch.Tensor) -> torch.Tensor:
            return hr.roll(1, -1)

    method = Ceiled()
    method._make(3, 2)
    hr = torch.rand(1, 3, 5, 8)
    assert torch.equal(method.reconstruct(hr), hr.roll(1, -1))
    method.inference = Upscaling(ensemble=8)
    torch.testing.assert_close(method.reconstruct(hr), by_hand(lambda seen: seen.roll(1, -1), hr))


def test_tiles_of_an_ensemble_make_the_whole() -> None:
    method, lr = made(inference=Upscaling(ensemble=8)), torch.rand(1, 3, 70, 52)
    with torch.inference_mode():
        whole = method.upscale(lr, 2)
        tiling = tiling_for(method, lr, 2, whole.nbytes + lr.nbytes + 200_000)
        assert tiling is not None and tiling.rows * tiling.columns > 1
        tiled = upscale_tiled(lambda seen: method.upscale(seen, 2), lr, 2, tiling)
    torch.testing.assert_close(tiled, whole, rtol=0, atol=1e-6)


def test_eight_orientations_need_little_more_memory_than_one() -> None:
    lr = torch.rand(1, 3, 64, 64)
    held = []
    for inference in (Upscaling(), Upscaling(ensemble=8)):
        with PeakBytes() as peak:
            made(inference=inference).upscale(lr, 2)
        held.append(peak.bytes)
    sr = 4 * 3 * 128**2
    assert held[1] <= held[0] + 4 * sr


def test_multiply_adds_are_those_of_all_orientations() -> None:
    one, eight = (
        count_multiply_adds(lambda n=n: made(inference=Upscaling(ensemble=n)), 3, 2)  # type: ignore[misc]
        for n in (1, 8)
    )
    assert one is not None and eight is not None and eight.value == 8 * one.value


def test_of_what_is_drawn_at_random_each_orientation_is_a_sample_of_its_own() -> None:
    class Drawn(Plain):
        samples = True

        def sr(self, lr: torch.Tensor) -> torch.Tensor:
            sr = super().sr(lr)
            return sr + torch.randn(()).item()

    method = Drawn()
    method._make(3, 2)
    method.inference = Upscaling(ensemble=8)
    lr = torch.rand(1, 3, 6, 9)
    torch.manual_seed(5)
    sr = method.upscale(lr, 2)
    torch.manual_seed(5)
    noise = torch.tensor([torch.randn(()).item() for _ in range(8)]).mean()
    torch.testing.assert_close(sr, made(inference=Upscaling(ensemble=8)).upscale(lr, 2) + noise)


# --- number formats -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_networks_compute_in_the_format_asked_for_and_sr_is_in_32_bits(
    precision: Literal["bf16", "fp16"], dtype: torch.dtype
) -> None:
    lr = torch.rand(1, 3, 7, 9)
    method = made(inference=Upscaling(precision=precision))
    seen: list[torch.dtype] = []
    method.networks["network"].register_forward_hook(lambda *told: seen.append(told[2].dtype))
    sr, exact = method.upscale(lr, 2), made().upscale(lr, 2)
    assert (seen, sr.dtype) == ([dtype], torch.float32)
    assert 0 < (sr - exact).abs().max() <= 4 * torch.finfo(dtype).eps * exact.abs().max()
    with torch.inference_mode(), torch.autocast("cpu", dtype=dtype):
        assert torch.equal(sr, made().networks["network"](lr).float())


def test_chroma_is_interpolated_in_32_bits_all_the_same() -> None:
    lr = torch.rand(1, 3, 6, 8)
    sr = made(1, Upscaling(precision="bf16"), trains_on="y").upscale(lr, 2)
    torch.testing.assert_close((sr - resize(lr, 2)).std(1), torch.zeros(1, 12, 16), rtol=0, atol=1e-6)


def test_the_mean_over_orientations_is_taken_in_32_bits() -> None:
    lr = torch.rand(1, 3, 7, 9)
    sr = made(inference=Upscaling(precision="bf16", ensemble=8)).upscale(lr, 2)
    half = made(inference=Upscaling(precision="bf16"))
    torch.testing.assert_close(sr, by_hand(lambda seen: half.upscale(seen, 2), lr), rtol=0, atol=2e-7)
    assert not torch.equal(sr, sr.bfloat16().float())


def test_a_format_that_the_device_does_not_have_is_refused_in_words() -> None:
    method = made(inference=Upscaling(precision="tf32"))
    with pytest.raises(PrecisionError, match="precision tf32 needs a GPU; on a CPU use precision: bf16, or 32"):
        method.upscale(torch.rand(1, 3, 4, 4), 2)
    assert method.computes_in == "tf32" and made().computes_in == "32"


def test_tf32_is_on_inside_and_off_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPU is made up: the settings are torch's own."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 0))
    before = numerics_facts()
    with Upscaling(precision="tf32").computing([], "cuda:0"):
        inside = numerics_facts()
    assert inside["cuda.matmul.allow_tf32"] and inside["cudnn.allow_tf32"] and inside["cudnn.deterministic"]
    assert numerics_facts() == before and not before["cuda.matmul.allow_tf32"]
    with Upscaling().computing([], "cuda:0"):
        assert numerics_facts() == before


def overflowing(inference: Upscaling) -> Plain:
    method = made(inference=inference)
    with torch.no_grad():
        method.networks["network"][0].weight.mul_(1e6)  # type: ignore[index, union-attr, operator]
    return method


@pytest.mark.parametrize("ensemble", [1, 8])
def test_an_overflow_of_fp16_is_told_with_what_to_do(ensemble: Literal[1, 8]) -> None:
    lr = torch.ones(1, 3, 4, 4)
    words = (
        r"returned \d+ of 192 values that are not finite. fp16 has no number above 65,504: use precision: bf16, or 32"
    )
    with pytest.raises(NotFinite, match=words):
        overflowing(Upscaling(precision="fp16", ensemble=ensemble)).upscale(lr, 2)
    for precision in (32, "bf16"):
        assert overflowing(Upscaling(precision=precision, ensemble=ensemble)).upscale(lr, 2).isfinite().all()  # type: ignore[arg-type]


def test_an_overflow_that_is_clamped_away_is_told_all_the_same() -> None:
    class Clamped(Plain):
        def sr(self, lr: torch.Tensor) -> torch.Tensor:
            return super().sr(lr).clamp(-1, 1)

    method = Clamped()
    method._make(3, 2)
    network, lr = method.networks["network"], torch.ones(1, 3, 4, 4)
    with torch.no_grad():
        network[0].weight.fill_(3e4)  # type: ignore[index, union-attr, operator]
    assert method.upscale(lr, 2).abs().max() == 1
    method.inference = Upscaling(precision="fp16")
    for _ in range(2):
        with pytest.raises(NotFinite, match=r"a network returned values that are not finite\. fp16 has no number"):
            method.upscale(lr, 2)
    assert not network._forward_hooks, "and what looks is gone"


# --- compilation ----------------------------------------------------------------------------------------------------


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What was compiled: by torch's tracer, and run as traced, so that no C++ is."""
    found: list[Any] = []
    original = torch.compile

    def backend(graph: torch.fx.GraphModule, inputs: object) -> object:
        found.append(graph)
        return graph.forward

    monkeypatch.setattr(torch, "compile", lambda function, **how: original(function, backend=backend, **how))
    yield found
    torch._dynamo.reset()


def test_compiled_networks_give_the_same_for_sizes_of_all_kinds(graphs: list[Any]) -> None:
    method, plain = made(inference=Upscaling(compile=True)), made()
    assert not graphs
    for height, width in ((8, 12), (12, 8), (20, 14), (9, 31)):
        lr = torch.rand(1, 3, height, width)
        torch.testing.assert_close(method.upscale(lr, 2), plain.upscale(lr, 2))
    assert len(graphs) == 1, "one for all"
    assert method.warms_up and not plain.warms_up
    assert list(method.networks["network"].state_dict()) == list(plain.networks["network"].state_dict())


def test_what_is_compiled_goes_with_ensembles_and_formats(graphs: list[Any]) -> None:
    lr = torch.rand(1, 3, 8, 12)
    both = {"ensemble": 8, "precision": "bf16"}
    sr = made(inference=Upscaling(compile=True, **both)).upscale(lr, 2)  # type: ignore[arg-type]
    torch.testing.assert_close(sr, made(inference=Upscaling(**both)).upscale(lr, 2))  # type: ignore[arg-type]
    assert len(graphs) <= 2, "for an image, and for those that were turned, which torch takes for another kind"


def test_what_counts_operations_sees_networks_as_written(graphs: list[Any]) -> None:
    compiled, plain = made(inference=Upscaling(compile=True)), made()
    lr = torch.rand(1, 3, 16, 24)
    compiled.upscale(lr, 2)
    counted = []
    for method in (compiled, plain):
        with as_written(method), FlopCounterMode(display=False) as counter:
            method.upscale(lr, 2)
        counted.append(counter.get_total_flops())
    assert counted[0] == counted[1] > 0
    assert count_multiply_adds(lambda: made(inference=Upscaling(compile=True)), 3, 2) == count_multiply_adds(made, 3, 2)


def test_a_network_trained_anew_is_compiled_anew(graphs: list[Any]) -> None:
    method = made(inference=Upscaling(compile=True))
    method.upscale(torch.rand(1, 3, 8, 12), 2)
    assert is_compiled(method.networks["network"])
    method._make(3, 2)
    assert not is_compiled(method.networks["network"])
    method.upscale(torch.rand(1, 3, 8, 12), 2)
    assert is_compiled(method.networks["network"])


def test_a_compiler_that_fails_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    original = torch.compile

    def broken(graph: torch.fx.GraphModule, inputs: object) -> object:
        raise RuntimeError("no g++ here")

    monkeypatch.setattr(torch, "compile", lambda function, **how: original(function, backend=broken, **how))
    with pytest.raises(CompileError, match=r"the model: torch.compile failed: .*leave out `compile: true`"):
        made(inference=Upscaling(compile=True)).upscale(torch.rand(1, 3, 8, 12), 2)


def test_the_network_between_two_is_the_one_that_is_compiled(graphs: list[Any], tmp_path: Path) -> None:
    kind = registry().get("method", "esrgan").load()
    small = {"blocks": 1, "width": 4, "growth": 2, "content": "l1", "interpolation": 0.5}
    method = create(kind, resolve(kind, small))
    method._make(3, 4)
    method.save(tmp_path)
    again = create(kind, resolve(kind, {**small, "compile": True}))
    again.load(tmp_path)
    method.load(tmp_path)
    lr = torch.rand(1, 3, 8, 12)
    torch.testing.assert_close(again.upscale(lr, 4), method.upscale(lr, 4))
    assert graphs and not any(map(is_compiled, again.networks.values()))


# --- as parameters --------------------------------------------------------------------------------------------------


def learning() -> list[str]:
    return [one.entry.name for one in registry().entries("method") if issubclass(one.load(), srbench.TorchMethod)]


@pytest.mark.parametrize("name", learning())
def test_every_method_that_learns_has_them_as_parameters_and_no_model_hangs_on_them(name: str) -> None:
    kind = registry().get("method", name).load()
    needed = {"architecture": "edsr"} if name == "network" else {}
    wanted: dict[str, Any] = {"precision": "bf16", "compile": True}
    if not issubclass(kind, srbench.Generator):
        wanted["ensemble"] = 8
    assert wanted.keys() <= parameters(kind, needed).keys()
    plain, full = resolve(kind, needed), resolve(kind, {**needed, **wanted})
    assert not plain.keys() & wanted.keys(), "a key from before they were there stays"
    assert {key: value for key, value in full.items() if key in wanted} == wanted
    assert wanted.keys() <= sampling(kind, full)
    inference = create(kind, full).inference
    assert {name: getattr(inference, name) for name in wanted} == wanted


def test_generators_make_no_ensembles() -> None:
    kinds = [registry().get("method", name).load() for name in learning()]
    generators = [kind for kind in kinds if issubclass(kind, srbench.Generator)]
    assert len(generators) >= 2
    assert not any("ensemble" in parameters(kind, {}) for kind in generators)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ensemble": 4}, "ensemble: unknown value 4. There are: 1, 8."),
        ({"precision": "fp8"}, "precision: unknown value 'fp8'"),
        ({"precision": 16}, "precision: unknown value 16. There are: 32, tf32, bf16, fp16."),
        ({"compile": "yes"}, "compile: expected true or false"),
    ],
)
def test_other_values_are_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        resolve(registry().get("method", "srcnn").load(), given)


def test_samples_of_a_generator_are_in_32_bits_whatever_it_computes_in() -> None:
    class Hues(srbench.TorchGenerator):
        memory_format = "contiguous"

        def build(self, channels: int, scale: Any) -> dict[str, nn.Module]:
            torch.manual_seed(1)
            return {"network": nn.Conv2d(channels, channels, 3, padding=1)}

        def stages(self, networks: dict[str, nn.Module], scale: Any) -> list[srbench.Stage]:
            raise AssertionError

        def draw(self, noise: Any, labels: torch.Tensor) -> torch.Tensor:
            begun = torch.stack([torch.rand(self.channels, self.size, self.size, generator=one) for one in noise])
            made: torch.Tensor = self.networks["network"](begun)
            return made

    drawn = []
    for precision in (32, "bf16"):
        method = Hues()
        method.size, method.labels = 8, ()
        method._make(3, 1)
        method.inference = Inference(precision=precision)  # type: ignore[arg-type]
        drawn.append(method.sample(2, SampleContext(0, 0, 8, 3)))
    assert drawn[1].dtype == torch.float32
    assert 0 < (drawn[0] - drawn[1]).abs().max() < 0.02
