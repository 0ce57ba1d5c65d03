"""What others have made, as methods: any checkpoint that spandrel reads, any program that upscales a file."""

import srbench


@srbench.hookimpl
def srbench_methods() -> list[srbench.Entry]:
    """A checkpoint, and a program."""
    return [
        srbench.Entry("pretrained", "srbench_pretrained.method:Pretrained", "A checkpoint that somebody has trained"),
        srbench.Entry("command", "srbench_pretrained.command:Command", "An outside program, run on each image"),
    ]
