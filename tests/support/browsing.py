# SPDX-License-Identifier: Apache-2.0
"""A real browser at the pages of two real nodes: what an officer would do, with the words of the pages.

    officer = Officer(browser, node, "P-0001")
    officer.sign_in()
    officer.choose("Repatriation notice")

The browser has no network beyond loopback, and script is off unless a test asks for it: what these tests do
works without. Everything that the browser asked for, and everything that the pages' policy stopped, is kept.
"""

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from exchange.i18n import ENGLISH
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright
from tests.support.pair import RealNode, RealPair

NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "the tests of the pages need the browser Chromium; install it (Debian: apt install chromium;"
    " Ubuntu: apt install chromium-browser), then repeat"
)
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
ZONE = ZoneInfo("Asia/Phnom_Penh")
BORDER, RECEPTION, AUDITOR, ADMINISTRATOR = "P-0003", "P-0004", "P-0005", "P-0006"
NEWCOMER = "P-0010"
"""Has to choose a password first."""
ROLES = {
    "P-0001": ("officer",),
    "P-0002": ("officer", "releaser"),
    BORDER: ("officer", "handover"),
    RECEPTION: ("officer",),
    AUDITOR: ("auditor",),
    ADMINISTRATOR: ("administrator",),
    NEWCOMER: ("officer",),
}
_OFFICES = {"KH": ("KH-DOSVY-SVR", "KH-DOSVY-SVR"), "VN": ("VN-BG", "VN-MOH")}
"""Who hands over or takes over at the crossing, and who receives."""
WAIT_MS = 20_000
"""A page takes milliseconds; a machine with other work takes longer."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser of the system; without one the test fails with what to install."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise AssertionError(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class PagesPair:
    """Two enrolled nodes with pages; an account is opened for who sits down at a browser."""

    pair: RealPair
    _passwords: dict[tuple[Path, str], str] = field(default_factory=dict)

    @property
    def kh(self) -> RealNode:
        return self.pair.kh

    @property
    def vn(self) -> RealNode:
        return self.pair.vn

    def password(self, node: RealNode, number: str, *, language: str = ENGLISH) -> str:
        """Return the password of an officer, whose account is opened when it is asked for first."""
        place = node.folder, number
        if place not in self._passwords:
            asked = {"roles": list(ROLES[number]), "password_stays": number != NEWCOMER, "language": language}
            answer = node.service.ask("account.open", number=number, **asked)
            self._passwords[place] = answer["first_password"]
        return self._passwords[place]


@contextlib.contextmanager
def pages_pair(folder: Path) -> Iterator[PagesPair]:
    """Run both nodes with their pages."""
    with RealPair(folder, pages=True) as pair:
        made = PagesPair(pair)
        for node in pair.nodes:
            _people(node)
        yield made


def _people(node: RealNode) -> None:
    border, reception = _OFFICES[node.code[:2]]
    more = {
        BORDER: ("Officer at the crossing", border, "border_handover"),
        RECEPTION: ("Officer of the reception", reception, "reception"),
        AUDITOR: ("Auditor", node.code, "audit"),
        ADMINISTRATOR: ("Administrator", node.code, "coordination"),
    }
    for number, (name, office, function) in more.items():
        node.service.ask("officer.add", number=number, name=name, office=office, functions=[function])


@dataclass(frozen=True)
class Answered:
    """The last answer that was shown as a page."""

    method: str
    path: str
    status: int


class Officer:
    """One person at one browser; "" is nobody, who cannot sign in."""

    def __init__(
        self,
        browser: Browser,
        made: PagesPair,
        node: RealNode,
        number: str,
        *,
        script: bool = False,
        width: int = 1100,
        host: str = "127.0.0.1",
        language: str = ENGLISH,
    ) -> None:
        self.base = f"http://{host}:{node.pages}"
        self.number = number
        self.password = made.password(node, number, language=language) if number else ""
        self.saved: list[str] = []
        """Names under which the browser would save what it got."""
        self.asked: list[str] = []
        """Every address that the browser asked for."""
        self.stopped: list[str] = []
        """What the policy of a page stopped, or went wrong in it."""
        self.context: BrowserContext = browser.new_context(
            java_script_enabled=script, viewport={"width": width, "height": 900}, locale="en-GB"
        )
        self.context.set_default_timeout(WAIT_MS)
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.answered = Answered("", "", 0)
        self.context.on("response", self._note)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda line: self.stopped.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.stopped.append(str(error)))

    def _note(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request():
            self.answered = Answered(request.method, urlsplit(request.url).path, response.status)

    def sign_in(self) -> "Officer":
        self.page.goto(f"{self.base}/sign-in")
        self.page.get_by_label("Your number").fill(self.number)
        self.page.get_by_label("Password").fill(self.password)
        self.press("Sign in")
        return self

    def speak(self, language: str) -> None:
        """Choose the language of the pages."""
        self.go("/account")
        self.fill("language", language)
        self.page.locator('form[action="/account/language"] button').click()

    def change_language(self, language: str) -> None:
        """Choose the language in a second window; this one shows it as soon as it is loaded again."""
        token = self.page.locator("input[name=token]").first.get_attribute("value") or ""
        address = f"{self.base}/account/language"
        form = {"token": token, "language": language}
        answer = self.context.request.post(address, form=form, max_redirects=0)
        assert answer.status == 303, answer.status

    def go(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def press(self, name: str) -> None:
        """Press a button, or follow a link that looks like one."""
        button = self.page.get_by_role("button", name=name, exact=True)
        target = button if button.count() else self.page.get_by_role("link", name=name, exact=True)
        if not target.count():
            raise AssertionError(f"{self.page.url} has no button {name}: {self.text()}")
        target.first.click()

    def download(self, name: str) -> bytes:
        """Press a button or follow a link that gives a file, and return its bytes."""
        with self.page.expect_download() as waiting:
            self.press(name)
        self.saved.append(waiting.value.suggested_filename)
        return Path(waiting.value.path()).read_bytes()

    def title(self) -> str:
        return self.page.locator("h1").first.inner_text().strip()

    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def fill(self, place: str, value: str) -> None:
        """Fill one input: text, a choice, or a code of a list."""
        found = self.page.locator(f'[name="{place}"]')
        if not found.first.is_visible():
            self.page.locator(f'details:has([name="{place}"]) > summary').first.click()
        kind = found.first.get_attribute("type")
        if kind in ("radio", "checkbox"):
            self.page.locator(f'[name="{place}"][value="{value}"]').check()
        elif self.page.locator(f'select[name="{place}"]').count():
            found.select_option(value)
        else:
            found.fill(value)

    def answer(self, **values: str) -> None:
        """Answer the question of the page and go on; `__` stands for `-` in names."""
        for name, value in values.items():
            for one in value.split("|"):
                self.fill(name.replace("__", "-"), one)
        self.press("Save and go on")

    def form(self, answers: dict[str, dict[str, str]]) -> None:
        """Answer the questions of a form until the page that shows everything."""
        for _ in range(60):
            place = self.page.url.partition("/form/")[2].partition("?")[0]
            name = place.rpartition("/")[2]
            if name == "check":
                return
            before = self.page.url
            self.answer(**answers.get(name, {}))
            if self.page.url == before:
                raise AssertionError(f"question {name} was not taken: {self.text()}")
        raise AssertionError("the form does not end")

    def message_of(self, words: str) -> str:
        """Return the number of the message in the first row of work today that says some words."""
        self.go("/today")
        row = self.page.locator("li.row", has_text=words).first
        return re.findall(r"/message/([0-9a-f-]{36})", row.inner_html())[0]


def day(place: str, days: int) -> dict[str, str]:
    """Return the three inputs of a day, some days from today."""
    on = (datetime.now(ZONE) + timedelta(days=days)).date()
    return {f"{place}_d": str(on.day), f"{place}_m": str(on.month), f"{place}_y": str(on.year)}


def moment(place: str, minutes: int) -> dict[str, str]:
    """Return the inputs of a moment, some minutes from now."""
    at = datetime.now(ZONE) + timedelta(minutes=minutes)
    return {
        f"{place}_d": str(at.day), f"{place}_m": str(at.month), f"{place}_y": str(at.year),
        f"{place}_t": f"{at:%H:%M}",
    }  # fmt: skip
