# SPDX-License-Identifier: Apache-2.0
"""Every page in a real browser: accessible, within its policy, on a telephone, small, on paper."""

import re
from pathlib import Path

import pytest
from exchange.i18n import ENGLISH, LANGUAGES
from playwright.sync_api import Browser
from tests.support.browsing import ADMINISTRATOR, AUDITOR, BORDER, Officer, PagesPair
from tests.support.page_stories import Return, appoint

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
NO_AXE = "the npm package axe-core is missing; run: tools/browser.sh"
PAGES = {
    "P-0001": (
        "/today",
        "/cases",
        "/search",
        "/handovers",
        "/partners",
        "/write",
        "/account",
        "CASE",
        "FORM",
        "CHECK",
        "FILES",
        "LIST",
        "/due/theirs",
        "/retention",
        "KEEPING",
        "ERASE",
        "NO_REASON",
        "ACCESS",
    ),
    "P-0002": ("DRAFT", "/retention", "KEEPING"),
    BORDER: ("/handovers", "SHEET", "/acts"),
    AUDITOR: ("/audit", "/acts", "/partners"),
    ADMINISTRATOR: ("/accounts", "/accounts/P-0001", "/keys", "/partners"),
}
SERIOUS = {"serious", "critical"}
MOST_FIRST, MOST_LATER = 150_000, 30_000
"""Bytes of a first and of a later visit, without compression; issue of the desk."""


@pytest.fixture(scope="module")
def told(browser: Browser, made: PagesPair) -> dict[str, str]:
    """Announce a person, agree the handover, and leave a form open; return addresses by name."""
    story = Return(browser, made)
    story.announce()
    case = appoint(made)
    story.kh.go("/write")
    story.kh.press("Begin")
    form = re.findall(r"/form/[0-9a-f-]{36}", story.kh.page.url)[0]
    border = Officer(browser, made, made.kh, BORDER).sign_in()
    border.go("/handovers")
    sheet = re.findall(r"/handover/[0-9A-Z-]{14}", border.page.content())[0]
    notice = made.kh.service.ask("message.list", limit=100)["messages"][-1]["id"]
    return {
        "CASE": f"/case/{case}",
        "FORM": f"{form}/persons/0/consents",
        "CHECK": f"{form}/check",
        "FILES": f"{form}/files",
        "LIST": f"{form}/list",
        "SHEET": sheet,
        "DRAFT": f"/message/{notice}",
        "KEEPING": f"/case/{case}/keeping",
        "ERASE": f"/case/{case}/keeping/erase?reason=person_asked",
        "NO_REASON": f"/case/{case}/keeping/hold",
        "ACCESS": f"/case/{case}/access",
    }


def every_page(told: dict[str, str]) -> list[tuple[str, str]]:
    return [(number, told.get(path, path)) for number, paths in PAGES.items() for path in paths]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_has_a_serious_or_critical_finding(
    language: str, told: dict[str, str], browser: Browser, made: PagesPair, every_language: bool
) -> None:
    """Checked by axe-core, also the sign-in: each page in English and in one more language, in turn.

    Only words differ between the languages, and axe takes a second for a page. `make axe` takes every page in
    every language.
    """
    if not AXE.is_file():
        raise AssertionError(NO_AXE)
    source = AXE.read_text(encoding="utf-8")
    found: list[str] = []
    for number in PAGES:
        officer = Officer(browser, made, made.kh, number, script=True)
        officer.go("/sign-in")
        found += findings(officer, source, "/sign-in")
        officer.sign_in()
        officer.speak(language)
        for path in PAGES[number] if every_language else in_turn(number, language):
            officer.go(told.get(path, path))
            assert officer.page.locator("html").get_attribute("lang") == language
            found += findings(officer, source, path)
        officer.speak("en")
        officer.context.close()

    assert found == []


def in_turn(number: str, language: str) -> tuple[str, ...]:
    """Return the pages of an account that are looked at in a language."""
    others = [one for one in LANGUAGES if one != ENGLISH]
    pages = PAGES[number]
    return pages if language == ENGLISH else pages[others.index(language) :: len(others)]


def findings(officer: Officer, source: str, path: str) -> list[str]:
    """Return what axe finds on the present page."""
    officer.page.evaluate(source)
    result = officer.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{path}: {one['id']} at {one['nodes'][0]['target']}"
        for one in result["violations"]
        if one["impact"] in SERIOUS
    ]


def test_no_page_breaks_its_policy_or_asks_another_host(
    told: dict[str, str], browser: Browser, made: PagesPair
) -> None:
    """What is refused is left out: the browser tells of the status itself, among what was stopped."""
    for number in PAGES:
        officer = Officer(browser, made, made.kh, number, script=True).sign_in()
        for path in PAGES[number]:
            if path != "NO_REASON" and (path != "/acts" or number == AUDITOR):
                officer.go(told.get(path, path))
            assert officer.page.locator("script").count() == 0

        assert officer.stopped == []
        assert [url for url in officer.asked if not url.startswith(officer.base)] == []
        officer.context.close()


def test_every_page_fits_a_telephone(told: dict[str, str], browser: Browser, made: PagesPair) -> None:
    wide = []
    for number in PAGES:
        officer = Officer(browser, made, made.kh, number, script=True, width=360).sign_in()
        for path in PAGES[number]:
            officer.go(told.get(path, path))
            width = officer.page.evaluate("document.documentElement.scrollWidth")
            wide += [(path, width)] if width > 360 else []
        officer.context.close()

    assert wide == []


def test_visits_are_small(told: dict[str, str], browser: Browser, made: PagesPair) -> None:
    officer = Officer(browser, made, made.kh, "P-0001")
    officer.go("/sign-in")
    first = bytes_of(officer)
    officer.sign_in()
    later = []
    for path in (
        "/today",
        "/cases",
        "/handovers",
        "/retention",
        *(told[name] for name in ("CASE", "FORM", "CHECK", "LIST", "DRAFT", "KEEPING", "ERASE")),
    ):
        officer.go(path)
        later.append(bytes_of(officer))

    assert first <= MOST_FIRST
    assert max(later) <= MOST_LATER, later


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
    officer.go(told["CASE"])
    keyboard = officer.page.keyboard

    tab_to(officer, "Erase this case, or hold it back")
    keyboard.press("Enter")
    officer.page.wait_for_url("**/keeping")
    tab_to(officer, "court")
    keyboard.press("Space")
    tab_to(officer, "Show what would happen")
    keyboard.press("Enter")
    officer.page.wait_for_url("**/keeping/hold?reason=court")
    officer.go(told["KEEPING"])
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


def test_leaving_shows_a_page_that_says_nothing(browser: Browser, made: PagesPair) -> None:
    officer = Officer(browser, made, made.kh, "P-0001").sign_in()

    officer.press("Leave this page")

    assert officer.page.title() == "Blank page"
    officer.go("/today")
    assert officer.title() == "Sign in"
