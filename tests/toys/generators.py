"""Two right generators, and for each check of generators a wrong one that breaks only its promise."""

from __future__ import annotations

import numpy as np
from toys import methods

import srbench


class Right(srbench.Generator):
    """Noise, brighter where the class has a longer name."""

    labelled = True

    def noise(self, context, place):
        return np.random.default_rng([context.seed, place])

    def sample(self, count, context):
        import torch

        made = []
        for place in range(context.first, context.first + count):
            image = self.noise(context, place).random((context.channels, context.size, context.size))
            made.append(image / 2 + len(context.labels[place - context.first]) / 20)
        return torch.from_numpy(np.stack(made)).float()


class RightLearner(Right):
    """Learns how bright its noise is."""

    learns = True

    def __init__(self):
        self.walker = methods.RightLearner()

    def fit(self, train, context):
        self.walker.fit(train, context)

    def sample(self, count, context):
        return self.walker.gain * super().sample(count, context)

    def save(self, folder):
        self.walker.save(folder)

    def load(self, folder):
        self.walker.load(folder)

    def parameters_count(self):
        return 1


class Wide(Right):
    def sample(self, count, context):
        made = super().sample(count, context)
        return made[..., [*range(context.size), 0]]


class WhiteIs255(Right):
    def sample(self, count, context):
        return 255 * super().sample(count, context)


class GloballyRandom(Right):
    def sample(self, count, context):
        import torch

        return super().sample(count, context) + 1e-3 * torch.rand(())


class OneNoiseForABatch(Right):
    def sample(self, count, context):
        made = super().sample(count, context)
        return made - 0.1 * made.mean()


class SeedPlusPlace(Right):
    def noise(self, context, place):
        return np.random.default_rng(context.seed + place)


class IgnoresClasses(Right):
    def sample(self, count, context):
        from dataclasses import replace

        return super().sample(count, replace(context, labels=("same",) * count))
