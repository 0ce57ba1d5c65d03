"""Memory: what is held inside a block counts, what was held before does not."""

from __future__ import annotations

import time

import numpy as np
import psutil
import pytest

from srbench.runner.work.memory import MemoryPeak, peak_memory_gb

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
    assert now * 0.9 <= peak_memory_gb("cpu") < psutil.virtual_memory().total / 1e9
