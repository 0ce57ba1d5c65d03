"""Columns of a kind stand beside each other, under a head."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from srbench.contract.metric import Judges
from srbench.leaderboard.tables.kinds import groups, side_by_side

JUDGES: dict[str, Judges] = {"psnr": "distortion", "lpips": "perception", "ssim": "distortion", "niqe": "no-reference"}


def test_kinds_come_in_the_order_in_which_they_come_up() -> None:
    assert side_by_side(["lpips", "psnr", "niqe", "ssim", "own"], JUDGES) == ["lpips", "psnr", "ssim", "niqe", "own"]


def test_every_kind_has_a_head_and_what_declares_none_stands_under_other() -> None:
    found = groups(["psnr", "ssim", "lpips", "niqe", "own"], JUDGES)
    assert [(group.label, group.metrics) for group in found] == [
        ("Restoration", ("psnr", "ssim")),
        ("Perception", ("lpips",)),
        ("No reference", ("niqe",)),
        ("Other", ("own",)),
    ]


def test_metrics_of_one_kind_have_no_head() -> None:
    assert [group.label for group in groups(["psnr", "ssim"], JUDGES)] == [""]
    assert [group.label for group in groups(["own", "another"], {})] == [""]


@given(st.lists(st.sampled_from([*JUDGES, "own"]), unique=True))
def test_groups_are_runs_of_the_columns(metrics: list[str]) -> None:
    ordered = side_by_side(metrics, JUDGES)
    assert sorted(ordered) == sorted(metrics)
    assert [metric for group in groups(ordered, JUDGES) for metric in group.metrics] == ordered
