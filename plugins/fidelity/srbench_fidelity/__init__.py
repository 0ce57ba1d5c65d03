"""How near an image is to its HR: the numbers of every super-resolution table."""

import srbench


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """Pixels, neighbourhoods, edges, frequencies; LR in place of HR; and what a set of images has in common."""
    return [
        srbench.Entry("psnr", "srbench_fidelity.pixelwise:Psnr", "Peak signal-to-noise ratio"),
        srbench.Entry("ssim", "srbench_fidelity.structural:Ssim", "Structural similarity (Wang et al. 2004)"),
        srbench.Entry("ms-ssim", "srbench_fidelity.structural:MsSsim", "Multi-scale SSIM (Wang et al. 2003)"),
        srbench.Entry("rmse", "srbench_fidelity.pixelwise:Rmse", "Root mean squared error, white being 1"),
        srbench.Entry("mae", "srbench_fidelity.pixelwise:Mae", "Mean absolute error, white being 1"),
        srbench.Entry("largest-error", "srbench_fidelity.pixelwise:LargestError", "Largest absolute error of a pixel"),
        srbench.Entry("nrmse", "srbench_fidelity.pixelwise:Nrmse", "RMSE as a part of HR's size, range or mean"),
        srbench.Entry(
            "si-psnr", "srbench_fidelity.pixelwise:ScaleInvariantPsnr", "PSNR after the best gain and offset of SR"
        ),
        srbench.Entry(
            "shifted-psnr", "srbench_fidelity.shifted:ShiftedPsnr", "PSNR after the best shift of SR within 3 pixels"
        ),
        srbench.Entry("dssim", "srbench_fidelity.structural:Dssim", "Structural dissimilarity: (1 - SSIM) / 2"),
        srbench.Entry(
            "ssim3",
            "srbench_fidelity.three_component:ThreeComponentSsim",
            "SSIM of edges, textures and smooth places (Li and Bovik 2009)",
        ),
        srbench.Entry(
            "lr-consistency", "srbench_fidelity.pixelwise:LrConsistency", "PSNR of SR shrunk again, against LR"
        ),
        srbench.Entry("gmsd", "srbench_fidelity.edges:Gmsd", "Edge error: gradient magnitude similarity deviation"),
        srbench.Entry(
            "spectrum", "srbench_fidelity.spectrum:Spectrum", "Log-spectral distance of the radial power spectra"
        ),
        srbench.Entry(
            "pairwise-ssim", "srbench_fidelity.diversity:PairwiseSsim", "Diversity: mean SSIM between images of the set"
        ),
        srbench.Entry(
            "pairwise-ms-ssim",
            "srbench_fidelity.diversity:PairwiseMsSsim",
            "Diversity: mean MS-SSIM between images of the set",
        ),
    ]
