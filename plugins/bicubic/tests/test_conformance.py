from srbench.testing import check_methods

test_methods = check_methods("nearest", "bilinear", "bicubic", "lanczos")
