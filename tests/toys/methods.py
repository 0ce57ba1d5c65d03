"""Two right methods, and for each check of methods a wrong one that breaks only its promise."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from typing import Any, ClassVar

import srbench
from srbench.contract.fit import Interrupted
from srbench.pictures.resize import resize


class Right(srbench.Method):
    """Nearest-neighbour upscaling."""

    def upscale(self, lr, scale):
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


class RightLearner(srbench.Method):
    """Learns a brightness by a random walk, which is all that the contract needs to be kept."""

    learns = True

    def __init__(self, stride: float = 0.01):
        self.stride = stride
        self.gain = math.nan

    def fit(self, train, context):
        checkpoint = context.folder / "checkpoint.json"
        step, self.gain = json.loads(checkpoint.read_text()) if checkpoint.exists() else (0, 1.0)
        while step < context.budget.amount:
            self.gain += random.Random(f"{context.seed} {step}").uniform(-self.stride, self.stride)
            step += 1
            if context.stop():
                checkpoint.write_text(json.dumps([step, self.gain]))
                raise Interrupted

    def upscale(self, lr, scale):
        return self.gain * Right.upscale(self, lr, scale)

    def save(self, folder):
        (folder / "gain.json").write_text(json.dumps(self.gain))

    def load(self, folder):
        self.gain = json.loads((folder / "gain.json").read_text())

    def parameters_count(self):
        return 1


class RightSampler(Right):
    """Adds grain, and says that it draws it."""

    samples = True

    def upscale(self, lr, scale):
        import torch

        sr = super().upscale(lr, scale)
        return sr + 0.1 * torch.randn_like(sr)


class SampleOfAnotherSize(RightSampler):
    def sample_sr(self, lr, scale):
        return lr


class SampleByNumpy(RightSampler):
    """Draws its samples from a generator of its own, which torch's seed does not move."""

    def sample_sr(self, lr, scale):
        import torch

        sr = Right.upscale(self, lr, scale)
        return sr + 0.1 * torch.rand(sr.shape, generator=torch.Generator().manual_seed(0))


class RightButPicky(Right):
    """Refuses what it cannot do, with reasons."""

    def supports(self, problem):
        if problem.scale != 2 or problem.channels != (1,) or min(problem.smallest) < 8:
            return srbench.Skip("only x2, grey, LR of at least 8 x 8 pixels")
        return None

    def upscale(self, lr, scale):
        if scale != 2 or lr.shape[1] != 1 or min(lr.shape[2:]) < 8:
            raise ValueError("not this")
        return super().upscale(lr, scale)


class RightWithCeiling(Right):
    """Knows what it would be at best: half as grey."""

    ceiling = "HR in half the contrast"

    def reconstruct(self, hr):
        return 0.5 * hr


class Abstract(srbench.Method):
    pass


not_a_class = 3

Misnamed = type("SomethingElse", (Right,), {"__module__": __name__})


class Untyped(Right):
    def __init__(self, strength=1.0):
        self.strength = strength


class WrongDefault(Right):
    def __init__(self, strength: float = "strong"):
        self.strength = strength


class AnyParameter(Right):
    def __init__(self, **settings: float):
        self.settings = settings


class Bright:
    """Brighter by a number."""

    presets: ClassVar = {"bright": {"light": 0.5}}

    def __init__(self, light: float = 0.25): ...


class Variable(Right):
    variants: ClassVar = {"shade": {"bright": Bright}}

    def __init__(self, shade: str = "bright", strength: float = 1.0, **parameters: Any):
        self.strength, self.parameters = strength, parameters


class Unchosen(Variable):
    variants: ClassVar = {"sort": {"bright": Bright}}


class NamedTwice(Variable):
    def __init__(self, shade: str = "bright", light: float = 1.0, **parameters: Any):
        self.parameters = parameters


@dataclass(frozen=True)
class Light:
    """How bright."""

    light: float = 1.0
    tint: float = 0.0


class Lit(Right):
    shared: ClassVar = {"lamp": Light}
    presets: ClassVar = {"plain": {"light": 1.0, "strength": 2.0}, "dark": {"light": 0.5}}

    def __init__(self, strength: float = 1.0, tint: float = 0.5):
        self.strength, self.tint = strength, tint


@dataclass(frozen=True)
class Needed:
    light: float


class SharedWithoutDefault(Right):
    shared: ClassVar = {"lamp": Needed}


class Uncitable(Right):
    papers: ClassVar = (srbench.Paper(("Lim", "others"), "Enhanced networks", 2017, arxiv="arXiv:1707.02921"),)


class MisspeltPreset(Right):
    presets: ClassVar = {"small": {"strenght": 0.5}}

    def __init__(self, strength: float = 1.0):
        self.strength = strength


class UnwritableParameter(Right):
    def __init__(self, kernel: object = Right):
        self.kernel = kernel


class FailsToConstruct(Right):
    presets: ClassVar = {"none": {"strength": 0.0}}

    def __init__(self, strength: float = 1.0):
        self.inverse = 1 / strength


class AnswersFalse(Right):
    def supports(self, problem):
        return False


class SkipsSilently(Right):
    def supports(self, problem):
        return srbench.Skip("") if problem.scale == 16 else None


class FailsToFit(RightLearner):
    def fit(self, train, context):
        raise ValueError("cannot crop 128 pixels from 48")


class KeepsLrSize(Right):
    def upscale(self, lr, scale):
        return lr


class Doubles(Right):
    def upscale(self, lr, scale):
        return super().upscale(lr, scale).double()


class DividesByBlack(Right):
    def upscale(self, lr, scale):
        return super().upscale(lr / lr.amax((-1, -2, -3), keepdim=True) * lr.amax((-1, -2, -3), keepdim=True), scale)


class WhiteIs255(Right):
    def upscale(self, lr, scale):
        return 255 * super().upscale(lr, scale)


class LearnsWhite255(RightLearner):
    def upscale(self, lr, scale):
        return 255 * super().upscale(lr, scale)


class OnlyByFour(Right):
    def upscale(self, lr, scale):
        return super().upscale(lr, 4)


class OnlyColour(Right):
    def upscale(self, lr, scale):
        return super().upscale(lr, scale).expand(-1, 3, -1, -1)


class OnlyWhatItLearnedOn(RightLearner):
    def fit(self, train, context):
        super().fit(train, context)
        self.channels = next(iter(train.pairs()))[0].shape[0]

    def load(self, folder):
        super().load(folder)
        self.channels = 3

    def upscale(self, lr, scale):
        return super().upscale(lr, scale).expand(-1, self.channels, -1, -1)[:, : self.channels]


class OnlyEven(Right):
    def upscale(self, lr, scale):
        height, width = lr.shape[2:]
        if height > 4 and width > 4:
            lr = lr[..., : height - height % 2, : width - width % 2]
        return super().upscale(lr, scale)


class OnlyThreeAndMore(Right):
    def upscale(self, lr, scale):
        if min(lr.shape[2:]) < 3:
            raise RuntimeError("padding size should be less than the input size")
        return super().upscale(lr, scale)


class Drifts(Right):
    def __init__(self):
        self.calls = 0

    def upscale(self, lr, scale):
        self.calls += 1
        return super().upscale(lr, scale) + 1e-4 * self.calls


class SecretlySamples(RightSampler):
    samples = False


class NormalisesTheBatch(Right):
    def upscale(self, lr, scale):
        return super().upscale(lr, scale) + 0.1 * (lr.mean() - 0.5)


class OverwritesLr(Right):
    def upscale(self, lr, scale):
        return super().upscale(lr.sub_(0.01), scale)


class HaloTooSmall(srbench.Method):
    halo = 1

    def upscale(self, lr, scale):
        return resize(lr, scale, "lanczos")


class HaloRight(HaloTooSmall):
    halo = 3


class CeilingOfLrSize(RightWithCeiling):
    def reconstruct(self, hr):
        return hr[..., ::4, ::4]


class CeilingDividesByBlack(RightWithCeiling):
    def reconstruct(self, hr):
        return hr / hr.amax((-1, -2, -3), keepdim=True)


class CeilingDrifts(RightWithCeiling):
    calls: ClassVar[list[int]] = []

    def reconstruct(self, hr):
        self.calls.append(1)
        return hr + 0.25 * len(self.calls)


class FitsInSecret(Right):
    def fit(self, train, context):
        self.mean = sum(float(hr.mean()) for _, hr in train.pairs())


class CountsNothing(RightLearner):
    def parameters_count(self):
        return 0


class ForgetsToSave(RightLearner):
    def save(self, folder):
        pass


class ForgetsToLoad(RightLearner):
    def load(self, folder):
        self.gain = 1.0


class SavesAPickle(RightLearner):
    def save(self, folder):
        super().save(folder)
        (folder / "history.pkl").write_bytes(b"")


class FitsByGlobalSeed(RightLearner):
    def fit(self, train, context):
        super().fit(train, context)
        self.gain += 0.01 * random.random()


class IgnoresTheSeed(RightLearner):
    def fit(self, train, context):
        self.gain = 1.1
        step = 0 if not (context.folder / "step").exists() else int((context.folder / "step").read_text())
        while step < context.budget.amount:
            step += 1
            if context.stop():
                (context.folder / "step").write_text(str(step))
                raise Interrupted


class NeverAsksToStop(RightLearner):
    def fit(self, train, context):
        self.gain = 1 + 0.01 * random.Random(context.seed).random()


class AsksToStopSeldom(RightLearner):
    def fit(self, train, context):
        for step in range(int(context.budget.amount)):
            if step % 2:
                context.stop()
        self.gain = 1 + 0.01 * random.Random(context.seed).random()


class GoesOnWhenStopped(RightLearner):
    def fit(self, train, context):
        for _ in range(int(context.budget.amount)):
            context.stop()
        self.gain = 1 + 0.01 * random.Random(context.seed).random()


class StartsAgain(RightLearner):
    def fit(self, train, context):
        (context.folder / "checkpoint.json").unlink(missing_ok=True)
        super().fit(train, context)


class ResumesElsewhere(RightLearner):
    def fit(self, train, context):
        resumed = (context.folder / "checkpoint.json").exists()
        super().fit(train, context)
        self.gain += 0.01 * resumed


class SpreadsAlone(RightLearner):
    spreads = True


class TellsItsBatch(srbench.TorchMethod):
    """One convolution, in srbench's loop."""

    memory_format = "contiguous"

    def __init__(self):
        self.batch_size = 2

    def build(self, channels, scale):
        from torch import nn

        return {"network": nn.Sequential(nn.Conv2d(channels, channels * scale**2, 1), nn.PixelShuffle(scale))}

    def stages(self, networks, scale):
        import torch

        network = networks["network"]
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
        return [
            srbench.Stage(
                "pixel",
                {"network": network},
                {"l1": optimiser},
                lambda batch: {"l1": (network(batch.lr) - batch.hr).abs().mean()},
                batch_size=2,
                patch=4,
            )
        ]


class TellsASmallerBatch(TellsItsBatch):
    def __init__(self):
        self.batch_size = 1
