"""Every metric of the plugin does what srbench asks of one, with parameters under which the kit's pictures count."""

from __future__ import annotations

from srbench.testing import check_metrics

STARS = {"fwhm": 2.0, "threshold": 0.5}

test_metrics = check_metrics(
    ("segmentation", {"extractor": "unet-encoder"}),
    "segmentation-hd95",
    ("detection", {"radius": 2}),
    "spot-contrast",
    ("flux-error", STARS),
    ("position-error", STARS),
    ("completeness", STARS),
    ("false-stars", STARS),
    "calibration",
    "physical-error",
)
