"""An extractor that says nothing of itself learns nothing, reads nothing and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import srbench
from srbench.contract.extractor import ExtractorUse
from srbench.contract.fit import Budget, FitContext


class Mean(srbench.Extractor):
    dim = 1

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(1, 2, 3))[:, None]


def test_one_that_does_not_learn_refuses_to_be_trained_by_name(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="Mean does not learn"):
        Mean().fit([], [], FitContext(0, Budget("steps", 1), tmp_path))


def test_what_it_learned_is_nothing_on_disk(tmp_path: Path) -> None:
    Mean().save(tmp_path)
    Mean().load(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_moves_alone_and_needs_nothing_unless_it_says_so() -> None:
    one, other = Mean(), Mean()
    one.to("cuda:1")
    assert (one.device, other.device) == ("cuda:1", "cpu")
    assert (other.learns, other.wants, other.weights, other.files, other.budget, other.key) == (
        *(False, None, (), (), None),
        "",
    )


def test_one_that_extracts_nothing_cannot_be_made() -> None:
    class Nothing(srbench.Extractor):
        dim = 1

    with pytest.raises(TypeError, match="extract"):
        Nothing()  # type: ignore[abstract]


def test_uses_of_one_name_do_not_share_their_parameters() -> None:
    assert ExtractorUse("a").params == {} == ExtractorUse("b").params
    assert ExtractorUse("a") == ExtractorUse("a", {}) != ExtractorUse("a", {"model": "x"})
