"""Two right extractors, and for each check of extractors a wrong one that breaks only its promise."""

from __future__ import annotations

import json

import numpy as np

import srbench
from srbench.contract.fit import Budget


class Moments(srbench.Extractor):
    """Mean and standard deviation."""

    dim = 2

    def extract(self, images):
        import torch

        pixels = images.flatten(1)
        return torch.stack([pixels.mean(dim=1), pixels.std(dim=1)], dim=1)


class Learned(Moments):
    """Moments about a mean that was learned, and a direction that is random."""

    learns = True
    wants = "labels"

    def __init__(self, epochs: int = 1) -> None:
        self.budget = Budget("epochs", epochs)
        self.offset = [0.0, 0.0]

    def fit(self, train, test, context):
        chance = np.random.default_rng(context.seed).random()
        self.offset = [float(np.mean([item.read_hr()[0].mean() for item in train])), chance]
        assert {item.label for item in train} == {"dark", "bright"}
        return {"accuracy": 0.5}

    def extract(self, images):
        import torch

        return super().extract(images) + torch.tensor(self.offset)

    def save(self, folder):
        (folder / "offset.json").write_text(json.dumps(self.offset))

    def load(self, folder):
        self.offset = json.loads((folder / "offset.json").read_text())


class NeedsWeights(Moments):
    weights = ("nobody-has-these",)


class Abstract(srbench.Extractor):
    dim = 1


class WithoutBudget(Learned):
    def __init__(self) -> None:
        super().__init__()
        self.budget = None


class WrongWants(Moments):
    wants = "classes"


class WrongDim(Moments):
    dim = 3


class Doubles(Moments):
    def extract(self, images):
        return super().extract(images).double()


class Silent(Moments):
    def extract(self, images):
        return super().extract(images) * float("nan")


class OnlyColour(Moments):
    def extract(self, images):
        return super().extract(images + images[:, 2, None])


class OnlyEven(Moments):
    def extract(self, images):
        if images.shape[-2] % 2:
            raise ValueError("odd height")
        return super().extract(images)


class Blind(Moments):
    def extract(self, images):
        return super().extract(images) * 0 + 1


class Forgetful(Moments):
    """Dropout that was left on."""

    def extract(self, images):
        import torch

        return super().extract(images) * (1 + 0.01 * torch.rand(1))


class NormalisesTheBatch(Moments):
    def extract(self, images):
        features = super().extract(images)
        return features / (1e-3 + features.abs().sum(dim=0))


class OverwritesImages(Moments):
    def extract(self, images):
        return super().extract(images.mul_(0.5))


class ForgetsToSave(Learned):
    def save(self, folder):
        pass


class ForgetsToLoad(Learned):
    def load(self, folder):
        pass


class SavesAPickle(Learned):
    def save(self, folder):
        super().save(folder)
        (folder / "model.pt").write_bytes(b"pickled")


class ShowsMoreThanWasTested(Learned):
    def save(self, folder):
        super().save(folder)
        classes = ("bright", "dark")
        srbench.Evidence(confusion=srbench.ConfusionMatrix(classes, ((3, 0), (0, 3)))).write(folder)


class ShowsNothingReadable(Learned):
    def save(self, folder):
        super().save(folder)
        (folder / "confusion.json").write_text("{}")


class FitsByGlobalSeed(Learned):
    def fit(self, train, test, context):
        facts = super().fit(train, test, context)
        self.offset[1] = float(np.random.rand())
        return facts


class TellsNothing(Learned):
    def fit(self, train, test, context):
        super().fit(train, test, context)


class TellsNan(Learned):
    def fit(self, train, test, context):
        super().fit(train, test, context)
        return {"accuracy": float("nan")}
