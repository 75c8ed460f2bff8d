# SPDX-License-Identifier: Apache-2.0
"""THE table of pages: address, act that it is, and the function that makes it.

Every route names an act; a test walks the table for each role. Names in angle brackets are parts of the
address: letters, digits, `-`, `_` and `.` only.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache

from exchange.cases.permissions import Act
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages import (
    access,
    accounts,
    auditing,
    cases,
    differing,
    entries,
    evidence,
    files,
    handing_over,
    key_trials,
    listing,
    own_account,
    partners,
    pausing,
    printing,
    recording,
    releasing,
    retaining,
    returning,
    searching,
    signing_in,
    stating,
    words,
    work,
    writing,
)
from exchange.interfaces.web.replying import Download, Reply

PageOf = Callable[[Clerk], Awaitable[Reply | Download]]
SET_UP = frozenset({"/account", "/account/password", "/account/device", "/leave"})
"""Where somebody may go before the own password is chosen and a device is connected."""
_PART = re.compile(r"<([a-z]+)>")


@dataclass(frozen=True)
class Route:
    """One page."""

    method: str
    address: str
    act: Act
    page: PageOf
    takes_a_step: bool = False
    """It saves the step of a form, also for a sign-in that ended for want of use."""
    takes_file: bool = False
    """Its form may bring a file."""


ROUTES = (
    Route("GET", "/", Act.OWN_ACCOUNT, work.home),
    Route("POST", "/leave", Act.OWN_ACCOUNT, signing_in.leave),
    Route("GET", "/account", Act.OWN_ACCOUNT, own_account.show),
    Route("POST", "/account/password", Act.OWN_ACCOUNT, own_account.change_own_password),
    Route("POST", "/account/device", Act.OWN_ACCOUNT, own_account.connect),
    Route("POST", "/account/passkey", Act.OWN_ACCOUNT, own_account.ask_for_passkey),
    Route("POST", "/account/passkey/keep", Act.OWN_ACCOUNT, own_account.keep_passkey),
    Route("POST", "/account/passkey/remove", Act.OWN_ACCOUNT, own_account.forget_passkey),
    Route("POST", "/account/language", Act.OWN_ACCOUNT, own_account.choose_language),
    Route("GET", "/words", Act.OWN_ACCOUNT, words.show),
    Route("GET", "/today", Act.SEE_WORK, work.today),
    Route("GET", "/due/<side>", Act.SEE_WORK, work.due_page),
    Route("GET", "/arrived", Act.SEE_WORK, work.arrived),
    Route("GET", "/stops", Act.SEE_WORK, work.stops),
    Route("GET", "/cases", Act.SEE_WORK, cases.listed),
    Route("GET", "/case/<code>", Act.OPEN_CASE, cases.show),
    Route("GET", "/case/<code>/access", Act.NAME_READER, access.show),
    Route("POST", "/case/<code>/access", Act.NAME_READER, access.change),
    Route("POST", "/case/<code>/emergency", Act.OPEN_IN_EMERGENCY, access.emergency),
    Route("GET", "/case/<code>/keeping", Act.SEE_RETENTION, retaining.show),
    Route("GET", "/case/<code>/keeping/<act>", Act.SEE_RETENTION, retaining.look),
    Route("POST", "/case/<code>/keeping/<act>", Act.SEE_RETENTION, retaining.decide),
    Route("POST", "/emergency/<n>", Act.SECOND_READING, access.review),
    Route("POST", "/stopped/<officer>", Act.SECOND_READING, access.let_go_on),
    Route("GET", "/message/<id>", Act.OPEN_MESSAGE, cases.show_message),
    Route("POST", "/message/<id>/review", Act.RELEASE, releasing.review),
    Route("GET", "/message/<id>/file/<n>", Act.OPEN_MESSAGE, files.open_file),
    Route("POST", "/message/<id>/print", Act.OPEN_MESSAGE, printing.print_message),
    Route("GET", "/message/<id>/answer", Act.WRITE, writing.offer),
    Route("POST", "/message/<id>/remind", Act.WRITE, writing.remind),
    Route("GET", "/write", Act.WRITE, writing.choose),
    Route("POST", "/write", Act.STOP, writing.begin),
    Route("GET", "/form/<id>", Act.STOP, writing.go_on),
    Route("GET", "/form/<id>/check", Act.STOP, writing.check),
    Route("POST", "/form/<id>/send", Act.STOP, writing.send),
    Route("GET", "/form/<id>/drop", Act.STOP, writing.ask_to_drop),
    Route("POST", "/form/<id>/drop", Act.STOP, writing.drop),
    Route("POST", "/form/<id>/person", Act.WRITE, writing.add_person),
    Route("GET", "/form/<id>/list", Act.WRITE, listing.ask),
    Route("POST", "/form/<id>/list", Act.WRITE, listing.take, takes_file=True),
    Route("GET", "/form/<id>/list/blank", Act.WRITE, listing.blank),
    Route("GET", "/form/<id>/files", Act.STOP, files.listed),
    Route("POST", "/form/<id>/files", Act.STOP, files.add, takes_file=True),
    Route("POST", "/form/<id>/files/remove", Act.STOP, files.take_off),
    Route("GET", "/form/<id>/<part>/<n>/<name>", Act.STOP, writing.ask),
    Route("POST", "/form/<id>/<part>/<n>/<name>", Act.STOP, writing.take, takes_a_step=True),
    Route("GET", "/sent/<id>", Act.SEE_HANDOVERS, writing.sent),
    Route("GET", "/draft/<id>", Act.STOP, releasing.show),
    Route("GET", "/draft/<id>/file/<n>", Act.STOP, files.open_draft_file),
    Route("POST", "/draft/<id>/release", Act.RELEASE, releasing.release),
    Route("POST", "/draft/<id>/send-back", Act.RELEASE, releasing.send_back),
    Route("POST", "/draft/<id>/discard", Act.RELEASE, releasing.discard),
    Route("POST", "/draft/<id>/take-back", Act.STOP, returning.take_back),
    Route("GET", "/handovers", Act.SEE_HANDOVERS, handing_over.listed),
    Route("GET", "/handover/<code>", Act.OPEN_SHEET, handing_over.sheet),
    Route("POST", "/handover/<code>/ticks", Act.SIGN_RECORD, recording.tick, takes_a_step=True),
    Route("GET", "/handover/<code>/sign", Act.SIGN_RECORD, recording.ask),
    Route("POST", "/handover/<code>/sign", Act.SIGN_RECORD, recording.keep, takes_a_step=True),
    Route("GET", "/handover/<code>/sign/check", Act.SIGN_RECORD, recording.look),
    Route("POST", "/handover/<code>/sign/check", Act.SIGN_RECORD, recording.sign, takes_file=True),
    Route("POST", "/handover/<code>/print", Act.OPEN_SHEET, printing.print_handover),
    Route("POST", "/handover/<code>/stop", Act.STOP, handing_over.stop),
    Route("GET", "/retention", Act.SEE_RETENTION, retaining.listed),
    Route("GET", "/partners", Act.SEE_PARTNERS, partners.listed),
    Route("GET", "/partner/<partner>/pause", Act.STOP_PARTNER, pausing.ask),
    Route("POST", "/partner/<partner>/pause", Act.STOP_PARTNER, pausing.stop),
    Route("GET", "/search", Act.SEARCH, searching.ask),
    Route("POST", "/search", Act.SEARCH, searching.find),
    Route("GET", "/audit", Act.RECONCILE, auditing.choose),
    Route("POST", "/audit", Act.RECONCILE, auditing.compare),
    Route("GET", "/audit/<partner>/differences", Act.RECONCILE, differing.listed),
    Route("POST", "/audit/<partner>/differences", Act.RECONCILE, differing.look_again),
    Route("GET", "/audit/<partner>/difference/<n>", Act.SEE_DIFFERENCE, differing.show),
    Route("POST", "/audit/<partner>/difference/<n>", Act.SEE_DIFFERENCE, differing.decide),
    Route("GET", "/audit/<partner>/statements", Act.RECONCILE, stating.listed),
    Route("POST", "/audit/<partner>/statements", Act.ANSWER_STATEMENT, stating.make),
    Route("GET", "/audit/<partner>/statement/<side>/<n>", Act.RECONCILE, stating.show),
    Route("POST", "/audit/<partner>/statement/<side>/<n>", Act.RECONCILE, stating.decide),
    Route("POST", "/audit/<partner>/statement/<side>/<n>/print", Act.RECONCILE, printing.print_statement),
    Route("GET", "/audit/<partner>/entries/<side>", Act.RECONCILE, entries.listed),
    Route("GET", "/audit/<partner>/entry/<side>/<n>", Act.RECONCILE, entries.show),
    Route("GET", "/audit/<partner>/evidence", Act.RECONCILE, evidence.show),
    Route("POST", "/audit/<partner>/evidence", Act.RECONCILE, evidence.take),
    Route("GET", "/acts", Act.READ_ACTS, auditing.acts),
    Route("GET", "/keys", Act.TRY_KEYS, key_trials.show),
    Route("POST", "/keys", Act.TRY_KEYS, key_trials.start),
    Route("GET", "/accounts", Act.MANAGE_ACCOUNTS, accounts.listed),
    Route("POST", "/accounts/officer", Act.MANAGE_ACCOUNTS, accounts.add_officer),
    Route("GET", "/accounts/<officer>", Act.MANAGE_ACCOUNTS, accounts.show),
    Route("POST", "/accounts/<officer>", Act.MANAGE_ACCOUNTS, accounts.change),
)


def route_of(asked: Asked) -> tuple[Route, Asked] | None:
    """Return the route of what was asked, and the question with the parts of the address it names."""
    for route, pattern in _patterns():
        match = pattern.fullmatch(asked.path) if route.method == asked.method else None
        if match:
            return route, replace(asked, places=match.groupdict())
    return None


@cache
def _patterns() -> tuple[tuple[Route, re.Pattern[str]], ...]:
    return tuple(
        (route, re.compile(_PART.sub(r"(?P<\1>[A-Za-z0-9._-]{1,64})", route.address), re.ASCII))
        for route in ROUTES
    )
