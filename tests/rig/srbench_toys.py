"""A plugin of small methods and datasets: one that works, and one for each way to go wrong."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

import srbench


class Nearest(srbench.Method):
    """Repeats pixels."""

    def upscale(self, lr, scale):
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


class Raises(Nearest):
    """Raises."""

    def upscale(self, lr, scale):
        raise ValueError("no such luck </script>")


class NotFinite(Nearest):
    """Returns a NaN."""

    def upscale(self, lr, scale):
        sr = super().upscale(lr, scale)
        sr[..., 0, 0] = float("nan")
        return sr


class WrongShape(Nearest):
    """Forgets to upscale."""

    def upscale(self, lr, scale):
        return lr


class Exits(Nearest):
    """Ends its process."""

    def upscale(self, lr, scale):
        os._exit(3)


class Dies(Nearest):
    """Kills its process."""

    def upscale(self, lr, scale):
        os.kill(os.getpid(), signal.SIGKILL)


class Sleeps(Nearest):
    """Takes a day."""

    def upscale(self, lr, scale):
        time.sleep(86400)


class Hogs(Nearest):
    """Fills the memory."""

    def upscale(self, lr, scale):
        self.hoard = [np.ones(2**24) for _ in range(64)]
        time.sleep(60)


class Leaves(Nearest):
    """Leaves a process behind, in a session of its own."""

    def upscale(self, lr, scale):
        subprocess.Popen(["sleep", "86400"], start_new_session=True)
        return super().upscale(lr, scale)


class Refuses(Nearest):
    """Supports nothing."""

    def supports(self, problem):
        return srbench.Skip(f"only x1, not x{problem.scale}")


class Puzzled(Nearest):
    """Cannot say what it supports."""

    def supports(self, problem):
        raise KeyError(problem.scale)


class Unmade(Nearest):
    """Cannot be made."""

    def __init__(self, depth: int = 3) -> None:
        raise ValueError(f"depth {depth} is odd")


class Verbose(Nearest):
    """Has much to say about what is wrong."""

    def upscale(self, lr, scale):
        raise ValueError("no such luck, " * 20_000)


class Edits(Nearest):
    """Changes the code of its plugin, once, as a person would who goes on working while a run is under way."""

    def upscale(self, lr, scale):
        done = Path(os.environ["SRBENCH_TEST_FOLDER"], "edited")
        if not done.exists():
            done.touch()
            Path(__file__).write_text(Path(__file__).read_text() + "EDITED = True\n")
        return super().upscale(lr, scale)


class Stubborn(Nearest):
    """Learns, but fails at it."""

    learns = True

    def fit(self, train, context):
        raise RuntimeError("cannot learn")


class Pixel(srbench.TorchMethod):
    """One convolution; goes wrong at step `spoil`, unless a file `cured` is there.

    It waits at a file `gate` until that is gone, or until it is asked to stop: then it opens the gate itself.
    """

    memory_format = "contiguous"

    def __init__(self, spoil: int = 0) -> None:
        self.spoil = spoil
        self.notes.append("A toy.")

    def fit(self, train, context):
        self._asked_to_stop = context.stop
        return super().fit(train, context)

    def build(self, channels, scale):
        from torch import nn

        convolution = nn.Conv2d(channels, channels * scale**2, 3, padding=1)
        return {"network": nn.Sequential(convolution, nn.PixelShuffle(scale))}

    def stages(self, networks, scale):
        import torch

        network = networks["network"]
        calls = iter(range(1, 10**9))
        folder = Path(os.environ["SRBENCH_TEST_FOLDER"])
        cured, gate = (folder / "cured").exists(), folder / "gate"

        def step(batch):
            call = next(calls)
            while call == 3 and gate.exists():
                (folder / "at-the-gate").touch()
                if self._asked_to_stop():
                    gate.unlink(missing_ok=True)
                time.sleep(0.02)
            loss = (network(batch.lr) - batch.hr).abs().mean()
            return {"l1": loss * float("nan") if call == self.spoil and not cured else loss}

        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
        score = self.validation_psnr
        return [
            srbench.Stage("pixel", {"network": network}, {"l1": optimiser}, step, 2, 4, validate=score, keep="best")
        ]


class Noted(Pixel):
    """Notes each time that it is trained and each picture that it upscales, in the bench's file `done.txt`."""

    def _note(self, line):
        with Path(os.environ["SRBENCH_TEST_FOLDER"], "done.txt").open("a") as file:
            file.write(f"{line}\n")

    def fit(self, train, context):
        self._note(f"train {context.seed}")
        return super().fit(train, context)

    def upscale(self, lr, scale):
        self._note("upscale")
        return super().upscale(lr, scale)


class Noise(srbench.Dataset):
    """Textured pictures, two to test on and two others to train on, unless told otherwise."""

    def __init__(self, size: int = 48, train: int = 2) -> None:
        self.size, self.trained_on = size, train

    def _pictures(self, seed, count=2):
        for index in range(count):
            generator = np.random.default_rng([seed, index])
            rough = generator.random((self.size // 6, self.size // 6, 3))
            picture = np.kron(rough, np.ones((6, 6, 1))) * 200 + generator.random((self.size, self.size, 3)) * 50
            yield srbench.Item(f"noise{seed}-{index}", picture.astype(np.uint8))

    def train(self):
        return self._pictures(1, self.trained_on)

    def test(self):
        return self._pictures(2)


class Absent(Noise):
    """Not on this machine."""

    def prepare(self, root):
        raise srbench.DatasetMissing(f"nothing at {root / 'absent'}")


class Damaged(Noise):
    """Its file is no picture."""

    def test(self):
        path = Path(os.environ["SRBENCH_TEST_FOLDER"]) / "damaged.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n not a picture")
        return [srbench.Item("damaged", path)]


class Blind(Noise):
    """Its pictures cannot be read."""

    def test(self):
        def read():
            raise ZeroDivisionError("no pixels")

        return [srbench.Item("blind", read)]


class Leaky(Noise):
    """Trains on what it tests."""

    def train(self):
        return self.test()


METHODS = (
    *(Nearest, Raises, NotFinite, WrongShape, Exits, Dies, Sleeps, Hogs, Leaves, Refuses, Puzzled, Unmade, Verbose),
    *(Edits, Stubborn, Pixel, Noted),
)


@srbench.hookimpl
def srbench_methods():
    return [srbench.Entry(f"toy-{kind.__name__.lower()}", kind) for kind in METHODS]


@dataclass(frozen=True)
class Grain(srbench.Degradation):
    """Every scale-th pixel, with noise."""

    name: ClassVar[str] = "toy-grain"
    draws: ClassVar[bool] = True
    sigma: float = 5.0

    def lr(self, hr, values, scale, rng):
        lr = hr[::scale, ::scale]
        return (lr + self.sigma * rng.standard_normal(lr.shape)).clip(values.low, values.high).astype(hr.dtype)


@srbench.hookimpl
def srbench_degradations():
    return [srbench.Entry("toy-grain", Grain)]


@srbench.hookimpl
def srbench_datasets():
    return [srbench.Entry(f"toy-{kind.__name__.lower()}", kind) for kind in (Noise, Absent, Damaged, Blind, Leaky)]
