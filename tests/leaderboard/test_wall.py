"""The wall of pictures in a browser: zoomed, moved and read as one, and two of them against each other."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from statistics import median_low
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from srbench.pictures import read_image

from . import test_browser, toyboard
from .test_browser import state, visit
from .toyboard import HOSTILE, Board, picture, score, write

browser = test_browser.browser
METHODS = ("bicubic", "lanczos", "$x^2$", HOSTILE)


@pytest.fixture(scope="module")
def board(make: Callable[..., Board]) -> Board:
    """Two datasets, of which one is grey, of 16 bits, and wider than the window."""
    return make(protocols=1, seeds=1, methods=METHODS)


@pytest.fixture(scope="module")
def pages(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its pages."""
    return write(board, tmp_path_factory.mktemp("walls") / "toy")


def wall(browser: webdriver.Chrome) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, ".wall")


def tile(browser: webdriver.Chrome, name: str) -> WebElement:
    """The frame of a picture."""
    found = browser.find_elements(By.CSS_SELECTOR, ".wall .tile")
    return next(one.find_element(By.CSS_SELECTOR, ".frame") for one in found if one.get_attribute("data-name") == name)


def names(browser: webdriver.Chrome) -> list[str]:
    return [str(one.get_attribute("data-name")) for one in browser.find_elements(By.CSS_SELECTOR, ".wall .tile")]


def planes(browser: webdriver.Chrome) -> set[str]:
    """Where the pictures lie in their frames, of all that differ."""
    script = (
        "return [...document.querySelectorAll('.wall .plane')]"
        ".map((p) => p.style.transform + p.querySelector('.window').style.width)"
    )
    return set(browser.execute_script(script))


def settled(browser: webdriver.Chrome, name: str, value: str) -> None:
    """The address comes to hold this."""
    WebDriverWait(browser, 10).until(lambda _: state(browser).get(name) == value)


def point_at(browser: webdriver.Chrome, frame: WebElement, x: int, y: int) -> None:
    """Move the pointer over a pixel of HR, in a frame whose picture is at its corner."""
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", frame)
    left, top, zoom = browser.execute_script(
        "const p = arguments[0].querySelector('.plane'), w = p.querySelector('.window').getBoundingClientRect(),"
        "f = arguments[0].getBoundingClientRect(), i = srbench.viewer.image(), z = w.width / i.width;"
        "return [w.left - f.left - i.left * z, w.top - f.top - i.top * z, z]",
        frame,
    )
    across, down = left + (x + 0.5) * zoom - frame.size["width"] / 2, top + (y + 0.5) * zoom - frame.size["height"] / 2
    webdriver.ActionChains(browser).move_to_element_with_offset(frame, math.floor(across), math.floor(down)).perform()


def drawn(browser: webdriver.Chrome, canvas: str) -> npt.NDArray[np.uint8]:
    """What is painted on a canvas, `(H, W, 3)`."""
    script = (
        "const c = document.querySelector(arguments[0]);"
        "return [c.height, c.width, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]"
    )
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, canvas))
    height, width, data = browser.execute_script(script, canvas)
    return np.array(data, np.uint8).reshape(height, width, 4)[..., :3]


def sr(board: Board, dataset: str, method: str, image: str) -> npt.NDArray[Any]:
    (one,) = [r for r in board.results.all if (r.cell.dataset, r.cell.method) == (dataset, method)]
    assert one.record is not None
    return read_image(board.store / "cells" / one.cell.key[:2] / one.cell.key / "images" / f"{image}.png")


def test_lr_hr_and_the_methods_by_rank_stand_with_their_scores_on_the_hardest_image(
    browser: webdriver.Chrome, pages: Path
) -> None:
    visit(browser, pages / "index.html", 1440)
    assert names(browser) == ["LR", "HR", "$x^2$", "bicubic", "lanczos", HOSTILE]
    infinite = {("$x^2$", 2): float("inf")}
    difficulty = {
        n: median_low([infinite.get((m, n), score("psnr", "blobs", m, n, None)) for m in METHODS]) for n in range(9)
    }
    hardest, *_ = order = sorted(difficulty, key=difficulty.__getitem__)
    images = [one.text.split()[0] for one in browser.find_elements(By.CSS_SELECTOR, "[name=image] option")]
    assert images == [f"im{number}" for number in order]
    assert state_of(browser, "image") == images[0]
    scores = [one.text for one in browser.find_elements(By.CSS_SELECTOR, ".wall .score")]
    assert scores[:2] == ["", ""]
    assert scores[3] == f"{score('psnr', 'blobs', 'bicubic', hardest, None):.2f} dB"
    assert len(browser.find_elements(By.CSS_SELECTOR, ".wall .tile-name .marker")) == 4
    # All pictures, LR too, cover the same pixels of the screen, on the first screen.
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('.wall .window')].map((i) => { const b = i.getBoundingClientRect();"
        "return [b.width, b.height, b.bottom < 900, i.naturalWidth > 0]; })"
    )
    assert {(width, height) for width, height, *_ in boxes} == {(48 * 3, 40 * 3)}
    assert all(there and loaded for _, _, there, loaded in boxes)
    for chosen, place in (("best", -1), ("typical", 4), ("worst", 0)):
        browser.find_element(By.CSS_SELECTOR, f"[data-choose={chosen}]").click()
        assert state(browser)["image"] == images[place]


def state_of(browser: webdriver.Chrome, name: str) -> str:
    return str(browser.execute_script(f"return String(srbench.viewer.state.{name})"))


def test_wheel_drag_and_keys_move_and_zoom_all_pictures_alike(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 1440)
    frame = tile(browser, "bicubic")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", frame)
    turn = webdriver.ActionChains(browser).scroll_from_origin
    origin = webdriver.common.actions.wheel_input.ScrollOrigin.from_element(frame)
    turn(origin, 0, -20).perform()
    assert "zoom" not in state(browser)  # the wheel belongs to the page until the pictures are in use
    browser.execute_script("arguments[0].focus(); arguments[1].scrollIntoView({block: 'center'})", wall(browser), frame)
    zooms = []
    for _ in range(3):
        turn(origin, 0, -100).perform()
        zooms.append(state_of(browser, "zoom"))
    assert zooms == ["4", "6", "8"]
    settled(browser, "zoom", "8")
    assert len(planes(browser)) == 1
    before = planes(browser)
    webdriver.ActionChains(browser).drag_and_drop_by_offset(frame, 40, 16).perform()
    assert len(planes(browser)) == 1 and planes(browser) != before
    moved = [re.findall(r"-?\d+", one)[:2] for one in (*before, *planes(browser))]
    assert [int(b) - int(a) for a, b in zip(*moved, strict=True)] == [40, 16]
    assert state(browser).get("mode", "wall") == "wall"  # a drag is no click
    for key, zoom in (("+", "12"), ("-", "8"), ("0", "fit")):
        wall(browser).send_keys(key)
        assert state_of(browser, "zoom") == zoom
    wall(browser).send_keys("+", Keys.ARROW_RIGHT)
    assert len(planes(browser)) == 1


def test_two_fingers_zoom(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 390)
    frame = tile(browser, "HR")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", frame)
    x, y, width = browser.execute_script(
        "const b = arguments[0].getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2, b.width]", frame
    )

    def touch(kind: str, apart: float) -> None:
        points = [{"x": x + side * apart, "y": y, "id": place} for place, side in enumerate((-1, 1))]
        points = [] if kind == "touchEnd" else points
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 10)
    for apart in (15, 25, 35, 40):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    assert state_of(browser, "zoom") == "8"  # from 2, four times as far apart
    assert width < 200
    assert len(planes(browser)) == 1


def test_the_numbers_at_the_pointer_are_those_of_the_pictures(
    browser: webdriver.Chrome, board: Board, pages: Path
) -> None:
    visit(browser, pages / "index.html", 1440, fragment="#look=1&image=im3&mode=wall&zoom=4")
    WebDriverWait(browser, 10).until(lambda _: "4" in state_of(browser, "zoom"))
    point_at(browser, tile(browser, "HR"), 140, 21)
    value = tile(browser, "HR").find_element(By.XPATH, "..").find_element(By.CSS_SELECTOR, ".value")
    WebDriverWait(browser, 20).until(lambda _: value.text)
    said = browser.find_element(By.ID, "pixel").text
    match = re.match(r"· pixel \((\d+), (\d+)\)", said)
    assert match is not None
    x, y = map(int, match.groups())
    assert (x, y) == (140, 21)
    values = {
        one.get_attribute("data-name"): one.find_element(By.CSS_SELECTOR, ".value").text
        for one in browser.find_elements(By.CSS_SELECTOR, ".wall .tile")
    }
    assert values["HR"] == str(picture("waves", 3)[y, x, 0])
    assert values["bicubic"] == str(sr(board, "waves", "bicubic", "im3")[y, x, 0])
    assert values["LR"] and values["LR"] != values["HR"]
    assert browser.get_log("browser") == []


def test_level_and_width_are_of_the_values_and_marked_as_display(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 1440, fragment="#look=1&image=im3&mode=wall&level=30000&breadth=20000")
    left = browser.execute_script("return srbench.viewer.image().left")
    found = drawn(browser, '.wall .tile[data-name="HR"] canvas')
    hr = picture("waves", 3)[:, left : left + 256, 0].astype(float)
    wanted = np.floor(255 * np.clip((hr - 20000) / 20000, 0, 1) + 0.5)
    assert np.array_equal(found[..., 0], wanted)
    assert "Display only; scores are of the data as stored." in browser.find_element(By.CSS_SELECTOR, ".display").text
    ends = {name: browser.find_element(By.NAME, name) for name in ("black", "white")}
    assert [end.get_property("value") for end in ends.values()] == ["20000", "40000"]
    Select(browser.find_element(By.NAME, "curve")).select_by_visible_text("asinh")
    bent = np.floor(255 * np.arcsinh(10 * np.clip((hr - 20000) / 20000, 0, 1)) / np.arcsinh(10) + 0.5)
    assert np.array_equal(drawn(browser, '.wall .tile[data-name="HR"] canvas')[..., 0], bent)
    Select(browser.find_element(By.NAME, "curve")).select_by_visible_text("linear")
    for name, typed, kept in (("white", "50000", "50000"), ("black", "60000", "20000"), ("black", "10000", "10000")):
        ends[name].send_keys(Keys.CONTROL + "a" + Keys.NULL, typed, Keys.TAB)
        assert ends[name].get_property("value") == kept, "black is never above white"
    wanted = np.floor(255 * np.clip((hr - 10000) / 40000, 0, 1) + 0.5)
    assert np.array_equal(drawn(browser, '.wall .tile[data-name="HR"] canvas')[..., 0], wanted)
    assert {"level": "30000", "breadth": "40000"}.items() <= state(browser).items()
    browser.find_element(By.ID, "as-published").click()
    assert not browser.find_elements(By.CSS_SELECTOR, ".wall canvas")
    assert "level" not in state(browser)


def test_the_difference_of_any_two_has_the_scale_of_error_maps(
    browser: webdriver.Chrome, board: Board, pages: Path
) -> None:
    visit(browser, pages / "index.html", fragment="#look=0&image=im3&a=bicubic&b=lanczos&mode=difference")
    found = drawn(browser, "#pane-a canvas")
    one, other = (sr(board, "blobs", name, "im3").astype(float) / 255 for name in ("bicubic", "lanczos"))
    luma = np.abs((one - other) @ (np.array([65.481, 128.553, 24.966]) / 255))
    white = browser.execute_script("return srbench.viewer.gallery().white")
    steps = np.floor(np.clip(luma / white, 0, 1) * 254 + 0.5).astype(int)
    palette = np.floor(matplotlib.colormaps["magma"](np.linspace(0, 1, 255))[:, :3] * 255 + 0.5)
    border = 4  # of the protocol, which is not scored
    wanted = np.full_like(found, 128)
    inside = np.s_[border:-border, border:-border]
    wanted[inside] = palette[steps][inside]
    assert np.abs(found - wanted).max() <= 4  # a step of the palette, where halves are rounded otherwise
    assert "Absolute difference of A and B" in browser.find_element(By.ID, "error-legend").text
    assert not browser.find_element(By.ID, "pane-b").is_displayed()


def test_the_rest_of_an_image_is_fetched_when_it_comes_into_view(
    browser: webdriver.Chrome, board: Board, pages: Path
) -> None:
    visit(browser, pages / "index.html", 1440, fragment="#look=1&image=im3&mode=wall")
    assert "the rest is here, too" in browser.find_element(By.ID, "window").text
    tiles = '.wall .tile[data-name="bicubic"] img.whole'
    assert not browser.find_elements(By.CSS_SELECTOR, tiles)
    Select(browser.find_element(By.NAME, "zoom")).select_by_value("whole")
    (shown,) = browser.find_elements(By.CSS_SELECTOR, tiles)
    WebDriverWait(browser, 10).until(lambda _: shown.get_property("naturalWidth") == 300)
    frame = tile(browser, "bicubic")
    assert frame.size["width"] - 1 <= shown.size["width"] <= frame.size["width"]
    file = pages / str(shown.get_attribute("src")).partition("/toy/")[2]
    wanted = np.floor(sr(board, "waves", "bicubic", "im3") / 65535 * 255 + 0.5)
    assert np.array_equal(read_image(file), wanted)
    Select(browser.find_element(By.NAME, "zoom")).select_by_value("4")
    for _ in range(20):
        wall(browser).send_keys(Keys.ARROW_RIGHT)
    right, end = browser.execute_script(
        "return [arguments[0], arguments[1]].map((e) => e.getBoundingClientRect().right)", shown, frame
    )
    assert abs(right - end) <= 1  # the last column of the whole image is at the edge


def test_an_image_of_which_tiles_were_never_seen_gives_way_to_another(
    browser: webdriver.Chrome, make: Callable[..., Board], tmp_path: Path
) -> None:
    wide = write(make(datasets=("panorama",), protocols=1, methods=("bicubic",)), tmp_path / "toy")
    visit(browser, wide / "index.html", 1440, fragment="#look=0&image=im1&mode=wall&zoom=8&x=1090&y=20")
    tiles = '.wall .tile[data-name="bicubic"] img.whole'
    WebDriverWait(browser, 10).until(lambda _: browser.find_elements(By.CSS_SELECTOR, tiles))
    (shown,) = browser.find_elements(By.CSS_SELECTOR, tiles)
    assert str(shown.get_attribute("src")).endswith("-2.png")  # the last of three, the others were out of sight
    wall(browser).send_keys("n")
    assert state_of(browser, "image") == "im0"
    assert browser.get_log("browser") == []


def test_two_clicks_open_the_comparison_and_escape_ends_it(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 1440)
    comparison = browser.find_element(By.ID, "comparison")
    assert not comparison.is_displayed()
    tile(browser, "lanczos").click()
    assert browser.find_element(By.ID, "asked").text == "A is lanczos. Choose B."
    tile(browser, "HR").click()
    assert comparison.is_displayed()
    assert {name: state(browser)[name] for name in ("a", "b", "mode")} == {"a": "lanczos", "b": "HR", "mode": "swipe"}
    letters = {
        one.get_attribute("data-name"): one.find_element(By.CSS_SELECTOR, ".letter").text
        for one in browser.find_elements(By.CSS_SELECTOR, ".wall .tile")
    }
    assert {name: letter for name, letter in letters.items() if letter} == {"lanczos": "A", "HR": "B"}
    wall(browser).send_keys(Keys.ESCAPE)
    assert not comparison.is_displayed()
    wall(browser).send_keys("[[[", "a", "]", "b", "2")
    assert comparison.is_displayed()
    assert state(browser)["mode"] == "side"
    assert state(browser)["a"] != state(browser)["b"]
    browser.find_element(By.ID, "close").send_keys(Keys.ENTER)
    assert not comparison.is_displayed()
    assert browser.switch_to.active_element == wall(browser)  # whoever works by keyboard is not thrown to the top


def test_keys_on_the_wall_move_the_line_of_a_swipe(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 1440)
    tile(browser, "lanczos").click()
    assert "Choose B" in browser.find_element(By.ID, "asked").text
    wall(browser).send_keys("1", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    settled(browser, "at", "54")
    assert browser.find_element(By.ID, "asked").text == "", "A and B are there"
    sides = "return ['a', 'b'].map((s) => getComputedStyle(document.getElementById(`pane-${s}`), '::before').content)"
    assert browser.execute_script(sides) == ['"A"', '"B"']


def test_maps_show_the_window_and_nothing_beside_it(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 1440, "#look=1&image=im3&a=bicubic&b=HR&mode=difference&zoom=whole")
    canvas = "#pane-a canvas.window"
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, canvas))
    pane = browser.find_element(By.ID, "pane-a").rect
    seen = browser.find_element(By.CSS_SELECTOR, canvas).rect
    assert seen["x"] - pane["x"] == pytest.approx(pane["x"] + pane["width"] - seen["x"] - seen["width"], abs=2)


def test_swipe_follows_pointer_slider_and_keys(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", fragment="#look=0&image=im0&a=bicubic&b=HR&mode=swipe")
    stage = browser.find_element(By.CSS_SELECTOR, ".stage")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", stage)
    line = "return getComputedStyle(document.getElementById('pane-b')).clipPath"
    assert "50%" in browser.execute_script(line)
    quarter = -round(stage.size["width"] / 4)
    webdriver.ActionChains(browser).move_to_element_with_offset(stage, quarter, 0).click().perform()
    assert abs(int(state(browser)["at"]) - 25) <= 1
    before = int(state(browser)["at"])
    stage.send_keys(Keys.ARROW_RIGHT)
    settled(browser, "at", str(before + 2))
    browser.find_element(By.ID, "swipe-at").send_keys(Keys.END)
    settled(browser, "at", "100")
    assert "100%" in browser.execute_script(line)


def test_the_address_restores_what_was_seen(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    for name, text in (("look", "waves, x4-y"), ("a", "HR"), ("b", "$x^2$"), ("zoom", "4×"), ("size", "medium")):
        Select(browser.find_element(By.NAME, name)).select_by_visible_text(text)
    browser.find_element(By.CSS_SELECTOR, "[value=side]").click()
    browser.find_element(By.CSS_SELECTOR, ".stage").send_keys("n", Keys.ARROW_RIGHT)
    said = browser.execute_script("return location.hash")
    script = (
        "return [...document.querySelectorAll('.plane')]"
        ".map((p) => [p.querySelector('.window').src, p.style.transform])"
    )
    seen = browser.execute_script(script)
    visit(browser, pages / "index.html", fragment=said)
    WebDriverWait(browser, 10).until(lambda _: browser.execute_script(script) == seen)
    assert browser.find_element(By.CSS_SELECTOR, ".stage").get_attribute("data-mode") == "side"
    assert browser.find_element(By.CSS_SELECTOR, "#pane-b img.window").size["width"] == 4 * 256
    chosen = [Select(browser.find_element(By.NAME, n)).first_selected_option.text for n in ("a", "b", "zoom", "size")]
    assert chosen == ["HR", "$x^2$", "4×", "medium"]


def test_a_link_within_the_page_keeps_what_was_chosen(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", fragment="#look=1&image=im1&a=lanczos&b=HR&mode=side&zoom=4")
    wall(browser).send_keys("n")
    before = state(browser)
    browser.execute_script("location.hash = 'main'")  # as a link to a heading does
    WebDriverWait(browser, 10).until(lambda _: state(browser) == before)
    assert before["image"] != "im1" and before["mode"] == "side"


def test_an_address_of_two_pictures_without_a_mode_swipes_them(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", fragment="#look=1&image=im1&a=lanczos&b=HR")
    assert browser.find_element(By.CSS_SELECTOR, ".stage").get_attribute("data-mode") == "swipe"
    assert browser.find_element(By.ID, "caption-a").text.startswith("A lanczos: PSNR")
    assert browser.find_element(By.ID, "window").text.startswith("im1 (waves, x4-y)")


def test_a_senseless_address_shows_something_sensible(browser: webdriver.Chrome, pages: Path) -> None:
    senseless = "#look=99&image=%3Cimg%20src=x%3E&a=__proto__&mode=constructor&at=NaN&zoom=1e9&x=NaN&level=x&curve=y"
    visit(browser, pages / "index.html", fragment=senseless)
    picture = browser.find_element(By.CSS_SELECTOR, "#pane-a img.window")
    WebDriverWait(browser, 10).until(lambda _: picture.get_property("naturalWidth"))
    assert state_of(browser, "zoom") == "fit"
    assert browser.get_log("browser") == []


def test_error_maps_appear_with_their_scale_and_thumbnails_lead_to_the_pictures(
    browser: webdriver.Chrome, pages: Path
) -> None:
    visit(browser, pages / "index.html")
    browser.find_element(By.CSS_SELECTOR, "[name=mode][value=error]").click()
    shown = browser.find_element(By.CSS_SELECTOR, "#pane-a img.window")
    WebDriverWait(browser, 10).until(lambda _: shown.get_property("complete"))
    assert "/error-" in str(shown.get_attribute("src"))
    assert browser.find_element(By.ID, "error-legend").text.startswith("Absolute error of what the protocol scores")
    link = browser.find_element(By.CSS_SELECTOR, "a[data-look]")
    browser.execute_script("arguments[0].click()", link)
    name = browser.find_element(By.CSS_SELECTOR, ".extremes tbody th").text
    wait = WebDriverWait(browser, 10)
    wait.until(lambda _: browser.find_element(By.ID, "caption-a").text.startswith(f"A {name}"))
    assert browser.find_element(By.ID, "caption-b").text.startswith("B HR")


def test_hallucination_maps_appear_with_what_their_colours_mean_and_the_shares(
    browser: webdriver.Chrome, pages: Path
) -> None:
    visit(browser, pages / "index.html", fragment="#look=0&image=im0&a=bicubic&b=HR&mode=hallucination")
    shown = browser.find_element(By.CSS_SELECTOR, "#pane-a img.window")
    WebDriverWait(browser, 10).until(lambda _: shown.get_property("naturalWidth"))
    assert "/map-" in str(shown.get_attribute("src"))
    assert shown.get_attribute("alt") == "im0: hallucination map of bicubic"
    legend = browser.find_element(By.ID, "map-legend")
    assert legend.is_displayed() and "invented: as in neither" in legend.text
    assert not browser.find_element(By.ID, "error-legend").is_displayed()
    assert browser.find_element(By.ID, "caption-a").text.startswith("A bicubic: 100 % improved, 0 % left out")
    assert browser.find_element(By.ID, "pane-b").text == "HR has no hallucination map: it shows a method against HR."
    browser.find_element(By.CSS_SELECTOR, "[name=mode][value=side]").click()
    assert not legend.is_displayed()


def test_of_many_methods_the_first_are_shown_until_all_are_wanted(
    browser: webdriver.Chrome, make: Callable[..., Board], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = {f"m{place:02}": place / 2 for place in range(15)}
    for name, offset in many.items():
        monkeypatch.setitem(toyboard.OFFSETS, name, offset)
    crowded = make(datasets=("blobs",), protocols=1, seeds=1, methods=tuple(many))
    page = write(crowded, tmp_path / "pages") / "index.html"
    visit(browser, page)
    assert names(browser) == ["LR", "HR", *list(many)[:2:-1]]
    browser.find_element(By.ID, "all-tiles").click()
    assert names(browser) == ["LR", "HR", *reversed(many)]
    visit(browser, page, fragment="#look=0&image=im1&a=m00&b=HR&mode=swipe")
    assert names(browser)[-1] == "m00"  # what is compared is there
