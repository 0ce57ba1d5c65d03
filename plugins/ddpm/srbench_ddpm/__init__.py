"""Super-resolution by denoising diffusion; its noise schedules and samplers serve other methods, too."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """One method."""
    return []
