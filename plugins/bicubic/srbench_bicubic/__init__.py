"""Interpolation: what every learned method has to beat."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """The four kernels."""
    return [
        srbench.Entry("nearest", "srbench_bicubic.interpolation:Nearest", "Nearest-neighbour upscaling"),
        srbench.Entry("bilinear", "srbench_bicubic.interpolation:Bilinear", "Bilinear interpolation"),
        srbench.Entry(
            "bicubic", "srbench_bicubic.interpolation:Bicubic", "Bicubic interpolation, as MATLAB's imresize"
        ),
        srbench.Entry("lanczos", "srbench_bicubic.interpolation:Lanczos", "Lanczos interpolation with three lobes"),
    ]
