import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from toys.training import Toy, many_images, picture, training_set

import srbench
from srbench.contract.fit import Budget, FitContext, Start
from srbench.training.data.batch import Batch
from srbench.training.torch_method import ModelError, TorchMethod


def fitted(folder: Path, *images: object) -> Toy:
    toy = Toy()
    toy.fit(training_set(*(images or [picture(20, 20)])), FitContext(0, Budget("steps", 9), folder))
    return toy


@pytest.mark.parametrize("channels", [1, 3])
def test_a_saved_model_gives_the_same_sr_bit_for_bit(tmp_path: Path, channels: int) -> None:
    toy = fitted(tmp_path / "checkpoint", picture(20, 20, channels))
    toy.save(tmp_path / "model")
    again = Toy()
    again.load(tmp_path / "model")
    for lr in (torch.rand(2, 1, 5, 7), torch.rand(1, 3, 1, 1)):
        assert torch.equal(toy.upscale(lr, 2), again.upscale(lr, 2))
        assert toy.upscale(lr, 2).shape == (lr.shape[0], lr.shape[1], lr.shape[2] * 2, lr.shape[3] * 2)
    assert (
        again.parameters_count()
        == toy.parameters_count()
        == sum(p.numel() for p in toy.networks["generator"].parameters())
    )
    assert {p.name for p in (tmp_path / "model").iterdir()} == {
        "weights.safetensors",
        "method.json",
        "history.csv",
        "training.json",
    }


def test_the_saved_weights_are_the_averaged_ones(tmp_path: Path) -> None:
    raw, averaged = Toy(ema=0.0), Toy(ema=0.9)
    for toy in (raw, averaged):
        toy.fit(training_set(picture(20, 20)), FitContext(0, Budget("steps", 9), tmp_path / str(toy.ema)))
        toy.save(tmp_path / f"model{toy.ema}")
    lr = torch.rand(1, 3, 6, 6)
    assert not torch.equal(raw.upscale(lr, 2), averaged.upscale(lr, 2))
    again = Toy()
    again.load(tmp_path / "model0.9")
    assert torch.equal(again.upscale(lr, 2), averaged.upscale(lr, 2))


def test_the_history_is_a_table_of_all_stages(tmp_path: Path) -> None:
    import pandas as pd

    fitted(tmp_path).save(tmp_path / "model")
    table = pd.read_csv(tmp_path / "model" / "history.csv")
    assert list(table.columns[:3]) == ["stage", "step", "seconds"]
    assert set(table.columns[3:]) == {"lr", "l1", "lr generator", "lr critic", "generator", "critic", "content"}
    assert table["step"].tolist() == list(range(1, 10))
    assert table["stage"].tolist() == ["pixel"] * 6 + ["adversarial"] * 3
    assert table.loc[:5, "l1"].notna().all() and table.loc[6:, "critic"].notna().all()


def test_a_colour_network_upscales_grey_and_a_grey_network_colour(tmp_path: Path) -> None:
    colour = fitted(tmp_path / "3")
    grey = torch.rand(1, 1, 6, 6)
    assert torch.allclose(colour.upscale(grey, 2), colour.upscale(grey.expand(-1, 3, -1, -1), 2).mean(1, keepdim=True))
    one = fitted(tmp_path / "1", picture(20, 20, 1))
    rgb = torch.rand(2, 3, 6, 6)
    for channel in range(3):
        apart = one.upscale(rgb[:, channel : channel + 1], 2)
        assert torch.allclose(one.upscale(rgb, 2)[:, channel : channel + 1], apart, atol=1e-6)


@pytest.mark.parametrize("learned", [1, 3])
@pytest.mark.parametrize("asked", [1, 3])
@pytest.mark.parametrize("trains_on", ["y", "all"])
def test_a_ceiling_is_asked_with_the_channels_that_the_networks_learned(
    learned: int, asked: int, trains_on: str
) -> None:
    class Ceiled(Toy):
        ceiling = "HR"

        def reconstruction(self, hr: torch.Tensor) -> torch.Tensor:
            assert hr.shape[1] == self.channels
            return hr

    Ceiled.trains_on = trains_on
    method = Ceiled()
    hr = torch.rand(2, asked, 6, 8)
    with pytest.raises(ModelError, match="learned nothing"):
        method.reconstruct(hr)
    method._make(learned, 2)
    torch.testing.assert_close(method.reconstruct(hr), hr)
    bare = Toy()
    bare._make(3, 2)
    with pytest.raises(TypeError, match="has no ceiling"):
        bare.reconstruct(hr)


def test_the_seed_decides_the_weights(tmp_path: Path) -> None:
    toys = []
    for folder, seed in [("a", 1), ("b", 1), ("c", 2)]:
        toy = Toy()
        torch.rand(5)
        toy.fit(training_set(picture(20, 20)), FitContext(seed, Budget("steps", 3), tmp_path / folder))
        toys.append(toy.upscale(torch.full((1, 3, 4, 4), 0.5), 2))
    assert torch.equal(toys[0], toys[1]) and not torch.equal(toys[0], toys[2])


def test_a_model_is_for_one_scale_and_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="learned nothing"):
        Toy().upscale(torch.rand(1, 1, 4, 4), 2)
    with pytest.raises(ModelError, match="learned nothing"):
        Toy().save(tmp_path)
    with pytest.raises(ModelError, match="by 2, not by 3"):
        fitted(tmp_path).upscale(torch.rand(1, 1, 4, 4), 3)


def test_a_damaged_model_names_its_folder(tmp_path: Path) -> None:
    model = tmp_path / "model"
    with pytest.raises(ModelError, match="model"):
        Toy().load(model)
    fitted(tmp_path / "checkpoint").save(model)
    facts = (model / "method.json").read_text()
    data = (model / "weights.safetensors").read_bytes()
    for broken in ("", "{}", "[1]", '{"scale": "x", "channels": 1}'):
        (model / "method.json").write_text(broken)
        with pytest.raises(ModelError, match="not a model of Toy"):
            Toy().load(model)
    (model / "method.json").write_text(facts.replace('"channels": 3', '"channels": 1'))
    with pytest.raises(ModelError, match="do not fit Toy"):
        Toy().load(model)
    (model / "method.json").write_text(facts)
    (model / "weights.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match="not a model of Toy"):
        Toy().load(model)


def test_neither_the_base_nor_srcnn_imports_torch_until_it_computes() -> None:
    code = (
        "import sys, srbench; srbench.TorchMethod, srbench.Stage; import srbench.training.loop.engine, "
        "srbench.training.data.patches, srbench_srcnn.method as m; m.SRCNN(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_method_of_the_documentation_learns(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "training.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    names: dict[str, type[TorchMethod]] = {}
    exec(compile(code, "training.md", "exec"), names)
    method = names["Subpixel"]()
    method.fit(training_set(picture(40, 40)), FitContext(0, Budget("steps", 40), tmp_path))
    assert method.history[-1]["l1"] < 0.5 * method.history[0]["l1"]


@pytest.mark.parametrize(("rate", "noted"), [(1e-3, False), (1e3, True)])
def test_weights_that_are_good_for_nothing_are_noted_though_every_loss_was_finite(
    tmp_path: Path, rate: float, noted: bool
) -> None:
    class Residual(torch.nn.Module):
        """Nearest neighbours, and what a convolution adds: nothing at first."""

        def __init__(self) -> None:
            super().__init__()
            self.added = torch.nn.Conv2d(1, 1, 3, padding=1)
            torch.nn.init.zeros_(self.added.weight)
            torch.nn.init.zeros_(self.added.bias)

        def forward(self, lr: torch.Tensor) -> torch.Tensor:
            large = torch.nn.functional.interpolate(lr, scale_factor=2)
            return large + self.added(large)

    class Steep(srbench.TorchMethod):
        trains_on = "y"

        def build(self, channels: int, scale: int) -> dict[str, torch.nn.Module]:
            return {"network": Residual()}

        def stages(self, networks: dict[str, torch.nn.Module], scale: int) -> list[srbench.Stage]:
            network = networks["network"]

            def step(batch: Batch) -> dict[str, torch.Tensor]:
                return {"l1": (network(batch.lr) - batch.hr).abs().mean()}

            optimisers = {"l1": torch.optim.SGD(network.parameters(), lr=rate)}
            return [srbench.Stage("pixel", networks, optimisers, step, 2, 8, validate=self.validation_psnr)]

    method = Steep()
    method.fit(training_set(*many_images(6)), FitContext(0, Budget("steps", 3), tmp_path))
    said = [note for note in method.notes if "dB below bicubic interpolation" in note]
    assert bool(said) == noted


class Frozen(srbench.TorchMethod):
    """One convolution, of which nothing is learned: it stays as it started."""

    memory_format = "contiguous"

    def __init__(self, trains_on: str = "all") -> None:
        self.trains_on = trains_on

    def build(self, channels: int, scale: int) -> dict[str, torch.nn.Module]:
        ends = torch.nn.Conv2d(channels, channels * scale**2, 3, padding=1), torch.nn.PixelShuffle(scale)
        return {"network": torch.nn.Sequential(*ends)}

    def stages(self, networks: dict[str, torch.nn.Module], scale: int) -> list[srbench.Stage]:
        network = networks["network"]
        seen = {"network": [fit.fitted for fit in self.started]}
        assert seen["network"] in ([], [2]), "stages know what was started from"

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            return {"l1": (network(batch.lr) - batch.hr).abs().mean()}

        return [
            srbench.Stage(
                "only", networks, {"l1": torch.optim.SGD(network.parameters(), lr=0.0)}, step, batch_size=2, patch=4
            )
        ]


@pytest.mark.parametrize("trains_on", ["all", "y"])
def test_weights_for_colour_start_a_network_for_grey_which_gives_the_same_sr(tmp_path: Path, trains_on: str) -> None:
    colour = Frozen()
    colour.fit(training_set(picture(24, 24)), FitContext(0, Budget("steps", 1), tmp_path / "colour"))
    colour.save(tmp_path / "model")
    start = Start(tmp_path / "model/weights.safetensors", "colour")
    grey = Frozen(trains_on)
    context = FitContext(1, Budget("steps", 1), tmp_path / "grey", start=start)
    grey.fit(training_set(picture(24, 24, 1)), context)
    lr = torch.rand(2, 1, 7, 9)
    torch.testing.assert_close(grey.upscale(lr, 2), colour.upscale(lr, 2), rtol=1e-5, atol=1e-6)
    grey.save(tmp_path / "started")
    (note,) = (note for note in grey.notes if "started" in note)
    assert note.startswith("It started from the weights of colour: all 2 tensors of network; for grey, of weights for")
    told = json.loads((tmp_path / "started/training.json").read_text())
    assert (
        told["start"][0] | {"network": "network", "fitted": 2, "total": 2, "converted": "colour to grey"}
        == (told["start"][0])
    )
    assert note in told["notes"] and grey.facts["started_tensors"] == 2
    again = Frozen(trains_on)
    again.load(tmp_path / "started")
    assert again.upscale(lr, 2).equal(grey.upscale(lr, 2)) and note in again.notes


def test_what_begins_anew_begins_as_it_would_have_without_a_start(tmp_path: Path) -> None:
    """Networks for other channels are made to compare with, and draw nothing from the training's generators."""
    file = tmp_path / "other.safetensors"
    first = Frozen()
    first.fit(training_set(picture(24, 24, 1)), FitContext(0, Budget("steps", 1), tmp_path / "a"))
    first.save(tmp_path / "model")
    weights = (tmp_path / "model/weights.safetensors").rename(file)
    trained = []
    for name, start in (("anew", None), ("started", Start(file, "grey"))):
        toy = Frozen()
        toy.fit(training_set(picture(24, 24)), FitContext(5, Budget("steps", 1), tmp_path / name, start=start))
        trained.append((toy.history[-1]["l1"], torch.rand(3)))
    assert weights == file and trained[0][1].equal(trained[1][1]), "chance goes on alike"
    assert trained[0][0] != trained[1][0]
