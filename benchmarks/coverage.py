"""How often the 95 % intervals hold the truth, and how often ranks are right: `python benchmarks/coverage.py`.

Prints Markdown tables, the ones in `docs/statistics.md`; with `--groups` those of images in groups alone, with
`--subgroups` those of subgroups. Every number
is a percentage of so many simulated leaderboards, 2,000 unless told otherwise, so that its own standard error is about
0.5 at 95 %.
"""

from __future__ import annotations

import argparse
import csv
import os
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from srbench.statistics import bootstrap as b
from srbench.statistics.bootstrap import Array, Bounds
from srbench.statistics.comparison import compare
from srbench.statistics.heterogeneity import heterogeneity
from srbench.statistics.ranking import ALPHA, signed_rank
from srbench.statistics.units import Units

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

ONE_DATASET = [(6,), (8,), (10,), (14,), (20,), (30,), (50,), (100,)]
SEVERAL = [(5, 14), (20, 20), (5, 14, 30), (14, 100), (5, 14, 30, 100), (20, 30, 50, 100)]
PATIENTS = {
    "10 x 20": (20,) * 10,
    "20 x 20": (20,) * 20,
    "40 x 5": (5,) * 40,
    "10 x 1 to 39": tuple(np.linspace(1, 39, 10).round().astype(int)),
    "20 x 1 to 39": tuple(np.linspace(1, 39, 20).round().astype(int)),
}
"""Slices of each patient, whom the tables call by patients x slices."""
CORRELATIONS = (0.2, 0.5, 0.9)
EFFECTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
SUBGROUPS = [(6, 6), (6, 30), (10, 10, 10), (20, 20, 20), (6, 20, 60)]
"""Units in each subgroup."""
SPREAD = 0.25  # dB, of paired PSNR differences


def gamma(skewness: float) -> Draw:
    """Mean 0, variance 1, the skewness asked for."""
    shape = 4 / skewness**2
    return lambda rng, size: (rng.gamma(shape, size=size) - shape) / np.sqrt(shape)


def lognormal(sigma: float) -> Draw:
    """Mean 0, variance 1; sigma 0.551 has a skewness of 2."""
    mean, growth = np.exp(sigma**2 / 2), np.exp(sigma**2)
    return lambda rng, size: (np.exp(sigma * rng.normal(size=size)) - mean) / (mean * np.sqrt(growth - 1))


def published(path: Path, first: str, second: str) -> Draw:
    """Differences of two methods on Set5, smoothed (Silverman's rule): five values alone are no population."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    scores = {(row["method"], row["scale"], row["image"]): float(row["psnr_db"]) for row in rows}
    images = sorted({(scale, image) for _, scale, image in scores if scale == "4"})
    gaps = np.array([scores[first, *image] - scores[second, *image] for image in images])
    width = 1.06 * gaps.std(ddof=1) * len(gaps) ** -0.2

    def draw(rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        return rng.choice(gaps, size=size) - gaps.mean() + width * rng.normal(size=size)

    return draw


POPULATIONS: dict[str, Draw] = {
    "normal": lambda rng, size: rng.normal(size=size),
    "Student t, 5 df": lambda rng, size: rng.standard_t(5, size=size),
    "gamma, skew 0.5": gamma(0.5),
    "gamma, skew 1": gamma(1.0),
    "gamma, skew 1.5": gamma(1.5),
    "gamma, skew 2": gamma(2.0),
    "lognormal, skew 2": lognormal(0.551),
}


def standardised(draw: Draw) -> Draw:
    """Mean 0 and variance 1, both from a large sample."""
    sample = draw(np.random.default_rng(0), (4_000_000,))
    mean, deviation = sample.mean(), sample.std()
    return lambda rng, size: (draw(rng, size) - mean) / deviation


def two_kinds(share: float, apart: float) -> Draw:
    """Most images with one difference, a share of them with one that is so many standard deviations larger."""
    return standardised(lambda rng, size: rng.normal(size=size) + apart * (rng.random(size) < share))


UNSEEN: dict[str, Draw] = {
    "exponential + normal": standardised(lambda rng, size: rng.exponential(size=size) + 0.5 * rng.normal(size=size)),
    "gamma, 30 % of it zero": standardised(lambda rng, size: rng.gamma(2, size=size) * (rng.random(size) < 0.7)),
    "Weibull, shape 1.2": standardised(lambda rng, size: rng.weibull(1.2, size)),
    "Laplace, asymmetric": standardised(lambda rng, size: rng.exponential(2, size) - rng.exponential(0.7, size)),
    "chi-squared, 1 df (skew 2.8)": standardised(lambda rng, size: rng.chisquare(1, size)),
    "gamma, skew 3": gamma(3.0),
    "lognormal, skew 3.7": lognormal(0.8),
    "lognormal, skew 6.2": lognormal(1.0),
    "15 % of images 5 deviations off": two_kinds(0.15, 5),
    "30 % of images 7 deviations off": two_kinds(0.3, 7),
}
"""Populations that had no part in the choice of the construction, the last ones meant to break it."""


def percentile(datasets: list[Array]) -> Bounds:
    """The simplest bootstrap, for comparison: quantiles of the resampled means."""
    rng = np.random.default_rng(0)
    means = 0.0
    for values in datasets:
        n = values.shape[1]
        counts = rng.multinomial(n, np.full(n, 1 / n), size=b.RESAMPLES)
        means = means + values @ counts.T / n / len(datasets)
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    return low, high


CONSTRUCTIONS: dict[str, Callable[[list[Array]], Bounds]] = {
    "srbench": lambda datasets: b.bounds(datasets)[1:],
    "Student t": lambda datasets: b.student(b.moments(datasets)),
    "percentile bootstrap": percentile,
    "studentised bootstrap": lambda datasets: b.studentised_bootstrap(datasets, b.moments(datasets)),
    "skew-corrected t": lambda datasets: b.skew_corrected(b.moments(datasets)),
}


def drawn(draw: Draw, sizes: tuple[int, ...], boards: int, seed: str) -> list[Array]:
    rng = np.random.default_rng(zlib.crc32(seed.encode()))
    return [draw(rng, (boards, n)) for n in sizes]


def coverage(interval: Bounds) -> float:
    low, high = interval
    with np.errstate(invalid="ignore"):
        return 100 * float(np.mean((low <= 0) & (high >= 0)))


def table(title: str, head: list[str], rows: list[tuple[str, list[str]]]) -> None:
    print(f"\n{title}\n\n| | {' | '.join(head)} |\n| --- |{' ---: |' * len(head)}")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def print_coverage(populations: dict[str, Draw], settings: Sequence[tuple[int, ...]], boards: int) -> None:
    rows = []
    for name, draw in populations.items():
        cells = []
        for sizes in settings:
            datasets = drawn(draw, sizes, boards, f"{name} {sizes}")
            cells.append(f"{coverage(CONSTRUCTIONS['srbench'](datasets)):.1f}")
        rows.append((name, cells))
    table(
        "Coverage of the 95 % interval, %, by units in each dataset", [" + ".join(map(str, s)) for s in settings], rows
    )


def print_constructions(populations: dict[str, Draw], boards: int) -> None:
    rows = []
    for name in ("normal", "Student t, 5 df", "gamma, skew 1", "gamma, skew 2", "lognormal, skew 2"):
        for sizes in [(10,), (20,), (50,), (5, 14, 30, 100)]:
            datasets = drawn(populations[name], sizes, boards, f"{name} {sizes}")
            made = [construct(datasets) for construct in CONSTRUCTIONS.values()]
            with np.errstate(invalid="ignore"):
                widths = [float(np.median(high - low)) for low, high in made]
            cells = [f"{coverage(bounds):.1f} ({width:.2f})" for bounds, width in zip(made, widths, strict=True)]
            rows.append((f"{name}, {' + '.join(map(str, sizes))}", cells))
    table("Constructions compared: coverage, % (median width, standard deviations)", list(CONSTRUCTIONS), rows)


def print_ranks(boards: int) -> None:
    """Two methods: ties where there is no difference, separations where there is one."""
    symmetric: dict[str, Draw] = {
        "normal noise": POPULATIONS["normal"],
        "Student t noise, 5 df": POPULATIONS["Student t, 5 df"],
        "noise, half of it zero": lambda rng, size: rng.normal(size=size) * rng.integers(2, size=size),
    }
    settings = [(10,), (20,), (100,), (5, 14, 30, 100)]
    head = [" + ".join(map(str, s)) for s in settings]

    def told_apart(name: str, draw: Draw, shift: float) -> list[str]:
        cells = []
        for sizes in settings:
            gaps = np.concatenate(drawn(draw, sizes, boards, f"{name} {sizes}"), axis=1) * SPREAD + shift
            strata = [k for k, n in enumerate(sizes) for _ in range(n)]
            boards_ranked = [compare(np.stack([28 + gap, np.full_like(gap, 28.0)]), strata) for gap in gaps]
            if shift:
                cells.append(f"{100 * np.mean([board.better[0, 1] for board in boards_ranked]):.1f}")
            else:
                cells.append(f"{100 * np.mean([not board.better.any() for board in boards_ranked]):.1f}")
        return cells

    table("Two equal methods: tied, %", head, [(n, told_apart(n, d, 0.0)) for n, d in symmetric.items()])
    unequal = {n: POPULATIONS[n] for n in ("normal", "gamma, skew 1", "gamma, skew 2")}
    title = f"A true difference of 0.1 dB, standard deviation {SPREAD} dB: found, %"
    table(title, head, [(n, told_apart(n, d, 0.1)) for n, d in unequal.items()])


def judged(gaps: Array) -> tuple[Array, Array]:
    """Of boards with two methods, one a row of paired differences `(boards, units)`: interval holds 0; told apart."""
    _, low, high = b.bounds([gaps])
    sign = (low > 0).astype(int) - (high < 0)
    stratum = np.zeros(gaps.shape[1], dtype=np.intp)
    tests = [signed_rank(gap, stratum) for gap in gaps]
    apart = [test.p <= ALPHA and test.sign == side != 0 for test, side in zip(tests, sign.tolist(), strict=True)]
    return sign == 0, np.array(apart)


def print_groups(boards: int) -> None:
    """Two equal methods on patients of several slices: by patient, as srbench counts, and by slice."""
    rows = []
    for name in ("normal", "gamma, skew 1", "gamma, skew 2"):
        draw = POPULATIONS[name]
        for shape, sizes in PATIENTS.items():
            unit = np.repeat(np.arange(len(sizes)), sizes)
            units = Units(unit, np.zeros(len(sizes), dtype=np.intp))
            cells: dict[str, list[str]] = {"patient": [], "slice": []}
            for correlation in CORRELATIONS:
                patients, slices = drawn(draw, (len(sizes), len(unit)), boards, f"{name} {shape} {correlation}")
                gaps = np.sqrt(correlation) * patients[:, unit] + np.sqrt(1 - correlation) * slices
                for by, values in (("patient", units.means(gaps)), ("slice", gaps)):
                    held, apart = judged(values)
                    cells[by].append(f"{100 * held.mean():.1f} / {100 * apart.mean():.1f}")
            rows.append((f"{name}, {shape}", cells["patient"] + cells["slice"]))
    head = [f"by {by}, {correlation}" for by in ("patient", "slice") for correlation in CORRELATIONS]
    table("Two equal methods: coverage / told apart, %, by correlation within patients", head, rows)


def print_power(boards: int) -> None:
    """A true difference, in standard deviations of the patients' mean differences; beside it Student's t."""
    rows = []
    for name in ("normal", "gamma, skew 1", "gamma, skew 2"):
        for patients in (10, 20, 40):
            (noise,) = drawn(POPULATIONS[name], (patients,), boards, f"power {name} {patients}")
            cells = []
            for effect in EFFECTS:
                _, found = judged(noise + effect)
                low, _ = b.student(b.moments([noise + effect]))
                cells.append(f"{100 * found.mean():.0f} ({100 * np.mean(low > 0):.0f})")
            rows.append((f"{name}, {patients}", cells))
    table("A true difference: found, % (by Student's t alone)", [str(effect) for effect in EFFECTS], rows)


def print_subgroups(boards: int) -> None:
    """How often a difference is said to depend on the subgroup: alike in all, with another spread in one, or not."""
    wide, head = 3.0, [" + ".join(map(str, sizes)) for sizes in SUBGROUPS]
    alike, rows = [], []
    for name in ("normal", "gamma, skew 1", "gamma, skew 2"):
        noise = [drawn(POPULATIONS[name], (sum(sizes),), boards, f"subgroups {name} {sizes}")[0] for sizes in SUBGROUPS]
        settings = list(zip(noise, SUBGROUPS, strict=True))
        first = [np.arange(sum(sizes)) < sizes[0] for sizes in SUBGROUPS]
        alike.append((name, [depends(gaps, sizes) for gaps, sizes in settings]))
        spread = [gaps * np.where(of, wide, 1.0) for gaps, of in zip(noise, first, strict=True)]
        alike.append((f"{name}, the first {wide:g} times as wide", list(map(depends, spread, SUBGROUPS))))
        for effect in (0.5, 1.0, 1.5):
            shifted = [gaps + effect * of for gaps, of in zip(noise, first, strict=True)]
            rows.append((f"{name}, {effect}", list(map(depends, shifted, SUBGROUPS))))
    table("Differences that are alike everywhere: said to depend on the subgroup, %, by units in each", head, alike)
    table("The first subgroup so many standard deviations off: found, %", head, rows)


def depends(boards: Array, sizes: tuple[int, ...]) -> str:
    names = np.repeat(np.arange(len(sizes)), sizes).tolist()
    return f"{100 * np.mean([heterogeneity(gaps, names) <= ALPHA for gaps in boards]):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=2000, help="simulated leaderboards a setting")
    parser.add_argument("--groups", action="store_true", help="the tables of images in groups alone")
    parser.add_argument("--subgroups", action="store_true", help="the tables of subgroups alone")
    args = parser.parse_args()
    boards = args.boards
    populations = dict(POPULATIONS)
    path = Path(os.environ.get("SRBENCH_DATA", "")) / "published" / "set5_per_image.csv"
    if path.is_file():
        for first, second in (("srcnn", "bicubic"), ("srcnn", "kim"), ("selfexsr", "srcnn")):
            populations[f"Set5, {first} - {second}"] = published(path, first, second)
    print(f"{boards} simulated leaderboards a setting")
    if args.subgroups:
        print_subgroups(boards)
        return
    if args.groups:
        print_power(boards)
        print_groups(boards)
        return
    print_coverage(populations, ONE_DATASET, boards)
    print_coverage(populations, SEVERAL, boards)
    print_coverage(UNSEEN, [(10,), (20,), (50,), (100,)], boards)
    print_constructions(populations, boards)
    print_ranks(boards)
    print_power(boards)
    print_groups(boards)
    print_subgroups(boards)


if __name__ == "__main__":
    main()
