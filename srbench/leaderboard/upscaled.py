"""The board of super-resolution: a ranked table over all datasets and one for each, and a viewer of pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from srbench.dataroot import data_root
from srbench.leaderboard.charts import charts
from srbench.leaderboard.details import pictures_context
from srbench.leaderboard.findings import baseline, findings
from srbench.leaderboard.headtohead import head_to_head
from srbench.leaderboard.look import extremes, look_data, start
from srbench.leaderboard.numerals import listing, plural
from srbench.leaderboard.pictures import ERROR_WHITE, error_legend, write_galleries
from srbench.leaderboard.results import Result, Results, Scope
from srbench.leaderboard.tables import build_table
from srbench.leaderboard.views import TIMES, View, shown_table, training_limits, view_id


class UpscalingPages:
    """What the pages of super-resolution hold beside what all tasks share. Writes the viewer's pictures."""

    index_template = "index.html"
    cell_template = "cell.html"

    def __init__(self, results: Results, out: Path) -> None:
        self._results = results
        self._galleries = write_galleries(results, data_root(), out)

    def view(self, scope: Scope, method_slugs: dict[str, str]) -> View:
        """Everything pooled with its figures, then one dataset at a time."""
        metrics, name = self._results.metrics, view_id(scope)
        pooled = build_table(scope, metrics)
        single = [build_table(scope, metrics, name) for name in scope.datasets()] if len(pooled.datasets) > 1 else []
        below = (head_to_head(pooled, single), charts(pooled, name))
        tables = [shown_table(pooled, f"{name}-t0", method_slugs, *below)]
        tables += [shown_table(table, f"{name}-t{place}", method_slugs) for place, table in enumerate(single, start=1)]
        return View.of(scope, tables, findings(pooled, single or [pooled]))

    def header(self) -> list[str]:
        """Protocols, datasets and methods."""
        matrix = self._results.plan.matrix
        seen: dict[str, set[str]] = {}
        for result in self._results.all:
            if result.record is not None:
                seen.setdefault(result.planned.cell.dataset, set()).update(result.record.images)
        images = sum(map(len, seen.values()))
        protocols = [f"{protocol.describe()} ({protocol.name} v{protocol.version})" for protocol in matrix.protocols]
        learns = any(result.planned.training is not None for result in self._results.all)
        return [
            listing(protocols),
            f"{plural(len(matrix.datasets), 'dataset')}, "
            + (plural(images, "test image") if images else "no results yet"),
            plural(len(matrix.methods), "method") + (f", {plural(len(matrix.seeds), 'seed')}" if learns else ""),
        ]

    def index(self, views: Sequence[View]) -> dict[str, Any]:
        """The viewer, beginning with the leader and what it is held against."""
        pooled = views[0].tables[0].table
        ranked = [row.entrant for row in pooled.ranked]
        against = baseline(pooled, ranked[0]) if ranked else None
        wanted = [entrant.name for entrant in [*ranked[:1], *([against] if against else []), *ranked]]
        return {
            "galleries": [gallery for gallery in self._galleries if gallery.images],
            "start": start(self._galleries, wanted),
            "look": look_data(self._galleries, self._results),
            "extremes": extremes(self._galleries, self._results),
            "legend": error_legend(),
            "error_white": round(ERROR_WHITE * 100),
        }

    def cell(self, result: Result) -> dict[str, Any]:
        """SR beside HR, LR and the error."""
        return pictures_context(result, self._results, self._galleries)

    def limits(self) -> Iterable[str]:
        """What super-resolution boards leave open."""
        degradations = listing(sorted({protocol.degradation for protocol in self._results.plan.matrix.protocols}))
        yield (
            f"LR is made from HR ({degradations}). How a method does on the blur, noise and compression of a real "
            "camera or scanner is another question."
        )
        yield from training_limits(self._results)
        yield "Intervals speak of images like these. Other kinds of images may rank the methods differently."
        yield TIMES
        if self._galleries:
            yield (
                "The viewer shows a choice of images, of the first seed only, as 8 bits; scores are of all images in "
                "native depth."
            )
