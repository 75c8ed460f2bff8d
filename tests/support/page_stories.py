# SPDX-License-Identifier: Apache-2.0
"""What officers enter on the pages: a return of one invented person, from the notice to the reception."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from playwright.sync_api import Browser
from tests.support.browsing import BORDER, RECEPTION, ZONE, Officer, PagesPair, day, moment
from tests.support.pair import FIRST, RealNode
from tests.support.pictures import png

PERSON = "TRAN Thi Hoa"
PHOTO = {"name": "TRAN Thi Hoa.png", "mimeType": "image/png"}


def notice(name: str = PERSON, born: str = "2001") -> dict[str, dict[str, str]]:
    """Return the answers of a repatriation notice about one person."""
    return {
        "names": {"f__0__full": name},
        "sex": {"f": "F"},
        "birth": {
            "f__value_y": born, "f__precision": "year", "f__basis": "self_reported",
            "f__calendar": "gregorian",
        },
        "nationality": {"f__0__country": "VN"},
        "identification": {"f__status": "confirmed", **day("f__on", -6)},
        "consents": {
            "f__0__scope": "return", "f__0__state": "given", "f__0__giver": "person", **day("f__0__on", -5),
        },
        "return_mode": {"f": "voluntary"},
        "needs_on_arrival": {"f": "temporary_shelter"},
        "proceedings": {"f__needed": "no"},
        "tracing_result": {"f": "she does not want her family to be traced"},
        "documents": {
            "f__0__type": "passport", "f__0__number": "N0000077", "f__0__country": "VN",
            **day("f__0__expires", 900),
        },
        "proposed_from": day("f", 0),
        "proposed_to": day("f", 20),
    }  # fmt: skip


def appoint(made: PagesPair, notice: str) -> str:
    """Let the person of a notice be accepted and a handover be agreed, by command; return the case."""
    now = datetime.now(ZONE)
    valid_until = str((now + timedelta(days=60)).date())
    outcome = {"outcome": "accepted", "valid_until": valid_until, "reception": "VN-MOH"}
    decision = made.vn.service.ask("message.answer", id=notice, officer=FIRST, **outcome)
    made.pair.until(lambda: made.pair.is_quiet() and _is_here(made.kh, decision["id"]))
    shown = made.kh.service.ask("message.show", id=decision["id"], officer=FIRST)
    codes = shown["document"]["header"]["case_codes"]
    at = {
        name: (now + timedelta(minutes=minutes)).isoformat(timespec="minutes")
        for name, minutes in (("window_from", 30), ("window_to", 120), ("go_no_go_at", 20))
    }
    proposal = made.kh.send(
        {
            "type": "HPR", "case_codes": codes, "alternative": "KH-VN-PREYVOR", "record_form": "electronic",
            "place_detail": "road gate, protection office", "transport": ["ministry_vehicle"], **at,
            "stop_officers": [{"side": "host", "officer": FIRST}, {"side": "origin", "officer": FIRST}],
        }
    )  # fmt: skip
    made.pair.until(lambda: made.pair.is_quiet() and _is_here(made.vn, proposal["id"]))
    confirm = {"response": "confirm", "receiving_officers": [BORDER]}
    confirmed = made.vn.service.ask(
        "message.answer", id=proposal["id"], officer=FIRST, **{"as": "HRP", "document": confirm}
    )
    made.pair.until(lambda: made.pair.is_quiet() and _is_here(made.kh, confirmed["id"]))
    return str(codes[0])


def _is_here(node: RealNode, number: str) -> bool:
    return any(row["id"] == number for row in node.messages("in"))


@dataclass
class Return:
    """One return through pages only; KH is the host side."""

    browser: Browser
    made: PagesPair
    case: str = ""
    movement: str = ""
    file: bytes = b""
    """The photograph as the officer who decided got it."""
    minutes: bytes = b""
    """The joint minutes as they were printed."""

    def __post_init__(self) -> None:
        self.kh = Officer(self.browser, self.made, self.made.kh, "P-0001").sign_in()
        self.vn = Officer(self.browser, self.made, self.made.vn, "P-0001").sign_in()

    def announce(self, name: str = PERSON) -> None:
        self.kh.go("/write")
        self.kh.press("Begin")
        self.kh.form(notice(name))
        self._agreed_to_a_photograph()
        self.kh.press("Add a file")
        self.kh.page.set_input_files("#file", files=[{**PHOTO, "buffer": png()}])
        self.kh.fill("type", "photograph")
        self.kh.press("Add the file")
        assert "1. Photograph" in self.kh.text(), self.kh.text()
        self.kh.press("Look at everything")
        self._send(self.kh)

    def _agreed_to_a_photograph(self) -> None:
        form = self.kh.page.url.partition("/form/")[2].partition("/")[0]
        self.kh.go(f"/form/{form}/persons/0/consents?back=check")
        self.kh.press("Save and add another")
        self.kh.answer(f__1__scope="photo", f__1__state="given", f__1__giver="person", **day("f__1__on", -5))

    def open_file(self) -> bytes:
        """Open the photograph of the notice as the officer who decides, and return its bytes."""
        self.vn.go(f"/message/{self.vn.message_of('Repatriation notice')}")
        return self.vn.download("Open 1")

    def decide(self) -> None:
        self.vn.go(f"/message/{self.vn.message_of('Repatriation notice')}/answer")
        self.vn.press("Repatriation decision")
        self.vn.form(
            {"outcome": {"f": "accepted"}, "valid_until": day("f", 60), "reception": {"f": "VN-MOH"}}
        )
        self._send(self.vn)

    def travel_document(self) -> None:
        """Ask for a travel document, and issue it."""
        self._open_case()
        self.kh.press("Travel document request")
        wanted = {"document_wanted": {"f": "emergency_travel_document"}, "needed_by": day("f", 20)}
        self.kh.form({**wanted, "pickup": {"f": "embassy, by a social worker"}})
        self._send(self.kh)
        self.vn.go(f"/message/{self.vn.message_of('Travel document request')}/answer")
        self.vn.press("Travel document status")
        paper = {
            "f__type": "emergency_travel_document", "f__number": "E0000077", "f__single_journey": "yes",
            **day("f__issued", 0), **day("f__expires", 60),
        }  # fmt: skip
        self.vn.form({"status": {"f": "issued"}, "document": paper})
        self._send(self.vn)

    def _open_case(self) -> None:
        self.kh.go("/cases")
        self.case = self.kh.page.locator("td a").first.inner_text()
        self.kh.go(f"/case/{self.case}")

    def propose(self) -> None:
        self._open_case()
        self.kh.press("Handover proposal")
        answers = {
            "checkpoint": {"f": "KH-VN-BAVET"},
            "alternative": {"f": "KH-VN-PREYVOR"},
            "place_detail": {"f": "road gate, protection office"},
            "window_from": moment("f", 3),
            "window_to": moment("f", 120),
            "go_no_go_at": moment("f", 2),
            "transport": {"f": "ministry_vehicle"},
            "record_form": {"f": "electronic"},
        }
        answers["stop_officers"] = {"f__ours": "P-0001", "f__theirs": "P-0001"}
        self.kh.form(answers)
        self.kh.fill("sure", "short_notice")
        self._send(self.kh)

    def confirm(self) -> None:
        self.vn.go(f"/message/{self.vn.message_of('Handover proposal')}/answer")
        self.vn.press("Handover response")
        self.vn.form({"response": {"f": "confirm"}, "receiving_officers": {"f": BORDER}})
        self._send(self.vn)

    def depart(self) -> None:
        border = Officer(self.browser, self.made, self.made.kh, BORDER).sign_in()
        border.go(f"/case/{self.case}")
        border.press("Departure notice")
        times = {"departed_at": moment("f", 0), "expected_at": moment("f", 30)}
        border.form({**times, "escort_contact": {"f": "+855 23 000 000"}})
        self._send(border)

    def sign_first(self) -> None:
        border = Officer(self.browser, self.made, self.made.kh, BORDER, width=390).sign_in()
        border.go("/handovers")
        border.press("Open the sheet")
        self.movement = re.findall(r"/handover/([0-9A-Z-]{14})", border.page.url)[0]
        assert PERSON in border.text()
        border.press("Sign now")
        said = {
            "minutes_number": "7/2027", "p-0-outcome": "handed_over", "p-0-condition": "well",
            "p-0-identity_check": "compared with the photograph in the paper",
            **moment("started_at", -2), **moment("ended_at", -1),
        }  # fmt: skip
        for name, value in said.items():
            border.fill(name, value)
        border.press("Look at what you sign")
        assert "1 Handed over" in border.text(), border.text()
        border.press("Sign now")
        assert border.title() == "Delivered", border.text()

    def countersign(self) -> None:
        border = Officer(self.browser, self.made, self.made.vn, BORDER, width=390).sign_in()
        border.go(f"/handover/{self.movement}")
        border.press("Sign the record of the partner")
        border.fill("agreed", "yes")
        border.press("Look at what you sign")
        border.press("Sign now")
        assert border.title() == "Delivered", border.text()

    def print_minutes(self) -> bytes:
        """Print the joint minutes at the crossing, on a telephone, and return the file."""
        border = Officer(self.browser, self.made, self.made.kh, BORDER, width=390).sign_in()
        border.go(f"/handover/{self.movement}")
        border.page.locator(".desk-print summary").click()
        border.fill("second", "vi")
        return border.download("Joint minutes as PDF")

    def receive(self) -> None:
        reception = Officer(self.browser, self.made, self.made.vn, RECEPTION).sign_in()
        reception.go(f"/case/{self.case}")
        reception.press("Reception confirmation")
        reception.form({"arrived": {"f": "yes"}, "arrived_at": moment("f", 0), "condition": {"f": "well"}})
        self._send(reception)

    def whole(self) -> None:
        """Play it from the notice to the reception."""
        self.announce()
        self.file = self.open_file()
        self.decide()
        self.travel_document()
        self.propose()
        self.confirm()
        self.depart()
        self.sign_first()
        self.countersign()
        self.minutes = self.print_minutes()
        self.receive()

    def _send(self, officer: Officer) -> None:
        officer.page.locator("main form[action$=send] button").click()
        assert officer.title() == "Delivered", officer.text()
