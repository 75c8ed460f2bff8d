# SPDX-License-Identifier: Apache-2.0
"""Rules of the data correction (COR) and the personal data request (PDR).

A correction changes no message: it says what is wrong in the person block, and both statements are kept. It
has to reach everybody who received the wrong data; the side that corrects names them. Whom the sender told
elsewhere only its own node can see, so the recipient does not judge that.

How long an answer may take depends on holidays that are announced late and stand at each node; a day of the
answer is checked only not to be over.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import AgencyCode, CaseCode
from exchange.messages.amending import same_value
from exchange.messages.catalog import PERSON_BLOCK
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.handover_rules import known_cases
from exchange.messages.personal_data import Correction, CorrectionNotice, DataRequest
from exchange.messages.sensitivity import class_in_person_block
from exchange.messages.wording import fault

_CODE = "case_code"


def correction_faults(
    document: Document, notice: CorrectionNotice, context: RuleContext, facts: Facts
) -> Faults:
    """Return the faults of a data correction, in the order of the checks."""
    act = Act(document, notice.header, context, facts)
    cases = [line.case_code for line in notice.persons]
    own = OwnFaults(
        references=_correction_references(act, notice, cases),
        counts=_changes(notice),
        safeguards=_correction_safeguards(act, notice),
    )
    return in_order(act, own, cases=cases)


def data_request_faults(
    document: Document, request: DataRequest, context: RuleContext, facts: Facts
) -> Faults:
    """Return the faults of a personal data request, in the order of the checks."""
    act = Act(document, request.header, context, facts)
    cases = [line.case_code for line in request.persons]

    def dates(days: Days) -> None:
        for index, line in enumerate(request.persons):
            days.not_before(context.day, line.answer_by, "persons", index, "answer_by")

    own = OwnFaults(references=known_cases(act, cases), dates=dates)
    return in_order(act, own, cases=cases)


def _correction_references(act: Act, notice: CorrectionNotice, cases: list[str]) -> Iterator[Fault]:
    yield from known_cases(act, cases)
    for place, change in _places(notice):
        if change.pointer.split("/")[1] not in PERSON_BLOCK:
            expected, found = "a member of the person block", "another place"
            yield fault("reference_unknown", "reference.value", place, expected=expected, found=found)


def _changes(notice: CorrectionNotice) -> Iterator[Fault]:
    """Something is corrected, and no case becomes another."""
    for place, change in _places(notice):
        if same_value(change.wrong, change.right):
            yield fault("form_invalid", "change.same", place, expected="another value", found="the same")
        elif change.pointer.split("/")[1] == _CODE:
            yield fault("form_invalid", "change.code", place, expected="another member", found="a code")


def _correction_safeguards(act: Act, notice: CorrectionNotice) -> Iterator[Fault]:
    """The class is that of the members; everybody who received the data is told."""
    for _, change in _places(notice):
        values = (change.wrong, change.right)
        needed = max(class_in_person_block(change.pointer, value) for value in values)
        if str(needed) > act.header.sensitivity:
            yield fault(
                "form_invalid",
                "sensitivity.low",
                "/header/sensitivity",
                expected=str(needed),
                found=act.header.sensitivity,
            )
    for index, line in enumerate(notice.persons):
        told = {AgencyCode(code) for code in line.passed_on_to}
        others = set(act.facts.others_told(CaseCode(line.case_code), act.context.sender)) - told
        if others:
            place, expected = pointer("persons", index, "passed_on_to"), ", ".join(sorted(others))
            yield fault(
                "safeguard_missing", "safeguard.told", place, expected=expected, found=f"{len(told)} named"
            )


def _places(notice: CorrectionNotice) -> Iterator[tuple[str, Correction]]:
    for number, line in enumerate(notice.persons):
        for index, change in enumerate(line.changes):
            yield pointer("persons", number, "changes", index), change
