"""How near an image is to its HR: the numbers of every super-resolution table."""

import srbench


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """Two that look at neighbourhoods, three that look at pixels."""
    return [
        srbench.Entry("psnr", "srbench_fidelity.pixelwise:Psnr", "Peak signal-to-noise ratio"),
        srbench.Entry("ssim", "srbench_fidelity.structural:Ssim", "Structural similarity (Wang et al. 2004)"),
        srbench.Entry("ms-ssim", "srbench_fidelity.structural:MsSsim", "Multi-scale SSIM (Wang et al. 2003)"),
        srbench.Entry("rmse", "srbench_fidelity.pixelwise:Rmse", "Root mean squared error, white being 1"),
        srbench.Entry("mae", "srbench_fidelity.pixelwise:Mae", "Mean absolute error, white being 1"),
    ]
