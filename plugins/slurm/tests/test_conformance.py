"""What every executor promises, on a cluster of one node."""

import pytest

from srbench.testing import check_executors

pytestmark = pytest.mark.usefixtures("slurm")

test_conformance = check_executors(("slurm", {"poll_seconds": 0.5, "late_seconds": 1.0}))
