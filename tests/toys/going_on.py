"""A right method that goes on from an earlier training, and wrong ones that break one promise of it each."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from toys.methods import RightLearner

from srbench.contract.fit import Interrupted


class GoesOn(RightLearner):
    """Learns by a random walk, which it can go on with."""

    goes_on = True

    def fit(self, train, context):
        last = context.folder / "checkpoint.pt"
        found = next((path for path in (last, context.earlier) if path is not None and path.exists()), None)
        step, self.gain = json.loads(found.read_text()) if found else (0, 1.0)
        while step < context.budget.amount:
            self.gain += random.Random(f"{context.seed} {step}").uniform(-self.stride, self.stride)
            step += 1
            stopped = context.stop()
            if stopped or step >= context.budget.amount:
                last.write_text(json.dumps([step, self.gain]))
            if stopped:
                raise Interrupted


class LeavesNothingToGoOnFrom(RightLearner):
    goes_on = True


class BeginsAgain(GoesOn):
    def fit(self, train, context):
        super().fit(train, replace(context, earlier=None))


class GoesOnElsewhere(GoesOn):
    def fit(self, train, context):
        super().fit(train, context)
        self.gain += 0.01 * (context.earlier is not None)
