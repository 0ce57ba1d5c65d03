"""Learned perceptual similarity: how different two images look to a network that people's judgements were fitted to."""

import srbench


@srbench.hookimpl
def srbench_metrics() -> list[srbench.Entry]:
    """LPIPS on three trunks."""
    return [srbench.Entry("lpips", "srbench_lpips.metric:Lpips", "Learned perceptual similarity (Zhang et al. 2018)")]
