"""What a board knows of its pictures, in words."""

from __future__ import annotations

import msgspec

from srbench.leaderboard.gallery.pictures import Gallery, Layer, ViewedImage, map_legend, white_words


def test_a_part_of_an_image_says_which_part() -> None:
    layers = (Layer("HR", "pictures/a.png"), Layer("a", "pictures/b.png"))
    part = ViewedImage("im0", layers, (8, 4, 256, 256), (800, 600))
    assert part.window_words.startswith("256 × 256 of 800 × 600 pixels, from (8, 4)")
    assert ViewedImage("im0", layers, (0, 0, 8, 6), (8, 6)).window_words == "8 × 6 pixels, the whole image"
    assert part.layer("a") is layers[1] and part.layer("b") is None
    tiled = tuple(msgspec.structs.replace(layer, tiles=("pictures/t-0.png", "pictures/t-1.png")) for layer in layers)
    whole = msgspec.structs.replace(part, layers=tiled)
    assert (part.is_cut, whole.is_cut) == (True, False)
    assert part.window_words.endswith("the rest is left out") and whole.window_words.endswith("the rest is here, too")
    assert "pictures/t-1.png" in whole.places


def test_of_few_pictures_those_of_the_hardest_image_stay() -> None:
    images = tuple(ViewedImage(name, (Layer("HR", f"pictures/{name}.png"),), (0, 0, 8, 6), (8, 6)) for name in "abc")
    extremes = {"one": ("c", "a"), "two": ("c", "b"), "three": ("b", "a")}
    few = Gallery("d", "p", images, extremes=extremes, made_from="all of these").few()
    assert [one.id for one in few.images] == ["c"] and few.made_from == ""
    assert [one.id for one in Gallery("d", "p", images).few().images] == ["a"]


def test_a_board_without_maps_has_no_legend_of_them() -> None:
    layers = (Layer("HR", "pictures/a.png"), Layer("a", "pictures/b.png", "pictures/c.png", 0.1))
    assert map_legend([Gallery("d", "p", (ViewedImage("im0", layers, (0, 0, 8, 6), (8, 6)),))]) == []


def test_the_end_of_the_scale_is_told_in_percent() -> None:
    shown = ViewedImage("a", (), (0, 0, 1, 1), (1, 1))
    assert white_words([Gallery("d", "p", ()), Gallery("d", "p", (shown,), error_white=0.005)]) == (
        "0.5 % of white or more"
    )
    assert white_words([]) == "20 % of white or more"  # of boards that were published before there was a choice
