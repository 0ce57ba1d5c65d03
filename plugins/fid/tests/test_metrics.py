"""The set metrics on an extractor small enough to follow by hand, and as they stand in a run."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch
from rig import Bench
from safetensors.torch import save_file
from scipy.spatial.distance import pdist
from srbench_fid import frechet_distance
from srbench_fid.inception_score import inception_score
from srbench_fid.kernels import gaussian_mmd, kernel_distance
from srbench_fid.manifold import covered
from srbench_fid.metrics.frechet import ClassFid, Fid
from srbench_fid.metrics.inception import Is
from srbench_fid.metrics.kernel import CLIP, Cmmd, Kid, Mmd
from srbench_fid.metrics.manifold import Precision, Recall
from srbench_fid.moments import FeatureError

import srbench
from srbench.contract.dataset import Item
from srbench.registry.registry import registry
from srbench.testing import check_extractors, check_metrics
from srbench.weights.torchvision_shim import import_torchvision

import_torchvision()
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric  # noqa: E402
from torch_fidelity.metric_kid import kid_features_to_metric  # noqa: E402

MODEL = "test_resnet.r160_in1k"
NAMES = ["fid", "cafd", "kid", "mmd", "cmmd", "precision", "recall"]


def save_model(root: Path, seed: int = 0) -> None:
    """The smallest ResNet of timm, with random weights, in a data root."""
    import timm

    torch.manual_seed(seed)
    folder = root / "weights" / "timm"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(timm.create_model("test_resnet", pretrained=False).state_dict(), folder / f"{MODEL}.safetensors")


@pytest.fixture(scope="module", autouse=True)
def root(tmp_path_factory):
    """A data root and a cache of our own."""
    folder = tmp_path_factory.mktemp("root")
    # Of four images, precision and recall can only be quarters; not with all weights do they differ where they should.
    save_model(folder, seed=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRBENCH_DATA", str(folder))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield folder


def _on_timm(name: str) -> tuple[str, dict[str, object]]:
    neighbours = {"neighbours": 1} if name in ("precision", "recall") else {}
    return name, {"extractor": f"timm:{MODEL}", **neighbours}


test_metrics = check_metrics(
    *map(_on_timm, NAMES), *((name, {"extractor": f"timm:{MODEL}", "reference": "train"}) for name in ("fid", "kid"))
)
test_extractors = check_extractors(("timm", {"model": MODEL}))


class Corners(srbench.Extractor):
    """Four pixels of each image, and their sum."""

    dim = 5

    def __init__(self) -> None:
        self.calls = 0

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        assert images.dtype == torch.float32
        self.calls += len(images)
        corners = images[..., 0::3, 0::3].mean(1).flatten(1)
        return torch.cat([corners, corners.sum(1, keepdim=True)], dim=1)

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        return 5 * features[:, :4]


def images(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def features_of(batch: torch.Tensor) -> np.ndarray:
    return Corners().extract(batch.float()).numpy()


def value_of(metric):
    answer = metric.compute()
    return answer if isinstance(answer, srbench.Skip) else answer[0]


def details_of(metric) -> srbench.Details:
    return metric.compute()[1]


def scored(metric, sr: torch.Tensor, hr: torch.Tensor, labels: str = "", extractor=None):
    metric.bind(extractor or Corners())
    for number, (one, other) in enumerate(zip(sr, hr, strict=True)):
        label = labels[number] if labels else None
        metric.update_item(one, other, Item(str(number), np.zeros((4, 4, 3), np.uint8), label=label))
    return value_of(metric)


SR, HR = images(30, 1), 0.8 * images(30, 2)


def test_each_metric_is_its_formula_on_the_features_of_all_images():
    sr, hr = features_of(SR), features_of(HR)
    logits = Corners().logits(torch.from_numpy(sr)).numpy()
    assert scored(Fid(), SR, HR) == pytest.approx(frechet_distance(sr, hr), rel=1e-9)
    assert scored(Kid(subsets=7, subset_size=11), SR, HR) == kernel_distance(sr, hr, 7, 11).value
    assert scored(Mmd(sigma=0.5), SR, HR) == 1000 * gaussian_mmd(sr, hr, 0.5)
    assert scored(Cmmd(), SR, HR) == 1000 * gaussian_mmd(sr, hr, 10.0)
    assert scored(Is(splits=3), SR, HR) == inception_score(logits, 3).value
    assert scored(Precision(), SR, HR) == covered(sr, hr, 3)
    assert scored(Recall(neighbours=2), SR, HR) == covered(hr, sr, 2)


def test_without_a_width_mmd_takes_the_median_distance_of_hr():
    metric = Mmd()
    value = scored(metric, SR, HR)
    width = float(np.median(pdist(features_of(HR).astype(np.float64))))
    assert details_of(metric).further["sigma"] == pytest.approx(width, rel=1e-9)
    assert value == pytest.approx(1000 * gaussian_mmd(features_of(SR), features_of(HR), width), rel=1e-6)


def test_cafd_is_the_mean_over_classes_of_fid():
    labels = "aabbbbccccccaabbbbccccccaabbbb"
    metric = ClassFid()
    value = scored(metric, SR, HR, labels)
    sr, hr = features_of(SR), features_of(HR)
    expected = {}
    for label in "abc":
        of = [index for index, one in enumerate(labels) if one == label]
        expected[label] = frechet_distance(sr[of], hr[of])
    assert value == pytest.approx(sum(expected.values()) / 3)
    details = details_of(metric)
    assert (details.n, details.d) == (6, 5)
    assert details.further == {"classes": 3.0} and details.ceiling_by_class == {}
    assert {label: one.value for label, one in details.by_class.items()} == pytest.approx(expected)
    assert {label: one.n for label, one in details.by_class.items()} == {label: labels.count(label) for label in "abc"}


TRAINING = images(40, 3) ** 2


def compared_with_training(metric, labels: str = "") -> None:
    """SR of the test split, compared with HR of the training split."""
    metric.bind(Corners())
    for number, one in enumerate(TRAINING):
        label = labels[number % len(labels)] if labels else None
        metric.update_unpaired(one, "training", Item(f"t{number}", np.zeros((4, 4, 3), np.uint8), label=label))
    for number, (one, other) in enumerate(zip(SR, HR, strict=True)):
        label = labels[number % len(labels)] if labels else None
        metric.update_item(one, other, Item(str(number), np.zeros((4, 4, 3), np.uint8), label=label))


def test_sr_is_compared_with_the_training_split_and_hr_of_the_test_split_is_the_ceiling():
    sr, hr, training = map(features_of, (SR, HR, TRAINING))
    metric = Fid(reference="train")
    compared_with_training(metric)
    assert value_of(metric) == pytest.approx(frechet_distance(sr, training), rel=1e-9)
    details = details_of(metric)
    assert (details.n, details.ceiling.n) == (30, 30)
    assert details.ceiling.value == pytest.approx(frechet_distance(hr, training), rel=1e-9)
    metric = Recall(reference="train")
    compared_with_training(metric)
    assert value_of(metric) == covered(training, sr, 3)
    assert details_of(metric).ceiling.value == covered(training, hr, 3)
    metric = ClassFid(reference="train")
    compared_with_training(metric, "ab")
    apart = [frechet_distance(sr[start::2], training[start::2]) for start in (0, 1)]
    assert value_of(metric) == pytest.approx(sum(apart) / 2, rel=1e-9)


def test_generated_images_are_compared_with_the_training_split_and_as_many_of_the_test_split_get_the_ceiling():
    metric = Fid(reference="train")
    metric.bind(Corners())
    made = HR[:9] ** 3
    for source, shown in (("generated", made), ("real", HR), ("training", TRAINING)):
        for one in shown:
            metric.update_unpaired(one, source, Item("i", np.zeros((4, 4, 3), np.uint8)))
    generated, hr, training = map(features_of, (made, HR[:9], TRAINING))
    assert value_of(metric) == pytest.approx(frechet_distance(generated, training), rel=1e-9)
    ceiling = details_of(metric).ceiling
    assert (ceiling.value, ceiling.n) == (pytest.approx(frechet_distance(hr, training), rel=1e-9), 9)


def test_cafd_tells_which_class_is_too_small():
    answer = scored(ClassFid(), SR, HR, "a" * 15 + "b" + "a" * 14)
    assert isinstance(answer, srbench.Skip)
    assert "of b are fewer" in answer.reason


def test_beside_its_value_a_metric_says_what_it_rests_on():
    fid, kid, inception = Fid(), Kid(subset_size=12, subsets=9), Is(splits=5)
    for metric in (fid, kid, inception):
        scored(metric, SR, HR)
    assert details_of(fid) == srbench.Details(n=30, d=5)
    distance = kernel_distance(features_of(SR), features_of(HR), 9, 12)
    assert details_of(kid) == srbench.Details(n=30, spread=distance.spread, further={"subset size": 12})
    logits = Corners().logits(torch.from_numpy(features_of(HR))).numpy()
    real = inception_score(logits, 5)
    assert details_of(inception).ceiling == srbench.Estimate(real.value, real.spread, 30)
    # A Frechet distance is too large where n < d, which the page marks; the others know no such bias.
    assert [details_of(metric).d for metric in (fid, kid, inception)] == [5, None, None]


@pytest.mark.parametrize(
    ("metric", "count"), [(Fid, 1), (Kid, 1), (Mmd, 1), (Is, 9), (Precision, 3), (Recall, 3), (ClassFid, 0)]
)
def test_too_few_images_are_a_reason_not_a_number(metric, count):
    answer = scored(metric(), SR[:count], HR[:count], "a" * count)
    assert isinstance(answer, srbench.Skip)
    assert f"there {'is' if count == 1 else 'are'} {count}" in answer.reason


def test_the_inception_score_asks_for_a_classifier():
    class Blind(srbench.Extractor):
        dim = 2

        def extract(self, images):
            return images.mean(dim=(2, 3))[:, :2]

    answer = scored(Is("blind"), SR, HR, extractor=Blind())
    assert isinstance(answer, srbench.Skip)
    assert "'blind' gives no logits" in answer.reason


def test_equal_sets_are_at_distance_zero_and_cover_each_other():
    assert scored(Fid(), HR, HR) == pytest.approx(0, abs=1e-9)
    assert scored(Mmd(), HR, HR) == pytest.approx(0, abs=1e-9)
    assert scored(Precision(), HR, HR) == scored(Recall(), HR, HR) == 1


def test_features_that_are_no_numbers_name_the_fault():
    class Broken(Corners):
        def extract(self, images):
            return super().extract(images) * math.nan

    with pytest.raises(FeatureError, match="not finite"):
        scored(Fid(), SR, HR, extractor=Broken())


def unpaired(metric, generated, real, training=(), labels: str = "", extractor=None):
    """labels: of the images of each source, in their order."""
    metric.bind(extractor or Corners())
    for source, batch in (("generated", generated), ("real", real), ("training", training)):
        for number, image in enumerate(batch):
            label = labels[number] if labels else None
            metric.update_unpaired(
                image, source, Item(f"{source}-{number}", np.zeros((1, 1, 1), np.uint8), label=label)
            )
    return value_of(metric)


TRAINING = 0.8 * images(55, 3)
REAL = 0.8 * images(41, 4)


def by_scipy(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # The last feature is the sum of the others: the root of a singular product has a tiny imaginary part.
    root = scipy.linalg.sqrtm(one @ other)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one + other) - 2 * np.trace(root).real)


def test_fid_of_sets_of_different_sizes_is_that_of_scipy_and_of_torch_fidelity():
    metric = Fid()
    value = unpaired(metric, SR, REAL, TRAINING)
    sr, real, training = features_of(SR), features_of(REAL), features_of(TRAINING)
    assert value == pytest.approx(by_scipy(sr, real), rel=1e-5)
    statistics = [fid_features_to_statistics(torch.from_numpy(features)) for features in (sr, real)]
    assert value == pytest.approx(fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"], rel=1e-5)
    # As many training images as there are generated ones, and no more, show what a real set gets.
    assert details_of(metric).numbers == {
        "n": 30,
        "d": 5,
        "ceiling": pytest.approx(by_scipy(training[:30], real), rel=1e-4),
        "ceiling n": 30,
    }
    assert details_of(metric).ceiling.value < value / 5


@pytest.mark.parametrize("subset_size", [11, 1000])
def test_kid_of_sets_of_different_sizes_is_that_of_torch_fidelity(subset_size):
    metric = Kid(subsets=20, subset_size=subset_size)
    value = unpaired(metric, SR, REAL, TRAINING)
    sr, real, training = features_of(SR), features_of(REAL), features_of(TRAINING)
    details = details_of(metric)
    if subset_size == 11:

        def by_torch_fidelity(features: np.ndarray) -> dict[str, float]:
            settings = {"kid_subsets": 20, "kid_subset_size": 11, "verbose": False}
            pair = (torch.from_numpy(one).double() for one in (features, real))
            return kid_features_to_metric(*pair, **settings)

        for expected, given, spread in (
            (by_torch_fidelity(sr), value, details.spread),
            (by_torch_fidelity(training[:30]), details.ceiling.value, details.ceiling.spread),
        ):
            assert given == pytest.approx(expected["kernel_inception_distance_mean"], abs=1e-9)
            assert spread == pytest.approx(expected["kernel_inception_distance_std"], abs=1e-9)
    else:
        assert value == pytest.approx(by_the_definition(sr, real), abs=1e-9)
        assert details.ceiling.value == pytest.approx(by_the_definition(training[:30], real), abs=1e-9)
    assert (details.n, details.ceiling.n) == (30, 30)


def by_the_definition(x: np.ndarray, y: np.ndarray) -> float:
    """Unbiased squared MMD, pair by pair."""

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return (float(a.astype(np.float64) @ b) / len(a) + 1) ** 3

    within = [np.mean([kernel(a, b) for i, a in enumerate(s) for j, b in enumerate(s) if i != j]) for s in (x, y)]
    return float(sum(within) - 2 * np.mean([kernel(a, b) for a in x for b in y]))


def test_the_other_metrics_of_sets_of_different_sizes_and_their_ceilings_are_their_formulas():
    sr, real, training = features_of(SR), features_of(REAL), features_of(TRAINING)[:30]
    width = float(np.median(pdist(real.astype(np.float64))))

    def classified(features: np.ndarray) -> float:
        return inception_score(Corners().logits(torch.from_numpy(features)).numpy(), 4).value

    for metric, expected, ceiling in (
        (Mmd(), 1000 * gaussian_mmd(sr, real, width), 1000 * gaussian_mmd(training, real, width)),
        (Cmmd(), 1000 * gaussian_mmd(sr, real, 10.0), 1000 * gaussian_mmd(training, real, 10.0)),
        (Precision(), covered(sr, real), covered(training, real)),
        (Recall(), covered(real, sr), covered(real, training)),
        (Is(splits=4), classified(sr), classified(real)),
    ):
        assert unpaired(metric, SR, REAL, TRAINING) == pytest.approx(expected, rel=1e-6)
        details = details_of(metric)
        assert details.ceiling.value == pytest.approx(ceiling, rel=1e-6)
        assert (details.n, details.ceiling.n) == (30, 41 if isinstance(metric, Is) else 30)


def test_cafd_of_generated_images_compares_each_class_and_so_does_its_ceiling():
    metric = ClassFid()
    labels = "abbbabbabbabbbabbabbabbbabbabbabbbabbabbabbbabbabbabbbabb"
    value = unpaired(metric, SR, REAL, TRAINING, labels)
    sets = {"sr": features_of(SR), "real": features_of(REAL), "training": features_of(TRAINING)}

    def of(name: str, label: str, most: int | None = None) -> np.ndarray:
        return sets[name][[number for number in range(len(sets[name])) if labels[number] == label]][:most]

    expected = {label: by_scipy(of("sr", label), of("real", label)) for label in "ab"}
    sizes = {label: len(of("sr", label)) for label in "ab"}
    details = details_of(metric)
    assert value == pytest.approx(sum(expected.values()) / 2, rel=1e-4)
    assert {label: details.by_class[label].value for label in "ab"} == pytest.approx(expected, rel=1e-4)
    assert details.n == details.ceiling.n == sizes["a"] < 15
    ceilings = [by_scipy(of("training", label, sizes[label]), of("real", label)) for label in "ab"]
    assert details.ceiling.value == pytest.approx(sum(ceilings) / 2, rel=1e-4)


def test_a_class_that_is_not_generated_or_an_image_without_one_is_a_reason():
    answer = unpaired(ClassFid(), SR[:4], REAL[:6], (), "aaaabb")
    assert isinstance(answer, srbench.Skip)
    assert "of b are fewer" in answer.reason
    assert "4 came without" in unpaired(ClassFid(), SR[:2], REAL[:2]).reason


@pytest.mark.parametrize("kind", [Fid, Kid, Mmd, Precision, Recall])
def test_too_few_of_one_set_say_of_which(kind):
    assert "there is 1 generated one" in unpaired(kind(), SR[:1], REAL, TRAINING).reason
    assert "there is 1 real one" in unpaired(kind(), SR, REAL[:1], TRAINING).reason
    metric = kind()
    assert isinstance(unpaired(metric, SR, REAL, TRAINING[:1]), float)
    assert details_of(metric).ceiling is None, "one training image shows nothing"


@pytest.mark.parametrize(("kind", "count"), [(Fid, 30 + 41 + 30), (Recall, 30 + 41 + 30), (Is, 30 + 41)])
def test_no_more_training_images_are_extracted_than_the_ceiling_needs(kind, count):
    extractor = Corners()
    unpaired(kind(), SR, REAL, TRAINING, extractor=extractor)
    assert extractor.calls == count


def test_real_and_training_images_are_kept_on_disk_and_generated_ones_are_not():
    calls = []
    for generated in (SR, SR.flip(-1)):
        extractor = keyed("generation")
        unpaired(Fid(), generated, REAL, TRAINING, extractor=extractor)
        calls.append(extractor.calls)
    assert calls == [30 + 41 + 30, 30]


def test_metrics_that_share_an_extractor_extract_each_image_once():
    extractor = Corners()
    for metric in (Fid(), Kid(), Recall()):
        scored(metric, SR, HR, extractor=extractor)
    assert extractor.calls == 60


def keyed(key: str) -> Corners:
    extractor = Corners()
    extractor.key = key
    return extractor


def test_hr_is_extracted_once_however_many_methods_are_compared_with_it():
    first, second = keyed("one"), keyed("one")
    values = [scored(Fid(), SR, HR, extractor=first), scored(Fid(), SR, HR, extractor=second)]
    assert (first.calls, second.calls) == (60, 30)
    assert values[0] == values[1]


def test_features_of_one_extractor_are_never_taken_for_those_of_another():
    class Doubled(Corners):
        def extract(self, images):
            return 2 * super().extract(images)

    scored(Fid(), SR, HR, extractor=keyed("two"))
    other = Doubled()
    other.key = "three"
    doubled = frechet_distance(2 * features_of(SR), 2 * features_of(HR))
    assert scored(Fid(), SR, HR, extractor=other) == pytest.approx(doubled)
    assert scored(Fid(), SR, HR, extractor=Doubled()) == pytest.approx(doubled), "without a key nothing is kept"


def test_damaged_files_of_the_cache_are_extracted_again(root):
    before = set((root / "cache").rglob("*"))
    value = scored(Fid(), SR, HR, extractor=keyed("four"))
    files = [path for path in set((root / "cache").rglob("*")) - before if path.is_file()]
    assert len(files) == 30
    for number, path in enumerate(files):
        path.write_bytes([b"", b"rubbish", path.read_bytes()[:-4]][number % 3])
    again = keyed("four")
    assert scored(Fid(), SR, HR, extractor=again) == value
    assert again.calls == 60
    assert scored(Fid(), SR, HR, extractor=keyed("four")) == value


def test_a_cache_that_cannot_be_written_costs_time_only(root, monkeypatch):
    (root / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "file"))
    assert scored(Fid(), SR, HR, extractor=keyed("five")) == pytest.approx(
        frechet_distance(features_of(SR), features_of(HR))
    )


def test_cmmd_is_mmd_at_ten_on_the_embeddings_of_clip():
    assert Cmmd().extractor() == srbench.ExtractorUse(CLIP)
    assert "_clip_" in CLIP
    assert {"fid", "cafd", "kid", "mmd", "cmmd", "is", "precision", "recall"} <= set(registry().names("metric"))
    assert {"inception", "radimagenet-resnet50", "timm"} <= set(registry().names("extractor"))


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Bench:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))
    return Bench(tmp_path)


def test_a_run_scores_on_a_model_of_timm_as_soon_as_its_weights_are_there_and_again_when_they_change(bench, tmp_path):
    on_timm = {"extractor": f"timm:{MODEL}"}
    metrics = ["psnr", {"fid": on_timm}, {"kid": on_timm}, {"use": "fid", "as": "fid-inception"}]
    bench.matrix(metrics=metrics)
    assert bench.run().returncode == 0
    record = bench.records()["toy-noise/x4-rgb/toy-nearest"]
    assert record["metrics"]["fid"]["status"] == "skipped"
    assert "huggingface.co/timm" in record["metrics"]["fid"]["reason"]
    assert "srbench fetch inception" in record["metrics"]["fid-inception"]["reason"]

    save_model(tmp_path / "data")
    assert bench.run().returncode == 0
    first = bench.records()["toy-noise/x4-rgb/toy-nearest"]["metrics"]
    assert first["fid"]["status"] == first["kid"]["status"] == "ok"
    assert first["fid"]["details"]["d"] == 96
    assert first["fid"]["details"]["n"] == first["fid"]["n"]
    assert first["fid-inception"]["status"] == "skipped"

    assert len(list((bench.folder / "cache/srbench/features").glob("??/*"))) == 2, "the HR features of two images"
    assert "to be scored" not in bench.srbench("plan", "matrix.yaml").stdout

    save_model(tmp_path / "data", seed=1)
    assert "to be scored: fid, kid" in bench.srbench("plan", "matrix.yaml").stdout


def test_the_number_of_workers_changes_no_value(bench, tmp_path):
    save_model(tmp_path / "data")
    on_timm = {"extractor": f"timm:{MODEL}"}
    settings = {"methods": ["toy-nearest", "bicubic"]}
    bench.matrix(**settings, metrics=["psnr", {"fid": on_timm}, {"kid": on_timm}, {"mmd": on_timm}])
    values = []
    for jobs in ("1", "2"):
        # Without what the other run left behind.
        shutil.rmtree(bench.folder / "cache", ignore_errors=True)
        shutil.rmtree(bench.folder / "results", ignore_errors=True)
        assert bench.run("--jobs", jobs).returncode == 0
        values.append(
            {
                (label, name): metric["value"]
                for label, record in bench.records().items()
                for name, metric in record["metrics"].items()
            }
        )
    assert len(values[0]) == 8
    assert values[0] == pytest.approx(values[1], rel=1e-6)
