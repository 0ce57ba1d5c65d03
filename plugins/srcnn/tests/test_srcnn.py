from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from srbench_srcnn.method import SRCNN

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.contract.training_set import TrainingSet
from srbench.evaluate.cost import count_multiply_adds
from srbench.pictures import to_image, to_tensor
from srbench.pictures.resize import resize
from srbench.registry.parameters import ParameterError, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.tasks import super_resolution
from srbench.training.data.batch import Batch
from srbench.training.data.colour import luma

X4_Y = next(protocol for protocol in super_resolution.protocols() if protocol.name == "x4-y")


def fresh(scale: int = 2, seed: int = 0, **params: object) -> SRCNN:
    """An SRCNN with random weights of a size that shows in SR, as if it had learned something."""
    method = SRCNN(**params)
    torch.manual_seed(seed)
    method._make(1, scale)
    torch.nn.init.normal_(method.networks["network"].reconstruction.weight, std=0.05)
    return method


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(
    ("kernels", "filters", "published"),
    [((9, 5, 5), (64, 32), 57281), ((9, 1, 5), (64, 32), 8129), ((9, 3, 5), (64, 32), 24513)],
)
def test_the_parameters_are_as_many_as_published(
    scale: int, kernels: tuple[int, int, int], filters: tuple[int, int], published: int
) -> None:
    assert fresh(scale, kernels=kernels, filters=filters).parameters_count() == published


def test_the_paper_preset_is_the_9_5_5_network() -> None:
    assert fresh(4, **resolve(SRCNN, {"preset": "paper"})).parameters_count() == 57281
    assert fresh(4, **resolve(SRCNN, {"preset": "small"})).parameters_count() == 15841


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("kernels", "published"), [((9, 5, 5), 52.7), ((9, 1, 5), 7.4)], ids=lambda value: str(value))
def test_multiply_adds_are_those_published_and_of_the_continued_image(
    channels: int, kernels: tuple[int, int, int], published: float
) -> None:
    counted = count_multiply_adds(lambda: fresh(4, kernels=kernels), channels, 4)
    assert counted is not None
    # The upsampled image is continued on every side, once for all layers, and each layer keeps what it can tell: the
    # published numbers are those of layers that pad and give 1280 x 720 each.
    exact, margin = 0, 2 * sum(kernel // 2 for kernel in kernels)
    for kernel, (inside, outside) in zip(kernels, [(1, 64), (64, 32), (32, 1)], strict=True):
        margin -= 2 * (kernel // 2)
        exact += kernel**2 * inside * outside * (720 + margin) * (1280 + margin)
    assert counted.value == exact
    assert counted.value / 1e9 == pytest.approx(published, rel=0.012)


def test_an_untrained_network_is_bicubic_interpolation() -> None:
    method = SRCNN()
    torch.manual_seed(0)
    method._make(1, 3)
    lr = torch.rand(2, 3, 9, 8)
    torch.testing.assert_close(method.upscale(lr, 3), resize(lr, 3), atol=1e-6, rtol=0)


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (13, 12)])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_and_either_colour_is_upscaled(scale: int, size: tuple[int, int], channels: int) -> None:
    sr = fresh(scale).upscale(torch.rand(2, channels, *size), scale)
    assert sr.shape == (2, channels, size[0] * scale, size[1] * scale)
    assert sr.dtype == torch.float32 and sr.isfinite().all()


def test_of_colour_y_is_learned_and_chroma_is_bicubic() -> None:
    from skimage.color import rgb2ycbcr

    method, lr = fresh(), torch.rand(1, 3, 9, 8)
    sr, bicubic = (rgb2ycbcr(image[0].permute(1, 2, 0).numpy()) for image in (method.upscale(lr, 2), resize(lr, 2)))
    np.testing.assert_allclose(sr[..., 1:], bicubic[..., 1:], atol=1e-2)
    np.testing.assert_allclose(sr[..., 0] / 255, method.upscale(luma(lr), 2)[0, 0].numpy(), atol=1e-4)
    assert np.abs(sr[..., 0] - bicubic[..., 0]).max() > 1


def test_an_image_does_not_depend_on_the_others_of_its_batch() -> None:
    method, lr = fresh(), torch.rand(3, 3, 11, 9)
    together = method.upscale(lr, 2)
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], method.upscale(lr[i : i + 1], 2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("preset", ["paper", "small"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_tiles_with_the_halo_equal_the_whole(preset: str, scale: int) -> None:
    method = fresh(scale, **resolve(SRCNN, {"preset": preset}))
    assert method.halo is not None
    lr = torch.rand(1, 3, 40, 33)
    whole = method.upscale(lr, scale)
    for top, left in [(0, 0), (17, 15), (28, 0), (20, 21)]:
        bottom, right = min(40, top + 12), min(33, left + 12)
        above, before = max(0, top - method.halo), max(0, left - method.halo)
        cut = lr[..., above : bottom + method.halo, before : right + method.halo]
        inside = method.upscale(cut, scale)[
            ...,
            (top - above) * scale : (bottom - above) * scale,
            (left - before) * scale : (right - before) * scale,
        ]
        expected = whole[..., top * scale : bottom * scale, left * scale : right * scale]
        torch.testing.assert_close(inside, expected, atol=1e-5, rtol=0)


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(srbench.SrbenchError, match="no centre"):
        SRCNN(kernels=(9, 4, 5))
    with pytest.raises(srbench.SrbenchError, match="at least one"):
        SRCNN(filters=(0, 32))


def test_it_is_offered_as_a_plugin() -> None:
    entry = registry().get("method", "srcnn")
    assert entry.load() is SRCNN
    assert entry.plugin.distribution == "srbench-srcnn"


def test_a_short_training_on_the_91_images_beats_bicubic_on_set5(data_root: Path, tmp_path: Path) -> None:
    files = sorted((data_root / "t91").glob("*.png"))
    method = SRCNN(**resolve(SRCNN, {"preset": "small", "batch_size": 8}))
    method.fit(
        TrainingSet([srbench.Item(path.stem, path) for path in files], X4_Y),
        FitContext(0, Budget("steps", 120), tmp_path, checkpoint_seconds=1e9),
    )
    gains = []
    for path in sorted((data_root / "set5" / "HR").glob("*.png")):
        hr, values = X4_Y.reference(*srbench.Item(path.stem, path).read_hr())
        lr = to_tensor(X4_Y.lr(hr, values, "image"), values)[None]
        y = X4_Y.scored(hr, values).numpy()
        srcnn, bicubic = (
            peak_signal_noise_ratio(y, X4_Y.scored(to_image(sr[0], hr, values), values).numpy(), data_range=1)
            for sr in (method.upscale(lr, 4), resize(lr, 4))
        )
        gains.append(srcnn - bicubic)
    assert len(gains) == 5
    assert np.mean(gains) > 0.15


def test_with_cutblur_it_learns_too_and_from_other_batches(tmp_path: Path) -> None:
    pictures = [np.random.default_rng(i).integers(0, 255, (48, 48, 3)).astype(np.uint8) for i in range(3)]
    train = TrainingSet([srbench.Item(f"i{i}", picture) for i, picture in enumerate(pictures)], X4_Y)
    losses = []
    for augment in (["flips"], ["flips", "cutblur"]):
        method = create(SRCNN, {"filters": (4, 4), "patch": 12, "augment": augment})
        method.fit(train, FitContext(0, Budget("steps", 30), tmp_path / augment[-1], checkpoint_seconds=1e9))
        losses.append(np.mean([float(row["mse"]) for row in method.history]))
        lr = torch.rand(1, 3, 9, 8)
        assert method.upscale(lr, 4).shape == (1, 3, 36, 32)
    # About half of the pixels are in the input already, and the network starts as the identity.
    assert losses[1] < 0.8 * losses[0]


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_smallest_patch_that_is_accepted_trains_and_a_smaller_one_is_refused(tmp_path: Path, scale: int) -> None:
    problem = srbench.Problem(scale, (3,), ("uint8",), (8, 8), (64, 64))
    accepted = {patch: SRCNN(patch=patch).supports(problem) is None for patch in range(1, 25)}
    smallest = min(patch for patch, fits in accepted.items() if fits)
    assert all(fits == (patch >= smallest) for patch, fits in accepted.items())
    refusal = SRCNN(patch=smallest - 1).supports(problem)
    assert refusal is not None and f"set `patch` to {smallest} at least" in refusal.reason
    for patch, fits in ((smallest, True), (smallest - 1, False)):
        method = SRCNN(filters=(2, 2), patch=patch)
        method._make(1, scale)
        (stage,) = method.stages(method.networks, scale)
        batch = Batch(torch.rand(1, 1, patch, patch), torch.rand(1, 1, patch * scale, patch * scale), 0.0)
        if fits:
            assert torch.isfinite(stage.step(batch)["mse"])
        else:
            with pytest.raises(RuntimeError):
                stage.step(batch)


@pytest.mark.parametrize(
    "given", [{"learning_rate": -1}, {"batch_size": 0}, {"patch": 0}, {"augment": [{"cutblur": {"alpha": 2}}]}]
)
def test_numbers_that_mean_nothing_are_refused_by_name(given: dict) -> None:
    with pytest.raises(ParameterError, match=next(iter(given))):
        resolve(SRCNN, given)
