"""Costs in words, with units, and only where something was measured."""

from srbench.leaderboard.tables.costs import cost_cell, cost_columns, cost_lines

FULL = {
    "train_seconds": 41.0,
    "train_steps": 20000,
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
    assert cost_lines(FULL) == [
        ("Parameters", "57 k"),
        ("Multiply-adds for a 1280 x 720 output", "52.7 G"),
        ("Training", "41 s"),
        ("Training steps", "20,000"),
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
    assert ("Latency of one LR of 96 x 128 pixels, ms", "3,000 (one call)") in cost_lines(cost)
    (latency,) = [column for column in cost_columns([cost]) if column.name == "latency_ms"]
    assert cost_cell(latency, cost) == {"text": "3,000", "aside": "", "sort": 3000.0}
    assert cost_cell(latency, FULL) == {"text": "4.2", "aside": "[4.1, 4.6]", "sort": 4.2}


def test_what_was_not_measured_says_so_or_stays_away():
    assert cost_lines({"macs": None, "train_seconds": None, "bananas_eaten": 3.0}) == [
        ("Multiply-adds for a 1280 x 720 output", "none counted"),
        ("Training", "not measured"),
        ("bananas eaten", "3.0"),
    ]
    assert [column.label for column in cost_columns([{"macs": None}, {"macs": 5.0, "upscale_energy_cpu_j": 1.0}])] == [
        "Multiply-adds",
        "CPU, J",
    ]
    (macs,) = cost_columns([{"macs": 5e9}])
    assert cost_cell(macs, {}) == {"text": "\N{EN DASH}", "aside": "", "sort": ""}
    assert cost_columns([{}]) == []


def test_a_count_scaled_from_a_smaller_image_says_so():
    lines = dict(cost_lines({"macs": 5e9, "macs_scaled_from_pixels": 65536}))
    assert lines["Multiply-adds scaled from an output of so many pixels"] == "65,536"
