"""Denoising diffusion, for super-resolution and generation; its schedules and samplers serve other methods, too."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """Two that upscale, and one that makes images of noise."""
    return [
        srbench.Entry("ddpm", "srbench_ddpm.method:DDPM", "Diffusion: SR drawn from noise, given bicubic LR"),
        srbench.Entry("ddnm", "srbench_ddpm.ddnm:DDNM", "Diffusion of HR alone: SR drawn so that its LR is the given"),
        srbench.Entry("ddpm-generator", "srbench_ddpm.generator:DDPMGenerator", "Diffusion: images drawn from noise"),
    ]
