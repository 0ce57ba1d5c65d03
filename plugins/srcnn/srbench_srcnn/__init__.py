"""SRCNN: the first convolutional network for super-resolution."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """One method, with the presets `paper` and `small`."""
    return [srbench.Entry("srcnn", "srbench_srcnn.method:SRCNN", "Three convolutions on the bicubic-upsampled image")]
