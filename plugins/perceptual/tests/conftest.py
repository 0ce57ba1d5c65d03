"""Networks with seeded weights, in a data root of their own."""

from collections.abc import Iterator

import pytest

from benchmarks.agreement import seeded_weights


@pytest.fixture(scope="session")
def weights() -> Iterator[None]:
    """VGG16's convolutions, seeded, declared with the hash they have."""
    with seeded_weights():
        yield
