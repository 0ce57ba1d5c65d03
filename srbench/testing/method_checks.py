"""What every method must do when it upscales."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from srbench.contract.method import Problem
from srbench.contract.metric import Skip
from srbench.pictures import Scale, enlarged
from srbench.testing.check import CheckFailure, check
from srbench.testing.pictures import lr_batch
from srbench.testing.subjects import MethodSubject, seeded

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-5
"""How far two float32 results of the same arithmetic in another order may lie apart."""

SANE = 16.0
"""White is 1; a barely trained network strays, but never to where white is 255."""


def _upscales(subject: MethodSubject) -> bool:
    return not subject.generates and not subject.is_submission


def _is_fixed(subject: MethodSubject) -> bool:
    return not subject.target.samples and not subject.is_submission


def _apart(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference, infinite when the shapes differ."""
    return float((one - other).abs().max()) if one.shape == other.shape else float("inf")


def _expect_shape(sr: torch.Tensor, lr: torch.Tensor, scale: Scale) -> None:
    expected = (*lr.shape[:2], *(enlarged(side, scale) for side in lr.shape[2:]))
    if tuple(sr.shape) != expected:
        raise CheckFailure(
            f"upscale of {tuple(lr.shape)} at scale {scale} gave {tuple(sr.shape)}; it should give {expected}: "
            "(N, C, H * scale, W * scale)"
        )


@check("method", needs=("constructs",))
def supports_answers(subject: MethodSubject) -> None:
    """`supports` answers every problem with None or a Skip that gives a reason."""
    sizes = ((1, 1), (12, 16), (4096, 4096))
    problems = [
        Problem(scale, channels, ("uint8", "uint16"), size, sizes[-1])
        for scale in (2, 3, 4, 16, Fraction(3, 2))
        for channels in ((1,), (3,), (1, 3))
        for size in sizes
    ]
    for problem in problems:
        answer = subject.create().supports(problem)
        if answer is not None and not isinstance(answer, Skip):
            raise CheckFailure(f"supports answered {answer!r}; it should answer None, or srbench.Skip(reason)")
        if isinstance(answer, Skip) and not answer.reason.strip():
            raise CheckFailure(f"supports skips {problem} without a reason; say it in words that a person can act on")


@check("method", needs=("supports_answers", "fits"), applies=_upscales)
def output_shape(subject: MethodSubject) -> None:
    """SR of `(N, C, H, W)` is a tensor `(N, C, H * scale, W * scale)`."""
    import torch

    lr = lr_batch(2, subject.channels, 12, 16)
    sr = subject.upscale(subject.ready(), lr)
    if not isinstance(sr, torch.Tensor):
        raise CheckFailure(f"upscale gave a {type(sr).__name__}; it should give a torch.Tensor")
    _expect_shape(sr, lr, subject.scale)


@check("method", needs=("output_shape",), applies=_upscales)
def output_float32(subject: MethodSubject) -> None:
    """SR is float32."""
    sr = subject.upscale(subject.ready(), lr_batch(1, subject.channels, 12, 16))
    if str(sr.dtype) != "torch.float32":
        raise CheckFailure(f"SR is {sr.dtype}; it should be torch.float32")


@check("method", needs=("output_shape",), applies=_upscales)
def output_finite(subject: MethodSubject) -> None:
    """SR holds no NaN or infinity, for black, white and textured LR."""
    import torch

    textured = lr_batch(1, subject.channels, 12, 16)
    pictures = {"textured": textured, "black": torch.zeros_like(textured), "white": torch.ones_like(textured)}
    for what, lr in pictures.items():
        if not bool(subject.upscale(subject.ready(), lr).isfinite().all()):
            raise CheckFailure(f"SR of a {what} picture holds values that are not finite")


@check("method", needs=("output_finite",), applies=_upscales)
def output_range(subject: MethodSubject) -> None:
    """White is 1; what holds no learned numbers leaves a grey picture as grey as it was, on average within 0.1."""
    import torch

    method = subject.ready()
    grey = torch.full((1, subject.channels, 12, 16), 0.5)
    average = float(subject.upscale(method, grey).double().mean())
    if method.parameters_count() == 0 and not subject.target.samples and abs(average - 0.5) > 0.1:
        raise CheckFailure(f"a picture that is 0.5 everywhere comes out as {average:.3g} on average; white is 1")
    typical = float(subject.upscale(method, lr_batch(1, subject.channels, 12, 16)).abs().median())
    if typical > SANE:
        raise CheckFailure(f"half of SR's values are beyond {typical:.3g}; LR and SR have white at 1, not at 255")


@check("method", needs=("output_shape",), applies=_upscales)
def every_scale(subject: MethodSubject) -> None:
    """At each of the scales 2, 3, 4 and 3/2 that `supports` accepts, SR has the right shape."""
    scales: tuple[Scale, ...] = (*subject.scales, Fraction(3, 2))
    for scale in scales:
        if subject.refusal(scale, subject.channels) is None:
            lr = lr_batch(1, subject.channels, 12, 16)
            _expect_shape(subject.upscale(subject.ready(scale), lr, scale), lr, scale)


@check("method", needs=("output_shape",), applies=_upscales)
def grey_and_colour(subject: MethodSubject) -> None:
    """SR has the channels of LR, 1 or 3, each that `supports` accepts, whichever it was trained on."""
    accepted = [channels for channels in (1, 3) if subject.refusal(subject.scale, channels) is None]
    for trained_on in accepted:
        for channels in accepted:
            lr = lr_batch(1, channels, 12, 16)
            method = subject.ready(channels=trained_on)
            try:
                sr = subject.upscale(method, lr)
            except Exception as error:
                learned = f" after training on images with {trained_on}" if method.learns else ""
                raise CheckFailure(
                    f"LR with {channels} channels{learned} raised {type(error).__name__}: {error}. Refuse it in "
                    "supports by problem.channels, or repeat or average channels"
                ) from error
            _expect_shape(sr, lr, subject.scale)


def _sizes(subject: MethodSubject, sizes: tuple[tuple[int, int], ...]) -> None:
    for size in sizes:
        if subject.refusal(subject.scale, subject.channels, (size,)) is not None:
            continue
        lr = lr_batch(1, subject.channels, *size)
        try:
            sr = subject.upscale(subject.ready(), lr)
        except Exception as error:
            raise CheckFailure(
                f"LR of {size[0]} x {size[1]} pixels, which supports accepts, raised {type(error).__name__}: {error}. "
                "Pad it inside upscale, or refuse it in supports by problem.smallest"
            ) from error
        _expect_shape(sr, lr, subject.scale)


@check("method", needs=("output_shape",), applies=_upscales)
def odd_sizes(subject: MethodSubject) -> None:
    """LR with odd sides, which `supports` accepts, is upscaled to the right shape."""
    _sizes(subject, ((7, 9), (13, 11), (12, 17)))


@check("method", needs=("output_shape",), applies=_upscales)
def tiny_sizes(subject: MethodSubject) -> None:
    """LR of one pixel or one line, which `supports` accepts, is upscaled to the right shape."""
    _sizes(subject, ((1, 1), (1, 8), (8, 1), (2, 3)))


@check("method", needs=("output_finite",), applies=_upscales)
def deterministic(subject: MethodSubject) -> None:
    """The same LR under the same seed gives the same SR, bit for bit."""
    lr = lr_batch(1, subject.channels, 12, 16)
    first, second = (subject.upscale(subject.ready(), lr) for _ in range(2))
    if not first.equal(second):
        raise CheckFailure(
            f"two calls with the same LR and seed differ by up to {_apart(first, second):.3g}. Does upscale keep "
            "state, or is a network not in eval()?"
        )


@check("method", needs=("deterministic",), applies=lambda subject: _upscales(subject) and subject.target.samples)
def draws_samples(subject: MethodSubject) -> None:
    """Where `samples` is True, `sample_sr` gives SR: the same under one seed, another under the next."""
    import torch

    lr, method = lr_batch(1, subject.channels, 12, 16), subject.ready()
    drawn = []
    for seed in (0, 0, 1):
        with seeded(seed), torch.inference_mode():
            drawn.append(method.sample_sr(lr.clone(), subject.scale))
        _expect_shape(drawn[-1], lr, subject.scale)
    if not drawn[0].equal(drawn[1]):
        raise CheckFailure(f"two samples under one seed differ by up to {_apart(*drawn[:2]):.3g}")
    if drawn[0].equal(drawn[2]):
        raise CheckFailure(
            "samples under two seeds are the same although samples is True; draw them with torch's global generator"
        )


@check("method", needs=("deterministic",), applies=_is_fixed)
def independent_of_global_seed(subject: MethodSubject) -> None:
    """Unless `samples` is True, SR does not depend on the global random number generators."""
    lr = lr_batch(1, subject.channels, 12, 16)
    if not subject.upscale(subject.ready(), lr, seed=0).equal(subject.upscale(subject.ready(), lr, seed=1)):
        raise CheckFailure(
            "SR changes with torch's global seed although samples is False. Set samples = True if it draws random "
            "numbers on purpose; otherwise look for dropout that is still on"
        )


@check("method", needs=("independent_of_global_seed",), applies=_is_fixed)
def independent_of_batch(subject: MethodSubject) -> None:
    """Each image of a batch comes out as it does alone (to 1e-5)."""
    import torch

    lr = lr_batch(3, subject.channels, 12, 16)
    together = subject.upscale(subject.ready(), lr)
    alone = torch.cat([subject.upscale(subject.ready(), lr[index : index + 1]) for index in range(3)])
    if _apart(together, alone) > TOLERANCE:
        raise CheckFailure(
            f"an image's SR changes by up to {_apart(together, alone):.3g} with the others in its batch. Is something "
            "normalised over the batch (batch norm not in eval(), a minimum or mean over all images)?"
        )


@check("method", needs=("output_shape",), applies=_upscales)
def leaves_lr_alone(subject: MethodSubject) -> None:
    """`upscale` does not write into its input."""
    import torch

    lr = lr_batch(1, subject.channels, 12, 16)
    kept = lr.clone()
    method = subject.ready()
    with seeded(0), torch.inference_mode():
        method.upscale(lr, subject.scale)
    if not lr.equal(kept):
        raise CheckFailure("upscale changed the LR it was given; work on a copy, or avoid in-place operations")


@check("method", needs=("independent_of_global_seed",), applies=_is_fixed)
def halo_is_enough(subject: MethodSubject) -> None:
    """A tile cut out with `halo` pixels around it gives the SR that it has in the whole picture (to 1e-5)."""
    method = subject.ready()
    halo = method.halo
    if halo is None:
        return
    side, tile, scale = 2 * halo + 20, 8, subject.scale
    start = halo + 6
    lr = lr_batch(1, subject.channels, side, side)
    whole = subject.upscale(method, lr)[..., start * scale : (start + tile) * scale, :]
    whole = whole[..., start * scale : (start + tile) * scale]
    cut = slice(start - halo, start + tile + halo)
    inner = slice(halo * scale, (halo + tile) * scale)
    part = subject.upscale(method, lr[..., cut, cut])[..., inner, inner]
    if _apart(whole, part) > TOLERANCE:
        raise CheckFailure(
            f"says halo = {halo}, yet a tile with {halo} LR pixels around it differs from the whole picture by up to "
            f"{_apart(whole, part):.3g}. Count how far the kernels reach together, or set halo = None"
        )


def _has_ceiling(subject: MethodSubject) -> bool:
    return bool(subject.target.ceiling)


def _reconstructed(subject: MethodSubject, hr: torch.Tensor) -> torch.Tensor:
    """What a new instance makes of HR, its random numbers at a fixed seed."""
    import torch

    method = subject.create()
    if method.learns:
        folder = subject.folder()
        subject.ready().save(folder)
        method.load(folder)
    with seeded(0), torch.inference_mode():
        made: torch.Tensor = method.reconstruct(hr.clone())
    return made


@check("method", needs=("output_shape",), applies=_has_ceiling)
def ceiling_shape(subject: MethodSubject) -> None:
    """`reconstruct` gives a float32 tensor of the shape of HR, in grey and in colour, of a method just loaded."""
    import torch

    accepted = [channels for channels in (1, 3) if subject.refusal(subject.scale, channels) is None]
    sizes = [(height * subject.scale, width * subject.scale) for height, width in ((12, 16), (13, 15))]
    for hr in [lr_batch(1, channels, *size) for channels in accepted for size in sizes]:
        made = _reconstructed(subject, hr)
        if not isinstance(made, torch.Tensor) or made.shape != hr.shape or made.dtype != torch.float32:
            words = f"{tuple(made.shape)}, {made.dtype}" if isinstance(made, torch.Tensor) else type(made).__name__
            raise CheckFailure(
                f"reconstruct of {tuple(hr.shape)} gave {words}; it should give that shape, torch.float32"
            )


@check("method", needs=("ceiling_shape",), applies=_has_ceiling)
def ceiling_finite(subject: MethodSubject) -> None:
    """The ceiling holds no NaN or infinity, for black, white and textured HR."""
    import torch

    textured = lr_batch(1, subject.channels, 48, 64)
    for what, hr in {"textured": textured, "black": 0 * textured, "white": torch.ones_like(textured)}.items():
        if not bool(_reconstructed(subject, hr).isfinite().all()):
            raise CheckFailure(f"what reconstruct makes of a {what} picture holds values that are not finite")


@check("method", needs=("ceiling_finite",), applies=_has_ceiling)
def ceiling_repeats(subject: MethodSubject) -> None:
    """Two instances that loaded the same model make the same of HR under the same seed, bit for bit."""
    hr = lr_batch(1, subject.channels, 48, 64)
    first, second = (_reconstructed(subject, hr) for _ in range(2))
    if not first.equal(second):
        raise CheckFailure(
            f"two calls of reconstruct with the same HR and seed differ by up to {_apart(first, second):.3g}. Is a "
            "network not in eval(), or something kept outside the instance?"
        )


@check("method", needs=("constructs",), applies=lambda subject: not subject.target.learns)
def refuses_to_fit(subject: MethodSubject) -> None:
    """A method with `learns = False` has no `fit` of its own: it raises."""
    try:
        subject.fit(subject.create())
    except Exception:  # any refusal will do
        return
    raise CheckFailure("fit ran although learns is False; set learns = True, or leave fit out")
