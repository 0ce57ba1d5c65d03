"""Distances between sets of images, and the pretrained networks that they see images through."""

import srbench

from .frechet import frechet_distance as frechet_distance
from .moments import Moments as Moments

_METRICS = "srbench_fid.metrics"
_EXTRACTORS = "srbench_fid.extractors"
_TRAINED = "srbench_fid.trained.extractors"


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """Set metrics; the parameter `extractor` of each names the network."""
    return [
        srbench.Entry("fid", f"{_METRICS}.frechet:Fid", "Frechet distance between features of SR and of HR (FID)"),
        srbench.Entry("cafd", f"{_METRICS}.frechet:ClassFid", "Frechet distance averaged over classes"),
        srbench.Entry("kid", f"{_METRICS}.kernel:Kid", "Kernel distance between features, with its spread (KID)"),
        srbench.Entry("mmd", f"{_METRICS}.kernel:Mmd", "Maximum mean discrepancy of features with a Gaussian kernel"),
        srbench.Entry("cmmd", f"{_METRICS}.kernel:Cmmd", "Maximum mean discrepancy of CLIP's embeddings"),
        srbench.Entry("is", f"{_METRICS}.inception:Is", "Inception Score"),
        srbench.Entry("precision", f"{_METRICS}.manifold:Precision", "Share of SR that looks like some HR"),
        srbench.Entry("recall", f"{_METRICS}.manifold:Recall", "Share of HR that some SR looks like"),
    ]


@srbench.hookimpl
def srbench_extractors() -> list[srbench.Entry]:
    """Networks with published weights, and networks that learn on the dataset at hand."""
    return [
        srbench.Entry("inception", f"{_EXTRACTORS}.inception:Inception", "Inception v3 of the first FID"),
        srbench.Entry(
            "radimagenet-resnet50", f"{_EXTRACTORS}.radimagenet:RadImageNet", "ResNet50 of radiological images"
        ),
        srbench.Entry("timm", f"{_EXTRACTORS}.timm_model:TimmModel", "Any model of timm: timm:NAME"),
        srbench.Entry("skinlesnet", f"{_TRAINED}:SkinLesNet", "SkinLesNet, trained on the dataset's labels"),
        srbench.Entry("resnet50", f"{_TRAINED}:ResNet50", "ResNet50, trained on the dataset's labels"),
        srbench.Entry("unet-encoder", f"{_TRAINED}:UNetEncoder", "U-Net's bottleneck, trained on the dataset's masks"),
    ]
