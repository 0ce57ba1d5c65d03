from pathlib import Path

from srbench.testing import check_methods

test_methods = check_methods(("results", {"path": Path(__file__).parent}))
