import numpy as np
import pytest
import torch
from toys.training import picture, training_set

import srbench
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.contract.training_set import TrainingSet
from srbench.pictures import Values, to_image, to_tensor
from srbench.pictures.resize import resize
from srbench.training.data.augment import CutBlur
from srbench.training.data.batch import Batch
from srbench.training.data.pairs import TrainingDataError, read_pairs
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
    assert torch.equal(CutBlur(0.0, kernel="nearest")(given).lr, resize(given.lr, 2, "nearest"))


@pytest.mark.parametrize(("probability", "alpha"), [(-0.1, 0.7), (1.1, 0.7), (1.0, 0.0), (1.0, 1.0)])
def test_impossible_settings_of_cutblur_are_refused(probability: float, alpha: float) -> None:
    with pytest.raises(srbench.SrbenchError, match="CutBlur"):
        CutBlur(probability, alpha)


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
