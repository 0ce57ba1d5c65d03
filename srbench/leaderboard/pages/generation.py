"""The board of generation: a ranked table a dataset, a gallery of samples, and what generators remember."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from srbench.leaderboard.figures.charts import FIRST, charts, present
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.gallery.shots import Place, Shot
from srbench.leaderboard.generation.findings import generation_findings
from srbench.leaderboard.generation.samples import GeneratorSamples, SampleGallery, write_samples
from srbench.leaderboard.generation.shots import real_shots, sample_shots
from srbench.leaderboard.pages.views import TIMES, Answer, View, answers, shown_table, training_limits, view_id
from srbench.leaderboard.publishing.cover import Cover
from srbench.leaderboard.results.results import Result, Results, Scope
from srbench.leaderboard.tables.ranked import Table, build_table
from srbench.leaderboard.trainings.pages import Group, trainings_chart
from srbench.leaderboard.words.numerals import listing, plural


class GenerationPages:
    """What the pages of generation hold beside what all tasks share."""

    index_template = "generation.html"
    cell_template = "sample_cell.html"
    gallery = SampleGallery

    def __init__(self, results: Results, galleries: Sequence[SampleGallery], trainings: Sequence[Group] = ()) -> None:
        self._results, self._galleries, self._trainings = results, galleries, trainings

    @staticmethod
    def write(results: Results, store_root: Path, out: Path, _: Callable[[str], Any]) -> Sequence[SampleGallery]:
        """Write all sheets anew: they are few."""
        return write_samples(results, store_root, out)

    def view(self, scope: Scope, method_slugs: dict[str, str]) -> View:
        """One dataset at a time: a distance between sets is not averaged over datasets."""
        name = view_id(scope)
        tables = [build_table(scope, self._results.metrics, dataset) for dataset in scope.datasets()]
        shown = []
        for place, table in enumerate(tables):
            drawn = charts(table, f"{name}-t{place}")
            if place == 0:
                drawn += present(trainings_chart(self._trainings, scope.results, f"{name}-trainings"))
            shown.append(
                shown_table(table, f"{name}-t{place}", method_slugs, figures=drawn[:FIRST], more=drawn[FIRST:])
            )
        return View.of(scope, shown, self._answers(tables))

    def _answers(self, tables: Sequence[Table]) -> Iterable[Answer]:
        """The answers over all datasets, by the metric of the first one; then those of each alone."""
        metrics, several = self._results.metrics, len(tables) > 1
        whole = answers(tables[0], metrics, partial(generation_findings, tables, self._galleries))
        yield from (replace(answer, dataset="") for answer in whole) if several else whole
        for table in tables if several else ():
            yield from answers(table, metrics, partial(generation_findings, [table], self._galleries), alone=True)

    def header(self) -> list[str]:
        """How many samples of which size, on what, by whom."""
        board = self._results.board
        sizes = listing([f"{size} × {size}" for size in sorted({p.size for p in board.protocols if p.size})])
        seeds = len({result.cell.seed for result in self._results.all} - {None})
        return [
            f"{plural(board.settings['samples'], 'sample')} of each generator, {sizes} pixels",
            f"held against the test images of {listing(board.tested)}",
            plural(len(board.methods), "generator") + (f", {plural(seeds, 'seed')}" if seeds else ""),
        ]

    def index(self, views: Sequence[View]) -> dict[str, Any]:
        """The gallery."""
        drawn = [gallery for gallery in self._galleries if gallery.shown]
        return {"galleries": drawn, "trouble": next((gallery.trouble for gallery in drawn if gallery.trouble), "")}

    def cover(self, views: Sequence[View]) -> Cover | None:
        """Samples of whoever is first."""
        ranking = views[0].tables[0].table.ranking if views else None
        best = ranking.entrants[0].name if ranking else ""
        shown = [(gallery, one) for gallery in self._galleries for one in gallery.shown if one.sheets]
        for gallery, one in sorted(shown, key=lambda both: both[1].generator != best):
            return Cover(one.sheets[0].generated.href, f"Samples of {one.generator}, beside {gallery.dataset}")
        return None

    def cell(self, result: Result) -> dict[str, Any]:
        """The samples of a cell and what they resemble."""
        shown: GeneratorSamples | None = None
        trouble, remark = "", ""
        for gallery in self._galleries:
            for one in gallery.shown:
                if one.key == result.cell.key:
                    shown, trouble = one, gallery.trouble
        if shown is None and result.ok:
            place = (result.cell.dataset, result.cell.protocol)
            known = [
                one
                for gallery in self._galleries
                if (gallery.dataset, gallery.protocol) == place
                for one in gallery.shown
            ]
            remark = (
                "Samples are shown for the first seed; those of this one are in the store."
                if any(one.generator == result.entrant.name and one.sheets for one in known)
                else "None of its samples are here."
            )
        return {"shown": shown, "trouble": trouble, "pictures_remark": remark}

    def dataset_shots(self, dataset: str) -> list[Shot]:
        """Sheets of real test images, which lead to the samples beside them."""
        return real_shots(self._galleries, dataset)

    def dataset_figures(self, table: Table, name: str) -> list[Chart]:
        """None: those of each table stand below it."""
        return []

    def method_shots(self) -> Mapping[Place, list[Shot]]:
        """Sheets of samples."""
        return dict(sample_shots(self._galleries))

    def addresses(self, dataset: str, protocol: str) -> Mapping[str, str]:
        """None: samples belong to no image."""
        return {}

    def limits(self) -> Iterable[str]:
        """What boards of generation leave open."""
        board = self._results.board
        yield (
            f"Every number is of {plural(board.settings['samples'], 'sample')} against a test set of its own size. "
            "Distances between sets shrink as sets grow: compare them within this board only."
        )
        yield (
            "A metric on features sees what its extractor sees. Another extractor may put the generators in another "
            "order, and none of them knows what makes an image of use to a physician."
        )
        yield from training_limits(self._results)
        yield (
            "Nearness to training images is measured by pixels and by features, mirror images included: a copy that is "
            "turned or recoloured may go unnoticed by both."
        )
        yield TIMES
        if any(one.sheets for gallery in self._galleries for one in gallery.shown):
            yield "The gallery shows the first samples of the first seed, as 8 bits; metrics see all, in native depth."
