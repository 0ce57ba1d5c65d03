"""What scripts make of the pictures' values, in a browser and from files."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image as Pillow
from selenium import webdriver
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from srbench.leaderboard.gallery.display import to_display
from srbench.leaderboard.gallery.values import Pixels, read_script, script
from srbench.leaderboard.pages.site import static
from srbench.pictures import Values, read_image

from . import test_browser
from .test_browser import requests, state, visit
from .toyboard import HOSTILE, picture

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


# ---- the crop tool


SVG = "{http://www.w3.org/2000/svg}"
BOXES = [(8, 4, 12, 8), (20, 16, 6, 10)]


def crop_hash(**changes: Any) -> str:
    """The part of an address that keeps crops."""
    said = {"look": "blobs, x4-y", "image": "im0", "box": [" ".join(map(str, box)) for box in BOXES]} | changes
    return f"#{urlencode({'crop': urlencode(said, doseq=True)})}"


def tool(browser: webdriver.Chrome, pages: Path, fragment: str = "", width: int = 1280) -> Any:
    """The tool, opened, with its figure drawn."""
    visit(browser, pages / "index.html", width, fragment)
    found = browser.find_element(By.ID, "crops")
    if not fragment:
        found.find_element(By.TAG_NAME, "summary").click()
    drawn(browser)
    return found


def drawn(browser: webdriver.Chrome) -> None:
    """Wait for the figure."""
    label = "return document.querySelector('.crop-figure canvas').getAttribute('aria-label')"
    WebDriverWait(browser, 30).until(lambda _: browser.execute_script(label))


def said(browser: webdriver.Chrome) -> dict[str, list[str]]:
    """What the address says of crops."""
    return parse_qs(state(browser).get("crop", ""), keep_blank_values=True)


def boxes(browser: webdriver.Chrome) -> list[tuple[int, ...]]:
    return [tuple(map(int, box.split())) for box in said(browser)["box"]]


def saved(browser: webdriver.Chrome, kind: str, folder: Path) -> Path:
    """The file that a button saves."""
    folder.mkdir(exist_ok=True)
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    browser.find_element(By.CSS_SELECTOR, f"#crops [name={kind}]").click()
    suffix = {"png": ".png", "svg": ".svg", "latex": ".tex"}[kind]
    WebDriverWait(browser, 30).until(lambda _: list(folder.glob(f"*{suffix}")))
    return next(folder.glob(f"*{suffix}"))


def decoded(href: str) -> np.ndarray[Any, Any]:
    """The RGB pixels of a picture in an SVG."""
    head, _, data = href.partition(",")
    assert head == "data:image/png;base64"
    with Pillow.open(io.BytesIO(b64decode(data))) as opened:
        return np.asarray(opened.convert("RGB"))


@pytest.fixture(scope="module")
def exported(browser: webdriver.Chrome, pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a figure of two boxes as PNG, in its own size, as SVG and as LaTeX."""
    folder = tmp_path_factory.mktemp("exported")
    found = tool(browser, pages, crop_hash())
    Select(found.find_element(By.NAME, "scale")).select_by_value("1")
    for kind in ("png", "svg", "latex"):
        saved(browser, kind, folder)
    assert browser.get_log("browser") == []
    return folder


def test_a_figure_has_every_picture_of_the_image_as_soon_as_the_tool_is_opened(
    browser: webdriver.Chrome, pages: Path
) -> None:
    found = tool(browser, pages)
    look = json.loads(browser.execute_script("return document.getElementById('look-data').textContent"))
    layers = [layer["name"] for layer in look[0]["images"][0]["layers"]]
    ticked = [one.get_attribute("value") for one in found.find_elements(By.CSS_SELECTOR, "[name=layer]:checked")]
    assert sorted(ticked) == sorted(layers)
    table = json.loads((pages / "board.json").read_text(encoding="utf-8"))["tables"][0]
    ranked = [row["method"] for row in table["rows"] if row["rank"] is not None]
    assert [name.partition(" (")[0] for name in ticked][: len(ranked) + 1] == ["LR", *ranked] and ticked[-1] == "HR"
    assert len(boxes(browser)) == 1
    metrics = [one.get_attribute("value") for one in found.find_elements(By.CSS_SELECTOR, "[name=metric]:checked")]
    assert metrics == ["psnr", "ssim"]
    found.find_element(By.TAG_NAME, "summary").click()
    WebDriverWait(browser, 10).until(lambda _: "crop" not in state(browser))
    assert browser.get_log("browser") == []


def test_the_tool_begins_with_what_is_looked_at(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 1280, "#look=2&image=im4")
    found = browser.find_element(By.ID, "crops")
    found.find_element(By.TAG_NAME, "summary").click()
    drawn(browser)
    chosen = [Select(found.find_element(By.NAME, name)).first_selected_option.text for name in ("look", "image")]
    looked = browser.execute_script("return [srbench.viewer.gallery().name, srbench.viewer.state.image]")
    assert chosen == looked and looked[1] == "im4"


def test_without_script_there_is_no_tool(browser: webdriver.Chrome, pages: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(browser, pages / "index.html")
        told: Any = browser.execute_cdp_cmd(
            "Runtime.evaluate",
            {"returnByValue": True, "expression": "document.getElementById('crops').getClientRects().length"},
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert told["result"]["value"] == 0


@pytest.mark.parametrize("kind", ["mouse", "touch"])
def test_boxes_are_drawn_and_moved_by_hand(browser: webdriver.Chrome, pages: Path, kind: str) -> None:
    found = tool(browser, pages)
    stage = found.find_element(By.CSS_SELECTOR, ".crop-stage")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", stage)
    side = stage.size["width"] / 48  # screen pixels a picture's pixel

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        """From and to places of the picture."""
        pointer = ActionBuilder(browser, mouse=PointerInput(kind, kind))
        left, top = stage.location["x"], stage.location["y"] - browser.execute_script("return scrollY")
        for place, step in ((start, "pointer_down"), (end, "pointer_up")):
            pointer.pointer_action.move_to_location(left + place[0] * side, top + place[1] * side)
            getattr(pointer.pointer_action, step)()
        pointer.perform()

    drag((30.5, 20.5), (10.5, 8.5))  # the first takes the place of the one that nobody drew
    assert boxes(browser) == [(10, 8, 21, 13)]
    drag((2.5, 30.5), (60, 60))  # what is drawn beyond the picture ends there
    assert boxes(browser) == [(10, 8, 21, 13), (2, 30, 46, image_height(browser) - 30)]
    drag((15.5, 10.5), (20.5, 11.5))
    assert boxes(browser)[0] == (15, 9, 21, 13)
    drag((15.5, 10.5), (-9, -9))
    assert boxes(browser)[0] == (0, 0, 21, 13)
    drag((40.5, 2.5), (41.5, 3.5))  # a slip of the hand
    assert len(boxes(browser)) == 2
    assert browser.get_log("browser") == []


def image_height(browser: webdriver.Chrome) -> int:
    look = json.loads(browser.execute_script("return document.getElementById('look-data').textContent"))
    return int(look[0]["images"][0]["height"])


def test_everything_is_done_by_keyboard_and_has_a_name(browser: webdriver.Chrome, pages: Path) -> None:
    found = tool(browser, pages)
    active = "return document.activeElement.name || document.activeElement.className || document.activeElement.tagName"
    found.find_element(By.TAG_NAME, "summary").send_keys(Keys.TAB)
    reached = []
    for _ in range(40):
        reached.append(browser.execute_script(active))
        webdriver.ActionChains(browser).send_keys(Keys.TAB).perform()
    wanted = ["look", "image", "x-0", "y-0", "width-0", "height-0", "remove-0", "add", "zoom", "row", "metric", "scale"]
    assert set(wanted) <= set(reached) and {"png", "svg", "latex"} <= set(reached)
    assert [name for name in reached if name in wanted[:10]] == wanted[:10]
    for name in ("image", "x-0", "zoom", "row", "scale", "add", "remove-0", "png"):
        control = found.find_element(By.NAME, name)
        assert control.accessible_name, name
    found.find_element(By.NAME, "add").send_keys(Keys.ENTER)
    assert browser.execute_script(active) == "x-1"
    webdriver.ActionChains(browser).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys(
        "3", Keys.TAB
    ).perform()
    assert boxes(browser)[1][0] == 3 and browser.execute_script(active) == "y-1"
    found.find_element(By.NAME, "width-1").send_keys("999", Keys.ENTER)  # which no picture has
    assert boxes(browser)[1][2] == 48
    found.find_element(By.NAME, "remove-0").send_keys(Keys.ENTER)
    assert len(boxes(browser)) == 1 and browser.execute_script(active) == "remove-0"
    tick = found.find_element(By.CSS_SELECTOR, "[name=metric][value=ssim]")
    tick.send_keys(Keys.SPACE)
    assert said(browser)["metrics"] == ["psnr"]
    assert browser.execute_script("return document.activeElement.value") == "ssim"


def test_the_address_restores_the_figure(browser: webdriver.Chrome, pages: Path) -> None:
    picture_of = "return document.querySelector('.crop-figure canvas').toDataURL()"
    found = tool(browser, pages, crop_hash(look="waves, x2-rgb", zoom=3, row=2, layers=["HR", HOSTILE, "$x^2$"]))
    found.find_element(By.CSS_SELECTOR, "[name=metric][value=psnr]").click()
    kept, before = browser.execute_script("return location.hash"), browser.execute_script(picture_of)
    tool(browser, pages, kept)
    assert browser.execute_script(picture_of) == before
    assert browser.execute_script("return location.hash") == kept
    assert said(browser)["metrics"] == ["ssim"] and said(browser)["layers"] == ["HR", HOSTILE, "$x^2$"]
    # The wall keeps its own part, and leaves this one alone.
    browser.find_element(By.CSS_SELECTOR, ".wall").send_keys("n")
    assert state(browser)["image"] and said(browser)["look"] == ["waves, x2-rgb"]


def test_a_link_within_the_page_keeps_the_figure(browser: webdriver.Chrome, pages: Path) -> None:
    tool(browser, pages, crop_hash(zoom=3))
    before = said(browser)
    browser.execute_script("location.hash = 'main'")  # as a link to a heading does
    WebDriverWait(browser, 10).until(lambda _: state(browser).get("crop") and said(browser) == before)
    assert before["zoom"] == ["3"]


def test_a_senseless_address_gives_a_figure(browser: webdriver.Chrome, pages: Path) -> None:
    bad = {"look": "__proto__", "image": "<img src=x>", "box": ["NaN 1 2 3", "1e9 -5 0 1e300", "1"], "zoom": "-3"}
    tool(browser, pages, crop_hash(**bad, row="1e9"))
    for x, y, width, height in boxes(browser):
        assert 0 <= x <= 48 - width and 0 <= y <= image_height(browser) - height
    assert browser.get_log("browser") == []


def test_boxes_stay_where_they_are_when_another_image_is_chosen(browser: webdriver.Chrome, pages: Path) -> None:
    picture_of = "return document.querySelector('.crop-figure canvas').toDataURL()"
    found = tool(browser, pages, crop_hash())
    before = browser.execute_script(picture_of)
    Select(found.find_element(By.NAME, "image")).select_by_value("im1")
    WebDriverWait(browser, 30).until(lambda _: found.find_element(By.NAME, "png").is_enabled())
    assert browser.execute_script(picture_of) != before
    assert said(browser)["image"] == ["im1"] and boxes(browser) == BOXES


def test_no_crop_is_larger_than_512_pixels(browser: webdriver.Chrome, pages: Path, tmp_path: Path) -> None:
    tool(browser, pages, crop_hash(zoom=16, box=["0 0 40 20"], layers=["HR", "bicubic"]))
    root = ElementTree.parse(saved(browser, "svg", tmp_path / "down")).getroot()
    _, *crops = root.iter(f"{SVG}image")
    assert [(one.get("width"), one.get("height")) for one in crops] == [("480", "240")] * 2


def test_of_no_picture_there_is_no_figure(browser: webdriver.Chrome, pages: Path) -> None:
    found = tool(browser, pages)
    found.find_element(By.CSS_SELECTOR, ".crop-layers summary").click()
    found.find_element(By.NAME, "none").click()
    assert found.find_element(By.CSS_SELECTOR, ".crop-words").text == "No picture is chosen."
    assert not found.find_element(By.NAME, "png").is_enabled()
    assert not found.find_element(By.CSS_SELECTOR, ".crop-figure").is_displayed()
    found.find_element(By.NAME, "all").click()
    assert found.find_element(By.NAME, "png").is_enabled()


def test_values_that_are_gone_are_told(browser: webdriver.Chrome, pages: Path, tmp_path: Path) -> None:
    shutil.copytree(pages, tmp_path / "pages")
    for path in (tmp_path / "pages" / "pictures").rglob("values.js"):
        path.unlink()
    visit(browser, tmp_path / "pages" / "index.html")
    found = browser.find_element(By.ID, "crops")
    found.find_element(By.TAG_NAME, "summary").click()
    words = found.find_element(By.CSS_SELECTOR, ".crop-words")
    WebDriverWait(browser, 30).until(lambda _: "is not there" in words.text)
    assert not found.find_element(By.NAME, "svg").is_enabled()


def test_crops_in_an_svg_are_the_pixels_of_the_boxes_magnified_without_smoothing(exported: Path, pages: Path) -> None:
    (path,) = exported.glob("*.svg")
    pictures = [element for element in ElementTree.parse(path).getroot() if element.tag == f"{SVG}image"]
    look = json.loads(parse_script(pages))
    (image,) = [one for one in look[0]["images"] if one["id"] == "im0"]
    packed = dict(
        zip(
            [layer["name"] for layer in image["layers"]],
            read_script((pages / image["values"]).read_bytes()),
            strict=True,
        )
    )
    whole, *crops = (decoded(element.get("href", "")) for element in pictures)
    hr = to_display(packed["HR"].image(), packed["HR"].values)
    assert np.array_equal(whole, np.broadcast_to(hr, whole.shape))
    wanted = []
    for layer in packed.values():
        shown = to_display(layer.image(), layer.values)
        enlarged = np.kron(shown, np.ones((hr.shape[0] // shown.shape[0], hr.shape[1] // shown.shape[1], 1), np.uint8))
        for x, y, width, height in BOXES:
            times = 128 // width
            box = np.kron(enlarged[y : y + height, x : x + width], np.ones((times, times, 1), np.uint8))
            wanted.append(np.broadcast_to(box, (*box.shape[:2], 3)).tobytes())
    assert len(crops) == len(wanted)
    assert {crop.tobytes() for crop in crops} == set(wanted)


def parse_script(pages: Path) -> str:
    """The text of the data that scripts of the board read."""
    text = (pages / "index.html").read_text(encoding="utf-8")
    return text.partition('id="look-data">')[2].partition("</script>")[0]


def test_a_png_shows_what_the_svg_holds(exported: Path) -> None:
    (svg,), (png,) = exported.glob("*.svg"), exported.glob("*.png")
    root = ElementTree.parse(svg).getroot()
    with Pillow.open(png) as opened:
        painted = np.asarray(opened.convert("RGB"))
    assert painted.shape[:2] == (int(root.get("height", "")), int(root.get("width", "")))
    _, *crops = root.iter(f"{SVG}image")
    assert crops
    for element in crops:
        x, y, width, height = (int(element.get(name, "")) for name in ("x", "y", "width", "height"))
        differs = (painted[y : y + height, x : x + width] != decoded(element.get("href", ""))).any(-1)
        assert not differs[10:].any() and not differs[:, 10:].any()  # there may be a number in the corner


def test_an_svg_holds_pictures_and_words_and_nothing_that_runs(exported: Path) -> None:
    (path,) = exported.glob("*.svg")
    root = ElementTree.parse(path).getroot()
    allowed = {"x", "y", "width", "height", "href", "fill", "stroke", "stroke-width", "style", "viewBox", "role"}
    allowed |= {"font-family", "font-size", "font-weight", "text-anchor"}
    for element in root.iter():
        assert element.tag in {f"{SVG}{name}" for name in ("svg", "title", "rect", "image", "text")}
        assert set(element.attrib) <= allowed
        assert element.get("href", "data:image/png;base64,").startswith("data:image/png;base64,")
    text = "".join("".join(element.text or "" for element in root.iter(f"{SVG}text")).split())
    assert "".join(HOSTILE.split()) in text and "$x^2$" in text
    assert "PSNR" in text and "HR" in text


def test_a_latex_figure_compiles_beside_its_png(
    exported: Path, pages: Path, missing: Callable[[str], NoReturn], tmp_path: Path
) -> None:
    for program in ("pdflatex", "pdftotext"):
        if shutil.which(program) is None:
            missing(f"{program} is not installed: apt-get install texlive-latex-base lmodern poppler-utils")
    (tex,), (png,) = exported.glob("*.tex"), exported.glob("*.png")
    shutil.copy(png, tmp_path)
    head = "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{lmodern,graphicx}\n\\begin{document}\n"
    (tmp_path / "t.tex").write_text(f"{head}{tex.read_text(encoding='utf-8')}\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    read = subprocess.run(["pdftotext", "-raw", "t.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    printed = "".join(read.stdout.decode().replace("-\n", "").split())
    board = json.loads((pages / "board.json").read_text(encoding="utf-8"))
    assert "im0ofblobs(protocolx4-y)" in printed and "(1)12×8pixelsfrom(8,4)" in printed
    assert board["sha256"][:12] in printed
    assert "".join(board["title"].split()).replace("'", "’") in printed.replace("'", "’")
    assert f"sha256:{board['sha256']}" in tex.read_text(encoding="utf-8").splitlines()[0]
