"""What the viewer needs: which pictures, which scores, where to begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from srbench.leaderboard.gallery.hallucination import share_words
from srbench.leaderboard.gallery.pictures import Gallery, Layer, ViewedImage, first_seeds
from srbench.leaderboard.results.results import Result, Results
from srbench.leaderboard.words.numerals import number

_BOX = ("left", "top", "width", "height")


def look_data(galleries: Sequence[Gallery], results: Results) -> list[dict[str, Any]]:
    """Everything the script shows, as JSON."""
    data = []
    for gallery in galleries:
        if not gallery.images:
            continue
        by_name = _results_by_name(gallery, results)
        images = []
        for shown in gallery.images:
            layers = [
                {
                    "name": layer.name,
                    "src": layer.href,
                    "error": layer.error_href,
                    "map": layer.map_href,
                    "shares": share_words(layer.shares),
                    "words": _score_words(by_name.get(layer.name), shown.id),
                    "scores": list(_scores(by_name.get(layer.name), shown.id)),
                }
                for layer in shown.layers
            ]
            box = {**dict(zip(_BOX, shown.box, strict=True)), "window": shown.window_words}
            images.append({"id": shown.id, "layers": layers, "values": shown.values} | box)
        place = {"dataset": gallery.dataset, "protocol": gallery.protocol}
        data.append({"name": gallery.name, "images": images} | place)
    return data


def start(galleries: Sequence[Gallery], wanted: Sequence[str]) -> dict[str, Any] | None:
    """What stands there before any choice, and without script: the first two of `wanted` that have a picture.

    Where there is no HR, LR stands beside the first.
    """
    gallery = next((gallery for gallery in galleries if gallery.images), None)
    if gallery is None:
        return None
    shown = gallery.images[0]
    named = {layer.name: layer for layer in shown.layers}
    first, *others = dict.fromkeys([*(name for name in wanted if name in named), *named])
    if "HR" not in named and "LR" in others:
        others = ["LR"]
    return {
        "gallery": gallery.name,
        "trouble": gallery.trouble,
        "image": shown.id,
        "a": named[first],
        "b": named[others[0] if others else first],
        "width": shown.box[2],
        "height": shown.box[3],
        "window": shown.window_words,
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
    scores = [one for one in _scores(result, image) if only is None or one["metric"] in only]
    return ", ".join(f"{one['label']} {one['text']}" for one in scores)


def _scores(result: Result | None, image: str) -> Iterator[dict[str, str]]:
    """What a method's metrics say of an image: of each its name, as tables print it, and the value with its unit."""
    if result is None or result.record is None:
        return
    for metric, facts in result.record.metrics.items():
        value = result.scores.get(metric, {}).get(image)
        if value is not None:
            text = f"{number(value, 2 if abs(value) >= 10 else 4)} {facts.unit}".rstrip()
            yield {"metric": metric, "label": result.metric_label(metric), "text": text}
