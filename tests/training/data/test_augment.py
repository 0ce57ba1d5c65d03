import numpy as np
import pytest
import torch
from toys.training import picture, training_set

import srbench
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.contract.training_set import TrainingSet
from srbench.pictures import Values, to_image, to_tensor
from srbench.pictures.resize import resize
from srbench.training.data.augment import (
    AUGMENTATIONS,
    Brightness,
    Contrast,
    CutBlur,
    Flips,
    Inversion,
    MixUp,
    Noise,
    Turns,
    Zoom,
    in_turn,
    orientations,
)
from srbench.training.data.batch import Batch
from srbench.training.data.pairs import TrainingDataError, read_pairs, turned
from srbench.training.data.patches import Patches


def batch(seed: int = 0, side: int = 24, scale: int = 2) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    hr = torch.rand(3, 1, side * scale, side * scale, generator=generator)
    return Batch(torch.rand(3, 1, side, side, generator=generator), hr, 0.25)


def test_cutblur_swaps_one_rectangle_between_lr_and_hr() -> None:
    torch.manual_seed(0)
    given = batch()
    blurred = resize(given.lr, 2)
    inside_hr, areas, corners = 0, [], set()
    for _ in range(200):
        mixed = CutBlur()(given)
        assert mixed.hr is given.hr and mixed.progress == given.progress
        from_hr, from_lr = mixed.lr == given.hr, mixed.lr == blurred
        assert torch.equal(from_hr, ~from_lr), "each pixel is of one or the other"
        assert all(torch.equal(from_hr[0], other) for other in from_hr[1:]), "at the same place in each image"
        mask = from_hr[0, 0]
        # The rectangle holds a side of 0.7, and so the centre; what is there is what was pasted.
        pasted_hr = bool(mask[24, 24])
        inside_hr += pasted_hr
        rows, columns = torch.nonzero(mask if pasted_hr else ~mask, as_tuple=True)
        height, width = (int(line.max() - line.min()) + 1 for line in (rows, columns))
        assert len(rows) == height * width, "it is a rectangle"
        areas.append(height / 48)
        corners.add((int(rows.min()), int(columns.min())))
    assert 70 < inside_hr < 130
    assert np.mean(areas) == pytest.approx(0.7, abs=0.02) and np.std(areas) < 0.03
    assert len(corners) > 50


def test_cutblur_that_is_not_due_only_upsamples() -> None:
    torch.manual_seed(0)
    given = batch()
    changed = [not torch.equal(CutBlur(0.3)(given).lr, resize(given.lr, 2)) for _ in range(300)]
    assert 60 < sum(changed) < 120
    fraction = batch(side=16, scale=2)
    third = Batch(fraction.lr, fraction.hr[..., :24, :24], 0.0)
    assert torch.equal(CutBlur(0.0)(third).lr, resize(third.lr, 1.5))


def lasting(image: torch.Tensor) -> torch.Tensor:
    """The image made smaller by the mean of squares of 2 x 2 pixels: a degradation that is linear."""
    return torch.nn.functional.avg_pool2d(image, 2)


def pairs(count: int = 4, low: float = 0.4, high: float = 0.6) -> Batch:
    hr = low + (high - low) * torch.rand(count, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    return Batch(lasting(hr), hr, 0.25, torch.arange(count))


@pytest.mark.parametrize("change", [Brightness(0.3), Contrast(0.5), Inversion(1.0), MixUp(1.0)], ids=repr)
def test_what_changes_values_leaves_lr_the_lr_of_hr(change: object) -> None:
    torch.manual_seed(0)
    given = pairs()
    assert callable(change)
    changed = change(given)
    torch.testing.assert_close(changed.lr, lasting(changed.hr))
    assert not changed.hr.equal(given.hr) and changed.labels is given.labels and changed.progress == 0.25


@pytest.mark.parametrize(
    "change", [Brightness(0.9), Contrast(0.9), Inversion(), Zoom(1.0), Noise(0.5), MixUp(1.0)], ids=repr
)
def test_values_stay_between_black_and_white_and_shapes_as_they_are(change: object) -> None:
    torch.manual_seed(0)
    given = pairs(64, 0.0, 1.0)
    assert callable(change)
    changed = change(given)
    for before, after in ((given.lr, changed.lr), (given.hr, changed.hr)):
        assert after.shape == before.shape and float(after.min()) >= 0 and float(after.max()) <= 1


def test_brightness_is_a_factor_for_each_image_evenly_around_one() -> None:
    torch.manual_seed(0)
    given = pairs(400)
    factors = (Brightness(0.3)(given).hr / given.hr).flatten(1)
    assert float((factors.amax(1) - factors.amin(1)).max()) < 1e-5
    assert 0.7 <= float(factors.min()) < 0.72 and 1.28 < float(factors.max()) <= 1.3 + 1e-5
    assert float(factors[:, 0].mean()) == pytest.approx(1, abs=0.03)


def test_contrast_keeps_the_mean_and_changes_the_deviation() -> None:
    torch.manual_seed(0)
    given = pairs(400)
    changed = Contrast(0.5)(given).hr
    torch.testing.assert_close(changed.mean((1, 2, 3)), given.hr.mean((1, 2, 3)))
    ratios = changed.std((1, 2, 3)) / given.hr.std((1, 2, 3))
    assert 0.5 <= float(ratios.min()) < 0.53 and 1.47 < float(ratios.max()) <= 1.5 + 1e-4


def test_as_many_images_are_inverted_as_asked_for_each_as_a_whole() -> None:
    torch.manual_seed(0)
    given = pairs(1000)
    changed = Inversion(0.3)(given)
    inverted, same = ((changed.hr == hr).flatten(1).all(1) for hr in (1 - given.hr, given.hr))
    assert bool((inverted ^ same).all()) and 250 < int(inverted.sum()) < 350
    assert Inversion(0.0)(given).hr.equal(given.hr)


@pytest.mark.parametrize(("low", "high"), [(24, 48), (24, 36), (21, 30)])
def test_zoom_enlarges_the_same_part_of_lr_and_hr(low: int, high: int) -> None:
    """On a ramp every part is a ramp, so that its slope is the part's share and its values tell the place."""
    torch.manual_seed(0)

    def ramp(side: int) -> torch.Tensor:
        middles = (torch.arange(side) + 0.5) / side
        return (0.25 + middles / 2).expand(200, 1, side, side)

    changed = Zoom(0.5)(Batch(ramp(low), ramp(high), 0.0))
    images = {low: changed.lr, high: changed.hr}
    slopes = {side: (image[..., 4:-4].diff(dim=-1) * 2 * side).flatten(1) for side, image in images.items()}
    assert all(float((slope.amax(1) - slope.amin(1)).max()) < 1e-3 for slope in slopes.values())
    parts = slopes[high][:, 0]
    torch.testing.assert_close(slopes[low][:, 0], parts, atol=1e-3, rtol=0)
    assert 1 / 1.5 - 1e-3 < float(parts.min()) < 0.74 and float(parts.max()) == pytest.approx(1, abs=1e-3)
    begins = {side: image[:, 0, 0, 4] - parts * 4.5 / side / 2 for side, image in images.items()}
    torch.testing.assert_close(begins[low], begins[high], atol=1e-3, rtol=0)
    assert float(begins[low].std()) > 0.01, "parts lie at places of their own"


def test_noise_is_in_lr_alone_and_of_another_deviation_for_each_image() -> None:
    torch.manual_seed(0)
    given = Batch(torch.full((200, 1, 24, 24), 0.5), torch.full((200, 1, 48, 48), 0.5), 0.0)
    changed = Noise(0.1)(given)
    assert changed.hr is given.hr
    deviations = changed.lr.std((1, 2, 3))
    assert float(deviations.min()) < 0.005 and 0.09 < float(deviations.max()) < 0.11
    assert float(deviations.mean()) == pytest.approx(0.05, abs=0.006)


def test_mixup_blends_pairs_of_images_by_shares_of_a_beta_distribution() -> None:
    torch.manual_seed(0)
    constant = torch.linspace(0, 1, 2000).reshape(-1, 1, 1, 1)
    given = Batch(constant.expand(-1, 1, 2, 2), constant.expand(-1, 1, 4, 4), 0.0)
    changed = MixUp(1.0, 1.2)(given)
    assert changed.lr[..., 0, 0].equal(changed.hr[..., 0, 0])
    # Of two independent even numbers with variances of 1/12 the blend has E[s^2 + (1 - s)^2] of that.
    spread = 1 / (4 * (2 * 1.2 + 1)) + 1 / 4
    assert float(changed.hr[:, 0, 0, 0].var()) * 12 == pytest.approx(2 * spread, rel=0.08)
    unchanged = sum(MixUp(0.3)(given) is given for _ in range(300))
    assert 170 < unchanged < 250


@pytest.mark.parametrize("name", [name for name in AUGMENTATIONS if name not in ("flips", "turns")])
def test_whatever_is_drawn_hangs_on_torchs_generator_alone(name: str) -> None:
    change, given, found = AUGMENTATIONS[name](), pairs(), []
    for seed in (0, 0, 1):
        np.random.seed(len(found))
        torch.manual_seed(seed)
        changed = [change(given) for _ in range(8)]
        found.append(torch.stack([torch.cat([one.lr.flatten(), one.hr.flatten()]) for one in changed]))
    assert found[0].equal(found[1]) and not found[0].equal(found[2])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([], 1),
        ([Flips()], 4),
        ([Flips(vertical=False)], 2),
        ([Flips(horizontal=False)], 2),
        ([Flips(horizontal=False, vertical=False)], 1),
        ([Turns()], 4),
        ([Turns(), Flips(vertical=False)], 8),
        ([Noise(), Turns(), Flips()], 8),
    ],
)
def test_orientations_are_what_flips_and_turns_make_of_each_other(asked: list[object], expected: int) -> None:
    """Compared with all images that NumPy's flips and quarter turns make, done again and again."""
    image = np.arange(9).reshape(3, 3, 1)
    makes = [one for one in asked if isinstance(one, Flips | Turns)]
    seen = {image.tobytes(): image}
    for _ in range(4):
        for known in list(seen.values()):
            for one in makes:
                made = [np.rot90(known)] if isinstance(one, Turns) else []
                if isinstance(one, Flips):
                    made += [np.fliplr(known)] * one.horizontal + [np.flipud(known)] * one.vertical
                seen |= {np.ascontiguousarray(other).tobytes(): other for other in made}
    assert {np.ascontiguousarray(turned(image, turn)).tobytes() for turn in orientations(asked)} == seen.keys()
    assert len(orientations(asked)) == expected


def test_augmentations_follow_each_other_and_none_is_none() -> None:
    torch.manual_seed(0)
    given = pairs()
    assert in_turn([Flips(), Turns()]) is None
    both = in_turn([Inversion(1.0), Flips(), Noise(0.1)])
    assert both is not None
    torch.manual_seed(0)
    changed = both(given)
    torch.manual_seed(0)
    assert changed.lr.equal(Noise(0.1)(Inversion(1.0)(given)).lr)


def test_images_are_there_at_every_size_with_the_lr_of_the_protocol() -> None:
    image = picture(64, 50, 3, "uint16")
    pairs = read_pairs(training_set(image), (1.0, 0.5, 0.5, 0.3))
    assert [pair.size for pair in pairs] == [1.0, 0.5, 0.3]
    half, values = pairs[1], Values(0, 65535)
    expected = to_image(resize(to_tensor(image, values, torch.float64), 0.5), image, values)
    assert half.hr.dtype == np.uint16
    # 25 columns are cut to a multiple of 2; rounded after rows and after columns, a value may differ by a level.
    assert np.abs(half.hr.astype(int) - expected[:32, :24]).max() <= 1
    np.testing.assert_array_equal(half.lr, srbench.Protocol("p", 2).lr(half.hr, values, "image"))


@pytest.mark.parametrize("degradation", [Bicubic("repeat"), GaussianBlur(3.0)])
def test_making_an_image_smaller_is_no_matter_of_the_degradation(degradation: srbench.Degradation) -> None:
    items = [srbench.Item("i", picture(64, 50, 3))]
    usual, other = (
        read_pairs(TrainingSet(items, srbench.Protocol("p", 2, degradation=one)), (1.0, 0.5))
        for one in (Bicubic(), degradation)
    )
    for pair, its in zip(usual, other, strict=True):
        np.testing.assert_array_equal(pair.hr, its.hr)
        np.testing.assert_array_equal(its.lr, degradation.lr(its.hr, its.values, 2, np.random.default_rng(0)))
        assert not np.array_equal(pair.lr, its.lr)


def test_an_lr_that_came_with_the_image_is_used_at_its_own_size_only() -> None:
    image, shipped = picture(32, 32, 1), np.full((16, 16, 1), 7, np.uint8)
    item = srbench.Item("i", image, {("bicubic", 2): shipped})
    whole, half = read_pairs(TrainingSet([item], srbench.Protocol("p", 2)), (1.0, 0.5))
    assert (whole.lr == 7).all()
    assert (half.lr != 7).mean() > 0.9


def test_sizes_are_drawn_in_proportion_to_their_area() -> None:
    # Noise loses contrast when it is made smaller, and so a patch tells which size it is of.
    noise = np.random.default_rng(0).integers(0, 255, (128, 128, 1)).astype(np.uint8)
    patches = Patches(training_set(noise), "all", 0, (1.0, 0.5))
    contrast = patches.draw(2000, 8)[1].std(axis=(1, 2, 3))
    assert np.mean(contrast < 0.2) == pytest.approx(0.2, abs=0.03)
    assert len(patches) == 1


def test_a_size_that_is_too_small_leaves_the_image_in(caplog: pytest.LogCaptureFixture) -> None:
    patches = Patches(training_set(picture(20, 20), scale=4, border=4), "all", 0, (1.0, 0.3))
    assert len(patches) == 1 and not caplog.records


@pytest.mark.parametrize("sizes", [(), (0.0,), (1.0, 1.5), (-0.5,)])
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[float, ...]) -> None:
    with pytest.raises(TrainingDataError, match="above 0 and at most 1"):
        Patches(training_set(picture(20, 20)), "all", 0, sizes)
