"""Networks have as many parameters as their authors and others counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from srbench_architectures.catalogue import ARCHITECTURES
from srbench_architectures.method import Network

from srbench.evaluate.cost import count_multiply_adds
from srbench.registry.parameters import presets, resolve
from srbench.registry.shared import create


def made(name: str, scale: int, **given: Any) -> Network:
    method = create(Network, resolve(Network, {"architecture": name, **given}))
    method._make(1 if method.trains_on == "y" else 3, scale)
    return method


def count(name: str, scale: int, **given: Any) -> int:
    return made(name, scale, **given).parameters_count()


COUNTED = [
    # docs/source/benchmarks.md of traiNNer-redux, which has networks of its own, lists exact numbers at x4 and x2.
    ("atd", 4, {}, 20_260_929),
    ("compact", 4, {}, 621_424),
    ("compact", 2, {}, 600_652),
    ("craft", 4, {}, 753_344),
    ("dat", 4, {}, 14_802_051),
    ("dctlsa", 4, {}, 885_328),
    ("ditn", 4, {}, 444_112),
    ("drct", 4, {}, 14_139_579),
    ("grl", 4, {}, 20_201_299),
    ("grl", 4, {"preset": "light"}, 906_192),
    ("grl", 4, {"preset": "light", "embed_dim": 128, "upsampler": "pixelshuffle"}, 3_487_715),
    ("hat", 4, {}, 20_772_507),
    ("hat", 4, {"embed_dim": 144, "compress_ratio": 24, "squeeze_factor": 24}, 9_621_183),
    ("moesr", 4, {}, 16_547_008),
    ("mosr", 4, {}, 4_287_600),
    ("omnisr", 4, {}, 805_376),
    ("plksr", 4, {}, 7_386_096),
    ("plksr", 4, {"preset": "light"}, 2_370_544),
    ("rcan", 4, {}, 15_592_355),
    ("rrdb", 4, {}, 16_697_987),
    ("rrdb", 2, {}, 16_703_171),
    ("realplksr", 4, {}, 7_389_680),
    ("realplksr", 4, {"layer_norm": True, "dysample": True}, 7_402_243),
    ("safmn", 4, {}, 239_520),
    ("safmn", 4, {"preset": "large"}, 5_600_816),
    ("seemore", 4, {}, 231_804),
    ("seemore", 2, {}, 220_104),
    ("swin2sr", 4, {}, 12_239_283),
    ("swin2sr", 4, {"preset": "light"}, 1_024_824),
    ("swinir", 4, {}, 11_900_199),
    ("swinir", 4, {"preset": "light"}, 929_628),
    # What EDSR-PyTorch and BasicSR print of their EDSR, the former with the mean colour besides.
    ("edsr", 4, {"preset": "paper"}, 43_089_923),
    ("edsr", 3, {"preset": "paper"}, 43_680_003),
    ("edsr", 2, {"preset": "paper"}, 40_729_603),
    ("edsr", 4, {"preset": "baseline"}, 1_517_571),
    ("edsr", 3, {"preset": "baseline"}, 1_554_499),
    ("edsr", 2, {"preset": "baseline"}, 1_369_859),
]


@pytest.mark.parametrize(("name", "scale", "given", "expected"), COUNTED)
def test_the_parameters_are_as_many_as_another_program_counts(
    name: str, scale: int, given: dict[str, Any], expected: int
) -> None:
    assert count(name, scale, **given) == expected


PUBLISHED = [
    # Table 2 of the DAT paper and the README of its code.
    ("dat", {4: 14.80e6}, {}),
    ("dat", {4: 11.21e6}, {"split_size": (8, 16), "expansion_factor": 2.0}),
    ("dat", {4: 573e3}, {"preset": "light"}),
    # Table 3 of the RGT paper.
    ("rgt", {4: 13.37e6}, {}),
    ("rgt", {4: 10.20e6}, {"depth": (6,) * 6, "num_heads": (6,) * 6}),
    # The HAT paper, and the README of DRCT.
    ("hat", {4: 20.77e6}, {}),
    # The README of CRAFT says 737 K, 744 K and 753 K: numbers cut, not rounded, at x2.
    ("craft", {3: 744e3, 4: 753e3}, {}),
    # Tables 1 of the papers of SAFMN, PLKSR and SeemoRe.
    ("safmn", {2: 228e3, 3: 233e3, 4: 240e3}, {}),
    ("plksr", {2: 7.37e6, 3: 7.37e6, 4: 7.39e6}, {}),
    ("seemore", {2: 220e3, 3: 225e3, 4: 232e3}, {}),
    # Table 1 of the ATD-light comparison in the ATD paper; the GRL paper; the README of SwinIR for RCAN.
    ("atd", {2: 753e3, 3: 760e3, 4: 769e3}, {"preset": "light"}),
    ("grl", {4: 20.20e6}, {}),
    ("rcan", {4: 15.59e6}, {}),
    # The SPAN paper counts what is left when it upscales.
    ("span", {2: 481e3, 4: 498e3}, {}),
    ("span", {2: 411e3, 4: 426e3}, {"preset": "light"}),
]


@pytest.mark.parametrize(("name", "published", "given"), PUBLISHED)
def test_the_parameters_round_to_the_published_number(
    name: str, published: dict[int, float], given: dict[str, Any]
) -> None:
    for scale, number in published.items():
        step = 1e3 if number < 1e6 else 1e4
        assert round(count(name, scale, **given) / step) * step == pytest.approx(number)


def numbers(network: torch.nn.Module, counts: Callable[[str, torch.nn.Parameter], bool]) -> int:
    return sum(parameter.numel() for name, parameter in network.named_parameters() if counts(name, parameter))


def test_swinir_counts_without_the_tables_of_relative_positions() -> None:
    """Table 3 of the paper: 878 K, 886 K and 897 K, of the classical one 11.8 M (table 2)."""
    for scale, published in {2: 878, 3: 886, 4: 897}.items():
        network = made("swinir", scale, preset="light").networks["network"]
        counted = numbers(network, lambda name, _: "relative_position_bias_table" not in name)
        assert round(counted / 1e3) == published
    network = made("swinir", 4).networks["network"]
    assert f"{numbers(network, lambda name, _: 'position' not in name) / 1e6:.2f}" == "11.85"


def test_omnisr_counts_what_belongs_to_layers_of_torch() -> None:
    """Table 1 of the paper: 772 K, 780 K, 792 K; without embeddings, temperatures and its own normalisation."""
    counted = torch.nn.Linear | torch.nn.Conv2d | torch.nn.LayerNorm
    for scale, published in {2: 772, 3: 780, 4: 792}.items():
        network = made("omnisr", scale).networks["network"]
        total = sum(
            parameter.numel()
            for module in network.modules()
            if isinstance(module, counted)
            for parameter in module.parameters(recurse=False)
        )
        assert round(total / 1e3) == published


WEIGHTS = [
    # The FSRCNN paper, section 3.2: 12,464 and 3,937 for (56, 12, 4) and (32, 5, 1).
    ("fsrcnn", {}, 12_464),
    ("fsrcnn", {"d": 32, "s": 5, "m": 1}, 3_937),
    # As the papers of LapSRN and DRRN list them: VDSR 665 K, DRCN 1,774 K.
    ("vdsr", {}, 664_704),
    ("drcn", {}, 1_774_080),
]


@pytest.mark.parametrize(("name", "given", "published"), WEIGHTS)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_weights_alone_are_as_many_as_published(name: str, given: dict[str, Any], published: int, scale: int) -> None:
    network = made(name, scale, **given).networks["network"]
    assert numbers(network, lambda _, parameter: parameter.ndim > 1) == published


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_espcn_has_the_layers_of_the_paper(scale: int) -> None:
    """Section 3.2: (f1, n1) = (5, 64), (f2, n2) = (3, 32), f3 = 3."""
    layers = [25 * 64 + 64, 9 * 64 * 32 + 32, 9 * 32 * scale**2 + scale**2]
    assert count("espcn", scale) == sum(layers)


DOCUMENTED = re.compile(r"`([\w-]+)` ([\d,]+\d)")


MULTIPLY_ADDS = [
    # Table 1 of CARN (Ahn, Kang, Sohn, ECCV 2018): of an SR of 1280 x 720.
    ("vdsr", {}, "612.6"),
    ("drcn", {}, "17974.3"),
    # Table 1 of SAFMN's paper.
    ("safmn", {}, "14"),
]


@pytest.mark.parametrize(("name", "given", "published"), MULTIPLY_ADDS)
def test_the_multiply_adds_are_those_of_the_literature(name: str, given: dict[str, Any], published: str) -> None:
    counted = count_multiply_adds(lambda: made(name, 4, **given), 1 if name in ("vdsr", "drcn") else 3, 4)
    assert counted is not None
    assert counted.counted_pixels == 1280 * 720
    assert f"{counted.value / 1e9:.{len(published.partition('.')[2])}f}" == published


def test_the_multiply_adds_of_fsrcnn_are_those_of_the_literature_where_its_deconvolution_is_counted_in_hr() -> None:
    """CARN's table has 4.6 G: each SR pixel taking all 9 x 9 weights, most of which meet zeros."""
    counted = count_multiply_adds(lambda: made("fsrcnn", 4), 1, 4)
    assert counted is not None
    lr, deconvolution = 320 * 180, 56 * 9 * 9
    assert counted.value == 12_464 * lr
    assert round((counted.value + deconvolution * 15 * lr) / 1e9, 1) == 4.6


def test_rrdb_has_an_enlarging_convolution_more_or_less_at_other_scales() -> None:
    one = 9 * 64**2 + 64
    assert count("rrdb", 3) == 16_697_987 - one
    assert count("rrdb", 8) == 16_697_987 + one
    assert count("rrdb", 1) == 16_697_987 + 9 * 64 * (48 - 3)  # 4 x 4 pixels of three channels go in


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_first_paragraph_of_each_says_how_many_parameters_its_presets_have(name: str) -> None:
    paragraph = " ".join((ARCHITECTURES[name].__doc__ or "").split("\n\n")[0].split())
    said = {preset: int(number.replace(",", "")) for preset, number in DOCUMENTED.findall(paragraph)}
    assert said.keys() == presets(Network, {"architecture": name}).keys()
    assert said == {preset: count(name, 4, preset=preset) for preset in said}
