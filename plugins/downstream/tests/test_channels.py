"""The channels: orthogonal where theory says so, directed or not, and never better than the ideal observer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from srbench_downstream.channels import GABOR_FREQUENCIES, channels


def test_laguerre_gauss_functions_are_orthogonal_and_round() -> None:
    columns = channels("laguerre-gauss", 30, 12.0)
    assert columns.shape == (61**2, 6)
    np.testing.assert_allclose(columns.T @ columns, np.eye(6), atol=0.01)
    patterns = columns.T.reshape(6, 61, 61)
    np.testing.assert_allclose(patterns, np.rot90(patterns, axes=(1, 2)), atol=1e-12)


def test_gabor_channels_answer_most_to_their_own_frequency_and_an_octave_wide() -> None:
    columns = channels("gabor", 64, 1.0)
    assert columns.shape == (129**2, 20)
    frequencies = np.fft.fftfreq(1024)
    for place, frequency in enumerate(GABOR_FREQUENCIES[:3]):
        across = columns.T.reshape(20, 129, 129)[5 * place].sum(0)  # direction 0: constant down, waves across
        answer = np.abs(np.fft.fft(across, 1024))
        assert abs(frequencies[np.argmax(answer[:512])] - frequency) < 0.01
        half = frequencies[:512][answer[:512] > answer.max() / 2]
        assert [half[0], half[-1]] == pytest.approx([frequency * 2 / 3, frequency * 4 / 3], abs=0.01)


@given(st.integers(0, 1000), st.sampled_from(["laguerre-gauss", "gabor"]))
def test_what_channels_see_is_never_more_than_the_ideal_observer_sees(seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    seen = channels(kind, 3, 3.0)  # type: ignore[arg-type]
    seen = seen[:, : 6 if kind == "laguerre-gauss" else 10]
    signal, root = random.normal(size=49), random.normal(size=(49, 49))
    noise = root @ root.T + 0.1 * np.eye(49)
    ideal = signal @ np.linalg.solve(noise, signal)
    through = seen.T @ signal
    assert through @ np.linalg.lstsq(seen.T @ noise @ seen, through, rcond=None)[0] <= ideal * (1 + 1e-6)
