"""The best weights of a training, kept apart from it; and what is said when it diverges."""

from __future__ import annotations

from pathlib import Path

import torch

from srbench.training.loop.divergence import Best, Diverged


def networks() -> dict[str, torch.nn.Module]:
    return {"g": torch.nn.Linear(2, 2), "d": torch.nn.BatchNorm1d(3)}


def test_what_was_best_is_a_copy_and_comes_back_with_its_buffers() -> None:
    nets = networks()
    before = {name: {key: value.clone() for key, value in net.state_dict().items()} for name, net in nets.items()}
    best = Best.of("a", 5, 31.25, nets)
    with torch.no_grad():
        for net in nets.values():
            for value in net.state_dict().values():
                value.fill_(9)
    best.restore(nets)
    for name, net in nets.items():
        for key, value in net.state_dict().items():
            assert torch.equal(value, before[name][key]) and best.weights[name][key].device.type == "cpu"
    with torch.no_grad():
        nets["g"].weight.fill_(9)  # type: ignore[operator, union-attr]
    assert torch.equal(best.weights["g"]["weight"], before["g"]["weight"])


def test_it_is_made_again_of_its_state() -> None:
    best = Best.of("a", 5, 31.25, networks())
    assert Best(**best.state()) == best
    assert set(best.state()) == {"stage", "step", "score", "weights"}


def test_what_went_wrong_is_told_with_what_to_do_and_what_is_left() -> None:
    what = "in stage 'a', at step 9, l1 is nan"
    best = Best.of("größer", 1200, 31.23456, {})
    alone, kept, not_kept = Diverged(what), Diverged(what, best, Path("m/best.safetensors")), Diverged(what, best)
    for error in (alone, kept, not_kept):
        assert str(error).startswith(f"training diverged: {what}. Lower the learning rate")
        assert error.what == what
    assert str(alone).endswith("Nothing had been validated, so no weights are kept.")
    assert str(kept).endswith("of stage 'größer' at step 1200 with a validation of 31.23, are in m/best.safetensors.")
    assert "kept" not in str(not_kept) and "best weights" not in str(not_kept)
