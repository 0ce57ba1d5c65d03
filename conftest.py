"""Settings and fixtures for the tests of the core and of every shipped plugin."""

import os
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says more of the machine's other work than of the code.
hypothesis.settings.register_profile("srbench", deadline=None)
# A commit is judged by the same examples every time; a developer's machine looks for new ones.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI", "").lower() == "true" else "srbench")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder with the real datasets and the published numbers, named by SRBENCH_DATA."""
    folder = os.environ.get("SRBENCH_DATA")
    if folder is None:
        reason = "set SRBENCH_DATA to the folder that holds set5 and published"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(folder)
