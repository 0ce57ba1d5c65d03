"""A plugin of datasets with labels and masks, extractors, and metrics that need them.

What is done where leaves a line in `events.txt`.
"""

import errno
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Literal

import numpy as np

import srbench
from srbench.contract.fit import Budget, Interrupted


def folder():
    return Path(os.environ["SRBENCH_TEST_FOLDER"])


def note(event):
    with (folder() / "events.txt").open("a") as file:
        file.write(f"{event}\n")


class Marked(srbench.Dataset):
    """Dark and bright pictures, labelled so, with a mask of their left half."""

    def __init__(self, bare: int = 0, size: int = 48, train_size: int = 48, leaks: bool = False) -> None:
        self.bare, self.size, self.train_size, self.leaks = bare, size, train_size, leaks

    def _pictures(self, seed, size):
        for index in range(4):
            label = ("dark", "bright")[index % 2]
            generator = np.random.default_rng([seed, index])
            picture = np.kron(generator.random((size // 6, size // 6, 3)), np.ones((6, 6, 1))) * 120
            picture += 130 * (label == "bright")
            mask = np.zeros((size, size, 1), np.uint8)
            mask[:, : size // 2] = 1
            marks = {} if index < self.bare else {"label": label, "mask": mask}
            yield srbench.Item(f"{label}{seed}-{index}", picture.astype(np.uint8), **marks)

    def train(self):
        return self._pictures(2 if self.leaks else 1, self.train_size)

    def test(self):
        return self._pictures(2, self.size)


class Brightness(srbench.Extractor):
    """Brightness relative to the threshold that it learned between two classes."""

    learns = True
    wants = "labels"
    dim = 2

    def __init__(self, epochs: int = 5, fault: Literal["none", "raises", "dies", "waits"] = "none") -> None:
        self.budget = Budget("epochs", epochs)
        self.fault = fault
        self.threshold = 0.0

    def fit(self, train, test, context):
        note(f"fit for {context.budget}, seed {context.seed}")
        if self.fault == "raises":
            raise RuntimeError("cannot learn this")
        if self.fault == "dies" and not (folder() / "cured").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "waits":
            if not (context.folder / "half").exists():
                while not context.stop():
                    time.sleep(0.05)
                (context.folder / "half").touch()
                raise Interrupted
            note("goes on from half")
        means = {}
        for item in train:
            means.setdefault(item.label, []).append(item.read_hr()[0].mean() / 255)
        self.threshold = float(np.mean([np.mean(values) for values in means.values()]))
        right = [
            ("bright" if item.read_hr()[0].mean() / 255 > self.threshold else "dark") == item.label for item in test
        ]
        return {"accuracy": float(np.mean(right))}

    def extract(self, images):
        import torch

        means = images.mean(dim=(1, 2, 3))
        return torch.stack([means - self.threshold, images.flatten(1).std(dim=1)], dim=1)

    def save(self, folder):
        (folder / "threshold.json").write_text(json.dumps(self.threshold))

    def load(self, folder):
        note("loaded")
        self.threshold = json.loads((folder / "threshold.json").read_text())


class Channel(srbench.Extractor):
    """A family: the mean of one channel."""

    dim = 1

    def __init__(self, model: Literal["red", "blue"]) -> None:
        self.index = {"red": 0, "blue": -1}[model]

    def extract(self, images):
        return images[:, self.index].mean(dim=(1, 2))[:, None]


class Published(Channel):
    """Reads weights that somebody published."""

    weights = ("toy-weights",)

    def __init__(self) -> None:
        super().__init__("red")


class Distance(srbench.SetMetric):
    """The distance between the mean features."""

    higher_is_better = False
    sees = "image"

    def __init__(self, extractor: str = "toy-brightness", epochs: int | None = None, fault: str = "none") -> None:
        learned = extractor == "toy-brightness"
        params = {"epochs": 5 if epochs is None else epochs, "fault": fault} if learned else {}
        self.use = srbench.ExtractorUse(extractor, params)
        self.features = []

    def extractor(self):
        return self.use

    def bind(self, extractor):
        self.bound = extractor

    def update(self, sr, hr):
        import torch

        self.features.append(self.bound.extract(torch.stack([sr, hr]).float()))

    def compute(self):
        import torch

        sr, hr = torch.stack(self.features).mean(dim=0)
        return float((sr - hr).norm()), self.details()

    def details(self):
        learned = {"threshold": self.bound.threshold} if hasattr(self.bound, "threshold") else {}
        return srbench.Details(n=len(self.features), d=self.bound.dim, further=learned)


class Spread(Distance):
    """The spread of the features of SR."""

    def compute(self):
        import torch

        return float(torch.stack(self.features)[:, 0].std(dim=0).norm()), self.details()


class Classes(srbench.SetMetric):
    """How many classes there are."""

    higher_is_better = True
    needs = frozenset({"labels"})

    def __init__(self) -> None:
        self.labels = set()

    def update_item(self, sr, hr, item):
        self.labels.add(item.label)

    def compute(self):
        return float(len(self.labels))


class Cover(Classes):
    """The share of the picture that masks cover."""

    needs = frozenset({"masks"})

    def update_item(self, sr, hr, item):
        self.labels.add(item.read_mask().mean())

    def compute(self):
        (share,) = self.labels
        return float(share)


class Nearness(srbench.SetMetric):
    """Classifies by the nearest mean brightness of the training split's SR, after Ravuri and Vinyals."""

    higher_is_better = True
    sees = "image"
    needs = frozenset({"labels", "training_sr"})

    def __init__(self) -> None:
        self.known, self.right, self.errors = {}, [], []

    def update_training(self, sr, hr, item):
        assert not self.right, "the training split comes first"
        self.known.setdefault(item.label, []).append(sr.mean())
        self.errors.append(float((sr - hr).abs().mean()))

    def update_item(self, sr, hr, item):
        distances = {label: abs(sum(means) / len(means) - hr.mean()) for label, means in self.known.items()}
        self.right.append(min(distances, key=distances.get) == item.label)

    def compute(self):
        further = {"trained on": sum(map(len, self.known.values())), "error": sum(self.errors)}
        return sum(self.right) / len(self.right), srbench.Details(further=further)


class Unsure(srbench.SetMetric):
    """Raises when asked."""

    higher_is_better = True

    def update(self, sr, hr):
        pass

    def compute(self):
        raise RuntimeError("no idea")


class Stranger(srbench.ImageMetric):
    """Whether the plugin of the toys is known to the process that scores."""

    higher_is_better = False

    def score(self, sr, hr):
        from srbench.registry.registry import registry

        return float("srbench_toys" in sys.modules or "toy-nearest" in registry().names("method"))


class Crashes(Stranger):
    """Ends its process at the second image."""

    def __init__(self, how: Literal["signal", "exit"]) -> None:
        self.how, self.images = how, 0

    def score(self, sr, hr):
        self.images += 1
        if self.images > 1:
            os._exit(5) if self.how == "exit" else os.kill(os.getpid(), signal.SIGSEGV)
        return 1.0


class Full(Stranger):
    """Meets a full disk until the folder has a file `room`."""

    def score(self, sr, hr):
        if not (folder() / "room").exists():
            note("full")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/scratch/x")
        return 1.0


class Large(srbench.Method):
    """Supports nothing smaller than 12 x 12."""

    def supports(self, problem):
        return srbench.Skip("only from 12 x 12 on") if min(problem.smallest) < 12 else None

    def upscale(self, lr, scale):
        note(f"upscaled {tuple(lr.shape)}")
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


class Coarse(Large):
    """Its ceiling is HR in squares of 4 x 4 pixels; goes wrong there as it is told."""

    ceiling = "HR in squares"
    samples = True

    def __init__(self, fault: Literal["none", "raises", "shape", "finite", "dies", "waits"] = "none") -> None:
        self.fault, self.upscaled = fault, 0

    def upscale(self, lr, scale):
        self.upscaled += 1
        return super().upscale(lr, scale)

    def reconstruct(self, hr):
        import torch

        done = sorted(path.name for path in folder().glob("results/*/cells/*/*/images/*"))
        note(f"reconstructs {tuple(hr.shape)} after {len(done)} SR of others, {self.upscaled} of its own")
        if self.fault == "raises":
            raise MemoryError("too large")
        if self.fault == "shape":
            return hr[..., 1:]
        if self.fault == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "waits" and not (folder() / "waited").exists():
            (folder() / "waited").touch()
            until = time.monotonic() + 60
            while time.monotonic() < until and not any(folder().glob("results/*/jobs/*/stop")):
                time.sleep(0.02)
            time.sleep(2)  # its keeper has to see that, too, on a busy machine
        made = torch.nn.functional.avg_pool2d(hr, 4) / float(self.fault != "finite")
        return made.repeat_interleave(4, -2).repeat_interleave(4, -1) + torch.rand(()) / 1000


@srbench.hookimpl
def srbench_methods():
    return [srbench.Entry("toy-large", Large), srbench.Entry("toy-coarse", Coarse)]


@srbench.hookimpl
def srbench_datasets():
    return [srbench.Entry("toy-marked", Marked)]


@srbench.hookimpl
def srbench_extractors():
    kinds = (Brightness, Channel, Published)
    return [srbench.Entry(f"toy-{kind.__name__.lower()}", kind, kind.__doc__) for kind in kinds]


@srbench.hookimpl
def srbench_metrics():
    kinds = (Distance, Spread, Classes, Cover, Nearness, Unsure, Stranger, Crashes, Full)
    return [srbench.Entry(f"toy-{kind.__name__.lower()}", kind) for kind in kinds]


WEIGHTS = b"weights"


@srbench.hookimpl
def srbench_weights():
    return [
        srbench.WeightsFile(
            name="toy-weights",
            url="https://127.0.0.1/toy.safetensors",
            sha256=hashlib.sha256(WEIGHTS).hexdigest(),
            size=len(WEIGHTS),
            licence="CC0",
            source="made up",
        )
    ]
