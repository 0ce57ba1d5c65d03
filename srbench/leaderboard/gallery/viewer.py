"""What the wall of pictures needs: which pictures, which scores, where to begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from srbench.leaderboard.gallery.choice import difficulties, first_seeds
from srbench.leaderboard.gallery.errors import error_weights
from srbench.leaderboard.gallery.hallucination import share_words
from srbench.leaderboard.gallery.pictures import Gallery, Layer, ViewedImage
from srbench.leaderboard.results.results import Result, Results, shortened
from srbench.leaderboard.words.numerals import number
from srbench.store.record import Record

Places = Mapping[tuple[str, str], Mapping[str, Mapping[str, int]]]
"""By dataset and protocol, each entrant's place in the order by each metric, by its name."""


def look_data(galleries: Sequence[Gallery], results: Results, places: Places | None = None) -> list[dict[str, Any]]:
    """Everything the scripts show, as JSON: images from the hardest to the easiest."""
    data = []
    for gallery in galleries:
        if not gallery.images:
            continue
        by_name = _results_by_name(gallery, results)
        placed = (places or {}).get((gallery.dataset, gallery.protocol), {})
        protocol = results.board.protocol(gallery.protocol)
        shown = {image.id: image for image in gallery.images}
        order = difficulties(shown, list(by_name.values()), gallery.metric)
        slots = {name: result.entrant.slot for name, result in by_name.items()}
        images = [
            _image(shown[one.image], by_name) | {"median": _median_words(one.median, gallery, by_name)} for one in order
        ]
        data.append(
            {
                "name": gallery.name,
                "dataset": gallery.dataset,
                "protocol": gallery.protocol,
                "weights": error_weights(protocol.channel),
                "border": protocol.border,
                "white": gallery.error_white,
                "metric": gallery.metric,
                "trouble": f"Some SR is shown without HR and error maps: {shortened(gallery.trouble)}."
                if gallery.trouble
                else "",
                "labels": {metric: results.metric_label(metric) for metric in results.metrics},
                "methods": {name: {"slot": slot, "places": placed.get(name, {})} for name, slot in slots.items()},
                "images": images,
            }
        )
    return data


def _image(shown: ViewedImage, by_name: Mapping[str, Result]) -> dict[str, Any]:
    left, top, width, height = shown.box
    return {
        "id": shown.id,
        "left": left,
        "top": top,
        "width": width,
        "height": height,
        "whole": shown.whole,
        "window": shown.window_words,
        "values": shown.values,
        "layers": [
            {
                "name": layer.name,
                "src": layer.href,
                "error": layer.error_href,
                "map": layer.map_href,
                "shares": share_words(layer.shares),
                "words": _score_words(by_name.get(layer.name), shown.id),
                "scores": _scores(by_name.get(layer.name), shown.id),
                "tiles": layer.tiles,
            }
            for layer in shown.layers
        ],
    }


def start(look: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> dict[str, Any] | None:
    """What stands there before any choice, and without script: the hardest image of the first gallery.

    a, b: the first two of `wanted` that have a picture; where there is no HR, LR stands beside the first. tiles: LR, HR
    and the methods by rank, each with its score by the metric that ranks.
    """
    if not look:
        return None
    gallery, shown = look[0], look[0]["images"][0]
    methods, metric = gallery["methods"], gallery["metric"]

    def place(layer: Mapping[str, Any]) -> tuple[int, int]:
        name = layer["name"]
        known = methods[name]["places"] if name in methods else {}
        return ("LR", "HR").index(name) if name not in methods else 2, known.get(metric, len(methods))

    layers = sorted(shown["layers"], key=place)
    names = [layer["name"] for layer in layers]
    first, *others = dict.fromkeys([*(name for name in [*wanted, *names] if name in methods and name in names), *names])
    if "HR" not in names and "LR" in others:
        others = ["LR"]
    tiles = [
        {
            "name": layer["name"],
            "src": layer["src"],
            "slot": methods.get(layer["name"], {}).get("slot"),
            "score": layer["scores"].get(metric, ""),
        }
        for layer in layers
    ]
    facts = {name: shown[name] for name in ("id", "width", "height", "window")}
    return facts | {
        "gallery": gallery["name"],
        "trouble": gallery["trouble"],
        "a": first,
        "b": [*others, first][0],
        "tiles": tiles,
    }


def extremes(galleries: Sequence[Gallery], results: Results) -> list[dict[str, Any]]:
    """Worst and best image of each method, with where to look at them."""
    tables = []
    drawn = [gallery for gallery in galleries if gallery.images]
    for place, gallery in enumerate(drawn):
        by_name = _results_by_name(gallery, results)
        metric = gallery.metric
        if not gallery.extremes or metric is None:
            continue
        lines = []
        for name, images in gallery.extremes.items():
            result = by_name[name]
            thumbs = [_thumb(gallery, place, result, image, metric) for image in images]
            lines.append({"name": name, "slot": result.entrant.slot, "thumbs": thumbs})
        tables.append(
            {
                "name": gallery.name,
                "dataset": gallery.dataset,
                "protocol": gallery.protocol,
                "by": metric,
                "metric": results.metric_label(metric),
                "lines": lines,
            }
        )
    return tables


def _thumb(gallery: Gallery, place: int, result: Result, image: str, metric: str) -> dict[str, Any]:
    shown = next((shown for shown in gallery.images if shown.id == image), None)
    layer = shown.layer(result.entrant.name) if shown else None
    other = _opponent(shown, layer) if shown and layer else ""
    return {
        "image": image,
        "score": _score_words(result, image, [metric]),
        "src": layer.href if layer else None,
        "href": f"cells/{result.slug}.html",
        "look": urlencode({"look": place, "image": image, "a": result.entrant.name, "b": other}),
    }


def _opponent(shown: ViewedImage, layer: Layer) -> str:
    names = [other.name for other in shown.layers if other.name != layer.name]
    return "HR" if "HR" in names else (names or [layer.name])[0]


def _results_by_name(gallery: Gallery, results: Results) -> Mapping[str, Result]:
    inside = results.by_place.get((gallery.dataset, gallery.protocol), [])
    return {result.entrant.name: result for result in first_seeds(inside)}


def _score_words(result: Result | None, image: str, only: Sequence[str] | None = None) -> str:
    if result is None:
        return ""
    told = {name: text for name, text in _scores(result, image).items() if only is None or name in only}
    return ", ".join(f"{result.metric_label(name)} {text}" for name, text in told.items())


def _scores(result: Result | None, image: str) -> dict[str, str]:
    """The scores of an image by metric, with their units."""
    if result is None or result.record is None:
        return {}
    known = {metric: result.scores.get(metric, {}).get(image) for metric in result.record.metrics}
    return {metric: _in_words(value, metric, result.record) for metric, value in known.items() if value is not None}


def _median_words(median: float | None, gallery: Gallery, by_name: Mapping[str, Result]) -> str:
    """The median score of an image over the methods; empty where it has none."""
    records = [result.record for result in by_name.values() if result.record is not None]
    record = next((record for record in records if gallery.metric in record.metrics), None)
    if median is None or record is None or gallery.metric is None:
        return ""
    return _in_words(median, gallery.metric, record)


def _in_words(value: float, metric: str, record: Record) -> str:
    unit = record.metrics[metric].unit
    return f"{number(value, 2 if abs(value) >= 10 else 4)}{f' {unit}' if unit else ''}"
