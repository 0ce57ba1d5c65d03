"""Checkpoints as methods: the network's own output, and what is refused."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from rig import Bench
from srbench_pretrained.checkpoint import CheckpointError, facts_of
from srbench_pretrained.method import Pretrained

import srbench
from srbench.evaluate.tiles import Tiling, upscale_tiled
from srbench.evaluate.upscale import upscale_image
from srbench.testing import MethodSubject, run_checks
from srbench.weights.lookup import WeightsDamaged, WeightsMissing

from .conftest import network

Checkpoint = Callable[..., Path]


def problem(scale: int, *channels: int) -> srbench.Problem:
    return srbench.Problem(scale, channels or (3,), ("uint8",), (20, 20), (20, 20))


def raw(name: str, lr: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return network(name)(lr).clamp(0, 1)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize(("name", "scale"), [("esrgan-x4", 4), ("compact-x2", 2), ("swinir-x2", 2)])
def test_sr_is_the_networks_own(checkpoint: Checkpoint, name: str, scale: int, suffix: str) -> None:
    method = Pretrained(weights=checkpoint(name, suffix))
    assert method.supports(problem(scale)) is None
    lr = torch.rand(2, 3, 16, 24)
    torch.testing.assert_close(method.upscale(lr, scale), raw(name, lr), atol=1e-6, rtol=0)
    assert method.parameters_count() == sum(p.numel() for p in network(name).parameters())


@pytest.mark.parametrize("wrap", ["params_ema", "params", "state_dict"])
def test_weights_may_be_wrapped_as_trainers_wrap_them(checkpoint: Checkpoint, wrap: str) -> None:
    method = Pretrained(weights=checkpoint("compact-x2", ".pth", wrap))
    lr = torch.rand(1, 3, 9, 7)
    torch.testing.assert_close(method.upscale(lr, 2), raw("compact-x2", lr), atol=1e-6, rtol=0)


def test_averaged_weights_are_preferred_to_raw_ones(tmp_path: Path) -> None:
    averaged = network("compact-x2").state_dict()
    spoilt = {name: value + 1 for name, value in averaged.items()}
    torch.save({"params": spoilt, "params_ema": averaged}, tmp_path / "both.pth")
    lr = torch.rand(1, 3, 8, 8)
    sr = Pretrained(weights=tmp_path / "both.pth").upscale(lr, 2)
    torch.testing.assert_close(sr, raw("compact-x2", lr), atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [(13, 11), (1, 1), (2, 9), (16, 20)])
def test_sides_that_the_network_cannot_take_are_mirrored_and_cut(checkpoint: Checkpoint, size: tuple[int, int]) -> None:
    method = Pretrained(weights=checkpoint("esrgan-x2"))
    lr = torch.rand(1, 3, *size)
    sr = method.upscale(lr, 2)
    assert sr.shape == (1, 3, size[0] * 2, size[1] * 2)
    # Row i of the continued image is row i mirrored at the last one; beyond that, the mirror image's own last.
    rows, columns = ([min(i, max(0, 2 * (n - 1) - i)) for i in range(-(-n // 4) * 4)] for n in size)
    continued = lr[..., rows, :][..., columns]
    torch.testing.assert_close(sr, raw("esrgan-x2", continued)[..., : size[0] * 2, : size[1] * 2], atol=1e-6, rtol=0)


def test_grey_goes_through_a_colour_network_three_times_over(checkpoint: Checkpoint) -> None:
    method = Pretrained(weights=checkpoint("compact-x2"))
    lr = torch.rand(2, 1, 9, 8)
    expected = raw("compact-x2", lr.repeat(1, 3, 1, 1)).mean(1, keepdim=True)
    torch.testing.assert_close(method.upscale(lr, 2), expected, atol=1e-6, rtol=0)


def test_colour_goes_through_a_grey_network_channel_by_channel(checkpoint: Checkpoint) -> None:
    method = Pretrained(weights=checkpoint("compact-x3-grey"))
    lr = torch.rand(2, 3, 9, 8)
    expected = torch.cat([raw("compact-x3-grey", lr[:, [channel]]) for channel in range(3)], 1)
    torch.testing.assert_close(method.upscale(lr, 3), expected, atol=1e-6, rtol=0)


def test_another_scale_is_refused_with_both_scales(checkpoint: Checkpoint) -> None:
    method = Pretrained(weights=checkpoint("esrgan-x4"))
    answer = method.supports(problem(2))
    assert isinstance(answer, srbench.Skip)
    assert answer.reason == "this checkpoint upscales by 4, the protocol asks for 2"
    with pytest.raises(CheckpointError, match="by 4, not by 2"):
        method.upscale(torch.rand(1, 3, 8, 8), 2)


def test_a_network_that_wants_a_mask_is_refused(checkpoint: Checkpoint) -> None:
    method = Pretrained(weights=checkpoint("lama"))
    answer = method.supports(problem(4))
    assert isinstance(answer, srbench.Skip)
    assert "mask" in answer.reason
    with pytest.raises(CheckpointError, match="mask"):
        method.upscale(torch.rand(1, 3, 16, 16), 1)


def test_a_network_with_other_channels_is_refused(tmp_path: Path) -> None:
    from spandrel.architectures.ESRGAN import ESRGAN

    path = tmp_path / "four.pth"
    torch.save(ESRGAN(in_nc=4, out_nc=4, num_filters=8, num_blocks=1, scale=4).state_dict(), path)
    answer = Pretrained(weights=path).supports(problem(4))
    assert isinstance(answer, srbench.Skip)
    assert "4 channels from 4" in answer.reason


class TestConformance:
    @pytest.mark.parametrize("name", ["esrgan-x4", "esrgan-x2", "compact-x3-grey", "swinir-x2"])
    def test_a_checkpoint_keeps_every_promise_of_a_method(self, checkpoint: Checkpoint, name: str) -> None:
        outcomes = list(run_checks(MethodSubject("pretrained", {"weights": checkpoint(name)})))
        assert len(outcomes) > 15
        assert {one.check.name: one.message for one in outcomes if one.status != "passed"} == {}


class TestTiles:
    def test_the_measured_halo_is_the_convolutions_reach(self, checkpoint: Checkpoint) -> None:
        # Four 3 x 3 convolutions, and the nearest-neighbour image that is added.
        assert Pretrained(weights=checkpoint("compact-x2")).halo == 4
        # One before the block, 15 in it, one after it; then one of half a pixel and three of a quarter: 1.25 more.
        assert Pretrained(weights=checkpoint("esrgan-x4")).halo == 19

    @pytest.mark.parametrize("name", ["swinir-x2", "esrgan-x2"])
    def test_what_depends_on_the_place_of_a_pixel_has_no_halo(self, checkpoint: Checkpoint, name: str) -> None:
        assert Pretrained(weights=checkpoint(name)).halo is None

    @pytest.mark.parametrize("name", ["compact-x2", "esrgan-x4"])
    @pytest.mark.parametrize("grid", [(2, 2), (3, 1), (5, 4)])
    def test_tiles_with_the_measured_halo_change_nothing(
        self, checkpoint: Checkpoint, name: str, grid: tuple[int, int]
    ) -> None:
        method = Pretrained(weights=checkpoint(name))
        scale = method._network.scale
        lr = torch.rand(1, 3, 61, 53)
        assert method.halo is not None
        tiled = upscale_tiled(lambda seen: method.upscale(seen, scale), lr, scale, Tiling(*grid, method.halo))
        torch.testing.assert_close(tiled, method.upscale(lr, scale), atol=1e-5, rtol=0)

    def test_where_memory_is_short_the_core_tiles(self, checkpoint: Checkpoint) -> None:
        method = Pretrained(weights=checkpoint("compact-x2"))
        lr = torch.rand(3, 200, 210)
        told: list[float] = []
        sr = upscale_image(method, lr, 2, memory_bytes=4e6, progress=told.append)
        assert len(told) > 3
        torch.testing.assert_close(sr, upscale_image(method, lr, 2), atol=1e-5, rtol=0)

    def test_tiles_of_a_chosen_size_with_enough_overlap_change_nothing(self, checkpoint: Checkpoint) -> None:
        path = checkpoint("esrgan-x4")
        lr = torch.rand(1, 3, 61, 40)
        whole = Pretrained(weights=path).upscale(lr, 4)
        tiled = Pretrained(weights=path, tile=20, overlap=19)
        assert tiled.halo is None
        torch.testing.assert_close(tiled.upscale(lr, 4), whole, atol=1e-5, rtol=0)
        assert (Pretrained(weights=path, tile=20, overlap=0).upscale(lr, 4) - whole).abs().max() > 1e-4

    def test_the_network_sees_no_more_than_a_tile_and_its_overlap(self, checkpoint: Checkpoint) -> None:
        method = Pretrained(weights=checkpoint("swinir-x2"), tile=24, overlap=8)
        sizes = []
        method._network.model.register_forward_pre_hook(lambda _, given: sizes.append(given[0].shape[-2:]))
        assert method.upscale(torch.rand(1, 3, 50, 30), 2).shape == (1, 3, 100, 60)
        assert len(sizes) == 6
        assert max(max(size) for size in sizes) <= 40


class TestHostileFiles:
    def test_pickled_code_is_refused_and_does_not_run(self, tmp_path: Path) -> None:
        class Attack:
            def __reduce__(self) -> tuple[object, ...]:
                return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

        torch.save({"params": {"body.0.weight": Attack()}}, tmp_path / "attack.pth")
        (tmp_path / "plain.pth").write_bytes(pickle.dumps(Attack(), protocol=2))
        for file in ("attack.pth", "plain.pth"):
            with pytest.raises(WeightsDamaged):
                Pretrained(weights=tmp_path / file).supports(problem(4))
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
    def test_a_truncated_file_is_named(self, checkpoint: Checkpoint, suffix: str) -> None:
        path = checkpoint("compact-x2", suffix)
        path.write_bytes(path.read_bytes()[:-900])
        with pytest.raises(WeightsDamaged, match=f"compact-x2{suffix}.*cannot be read as weights"):
            Pretrained(weights=path).supports(problem(2))

    @pytest.mark.parametrize("content", [b"", b"broken", b"\x80\x02}", bytes(300)])
    def test_a_file_of_something_else_is_named(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "odd.pth").write_bytes(content)
        with pytest.raises(WeightsDamaged, match=r"odd\.pth"):
            Pretrained(weights=tmp_path / "odd.pth").supports(problem(2))

    def test_another_hash_is_refused_before_reading(self, tmp_path: Path) -> None:
        path = tmp_path / "other.pth"
        path.write_bytes(b"not what was asked for")
        with pytest.raises(CheckpointError, match=hashlib.sha256(path.read_bytes()).hexdigest()):
            Pretrained(weights=path, sha256="0" * 64).supports(problem(2))

    def test_the_right_hash_is_accepted(self, checkpoint: Checkpoint) -> None:
        path = checkpoint("compact-x2")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        assert Pretrained(weights=path, sha256=sha256.upper()).supports(problem(2)) is None

    def test_an_unknown_architecture_gets_the_list_of_those_that_are_known(self, tmp_path: Path) -> None:
        torch.save({"encoder.weight": torch.zeros(3)}, tmp_path / "mine.pth")
        with pytest.raises(CheckpointError) as caught:
            Pretrained(weights=tmp_path / "mine.pth").supports(problem(2))
        assert all(name in str(caught.value) for name in ("mine.pth", "ESRGAN", "SwinIR", "HAT", "DAT", "Compact"))

    def test_a_checkpoint_with_a_tensor_missing_is_refused(self, tmp_path: Path) -> None:
        state = dict(network("esrgan-x4").state_dict())
        del state[next(name for name in state if name.endswith("conv3.0.bias"))]
        torch.save(state, tmp_path / "holes.pth")
        with pytest.raises(CheckpointError, match=r"holes\.pth.*does not fit"):
            Pretrained(weights=tmp_path / "holes.pth").supports(problem(4))

    @pytest.mark.parametrize("held", [3, [torch.zeros(2)], {}, {"iter": 5}, {1: torch.zeros(2)}])
    def test_a_file_without_named_tensors_is_refused(self, tmp_path: Path, held: object) -> None:
        torch.save(held, tmp_path / "odd.pth")
        with pytest.raises(CheckpointError, match=r"odd\.pth"):
            Pretrained(weights=tmp_path / "odd.pth").supports(problem(4))

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match=r"nowhere\.pth"):
            Pretrained(weights=tmp_path / "nowhere.pth").supports(problem(4))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "one of `weights`"),
        ({"weights": Path("a.pth"), "published": "b"}, "one of `weights`"),
        ({"weights": Path("a.pth"), "sha256": "beef"}, "64 hexadecimal digits"),
    ],
)
def test_parameters_that_say_nothing_or_too_much_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        Pretrained(**given)


def test_published_weights_that_are_missing_say_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    method = Pretrained(published="vgg16")
    assert method.weights == ("vgg16",)
    with pytest.raises(WeightsMissing, match="srbench fetch vgg16"):
        method.supports(problem(4))


def test_what_a_checkpoint_is_is_remembered_until_it_changes(checkpoint: Checkpoint, own_cache: Path) -> None:
    path = checkpoint("compact-x2")
    assert facts_of(path).architecture == "RealESRGAN Compact"
    (kept,) = (file for file in (own_cache / "srbench/checkpoints").rglob("*") if file.is_file())
    kept.write_bytes(kept.read_bytes().replace(b"RealESRGAN Compact", b"another"))
    assert facts_of(path).architecture == "another"
    path.write_bytes(checkpoint("compact-x3-grey").read_bytes())
    assert facts_of(path).scale == 3


def test_notes_tell_the_hash_and_the_licence(checkpoint: Checkpoint) -> None:
    path = checkpoint("compact-x2")
    (note,) = Pretrained(weights=path, licence="BSD-3-Clause").notes
    assert hashlib.sha256(path.read_bytes()).hexdigest() in note
    assert "BSD-3-Clause" in note
    assert "not stated" in Pretrained(weights=path).notes[0]


def test_a_run_ranks_checkpoints_and_records_what_is_wrong_with_them(tmp_path: Path, checkpoint: Checkpoint) -> None:
    bench = Bench(tmp_path)
    good, small = checkpoint("esrgan-x4"), checkpoint("compact-x2")
    torch.save({"encoder.weight": torch.zeros(3)}, tmp_path / "mine.pth")
    uses = {"good": good.name, "small": small.name, "unknown": "mine.pth"}
    bench.matrix(methods=[{"use": "pretrained", "as": name, "weights": file} for name, file in uses.items()])
    assert bench.run().returncode == 1
    records = bench.records()
    status = {name: records[f"toy-noise/x4-rgb/{name}"]["status"] for name in uses}
    assert status == {"good": "ok", "small": "skipped", "unknown": "failed"}
    record = records["toy-noise/x4-rgb/good"]
    sha256 = hashlib.sha256(good.read_bytes()).hexdigest()
    assert record["ingredients"]["method"]["params"]["weights"] == {"sha256": sha256}
    (note,) = record["notes"]
    assert sha256 in note
    assert record["cost"]["parameters"] == sum(p.numel() for p in network("esrgan-x4").parameters())
    assert "upscales by 2, the protocol asks for 4" in records["toy-noise/x4-rgb/small"]["reason"]
    assert "SwinIR" in records["toy-noise/x4-rgb/unknown"]["reason"]
    # A renamed file is the same checkpoint; other weights under the name are not.
    good.rename(tmp_path / "renamed.pth")
    bench.matrix(methods=[{"use": "pretrained", "as": "good", "weights": "renamed.pth"}])
    (row,) = json.loads(bench.srbench("plan", "matrix.yaml", "--json").stdout)
    assert row["state"] == "done"
