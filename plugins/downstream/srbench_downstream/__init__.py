"""Does SR serve the task? What is found and measured on it, beside what is found on HR and on bicubic SR."""

import srbench

_SEGMENTATION = "srbench_downstream.segmentation"
_PHOTOMETRY = "srbench_downstream.photometry"
_VALUES = "srbench_downstream.calibration"


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """Set metrics of what a picture is for."""
    return [
        srbench.Entry("segmentation", f"{_SEGMENTATION}:Segmentation", "Dice of the masks that a U-Net finds on SR"),
        srbench.Entry(
            "segmentation-hd95", f"{_SEGMENTATION}:SegmentationDistance", "Hausdorff distance of these masks (95 %)"
        ),
        srbench.Entry(
            "detection", "srbench_downstream.detection:Detection", "Detectability of small signals (Hotelling observer)"
        ),
        srbench.Entry("spot-contrast", "srbench_downstream.contrast:SpotContrast", "Error of small spots' contrast"),
        srbench.Entry("flux-error", f"{_PHOTOMETRY}:FluxError", "Error of stars' fluxes"),
        srbench.Entry("position-error", f"{_PHOTOMETRY}:PositionError", "Error of stars' positions"),
        srbench.Entry("completeness", f"{_PHOTOMETRY}:Completeness", "Share of HR's stars that are found on SR"),
        srbench.Entry("false-stars", f"{_PHOTOMETRY}:FalseStars", "Share of the stars found on SR that HR lacks"),
        srbench.Entry("calibration", f"{_VALUES}:Calibration", "Bias of SR by decile of HR, in the pictures' unit"),
        srbench.Entry("physical-error", f"{_VALUES}:PhysicalError", "Mean absolute error, in the pictures' unit"),
    ]


@srbench.hookimpl
def srbench_extractors() -> list[srbench.Entry]:
    """The network of `segmentation` where it has learned elsewhere."""
    return [srbench.Entry("given-unet", "srbench_downstream.given_unet:GivenUNet", "U-Net with weights from a file")]
