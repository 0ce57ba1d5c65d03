"""A plugin of a third task, beside those of srbench: take noise away, as often as the matrix file says."""

from dataclasses import replace

from srbench_toys import Grain

import srbench
from srbench.evaluate.upscale import upscale_split
from srbench.leaderboard.pages.upscaling import UpscalingPages
from srbench.runner.job.channel import Made
from srbench.runner.job.environment import environment
from srbench.runner.work.scorer import score_cell
from srbench.store.records import IMAGES
from srbench.tasks import super_resolution

NAME = "toy-denoising"


class Smooth(srbench.Method):
    """The mean of so many pixels in a row."""

    def __init__(self, pixels: int = 3) -> None:
        self.pixels = pixels

    @classmethod
    def tasks(cls):
        return frozenset({NAME})

    def upscale(self, lr, scale):
        import torch

        return torch.nn.functional.avg_pool2d(lr, (1, self.pixels), 1, (0, self.pixels // 2), count_include_pad=False)


class Error(srbench.ImageMetric):
    """The mean absolute error."""

    higher_is_better = False

    @classmethod
    def tasks(cls):
        return frozenset({NAME})

    def score(self, sr, hr):
        return float((sr - hr).abs().mean())


class Repeated(srbench.Method):
    """Another method, applied so many times."""

    def __init__(self, method: srbench.Method, times: int) -> None:
        self.method, self.times = method, times

    def upscale(self, lr, scale):
        for _ in range(self.times):
            lr = self.method.upscale(lr, scale)
        return lr


def items_of(work):
    return work.witness.items(work.task.dataset, "test", work.job.data_root, work.task.reads)


def make(work, record):
    if record is not None:
        return
    task, store = work.task, work.store
    method = Repeated(task.method.create(), task.settings["passes"])
    done = upscale_split(method, items_of(work), task.protocol, store.folder("cells", task.key) / IMAGES)
    files = store.hashes("cells", task.key, [f"{IMAGES}/{name}" for name in done.images.values()])
    cost = {"denoise_seconds": done.seconds, "parameters": 0}
    facts = {"environment": environment(work.job), "cost": cost, "images": done.images, "files": files}
    work.tell(Made(work.attempt.record("ok", **facts)))


def score(work, record):
    score_cell(work, record, items_of(work), [])


class Pages(UpscalingPages):
    def header(self):
        return ["pictures without their noise"]

    def limits(self):
        yield "Noise of a camera is another matter."


TASK = replace(
    super_resolution.TASK,
    name=NAME,
    needed=("degradation",),
    optional=("border", "seed"),
    describe=lambda protocol: f"{protocol.degradation} taken away",
    wants={"method": "take noise away", "metric": "compare a denoised image with HR"},
    making="srbench_denoising:make",
    scoring="srbench_denoising:score",
    pages="srbench_denoising:Pages",
    wording=replace(
        super_resolution.TASK.wording,
        entrant="Denoiser",
        costs_reading="",
        speed=replace(super_resolution.TASK.wording.speed, cost="denoise_seconds", factor=1000, head="ms in all"),
    ),
    costs=(srbench.Cost("denoise_seconds", "Taking the noise away", "duration", head="Denoising", title="in all"),),
    settings={"passes": 2},
    protocols=("toy-noisy",),
)


@srbench.hookimpl
def srbench_tasks():
    return [srbench.Entry(NAME, TASK, "Take noise away")]


@srbench.hookimpl
def srbench_protocols():
    return [srbench.Entry("toy-noisy", srbench.Protocol("toy-noisy", 1, degradation=Grain(40.0), task=NAME))]


@srbench.hookimpl
def srbench_methods():
    return [srbench.Entry("toy-smooth", Smooth)]


@srbench.hookimpl
def srbench_metrics():
    return [srbench.Entry("toy-error", Error)]
