"""The task `generation`: make images from noise, which are compared as a set with real ones."""

from __future__ import annotations

from typing import get_args

from srbench.contract.dataset import Dataset
from srbench.contract.framing import Framing, Squares
from srbench.contract.names import GENERATION
from srbench.contract.protocol import Protocol
from srbench.contract.task import Task
from srbench.contract.wording import Cost, Speed, Wording

_REAL = {
    "shrunk": "the middle of each real image, shrunk (bicubic)",
    "tiles": "tiles of real images, at their own resolution",
}


def describe(protocol: Protocol) -> str:
    """A protocol in one line."""
    size, real = protocol.size, _REAL[protocol.framing]
    return f"generation at {size} x {size} pixels, held against {real}, native depth"


def protocols() -> list[Protocol]:
    """Squares of 32 and 64 pixels, in each framing."""
    return [
        Protocol(
            f"{size}px-tiles" if framing == "tiles" else f"{size}px", 1, task=GENERATION, size=size, framing=framing
        )
        for framing in get_args(Framing)
        for size in (32, 64)
    ]


def _squares(dataset: Dataset, protocol: Protocol) -> Dataset:
    assert protocol.size is not None, "a protocol of generation has a size"
    return Squares(dataset, protocol.size, protocol.framing)


TASK = Task(
    name=GENERATION,
    needed=("size", "framing"),
    optional=(),
    describe=describe,
    wants={"method": "make images from noise", "metric": "judge generated images, which have no HR"},
    making="srbench.runner.work.generation:make_images",
    scoring="srbench.runner.work.generation:score_images",
    judging="srbench.leaderboard.results.comparison:BySeed",
    pages="srbench.leaderboard.pages.generation:GenerationPages",
    wording=Wording(
        entrant="Generator",
        picture="sample",
        pictures="Samples",
        each=" of each generator",
        compared="over seeds",
        scores="Each metric of the whole set of samples",
        whole_set="",
        reading=(
            "A metric compares the whole set of samples with the real images, so that a generator has one value a "
            "seed: shown is the mean over seeds and, from three seeds on, its 95 % interval. Then ranks come from the "
            "differences over seeds, and generators that cannot be told apart share a rank."
        ),
        whiskers="",
        groups="",
        few_seeds=(
            "Fewer than 3 seeds: ranks are the order of the values alone. There is no interval, and nothing says "
            "whether other trainings would put the generators in another order."
        ),
        bounds=(("ceiling", "real images"),),
        bounds_note=(
            "Real images, the ceiling, in place of samples: of the training set or, where samples are compared with "
            "each other, the test images themselves. They are there to read the others by, and have no rank."
        ),
        costs_reading="",
        speed=Speed(
            cost="sample_seconds",
            factor=1000.0,
            name="ms_per_sample",
            head="ms/sample",
            aside="lower is better",
            axis="ms per sample (left is cheaper)",
            does="makes a sample in",
        ),
    ),
    costs=(
        Cost(
            "sample_seconds",
            "Making a sample, ms",
            factor=1000.0,
            head="ms/sample",
            title="time of making one sample",
        ),
        Cost("ms_per_megapixel", ""),  # the same in another unit
        Cost("peak_memory_gb", "Peak memory of sampling, GB", head="Memory, GB", title="peak while sampling"),
        Cost("peak_memory_allocated_gb", "Peak memory of sampling held by tensors, GB"),
        Cost(
            "sampling_energy_cpu_j",
            "Energy of the CPU while sampling, J",
            head="CPU, J",
            title="energy while sampling",
        ),
        Cost(
            "sampling_energy_gpu_j",
            "Energy of the GPU while sampling, J",
            head="GPU, J",
            title="energy while sampling",
        ),
    ),
    settings={"samples": 500},
    protocols=("32px",),
    shown=_squares,
    unpaired=True,
)
