"""Moments of records as pages say them."""

from __future__ import annotations

from datetime import UTC, datetime

# Not strftime: month names would follow the locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_words(moment: str) -> str:
    """`2026-11-21T09:30:00Z` as `21 Nov 2026`; what is no date stays as it is."""
    try:
        day = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_words(moment: str) -> str:
    """`2026-11-21T10:30:00+01:00` as `21 Nov 2026, 09:30 UTC`; what is no date stays as it is."""
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    if found.tzinfo is None:
        return f"{date_words(moment)}, {found:%H:%M}"
    found = found.astimezone(UTC)
    return f"{date_words(found.isoformat())}, {found:%H:%M} UTC"
