"""Weights that more than one plugin may want, declared once.

Hashes: the file names of torchvision and torch-fidelity end in the first eight digits of the sha256; Hugging Face
prints the whole of it beside the file. Addresses: torchvision 0.28 (`torchvision.models.*_Weights`), torch-fidelity 0.4
(`URL_INCEPTION_V3`), MONAI's checkpoints.
"""

from __future__ import annotations

from srbench.contract.weights_file import WeightsFile

_TORCHVISION = "BSD-3-Clause (torchvision); ImageNet's terms may apply"


def published_weights() -> list[WeightsFile]:
    """The trunks of perceptual metrics and losses, and the networks of Frechet distances."""
    return [
        WeightsFile(
            "alexnet",
            "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
            "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            _TORCHVISION,
            "torchvision, AlexNet_Weights.IMAGENET1K_V1 (Krizhevsky 2014)",
            244_408_911,
        ),
        WeightsFile(
            "squeezenet1_1",
            "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
            "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
            _TORCHVISION,
            "torchvision, SqueezeNet1_1_Weights.IMAGENET1K_V1 (Iandola et al. 2016)",
            4_958_839,
        ),
        WeightsFile(
            "vgg16",
            "https://download.pytorch.org/models/vgg16-397923af.pth",
            "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            _TORCHVISION,
            "torchvision, VGG16_Weights.IMAGENET1K_V1 (Simonyan and Zisserman 2015)",
            553_433_881,
        ),
        WeightsFile(
            "vgg19",
            "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
            "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
            _TORCHVISION,
            "torchvision, VGG19_Weights.IMAGENET1K_V1 (Simonyan and Zisserman 2015)",
            574_673_361,
        ),
        WeightsFile(
            "resnet50",
            "https://download.pytorch.org/models/resnet50-0676ba61.pth",
            "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
            _TORCHVISION,
            "torchvision, ResNet50_Weights.IMAGENET1K_V1 (He et al. 2016)",
            102_530_333,
        ),
        WeightsFile(
            "inception",
            "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
            "weights-inception-2015-12-05-6726825d.pth",
            "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
            "Apache-2.0 (TensorFlow models)",
            "torch-fidelity 0.2.0: the Inception network of the first FID (Heusel et al. 2017), from TensorFlow",
            95_628_359,
        ),
        WeightsFile(
            "radimagenet-resnet50",
            "https://huggingface.co/MONAI/checkpoints/resolve/main/RadImageNet-ResNet50_notop.pth",
            "2457479b254569e5a81ba48fee6c5b2b84b7a729e507aaa2466101aedb8e5c37",
            "Apache-2.0 (MONAI)",
            "RadImageNet ResNet50 (Mei et al. 2022; github.com/BMEII-AI/RadImageNet), as MONAI turned it into PyTorch",
        ),
    ]
