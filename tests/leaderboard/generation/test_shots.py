"""Sheets on the pages of datasets and generators."""

from __future__ import annotations

from srbench.leaderboard.generation.samples import ClassSheets, GeneratorSamples, SampleGallery
from srbench.leaderboard.generation.sheets import Sheet
from srbench.leaderboard.generation.shots import MOST_SHEETS, real_shots, sample_shots


def sheet(name: str, count: int) -> Sheet:
    return Sheet(f"pictures/{name}.png", 80, 40, count)


def samples(name: str, *sheets: ClassSheets) -> GeneratorSamples:
    return GeneratorSamples(f"g-{name}", name, 0, f"cell-{name}", "k" * 64, sheets, "All.", None)


def test_real_images_are_the_largest_sheet_of_each_class_and_of_this_dataset_alone() -> None:
    small = ClassSheets("a", sheet("s", 4), sheet("real-4", 4))
    large = ClassSheets("a", sheet("t", 16), sheet("real-16", 16))
    whole, bare = ClassSheets("", sheet("u", 64), sheet("real-64", 64)), ClassSheets("b", sheet("v", 2), None)
    galleries = [
        SampleGallery("d", "p", (samples("one", small, bare), samples("two", large), samples("three", whole))),
        SampleGallery("other", "p", (samples("one", whole),)),
    ]
    (shot,) = real_shots(galleries, "d")
    assert (shot.src, shot.words, shot.href) == (
        "pictures/real-16.png",
        "16 real test images of a",
        "index.html#g-two",
    )
    assert (shot.width, shot.height) == (80, 40)
    (shot,) = real_shots(galleries, "other")
    assert shot.words == "64 real test images"


def test_a_generator_shows_its_first_classes_and_leads_to_its_cell() -> None:
    sheets = [ClassSheets(str(at), sheet(str(at), 8), None) for at in range(MOST_SHEETS + 2)]
    found = dict(sample_shots([SampleGallery("d", "p", (samples("one", *sheets),))]))
    shots = found["d", "p", "one"]
    assert [shot.words for shot in shots] == [f"8 samples of {at}" for at in range(MOST_SHEETS)]
    assert {shot.href for shot in shots} == {"cells/cell-one.html"}
