"""Ways to make LR from HR: what instruments, files and the real world do to a picture."""

import srbench


@srbench.hookimpl
def srbench_degradations() -> list[srbench.Entry]:
    """Three instruments, three simple ones, and a random mixture of many."""
    return [
        srbench.Entry("psf", "srbench_degradations.psf:Psf", "A telescope: PSF, photon and read noise"),
        srbench.Entry("detector", "srbench_degradations.detector:Detector", "An X-ray detector that counts photons"),
        srbench.Entry("k-space", "srbench_degradations.kspace:KSpace", "MRI: magnitude of the middle of k-space"),
        srbench.Entry("area", "srbench_degradations.area:Area", "Mean over scale x scale pixels"),
        srbench.Entry("noise", "srbench_degradations.noise:Noise", "Bicubic, with Gaussian noise"),
        srbench.Entry("jpeg", "srbench_degradations.jpeg:Jpeg", "Bicubic, with the artefacts of JPEG"),
        srbench.Entry(
            "real-world",
            "srbench_degradations.real_world:RealWorld",
            "Blur, resizing, noise and JPEG at random, twice (Wang et al. 2021)",
        ),
    ]
