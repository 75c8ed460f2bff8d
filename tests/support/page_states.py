# SPDX-License-Identifier: Apache-2.0
"""Two nodes at work, so that every page has something to show: one story for all tests of the pages.

What one page shows already is written on it (a form, a file, a draft); what only leads to a page is asked by
command, because a browser would need a minute for it. Nobody in it exists.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from exchange.errors import UsageError
from exchange.i18n import ENGLISH
from exchange.i18n.days import written_day
from exchange.ids import b64url
from exchange.service.reading import MOST_OPENED
from playwright.sync_api import Browser
from tests.support.browsing import (
    ADMINISTRATOR,
    AUDITOR,
    BORDER,
    NEWCOMER,
    RECEPTION,
    ZONE,
    Officer,
    PagesPair,
)
from tests.support.notices import real_notice
from tests.support.page_stories import appoint
from tests.support.pair import FIRST, SECOND, RealNode
from tests.support.pictures import png

GROUP: Final = MOST_OPENED + 10
"""Persons of the long notice: enough cases to open too many of them, and some for other acts."""
UNKNOWN, CLOSED, GIVEN = "P-0007", "P-0008", "P-0009"
"""Officers without an account, with a closed one, and with one whose password is given again."""
_WHY_BACK = "The year of birth is not the one in the passport. Please look at the copy again."
_IN_THE_FORM = re.compile(r"/form/[0-9a-f-]{36}")


class States:
    """Names of what the pages are about, for their addresses: `{case}`, `{sheet}`, `{form}` and so on."""

    def __init__(self, browser: Browser, made: PagesPair) -> None:
        self._made, self._browser = made, browser
        self.names: dict[str, str] = {}
        self._handovers()
        self._group()
        self._waiting()
        self._accounts()
        self._ledgers()
        self._forms()

    def _kh(self, command: str, **members: Any) -> dict[str, Any]:
        return self._made.kh.service.ask(command, **{"officer": FIRST, **members})

    def _settled(self, node: RealNode, answer: dict[str, Any]) -> str:
        """Return the number of a message that was sent, once both sides have its verdict."""
        pair, number = self._made.pair, str(answer["id"])
        other = pair.other(node)
        pair.until(lambda: any(row["id"] == number for row in other.messages("in")) and pair.is_quiet())
        return number

    def _handovers(self) -> None:
        """Let three persons leave for the crossing.

        The record of the second one is signed on our side, that of the third one on both, with a reservation.
        """
        photograph = {"data": b64url(png()), "type": "photograph", "strip": False}
        for name, files in (("", [photograph]), ("signed_", []), ("reserved_", [])):
            notice = real_notice()
            (person,) = notice["persons"]
            person["consents"].append({**person["consents"][0], "scope": "photo"})
            sent = self._kh("message.send", document=notice, files=files)
            self.names[f"{name}notice"] = self._settled(self._made.kh, sent)
            self.names[f"{name}case"] = appoint(self._made, self.names[f"{name}notice"])
            self.names[f"{name}sheet"] = self._departed()
        for name in ("signed_sheet", "reserved_sheet"):
            signed = {"movement": self.names[name], "document": _record(), "all_handed_over": True}
            self._settled(self._made.kh, self._kh("handover.sign", officer=BORDER, **signed))
        reserved = {"agreed": False, "reservations": "One bag is missing."}
        answer = self._made.vn.service.ask(
            "handover.sign", officer=BORDER, movement=self.names["reserved_sheet"], document=reserved
        )
        self._settled(self._made.vn, answer)
        received = [row for row in self._made.kh.messages("in") if row["type"] == "RPD"]
        self.names["decision"] = str(received[0]["id"])

    def _departed(self) -> str:
        """Send the departure notice of the newest confirmation; return the movement."""
        confirmed = max(
            (row for row in self._made.kh.messages("in") if row["type"] == "HRP"), key=lambda row: row["seq"]
        )
        now = datetime.now(ZONE)
        left = {"departed_at": _moment(now, -1), "expected_at": _moment(now, 30)}
        document = {**left, "escort_contact": "+855 23 000 000"}
        answer = self._kh(
            "message.answer", id=confirmed["id"], officer=BORDER, **{"as": "HDP", "document": document}
        )
        self._settled(self._made.kh, answer)
        shown = self._kh("message.show", id=confirmed["id"])
        return str(shown["document"]["header"]["movement_code"])

    def _group(self) -> None:
        """Announce many persons in one notice, which stays without an answer."""
        number = self._settled(self._made.kh, self._kh("message.send", document=real_notice(persons=GROUP)))
        shown = self._kh("message.show", id=number)
        cases = shown["document"]["header"]["case_codes"]
        self.names["group"] = number
        self.names |= {f"case_{place}": str(code) for place, code in enumerate(cases)}

    def _waiting(self) -> None:
        """Let something wait for a second person in each way: hold, reader, emergency, a stopped officer."""
        names = self.names
        self._proposed("hold", names["case_0"], "court")
        self._kh("erasure.confirm", code=names["case_0"], act="hold", digest=self._digest, officer=SECOND)
        self._proposed("hold", names["case_1"], "court")
        self._kh("reader.propose", code=names["case_2"], reader=RECEPTION)
        for number in (BORDER, RECEPTION, ADMINISTRATOR):
            self._made.password(self._made.kh, number)
        for place in (3, 4):
            self._kh("case.give", code=names[f"case_{place}"], office=self._made.kh.code)
        self._kh("case.emergency", code=names["case_4"], emergency="life_at_risk", officer=BORDER)
        for place in range(5, 5 + MOST_OPENED):
            self._kh("case.show", code=names[f"case_{place}"], officer=RECEPTION)
        names["draft"] = str(self._kh("message.send", document=_child_notice())["id"])
        self._sent_back()

    def _sent_back(self) -> None:
        """Send one draft back, and let its author change another one after that."""
        names = self.names
        names["nothing"] = "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"
        for name in ("sent_back", "again"):
            names[name] = str(self._kh("message.send", document=_child_notice())["id"])
            self._kh("message.show", id=names[name], officer=SECOND)
            self._kh("message.send_back", id=names[name], officer=SECOND, reason=_WHY_BACK)
        document = self._kh("message.take_back", id=names["again"])["document"]
        document["persons"][0]["sex"] = "M"
        self._kh("message.change", id=names["again"], document=document)

    def _proposed(self, act: str, case: str, reason: str) -> None:
        shown = self._kh("erasure.propose", code=case, act=act, reason=reason)
        self._digest = shown["digest"]

    def _accounts(self) -> None:
        for number in (UNKNOWN, CLOSED, GIVEN, NEWCOMER):
            entry = {"name": f"Officer {number}", "office": self._made.kh.code, "functions": ["coordination"]}
            self._kh("officer.add", number=number, **entry)
        for number in (CLOSED, GIVEN):
            self._kh("account.open", number=number, roles=["officer"])
        self._kh("account.close", number=CLOSED)

    def _ledgers(self) -> None:
        """Make statements; let the partner say that two of ours differ, propose to accept one of these."""
        day = datetime.now(UTC).date() - timedelta(days=1)
        month = (day.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
        vn, pair = self._made.vn, self._made.pair
        for period in (month, day.isoformat()):
            no = self._kh("statement.make", period=period)["no"]
            answer = {"no": no, "differs": True, "because": "papers_say_otherwise", "officer": FIRST}
            pair.until(lambda no=no: no in _numbers(vn, of="partner"))  # type: ignore[misc]
            pair.until(lambda answer=answer: _is_answered(vn, answer))  # type: ignore[misc]
        theirs = vn.service.ask("statement.make", period=month, officer=FIRST)["no"]
        pair.until(lambda: theirs in _numbers(self._made.kh, of="partner"))
        pair.until(lambda: len(self._kh("difference.list", compare=True)["differences"]) == 2)
        self._kh(
            "difference.propose",
            officer=AUDITOR,
            no=2,
            digest=self._kh("difference.show", no=2)["digest"],
            because="Both sides looked at it: one notice was counted on the day after.",
        )
        self.names |= {"statement": f"partner/{theirs}", "own_statement": f"own/{no}"}
        self.names |= {
            "month": written_day(month, ENGLISH),
            "yesterday": written_day(day.isoformat(), ENGLISH),
        }

    def _forms(self) -> None:
        """Begin a notice, and stops that are answered up to the page that shows everything."""
        officer = Officer(self._browser, self._made, self._made.kh, "P-0001").sign_in()
        officer.go("/write")
        officer.press("Begin")
        self.names["form"] = _IN_THE_FORM.findall(officer.page.url)[0]
        movement = self.names["sheet"].rpartition("/")[2]
        cancelled = {"reason": {"f": "security"}, "purpose": {"f": "handover"}}
        for name in ("ready", "dropped"):
            officer.go(f"/handover/{movement}")
            officer.fill("type", "CAN")
            officer.press("Write the stop")
            self.names[name] = _IN_THE_FORM.findall(officer.page.url)[0]
            officer.form(cancelled)
        for name, type_code in (("early", "AMD"), ("amended", "AMD"), ("corrected", "COR")):
            officer.go(f"/case/{self.names['case']}")
            officer.page.locator("details.desk-change > summary").click()
            officer.page.locator(f"main form:has([value={type_code}]) button").first.click()
            self.names[name] = _IN_THE_FORM.findall(officer.page.url)[0]
        officer.go(f"{self.names['amended']}/content/0/target")
        officer.answer(f=self.names["notice"])
        officer.context.close()


def _numbers(node: RealNode, *, of: str) -> set[int]:
    rows = node.service.ask("statement.list")["statements"]
    return {int(row["no"]) for row in rows if row["of"] == of}


def _is_answered(node: RealNode, answer: dict[str, Any]) -> bool:
    """Answer a statement; False while its message is not here."""
    try:
        node.service.ask("statement.agree", **answer)
    except UsageError:
        return False
    return True


def _moment(now: datetime, minutes: int) -> str:
    return (now + timedelta(minutes=minutes)).isoformat(timespec="minutes")


def _record() -> dict[str, Any]:
    now = datetime.now(ZONE)
    return {
        "minutes_number": "8/2027", "started_at": _moment(now, -1), "ended_at": _moment(now, 0),
        "identity_check": "compared with the passport", "condition": "well",
    }  # fmt: skip


def _child_notice() -> dict[str, Any]:
    """Return a right notice of a child, which needs two persons of our side."""
    small = real_notice()
    today = datetime.now(ZONE).date()
    on = str(today - timedelta(days=28))
    small["escorts"] = [{"role": "social_worker", "number": 1}]
    givers = ("guardian", "child_assent")
    small["persons"][0] |= {
        "birth": {"value": str(today.replace(year=today.year - 11, day=1))},
        "flags": ["child", "unaccompanied_child"],
        "consents": [{"scope": "return", "state": "given", "giver": giver, "on": on} for giver in givers],
        "return_mode": "child_best_interests",
        "guardian": {"kind": "agency", "agency": "KH-MOSVY-DAHT", "from": on, "order_number": "W 118/2027"},
        "best_interests": {
            "decision": "return_to_relatives", "body": "multidisciplinary_team", "on": on,
            "summary": "The child wants to live with the grandmother, who can care for her with support.",
        },
    }  # fmt: skip
    return small
