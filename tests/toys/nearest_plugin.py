import srbench


class Nearest(srbench.Method):
    """Nearest-neighbour upscaling."""

    def upscale(self, lr, scale):
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


@srbench.hookimpl
def srbench_methods():
    return [srbench.Entry("nearest", Nearest)]
