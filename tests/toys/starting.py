"""A right method that starts from given weights, and wrong ones that break one promise of it each."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from toys.methods import RightLearner

from srbench.contract.fit import Interrupted
from srbench.errors import SrbenchError
from srbench.training.torch_method import WEIGHTS


class Starts(RightLearner):
    """Learns by a random walk, from 1 or from where another one ended."""

    starts = True

    def begin(self, start, resumed):
        if start is None:
            return 1.0
        from safetensors.numpy import load_file

        tensors = load_file(start.path)
        if "gain" not in tensors:
            raise SrbenchError(f"the weights of {start.told} have no gain")
        self.notes.append(f"It started from the weights of {start.told}.")
        return float(tensors["gain"][0])

    def fit(self, train, context):
        checkpoint = context.folder / "checkpoint.json"
        start = self.begin(context.start, checkpoint.exists())
        step, self.gain = json.loads(checkpoint.read_text()) if checkpoint.exists() else (0, start)
        while step < context.budget.amount:
            self.gain += random.Random(f"{context.seed} {step}").uniform(-self.stride, self.stride)
            step += 1
            if context.stop():
                checkpoint.write_text(json.dumps([step, self.gain]))
                raise Interrupted

    def save(self, folder):
        import numpy as np
        from safetensors.numpy import save_file

        super().save(folder)
        save_file({"gain": np.array([self.gain])}, folder / WEIGHTS)


class LeavesNothingToStartFrom(RightLearner):
    starts = True


class IgnoresTheStart(Starts):
    def fit(self, train, context):
        super().fit(train, replace(context, start=None))


class SaysNothing(Starts):
    def fit(self, train, context):
        super().fit(train, context)
        self.notes.clear()


class StartsOnceMore(Starts):
    """Adds something each time that it is begun with weights, a resumed training included."""

    def fit(self, train, context):
        resumed = (context.folder / "checkpoint.json").exists()
        super().fit(train, context)
        self.gain += 0.01 * (context.start is not None and resumed)


class TakesAnything(Starts):
    def begin(self, start, resumed):
        try:
            return super().begin(start, resumed)
        except SrbenchError:
            return 1.0
