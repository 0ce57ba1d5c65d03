"""Score matching at many levels of noise: images that Langevin dynamics finds where they are likely."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """One generator."""
    return [srbench.Entry("ncsn", "srbench_ncsn.generator:NCSN", "Scores: images drawn by annealed Langevin dynamics")]
