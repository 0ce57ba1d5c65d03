"""ESRGAN, and the network of its first stage."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """Two methods, each with the presets `paper` and `small`."""
    return [
        srbench.Entry("rrdb", "srbench_esrgan.method:RRDB", "Residual in residual dense blocks, trained on pixels"),
        srbench.Entry("esrgan", "srbench_esrgan.method:ESRGAN", "RRDB, then a relativistic adversarial stage"),
    ]
