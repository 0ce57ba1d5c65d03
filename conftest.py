"""Settings and fixtures for the tests of the core and of every shipped plugin."""

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import hypothesis
import pytest

from benchmarks.peers import import_basicsr

IN_CI = bool(os.environ.get("CI"))

# Networks of tests are so small that a second thread costs more than it brings, and with one a training gives the same
# bits on every machine. Read when torch is imported, which is later.
os.environ["OMP_NUM_THREADS"] = "1"

# How long an example takes says more of the machine's other work than of the code.
hypothesis.settings.register_profile("srbench", deadline=None)
# A commit is judged by the same examples every time; a developer's machine looks for new ones.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if IN_CI else "srbench")


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Called by what a test stands on, with what this machine lacks: a failure in CI, where nothing may go untested."""
    return pytest.fail if IN_CI else pytest.skip


@pytest.fixture(scope="session")
def data_root(missing: Callable[[str], NoReturn]) -> Path:
    """The folder with the real datasets and the published numbers, named by SRBENCH_DATA."""
    folder = os.environ.get("SRBENCH_DATA")
    if folder is None:
        missing("set SRBENCH_DATA to the folder that holds set5 and published")
    return Path(folder)


@pytest.fixture(scope="session")
def basicsr(missing: Callable[[str], NoReturn]) -> ModuleType:
    """basicsr 1.4.2 with all its modules: what resizing, PSNR, SSIM and ESRGAN's networks are compared with."""
    if sys.version_info >= (3, 13):
        pytest.skip("basicsr cannot be installed on Python 3.13 and later")
    if importlib.util.find_spec("basicsr") is None:
        missing("install basicsr, as `make setup` does")
    return import_basicsr()
