"""The task `super-resolution`: turn LR into SR, which is compared with HR, image by image."""

from __future__ import annotations

from typing import get_args

from srbench.contract.degradations import Bicubic
from srbench.contract.names import SUPER_RESOLUTION
from srbench.contract.protocol import Channel, Protocol
from srbench.contract.task import Task
from srbench.contract.wording import Cost, Speed, Wording
from srbench.pictures.resize import Borders

_CHANNELS = {
    "y": "Y channel",
    "rgb": "RGB",
    "gray": "grey (full-range luma)",
    "y8": "8-bit Y, converted before upscaling",
}


def describe(protocol: Protocol) -> str:
    """A protocol in one line."""
    made, channel = f"{protocol.degradation} LR", _CHANNELS[protocol.channel]
    return f"x{protocol.scale}, {made}, {channel}, {protocol.border} px border, native depth"


def protocols() -> list[Protocol]:
    """x2, x3, x4 in each channel convention; `scale` pixels of border, as the literature cuts them.

    Each of them twice: with LR of mirrored borders, and as NAME-repeat with LR of repeated ones.
    """
    suffixes: dict[Borders, str] = {"mirror": "", "repeat": "-repeat"}
    return [
        Protocol(f"x{scale}-{channel}{suffix}", scale, channel, border=scale, degradation=Bicubic(borders))
        for borders, suffix in suffixes.items()
        for channel in get_args(Channel)
        for scale in (2, 3, 4)
    ]


TASK = Task(
    name=SUPER_RESOLUTION,
    needed=("scale", "channel", "border", "degradation"),
    optional=("seed",),
    describe=describe,
    wants={"method": "upscale", "metric": "compare an image with its HR"},
    making="srbench.runner.work.upscaling:make_sr",
    scoring="srbench.runner.work.upscaling:score_sr",
    judging="srbench.leaderboard.results.comparison:ByImage",
    pages="srbench.leaderboard.pages.upscaling:UpscalingPages",
    wording=Wording(
        entrant="Method",
        picture="image",
        pictures="Images",
        each="",
        compared="paired by image",
        scores="Each metric over the test set",
        whole_set="compares the whole set",
        reading="Ranks come from paired differences; methods that cannot be told apart share a rank.",
        whiskers="Whiskers are 95 % intervals of the mean; two may overlap where the paired difference is real.",
        groups=(
            "Images of one group (a patient, a slide, a photograph) are not independent, so each group counts once, "
            "with its mean."
        ),
        few_seeds="Fewer than 3 seeds: how much the result owes to the luck of one training is not known.",
        bounds=(("ceiling", "HR"), ("floor", "bicubic")),
        bounds_note=(
            "HR, the ceiling, and bicubic, the floor: what the same measure gives for them alone, without a method's "
            "images. They are there to read the others by, and have no rank."
        ),
        costs_reading=(
            "Multiply-adds are those of an output of 1280 x 720 pixels; latency is that of one small LR, whose size "
            "each cell's page states, with quartiles where it was timed more than once."
        ),
        speed=Speed(
            cost="ms_per_megapixel",
            factor=1.0,
            name="ms_per_megapixel",
            head="ms/Mpx",
            aside="of SR",
            axis="ms per megapixel of SR (left is cheaper)",
            does="upscales to a megapixel in",
        ),
    ),
    costs=(
        Cost("upscale_seconds", "Upscaling the test set", "duration"),
        Cost(
            "ms_per_megapixel",
            "Upscaling, ms per megapixel of SR",
            head="ms/Mpx",
            title="per megapixel of SR, median over the test images",
        ),
        Cost(
            "latency_ms",
            "Latency of one LR, ms",
            "latency",
            head="Latency, ms",
            title="of one small LR: median, and quartiles",
        ),
        Cost("peak_memory_gb", "Peak memory of upscaling, GB", head="Memory, GB", title="peak while upscaling"),
        Cost("peak_memory_allocated_gb", "Peak memory of upscaling held by tensors, GB"),
        Cost(
            "upscale_energy_cpu_j",
            "Energy of the CPU while upscaling the test set, J",
            head="CPU, J",
            title="energy while upscaling the test set",
        ),
        Cost(
            "upscale_energy_gpu_j",
            "Energy of the GPU while upscaling the test set, J",
            head="GPU, J",
            title="energy while upscaling the test set",
        ),
    ),
)
