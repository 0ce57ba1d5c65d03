"""What scripts make of the pictures' values, in a browser and from files."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver

from srbench.leaderboard.gallery.pictures import to_display
from srbench.leaderboard.gallery.values import Pixels, read_script, script
from srbench.leaderboard.pages.site import static
from srbench.pictures import Values, read_image

from . import test_browser
from .test_browser import requests, visit
from .toyboard import picture

browser = test_browser.browser
VALUES = """
const [look, image, done] = arguments;
const text = (data) => btoa(Array.from(new Uint8Array(data.buffer), (byte) => String.fromCharCode(byte)).join(""));
srbench.values(look, image).then(({ layers }) => done(Object.keys(layers).map((name) => {
  const { data, ...told } = layers[name];
  return [name, { ...told, data: text(data), shown: text(srbench.shown(layers[name]).data) }];
})), (error) => done(error.message));
"""
NOISE = np.random.default_rng(0)
HU = Values(-1000, 3000, unit="HU", window=(0, 80))
NATIVE = {
    "uint8": (NOISE.integers(0, 256, (5, 7, 3), np.uint8), Values(0, 255)),
    "__proto__": (NOISE.integers(0, 65536, (4, 6, 3), np.uint16), Values(0, 4095)),
    "int16": (NOISE.integers(-1000, 3000, (6, 4, 1), np.int16), HU),
    "int32": (NOISE.integers(-(2**31), 2**31, (3, 3, 1), np.int32), Values(-(2.0**31), 2.0**31 - 1)),
    "float32": (NOISE.normal(300, 2000, (8, 5, 1)).astype(np.float32), Values(0, 5000, "asinh", 30, 7, unit="adu")),
    "gaps": (np.array([[[np.nan], [-0.0], [1e-40], [2.5]]], np.float32), Values(-1, 2)),
}
"""Pictures of every kind of number, by the name of a layer."""


def values_in(browser: webdriver.Chrome, look: int, image: str) -> dict[str, dict[str, Any]]:
    """What the page knows of an image: layers by name."""
    told = browser.execute_async_script(VALUES, look, image)
    assert not isinstance(told, str), told
    return dict(told)


def bytes_of(layer: dict[str, Any]) -> bytes:
    return b64decode(layer["data"])


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with an image of which each layer is of another depth, and one of which the values are gone."""
    folder = tmp_path_factory.mktemp("native")
    layers = [{"name": name} for name in NATIVE]
    images = [
        {"id": "a", "layers": layers, "values": "pictures/values.js"},
        {"id": "gone", "layers": layers, "values": "pictures/gone.js"},
        {"id": "other", "layers": layers[:2], "values": "pictures/values.js"},
        {"id": "without", "layers": layers, "values": None},
    ]
    (folder / "pictures").mkdir()
    packed = [Pixels.of(array, values) for array, values in NATIVE.values()]
    (folder / "pictures" / "values.js").write_bytes(script("pictures/values.js", packed))
    (folder / "values.js").write_bytes(static("values.js"))
    data = json.dumps([{"images": images}])
    page = f'<!doctype html><meta charset="utf-8"><script type="application/json" id="look-data">{data}</script>'
    (folder / "index.html").write_text(f'{page}<script src="values.js"></script>', encoding="utf-8")
    return folder


def test_a_page_knows_the_values_of_any_depth_and_what_they_mean(browser: webdriver.Chrome, native: Path) -> None:
    visit(browser, native / "index.html")
    told = values_in(browser, 0, "a")
    assert list(told) == list(NATIVE)
    for name, (array, values) in NATIVE.items():
        layer = told[name]
        assert bytes_of(layer) == array.tobytes(), name
        assert [layer[side] for side in ("height", "width", "channels")] == list(array.shape)
        assert layer["dtype"] == array.dtype.name
        assert [layer[one] for one in ("low", "high", "unit", "curve")] == [
            values.low,
            values.high,
            values.unit,
            values.curve,
        ]
        shown = np.frombuffer(b64decode(layer["shown"]), np.uint8).reshape(*array.shape[:2], 4)
        assert np.array_equal(shown[..., : array.shape[2]], to_display(array, values)), name
        assert (shown[..., 3] == 255).all() and (shown[..., 2] == shown[..., array.shape[2] - 1]).all()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("gone", "pictures/gone.js is not there: the values of this picture cannot be shown."),
        ("other", "pictures/values.js is of other pictures."),
        ("without", "This board was published without the values of its pictures."),
        ("nowhere", "There is no such image on this board."),
    ],
)
def test_values_that_cannot_be_had_are_told_in_words(
    browser: webdriver.Chrome, native: Path, image: str, words: str
) -> None:
    visit(browser, native / "index.html")
    assert browser.execute_async_script(VALUES, 0, image) == words


def test_values_on_a_board_are_those_of_the_store_and_are_loaded_when_asked_for(
    browser: webdriver.Chrome, pages: Path
) -> None:
    visit(browser, pages / "index.html")
    look = json.loads(browser.execute_script("return document.getElementById('look-data').textContent"))
    seen = set()
    for place, gallery in enumerate(look):
        image = gallery["images"][0]
        told = values_in(browser, place, image["id"])
        hr = picture(gallery["dataset"], int(image["id"].removeprefix("im")))
        windows = np.lib.stride_tricks.sliding_window_view(hr, (image["height"], image["width"]), axis=(0, 1))
        windows = np.moveaxis(windows, 2, -1).reshape(-1, image["height"], image["width"], hr.shape[2])
        assert bytes_of(told["HR"]) in {window.tobytes() for window in windows}
        seen.add(told["HR"]["dtype"])
        packed = read_script((pages / image["values"]).read_bytes())
        for one, layer in zip(image["layers"], packed, strict=True):
            shown = to_display(layer.image(), layer.values)
            assert np.array_equal(shown, read_image(pages / one["src"]))
            assert bytes_of(told[one["name"]]) == layer.image().tobytes()
    assert seen == {"uint8", "uint16"}
    loaded = [url for url in requests(browser) if url.endswith("/values.js") and "/pictures/" in url]
    assert len(loaded) == len(set(loaded)) == len(look)
    values_in(browser, 0, look[0]["images"][0]["id"])
    assert not [url for url in requests(browser) if url.endswith("values.js")]
    assert browser.get_log("browser") == []
