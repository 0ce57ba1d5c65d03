"""What SR invented, what it left out, what it made better; and whether samples differ as much as they are wrong."""

import srbench


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """Three shares of an image that add up to 1, and the coverage by samples."""
    return [
        srbench.Entry(
            "hallucination", "srbench_hallucination.correctness:Hallucination", "Share of pixels that are invented"
        ),
        srbench.Entry("omission", "srbench_hallucination.correctness:Omission", "Share of pixels left as LR has them"),
        srbench.Entry(
            "improvement", "srbench_hallucination.correctness:Improvement", "Share of pixels brought nearer to HR"
        ),
        srbench.Entry(
            "coverage",
            "srbench_hallucination.coverage:Coverage",
            "Calibration error of samples: how often HR is where they say",
        ),
    ]
