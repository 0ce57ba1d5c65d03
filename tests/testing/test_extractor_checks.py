"""What extractors promise: a toy that breaks one promise fails that check and no other."""

from __future__ import annotations

import pytest
from toys.conformance import Wrong, assert_breaks_only, assert_passes, cases, checks_in

WRONG: Wrong = {
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
    "toys.extractors:ShowsMoreThanWasTested": ("evidence_is_of_the_test_split", "counts 6 images"),
    "toys.extractors:ShowsNothingReadable": ("evidence_is_of_the_test_split", "cannot be read"),
    "toys.extractors:FitsByGlobalSeed": ("extractor_fit_repeats", "same context.seed differ"),
    "toys.extractors:TellsNothing": ("fit_tells_facts", "fit returned None"),
    "toys.extractors:TellsNan": ("fit_tells_facts", "'accuracy': nan"),
}


@pytest.mark.parametrize(("target", "check", "message"), cases(WRONG))
def test_a_broken_promise_fails_its_check_alone(target: str, check: str, message: str) -> None:
    assert_breaks_only("extractor", target, check, message)


def test_every_check_has_a_toy_that_fails_it() -> None:
    assert checks_in("extractor_checks") == {check for check, _ in WRONG.values()}


@pytest.mark.parametrize(
    "target",
    [
        "toys.extractors:Moments",
        "toys.extractors:Learned",
    ],
)
def test_who_keeps_every_promise_passes(target: str) -> None:
    assert_passes("extractor", target)
