"""Weights are used when they are what they are said to be: every way in which a file can be wrong is refused."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from rig.server import CONTENT, serving
from safetensors.torch import save_file

import srbench
from srbench.contract.hookspecs import hookimpl
from srbench.contract.published import PublishedError
from srbench.contract.weights_file import WeightsFile
from srbench.registry.builtin_weights import published_weights
from srbench.registry.registry import Plugin, PluginError, Registry
from srbench.store import files
from srbench.weights import lookup
from srbench.weights.lookup import WeightsDamaged, WeightsMissing, load_state, load_weights, weights_path, weights_state

HASH = "0" * 64


def declaration(name: str = "toy", file: str = "toy.pth", **facts: Any) -> WeightsFile:
    return WeightsFile(
        **{  # type: ignore[arg-type]
            "name": name,
            "url": f"https://example.org/{file}",
            "sha256": HASH,
            "licence": "CC0-1.0",
            "source": "a test",
            **facts,
        }
    )


def declaring(*files: object) -> SimpleNamespace:
    @hookimpl
    def srbench_weights() -> list[object]:
        return list(files)

    return SimpleNamespace(srbench_weights=srbench_weights)


def registry_of(*files: object) -> Registry:
    registry = Registry()
    registry.add(Plugin("toy", "srbench-toy", "1.0", "toy"), declaring(*files))
    return registry


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Put a file into an empty data root and declare it with the hash it has, unless told otherwise."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()

    def place(save: Callable[[Path], object], file: str = "toy.pth", **facts: Any) -> Path:
        path = tmp_path / "weights" / file
        save(path)
        true = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "size": path.stat().st_size}
        registry = registry_of(declaration(file=file, **{**true, **facts}))
        monkeypatch.setattr(lookup, "registry", lambda: registry)
        return path

    return place


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 5))


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(first[key].equal(second[key]) for key in first)


class TestLoading:
    @pytest.mark.parametrize("file", ["toy.pth", "toy.safetensors"])
    def test_tensors_come_back_as_they_were_saved(self, put: Callable[..., Path], file: str) -> None:
        state = network().state_dict()
        put(lambda path: (save_file if file.endswith("safetensors") else torch.save)(state, path), file)
        assert same(load_weights("toy"), state)

    def test_files_of_old_versions_of_torch_are_read(self, put: Callable[..., Path]) -> None:
        state = network().state_dict()
        put(lambda path: torch.save(state, path, _use_new_zipfile_serialization=False))
        assert same(load_weights("toy"), state)

    def test_a_file_that_is_not_there_comes_with_the_command_that_gets_it_and_no_path_of_this_machine(
        self, put: Callable[..., Path], tmp_path: Path
    ) -> None:
        put(lambda path: path.write_bytes(b"-" * 3_000_000)).unlink()
        with pytest.raises(WeightsMissing, match=r"`srbench fetch toy` gets them") as caught:
            weights_path("toy")
        for fact in ("3 MB", "CC0-1.0", "toy.pth", "the folder weights of the data root"):
            assert fact in str(caught.value)
        # The message is the reason of a skipped metric, which is published.
        assert str(tmp_path) not in str(caught.value)

    def test_a_truncated_file_is_refused(self, put: Callable[..., Path]) -> None:
        path = put(lambda path: torch.save(network().state_dict(), path))
        size = path.stat().st_size
        os.truncate(path, size - 100)
        with pytest.raises(WeightsDamaged, match=rf"it has {size - 100} of {size} bytes.*`srbench fetch toy` replaces"):
            load_weights("toy")

    def test_one_changed_bit_is_refused(self, put: Callable[..., Path]) -> None:
        path = put(lambda path: torch.save(network().state_dict(), path))
        assert weights_path("toy") == path
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        os.utime(path, (1, 1))
        with pytest.raises(WeightsDamaged, match="its sha256 is"):
            load_weights("toy")

    @pytest.mark.parametrize("zipped", [True, False])
    def test_code_in_a_file_is_not_run(self, put: Callable[..., Path], tmp_path: Path, zipped: bool) -> None:
        trace = tmp_path / "was run"

        class Code:
            def __reduce__(self) -> tuple[Any, ...]:
                return Path.touch, (trace,)

        state = {**network().state_dict(), "0.bias": Code()}
        put(lambda path: torch.save(state, path, _use_new_zipfile_serialization=zipped))
        with pytest.raises(WeightsDamaged, match="could run code; it was not loaded"):
            load_weights("toy")
        assert not trace.exists()
        # The file is as dangerous as it should be for this test.
        torch.load(weights_path("toy"), weights_only=False)
        assert trace.exists()

    def test_a_plain_pickle_is_not_run(self, put: Callable[..., Path], tmp_path: Path) -> None:
        class Code:
            def __reduce__(self) -> tuple[Any, ...]:
                return Path.touch, (tmp_path / "was run",)

        put(lambda path: path.write_bytes(pickle.dumps(Code())))
        with pytest.raises(WeightsDamaged):
            load_weights("toy")
        assert not (tmp_path / "was run").exists()

    @pytest.mark.parametrize("file", ["toy.pth", "toy.safetensors"])
    @pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 no archive", b"\x80\x02}q\x00."])
    def test_a_file_that_is_no_weights_is_refused(self, put: Callable[..., Path], file: str, content: bytes) -> None:
        put(lambda path: path.write_bytes(content), file, size=None)
        with pytest.raises(WeightsDamaged, match=rf"{file} \('toy'\)"):
            load_weights("toy")

    @pytest.mark.parametrize(
        ("held", "described"),
        [
            ({"state_dict": {"a": torch.ones(1)}}, "an object of type dict under 'state_dict'"),
            ({"a": torch.ones(1), "epoch": 3}, "an object of type int under 'epoch'"),
            ([torch.ones(1)], "an object of type list"),
            ({}, "holds nothing"),
            (torch.ones(1), "an object of type Tensor"),
            (torch.ones(2), "an object of type Tensor"),
            ({1: torch.ones(2)}, "an object of type Tensor under 1"),
        ],
    )
    def test_anything_but_tensors_by_name_is_refused(
        self, put: Callable[..., Path], held: object, described: str
    ) -> None:
        put(lambda path: torch.save(held, path))
        with pytest.raises(WeightsDamaged, match=described):
            load_weights("toy")

    def test_a_file_is_hashed_once_a_process_and_again_when_it_changes(
        self, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed = []
        true_hash = files.sha256_of
        monkeypatch.setattr(files, "sha256_of", lambda path: hashed.append(path) or true_hash(path))
        path = put(lambda path: torch.save(network().state_dict(), path))
        for _ in range(3):
            weights_path("toy")
        assert hashed == [path]
        path.write_bytes(b"other")
        with pytest.raises(WeightsDamaged):
            weights_path("toy")
        assert hashed == [path, path]


class TestFitting:
    def test_every_tensor_is_that_of_the_file(self) -> None:
        state = {key: torch.full_like(tensor, 3) for key, tensor in network().state_dict().items()}
        module = network()
        load_state(module, state, "toy")
        assert same(module.state_dict(), state)
        assert module[0].weight.requires_grad

    def test_a_network_without_values_gets_them(self) -> None:
        state = network().state_dict()
        with torch.device("meta"):
            module = network()
        load_state(module, state, "toy")
        assert same(module.state_dict(), state)
        module.eval()
        expected = network().eval()
        image = torch.rand(1, 3, 6, 6)
        assert module(image).equal(expected(image))

    def test_the_networks_own_type_is_kept(self) -> None:
        module = network().double()
        load_state(module, network().state_dict(), "toy")
        assert module[0].weight.dtype == torch.float64
        assert module[0].weight.equal(network()[0].weight.double())

    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda state: state.pop("1.running_var"), r"1 of 9 tensors are missing \(1.running_var\)"),
            (lambda state: state.clear(), r"9 of 9 tensors are missing \(0.weight, 0.bias, 1.weight, ...\)"),
            (lambda state: state.update(extra=torch.ones(1)), r"1 tensors belong to no part of it \(extra\)"),
            (
                lambda state: state.update({"2.weight": state["2.weight"].T}),
                r"2.weight is \(4, 5\) instead of \(5, 4\), as if transposed",
            ),
            (
                lambda state: state.update({"0.weight": state["0.weight"].permute(2, 3, 1, 0)}),
                r"0.weight is \(3, 3, 3, 4\) instead of \(4, 3, 3, 3\), as if transposed",
            ),
            (
                lambda state: state.update({"0.bias": torch.ones(5)}),
                r"0.bias is \(5,\) instead of \(4,\)\)",
            ),
            (
                lambda state: state.update({"0.bia": state.pop("0.bias")}),
                r"missing \(0.bias\); 1 tensors belong to no part of it \(0.bia\)",
            ),
            (
                lambda state: state.update({"0.weight": state["0.weight"].to(torch.int8)}),
                r"1 tensors hold another kind of number \(0.weight is int8 instead of float32\)",
            ),
            (
                lambda state: state.update({"0.bias": state["0.bias"].to(torch.complex64)}),
                r"0.bias is complex64 instead of float32",
            ),
            (
                lambda state: state.update({"1.num_batches_tracked": torch.tensor(2.5)}),
                r"1.num_batches_tracked is float32 instead of int64",
            ),
            (
                lambda state: state.update({"2.weight": state["2.weight"].to_sparse()}),
                r"1 tensors are not plain arrays of numbers \(2.weight\)",
            ),
            (
                lambda state: state.update({"2.weight": state["2.weight"].to("meta")}),
                r"1 tensors are not plain arrays of numbers \(2.weight\)",
            ),
            (
                lambda state: state["1.running_var"].__setitem__(2, torch.nan),
                r"1 tensors hold values that are not finite \(1.running_var\)",
            ),
            (
                lambda state: state.update({"0.bias": torch.full((4,), 1e300, dtype=torch.float64)}),
                r"1 tensors hold values that are not finite \(0.bias\)",
            ),
        ],
    )
    def test_weights_that_do_not_fit_are_refused_and_change_nothing(
        self, spoil: Callable[[dict[str, torch.Tensor]], object], message: str
    ) -> None:
        module = network()
        state = {key: torch.full_like(tensor, 3) for key, tensor in module.state_dict().items()}
        spoil(state)
        with pytest.raises(WeightsDamaged, match=f"'toy' do not fit Sequential.*{message}"):
            load_state(module, state, "toy")
        assert same(module.state_dict(), network().state_dict())


class TestDeclaring:
    def test_the_file_on_disk_has_its_publishers_name(self) -> None:
        file = declaration(url="https://example.org/a/b/Some-Net_v2.pth?download=true")
        assert file.file == "Some-Net_v2.pth"

    @pytest.mark.parametrize(
        ("facts", "message"),
        [
            ({"name": "../toy"}, "a name is letters"),
            ({"name": ""}, "a name is letters"),
            ({"url": "file:///etc/passwd"}, "should begin with https://"),
            ({"url": "ftp://example.org/toy.pth"}, "should begin with https://"),
            ({"url": "https://example.org/"}, "end in a file name"),
            ({"url": "https://example.org/.hidden"}, "end in a file name"),
            ({"url": "https://example.org/%2e%2e"}, "end in a file name"),
            ({"url": "https://example.org/a%2f..%2f..%2f.ssh"}, "end in a file name"),
            ({"sha256": "397923af"}, "64 lower-case hex digits"),
            ({"sha256": "A" * 64}, "64 lower-case hex digits"),
            ({"size": 0}, "a size of 0 bytes"),
            ({"licence": " "}, "the licence is empty"),
            ({"source": ""}, "the source is empty"),
        ],
    )
    def test_a_declaration_that_cannot_be_used(self, facts: dict[str, Any], message: str) -> None:
        with pytest.raises(PublishedError, match=message):
            declaration(**facts)

    def test_plugins_declare_and_names_are_found(self) -> None:
        registry = registry_of(declaration("one"), declaration("two", "two.pth"))
        assert [declared.file.name for declared in registry.weights] == ["one", "two"]
        assert registry.weights_file("two").file == "two.pth"
        with pytest.raises(PluginError, match=r"unknown weights 'tow'. Did you mean 'two'\?"):
            registry.weights_file("tow")

    def test_two_plugins_may_need_the_same_file(self) -> None:
        registry = registry_of(declaration())
        registry.add(Plugin("other", "srbench-other", "1.0", "other"), declaring(declaration()))
        assert not registry.broken
        assert registry.weights_file("toy") == declaration()
        assert len(registry.weights) == 1

    def test_one_name_for_two_files_is_an_error_that_names_both(self) -> None:
        registry = registry_of(declaration())
        registry.add(Plugin("other", "srbench-other", "1.0", "other"), declaring(declaration(sha256="1" * 64)))
        with pytest.raises(PluginError, match="different files by srbench-toy and srbench-other"):
            registry.weights_file("toy")
        assert [broken.plugin.distribution for broken in registry.broken] == ["srbench-other"]

    @pytest.mark.parametrize("thing", [None, "toy", {"name": "toy"}])
    def test_a_hook_that_returns_something_else(self, thing: object) -> None:
        (broken,) = registry_of(thing).broken
        assert "it should return a list of srbench.WeightsFile" in broken.reason

    def test_it_is_part_of_the_public_names(self) -> None:
        assert srbench.WeightsFile is WeightsFile


class TestPublished:
    @pytest.mark.parametrize("file", published_weights(), ids=lambda file: file.name)
    def test_hashes_agree_with_the_digits_in_file_names(self, file: WeightsFile) -> None:
        digits = file.file.removesuffix(".pth").rpartition("-")[2]
        if file.name == "radimagenet-resnet50":
            assert "huggingface.co/MONAI/checkpoints" in file.url
        else:
            assert len(digits) == 8
            assert file.sha256.startswith(digits)

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("alexnet", "AlexNet_Weights"),
            ("vgg16", "VGG16_Weights"),
            ("vgg19", "VGG19_Weights"),
            ("squeezenet1_1", "SqueezeNet1_1_Weights"),
        ],
    )
    def test_addresses_and_sizes_are_torchvisions(self, name: str, kind: str) -> None:
        from srbench.weights.torchvision_shim import import_torchvision

        published = getattr(import_torchvision().models, kind).IMAGENET1K_V1
        (file,) = (file for file in published_weights() if file.name == name)
        assert file.url == published.url
        assert file.size == pytest.approx(published.meta["_file_size"] * 2**20, abs=2**10)
        # Four bytes a parameter and a little for the format.
        assert file.size == pytest.approx(4 * published.meta["num_params"], rel=0.01)


def test_what_is_missing_damaged_or_partly_there_is_fetched(put: Callable[..., Path], tmp_path: Path) -> None:
    with serving() as server:
        facts = {"url": server.url, "sha256": hashlib.sha256(CONTENT).hexdigest(), "size": len(CONTENT)}
        path = put(lambda path: path.write_bytes(b"damaged"), "weights.pth", **facts)
        file = lookup.weights_file("toy")
        assert weights_state(file) == "damaged"
        path.unlink()
        assert weights_state(file) == "absent"
        server.cuts = [1000]
        with pytest.raises(srbench.SrbenchError):
            lookup.download(file.url, path, checksum=file.sha256, pauses=(), size=file.size)
        assert weights_state(file) == "partly here"
        assert lookup.fetch_weights("toy") == path
        assert weights_state(file) == "here"
        requests = len(server.asked)
        assert lookup.fetch_weights("toy") == path
        assert len(server.asked) == requests
        path.write_bytes(b"damaged")
        assert lookup.fetch_weights("toy") == path
        assert path.read_bytes() == CONTENT
    assert [entry.name for entry in (tmp_path / "weights").iterdir()] == ["weights.pth"]
