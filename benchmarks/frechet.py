"""Time the Frechet distance of 2048 features beside SciPy's matrix square root, torch-fidelity and NumPy's steps.

All begin at the same float64 features. They take turns in one process, so that a busy machine slows all, and each turn
is two calls, of which the second is timed: the first finds the caches and threads as another left them. What counts is
the ratio of the medians. Run as `python benchmarks/frechet.py`.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable

import click
import numpy as np
import scipy
import torch
from srbench_fid import frechet_distance
from threadpoolctl import threadpool_limits

from srbench.weights import import_torchvision

Distance = Callable[[np.ndarray, np.ndarray], float]


def features(count: int, dim: int, decay: float, seed: int, scale: float) -> np.ndarray:
    """Correlated features whose deviations fall as k^-decay."""
    random = np.random.default_rng(seed)
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(dim, dim)))[0]
    return random.normal(size=(count, dim)) * (scale * np.arange(1.0, dim + 1) ** -decay) @ turned + 0.01 * scale


def by_sqrtm(a: np.ndarray, b: np.ndarray) -> float:
    """The formula as it is usually written down."""
    step = a.mean(0) - b.mean(0)
    one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of singular products, that they are
        # SciPy up to 1.17 also takes `disp`, with which it returns two things; 1.18 takes nothing but the matrix.
        root = scipy.linalg.sqrtm(one @ other)
    return float(step @ step + np.trace(one) + np.trace(other) - 2 * np.trace(root).real)


def by_eigenvalues(a: np.ndarray, b: np.ndarray) -> float:
    """NumPy's steps as they stand: `cov`, `cholesky`, `eigvalsh`; of a singular covariance the eigenvectors.

    For n <= d: S1 S2 has the eigenvalues of the n x n matrix A S2 A^T, A the centred features.
    """
    step = a.mean(0) - b.mean(0)
    if len(a) <= a.shape[1]:
        one, other = ((x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a, b))
        spread, product = (one**2).sum() + (other**2).sum(), one @ other.T
        matrix = product @ product.T
    else:
        one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
        try:
            factor = np.linalg.cholesky(one)
        except np.linalg.LinAlgError:
            eigenvalues, vectors = np.linalg.eigh(one)
            factor = vectors * np.sqrt(eigenvalues.clip(0))
        spread, matrix = np.trace(one) + np.trace(other), factor.T @ other @ factor
    return float(step @ step + spread - 2 * np.sqrt(np.linalg.eigvalsh(matrix).clip(0)).sum())


def by_torch_fidelity(a: np.ndarray, b: np.ndarray) -> float:
    import_torchvision()
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    one, other = (fid_features_to_statistics(torch.from_numpy(x)) for x in (a, b))
    return fid_statistics_to_metric(one, other, verbose=False)["frechet_inception_distance"]


RIVALS: dict[str, Distance] = {
    "srbench": frechet_distance,
    "scipy.linalg.sqrtm": by_sqrtm,
    "torch-fidelity": by_torch_fidelity,
    "NumPy's steps": by_eigenvalues,
}


@click.command(help=__doc__)
@click.option("--dim", default=2048, show_default=True, help="Length of a feature vector.")
@click.option("--decay", default=0.5, show_default=True, help="How fast deviations fall: as k^-decay.")
@click.option("--count", "counts", multiple=True, default=(5000, 500), show_default=True, help="Images in each set.")
@click.option("--rounds", default=3, show_default=True, help="How often each computes each distance.")
@click.option("--threads", default=2, show_default=True, help="Of the linear algebra.")
def main(dim: int, decay: float, counts: tuple[int, ...], rounds: int, threads: int) -> None:
    import_torchvision()
    torch.set_num_threads(threads)
    print(
        f"d = {dim}, deviations k^-{decay:g}, {threads} threads, NumPy {np.__version__}, SciPy {scipy.__version__}, "
        f"medians of {rounds} rounds"
    )
    with threadpool_limits(threads):
        for distance in RIVALS.values():
            distance(features(80, 64, decay, 1, 1.0), features(80, 64, decay, 2, 1.1))  # imports, and starts threads
        for count in counts:
            a, b = (features(count, dim, decay, seed, scale) for seed, scale in ((1, 1.0), (2, 1.1)))
            times: dict[str, list[float]] = {name: [] for name in RIVALS}
            values: dict[str, float] = {}
            for _ in range(rounds):
                for name, distance in RIVALS.items():
                    distance(a, b)
                    start = time.perf_counter()
                    values[name] = distance(a, b)
                    times[name].append(time.perf_counter() - start)
            report(count, times, values)


def report(count: int, times: dict[str, list[float]], values: dict[str, float]) -> None:
    ours = statistics.median(times["srbench"])
    print(f"n = {count}: distance {values['srbench']:.10f}")
    for name, taken in times.items():
        median = statistics.median(taken)
        difference = abs(values[name] - values["srbench"])
        print(f"  {name:20} {median:8.3f} s, {median / ours:7.1f} times srbench's, differs by {difference:.1e}")


if __name__ == "__main__":
    main()
