"""The method `network`: its parameters in words, its steps, its models, and what the documentation says of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from rig import Bench
from srbench_architectures.catalogue import ARCHITECTURES
from srbench_architectures.method import Network
from tiny_networks import TINY, params, untrained

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.contract.training_set import TrainingSet
from srbench.registry.parameters import ParameterError, examine, presets, resolve
from srbench.registry.registry import registry
from srbench.testing.pictures import textured_uint8
from srbench.training import Batch

ROOT = Path(__file__).parents[3]
PRESETS = [(name, preset) for name, kind in ARCHITECTURES.items() for preset in kind.presets]


def training_set(scale: int = 2, channels: int = 3) -> TrainingSet:
    items = [srbench.Item(f"i{seed}", textured_uint8(seed, 48, 40, channels)) for seed in range(6)]
    return TrainingSet(items, srbench.Protocol("p", scale))


def context(folder: Path, steps: int = 2, **further: Any) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, checkpoint_seconds=1e9, **further)


class TestParameters:
    def test_a_preset_is_that_of_the_architecture(self) -> None:
        values = resolve(Network, {"architecture": "swinir", "preset": "light", "batch_size": 4})
        assert (values["embed_dim"], values["depths"], values["batch_size"]) == (60, (6, 6, 6, 6), 4)
        assert "dim" not in values

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"architecture": "swinr"}, "architecture: unknown value 'swinr'. Did you mean 'swinir'?"),
            ({"architecture": "swinir", "embd_dim": 60}, "unknown parameter 'embd_dim'. Did you mean 'embed_dim'?"),
            ({"architecture": "edsr", "embed_dim": 60}, "unknown parameter 'embed_dim'."),
            ({"architecture": "swinir", "preset": "baseline"}, "unknown preset 'baseline'."),
            ({"architecture": "swinir", "depths": [6, "x"]}, "depths: expected a whole number, got text (at [1])"),
            ({"architecture": "swinir", "upsampler": "pixelshufle"}, "upsampler: unknown value 'pixelshufle'."),
            ({"architecture": "edsr", "learning_rate": 0}, "learning_rate: expected a number > 0"),
            ({"architecture": "edsr", "schedule": [0.5, 1.0]}, "schedule: expected a number < 1.0 (at [1])"),
            ({"preset": "small"}, "parameter 'architecture' is missing"),
        ],
    )
    def test_what_is_wrong_is_said_in_words(self, given: dict[str, Any], message: str) -> None:
        (error,) = examine(Network, given)[1]
        assert str(error).startswith(message)

    @pytest.mark.parametrize(
        ("name", "given", "message"),
        [
            ("swinir", {"depths": (6, 6), "num_heads": (6,)}, "2 groups of layers, num_heads is for 1"),
            ("swinir", {"embed_dim": 50}, "embed_dim 50 is no multiple of its 6 heads"),
            ("swin2sr", {"window_size": 1}, "window of one pixel"),
            ("hat", {"embed_dim": 12, "squeeze_factor": 13}, "13 of 12 channels"),
            ("drct", {"embed_dim": 20, "num_heads": (5,), "gc": 3}, "a layer of 23 channels would have 2 heads"),
            ("atd", {"convffn_kernel_size": 4}, "4 has no centre"),
            ("dat", {"num_heads": (3,) * 6}, "half of them"),
            ("dat", {"embed_dim": 30}, "32 at least"),
            ("dat", {"split_size": (8, 12)}, "one side should divide the other"),
            ("rgt", {"split_size": (8, 24)}, "should divide 64"),
            ("rgt", {"c_ratio": 0.01}, "1 of 180 channels are no multiple of 6 heads"),
            ("grl", {"embed_dim": 31}, "half of the channels"),
            ("grl", {"window_size": 24}, "each should divide the largest"),
            ("grl", {"stripe_size": (8, 64), "anchor_window_down_factor": 8}, "multiples of 16"),
            ("craft", {"split_size_1": 12}, "should divide 16"),
            ("omnisr", {"num_feat": 30}, "no multiple of its 4 heads"),
            ("dctlsa", {"num_head": 4}, "no multiple of 4 heads"),
            ("safmn", {"dim": 30}, "no multiple of its 4"),
            ("plksr", {"kernel_size": 4}, "4 has no centre"),
            ("realplksr", {"dim": 3}, "0.25 of 3 channels"),
            ("seemore", {"topk": 4}, "there are 3 experts"),
            ("mosr", {"expansion_ratio": 0.5}, "64 of 32 channels"),
            ("moesr", {"dim": 20}, "no multiple of 8"),
            ("moesr", {"expansion_msg": 0.5}, "give 1 at least"),
            ("rcan", {"n_feats": 8}, "16 of 8 channels"),
            ("fdat", {"num_heads": 7}, "no multiple of its 7 heads"),
            ("espcn", {"filters": (64,)}, "3 kernels need 2 filters"),
            ("dat", {"batch_size": 1}, "cannot normalise over 1 image"),
            ("edsr", {"sizes": ()}, "at least one"),
        ],
    )
    def test_parameters_that_do_not_go_together_are_refused_before_anything_is_trained(
        self, name: str, given: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(srbench.SrbenchError, match=re.escape(message)):
            Network(**resolve(Network, {"architecture": name, **given}))

    def test_what_the_network_itself_refuses_is_told_with_its_name(self) -> None:
        with pytest.raises(srbench.SrbenchError, match="DITN cannot be made with these parameters: groups"):
            Network("ditn", dim=6, ffn_expansion_factor=0.01).build(3, 2)
        with pytest.raises(srbench.SrbenchError, match=r"SAFMN has too few channels .* feats\.0\.ccm\.ccm\.0\.weight"):
            Network("safmn", dim=8, ffn_scale=0.01).build(3, 2)

    def test_an_unknown_architecture_in_python(self) -> None:
        with pytest.raises(srbench.SrbenchError, match="Did you mean 'edsr'"):
            Network("edrs")
        with pytest.raises(TypeError, match="depth"):
            Network("edsr", depth=3)

    @pytest.mark.parametrize(("name", "preset"), PRESETS)
    def test_presets_name_all_that_a_training_hangs_on(self, name: str, preset: str) -> None:
        values = presets(Network, {"architecture": name})[preset]
        assert {"learning_rate", "schedule", "betas", "batch_size", "patch", "ema"} <= values.keys()

    def test_a_larger_tile_needs_no_new_training(self) -> None:
        assert Network.sampling == {"tile", "overlap"}


@pytest.mark.parametrize("name", TINY)
def test_in_sixteen_bits_it_learns_too(name: str, tmp_path: Path) -> None:
    method = Network(**params(name), frequency_weight=0.1)
    method.fit(training_set(), context(tmp_path, precision="bf16"))
    row = method.history[-1]
    assert {"spectrum", "total", "l1"} <= row.keys()
    assert float(row["total"]) == pytest.approx(float(row["l1"]) + 0.1 * float(row["spectrum"]), rel=0.05)


@pytest.mark.parametrize("name", TINY)
def test_every_weight_that_is_learned_has_a_gradient_and_no_other(name: str) -> None:
    """Not the mean colour of RCAN, not what sums up other convolutions of SPAN."""
    # What spandrel's networks make and never use: activations of Swift-SRGAN, in FDAT weights of one kind in layers of
    # the other.
    idle = {"swiftsrgan": r"(block2|convblock)\.act\.weight$", "fdat": r"blocks\.(0\.inter\.sg|1\.inter\.cg)\."}.get(
        name
    )
    method = untrained(name, batch_size=4)
    network = method.networks["network"].train()
    (stage,) = method.stages(method.networks, 2)
    lr, hr = (torch.rand(4, method.channels, side, side) for side in (16, 32))
    stage.step(Batch(lr, hr, 0.5))[method.loss].backward()
    fixed = [key for key, parameter in network.named_parameters() if not parameter.requires_grad]
    without = [key for key, parameter in network.named_parameters() if parameter.grad is None]
    assert all(re.match(r"sub_mean|add_mean|.*eval_conv", key) for key in fixed)
    assert bool(fixed) == (name in ("rcan", "span"))
    assert [key for key in without if idle is None or not re.search(idle, key)] == fixed
    assert (len(without) > len(fixed)) == (idle is not None)


def test_drcn_learns_from_its_recursions_first_and_from_their_mean_at_last() -> None:
    method = untrained("drcn")
    network, lr = method.networks["network"], torch.rand(1, 1, 8, 8)
    for progress, weights in ((0.0, [0.5, 0.5, 0.0]), (1.0, [0.0, 0.0, 1.0]), (0.5, [0.25, 0.25, 0.5])):
        made = method.architecture.learns_from(network, lr, 2, progress)
        assert [weight for weight, _ in made] == pytest.approx(weights)
    torch.testing.assert_close(made[-1][1], network(lr))


def test_a_few_steps_bring_a_network_nearer_to_hr(tmp_path: Path) -> None:
    method = Network(**{**params("edsr"), "learning_rate": 5e-3, "ema": 0.0, "num_feat": 16})
    method.fit(training_set(), context(tmp_path, 40))
    losses = [float(row["l1"]) for row in method.history]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_a_model_is_of_tensors_and_text_and_loads_without_spandrel_deciding_anything(tmp_path: Path) -> None:
    method = Network(**params("swinir"))
    method.fit(training_set(channels=1), context(tmp_path / "fit"))
    method.save(tmp_path / "model")
    assert {path.suffix for path in (tmp_path / "model").iterdir()} <= {".safetensors", ".json", ".csv"}
    again = Network(**params("swinir"))
    again.load(tmp_path / "model")
    lr = torch.rand(1, 1, 9, 8)
    assert again.channels == 1 and again.upscale(lr, 2).equal(method.upscale(lr, 2))
    other = Network(**{**params("swinir"), "depths": (1,)})
    with pytest.raises(srbench.SrbenchError, match="do not fit"):
        other.load(tmp_path / "model")


def test_importing_and_choosing_imports_neither_torch_nor_spandrel() -> None:
    code = (
        "import sys, srbench_architectures.method as m; from srbench.registry.parameters import resolve; "
        "m.Network(**resolve(m.Network, {'architecture': 'hat', 'preset': 'small'})); "
        "sys.exit('torch' in sys.modules or 'spandrel' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_is_offered_by_one_plugin() -> None:
    entry = registry().get("method", "network")
    assert entry.load() is Network and entry.plugin.distribution == "srbench-architectures"


def test_a_matrix_of_networks(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.matrix(
        methods=[
            "toy-nearest",
            {"use": "network", "as": "edsr", **params("edsr")},
            {"use": "network", "as": "swift", **params("swiftsrgan")},
            {"use": "network", "as": "misspelt", **params("edsr"), "res_scal": 1},
        ],
        train={"on": ["same"], "budget": {"steps": 2}},
        seeds=[0],
    )
    refused = bench.run()
    assert refused.returncode == 2 and "unknown parameter 'res_scal'. Did you mean 'res_scale'?" in refused.stderr
    text = (tmp_path / "matrix.yaml").read_text()
    (tmp_path / "matrix.yaml").write_text(text.replace("res_scal", "res_scale"))
    result = bench.run()
    assert result.returncode == 0, result.stdout + result.stderr


def documented() -> dict[str, dict[str, str]]:
    """The table of docs/methods.md: by architecture, its presets and their numbers of parameters."""
    table = {}
    for line in (ROOT / "docs" / "methods.md").read_text().splitlines():
        if found := re.match(r"\| `(\w+)` \|.*\| (.+) \|$", line):
            numbers = dict(re.findall(r"`([\w-]+)` ([\d,]+\d)", found[2]))
            if found[1] in ARCHITECTURES:
                table[found[1]] = numbers
    return table


def test_the_documentation_lists_every_architecture_with_what_its_class_says() -> None:
    said = {
        name: dict(re.findall(r"`([\w-]+)` ([\d,]+\d)", " ".join((kind.__doc__ or "").split("\n\n")[0].split())))
        for name, kind in ARCHITECTURES.items()
    }
    assert documented() == said


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_names_its_source_and_the_licence_of_its_code(name: str) -> None:
    text = " ".join((ARCHITECTURES[name].__doc__ or "").split())
    assert re.search(r"arXiv \d{4}\.\d{5}|IEEE|without a paper", text)
    assert re.search(r"\((.*)(Apache-2\.0|MIT|BSD-3-Clause|CC0)\)|Written from the paper", text)


def test_a_parameter_error_names_the_parameter() -> None:
    with pytest.raises(ParameterError) as caught:
        resolve(Network, {"architecture": "edsr", "num_block": 0})
    assert caught.value.parameter == "num_block"
