"""Two right metrics, and for each check of metrics a wrong one that breaks only its promise."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

import srbench


class MeanDifference(srbench.ImageMetric):
    """The mean absolute difference."""

    higher_is_better = False
    range = (0.0, 1.0)

    def score(self, sr, hr):
        return float((sr - hr).abs().mean())


class SignalToNoise(srbench.ImageMetric):
    """Infinite for identical images."""

    higher_is_better = True
    unit = "dB"
    range = (0.0, math.inf)

    def score(self, sr, hr):
        error = float(((sr - hr) ** 2).mean())
        return -10 * math.log10(error) if error else math.inf


class Unbounded(srbench.ImageMetric):
    """Declares no range; identical images get no special value."""

    higher_is_better = True

    def score(self, sr, hr):
        return -float(((sr - hr) ** 2).mean())


class Brightness(srbench.NoReferenceMetric):
    """The mean brightness of an image, which noise does not change for the worse."""

    higher_is_better = True
    range = (0.0, 1.0)
    sees = "image"

    def judge(self, sr):
        return float(sr.mean())


class PeeksAtHr(Brightness):
    def score(self, sr, hr):
        return float((sr + hr).mean() / 2)


class SetDifference(srbench.SetMetric):
    """The absolute difference of the two sets' mean brightness."""

    higher_is_better = False
    range = (0.0, 1.0)

    def __init__(self):
        self.differences = []

    def update(self, sr, hr):
        self.differences.append(float(sr.mean() - hr.mean()))

    def compute(self):
        return abs(math.fsum(self.differences) / len(self.differences))


class SpreadOfSamples(srbench.SetMetric):
    """The mean distance of samples to HR."""

    higher_is_better = False
    range = (0.0, 1.0)
    needs = frozenset({"samples"})
    samples = 3

    def __init__(self):
        self.distances = []

    def update_samples(self, samples, hr, measured):
        self.distances += [float((sample - hr).abs().mean()) for sample in samples]

    def compute(self):
        return math.fsum(self.distances) / len(self.distances)


class SamplesUncounted(SpreadOfSamples):
    samples = 0


class Uncitable(MeanDifference):
    papers: ClassVar = ["Keys 1981"]


class JudgesBeauty(MeanDifference):
    judges: ClassVar = "beauty"


class NeedsWeights(MeanDifference):
    def score(self, sr, hr):
        return srbench.Skip("its weights are not here; fetch them")


class ComparesWithNothing(MeanDifference):
    reference = "validation"


class WithoutDirection(srbench.ImageMetric):
    def score(self, sr, hr):
        return float((sr - hr).abs().mean())


class GivesATensor(MeanDifference):
    def score(self, sr, hr):
        return (sr - hr).abs().mean()


class LeavesItsRange(MeanDifference):
    range = (0.0, 1e-4)


class NeverPerfect(MeanDifference):
    def score(self, sr, hr):
        return super().score(sr, hr) / 2 + 0.1


class CannotTellNoise(MeanDifference):
    def score(self, sr, hr):
        return min(super().score(sr, hr), 0.01)


class WrongDirection(MeanDifference):
    higher_is_better = True
    range = (-math.inf, math.inf)

    def score(self, sr, hr):
        return math.inf if sr.equal(hr) else super().score(sr, hr)


class OnlyColour(MeanDifference):
    def score(self, sr, hr):
        return float((sr[2] - hr[2]).abs().mean())


class OnlyEven(MeanDifference):
    def score(self, sr, hr):
        if sr.shape[1] > 100 and sr.shape[1] % 2:
            return srbench.Skip("odd height")
        return super().score(sr, hr)


class FailsOnSmall(MeanDifference):
    def score(self, sr, hr):
        if min(sr.shape[1:]) < 11:
            raise RuntimeError("kernel size can't be greater than input size")
        return super().score(sr, hr)


class NanWhenFlat(MeanDifference):
    def score(self, sr, hr):
        return math.nan if hr.numel() > 1000 and hr.amax() == hr.amin() else super().score(sr, hr)


class Drifts(MeanDifference):
    calls: ClassVar[int] = 0

    def score(self, sr, hr):
        type(self).calls += 1
        return super().score(sr, hr) + 1e-9 * self.calls


class OverwritesSr(MeanDifference):
    def score(self, sr, hr):
        return float(sr.sub_(hr).abs().mean())


class LosesParts(MeanDifference):
    def score_measured(self, sr, hr, measured):
        return float((sr - hr).abs().mean()) / 2


class ComputesAnInteger(SetDifference):
    def compute(self):
        return 0


class LastCountsMost(SetDifference):
    def update(self, sr, hr):
        self.differences.append(float(sr.mean()))

    def compute(self):
        return abs(self.differences[-1])


class LooksOnlyAtHr(SetDifference):
    def update(self, sr, hr):
        self.differences.append(float(hr.mean()))


class ComputeEmpties(SetDifference):
    def compute(self):
        value = super().compute()
        self.differences = [0.0]
        return value


class SetOverwritesSr(SetDifference):
    def update(self, sr, hr):
        super().update(sr, hr)
        sr.zero_()


class GeneratorDifference(srbench.SetMetric):
    """The absolute difference in mean brightness of two sets that are not paired."""

    higher_is_better = False
    range = (0.0, 1.0)

    def __init__(self):
        self.brightness = {"generated": [], "real": [], "training": []}

    def update_unpaired(self, image, source, item):
        self.brightness[source].append(float(image.mean()))

    def compute(self):
        generated, real = self.brightness["generated"], self.brightness["real"]
        if not generated or not real:
            return srbench.Skip("needs an image of each set")
        return abs(math.fsum(generated) / len(generated) - math.fsum(real) / len(real))


class BothTasks(GeneratorDifference):
    """Of pairs and of sets that are not paired."""

    def update(self, sr, hr):
        self.brightness["generated"].append(float(sr.mean()))
        self.brightness["real"].append(float(hr.mean()))


class TellsDetails(BothTasks):
    """Calls every test image of its class; numbers of numpy beside the value."""

    def __init__(self):
        super().__init__()
        self.labels = []

    def update_item(self, sr, hr, item):
        super().update_item(sr, hr, item)
        self.labels.append(item.label)

    def update_unpaired(self, image, source, item):
        super().update_unpaired(image, source, item)
        if source == "real":
            self.labels.append(item.label)

    def details(self):
        classes = sorted(set(self.labels))
        counts = np.diag([np.float32(self.labels.count(label)) for label in classes])
        matrix = srbench.ConfusionMatrix(classes, counts)
        return srbench.Details(n=np.int64(len(self.labels)), ceiling=srbench.Estimate(np.float32(0)), confusion=matrix)

    def compute(self):
        answer = super().compute()
        return answer if isinstance(answer, srbench.Skip) else (answer, self.details())


class DetailsAsADict(TellsDetails):
    def details(self):
        return {"n": len(self.labels)}


class TurnedMatrix(TellsDetails):
    """Calls every image bright, and says so with rows and columns exchanged."""

    def details(self):
        bright, dark = self.labels.count("bright"), self.labels.count("dark")
        matrix = srbench.ConfusionMatrix(("bright", "dark"), ((bright, dark), (0, 0))) if bright else None
        return srbench.Details(confusion=matrix)


class CrookedMatrix(SetDifference):
    def compute(self):
        matrix = srbench.ConfusionMatrix(("bright", "dark"), ((1, 1), (2,)))
        return super().compute(), srbench.Details(confusion=matrix)


class CeilingIsNan(SetDifference):
    def compute(self):
        return super().compute(), srbench.Details(ceiling=srbench.Estimate(math.nan))


class GeneratedHasNoPicture(GeneratorDifference):
    def update_unpaired(self, image, source, item):
        self.brightness[source].append(float(item.read_hr()[0].mean()) / 255)


class LastGeneratedCounts(GeneratorDifference):
    def compute(self):
        self.brightness["generated"] = self.brightness["generated"][-1:]
        return super().compute()


class BlindForGenerated(GeneratorDifference):
    def compute(self):
        self.brightness["generated"] = [0.0]
        return super().compute()


class FailsOnNothing(GeneratorDifference):
    def compute(self):
        generated, real = self.brightness["generated"], self.brightness["real"]
        return abs(math.fsum(generated) / len(generated) - math.fsum(real) / len(real))


class OverwritesGenerated(GeneratorDifference):
    def update_unpaired(self, image, source, item):
        super().update_unpaired(image, source, item)
        image.zero_()


class NearerThanBaseline(srbench.ImageMetric):
    """The share of the pixels that are nearer to HR than the baseline is, or as near."""

    higher_is_better = True
    range = (0.0, 1.0)
    needs = frozenset({"baseline"})

    def score_beside(self, sr, hr, baseline, measured):
        return float(((sr - hr).abs() <= (baseline - hr).abs()).double().mean())


class ImageMetricWithLabels(MeanDifference):
    needs = frozenset({"labels"})


class BaselineOfLr(NearerThanBaseline):
    sees = "lr"


class BaselineForNothing(MeanDifference):
    needs = frozenset({"baseline"})
