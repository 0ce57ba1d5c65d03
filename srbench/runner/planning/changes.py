"""Why a result is stale, in words: what in its key, or of the packages behind it, is other than when it was made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from srbench.store.cell import Cell, gone_on_from, started_from
from srbench.store.record import Record

_SPLITS = {"test.fingerprint": "test", "model.train.fingerprint": "training"}
_GIVEN = "method.given"
_EARLIER = "model.from"
_START = "model.start"
_CHANGED = "the pictures of the {} split changed"
_MOST_NAMED = 3


def versions_changed(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Which packages have another version now: `pytorch-msssim 1.0.0 -> 1.1.0`."""
    others = (name for name in now if name != "srbench" and then.get(name, now[name]) != now[name])
    return ", ".join(f"{name} {then[name]} -> {now[name]}" for name in others)


def changes(earlier: Record, cell: Cell, tested: Collection[str] = ()) -> str:
    """Which components of the key changed since an earlier record, in words: `method.params.width: 32 -> 64`.

    tested: the images of the test split now, by which it is told which are gone or new; none of a task whose images
    are not those of a test split.
    """
    found = dict.fromkeys(_differences(earlier.ingredients, cell.ingredients, ""))
    if earlier.images and tested:  # a cell that made none says nothing of which there were
        words = _pictures_changed(set(earlier.images), set(tested))
        found = dict.fromkeys(words if words and text == _CHANGED.format("test") else text for text in found)
    return "changed: " + "; ".join(found) if found else "nothing in the key changed"


def _pictures_changed(then: set[str], now: set[str]) -> str:
    """Which pictures are gone and which new: `picture cat0 is gone, 2 pictures are new (cat7, cat8)`."""
    parts = []
    for names, what in ((sorted(then - now), "gone"), (sorted(now - then), "new")):
        if len(names) == 1:
            parts.append(f"picture {names[0]} is {what}")
        elif names:
            more = ", ..." if len(names) > _MOST_NAMED else ""
            parts.append(f"{len(names)} pictures are {what} ({', '.join(names[:_MOST_NAMED])}{more})")
    return ", ".join(parts)


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    if path == _EARLIER:
        was, is_now = (gone_on_from({"from": one}) or "nothing" for one in (old, new))
        if was != is_now:
            yield f"{path}: {was} -> {is_now}"
    elif path == _GIVEN:
        before, after = (one if isinstance(one, Mapping) else {} for one in (old, new))
        changed = sorted(image for image in {*before, *after} if before.get(image) != after.get(image))
        if changed:
            more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
            yield f"the SR of {', '.join(changed[:_MOST_NAMED])}{more}"
    elif path == _START and old != new:
        was, is_now = (started_from({"start": one}) or "nothing" for one in (old, new))
        yield f"{path}: {was} -> {is_now}" if was != is_now else "the model that its training starts from is another"
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            if path.rpartition(".")[2] == "source":
                if old.get(name) != new.get(name):
                    yield f"the code of {name} changed"
            else:
                yield from _differences(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif old != new and path in _SPLITS:
        yield _CHANGED.format(_SPLITS[path])
    elif old != new:
        yield f"{path}: {_brief(old)} -> {_brief(new)}"


def _brief(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text[:12] if len(text) == 64 else text
