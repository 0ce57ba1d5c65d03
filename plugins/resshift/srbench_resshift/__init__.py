"""Super-resolution by residual shifting: a diffusion from HR to LR in few steps, and back."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """One method."""
    return [srbench.Entry("resshift", "srbench_resshift.method:ResShift", "Diffusion from LR to HR in few steps")]
