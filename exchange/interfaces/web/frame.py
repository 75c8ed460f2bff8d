# SPDX-License-Identifier: Apache-2.0
"""What stands around every page: the agency, the ways a role may go, the training band, paused partners."""

from dataclasses import dataclass

from exchange.cases.permissions import Act
from exchange.interfaces.web.desk import Clerk, House
from exchange.interfaces.web.rendering import render
from exchange.interfaces.web.replying import Page
from exchange.interfaces.web.styles import MARK_PATH, SCRIPT_PATH, STYLE_PATH
from exchange.messages.codelists import agencies


@dataclass(frozen=True)
class Way:
    """One entry of the navigation; `words` are looked up by the template."""

    address: str
    words: str
    act: Act


WAYS = (
    Way("/today", "work", Act.SEE_WORK),
    Way("/cases", "cases", Act.SEE_WORK),
    Way("/search", "search", Act.SEARCH),
    Way("/handovers", "handovers", Act.SEE_HANDOVERS),
    Way("/partners", "partners", Act.SEE_PARTNERS),
    Way("/audit", "audit", Act.RECONCILE),
    Way("/acts", "acts", Act.READ_ACTS),
    Way("/accounts", "accounts", Act.MANAGE_ACCOUNTS),
    Way("/keys", "keys", Act.TRY_KEYS),
)
"""The navigation, in its order."""


def page_text(clerk: Clerk, page: Page) -> str:
    """Return the text of a page for somebody who is signed in."""
    ways = [(way, _is_here(clerk.asked.path, way.address)) for way in WAYS if clerk.may(way.act)]
    session = clerk.session
    values = {
        "session": session,
        "token": session.form_token,
        "ways": [] if session.account.must_change else ways,
        "may": lambda act: clerk.may(Act(act)),
        "zone": clerk.house.zone,
        "own": clerk.node.agency,
        "path": clerk.asked.path,
        "paused": [{"partner": held.partner, "since": held.at} for held in clerk.node.presence.paused()],
    }
    return render(
        page.template, clerk.language, {**_frame(clerk.house, clerk.language), **values, **page.values}
    )


def plain_text(house: House, page: Page, language: str) -> str:
    """Return the text of a page that needs no sign-in, in the language that the browser wants."""
    none: dict[str, object] = {"session": None, "token": "", "ways": [], "paused": []}
    return render(page.template, language, {**_frame(house, language), **none, **page.values})


def _frame(house: House, language: str) -> dict[str, object]:
    names = house.names
    own = next((names[code] for code in (language, "en") if code in names), next(iter(names.values()), ""))
    return {
        "agency": own,
        "training": house.node.training,
        "style": STYLE_PATH,
        "mark": MARK_PATH,
        "script": SCRIPT_PATH,
        "office_name": lambda code: agencies()[code].label if code in agencies() else str(code),
    }


def _is_here(path: str, address: str) -> bool:
    return path == address or path.startswith(f"{address}/")
