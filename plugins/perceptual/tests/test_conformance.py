import pytest

from srbench.testing import check_metrics

pytestmark = pytest.mark.usefixtures("weights")

test_metrics = check_metrics("fsim", "vif", "haarpsi", "vsi", "flip", "dists")
