from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from toys import nearest_plugin, protocols

import srbench
from srbench.registry.registry import Plugin, Registry
from srbench.testing import (
    DatasetSubject,
    DegradationSubject,
    ExecutorSubject,
    ExtractorSubject,
    MethodSubject,
    MetricSubject,
    Outcome,
    ProtocolSubject,
    checks_for,
    run_checks,
)
from srbench.testing.check import Subject

WRONG_METHODS = {
    "toys.methods:Absent": ("loads", "cannot be loaded"),
    "toys.methods:Abstract": ("loads", "does not define upscale"),
    "toys.methods:not_a_class": ("loads", "derived from srbench.Method"),
    "toys.imports_torch:Method": ("imports_without_torch", "imports torch"),
    "toys.methods:Misnamed": ("found_by_name", "SomethingElse"),
    "toys.methods:Untyped": ("parameters_are_typed", "'strength' has no annotation"),
    "toys.methods:WrongDefault": ("parameters_are_typed", "default 'strong'"),
    "toys.methods:AnyParameter": ("parameters_are_typed", "name every parameter"),
    "toys.methods:MisspeltPreset": ("constructs", "strenght"),
    "toys.methods:UnwritableParameter": ("constructs", "JSON"),
    "toys.methods:FailsToConstruct": ("constructs", "'preset': 'none'"),
    "toys.methods:AnswersFalse": ("supports_answers", "answered False"),
    "toys.methods:SkipsSilently": ("supports_answers", "without a reason"),
    "toys.methods:FailsToFit": ("fits", "cannot crop 128 pixels"),
    "toys.methods:KeepsLrSize": ("output_shape", "(2, 3, 48, 64)"),
    "toys.methods:Doubles": ("output_float32", "torch.float64"),
    "toys.methods:DividesByBlack": ("output_finite", "black picture"),
    "toys.methods:WhiteIs255": ("output_range", "white is 1"),
    "toys.methods:LearnsWhite255": ("output_range", "not at 255"),
    "toys.methods:OnlyByFour": ("every_scale", "at scale 2"),
    "toys.methods:OnlyColour": ("grey_and_colour", "(1, 1, 12, 16)"),
    "toys.methods:OnlyWhatItLearnedOn": ("grey_and_colour", "3 channels after training on images with 1"),
    "toys.methods:OnlyEven": ("odd_sizes", "(1, 3, 28, 36)"),
    "toys.methods:OnlyThreeAndMore": ("tiny_sizes", "LR of 1 x 1 pixels"),
    "toys.methods:Drifts": ("deterministic", "differ by up to 0.0001"),
    "toys.methods:SecretlySamples": ("independent_of_global_seed", "samples is False"),
    "toys.methods:NormalisesTheBatch": ("independent_of_batch", "others in its batch"),
    "toys.methods:OverwritesLr": ("leaves_lr_alone", "changed the LR"),
    "toys.methods:HaloTooSmall": ("halo_is_enough", "halo = 1"),
    "toys.methods:CeilingOfLrSize": ("ceiling_shape", "(1, 1, 12, 16)"),
    "toys.methods:CeilingDividesByBlack": ("ceiling_finite", "black picture"),
    "toys.methods:CeilingDrifts": ("ceiling_repeats", "differ by up to 0.25"),
    "toys.methods:FitsInSecret": ("refuses_to_fit", "learns is False"),
    "toys.methods:CountsNothing": ("counts_parameters", "gave 0 after fit"),
    "toys.methods:ForgetsToSave": ("saves_and_loads", "wrote nothing"),
    "toys.methods:ForgetsToLoad": ("saves_and_loads", "other images after load"),
    "toys.methods:SavesAPickle": ("saves_no_code", "history.pkl"),
    "toys.methods:FitsByGlobalSeed": ("fit_repeats", "same context.seed differ"),
    "toys.methods:IgnoresTheSeed": ("seed_matters", "context.seed is not used"),
    "toys.methods:NeverAsksToStop": ("stops_on_request", "0 times in 4 steps"),
    "toys.methods:AsksToStopSeldom": ("stops_on_request", "2 times in 4 steps"),
    "toys.methods:GoesOnWhenStopped": ("stops_on_request", "fit went on"),
    "toys.methods:StartsAgain": ("resumes", "began again"),
    "toys.methods:ResumesElsewhere": ("resumes", "another model"),
}

WRONG_GENERATORS = {
    "toys.generators:Wide": ("sample_gives_images", "(5, 3, 48, 49)"),
    "toys.generators:WhiteIs255": ("sample_gives_images", "not at 255"),
    "toys.generators:GloballyRandom": ("samples_repeat", "of each image's own"),
    "toys.generators:OneNoiseForABatch": ("samples_ignore_the_batch", "made alone"),
    "toys.generators:SeedPlusPlace": ("samples_differ", "seed 0, place 1 and of seed 1, place 0"),
    "toys.generators:IgnoresClasses": ("classes_matter", "both classes are the same"),
}

WRONG_METRICS = {
    "toys.metrics:Absent": ("loads", "cannot be loaded"),
    "toys.imports_torch:Metric": ("imports_without_torch", "imports torch"),
    "toys.metrics:WithoutDirection": ("declares_itself", "higher_is_better"),
    "toys.metrics:GivesATensor": ("gives_a_float", "a Tensor"),
    "toys.metrics:LeavesItsRange": ("score_in_range", "outside the range (0.0, 0.0001)"),
    "toys.metrics:NeverPerfect": ("best_when_identical", "identical images get 0.1"),
    "toys.metrics:CannotTellNoise": ("worse_with_noise", "0.01, 0.01"),
    "toys.metrics:WrongDirection": ("worse_with_noise", "higher_is_better = True"),
    "toys.metrics:OnlyColour": ("scores_grey_images", "index 2 is out of bounds"),
    "toys.metrics:OnlyEven": ("scores_odd_sizes", "odd height"),
    "toys.metrics:FailsOnSmall": ("tiny_images", "image of 1 x 1 pixels raised"),
    "toys.metrics:NanWhenFlat": ("flat_images", "nan"),
    "toys.metrics:Drifts": ("score_repeats", "depend on chance"),
    "toys.metrics:OverwritesSr": ("leaves_images_alone", "changed the images"),
    "toys.metrics:ComputesAnInteger": ("computes_a_float", "a int"),
    "toys.metrics:LastCountsMost": ("independent_of_order", "in reverse order"),
    "toys.metrics:LooksOnlyAtHr": ("sees_every_image", "another image"),
    "toys.metrics:ComputeEmpties": ("instances_share_nothing", "computed again 0"),
    "toys.metrics:SetOverwritesSr": ("update_leaves_images_alone", "changed the images"),
    "toys.metrics:CrookedMatrix": ("computes_a_float", "rows of 2, 1 counts"),
    "toys.metrics:CeilingIsNan": ("computes_a_float", "is nan, not a finite number"),
    "toys.metrics:DetailsAsADict": ("details_fit_the_set", "with a dict; give srbench.Details"),
    "toys.metrics:TurnedMatrix": ("details_fit_the_set", "count {'bright': 4.0}; of the test images shown"),
    "toys.metrics:GeneratedHasNoPicture": ("judges_unpaired_sets", "only id and label"),
    "toys.metrics:LastGeneratedCounts": ("independent_of_order_unpaired", "the generated images in reverse order"),
    "toys.metrics:BlindForGenerated": ("sees_generated_images", "so does one that gives flat grey"),
    "toys.metrics:FailsOnNothing": ("few_unpaired_images", "ZeroDivisionError"),
    "toys.metrics:OverwritesGenerated": ("update_unpaired_leaves_images_alone", "changed an image"),
}

WRONG_DATASETS = {
    "toys.datasets:Absent": ("loads", "cannot be loaded"),
    "toys.imports_torch:Dataset": ("imports_without_torch", "imports torch"),
    "toys.datasets:FailsWithoutFiles": ("prepares_offline", "raised FileNotFoundError"),
    "toys.datasets:NeedsANetwork": ("prepares_offline", "no network"),
    "toys.datasets:Nothing": ("gives_items", "gives an item"),
    "toys.datasets:NotItems": ("gives_items", "'picture.png'"),
    "toys.datasets:OneIdForAll": ("ids_are_unique", "'picture' for one"),
    "toys.datasets:IdsAreFolders": ("ids_are_file_names", "'../0'"),
    "toys.datasets:RemarksAreOneText": ("remarks_are_sentences", "'left out: 3 files'"),
    "toys.datasets:HoldsPixels": ("items_hold_no_pixels", "pixels of its hr"),
    "toys.datasets:TwoChannels": ("pictures_are_readable", "(24, 32, 2)"),
    "toys.datasets:NoPixels": ("pictures_are_readable", "picture-0' cannot be read"),
    "toys.datasets:NotANumber": ("pictures_are_readable", "not finite"),
    "toys.datasets:PeakTooLow": ("pictures_are_readable", "0 to 100, its declared white"),
    "toys.datasets:AnotherOrder": ("reads_the_same_twice", "another order"),
    "toys.datasets:OtherPixels": ("reads_the_same_twice", "other pixels"),
    "toys.datasets:TrainsOnTheTest": ("no_image_in_both_splits", "'picture-3' is the same picture"),
    "toys.datasets:SplitsAPatient": ("no_group_in_both_splits", "'patient' for one"),
    "toys.datasets:RegionsOverlap": ("no_group_in_both_splits", "'slide' for one"),
    "toys.datasets:RegionWithoutGroup": ("regions_fit", "no group"),
    "toys.datasets:RegionAboveThePicture": ("regions_fit", "row -1, column 0"),
    "toys.datasets:RegionTurned": ("regions_fit", "24 x 32 pixels, HR 32 x 24"),
    "toys.datasets:WrongLr": ("shipped_lr_fits", "16 x 12 pixels"),
    "toys.datasets:SomeLabels": ("labels_are_complete", "2 of 3 train items"),
    "toys.datasets:WrongMask": ("masks_fit", "32 x 23 pixels, HR 32 x 24"),
}

WRONG_DEGRADATIONS = {
    "toys.degradations:Absent": ("loads", "cannot be loaded"),
    "toys.degradations:OtherName": ("loads", "derived from srbench.Degradation, with the entry's name"),
    "toys.imports_torch:Degradation": ("imports_without_torch", "imports torch"),
    "toys.degradations:KeepsHrSize": ("lr_shape", "LR is (12, 18, 3) in uint8; it should be (6, 9, 3)"),
    "toys.degradations:MakesFloats": ("lr_shape", "in float64"),
    "toys.degradations:ForgetsTheDeclaredWhite": ("lr_range", "in uint16, white 4095"),
    "toys.degradations:BlackensACorner": ("leaves_hr_alone", "work on a copy"),
    "toys.degradations:GloballyRandom": ("repeats", "the rng that lr is given"),
    "toys.degradations:AsBrightAsTheFirst": ("independent_of_order", "when other images came before"),
    "toys.degradations:HidesItsParameter": ("facts_tell_the_parameters", "leaves out sigma"),
}

WRONG_PROTOCOLS = {
    "toys.protocols:ABSENT": ("loads", "cannot be loaded"),
    "toys.protocols:MISNAMED": ("loads", "a srbench.Protocol value with the entry's name"),
    "toys.protocols:NO_SCALE": ("declares_itself", "scale is 0"),
    "toys.protocols:HALF_A_SCALE": ("declares_itself", "scale is 2.5"),
    "toys.protocols:UNKNOWN_CHANNEL": ("declares_itself", "channel is 'luma'"),
    "toys.protocols:NEGATIVE_BORDER": ("declares_itself", "border is -1"),
    "toys.protocols:NO_SIZE": ("declares_itself", "size is 0"),
    "toys.protocols:ON_TWO_LINES": ("describes_itself", "not one line"),
    "toys.protocols:FACTS_OUTSIDE_JSON": ("facts_are_plain", "does not fit into JSON"),
    "toys.protocols:FACTS_OF_ITS_OWN": ("facts_are_plain", "never be reused"),
    "toys.protocols:HIDES_A_PARAMETER": ("degradation_is_made_again", "sigma=0.1"),
    "toys.protocols:DEGRADATION_OF_NOBODY": ("degradation_is_made_again", "unknown degradation 'another'"),
    "toys.protocols:KEEPS_HR_SIZE": ("lr_shape", "grey-uint8: the LR that toy makes of it is"),
    "toys.protocols:GLOBALLY_RANDOM": ("lr_repeats", "made again"),
    "toys.protocols:AS_BRIGHT_AS_THE_FIRST": ("lr_repeats", "after other images"),
}

WRONG_EXTRACTORS = {
    "toys.extractors:Abstract": ("loads", "does not define extract"),
    "toys.imports_torch:Extractor": ("imports_without_torch", "imports torch"),
    "toys.extractors:WithoutBudget": ("extractor_declares_itself", "budget is None"),
    "toys.extractors:WrongWants": ("extractor_declares_itself", "wants is 'classes'"),
    "toys.extractors:WrongDim": ("extracts", "the shape (2, 2); with dim = 3"),
    "toys.extractors:Doubles": ("extracts", "torch.float64"),
    "toys.extractors:Silent": ("extracts", "not finite"),
    "toys.extractors:OnlyColour": ("extracts_grey_images", "index 2 is out of bounds"),
    "toys.extractors:OnlyEven": ("extracts_odd_sizes", "odd height"),
    "toys.extractors:Blind": ("features_differ", "the same features"),
    "toys.extractors:Forgetful": ("extract_repeats", "eval mode"),
    "toys.extractors:NormalisesTheBatch": ("extract_ignores_the_batch", "in a batch of three"),
    "toys.extractors:OverwritesImages": ("extract_leaves_images_alone", "changed the images"),
    "toys.extractors:ForgetsToSave": ("extractor_saves_and_loads", "wrote nothing"),
    "toys.extractors:ForgetsToLoad": ("extractor_saves_and_loads", "other features after load"),
    "toys.extractors:SavesAPickle": ("extractor_saves_and_loads", "model.pt"),
    "toys.extractors:FitsByGlobalSeed": ("extractor_fit_repeats", "same context.seed differ"),
    "toys.extractors:TellsNothing": ("fit_tells_facts", "fit returned None"),
    "toys.extractors:TellsNan": ("fit_tells_facts", "'accuracy': nan"),
}

WRONG_EXECUTORS = {
    "toys.executors:Homeless": ("loads", "does not define close"),
    "toys.imports_torch:Executor": ("imports_without_torch", "imports torch"),
    "toys.executors:Full": ("has_places", "places() gave 0"),
    "toys.executors:Wrong": ("does_jobs", "ended with 0"),
    "toys.executors:Forgets": ("stops_jobs", "'forgotten'"),
}


def registry_with(kind: str, target: object) -> Registry:
    module = ModuleType("toy")
    targets = {kind: target}
    if kind == "protocol" and (protocol := getattr(protocols, str(target).partition(":")[2], None)):
        targets["degradation"] = type(protocol.degradation)
    for each, its in targets.items():
        setattr(module, f"srbench_{each}s", srbench.hookimpl(lambda its=its: [srbench.Entry("toy", its)]))
    registry = Registry()
    # The module that is imported to list the plugin is, for the toys, one that holds nothing.
    registry.add(Plugin("toy", "srbench-toy", "1", "srbench.registry.builtin"), module)
    assert not registry.broken
    return registry


def outcomes(subject: Subject) -> dict[str, Outcome]:
    return {outcome.check.name: outcome for outcome in run_checks(subject)}


def subject_of(kind: str, target: object, **params: object) -> Subject:
    types = {
        "method": MethodSubject,
        "metric": MetricSubject,
        "dataset": DatasetSubject,
        "extractor": ExtractorSubject,
        "degradation": DegradationSubject,
        "protocol": ProtocolSubject,
        "executor": ExecutorSubject,
    }
    return types[kind]("toy", params, registry_with(kind, target))


def cases(kind: str, wrong: dict[str, tuple[str, str]]) -> list:
    return [pytest.param(kind, target, *said, id=target) for target, said in wrong.items()]


@pytest.mark.parametrize(
    ("kind", "target", "name", "message"),
    [
        *cases("method", WRONG_METHODS),
        *cases("method", WRONG_GENERATORS),
        *cases("metric", WRONG_METRICS),
        *cases("dataset", WRONG_DATASETS),
        *cases("extractor", WRONG_EXTRACTORS),
        *cases("degradation", WRONG_DEGRADATIONS),
        *cases("protocol", WRONG_PROTOCOLS),
        *cases("executor", WRONG_EXECUTORS),
    ],
)
def test_a_wrong_plugin_fails_the_one_check_that_it_breaks(kind, target, name, message):
    found = outcomes(subject_of(kind, target))
    failed = {name: outcome.message for name, outcome in found.items() if outcome.status == "failed"}
    assert set(failed) == {name}, failed
    assert message in failed[name]
    assert failed[name].startswith(f"{kind} 'toy'")
    others = {outcome.status for name, outcome in found.items() if name not in failed}
    assert others <= {"passed", "blocked"}


# Checks of the class itself are the same for every kind; methods stand for all.
OF_CLASSES = {"found_by_name", "parameters_are_typed", "constructs"}

# What only another class could break, and a name that is no toy's: see test_protocol_checks.py.
OF_PROTOCOLS = {"name_is_safe", "facts_tell_protocols_apart", "trains_on_the_same_lr", "scored_pixels"}


@pytest.mark.parametrize(
    ("kind", "wrong", "elsewhere"),
    [
        ("method", WRONG_METHODS | WRONG_GENERATORS, set()),
        ("metric", WRONG_METRICS, OF_CLASSES),
        ("dataset", WRONG_DATASETS, OF_CLASSES),
        ("extractor", WRONG_EXTRACTORS, OF_CLASSES),
        ("degradation", WRONG_DEGRADATIONS, OF_CLASSES),
        ("protocol", WRONG_PROTOCOLS, OF_PROTOCOLS),
        ("executor", WRONG_EXECUTORS, OF_CLASSES),
    ],
)
def test_every_check_has_a_wrong_plugin_and_says_its_promise(kind, wrong, elsewhere):
    checks = checks_for(kind)
    assert {one.name for one in checks} == {name for name, _ in wrong.values()} | elsewhere
    for one in checks:
        assert one.summary.endswith(".")
        assert set(one.needs) <= {other.name for other in checks}


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("method", "toys.methods:Right"),
        ("method", "toys.methods:RightLearner"),
        ("method", "toys.methods:RightSampler"),
        ("method", "toys.methods:RightButPicky"),
        ("method", "toys.methods:RightWithCeiling"),
        ("method", "toys.methods:HaloRight"),
        ("method", "toys.generators:Right"),
        ("method", "toys.generators:RightLearner"),
        ("metric", "toys.metrics:MeanDifference"),
        ("metric", "toys.metrics:SignalToNoise"),
        ("metric", "toys.metrics:Unbounded"),
        ("metric", "toys.metrics:SetDifference"),
        ("metric", "toys.metrics:GeneratorDifference"),
        ("metric", "toys.metrics:BothTasks"),
        ("metric", "toys.metrics:TellsDetails"),
        ("dataset", "toys.datasets:Pictures"),
        ("dataset", "toys.datasets:SplitsASlide"),
        ("dataset", "toys.datasets:OnlyTest"),
        ("dataset", "toys.datasets:OnlyTrain"),
        ("extractor", "toys.extractors:Moments"),
        ("extractor", "toys.extractors:Learned"),
        ("degradation", "toys.degradations:Mean"),
        ("degradation", "toys.degradations:Noisy"),
        ("protocol", "toys.protocols:OF_Y"),
        ("protocol", "toys.protocols:OF_COLOUR"),
        ("protocol", "toys.protocols:GENERATION"),
    ],
)
def test_a_right_plugin_passes_everything(kind, target):
    found = outcomes(subject_of(kind, target))
    assert {name: outcome.message for name, outcome in found.items() if outcome.status != "passed"} == {}
    assert len(found) >= 7


def test_the_plugin_of_nine_lines_passes_everything():
    registry = Registry()
    registry.add(Plugin("nearest", "srbench-nearest", "1", nearest_plugin.__name__), nearest_plugin)
    found = outcomes(MethodSubject("nearest", registry=registry))
    assert {outcome.status for outcome in found.values()} == {"passed"}


def test_checks_of_learning_are_for_methods_that_learn():
    fixed, learning = (
        set(outcomes(subject_of("method", f"toys.methods:{name}"))) for name in ("Right", "RightLearner")
    )
    assert "resumes" in learning - fixed
    assert "refuses_to_fit" in fixed - learning


def test_what_comes_after_a_failure_names_it():
    found = outcomes(subject_of("method", "toys.methods:KeepsLrSize"))
    assert found["odd_sizes"].status == "blocked"
    assert "'output_shape'" in found["odd_sizes"].message


def test_parameters_are_given_by_name():
    found = outcomes(subject_of("method", "toys.methods:FailsToConstruct", strength=0.0))
    assert found["constructs"].status == "failed"
    found = outcomes(subject_of("method", "toys.methods:RightLearner", strides=1.0))
    assert "Did you mean 'stride'" in found["constructs"].message


def test_a_metric_without_its_weights_is_not_checked_further():
    found = outcomes(subject_of("metric", "toys.metrics:NeedsWeights"))
    assert found["worse_with_noise"].status == "unchecked"
    assert "its weights are not here" in found["worse_with_noise"].message


def test_metrics_that_need_an_extractor_labels_or_the_training_split_are_checked_with_them(monkeypatch, tmp_path):
    from rig import srbench_measures

    monkeypatch.setenv("SRBENCH_TEST_FOLDER", str(tmp_path))
    registry = Registry()
    registry.add(Plugin("measures", "srbench-measures", "1", "srbench.registry.builtin"), srbench_measures)
    for name in ("toy-distance", "toy-nearness"):
        found = outcomes(MetricSubject(name, registry=registry))
        assert not [outcome for outcome in found.values() if outcome.status == "failed"]
        ran = {check for check, outcome in found.items() if outcome.status == "passed"}
        assert {"computes_a_float", "independent_of_order", "instances_share_nothing"} <= ran
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    monkeypatch.setattr("srbench.weights.lookup.registry", lambda: registry)
    found = outcomes(MetricSubject("toy-distance", {"extractor": "toy-published"}, registry))
    assert found["computes_a_float"].status == "unchecked"
    assert "srbench fetch toy-weights" in found["computes_a_float"].message


def test_a_dataset_that_is_not_here_is_a_failure_only_in_ci(monkeypatch, tmp_path):
    registry = registry_with("dataset", "toys.datasets:NotHere")
    for ci, status in (("", "unchecked"), ("true", "failed")):
        monkeypatch.setenv("CI", ci)
        found = outcomes(DatasetSubject("toy", registry=registry, root=tmp_path))
        assert found["gives_items"].status == status
        assert str(tmp_path / "not-here") in found["gives_items"].message


def test_an_unregistered_name_is_said_to_be_unknown():
    found = outcomes(MethodSubject("tyo", registry=registry_with("method", "toys.methods:Right")))
    assert list(found) == ["loads"]
    assert "unknown method 'tyo'. Did you mean 'toy'?" in found["loads"].message


def test_checks_leave_the_global_random_numbers_alone():
    import torch

    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    outcomes(subject_of("method", "toys.methods:RightSampler"))
    assert torch.rand(3).equal(expected)


ONE_LINERS = """
import sys
sys.path.insert(0, {tests!r})
from toys import nearest_plugin
from srbench.registry.registry import Plugin, Registry
from srbench.testing import check_methods

registry = Registry()
registry.add(Plugin("nearest", "srbench-nearest", "1", "toys.nearest_plugin"), nearest_plugin)
test_methods = check_methods("nearest", registry=registry)
test_unknown = check_methods("neerest", registry=registry)
"""


def test_pytest_shows_one_test_a_name_and_check(tmp_path):
    (tmp_path / "test_conformance.py").write_text(ONE_LINERS.format(tests=str(Path(__file__).parents[1])))
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-v", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)
    assert "test_conformance.py::test_methods[nearest-odd_sizes] PASSED" in done.stdout
    assert "test_conformance.py::test_unknown[neerest-loads] FAILED" in done.stdout
    assert "Did you mean 'nearest'?" in done.stdout
    assert "1 failed" in done.stdout
    assert "Traceback" not in done.stdout


def test_only_the_one_liners_need_pytest_and_listing_checks_needs_no_torch():
    code = (
        "import sys; sys.modules['pytest'] = None; import srbench.testing as kit; "
        "kinds = 'method', 'metric', 'dataset', 'extractor', 'degradation', 'protocol'; "
        "names = [one.name for kind in kinds for one in kit.checks_for(kind)]; "
        "print(len(names) > 30, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "False"]
