from srbench.testing import check_metrics

test_metrics = check_metrics(
    "psnr",
    "ssim",
    "ms-ssim",
    "rmse",
    "mae",
    "largest-error",
    "nrmse",
    "si-psnr",
    "shifted-psnr",
    "dssim",
    "ssim3",
    "lr-consistency",
    "gmsd",
    "spectrum",
    "pairwise-ssim",
    "pairwise-ms-ssim",
)
