"""SRResNet, and SRGAN, which trains it further against a discriminator."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """Two methods with the same generator."""
    return [
        srbench.Entry("srresnet", "srbench_srgan.srresnet:SRResNet", "Residual network, trained on the pixels' error"),
        srbench.Entry("srgan", "srbench_srgan.srgan:SRGAN", "SRResNet, trained further against a discriminator"),
    ]
