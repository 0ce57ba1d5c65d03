"""Numbers and lists as a reader meets them: units, minus signs, digits no finer than the data warrants."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from srbench.statistics.intervals import Interval

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"

_LONGEST_ACRONYM = 5
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number(value: float, decimals: int, signed: bool = False) -> str:
    """`-0.5` as `−0.50`: a true minus sign, a fixed number of decimals, never a negative zero."""
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if math.isnan(value):
        return "not a number"
    rounded = round(value, decimals) + 0.0
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,.{decimals}f}"


def warranted_decimals(half_widths: Iterable[float], values: Iterable[float]) -> int:
    """How many decimals a column shows: those of its narrowest interval, and never more than the field prints.

    An interval of half width 0.5 warrants one decimal; of 0.02, two: one digit of it, or two where it begins with 1
    or 2, so that rounding never hides more than a tenth or so of it.

    half_widths: of the intervals in the column, paired ones included; without any (one image), the field's habit
    decides: two decimals from 10 upwards, four below.
    """
    sizes = [abs(value) for value in values if math.isfinite(value)]
    habit = 2 if sizes and max(sizes) >= 10 else 4
    widths = [width for width in half_widths if width > 0 and math.isfinite(width)]
    if not widths:
        return habit
    return min(habit, decimals_of(min(widths)))


def decimals_of(half_width: float) -> int:
    """How many decimals an interval warrants that is not zero."""
    place = math.floor(math.log10(half_width))
    digits = 2 if half_width < 3 * math.pow(10, place) else 1
    return max(0, digits - 1 - place)


def half_width(interval: Interval) -> float | None:
    """Half of what lies between the ends of an interval; None where it has none."""
    return None if interval.low is None or interval.high is None else (interval.high - interval.low) / 2


def amount_words(images: int, units: int, noun: str = "image") -> str:
    """`41 images`, or `41 images in 9 independent groups` where not every image is independent."""
    grouped = f" in {plural(units, 'independent group')}" if units < images else ""
    return f"{plural(images, noun)}{grouped}"


def significant(value: float, digits: int = 2) -> str:
    """A cost, to so many significant digits: `0.37`, `12`, `1,400`."""
    if not math.isfinite(value):
        return number(value, 0)
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return number(round(value, decimals), max(0, decimals))


def duration(seconds: float) -> str:
    """`0.4 s`, `41 s`, `12 min`, `3.4 h`, `2.1 days`."""
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{significant(seconds / unit)} {name}" if seconds < 10 * unit else f"{seconds / unit:.0f} {name}"
    return f"{significant(seconds / 86400)} days"


def count(value: float) -> str:
    """A parameter count: `0`, `812`, `57 k`, `1.5 M`."""
    for limit, unit, name in ((1e3, 1, ""), (999.5e3, 1e3, " k"), (999.5e6, 1e6, " M"), (math.inf, 1e9, " G")):
        if value < limit:
            scaled = value / unit
            return f"{scaled:.1f}{name}" if name and scaled < 9.95 else f"{scaled:.0f}{name}"
    return number(value, 0)


def in_words(value: int) -> str:
    """`three`, and figures above ten."""
    return _SMALL[value] if 0 <= value < len(_SMALL) else f"{value:,}"


def score(value: float) -> str:
    """A score where nothing says how fine it may be told."""
    return number(value, 2 if abs(value) >= 10 else 4)


def plural(value: int, noun: str, many: str | None = None) -> str:
    """`1 image`, `41 images`."""
    return f"{value:,} {noun if value == 1 else many or noun + 's'}"


def listing(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def metric_label(name: str, labels: Mapping[str, str]) -> str:
    """A metric's name as tables print it. labels: of a board; one made before there were any has acronyms guessed."""
    if labels:
        return labels.get(name, name)
    return "-".join(part.upper() if len(part) <= _LONGEST_ACRONYM else part for part in name.split("-"))


def slug(text: str) -> str:
    """A name that is safe in a path and in an address; not unique."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-_")[:80] or "x"


def flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as pairs of name and text, names joined by a space; `{NAME: {parameters}}` is one text."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, msgspec.Struct):
            value = msgspec.structs.asdict(value)
        if isinstance(value, Mapping) and value and not _is_named(value):
            pairs += flat(value, f"{label} ")
        else:
            pairs.append((label, _text(value)))
    return pairs


def _is_named(value: Mapping[str, Any]) -> bool:
    """Whether it is a name with the parameters of what it names."""
    return len(value) == 1 and all(isinstance(inside, Mapping) for inside in value.values())


def _text(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, Mapping) and _is_named(value):
        ((name, inside),) = value.items()
        return f"{name} ({_text(inside)})" if inside else str(name)
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_text(part)}".replace("_", " ") for name, part in value.items()) or "none"
    return str(value).replace("-", MINUS, 1) if isinstance(value, int | float) and value < 0 else str(value)
