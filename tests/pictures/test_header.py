"""What headers may promise: any size from one pixel to the limit, and a single picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from srbench.pictures.header import MAX_PIXELS, Refused, check_frames, check_size


@given(st.integers(-5, 10**6), st.integers(-5, 10**6))
def test_a_size_is_refused_exactly_where_it_has_no_pixels_or_too_many(width: int, height: int) -> None:
    if width >= 1 and height >= 1 and width * height <= MAX_PIXELS:
        check_size(width, height)
    else:
        with pytest.raises(Refused, match=f"its header .* {width} x {height} pixels"):
            check_size(width, height)


def test_the_limit_is_that_of_pillow_and_lies_on_this_side() -> None:
    with pytest.warns(Pillow.DecompressionBombWarning):
        Pillow._decompression_bomb_check((MAX_PIXELS, 1))
    with pytest.raises(Pillow.DecompressionBombError):
        Pillow._decompression_bomb_check((MAX_PIXELS + 1, 1))
    check_size(MAX_PIXELS, 1)
    with pytest.raises(Refused, match="more than 178,956,970; refused unread"):
        check_size(MAX_PIXELS + 1, 1)


def test_one_frame_is_a_picture_and_two_are_not() -> None:
    check_frames(1)
    with pytest.raises(Refused, match="holds 2 frames"):
        check_frames(2)
