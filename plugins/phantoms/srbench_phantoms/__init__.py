"""Synthetic datasets: pictures that are computed from formulas where real ones may not be passed on."""

import srbench


@srbench.hookimpl
def srbench_datasets() -> list[srbench.Entry]:
    """Mammograms and dermoscopic pictures."""
    return [
        srbench.Entry(
            "phantom-mammography", "srbench_phantoms.mammography:Mammography", "Synthetic mammograms; no download"
        ),
        srbench.Entry("phantom-lesions", "srbench_phantoms.lesions:Lesions", "Synthetic skin lesions; no download"),
    ]
