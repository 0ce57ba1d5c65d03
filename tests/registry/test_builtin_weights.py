"""Weights declared with their publisher's own digits: in a file's name stand the first of its sha256."""

from __future__ import annotations

import re
from urllib.parse import urlparse

import pytest

from srbench.contract.weights_file import WeightsFile
from srbench.registry.builtin_weights import published_weights
from srbench.weights import import_torchvision

WEIGHTS = published_weights()


def test_names_and_files_are_each_once() -> None:
    assert len({one.name for one in WEIGHTS}) == len({one.file for one in WEIGHTS}) == len(WEIGHTS)


@pytest.mark.parametrize("one", WEIGHTS, ids=lambda one: one.name)
def test_they_come_over_a_safe_connection_with_terms_and_makers(one: WeightsFile) -> None:
    assert urlparse(one.url).scheme == "https"
    assert one.licence and re.search(r"\b(19|20)\d\d\b", one.source), "a source has its year"


@pytest.mark.parametrize("one", [one for one in WEIGHTS if "huggingface" not in one.url], ids=lambda one: one.name)
def test_the_name_of_a_file_ends_in_the_first_digits_of_its_hash(one: WeightsFile) -> None:
    """The convention of torchvision and torch-fidelity; their addresses were copied apart from the hashes."""
    found = re.search(r"-([0-9a-f]{8})\.pth$", one.file)
    assert found is not None
    assert one.sha256.startswith(found[1])


def test_torchvision_knows_the_addresses_of_its_own() -> None:
    import_torchvision()
    from torchvision import models

    own = {
        "alexnet": models.AlexNet_Weights.IMAGENET1K_V1,
        "squeezenet1_1": models.SqueezeNet1_1_Weights.IMAGENET1K_V1,
        "vgg16": models.VGG16_Weights.IMAGENET1K_V1,
        "vgg19": models.VGG19_Weights.IMAGENET1K_V1,
        "resnet50": models.ResNet50_Weights.IMAGENET1K_V1,
    }
    urls = {one.name: one.url for one in WEIGHTS}
    assert {name: weights.url for name, weights in own.items()} == {name: urls[name] for name in own}
