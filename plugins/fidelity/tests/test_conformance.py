from srbench.testing import check_metrics

test_metrics = check_metrics(
    "psnr",
    "ssim",
    "ms-ssim",
    "rmse",
    "mae",
    "lr-consistency",
    "gmsd",
    "spectrum",
    "pairwise-ssim",
    "pairwise-ms-ssim",
)
