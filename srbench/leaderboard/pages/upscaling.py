"""The board of super-resolution: a ranked table over all datasets and one for each, and a wall of pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from srbench.leaderboard.board.contents import BoardProtocol
from srbench.leaderboard.figures.charts import FIRST, charts, dataset_charts, present
from srbench.leaderboard.figures.costs import no_tradeoff
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.findings.lead import baseline, findings
from srbench.leaderboard.gallery.errors import error_colours, error_legend
from srbench.leaderboard.gallery.pictures import Gallery, map_legend, white_words
from srbench.leaderboard.gallery.shots import Place, Shot, addresses, dataset_shots, worst_and_best
from srbench.leaderboard.gallery.viewer import Places, extremes, look_data, start
from srbench.leaderboard.gallery.writing import write_galleries
from srbench.leaderboard.pages.details import pictures_context
from srbench.leaderboard.pages.views import TIMES, View, answers, places_in, shown_table, training_limits, view_id
from srbench.leaderboard.publishing.cover import Cover
from srbench.leaderboard.results.results import Result, Results, Scope
from srbench.leaderboard.results.values import unit_of
from srbench.leaderboard.tables.head_to_head import head_to_head
from srbench.leaderboard.tables.ranked import Table, build_table
from srbench.leaderboard.trainings.pages import Group, trainings_chart
from srbench.leaderboard.words.numerals import amount_words, listing, plural


class UpscalingPages:
    """What the pages of super-resolution hold beside what all tasks share."""

    index_template = "index.html"
    cell_template = "cell.html"
    gallery = Gallery
    write = staticmethod(write_galleries)

    def __init__(self, results: Results, galleries: Sequence[Gallery], trainings: Sequence[Group] = ()) -> None:
        self._results, self._galleries, self._trainings = results, galleries, trainings

    def view(self, scope: Scope, method_slugs: dict[str, str]) -> View:
        """Everything pooled with its figures, then one dataset at a time."""
        metrics, name = self._results.metrics, view_id(scope)
        pooled = build_table(scope, metrics)
        single = [build_table(scope, metrics, name) for name in scope.datasets()] if len(pooled.datasets) > 1 else []
        drawn = charts(pooled, name)
        drawn += present(trainings_chart(self._trainings, scope.results, f"{name}-trainings"))
        drawn += [] if single else self.dataset_figures(pooled, name)
        below = (head_to_head(pooled, single), drawn[:FIRST], drawn[FIRST:], no_tradeoff(pooled))
        tables = [shown_table(pooled, f"{name}-t0", method_slugs, *below)]
        for place, table in enumerate(single, start=1):
            tables.append(shown_table(table, f"{name}-t{place}", method_slugs))
        said = [*answers(pooled, metrics, partial(findings, pooled, single or [pooled]))]
        for table in single:
            said += answers(table, metrics, partial(findings, table, [table]), alone=True)
        return View.of(scope, tables, said)

    def header(self) -> list[str]:
        """Protocols, datasets and methods."""
        board = self._results.board
        units: dict[tuple[str, str], tuple[str, str | None, str]] = {}
        for result in self._results.all:
            if result.record is not None:
                dataset = result.cell.dataset
                units |= {(dataset, image): unit_of(dataset, image, result.record) for image in result.record.images}
        images = amount_words(len(units), len(set(units.values())), "test image") if units else "no results yet"
        protocols = [f"{self._in_words(each)} ({each.name} v{each.version})" for each in board.protocols]
        learns = any(cell.learned_from is not None for cell in board.cells)
        return [
            listing(protocols),
            f"{plural(len(board.tested), 'dataset')}, {images}",
            plural(len(board.methods), "method") + (f", {plural(board.seeds, 'seed')}" if learns else ""),
        ]

    def index(self, views: Sequence[View]) -> dict[str, Any]:
        """The wall, beginning with the leader and what it is held against."""
        ranking = views[0].tables[0].table.ranking
        ranked = ranking.entrants if ranking else ()
        against = baseline(ranking) if ranking else None
        wanted = [entrant.name for entrant in [*ranked[:1], *([against] if against else []), *ranked]]
        look = look_data(self._galleries, self._results, _places(views, self._results))
        return {
            "galleries": [gallery for gallery in self._galleries if gallery.images],
            "start": start(look, wanted),
            "look": look,
            "colours": error_colours(),
            "slots": sorted({facts["slot"] for gallery in look for facts in gallery["methods"].values()}),
            "extremes": extremes(self._galleries, self._results),
            "has_errors": any(
                layer.error_href for gallery in self._galleries for shown in gallery.images for layer in shown.layers
            ),
            "legend": error_legend(),
            "map_legend": map_legend(self._galleries),
            "error_white": white_words(self._galleries),
        }

    def cover(self, views: Sequence[View]) -> Cover | None:
        """SR of the first image by whoever is first, else HR."""
        ranking = views[0].tables[0].table.ranking if views else None
        wanted = [*([ranking.entrants[0].name] if ranking else []), "HR"]
        for gallery in self._galleries:
            for image in gallery.images:
                for layer in filter(None, map(image.layer, wanted)):
                    return Cover(layer.href, f"{image.id} of {gallery.dataset}: {layer.name}")
        return None

    def cell(self, result: Result) -> dict[str, Any]:
        """SR beside HR, LR and the error."""
        return pictures_context(result, self._results, self._galleries)

    def dataset_shots(self, dataset: str) -> list[Shot]:
        """Test images as HR, which lead to the viewer."""
        return dataset_shots(self._galleries, dataset)

    def dataset_figures(self, table: Table, name: str) -> list[Chart]:
        """The figures that are of one dataset's pictures."""
        place = (table.only_dataset, table.scope.protocol)
        spectra = next((one.spectra for one in self._galleries if (one.dataset, one.protocol) == place), None)
        return dataset_charts(table, spectra, name)

    def method_shots(self) -> Mapping[Place, list[Shot]]:
        """The worst and the best picture of each method."""
        return dict(worst_and_best(extremes(self._galleries, self._results)))

    def addresses(self, dataset: str, protocol: str) -> Mapping[str, str]:
        """Those of the viewer."""
        return addresses(self._galleries, dataset, protocol)

    def limits(self) -> Iterable[str]:
        """What super-resolution boards leave open."""
        yield from self._origin_of_lr()
        yield from training_limits(self._results)
        yield "Other kinds of images than these may rank the methods differently."
        yield TIMES
        shown = [image for gallery in self._galleries for image in gallery.images]
        if cut := sum(image.is_cut for image in shown):
            room = f"{self._results.board.whole_pictures_mb:g} MB"
            yield (
                f"Of {plural(cut, 'image')} there is only the part that the wall begins with. How much room whole "
                f"pictures have, whole_pictures_mb in the matrix file says: {room}."
            )
        if any(gallery.images for gallery in self._galleries):
            yield (
                "The wall shows a choice of images, of the first seed only, as 8 bits; scores are of all images in "
                "native depth."
            )

    def _in_words(self, protocol: BoardProtocol) -> str:
        """A protocol, with where its LR was from as the records say."""
        origins = self._origins(protocol.name)
        shipped = [dataset for dataset, lr in origins.items() if lr != {"made"}]
        if origins and not any(lr & {"made", "mixed"} for lr in origins.values()):
            return protocol.describe(f"LR that came with {listing(shipped)}")
        return protocol.describe(f"{protocol.degradation} LR (some came with {listing(shipped)})" if shipped else "")

    def _origins(self, protocol: str | None = None) -> dict[str, set[str]]:
        """What the cells of each dataset, under one protocol or all, say of their LR: made, shipped, or mixed."""
        found: dict[str, set[str]] = {}
        for result in self._results.all:
            if result.record is not None and result.record.lr and protocol in (None, result.cell.protocol):
                found.setdefault(result.cell.dataset, set()).add(result.record.lr)
        return found

    def _origin_of_lr(self) -> Iterable[str]:
        """Where LR is from, as the records say, and what that leaves open."""
        degradations = listing(sorted({protocol.degradation for protocol in self._results.board.protocols}))
        origins = self._origins()
        made = [dataset for dataset, lr in origins.items() if lr == {"made"}]
        whole = [dataset for dataset, lr in origins.items() if lr == {"shipped"}]
        lone = [dataset for dataset, lr in origins.items() if lr == {"alone"}]
        mixed = [dataset for dataset in origins if dataset not in made + whole + lone]
        if whole:
            yield (
                f"LR came with {listing(whole)} and was not made here: what blurred it, and how exactly it lies on HR, "
                "is in every score."
            )
        if lone:
            yield (
                f"Of {listing(lone)} there is LR alone: what is missing in SR or invented there, no number here says. "
                "Metrics without HR judge how SR looks, and consistency with LR what it keeps."
            )
        if mixed:
            yield f"Some of the LR came with {listing(mixed)}; the rest was made from HR ({degradations})."
        if made:
            of = f" of {listing(made)}" if whole or lone or mixed else ""
            yield (
                f"LR{of} is made from HR ({degradations}). How a method does on the blur, noise and compression of a "
                "real camera or scanner is another question."
            )


def _places(views: Sequence[View], results: Results) -> Places:
    """Each entrant's place on each dataset under each protocol, among all, whatever they were trained on."""
    placed: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    scopes = Counter(view.scope.protocol for view in views)
    for view in views:
        for shown in view.tables:
            table = shown.table
            place = (table.only_dataset, view.scope.protocol)
            if not table.only_dataset or place in placed:
                continue
            if scopes[view.scope.protocol] > 1:
                whole = replace(
                    view.scope, trained_on=None, results=tuple(results.by_place[table.only_dataset, place[1]])
                )
                table = build_table(whole, results.metrics, table.only_dataset)
            placed[place] = {entrant.name: places for entrant, places in places_in(table).items()}
    return placed
