"""SR pictures that others made."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """A folder of them."""
    return [
        srbench.Entry("results", "srbench_results.folder:Results", "A folder of SR pictures that were made elsewhere")
    ]
