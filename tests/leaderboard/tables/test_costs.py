"""Costs in words, with units, and only where something was measured."""

from srbench.leaderboard.tables.costs import cost_cell, cost_columns, cost_lines
from srbench.tasks import generation, super_resolution

TASK = super_resolution.TASK

FULL = {
    "train_seconds": 41.0,
    "train_steps": 20000,
    "going_on_seconds": 21.0,
    "going_on_steps": 10000,
    "train_peak_memory_gb": 0.5,
    "train_energy_cpu_j": 1234.0,
    "parameters": 57281,
    "macs": 52_706_304_000.0,
    "upscale_seconds": 0.5,
    "ms_per_megapixel": 3.25,
    "peak_memory_gb": 1.25,
    "peak_memory_allocated_gb": 0.75,
    "upscale_energy_gpu_j": 12.34,
    "latency_ms": 4.2,
    "latency_ms_q1": 4.1,
    "latency_ms_q3": 4.6,
    "latency_repeats": 20,
    "latency_lr_height": 128,
    "latency_lr_width": 96,
}


def test_every_cost_has_words_and_a_unit():
    assert cost_lines(FULL, TASK) == [
        ("Parameters", "57 k"),
        ("Multiply-adds for a 1280 x 720 output", "52.7 G"),
        ("Training", "41 s"),
        ("Training steps", "20,000"),
        ("Training after the earlier one that it went on from", "21 s"),
        ("Training steps after those of the earlier one", "10,000"),
        ("Peak memory of training, GB", "0.50"),
        ("Energy of the CPU while training, J", "1,200"),
        ("Upscaling the test set", "0.50 s"),
        ("Upscaling, ms per megapixel of SR", "3.2"),
        ("Latency of one LR of 96 x 128 pixels, ms", "4.2 (quartiles 4.1 and 4.6, 20 calls)"),
        ("Peak memory of upscaling, GB", "1.2"),
        ("Peak memory of upscaling held by tensors, GB", "0.75"),
        ("Energy of the GPU while upscaling the test set, J", "12"),
    ]


def test_a_slow_method_has_one_call_and_no_quartiles():
    cost = {**FULL, "latency_ms": 3000.0, "latency_ms_q1": 3000.0, "latency_ms_q3": 3000.0, "latency_repeats": 1}
    assert ("Latency of one LR of 96 x 128 pixels, ms", "3,000 (one call)") in cost_lines(cost, TASK)
    (latency,) = [column for column in cost_columns([cost], TASK) if column.name == "latency_ms"]
    assert cost_cell(latency, cost) == {"text": "3,000", "aside": "", "sort": 3000.0}
    assert cost_cell(latency, FULL) == {"text": "4.2", "aside": "[4.1, 4.6]", "sort": 4.2}


def test_what_was_not_measured_says_so_or_stays_away():
    assert cost_lines({"macs": None, "train_seconds": None, "bananas_eaten": 3.0}, TASK) == [
        ("Multiply-adds for a 1280 x 720 output", "none counted"),
        ("Training", "not measured"),
        ("bananas eaten", "3.0"),
    ]
    columns = cost_columns([{"macs": None}, {"macs": 5.0, "upscale_energy_cpu_j": 1.0}], TASK)
    assert [column.head for column in columns] == ["Multiply-adds", "CPU, J"]
    (macs,) = cost_columns([{"macs": 5e9}], TASK)
    assert cost_cell(macs, {}) == {"text": "\N{EN DASH}", "aside": "", "sort": ""}
    assert cost_columns([{}], TASK) == []


def test_a_count_scaled_from_a_smaller_image_says_so():
    lines = dict(cost_lines({"macs": 5e9, "macs_scaled_from_pixels": 65536}, TASK))
    assert lines["Multiply-adds scaled from an output of so many pixels"] == "65,536"


def test_a_cost_of_generation_is_told_once_and_in_its_own_unit():
    cost = {"sample_seconds": 0.0125, "ms_per_megapixel": 12000.0, "peak_memory_gb": 1.5}
    assert cost_lines(cost, generation.TASK) == [("Making a sample, ms", "12"), ("Peak memory of sampling, GB", "1.5")]
    (speed, _) = cost_columns([cost], generation.TASK)
    assert cost_cell(speed, cost) == {"text": "12", "aside": "", "sort": 0.0125}
