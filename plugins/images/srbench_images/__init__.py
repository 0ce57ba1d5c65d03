"""Datasets of ordinary pictures: your own, the classic sets, medical ones, and four that need no download."""

import srbench


@srbench.hookimpl
def srbench_datasets() -> list[srbench.Entry]:
    """Two for your own pictures, nine that people know by name, four of photographs in other packages."""
    return [
        srbench.Entry("folder", "srbench_images.folder:Folder", "A folder of your own pictures"),
        srbench.Entry("pairs", "srbench_images.pairs:Pairs", "Folders of HR and LR pictures that belong together"),
        srbench.Entry("set5", "srbench_images.named:Set5", "5 photographs (Bevilacqua et al. 2012)"),
        srbench.Entry("set14", "srbench_images.named:Set14", "14 photographs (Zeyde et al. 2010)"),
        srbench.Entry("bsd100", "srbench_images.named:Bsd100", "100 photographs (Martin et al. 2001)"),
        srbench.Entry("urban100", "srbench_images.named:Urban100", "100 photographs of buildings (Huang et al. 2015)"),
        srbench.Entry("manga109", "srbench_images.named:Manga109", "A page of each of 109 comics (Matsui et al. 2017)"),
        srbench.Entry("div2k", "srbench_images.named:Div2k", "800 + 100 photographs (Agustsson and Timofte 2017)"),
        srbench.Entry("t91", "srbench_images.named:T91", "91 small photographs to train on (Yang et al. 2010)"),
        srbench.Entry("mednist", "srbench_images.mednist:MedNist", "X-ray, CT, MR images of 64 pixels, labelled"),
        srbench.Entry("medmnist", "srbench_images.medmnist:MedMnist", "12 sets of medical images (Yang et al. 2023)"),
        srbench.Entry("astronomy", "srbench_images.builtin:Astronomy", "Deep field and Moon; needs no download"),
        srbench.Entry("microscopy", "srbench_images.builtin:Microscopy", "Tissue, retina, cell; needs no download"),
        srbench.Entry("textures", "srbench_images.builtin:Textures", "Brick, grass, gravel; labelled, no download"),
        srbench.Entry("photographs", "srbench_images.builtin:Photographs", "12 photographs; needs no download"),
    ]
