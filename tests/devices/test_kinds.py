"""Kinds of devices: the CPU as it is, others as torch tells of them; what it tells of GPUs is made up."""

from __future__ import annotations

import platform
from typing import Any

import pytest
import torch

from srbench.devices import best_device, gpus, kind_of, widest
from srbench.devices.kinds import KINDS, Kind


class Calls:
    """Functions of torch that note how they were called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, **answers: Any) -> None:
        self.seen: list[tuple[Any, ...]] = []
        for name, answer in answers.items():

            def called(*given: Any, name: str = name, answer: Any = answer) -> Any:
                self.seen.append((name, *given))
                return answer

            monkeypatch.setattr(module, name, called)


def on_a_mac(monkeypatch: pytest.MonkeyPatch, newest: tuple[int, int] = (15, 0)) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", lambda *version: version <= newest)


@pytest.mark.parametrize(
    ("device", "kind"),
    [("cpu", "cpu"), ("cuda", "cuda"), ("cuda:3", "cuda"), (torch.device("cuda", 1), "cuda"), ("mps", "mps")],
)
def test_a_device_is_of_the_kind_that_its_name_begins_with(device: Any, kind: str) -> None:
    assert kind_of(device) is KINDS[kind]


def test_of_another_kind_nothing_is_known_and_nothing_fails() -> None:
    kind = kind_of("meta")
    assert type(kind) is Kind
    kind.choose("meta")
    kind.synchronise("meta")
    assert (kind.gpus(), kind.title("meta"), kind.free("meta"), kind.serial("meta")) == ([], "meta", None, None)
    assert kind.lacks("bf16", "meta") is None and not kind.own_memory


def test_gpus_of_nvidia_are_counted_and_not_made_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, torch.cuda, device_count=2, is_available=None, init=None)
    assert gpus() == ["cuda:0", "cuda:1"] and best_device() == "cuda:0"
    assert {name for name, *_ in calls.seen} == {"device_count"}


def test_a_mac_has_one_gpu_which_is_chosen_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    Calls(monkeypatch, torch.cuda, device_count=0)
    assert (gpus(), best_device()) == ([], "cpu")
    on_a_mac(monkeypatch)
    assert (gpus(), best_device()) == (["mps"], "mps")


def test_a_gpu_of_nvidia_is_what_torch_says_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = kind_of("cuda:1")
    calls = Calls(
        monkeypatch,
        torch.cuda,
        set_device=None,
        synchronize=None,
        reset_peak_memory_stats=None,
        max_memory_reserved=30,
        max_memory_allocated=20,
        memory_reserved=10,
        mem_get_info=(5, 40),
        get_device_name="Card",
    )
    kind.choose("cuda:1")
    kind.synchronise("cuda:1")
    kind.forget_peak("cuda:1")
    assert (kind.peak("cuda:1"), kind.held("cuda:1"), kind.free("cuda:1")) == ((30, 20), 10, (5, 40))
    assert kind.title("cuda:1") == "Card"
    assert {str(device) for _, device in calls.seen} == {"cuda:1"}
    assert (kind.own_memory, kind.pins, kind.doubles, kind.tunes, kind.scales) == (True, True, True, True, True)


def test_the_gpu_of_a_mac_is_what_torch_says_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = kind_of("mps")
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    calls = Calls(monkeypatch, torch.mps, synchronize=None, driver_allocated_memory=3, recommended_max_memory=10)
    kind.choose("mps")
    kind.synchronise("mps")
    assert calls.seen == [("synchronize",)]
    assert (kind.held("mps"), kind.free("mps"), kind.title("mps")) == (3, (7, 10), "arm (Metal)")
    assert not kind.own_memory and not kind.doubles and kind.exchange == "gloo"


@pytest.mark.parametrize(
    ("precision", "words"),
    [
        ("32", None),
        ("bf16", None),
        ("fp16", None),
        ("tf32", "precision tf32 needs a GPU; on a CPU use precision: bf16, or 32"),
    ],
)
def test_a_cpu_computes_in_what_torch_has_for_it(precision: str, words: str | None) -> None:
    assert kind_of("cpu").lacks(precision, "cpu") == words
    if precision in ("bf16", "fp16"):  # and there it does
        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
        image = torch.rand(1, 1, 8, 8)
        with torch.autocast("cpu", dtype=dtype):
            made = torch.nn.functional.conv2d(image, torch.ones(1, 1, 3, 3))
        assert made.dtype == dtype
        torch.testing.assert_close(
            made.float(), torch.nn.functional.conv2d(image, torch.ones(1, 1, 3, 3)), rtol=0.02, atol=0
        )


@pytest.mark.parametrize(
    ("capability", "has_bf16", "lacking"),
    [((7, 0), False, {"tf32", "bf16"}), ((8, 0), True, set()), ((9, 0), True, set())],
)
def test_older_gpus_lack_some_precisions(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], has_bf16: bool, lacking: set[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has_bf16)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Card")
    told = {name: kind_of("cuda:0").lacks(name, "cuda:0") for name in ("32", "tf32", "bf16", "fp16")}
    assert {name for name, words in told.items() if words} == lacking
    assert all(told[name] == f"Card has no {name}; use precision: fp16, or 32" for name in lacking)


@pytest.mark.parametrize(("newest", "lacking"), [((13, 6), {"tf32", "bf16"}), ((14, 0), {"tf32"})])
def test_a_mac_lacks_what_its_system_lacks(
    monkeypatch: pytest.MonkeyPatch, newest: tuple[int, int], lacking: set[str]
) -> None:
    on_a_mac(monkeypatch, newest)
    assert {name for name in ("32", "tf32", "bf16", "fp16") if kind_of("mps").lacks(name, "mps")} == lacking


def test_the_states_of_generators_are_those_of_devices_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [state for kind in KINDS.values() for state in kind.random_states()] == []
    state = torch.arange(4, dtype=torch.uint8)
    for kind in KINDS.values():
        kind.set_random_state(state)  # nothing happens where there is no such device
    on_a_mac(monkeypatch)
    calls = Calls(monkeypatch, torch.mps, get_rng_state=state, set_rng_state=None)
    assert kind_of("mps").random_states() == [state]
    kind_of("mps").set_random_state(state)
    assert calls.seen == [("get_rng_state",), ("set_rng_state", state)]


def test_sums_are_in_as_many_bits_as_there_are() -> None:
    assert [widest(device) for device in ("cpu", "cuda:1", "mps", torch.device("cpu"))] == [
        *(torch.float64, torch.float64, torch.float32, torch.float64)
    ]


def test_what_has_no_memory_of_its_own_has_no_peak_of_it() -> None:
    with pytest.raises(TypeError, match="mps has no memory of its own"):
        kind_of("mps").peak("mps")
