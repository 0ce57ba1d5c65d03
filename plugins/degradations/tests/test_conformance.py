from srbench.testing import check_degradations

test_degradations = check_degradations(
    "area",
    ("noise", {"sigma": 0.02}),
    ("jpeg", {"quality": 60}),
    "psf",
    ("psf", {"gain": 20.0, "sky": 10.0, "read": 0.01}),
    "detector",
    ("detector", {"density": 0, "blur": 1.0}),
    "k-space",
    ("k-space", {"taper": 0.3, "noise": 0.1}),
    "real-world",
)
