"""Tables in a browser: what is chosen changes them, the address keeps it, and long ones load the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from srbench.leaderboard.tables import long

from . import test_browser
from .test_browser import choose, column, shown, state, visit
from .toyboard import HOSTILE, Board, write

browser = test_browser.browser
RANKED = "table.ranked"
WAIT = 30


def heads(browser: webdriver.Chrome) -> list[str]:
    """The names of the columns of the first ranked table that can be seen."""
    script = (
        "const heads = [...document.querySelector('table.ranked').tHead.rows].at(-1).cells;"
        "const shown = [...heads].filter((head) => !head.hidden);"
        "return shown.map((head) => head.dataset.column || head.innerText.split(' ')[0])"
    )
    return list(browser.execute_script(script))


def take_away(browser: webdriver.Chrome, *names: str) -> None:
    details = browser.find_element(By.CSS_SELECTOR, ".columns")
    if details.get_attribute("open") is None:
        details.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
    for name in names:
        browser.find_element(By.CSS_SELECTOR, f"[name=column][value='{name}']").send_keys(Keys.SPACE)


def again(browser: webdriver.Chrome, pages: Path) -> None:
    """Open the page anew at the address that it has come to."""
    visit(browser, pages / "index.html", fragment=browser.execute_script("return location.hash"))


def test_another_metric_ranks_and_every_column_stays(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    before = heads(browser)
    choose(browser, by="ssim")
    assert heads(browser) == [name for name in before if name != "~gap"]
    assert shown(browser, "table.ranked caption")[0].endswith("Ranked by SSIM; each dataset weighs the same.")
    assert browser.find_element(By.CSS_SELECTOR, "th.ranks").get_attribute("data-column") == "ssim"
    assert state(browser) == {"by": "ssim"}
    ranked = column(browser, RANKED, 1)
    again(browser, pages)
    assert column(browser, RANKED, 1) == ranked
    assert Select(browser.find_element(By.CSS_SELECTOR, ".filters [name=by]")).first_selected_option.text == "SSIM"


def test_columns_are_taken_away_by_the_keyboard_and_rows_keep_to_the_heads(
    browser: webdriver.Chrome, pages: Path
) -> None:
    visit(browser, pages / "index.html")
    before = heads(browser)
    take_away(browser, "ssim", "~seeds", "~gap")
    left = [name for name in before if name not in ("ssim", "~seeds", "~gap")]
    assert heads(browser) == left
    spans = browser.execute_script(
        "return [...document.querySelectorAll('table.ranked')].flatMap((table) => [...table.rows].map((row) =>"
        " [...row.cells].filter((cell) => !cell.hidden).reduce((sum, cell) => sum + cell.colSpan, 0)))"
    )
    assert set(spans) == {len(left)}
    assert set(state(browser)["hide"].split(",")) == {"ssim", "~seeds", "~gap"}
    again(browser, pages)
    assert heads(browser) == left
    browser.find_element(By.CSS_SELECTOR, ".filters [type=reset]").click()
    WebDriverWait(browser, WAIT).until(lambda _: heads(browser) == before)
    assert state(browser) == {}


def test_find_leaves_the_methods_whose_name_holds_what_is_typed(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    browser.find_element(By.CSS_SELECTOR, ".filters [name=find]").send_keys("CUBIC")
    assert shown(browser, "#v-x4-y-t0 tbody:first-of-type th.name") == ["bicubic"]
    browser.execute_script("document.querySelectorAll('.subgroups').forEach((d) => { d.open = true; })")
    first = browser.find_element(By.CSS_SELECTOR, ".by-subgroup")
    assert [h.text for h in first.find_elements(By.CSS_SELECTOR, "th.value") if h.is_displayed()] == ["bicubic"]
    assert state(browser) == {"find": "CUBIC"}
    again(browser, pages)
    assert shown(browser, "#v-x4-y-t0 tbody:first-of-type th.name") == ["bicubic"]


def test_compact_rows_are_one_line(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", fragment="#compact=1")
    assert browser.find_element(By.CSS_SELECTOR, "[name=compact]").is_selected()
    assert shown(browser, "table.ranked :is(.ci, .beside, .whisker)") == []
    script = (
        "return [...document.querySelectorAll('table.ranked tbody tr')].map((row) => [row.offsetHeight,"
        " parseFloat(getComputedStyle(row).lineHeight)])"
    )
    for height, line in browser.execute_script(script):
        assert height < 2 * line


def test_all_digits_are_those_that_were_computed(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    board = json.loads((pages / "board.json").read_text(encoding="utf-8"))
    row = next(row for row in board["tables"][0]["rows"] if row["method"] == "bicubic")
    place = heads(browser).index("psnr")
    rounded = column(browser, RANKED, place)
    browser.find_element(By.CSS_SELECTOR, "[name=digits]").send_keys(Keys.SPACE)
    at = column(browser, RANKED, 1).index("bicubic")
    told = column(browser, RANKED, place)[at].split("\n")[0]
    assert float(told.split()[0]) == row["metrics"]["psnr"]["estimate"]
    assert state(browser) == {"digits": "all"}
    browser.find_element(By.CSS_SELECTOR, "[name=digits]").send_keys(Keys.SPACE)
    assert column(browser, RANKED, place) == rounded


def test_the_address_keeps_the_order(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    button = browser.find_element(By.CSS_SELECTOR, "#v-x4-y-t0 th[data-column=ssim] button")
    button.send_keys(Keys.ENTER)
    button.send_keys(Keys.ENTER)
    ordered = column(browser, RANKED, 1)
    assert state(browser) == {"sort": "v-x4-y-t0/ssim/ascending"}
    again(browser, pages)
    head = browser.find_element(By.CSS_SELECTOR, "#v-x4-y-t0 th[data-column=ssim]")
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(browser, RANKED, 1) == ordered
    choose(browser, by="ssim")
    assert "sort" not in state(browser)
    assert head.get_attribute("aria-sort") is None


@pytest.mark.parametrize(
    "fragment",
    [
        "#by=__proto__&dataset=%3Cimg%20src=x%3E&hide=%25&sort=a/b/c",
        "#hide=constructor,%E0%A4%A&scope=v-none&find=%5B(",
    ],
)
def test_a_senseless_address_leaves_the_tables_whole(browser: webdriver.Chrome, pages: Path, fragment: str) -> None:
    visit(browser, pages / "index.html")
    before = heads(browser)
    visit(browser, pages / "index.html", fragment=fragment)
    assert heads(browser) == before
    assert browser.get_log("browser") == []


def test_the_best_is_bold_and_nothing_that_is_not_ranked(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    bold = "return [...document.querySelectorAll('#v-x4-y-t0 td.value b')].map((b) => getComputedStyle(b).fontWeight)"
    weights = browser.execute_script(bold)
    assert weights
    assert {int(weight) for weight in weights} == {700}
    assert browser.execute_script("return document.querySelectorAll('tr.unranked td.value b').length") == 0


@pytest.fixture(scope="module")
def long_pages(make: Callable[..., Board], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board of which pages hold five rows of each table."""
    board = make(datasets=("blobs", "waves"), protocols=1, seeds=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long, "IN_PAGE", 5)
        return write(board, tmp_path_factory.mktemp("long") / "toy")


def test_a_long_table_loads_the_rest_when_it_is_opened_and_then_sorts_and_finds_all(
    browser: webdriver.Chrome, long_pages: Path
) -> None:
    cells = json.loads((long_pages / "board.json").read_text(encoding="utf-8"))["cells"]
    visit(browser, long_pages / "index.html")
    assert len(column(browser, "#every-cell", 0)) == 5
    browser.find_element(By.XPATH, "//details[.//table[@id='every-cell']]/summary").click()
    WebDriverWait(browser, WAIT).until(lambda _: len(column(browser, "#every-cell", 0)) == len(cells))
    names = column(browser, "#every-cell", 0)
    assert any("learner" in name for name in names[5:])
    assert any(HOSTILE in name for name in names)
    browser.find_element(By.CSS_SELECTOR, "#every-cell th.name button").click()
    assert sorted(column(browser, "#every-cell", 0)) == sorted(names)
    assert browser.find_element(By.ID, "every-cell-more").text.startswith(f"{len(cells)} rows.")
    browser.find_element(By.ID, "every-cell-find").send_keys("out of time")
    found = [cell for cell in cells if cell["status"] == "timeout"]
    assert len(shown(browser, "#every-cell tbody tr")) == len(found) > 0
    assert browser.find_element(By.ID, "every-cell-more").text.startswith(f"{len(found)} of {len(cells)} rows found.")
    assert browser.get_log("browser") == []


def test_rows_that_come_later_look_like_those_in_the_page(browser: webdriver.Chrome, long_pages: Path) -> None:
    page = next(path for path in sorted((long_pages / "cells").glob("*.html")) if path.with_suffix(".js").exists())
    visit(browser, page)
    browser.find_element(By.CSS_SELECTOR, "#images-more button").click()
    script = (
        "return [...document.querySelectorAll('#images tbody tr')].map((row) => [...row.cells].map((cell) =>"
        " [cell.tagName, cell.className, 'sort' in cell.dataset, cell.scope || '']))"
    )
    WebDriverWait(browser, WAIT).until(lambda _: len(browser.execute_script(script)) > 5)
    kinds = browser.execute_script(script)
    assert kinds[0] == kinds[-1]
    assert not browser.find_element(By.CSS_SELECTOR, "#images-more button").is_displayed()


def test_without_script_a_long_table_says_where_the_rest_is(browser: webdriver.Chrome, long_pages: Path) -> None:
    text = (long_pages / "index.html").read_text(encoding="utf-8")
    cells = json.loads((long_pages / "board.json").read_text(encoding="utf-8"))["cells"]
    assert f'<span>The first 5 of {len(cells)} rows.</span> All are in <a href="board.json">board.json</a>.' in text


def test_pages_of_cells_and_their_late_rows_are_kept_together(long_pages: Path) -> None:
    late = sorted(path.name for path in (long_pages / "cells").glob("*.js"))
    assert late
    listed = json.loads((long_pages / "files.json").read_text(encoding="utf-8"))
    assert [name for name in listed["parts"] if name.endswith(".js")] == [f"cells/{name}" for name in late]
    for name in late:
        assert listed["parts"][f"cells/{name}"] == listed["parts"][f"cells/{name[:-3]}.html"]
        assert (long_pages / "cells" / name).read_text(encoding="utf-8").startswith("window.srbench.arrive(")
