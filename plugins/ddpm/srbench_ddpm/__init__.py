"""Denoising diffusion, for super-resolution and generation; its schedules and samplers serve other methods, too."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """One for each task."""
    return [
        srbench.Entry("ddpm", "srbench_ddpm.method:DDPM", "Diffusion: SR drawn from noise, given bicubic LR"),
        srbench.Entry("ddpm-generator", "srbench_ddpm.generator:DDPMGenerator", "Diffusion: images drawn from noise"),
    ]
