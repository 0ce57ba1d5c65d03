"""Classification accuracy scores: a classifier learns from a method's images and is tested on real ones."""

import srbench


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """Trained on generated images alone, and together with real ones."""
    return [
        srbench.Entry("cas", "srbench_cas.metrics:Cas", "Accuracy on HR of a classifier trained on SR (CAS)"),
        srbench.Entry("nas", "srbench_cas.metrics:Nas", "Accuracy on HR of a classifier trained on HR and SR (NAS)"),
    ]
