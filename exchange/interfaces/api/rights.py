# SPDX-License-Identifier: Apache-2.0
"""Command about the rights of a person: who got which data of the person of a case."""

from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, reader_for, when
from exchange.service.access import CasePlace
from exchange.service.ports import UnitOfWork
from exchange.service.reading import open_case
from exchange.service.recipients import Given, recipients_of
from exchange.service.rows import CaseRow
from exchange.service.unique_match import the_only


async def list_recipients(desk: Desk, ask: Ask) -> Answer:
    """Return every message that told a partner something of a person; recorded as opening the case."""
    code = ask.text("code").upper()

    def opened(uow: UnitOfWork) -> CaseRow:
        found = uow.cases.find(code)
        case = the_only(found, "case", f"the code {code}", hint="list them: exchange case list")
        reader = reader_for(uow, ask, purpose="data_subject_request")
        place = CasePlace(case.link, case.code)
        open_case(uow, desk.node, reader, place, act="case_opened")
        return case

    case = await desk.node.store.write(opened)
    found = await recipients_of(desk.node, case.link, case.code)
    return {
        "case": case.code,
        "cases": [{"link": link, "case": other} for link, other in found.cases],
        "partners": list(found.partners),
        "complete": found.complete,
        "given": [_given(each) for each in found.given],
    }


def _given(each: Given) -> Answer:
    return {
        "partner": each.partner,
        "case": each.case,
        "message": each.message,
        "seq": each.seq,
        "type": each.type,
        "sent": when(each.sent_at),
        "state": each.state.value,
        "arrived": each.has_arrived,
        "categories": list(each.categories),
    }


COMMANDS: dict[str, Command] = {"case.recipients": list_recipients}
