# SPDX-License-Identifier: Apache-2.0
"""Every page in a real browser: accessible, within its policy, on a telephone, small, on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browsing import BORDER, Officer, PagesPair, chromium
from tests.support.looking import Looker, Seen
from tests.support.page_states import States
from tests.support.pair import RealNode, lone_node

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
NO_AXE = "the npm package axe-core is missing; run: tools/browser.sh"
MOST_FIRST, MOST_LATER = 150_000, 30_000
"""Bytes of a first and of a later visit, without compression; issue of the desk."""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    with lone_node(tmp_path_factory.mktemp("alone")) as node:
        yield node


@pytest.fixture(scope="module")
def browser(made: PagesPair, alone: RealNode) -> Iterator[Browser]:
    """Run the browser once every node is set up: it keeps an event loop of its own in this thread."""
    del made, alone
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def told(browser: Browser, made: PagesPair) -> dict[str, str]:
    """Return the names of what the pages show."""
    return States(browser, made).names


@pytest.fixture(scope="module")
def seen(
    told: dict[str, str], browser: Browser, made: PagesPair, alone: RealNode, every_language: bool
) -> Seen:
    """Look at every page once; what is wrong with them is told by the tests below."""
    if not AXE.is_file():
        raise AssertionError(NO_AXE)
    axe = AXE.read_text(encoding="utf-8")
    return Looker(browser, made, alone, axe, told, MOST_LATER, every_language=every_language).look()


def test_every_page_is_the_one_of_the_list(seen: Seen) -> None:
    """Heading, status, language and route: otherwise the tests below would look at something else."""
    assert seen.other_page == []


def test_no_page_has_a_serious_or_critical_finding(seen: Seen) -> None:
    """Checked by axe-core; only words differ between the languages. `make axe` takes all of them."""
    assert seen.serious == []


def test_no_page_breaks_its_policy_or_asks_another_host(seen: Seen) -> None:
    assert seen.stopped == []
    assert seen.foreign == []


def test_script_stands_on_the_pages_for_passkeys_alone(seen: Seen) -> None:
    assert seen.script == []


def test_every_page_fits_a_telephone(seen: Seen) -> None:
    assert seen.too_wide == []


def test_no_page_in_khmer_or_thai_has_an_english_word(seen: Seen) -> None:
    assert seen.english_words == []


def test_visits_are_small(seen: Seen, browser: Browser, made: PagesPair) -> None:
    officer = Officer(browser, made, made.kh, "P-0001")
    officer.go("/sign-in")

    assert bytes_of(officer) <= MOST_FIRST
    assert seen.too_large == []


def bytes_of(officer: Officer) -> int:
    """Return how much of the page came over the network, once nothing is under way; without compression."""
    officer.page.wait_for_load_state("networkidle")
    came = "performance.getEntries().filter(one => one.transferSize > 0)"
    return int(officer.page.evaluate(f"{came}.reduce((sum, one) => sum + one.decodedBodySize, 0)"))


def test_the_pages_work_with_the_keyboard_alone(browser: Browser, made: PagesPair) -> None:
    officer = Officer(browser, made, made.kh, "P-0001", script=True)
    officer.go("/sign-in")
    keyboard = officer.page.keyboard
    keyboard.press("Tab")
    skip = officer.page.evaluate("document.activeElement.textContent.trim()")
    officer.page.locator("#name").focus()
    keyboard.type("P-0001")
    keyboard.press("Tab")
    keyboard.type(officer.password)
    keyboard.press("Enter")
    officer.page.wait_for_url("**/today")

    assert skip == "Skip to the main content"
    assert officer.title() == "Work today"


def test_a_stop_is_begun_at_the_crossing_with_the_keyboard_alone(
    told: dict[str, str], browser: Browser, made: PagesPair
) -> None:
    """From the list of handovers to the first question of the stop, on a telephone with a keyboard."""
    officer = Officer(browser, made, made.kh, BORDER, script=True, width=390).sign_in()
    officer.go("/handovers")
    keyboard = officer.page.keyboard

    tab_to(officer, "Open the sheet")
    keyboard.press("Enter")
    officer.page.wait_for_url("**/handover/*")
    tab_to(officer, "CAN")
    keyboard.press("Space")
    tab_to(officer, "Write the stop")
    keyboard.press("Enter")
    officer.page.wait_for_url("**/form/**")

    assert "Cancellation" in officer.text()


def test_a_case_is_looked_at_for_holding_back_with_the_keyboard_alone(
    told: dict[str, str], browser: Browser, made: PagesPair
) -> None:
    """From the case over its keeping to what a hold would do, and to the cases that are kept."""
    officer = Officer(browser, made, made.kh, "P-0001", script=True).sign_in()
    officer.go(f"/case/{told['case']}")
    keyboard = officer.page.keyboard

    tab_to(officer, "Erase this case, or hold it back")
    keyboard.press("Enter")
    officer.page.wait_for_url("**/keeping")
    tab_to(officer, "court")
    keyboard.press("Space")
    tab_to(officer, "Show what would happen")
    keyboard.press("Enter")
    officer.page.wait_for_url("**/keeping/hold?reason=court")
    officer.go(f"/case/{told['case']}/keeping")
    tab_to(officer, "Erase, and hold back")
    keyboard.press("Enter")
    officer.page.wait_for_url("**/retention")

    assert officer.title() == "Erase, and hold back"


def tab_to(officer: Officer, wanted: str) -> None:
    """Press the tabulator until something with these words, or this value, has the focus."""
    said = "document.activeElement.value || document.activeElement.textContent.trim()"
    for _ in range(80):
        officer.page.keyboard.press("Tab")
        if officer.page.evaluate(said) == wanted:
            return
    raise AssertionError(f"{wanted} cannot be reached with the keyboard")


def test_the_training_band_is_on_the_screen_and_on_paper(browser: Browser, made: PagesPair) -> None:
    officer = Officer(browser, made, made.kh, "P-0001").sign_in()
    on_screen = officer.page.locator(".training").first.is_visible()
    officer.page.emulate_media(media="print")

    assert on_screen
    assert officer.page.locator(".training").first.is_visible()
    assert not officer.page.locator(".desk-ways").is_visible()


A4_WIDTH = 680
"""Pixels between the margins of A4."""
_CUT = """width => {
    document.body.style.width = `${width}px`;
    const all = [...document.querySelectorAll('main .code, main td')];
    const isCut = one => one.getBoundingClientRect().right > width || one.scrollWidth > one.clientWidth + 1;
    return all.filter(isCut).map(one => one.innerText);
}"""


def test_no_code_is_cut_off_on_paper(told: dict[str, str], browser: Browser, made: PagesPair) -> None:
    """A browser asks the width of its own usual paper, which is wider than what is left of A4."""
    officer = Officer(browser, made, made.kh, "P-0001", script=True, width=816).sign_in()
    officer.page.emulate_media(media="print")
    for path in (f"/message/{told['group']}", "/cases"):
        officer.go(path)

        assert officer.page.locator("main .code").count() > 0
        assert officer.page.evaluate(_CUT, A4_WIDTH) == [], path


def test_no_heading_stands_on_paper_without_what_it_is_above(
    told: dict[str, str], browser: Browser, made: PagesPair
) -> None:
    """What can be pressed is not printed, so its heading is not either."""
    officer = Officer(browser, made, made.kh, BORDER).sign_in()
    officer.go(f"/handover/{told['sheet']}")
    stop = officer.page.get_by_role("heading", name="Stop", exact=True)
    on_screen = stop.is_visible()
    officer.page.emulate_media(media="print")

    assert (on_screen, stop.is_visible()) == (True, False)


def test_leaving_shows_a_page_that_says_nothing(browser: Browser, made: PagesPair) -> None:
    officer = Officer(browser, made, made.kh, "P-0001").sign_in()

    officer.press("Leave this page")

    assert officer.page.title() == "Blank page"
    officer.go("/today")
    assert officer.title() == "Sign in"
