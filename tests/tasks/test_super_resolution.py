"""The protocols of super-resolution: three scales in four channels, with LR of either border."""

from __future__ import annotations

from itertools import product

from srbench.tasks.super_resolution import TASK, describe, protocols


def test_there_is_a_protocol_for_every_scale_channel_and_border() -> None:
    found = {protocol.name: protocol for protocol in protocols()}
    assert len(found) == len(protocols()) == 24
    for scale, channel, borders in product((2, 3, 4), ("y", "rgb", "gray", "y8"), ("mirror", "repeat")):
        protocol = found[f"x{scale}-{channel}{'-repeat' if borders == 'repeat' else ''}"]
        assert (protocol.scale, protocol.channel, protocol.border, protocol.task) == (scale, channel, scale, TASK.name)
        assert protocol.degradation.facts() == {"borders": borders}


def test_a_line_says_scale_lr_channel_and_border() -> None:
    lines = {protocol.name: describe(protocol) for protocol in protocols()}
    assert lines["x4-y"] == "x4, bicubic LR, Y channel, 4 px border, native depth"
    assert lines["x2-y8-repeat"] == (
        "x2, bicubic(borders=repeat) LR, 8-bit Y, converted before upscaling, 2 px border, native depth"
    )
