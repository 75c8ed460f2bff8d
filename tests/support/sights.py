# SPDX-License-Identifier: Apache-2.0
"""THE list of pages that are looked at in a browser: each page, and each state of it that looks different.

A sight says who looks, at which address of the route table, and what has to be done there until it is on the
screen; where that is more than going to the address, it is done on the page, as an officer would. Names in
braces stand for what `page_states` made. `test_no_page_is_forgotten.py` demands that every page of the route
table and every template stands here or in `NOT_LOOKED_AT`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from exchange.i18n import ENGLISH
from pyotp import TOTP
from tests.support.browsing import ADMINISTRATOR, AUDITOR, BORDER, NEWCOMER, RECEPTION, Officer, moment
from tests.support.notices import NAMES
from tests.support.page_states import CLOSED, GIVEN, UNKNOWN

OFFICER, RELEASER, NOBODY = "P-0001", "P-0002", ""
KH, VN, ALONE = "KH", "VN", "alone"
"""At which node: of the pair, or the one without a partner that wants codes."""
Step = Callable[[Officer], None]


@dataclass(frozen=True)
class Sight:
    """One page in one state."""

    route: str
    """Method and address of the route table that answer in the end; "" without a sign-in."""
    template: str
    at: str
    title: str
    """Its first heading in English: that the state was reached; names in braces as in `at`."""
    then: Step | None = None
    """What is done at the address until the page is there; done in English."""
    status: int = 200
    script: bool = False
    """The pages' own script stands on it."""
    only: str = ""
    """The one language it has: nobody is signed in, or nothing can be chosen yet; "" if it has all."""
    by: str = NOBODY
    side: str = KH
    host: str = "127.0.0.1"
    """Passkeys need a name."""


def seen_by(by: str, *sights: Sight, side: str = KH) -> tuple[Sight, ...]:
    return tuple(replace(sight, by=by, side=side) for sight in sights)


def pressing(selector: str) -> Step:
    """Return the step that presses a button of the page."""
    return lambda officer: officer.page.locator(f"main {selector}").first.click()


def _discarding(officer: Officer) -> None:
    """Discard the message that is shown, and say that it is meant."""
    pressing("[href$=drop]")(officer)
    officer.page.wait_for_load_state()
    pressing("[action$=drop] button")(officer)


def filling(selector: str, **values: str) -> Step:
    """Return the step that fills inputs, `__` for `-` in their names, and presses a button."""

    def step(officer: Officer) -> None:
        for name, value in values.items():
            officer.fill(name.replace("__", "-"), value)
        pressing(selector)(officer)

    return step


def changed_meanwhile(there: Step, here: Step) -> Step:
    """Return the step that does something at this address in a second window, then something in this one.

    The second window stays open, as it would; a browser may wait for ever to close one that is still loading.
    """

    def step(officer: Officer) -> None:
        own = officer.page
        officer.page = officer.context.new_page()
        officer.page.goto(own.url)
        there(officer)
        officer.page.wait_for_load_state()
        officer.page = own
        here(officer)

    return step


def signing(officer: Officer) -> None:
    """Fill the record of a handover, and ask for what would be signed."""
    said = {
        "minutes_number": "7/2027", "p-0-outcome": "handed_over", "p-0-condition": "well",
        "p-0-identity_check": "compared with the photograph in the paper",
        **moment("started_at", -2), **moment("ended_at", -1),
    }  # fmt: skip
    filling("form button", **said)(officer)


def signing_on_paper(officer: Officer) -> None:
    """Go on from there with a scan, which was not chosen."""
    signing(officer)
    pressing("button[name=by]")(officer)


def countersigning(officer: Officer) -> None:
    """Agree to the record of the partner, and ask for what would be signed."""
    filling("form button", agreed="yes")(officer)


def connecting(officer: Officer) -> None:
    """Connect a device for one-time codes, by the letters below the picture."""
    secret = officer.page.locator("p.code").inner_text()
    filling("[action$=device] button", code=TOTP(secret).now())(officer)


def asking_for_a_passkey(officer: Officer) -> None:
    officer.page.locator("#passkey-password").fill(officer.password)
    pressing("[action$=passkey] button")(officer)


def with_another_token(officer: Officer) -> None:
    """Send a form as it stood before the officer signed in again."""
    officer.page.locator("main input[name=token]").first.evaluate("input => { input.value = 'earlier' }")
    pressing("form button")(officer)


_BUTTON = "form button"
_BRAKE, _BRAKE_ASKS = "GET /partner/<partner>/pause", "Stop everything with this partner?"
_PULL = "/partner/VN-MPS-IMM/pause"
_again = filling("[action$=password] button", new="four words of mine", again="four words of hers")
_QUESTION = "/form/<id>/<part>/<n>/<name>"
_SEX_TITLE, _SEX = "Sex as in a travel document", "{form}/persons/0/sex"
_CHANGES, _CHANGES_OF_ALL = "Changes of this person's part", "Changes of the common content"
_CORRECTED = "{corrected}/persons/0/changes"
_corrected = filling(_BUTTON, f="M", basis="The person said so")
_ACCESS, _KEEPING, _ACT = "/case/<code>/access", "/case/<code>/keeping", "/case/<code>/keeping/<act>"
_SIGNS, _OURS, _THEIRS = "/handover/<code>/sign", "/handover/{sheet}/sign", "/handover/{signed_sheet}/sign"
_WOULD_ERASE = "/case/{case}/keeping/erase?reason=person_asked"
_ERASING = "Erase this case, or hold it back"
_NOTICE, _READERS, _HOLD = "Repatriation notice", "Who may read this case", "Hold the case back"
_SEARCH, _FILES, _LIST = "Search for a person", "Files of this message", "A list of persons"
_SIGN, _CHECK = "Sign the record", "This is what you sign"
_DEVICE = "POST /account/device"
_LEDGERS, _OF_VN = "/audit/<partner>", "/audit/VN-MPS-IMM"
_DIFFERENCE, _STATEMENT = f"{_LEDGERS}/difference/<n>", f"{_LEDGERS}/statement/<side>/<n>"
_LIST_DIFFERENCES, _LIST_ENTRIES = f"GET {_LEDGERS}/differences", f"GET {_LEDGERS}/entries/<side>"
_OF_MONTH, _OF_DAY, _ENTRIES = "Statement of {month}", "Statement of {yesterday}", "Entries of a ledger"
_DIFFERENCES, _STATEMENTS_DIFFER = "Differences", "Statements disagree"
_OWN, _TROUBLE = "Your account", "This cannot be done now"

SIGHTS: Final = (
    *seen_by(
        NOBODY,
        Sight("", "sign_in.html", "/sign-in", "Sign in", only=ENGLISH, script=True),
        Sight("", "sign_in.html", "/sign-in", "Sign in", only=ENGLISH, script=True, host="localhost"),
        Sight("", "sign_in.html", "/sign-in?ended=saved", "Sign in", only=ENGLISH, script=True),
        Sight("", "sign_in.html", "/sign-in?ended=password", "Sign in", only=ENGLISH, script=True),
        Sight("", "sign_in.html", "/sign-in?ended=lost", "Sign in", only=ENGLISH, script=True),
        Sight("", "sign_in.html", "/sign-in?ended=left", "Sign in", only=ENGLISH, script=True),
        Sight("", "sign_in.html", "/sign-in", "Sign in", pressing(_BUTTON), 400, only=ENGLISH, script=True),
        Sight("", "not_found.html", "/nowhere", "There is no such page", status=404, only=ENGLISH),
        Sight("", "left.html", "/left", "Blank page", only=ENGLISH),
    ),
    *seen_by(
        OFFICER,
        Sight("GET /today", "work.html", "/today", "Work today"),
        Sight("GET /words", "words.html", "/words", "What the words mean"),
        Sight("GET /due/<side>", "due.html", "/due/theirs", "Waiting for partners"),
        Sight("GET /arrived", "arrived.html", "/arrived", "Arrived, not opened yet"),
        Sight("GET /stops", "stops.html", "/stops", "Stops that nobody here has opened: open them now"),
        Sight("GET /cases", "cases.html", "/cases", "Cases"),
        Sight("GET /cases", "cases.html", "/cases?page=2", "Cases"),
        Sight("GET /case/<code>", "case.html", "/case/{case}", NAMES[0]),
        Sight("GET /case/<code>", "case.html", "/case/{case_0}", NAMES[0]),
        Sight(f"GET {_ACCESS}", "case_access.html", "/case/{case}/access", _READERS),
        Sight(f"GET {_KEEPING}", "keeping.html", "/case/{case}/keeping", _ERASING),
        Sight(f"GET {_KEEPING}", "keeping.html", "/case/{case_0}/keeping", _ERASING),
        Sight(f"GET {_ACT}", "keeping.html", "/case/{case}/keeping/hold", _ERASING, status=400),
        Sight(f"GET {_ACT}", "trouble.html", "/case/{case}/keeping/nothing", _TROUBLE, status=400),
        Sight(f"GET {_ACT}", "keeping_act.html", _WOULD_ERASE, "Erase the case"),
        Sight(f"GET {_ACT}", "keeping_act.html", "/case/{case_0}/keeping/unhold", "Lift the hold"),
        Sight(f"GET {_ACT}", "keeping_act.html", "/case/{case_1}/keeping/hold", _HOLD),
        Sight("GET /retention", "retention.html", "/retention?done=hold-proposed", "Erase, and hold back"),
        Sight("GET /message/<id>", "message.html", "/message/{notice}", _NOTICE),
        Sight("GET /message/<id>", "message.html", "/message/{group}", _NOTICE),
        Sight("GET /message/<id>", "message.html", "/message/{group}?person=2", _NOTICE),
        Sight("GET /message/<id>", "message.html", "/message/{decision}", "Repatriation decision"),
        Sight("GET /draft/<id>", "release.html", "/draft/{draft}", _NOTICE),
        Sight("GET /sent/<id>", "sent.html", "/sent/{notice}", "Delivered"),
        Sight("GET /sent/<id>", "sent.html", "/sent/{draft}", "A colleague has to release it"),
        Sight("GET /write", "write.html", "/write", "What do you want to write?"),
        Sight(f"GET {_QUESTION}", "question.html", "{form}/persons/0/names", "Names"),
        Sight(f"GET {_QUESTION}", "question.html", "{form}/persons/0/consents", "Consents"),
        Sight(f"GET {_QUESTION}", "question.html", "{form}/persons/0/birth?back=check", "Birth"),
        Sight(f"POST {_QUESTION}", "question.html", _SEX, _SEX_TITLE, pressing(_BUTTON), 400),
        Sight(
            f"POST {_QUESTION}", "question.html", _SEX, _SEX_TITLE,
            changed_meanwhile(filling(_BUTTON, f="F"), filling(_BUTTON, f="M")), 409,
        ),
        Sight(f"GET {_QUESTION}", "changes_of_nothing.html", "{early}/persons/0/changes", _CHANGES),
        Sight(f"GET {_QUESTION}", "changes.html", "{amended}/persons/0/changes", _CHANGES),
        Sight(f"GET {_QUESTION}", "changes.html", "{amended}/persons/0/changes?more=yes", _CHANGES),
        Sight(f"GET {_QUESTION}", "changes.html", "{amended}/content/0/changes", _CHANGES_OF_ALL),
        Sight(f"POST {_QUESTION}", "changes.html", _CORRECTED, "Corrections", pressing(_BUTTON), 400),
        Sight(f"GET {_QUESTION}", "change.html", f"{_CORRECTED}?at=/documents/0", "Papers 1"),
        Sight(
            f"POST {_QUESTION}", "change.html", f"{_CORRECTED}?at=/sex", _SEX_TITLE, pressing(_BUTTON), 400
        ),
        Sight(f"GET {_QUESTION}", "changes.html", f"{_CORRECTED}?at=/sex", "Corrections", _corrected),
        Sight("GET /form/<id>/check", "check.html", "{corrected}/check", "Look at everything"),
        Sight("GET /form/<id>/check", "check.html", "{form}/check", "Look at everything"),
        Sight("GET /form/<id>/check", "check.html", "{ready}/check", "Look at everything"),
        Sight("GET /form/<id>/files", "files.html", "{form}/files", _FILES),
        Sight("POST /form/<id>/files", "files.html", "{form}/files", _FILES, pressing(_BUTTON), 400),
        Sight("GET /form/<id>/list", "list.html", "{form}/list", _LIST),
        Sight(
            "POST /form/<id>/list", "list.html", "{form}/list", _LIST,
            filling(_BUTTON, list="name\tsex\nNGUYEN Thi Mai\twoman"), 400,
        ),
        Sight(
            "POST /form/<id>/send", "stale.html", "{dropped}/check", "This was changed meanwhile",
            changed_meanwhile(_discarding, pressing("[action$=send] button")), 409,
        ),
        Sight("GET /form/<id>/drop", "drop.html", "{form}/drop", "Discard this message?"),
        Sight("GET /draft/<id>", "release.html", "/draft/{sent_back}", _NOTICE),
        Sight("GET /sent/<id>", "gone.html", "/sent/{nothing}", "It is not here any more", status=404),
        Sight("GET /search", "search.html", "/search", _SEARCH),
        Sight("POST /search", "search.html", "/search", _SEARCH, pressing(_BUTTON), 400),
        Sight(
            "POST /search", "found.html", "/search", "More than 20 persons found",
            filling(_BUTTON, name=NAMES[0], purpose="handover"),
        ),
        Sight(
            "POST /search", "found.html", "/search", "0 persons found",
            filling(_BUTTON, name="Nobody At All", purpose="handover"),
        ),
        Sight("GET /handovers", "handovers.html", "/handovers", "Handovers"),
        Sight("GET /partners", "partners.html", "/partners", "Partners"),
        Sight("GET /audit", "not_allowed.html", "/audit", "Your account does not do this", status=403),
        Sight("GET /account", "own_account.html", "/account", _OWN),
        Sight("POST /account/password", "own_account.html", "/account", _OWN, _again, 400),
        Sight(
            "POST /write", "refused.html", "/write", "This was not accepted",
            with_another_token, 400, only=ENGLISH,
        ),
    ),
    *seen_by(
        RELEASER,
        Sight("GET /today", "work.html", "/today", "Work today"),
        Sight(f"GET {_DIFFERENCE}", "difference.html", f"{_OF_VN}/difference/2", _STATEMENTS_DIFFER),
        Sight(
            f"POST {_DIFFERENCE}", "difference.html", f"{_OF_VN}/difference/2", _STATEMENTS_DIFFER,
            pressing(_BUTTON), 400,
        ),
        Sight("GET /draft/<id>", "release.html", "/draft/{draft}", _NOTICE),
        Sight("POST /draft/<id>/release", "release.html", "/draft/{draft}", _NOTICE, pressing(_BUTTON), 400),
        Sight(
            "POST /draft/<id>/send-back", "release.html", "/draft/{draft}", _NOTICE,
            pressing("[action$=send-back] button"), 400,
        ),
        Sight("GET /draft/<id>", "release.html", "/draft/{again}", _NOTICE),
        Sight(f"GET {_ACCESS}", "case_access.html", "/case/{case_2}/access", _READERS),
        Sight(f"GET {_KEEPING}", "keeping.html", "/case/{case_1}/keeping", _ERASING),
        Sight(f"GET {_ACT}", "keeping_act.html", "/case/{case_1}/keeping/hold", _HOLD),
        Sight("GET /retention", "retention.html", "/retention", "Erase, and hold back"),
    ),
    *seen_by(
        BORDER,
        Sight("GET /handovers", "handovers.html", "/handovers", "Handovers"),
        Sight("GET /handover/<code>", "sheet.html", "/handover/{sheet}", "Bavet / Moc Bai"),
        Sight("GET /handover/<code>", "sheet.html", "/handover/{signed_sheet}", "Bavet / Moc Bai"),
        Sight(f"GET {_SIGNS}", "sign.html", _OURS, _SIGN),
        Sight(f"GET {_SIGNS}", "sign.html", _OURS, _SIGN, pressing(_BUTTON), 400),
        Sight(f"GET {_SIGNS}/check", "sign_check.html", _OURS, _CHECK, signing),
        Sight(f"GET {_SIGNS}/check", "sign_check.html", _OURS, _CHECK, signing_on_paper, 400),
        Sight("GET /handover/<code>", "sheet.html", "/handover/{reserved_sheet}", "Bavet / Moc Bai"),
        Sight(f"GET {_SIGNS}", "sign.html", "/handover/{reserved_sheet}/sign", _SIGN),
        Sight("GET /case/<code>", "not_here.html", "/case/ZZZZ-ZZZZ-ZZZZ", "This is not here", status=404),
        Sight(
            "GET /case/<code>", "other_desk.html", "/case/{case_3}", "The case lies at another office",
            status=403,
        ),
        Sight(
            "POST /case/<code>/emergency", "other_desk.html", "/case/{case_3}",
            "The case lies at another office", pressing(_BUTTON), 400,
        ),
    ),
    *seen_by(
        RECEPTION,
        Sight(
            "GET /case/<code>", "reading_stopped.html", "/case/{case}", "You have opened very many cases",
            status=403,
        ),
        Sight(
            "GET /handover/<code>", "reading_stopped.html", "/handover/{sheet}",
            "You have opened very many cases", status=403,
        ),
    ),
    *seen_by(
        AUDITOR,
        Sight("GET /audit", "audit.html", "/audit", "Compare the ledgers"),
        Sight("POST /audit", "audit.html", "/audit", "Compare the ledgers", pressing(_BUTTON)),
        Sight(_LIST_DIFFERENCES, "differences.html", f"{_OF_VN}/differences", _DIFFERENCES),
        Sight(_LIST_DIFFERENCES, "differences.html", f"{_OF_VN}/differences?all=yes", _DIFFERENCES),
        Sight(
            f"POST {_LEDGERS}/differences", "differences.html", f"{_OF_VN}/differences", _DIFFERENCES,
            pressing(_BUTTON),
        ),
        Sight(f"GET {_DIFFERENCE}", "difference.html", f"{_OF_VN}/difference/1", _STATEMENTS_DIFFER),
        Sight(
            f"POST {_DIFFERENCE}", "difference.html", f"{_OF_VN}/difference/1", _STATEMENTS_DIFFER,
            filling(_BUTTON, how="correct"), 400,
        ),
        Sight(f"GET {_DIFFERENCE}", "difference.html", f"{_OF_VN}/difference/2", _STATEMENTS_DIFFER),
        Sight(f"GET {_LEDGERS}/statements", "statements.html", f"{_OF_VN}/statements", "Statements"),
        Sight(f"GET {_LEDGERS}/statements", "statements.html", f"{_OF_VN}/statements?days=yes", "Statements"),
        Sight(
            f"POST {_LEDGERS}/statements", "statements.html", f"{_OF_VN}/statements", "Statements",
            filling(_BUTTON, period="October"), 400,
        ),
        Sight(f"GET {_STATEMENT}", "statement.html", f"{_OF_VN}/statement/{{own_statement}}", _OF_DAY),
        Sight(f"GET {_STATEMENT}", "statement.html", f"{_OF_VN}/statement/{{statement}}", _OF_MONTH),
        Sight(
            f"POST {_STATEMENT}", "statement.html", f"{_OF_VN}/statement/{{statement}}", _OF_MONTH,
            pressing("form:has([value=compare]) button"),
        ),
        Sight(_LIST_ENTRIES, "entries.html", f"{_OF_VN}/entries/own", _ENTRIES),
        Sight(
            _LIST_ENTRIES, "entries.html", f"{_OF_VN}/entries/partner?from=2", _ENTRIES,
        ),
        Sight(f"GET {_LEDGERS}/evidence", "evidence.html", f"{_OF_VN}/evidence", "Evidence"),
        Sight(f"GET {_LEDGERS}/entry/<side>/<n>", "entry.html", f"{_OF_VN}/entry/own/1", "The ledger begins"),
        Sight("GET /acts", "acts.html", "/acts", "Who read what"),
        Sight("GET /partners", "partners.html", "/partners", "Partners"),
    ),
    *seen_by(
        ADMINISTRATOR,
        Sight("GET /accounts", "accounts.html", "/accounts", "Accounts"),
        Sight("POST /accounts/officer", "accounts.html", "/accounts", "Accounts", pressing(_BUTTON), 400),
        Sight("GET /accounts/<officer>", "account.html", "/accounts/P-0001", "First Officer"),
        Sight("GET /accounts/<officer>", "account.html", f"/accounts/{ADMINISTRATOR}", "Administrator"),
        Sight("GET /accounts/<officer>", "account.html", f"/accounts/{UNKNOWN}", f"Officer {UNKNOWN}"),
        Sight("GET /accounts/<officer>", "account.html", f"/accounts/{CLOSED}", f"Officer {CLOSED}"),
        Sight(
            "POST /accounts/<officer>", "account.html", f"/accounts/{GIVEN}", f"Officer {GIVEN}",
            pressing("form:has([value=reset]) button"),
        ),
        Sight("GET /keys", "keys.html", "/keys", "Drill: a key is lost"),
        Sight("GET /keys", "keys.html", "/keys", "Drill: a key is lost", pressing(_BUTTON)),
        Sight("GET /partners", "partners.html", "/partners", "Partners"),
        Sight(_BRAKE, "pause.html", _PULL, _BRAKE_ASKS),
        Sight(_BRAKE.replace("GET", "POST"), "pause.html", _PULL, _BRAKE_ASKS, pressing(_BUTTON), 400),
    ),
    *seen_by(
        NEWCOMER,
        Sight("GET /account", "own_account.html", "/account", _OWN, only="th"),
    ),
    *seen_by(
        OFFICER,
        Sight("GET /today", "work.html", "/today", "Work today"),
        Sight("GET /due/<side>", "due.html", "/due/ours", "To answer"),
        Sight("GET /message/<id>", "message.html", "/message/{group}", _NOTICE),
        Sight("GET /message/<id>/answer", "offer.html", "/message/{group}/answer", "How do you answer?"),
        side=VN,
    ),
    *seen_by(
        BORDER,
        Sight(f"GET {_SIGNS}", "sign.html", _THEIRS, _SIGN),
        Sight(f"GET {_SIGNS}", "sign.html", _THEIRS, _SIGN, pressing(_BUTTON), 400),
        Sight(f"GET {_SIGNS}/check", "sign_check.html", _THEIRS, _CHECK, countersigning),
        side=VN,
    ),
    *seen_by(
        OFFICER,
        Sight("GET /account", "own_account.html", "/account", _OWN, only=ENGLISH),
        Sight(_DEVICE, "own_account.html", "/account", _OWN, pressing(_BUTTON), 400, only=ENGLISH),
        Sight("GET /today", "work.html", "/account", "Work today", connecting),
        Sight("GET /cases", "cases.html", "/cases", "Cases"),
        Sight("GET /handovers", "handovers.html", "/handovers", "Handovers"),
        Sight("GET /retention", "retention.html", "/retention", "Erase, and hold back"),
        Sight("GET /partners", "partners.html", "/partners", "Partners"),
        Sight("GET /write", "write.html", "/write", "What do you want to write?"),
        side=ALONE,
    ),
    *seen_by(
        RELEASER,
        Sight("GET /account", "own_account.html", "/account", _OWN, only="km"),
        Sight(_DEVICE, "own_account.html", "/account", _OWN, pressing(_BUTTON), 400, only="km"),
        side=ALONE,
    ),
    *seen_by(
        RELEASER,
        Sight(
            "POST /account/passkey", "passkey_add.html", "/account", "Add a passkey", script=True,
            then=asking_for_a_passkey,
            host="localhost",
        ),
    ),
)  # fmt: skip
"""In the order in which they are looked at: what one does to the next is nothing."""

NOT_LOOKED_AT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "GET /": "it leads to the first page of the role",
        "GET /form/<id>": "it leads to the next question",
        "GET /form/<id>/list/blank": "a spreadsheet",
        "GET /message/<id>/file/<n>": "a file of a message",
        "GET /draft/<id>/file/<n>": "a file of a draft",
        "failed.html": "a defect of the program shows it; a heading and two sentences, as not_found.html",
        "signed_in.html": "shown on the way back from a sign-in service; a heading and one button",
    }
)
"""Pages that no browser looks at, with why."""
