"""Memory: what is held inside a block counts, what was held before does not."""

from __future__ import annotations

import time

import numpy as np
import psutil
import pytest
import torch

from srbench.runner.work.memory import MemoryPeak, full_gpu, gpu_ran_out, peak_cost, ran_out

SIZE = 200_000_000


def test_what_is_held_inside_is_seen_even_when_it_is_given_back_before_the_end() -> None:
    with MemoryPeak("cpu") as peak:
        held = np.ones(SIZE, np.uint8)
        # Until the sampler has come by; the block itself would end before that.
        for _ in range(1000):
            if held[-1] and peak.gb >= 0.15:
                break
            time.sleep(0.01)
        del held
    assert 0.15 <= peak.gb < 5
    assert peak.cost() == {"peak_memory_gb": peak.gb}
    assert peak.cost("train_") == {"train_peak_memory_gb": peak.gb}


def test_what_was_held_before_does_not_count() -> None:
    held = np.ones(SIZE, np.uint8)
    with MemoryPeak("cpu") as peak:
        pass
    assert peak.gb < 0.15 and held[-1]


def test_an_error_inside_comes_out_and_the_sampler_ends() -> None:
    peak = MemoryPeak("cpu")
    with pytest.raises(ZeroDivisionError), peak:
        raise ZeroDivisionError
    assert not peak._thread.is_alive()


def test_of_a_gpu_what_tensors_held_is_told_too() -> None:
    peak = MemoryPeak("cuda:0")
    peak.gb, peak.allocated_gb = 2.0, 1.5
    assert peak.cost("x_") == {"x_peak_memory_gb": 2.0, "x_peak_memory_allocated_gb": 1.5}


def test_the_process_held_at_least_what_it_holds_now() -> None:
    now = psutil.Process().memory_info().rss / 1e9
    (held,) = peak_cost("cpu").values()
    assert held is not None and now * 0.9 <= held < psutil.virtual_memory().total / 1e9


def test_of_a_gpu_the_allocators_peaks_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch says of the device is believed; here it is made up."""
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: {"cuda:1": 3_000_400_000}[device])
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: {"cuda:1": 2_500_000_000}[device])
    expected = {"peak_memory_gb": 3.0, "peak_memory_allocated_gb": 2.5}
    assert peak_cost("cuda:1") == expected
    with MemoryPeak("cuda:1") as peak:
        pass
    assert peak.cost() == expected


def test_of_a_gpu_without_memory_of_its_own_what_it_holds_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Mac's GPU is made up: what Metal gave rises by 2 GB, and falls again before the end."""
    held = iter([1_000_000_000, 1_500_000_000, 3_000_000_000])
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: next(held, 500_000_000))
    with MemoryPeak("mps") as peak:
        for _ in range(1000):
            if peak.gb >= 2:
                break
            time.sleep(0.01)
    assert peak.cost() == {"peak_memory_gb": 2.0}
    assert peak_cost("mps").keys() == {"peak_memory_gb"}


@pytest.mark.parametrize(
    ("error", "of_a_gpu", "of_any"),
    [
        (RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB)"), True, True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB"), True, True),
        (RuntimeError("CUDA error: out of memory"), True, True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True, True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), False, True),
        (MemoryError(), False, True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False, False),
    ],
)
def test_errors_tell_whose_memory_was_full(error: Exception, of_a_gpu: bool, of_any: bool) -> None:
    assert (gpu_ran_out(error), ran_out(error)) == (of_a_gpu, of_any)


@pytest.mark.parametrize(
    ("free", "words"),
    [
        (0.5e9, ": Card has 24.0 GB, of which this process held 22.9. Do this"),
        (
            0.1e9,
            ": Card has 24.0 GB, of which this process held 22.9 and others 1.0; alone on the GPU it may fit. Do this",
        ),
    ],
)
def test_a_full_gpu_is_told_with_what_it_has_and_who_held_it(
    monkeypatch: pytest.MonkeyPatch, free: float, words: str
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 24e9))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 22.85e9)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Card")
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has")
    told = full_gpu(error, "cuda:0", "Do this")
    assert told == f"the GPU's memory was full when 20.00 MiB more were asked for{words}"


def test_a_gpu_that_answers_nothing_any_more_is_told_without_numbers() -> None:
    assert full_gpu(RuntimeError("CUDA error: out of memory"), "cpu", "Do this") == "the GPU's memory was full. Do this"
