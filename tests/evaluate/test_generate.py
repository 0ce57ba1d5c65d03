"""Samples on disk: numbered in one sequence, in the depth of real images, of classes in their proportions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import srbench
from srbench.contract.generator import SampleContext
from srbench.evaluate.generate import AT_ONCE, generate, proportioned
from srbench.evaluate.output import BadOutput
from srbench.pictures import Values, read_image


class Numbered(srbench.Generator):
    """An image's value is its place in the whole set over 100; its first pixel, its class."""

    def __init__(self) -> None:
        self.asked: list[SampleContext] = []

    def sample(self, count: int, context: SampleContext) -> torch.Tensor:
        self.asked.append(context)
        places = torch.arange(context.first, context.first + count)
        images = (places / 100)[:, None, None, None].repeat(1, context.channels, context.size, context.size)
        for place, label in enumerate(context.labels or ()):
            images[place, :, 0, 0] = ord(label) / 255
        return images


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 4095), (np.float32, 1)])
def test_images_are_of_the_depth_size_and_channels_of_a_real_one(tmp_path: Path, dtype: type, white: float) -> None:
    maker, told = Numbered(), list[str]()
    count = AT_ONCE + 3
    done = generate(maker, count, (np.zeros((6, 6, 3), dtype), Values(0, white)), None, 7, tmp_path, told.append)
    assert list(done.images) == told == [f"sample-{place:05d}" for place in range(1, count + 1)]
    assert [(one.seed, one.first, one.size, one.channels) for one in maker.asked] == [(7, 0, 6, 3), (7, AT_ONCE, 6, 3)]
    for place, name in enumerate(done.images.values()):
        image = read_image(tmp_path / name)
        assert image.dtype == dtype and image.shape == (6, 6, 3)
        exact = place / 100 * white
        assert image == pytest.approx(exact if dtype is np.float32 else np.floor(exact + 0.5), rel=1e-6)
    assert (done.labels, done.seconds > 0) == ({}, True)


def test_each_image_is_of_the_class_that_it_was_asked_for(tmp_path: Path) -> None:
    done = generate(Numbered(), 40, (np.zeros((4, 4, 1), np.uint8), Values(0, 255)), "aaab", 0, tmp_path)
    for name, label in done.labels.items():
        assert read_image(tmp_path / done.images[name])[0, 0, 0] == ord(label)
    assert Counter(done.labels.values()) == {"a": 30, "b": 10}


def test_what_is_compiled_is_compiled_before_time_is_taken_and_changes_no_image(tmp_path: Path) -> None:
    plain, compiled = Numbered(), Numbered()
    compiled.warms_up = True
    like = np.zeros((4, 4, 1), np.uint8), Values(0, 255)
    kept = [generate(one, 2 * AT_ONCE + 3, like, None, 0, tmp_path / str(one.warms_up)) for one in (plain, compiled)]
    assert [one.first for one in plain.asked] == [0, AT_ONCE, 2 * AT_ONCE]
    assert [one.first for one in compiled.asked] == [0, 0, AT_ONCE, 2 * AT_ONCE, 2 * AT_ONCE]
    first, second = (
        [(tmp_path / where / name).read_bytes() for name in done.images.values()]
        for where, done in zip(("False", "True"), kept, strict=True)
    )
    assert first == second


def test_samples_of_another_shape_are_refused(tmp_path: Path) -> None:
    class Wide(Numbered):
        def sample(self, count: int, context: SampleContext) -> torch.Tensor:
            return super().sample(count, context).repeat(1, 1, 1, 2)

    with pytest.raises(BadOutput, match=r"\(2, 1, 4, 8\)"):
        generate(Wide(), 2, (np.zeros((4, 4, 1), np.uint8), Values(0, 255)), None, 0, tmp_path)


def test_samples_that_were_cut_off_go_on_call_by_call_and_are_the_same(tmp_path: Path) -> None:
    class Cut(Exception): ...

    def at(name: str) -> Callable[[str], None]:
        def progress(image: str) -> None:
            if image == name:
                raise Cut

        return progress

    like, count = (np.zeros((4, 4, 1), np.uint8), Values(0, 255)), 2 * AT_ONCE + 3
    whole = generate(Numbered(), count, like, "ab", 0, tmp_path / "whole")
    assert not whole.resumed
    folder = tmp_path / "parts"
    with pytest.raises(Cut):
        generate(Numbered(), count, like, "ab", 0, folder, at(f"sample-{AT_ONCE + 2:05d}"))
    maker, told = Numbered(), list[str]()
    done = generate(maker, count, like, "ab", 0, folder, told.append)
    assert [one.first for one in maker.asked] == [AT_ONCE, 2 * AT_ONCE], "the first call is there; half a one is none"
    assert told == list(whole.images) and done.resumed and done.seconds > 0
    assert (done.images, done.labels) == (whole.images, whole.labels)
    for name in whole.images.values():
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    again = Numbered()
    assert generate(again, count, like, "ab", 0, folder).images == whole.images and again.asked == []


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=30), st.integers(1, 60))
def test_no_class_is_ever_an_image_above_its_share_and_a_whole_round_is_exact(labels: list[str], count: int) -> None:
    shares = Counter(labels)
    given_ = Counter(islice(proportioned(labels), count))
    # Of no class there is a whole image more than its share.
    assert all(given_[one] - count * shares[one] / len(labels) < 1 for one in shares)
    assert sum(given_.values()) == count
    # After a whole round of the training split, the proportions are exact.
    assert Counter(islice(proportioned(labels), len(labels))) == shares


def test_a_larger_set_begins_with_the_smaller_one_whatever_the_order_of_the_split() -> None:
    first = list(islice(proportioned("abbccc"), 12))
    assert list(islice(proportioned("ccbabc"), 30))[:12] == first
