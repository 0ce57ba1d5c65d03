"""Features of textures: closed forms, invariances, and what is nearest by them where pixels say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data as photographs

from srbench.evaluate.descriptor import ORIENTATIONS, describe
from srbench.evaluate.nearest import Neighbour, Neighbourhood
from srbench.statistics.memorisation import compare_distances

SIDE = 32
CLASSES = ("brick", "grass", "gravel")


@pytest.fixture(scope="module")
def textures() -> dict[str, np.ndarray]:
    return {name: getattr(photographs, name)()[..., None].astype(np.float32) / 255 for name in CLASSES}


@pytest.fixture(scope="module")
def learned(textures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The upper 352 rows of each texture in squares."""
    return {
        f"{name} {top} {left}": texture[top : top + SIDE, left : left + SIDE]
        for name, texture in textures.items()
        for top in range(0, 352, SIDE)
        for left in range(0, 512, SIDE)
    }


@pytest.fixture(scope="module")
def known(learned: dict[str, np.ndarray]) -> Neighbourhood:
    return Neighbourhood(list(learned), list(learned.values()))


def crops(texture: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Squares from the lower rows, at any place."""
    rng = np.random.default_rng(seed)
    places = rng.integers([384, 0], [512 - SIDE + 1, 512 - SIDE + 1], (count, 2))
    return [texture[top : top + SIDE, left : left + SIDE] for top, left in places]


def found(known: Neighbourhood, images: list[np.ndarray]) -> list[Neighbour]:
    return known.of([str(place) for place in range(len(images))], images, "generated")


# ---- the features


@pytest.mark.parametrize(
    ("cycles", "octave", "orientation"),
    [((0, 1), 0, 0), ((3, 0), 1, 2), ((5, 5), 2, 1), ((5, -5), 2, 3), ((0, 9), 3, 0)],
)
def test_a_wave_has_its_energy_in_one_band(cycles: tuple[int, int], octave: int, orientation: int) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    wave = 0.4 + 0.2 * np.sin(2 * np.pi * (cycles[0] * rows + cycles[1] * columns))[..., None]
    features = describe(wave)
    assert features[:2] == pytest.approx([0.4, 0.2 / 2**0.5])
    shares = np.exp(features[2:])
    assert shares[octave * ORIENTATIONS + orientation] == pytest.approx(1, abs=1e-3)
    assert shares.sum() == pytest.approx(1)


def test_features_stay_when_an_image_is_shifted(learned: dict[str, np.ndarray]) -> None:
    for image in list(learned.values())[::40]:
        shifted = describe(np.roll(image, (11, 6), (0, 1)))
        np.testing.assert_allclose(shifted, describe(image), rtol=0, atol=1e-5)


def test_bands_do_not_depend_on_brightness_and_contrast() -> None:
    noise = np.random.default_rng(0).random((SIDE, SIDE, 3))
    np.testing.assert_allclose(describe(noise / 2 + 0.3)[6:], describe(noise)[6:], rtol=0, atol=1e-3)


def test_images_without_contrast_have_finite_features() -> None:
    for side in (1, 2, 3, 33):
        assert np.isfinite(describe(np.full((side, side, 3), 0.5))).all()


# ---- the nearest


def test_the_distance_is_that_of_features_over_their_deviations(
    known: Neighbourhood, textures: dict[str, np.ndarray], learned: dict[str, np.ndarray]
) -> None:
    features = np.stack([describe(image) for image in learned.values()])
    images = crops(textures["gravel"], 20, seed=3)
    for image, neighbour in zip(images, found(known, images), strict=True):
        distances = [
            np.linalg.norm((features - describe(way)) / features.std(0), axis=1) / features.shape[1] ** 0.5
            for way in (image, image[:, ::-1])
        ]
        assert neighbour.distance == pytest.approx(np.min(distances))
        assert neighbour.nearest_by_features == list(learned)[np.min(distances, 0).argmin()]


@pytest.mark.parametrize("name", ["grass", "gravel"])
def test_by_features_a_texture_is_near_to_its_own_kind_where_by_pixels_it_is_near_to_brick(
    known: Neighbourhood, textures: dict[str, np.ndarray], name: str
) -> None:
    neighbours = found(known, crops(textures[name], 100, seed=1))
    by_pixels = sum(neighbour.nearest.startswith(name) for neighbour in neighbours)
    by_features = sum(neighbour.nearest_by_features.startswith(name) for neighbour in neighbours)
    assert by_pixels <= 40  # measured with three seeds: 5 to 25
    assert by_features >= 70  # 84 to 91


def test_a_shifted_copy_is_found_by_features_and_not_by_pixels(
    known: Neighbourhood, textures: dict[str, np.ndarray], learned: dict[str, np.ndarray]
) -> None:
    names = list(learned)[::30]
    copies = found(known, [np.roll(learned[name], (13, 10), (0, 1)) for name in names])
    real = found(known, [image for texture in textures.values() for image in crops(texture, 30, seed=2)])
    assert [copy.nearest_by_features for copy in copies] == names
    by_features = compare_distances([one.distance for one in copies], [one.distance for one in real])
    assert by_features.copies == len(names)
    by_pixels = compare_distances([one.rmse for one in copies], [one.rmse for one in real])
    assert not by_pixels.suspect


def test_crops_that_were_not_learned_from_are_not_suspected(
    known: Neighbourhood, textures: dict[str, np.ndarray]
) -> None:
    some, others = (
        [one.distance for texture in textures.values() for one in found(known, crops(texture, 60, seed))]
        for seed in (4, 5)
    )
    assert not compare_distances(some, others).suspect


def test_the_mirror_image_is_as_near(known: Neighbourhood, textures: dict[str, np.ndarray]) -> None:
    images = crops(textures["grass"], 20, seed=6)
    assert found(known, images) == found(known, [image[:, ::-1] for image in images])


def test_a_set_half_as_bright_has_the_same_neighbours_by_features(
    known: Neighbourhood, textures: dict[str, np.ndarray], learned: dict[str, np.ndarray]
) -> None:
    darker = Neighbourhood(list(learned), [image / 2 for image in learned.values()])
    images = crops(textures["grass"], 30, seed=7)
    ours, theirs = found(known, images), found(darker, [image / 2 for image in images])
    assert [one.distance for one in theirs] == pytest.approx([one.distance for one in ours], rel=0.02)
    same = [a.nearest_by_features == b.nearest_by_features for a, b in zip(ours, theirs, strict=True)]
    assert sum(same) >= 27  # two may be all but equally near


def test_training_images_that_are_all_alike_have_finite_distances() -> None:
    grey = np.full((8, 8, 1), 0.5, np.float32)
    known = Neighbourhood(["a", "b"], [grey, grey])
    same, other = found(known, [grey, grey / 2])
    assert same.distance == 0
    assert 0 < other.distance < 1
