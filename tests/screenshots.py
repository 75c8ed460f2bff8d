# SPDX-License-Identifier: Apache-2.0
"""The pictures of the README: `python -m tests.screenshots [--out FOLDER] [--language km]`.

Two training nodes exchange a return of one invented person by their own pages, up to the crossing. Then three
pages are pictured: the work of an officer, the handover sheet on a telephone, and the ledgers of an auditor.
Persons, cases and answers are always the same; numbers, days and times are those of the run.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser
from tests.support.browsing import AUDITOR, BORDER, Officer, PagesPair, chromium, pages_pair
from tests.support.page_stories import Return

MOST_BYTES: Final = 150_000
"""Of one picture: a README is also read on a slow line."""
FOLDER: Final = Path("docs/images")
WIDE, NARROW = 1000, 390
TALLEST: Final = 900


def main() -> int:
    parser = argparse.ArgumentParser(prog="make screenshots", description="the pictures of the README")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--language", default="en", help="language of the pages: en, km, th, vi")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, pages_pair(Path(name)) as made, chromium() as browser:
        pictures = take_all(browser, made, asked.out, asked.language)
    for picture in pictures:
        print(f"{picture}  {picture.stat().st_size} bytes")
    too_large = [picture for picture in pictures if picture.stat().st_size > MOST_BYTES]
    if too_large:
        print(f"error: larger than {MOST_BYTES} bytes: {', '.join(map(str, too_large))}", file=sys.stderr)
    return int(bool(too_large))


def take_all(browser: Browser, made: PagesPair, folder: Path, language: str) -> list[Path]:
    """Play the story to the crossing and picture three pages."""
    story = Return(browser, made)
    story.announce()
    story.decide()
    story.propose()
    story.confirm()
    story.depart()
    story.announce("LE Thi Lan")
    work = at(browser, made, "P-0001", "/today", language, origin=True)
    sheet = at(browser, made, BORDER, "/handovers", language, width=NARROW)
    sheet.page.locator("a.row__act").first.click()
    ledgers = at(browser, made, AUDITOR, "/audit", language)
    ledgers.page.locator("main form button").first.click()
    return [
        picture(work, folder / "work-today.png"),
        picture(sheet, folder / "handover-sheet.png"),
        picture(ledgers, folder / "ledgers.png"),
    ]


def at(
    browser: Browser,
    made: PagesPair,
    number: str,
    path: str,
    language: str,
    *,
    width: int = WIDE,
    origin: bool = False,
) -> Officer:
    """Return somebody at a page, in a language."""
    officer = Officer(browser, made, made.vn if origin else made.kh, number, width=width).sign_in()
    if language != "en":
        officer.speak(language)
    officer.go(path)
    return officer


def picture(officer: Officer, target: Path) -> Path:
    """Write what a page shows, from its top to its foot or to the height of a screen."""
    box = officer.page.locator("body").bounding_box() or {"height": TALLEST}
    width = officer.page.viewport_size["width"] if officer.page.viewport_size else WIDE
    clip = {"x": 0.0, "y": 0.0, "width": float(width), "height": float(min(box["height"], TALLEST))}
    officer.page.screenshot(path=target, full_page=True, clip=clip)  # type: ignore[arg-type]
    return target


if __name__ == "__main__":
    raise SystemExit(main())
