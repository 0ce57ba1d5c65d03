"""One number of several metrics, as challenges rank by it."""

import srbench


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """The score of the tracks for SR that is to please the eye."""
    return [srbench.Entry("ntire", "srbench_ntire.score:Ntire", "Perceptual score of the NTIRE challenges")]
