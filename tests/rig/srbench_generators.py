"""A plugin of generators, one that gives back what it saw and one for each way to go wrong, and what judges them."""

import json
import time
from typing import Literal

import numpy as np

import srbench

SLOW_SECONDS = 0.5


class Parrot(srbench.Generator):
    """Gives back training images, mirrored and a little brighter, of the class asked for: those it saw last."""

    learns = True
    starts = True
    sampling = frozenset({"brighter"})

    def __init__(self, labelled: bool = True, brighter: float = 0.0) -> None:
        self.labelled, self.brighter = labelled, brighter

    def fit(self, train, context):
        self.seen = {}
        for item in train.items:
            image, values = item.read_hr()
            self.seen.setdefault(item.label or "", []).append(values.to_unit(image).tolist())
        self.history = [{"step": 1, "seconds": 0.5}]

    def save(self, folder):
        (folder / "seen.json").write_text(json.dumps(self.seen))

    def load(self, folder):
        self.seen = json.loads((folder / "seen.json").read_text())

    def sample(self, count, context):
        import torch

        made = []
        for place in range(context.first, context.first + count):
            label = context.labels[place - context.first] if self.labelled else sorted(self.seen)[0]
            image = np.array(self.seen[label][(place + context.seed) % len(self.seen[label])])
            made.append(image[:, ::-1].transpose(2, 0, 1) + self.brighter)
        return torch.from_numpy(np.stack(made)).float()


class Haze(srbench.Generator):
    """Noise of its own, which it needs not learn; or something else than images."""

    def __init__(self, fault: Literal["none", "shape", "nan", "raises"] = "none") -> None:
        self.fault = fault

    def sample(self, count, context):
        import torch

        if self.fault == "raises":
            raise RuntimeError("out of ideas")
        places = range(context.first, context.first + count)
        shape = (context.channels, context.size, context.size)
        made = [np.random.default_rng([context.seed, place]).random(shape) for place in places]
        batch = torch.from_numpy(np.stack(made)).float()
        if self.fault == "nan":
            batch[0, 0, 0, 0] = float("nan")
        return batch[:, :, 1:] if self.fault == "shape" else batch


class Told(srbench.SetMetric):
    """The difference of mean brightness; counts what it was shown, in which order."""

    higher_is_better = False

    def __init__(self) -> None:
        self.means, self.labels, self.names = {}, {}, {}

    def update_unpaired(self, image, source, item):
        assert image.dtype.is_floating_point and image.ndim == 3
        assert list(self.means) in ([], ["generated"], ["generated", "real"], ["generated", "real", "training"])
        self.means.setdefault(source, []).append(float(image.mean()))
        self.labels.setdefault(source, []).append(item.label)
        self.names.setdefault(source, []).append(item.id)

    def compute(self):
        counts = {f"{source} images": len(means) for source, means in self.means.items()}
        told = counts | {
            "bright": self.labels["generated"].count("bright"),
            "sorted": self.names["training"] == sorted(self.names["training"]),
        }
        value = abs(np.mean(self.means["generated"]) - np.mean(self.means["real"]))
        return value, srbench.Details(further=told)


class Slow(Told):
    """Takes its time."""

    def compute(self):
        time.sleep(SLOW_SECONDS)
        return super().compute()


class Uneven(srbench.Dataset):
    """Flat pictures; the first one to test on is grey, with another white than the others."""

    def train(self):
        return [srbench.Item(f"flat-{value}", np.full((32, 32, 3), value, np.uint8)) for value in (60, 120)]

    def test(self):
        grey = srbench.Item("grey", np.full((32, 32, 1), 50, np.uint8), values=srbench.Values(0, 100))
        return [grey, srbench.Item("colour", np.full((32, 32, 3), 200, np.uint8))]


class Labelled(Told):
    """Wants labels."""

    needs = frozenset({"labels"})


@srbench.hookimpl
def srbench_methods():
    return [srbench.Entry("toy-parrot", Parrot), srbench.Entry("toy-haze", Haze)]


@srbench.hookimpl
def srbench_metrics():
    return [srbench.Entry("toy-told", Told), srbench.Entry("toy-labelled", Labelled), srbench.Entry("toy-slow", Slow)]


@srbench.hookimpl
def srbench_datasets():
    return [srbench.Entry("toy-uneven", Uneven)]
