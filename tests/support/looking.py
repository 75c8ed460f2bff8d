# SPDX-License-Identifier: Apache-2.0
"""Looks at every sight once, in a real browser, and keeps what a page must not have.

1. A sight is reached in English. Then the account changes its language, and the same page is loaded again:
   what a form brought is sent again by the browser, so the answer to a form is looked at, too.
2. Each time: axe-core, the width on a telephone and on a desk, how many bytes came, whether our script stands
   on it, and in Khmer and Thai the words in Latin letters.
3. All the time: what the browser complains of, what the policy of a page stopped, and who was asked.

A page is looked at in one language, in turn; with `every_language` in all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from exchange.i18n import ENGLISH, LANGUAGES
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.routes import route_of
from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError
from tests.support.browsing import Officer, PagesPair
from tests.support.pair import RealNode
from tests.support.sights import ALONE, KH, NOBODY, SIGHTS, VN, Sight

TELEPHONE, DESK = 360, 1100
"""Widths in pixels: the narrowest telephone in use, and a window on a small screen."""
SERIOUS: Final = frozenset({"serious", "critical"})
_REFUSED: Final = "Failed to load resource: the server responded with a status of"
"""The browser says so of each page with such a status, also where it belongs to the page."""
_STATE: Final = """() => ({
    language: document.documentElement.lang,
    title: (document.querySelector('h1') || document.body).innerText.trim(),
    script: document.scripts.length > 0,
    bytes: performance.getEntriesByType('navigation')[0].decodedBodySize,
})"""
_WORDS: Final = """() => {
    const found = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, around = node.parentElement;
        if (around.closest('.said, .code, .desk-header__names, [lang=en]')) continue;
        if (around.closest('noscript, option, textarea')) continue;
        for (const word of node.data.match(/(?<![\\w.-])[A-Za-z][a-z]{3,}(?![\\w-])/g) || []) found.add(word);
    }
    return [...found];
}"""
"""Words in Latin letters, but for what people wrote, codes, and what says itself that it is English."""
_NOT_TRANSLATED: Final = frozenset(
    {"passkey", "Passkey", "Latn", "Khmr", "Thai", "exchange", "drill", "rotate", "Python"}
)
"""Names of a thing, codes of scripts, and commands as they are typed."""
_OTHER_LETTERS: Final = frozenset({"km", "th"})
_TOO_WIDE: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_AXE: Final = """axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map(one =>
    ({id: one.id, impact: one.impact, at: one.nodes.map(node => String(node.target))})))"""


@dataclass
class Seen:
    """What was found on all pages, a line each; every list is empty if the pages are right."""

    other_page: list[str] = field(default_factory=list)
    """It is not the page that the list says."""
    serious: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    too_large: list[str] = field(default_factory=list)
    english_words: list[str] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@dataclass
class Looker:
    """One walk over all sights."""

    browser: Browser
    made: PagesPair
    alone: RealNode
    axe: str
    names: dict[str, str]
    most_bytes: int
    every_language: bool
    seen: Seen = field(default_factory=Seen)

    def look(self, sights: Sequence[Sight] = SIGHTS) -> Seen:
        turns = list(enumerate(sights))
        for _, group in groupby(turns, lambda turn: (turn[1].by, turn[1].side, turn[1].host)):
            self._one_person(list(group))
        return self.seen

    def _one_person(self, turns: list[tuple[int, Sight]]) -> None:
        first = turns[0][1]
        node = {KH: self.made.kh, VN: self.made.vn, ALONE: self.alone}[first.side]
        ways = {"host": first.host, "language": first.only or ENGLISH}
        officer = Officer(self.browser, self.made, node, first.by, script=True, **ways)
        if first.by != NOBODY:
            officer.sign_in()
        for turn, sight in turns:
            officer.stopped.clear()
            try:
                for language in self._reached(officer, sight, self._languages(sight, turn)):
                    self._look_at(officer, sight, language)
            except (PlaywrightError, AssertionError) as error:
                self._note(self.seen.other_page, sight, "", [f"not reached: {error}"])
            stopped = [line for line in officer.stopped if not _is_told(line, sight)]
            self._note(self.seen.stopped, sight, "", stopped)
        self.seen.foreign += [url for url in officer.asked if not url.startswith(officer.base)]
        officer.context.close()

    def _languages(self, sight: Sight, turn: int) -> Sequence[str]:
        """Return in which languages a page is looked at."""
        if sight.only:
            return (sight.only,)
        return LANGUAGES if self.every_language else (LANGUAGES[turn % len(LANGUAGES)],)

    def _reached(self, officer: Officer, sight: Sight, languages: Sequence[str]) -> Iterator[str]:
        """Go to a page, and give each language as soon as the page is there in it."""
        officer.page.set_viewport_size({"width": DESK, "height": 900})
        officer.go(sight.at.format_map(self.names))
        if sight.then is not None:
            sight.then(officer)
        officer.page.wait_for_load_state("load")
        present = sight.only or ENGLISH
        self._compare(officer, sight, present)
        for language in languages:
            if language != present:
                officer.change_language(language)
                officer.page.reload()
                self._compare(officer, sight, language)
            present = language
            yield language
        if not sight.only:
            officer.change_language(ENGLISH)

    def _compare(self, officer: Officer, sight: Sight, language: str) -> None:
        """Note in what a page is not the one of the list, or too large."""
        state: dict[str, Any] = officer.page.evaluate(_STATE)
        seen = self.seen
        title = sight.title.format_map(self.names)
        self._note(seen.other_page, sight, language, _unlike(officer, sight, title, language, state))
        self._note(seen.script, sight, language, ["a script"] if state["script"] is not sight.script else [])
        large = [str(state["bytes"])] if state["bytes"] > self.most_bytes else []
        self._note(seen.too_large, sight, language, large)

    def _look_at(self, officer: Officer, sight: Sight, language: str) -> None:
        seen, page = self.seen, officer.page
        words = set(page.evaluate(_WORDS)) if language in _OTHER_LETTERS else set()
        self._note(seen.english_words, sight, language, sorted(words - _NOT_TRANSLATED))
        page.evaluate(self.axe)
        found = [
            f"{one['id']} at {one['at'][0]}, {len(one['at'])} in all"
            for one in page.evaluate(_AXE)
            if one["impact"] in SERIOUS
        ]
        self._note(seen.serious, sight, language, found)
        for width in (TELEPHONE, DESK):
            page.set_viewport_size({"width": width, "height": 900})
            self._note(seen.too_wide, sight, language, [str(width)] if page.evaluate(_TOO_WIDE) else [])

    def _note(self, kind: list[str], sight: Sight, language: str, found: list[str]) -> None:
        about = f"{sight.template} at {sight.at} of {sight.by or 'nobody'} {sight.side} {language}"
        kind += [f"{about}: {one}" for one in found]


def _unlike(officer: Officer, sight: Sight, title: str, language: str, state: dict[str, Any]) -> list[str]:
    """Return in what a page is not the one of the list."""
    found = officer.answered
    expected = {"route": sight.route, "status": sight.status, "language": language}
    shown = {"route": _route(found.method, found.path), "status": found.status, "language": state["language"]}
    if language == ENGLISH:
        expected["title"], shown["title"] = title, state["title"]
    return [f"{name} {shown[name]}" for name, value in expected.items() if shown[name] != value]


def _route(method: str, path: str) -> str:
    found = route_of(Asked(method, path, "", ""))
    return f"{method} {found[0].address}" if found else ""


def _is_told(line: str, sight: Sight) -> bool:
    """Return whether the browser only tells a status that was expected: of the page, or on the way to it."""
    return (sight.status >= 400 or sight.then is not None) and line.startswith(_REFUSED)
