"""Moments in words, in universal time whatever the record's own."""

from __future__ import annotations

import pytest

from srbench.leaderboard.words.dates import date_words, moment_words


@pytest.mark.parametrize(
    ("moment", "day", "words"),
    [
        ("2026-11-21T09:30:00Z", "21 Nov 2026", "21 Nov 2026, 09:30 UTC"),
        ("2026-11-21T10:30:59.999+01:00", "21 Nov 2026", "21 Nov 2026, 09:30 UTC"),
        ("2026-01-01T00:30:00+02:00", "1 Jan 2026", "31 Dec 2025, 22:30 UTC"),
        ("2024-02-28T23:59:00-00:01", "28 Feb 2024", "29 Feb 2024, 00:00 UTC"),
        ("2026-05-03T07:08:09", "3 May 2026", "3 May 2026, 07:08"),
        ("2026-05-03", "3 May 2026", "3 May 2026, 00:00"),
    ],
)
def test_moments_are_told_in_words(moment: str, day: str, words: str) -> None:
    assert date_words(moment) == day
    assert moment_words(moment) == words


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z", "ä"])
def test_what_is_no_date_stays_as_it_is(text: str) -> None:
    assert date_words(text) == moment_words(text) == text


def test_every_month_has_its_name() -> None:
    months = [date_words(f"2026-{month:02}-09").split()[1] for month in range(1, 13)]
    assert "".join(months) == "JanFebMarAprMayJunJulAugSepOctNovDec"
