"""What Ray sets aside for a job, and where there is room for it, counted by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from srbench_ray.needs import Needs, needs_of

import srbench


@pytest.mark.parametrize(
    ("resources", "per_gpu", "gpus", "expected"),
    [
        ({}, 1, 0, Needs()),
        ({}, 1, 1, Needs(gpus=1)),
        ({}, 4, 1, Needs(gpus=0.25)),
        ({"gpus": 0}, 4, 1, Needs(gpus=0)),
        ({"gpus": 2}, 4, 1, Needs(gpus=2)),
        ({"gpus": 1, "cores": 6, "minutes": 5}, 2, 0, Needs(cpus=6, gpus=0.5)),
        ({"memory_gb": 1.5}, 1, 0, Needs(memory=1_500_000_000)),
        ({"options": {"custom_resource": "attic"}}, 1, 0, Needs(custom={"attic": 1})),
        ({"options": {"accelerator_type": "A100"}}, 1, 0, Needs(custom={"accelerator_type:A100": 0.001})),
        ({"options": {"partition": "long"}}, 1, 0, Needs()),
    ],
)
def test_resources_become_what_ray_counts(resources: dict[str, Any], per_gpu: int, gpus: int, expected: Needs) -> None:
    assert needs_of(srbench.Resources(**resources), per_gpu, gpus) == expected


@given(st.integers(1, 100))
def test_a_gpu_holds_just_as_many_jobs_as_share_it(per_gpu: int) -> None:
    needs = needs_of(srbench.Resources(gpus=1), per_gpu, 0)
    assert Fraction(str(needs.gpus)) * per_gpu <= 1 < Fraction(str(needs.gpus)) * (per_gpu + 1)
    assert needs.fits({"CPU": 1000, "GPU": 1}) == per_gpu
    assert needs.fits({"CPU": 1000, "GPU": 3}) == 3 * per_gpu


def test_what_runs_out_first_says_how_many_fit() -> None:
    needs = Needs(cpus=2, gpus=0.5, memory=10**9, custom={"attic": 1})
    full = {"CPU": 9, "GPU": 4, "memory": 5e9, "attic": 7, "object_store_memory": 1}
    assert needs.fits(full) == 4
    assert needs.fits({**full, "GPU": 1}) == 2
    assert needs.fits({**full, "memory": 1e9}) == 1
    assert needs.fits({**full, "attic": 0}) == 0
    assert needs.fits({}) == 0


def test_what_no_node_holds_is_told_with_what_nodes_have() -> None:
    needs = needs_of(srbench.Resources(gpus=2, cores=8, memory_gb=24, options={"custom_resource": "attic"}), 1, 0)
    small, large = {"CPU": 4, "GPU": 1, "memory": 16.3e9}, {"CPU": 64, "memory": 2.56e11, "attic": 3, "node:n1": 1}
    assert needs.lacking([small, large, small]) == (
        "no node of Ray can hold a job that needs 8 cores, 2 GPUs, 24 GB, 1 attic; "
        "there is 2 with 4 cores, 1 GPU, 16.3 GB; 1 with 64 cores, 0 GPUs, 256 GB, 3 attic. "
        "Ask for less in `resources`, or have such a node join"
    )
    assert needs.lacking([{**large, "GPU": 2}]) is None
    assert str(Needs().lacking([])).startswith("no node of Ray can hold a job that needs 1 core; there is none. ")


def test_needs_read_like_options_of_ray() -> None:
    needs = Needs(cpus=4, gpus=0.25, memory=10**9, custom={"attic": 1.0})
    assert str(needs) == "num_cpus=4, num_gpus=0.25, memory=1000000000, attic=1.0"
    assert str(Needs()) == "num_cpus=1"
    assert Needs(gpus=1).options == {"num_cpus": 1, "num_gpus": 1, "memory": None, "resources": None}
