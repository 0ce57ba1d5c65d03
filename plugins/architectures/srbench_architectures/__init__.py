"""Networks for super-resolution, trained from scratch by their names."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """One method, which knows all architectures."""
    return [
        srbench.Entry("network", "srbench_architectures.method:Network", "A network by its name, trained from scratch")
    ]
