"""How good an image looks by itself: metrics that need no HR."""

import srbench

_LIVE = "https://raw.githubusercontent.com/utlive/BRISQUE/2e2a5ac04cd4b73ac0f5867de5b974581fa2d4d2/MATLAB/"
_LIVE_TERMS = "any use, with the notice and citations of its readme.txt (The University of Texas at Austin)"
_LIVE_SOURCE = "the BRISQUE release of its authors (Mittal et al. 2011; github.com/utlive/BRISQUE), trained on LIVE"


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """Two of the statistics of natural scenes, and one of a network of pictures and words."""
    return [
        srbench.Entry("niqe", "srbench_no_reference.niqe:Niqe", "Natural image quality (Mittal et al. 2013)"),
        srbench.Entry("brisque", "srbench_no_reference.brisque:Brisque", "BRISQUE (Mittal et al. 2012)"),
        srbench.Entry("clip-iqa", "srbench_no_reference.clip_iqa:ClipIqa", "CLIP-IQA (Wang et al. 2023)"),
    ]


@srbench.hookimpl
def srbench_weights() -> list[srbench.WeightsFile]:
    """What the metrics compare an image with.

    Hashes: of NIQE's and BRISQUE's from the repositories that hold the files, OpenAI's from the address.
    """
    return [
        srbench.WeightsFile(
            "niqe",
            "https://raw.githubusercontent.com/XPixelGroup/BasicSR/v1.4.2/basicsr/metrics/niqe_pris_params.npz",
            "2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296",
            "Apache-2.0 (BasicSR)",
            "BasicSR 1.4.2: the parameters that NIQE's authors published (Mittal et al. 2013)",
            11_850,
        ),
        srbench.WeightsFile(
            "brisque-model",
            f"{_LIVE}allmodel",
            "8b04d6045f1b27261610c8ab1730fdcc14ec80bfab0f1ab5f703bbc2927314de",
            _LIVE_TERMS,
            _LIVE_SOURCE,
            353_497,
        ),
        srbench.WeightsFile(
            "brisque-range",
            f"{_LIVE}allrange",
            "e47d753d96b631e1aa2dbac8c4e51ade767f2def8ce678c7130b6b3f90ee915f",
            _LIVE_TERMS,
            _LIVE_SOURCE,
            741,
        ),
        srbench.WeightsFile(
            "clip-rn50",
            "https://openaipublic.azureedge.net/clip/models/"
            "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762/RN50.pt",
            "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
            "MIT (OpenAI)",
            "OpenAI's CLIP with a ResNet-50 (Radford et al. 2021; github.com/openai/CLIP)",
        ),
    ]
