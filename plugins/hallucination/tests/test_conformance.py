"""The promises that every metric keeps."""

from srbench.testing import check_metrics

test_metrics = check_metrics(
    "hallucination", "omission", "improvement", "coverage", ("hallucination", {"distance": "nd", "threshold": 0.02})
)
