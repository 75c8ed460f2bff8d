# SPDX-License-Identifier: Apache-2.0
"""Every page and every template is in the list of those that a browser looks at, or it is said why not."""

from collections.abc import Iterator
from pathlib import Path

from exchange.interfaces.web.rendering import environment
from exchange.interfaces.web.routes import ROUTES
from jinja2 import nodes
from tests.support.sights import NOT_LOOKED_AT, SIGHTS

SHOWN = {sight.route for sight in SIGHTS} - {""}
TEMPLATES = {sight.template for sight in SIGHTS}


def whole_pages() -> Iterator[str]:
    """Give the templates that are a page of their own: no frame of others, no part."""
    made = environment("en")
    folder = Path(__file__).parents[3] / "exchange" / "interfaces" / "web" / "templates"
    frames, pages = set(), set()
    for path in folder.glob("*.html"):
        source = path.read_text(encoding="utf-8")
        above = [node.template.value for node in made.parse(source).find_all(nodes.Extends)]  # type: ignore[attr-defined]
        frames |= set(above)
        pages |= {path.name} if above or "<!DOCTYPE" in source else set()
    return iter(sorted(pages - frames))


def test_every_page_of_the_route_table_is_looked_at() -> None:
    pages = {f"{route.method} {route.address}" for route in ROUTES if route.method == "GET"}

    assert sorted(pages - SHOWN - set(NOT_LOOKED_AT)) == []


def test_every_template_of_a_whole_page_is_looked_at() -> None:
    found = list(whole_pages())

    assert len(found) > 30
    assert sorted(set(found) - TEMPLATES - set(NOT_LOOKED_AT)) == []


def test_the_list_names_only_what_there_is() -> None:
    routes = {f"{route.method} {route.address}" for route in ROUTES}

    assert sorted(SHOWN - routes) == []
    assert sorted(TEMPLATES - set(whole_pages())) == []
    assert sorted(set(NOT_LOOKED_AT) - routes - set(whole_pages())) == []


def test_nothing_is_both_looked_at_and_left_out() -> None:
    assert sorted((SHOWN | TEMPLATES) & set(NOT_LOOKED_AT)) == []


def test_an_exception_says_why() -> None:
    assert all(len(reason.split()) > 1 for reason in NOT_LOOKED_AT.values())
