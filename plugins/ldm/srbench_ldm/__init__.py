"""Super-resolution by latent diffusion: an autoencoder, and a diffusion among its latents."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """One method."""
    return [srbench.Entry("ldm", "srbench_ldm.method:LDM", "Latent diffusion: an autoencoder, then noise to latents")]
