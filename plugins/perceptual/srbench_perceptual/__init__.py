"""How alike two images look: by models of what the eye sees of them, and by a network."""

import srbench


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """Features, information, wavelets, saliency, colour at a distance; and deep structure and texture."""
    return [
        srbench.Entry("fsim", "srbench_perceptual.models:Fsim", "Feature similarity (Zhang et al. 2011)"),
        srbench.Entry("vif", "srbench_perceptual.models:Vif", "Visual information fidelity (Sheikh and Bovik 2006)"),
        srbench.Entry(
            "haarpsi", "srbench_perceptual.models:HaarPsi", "Haar wavelet-based similarity (Reisenhofer et al. 2018)"
        ),
        srbench.Entry("vsi", "srbench_perceptual.models:Vsi", "Visual saliency-induced index (Zhang et al. 2014)"),
        srbench.Entry("flip", "srbench_perceptual.flip:Flip", "FLIP: visible difference (Andersson et al. 2020)"),
        srbench.Entry(
            "dists", "srbench_perceptual.dists:Dists", "Deep image structure and texture similarity (Ding et al. 2020)"
        ),
    ]
