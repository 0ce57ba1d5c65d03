"""Jobs as tasks of Ray."""

import srbench


@srbench.hookimpl
def srbench_executors() -> list[srbench.Entry]:
    """Tasks of Ray."""
    return [srbench.Entry("ray", "srbench_ray.executor:RayExecutor", "Tasks of a Ray cluster, or of a Ray of the run")]
