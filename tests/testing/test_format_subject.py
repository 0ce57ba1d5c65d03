"""What the checks of formats work with: files, their frames, and what is written from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toys import formats
from toys.conformance import registry_with

from srbench.errors import SrbenchError
from srbench.testing import FormatSubject, check_formats
from srbench.testing.format_subject import same


def subject(target: str) -> FormatSubject:
    return FormatSubject("toy", registry=registry_with("format", f"toys.formats:{target}"), files=formats.files())


def test_pictures_are_those_of_every_frame_of_every_file() -> None:
    found = {name: image for name, _, image in subject("Grey").pictures()}
    assert list(found) == ["3.toy 0", "3.toy 1", "3.toy 2", "1.toy 0"]
    raw = np.frombuffer(formats.files()[0].read_bytes()[-3 * 48 :], np.uint8).reshape(3, 6, 8, 1)
    assert np.array_equal(found["3.toy 1"], raw[1])


def test_what_is_written_is_every_frame_with_each_pixel_repeated() -> None:
    one = subject("Written")
    assert one.writes and not subject("Grey").writes
    path, images = one.written(formats.files()[1], 3)
    assert path.suffix == ".toy" and [image.shape for image in images] == [(18, 24, 1)]
    ((_, frame, image),) = FormatSubject("toy", registry=one.registry, files=[path]).pictures()
    assert frame.size == (18, 24) and np.array_equal(image, images[0])
    ((_, _, source),) = list(one.pictures())[3:]
    assert np.array_equal(image[1::3, 2::3], source)


@pytest.mark.parametrize(
    ("other", "equal"), [([1.0, np.nan], True), ([1.0000001, np.nan], True), ([1.0001, np.nan], False), ([1, 0], False)]
)
def test_the_same_is_to_six_digits_and_gaps_are_equal(other: list[float], equal: bool) -> None:
    assert same(np.array([1.0, np.nan]), np.array(other)) is equal
    assert not same(np.array([1.0, np.nan]), np.array([other]))


def test_no_files_are_a_mistake() -> None:
    with pytest.raises(SrbenchError, match="give some that 'toy' reads"):
        check_formats("toy", files=[])
    assert FormatSubject("toy", files=[Path("a.toy")]).files == (Path("a.toy"),)
