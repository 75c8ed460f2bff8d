# SPDX-License-Identifier: Apache-2.0
"""Cases about what a message says: version, form, codes, the rules of the catalogue, consent and state.

The rules of every type have examples of their own in `schemas/examples`. Here stands one or more of each
code, on the notice that everybody knows, so that a node shows the order of its checks and its codes.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Final

from exchange.ids import b64url
from exchange.kit.breaking import Wrong, in_document, out_of_document
from exchange.kit.cases import ACCEPTED, Case, Offer, one, rejected
from exchange.kit.scribe import Scribe
from exchange.messages.document import object_at, objects_at
from exchange.protocol.parts import SALT_BYTES, Document
from exchange.protocol.strictjson import JsonValue

Place = Sequence[str | int]
FIRST: Final = ("persons", 0)


def _set(name: str, rule: str, description: str, code: str, place: Place, value: JsonValue) -> Case:
    return one(name, rule, description, rejected(code), Wrong(document=in_document(place, value)))


def _out(name: str, rule: str, description: str, code: str, place: Place) -> Case:
    return one(name, rule, description, rejected(code), Wrong(document=out_of_document(place)))


def _lists_with(**versions: str) -> Callable[[Document], Document]:
    def change(right: Document) -> Document:
        header = object_at(right, "header")
        lists = object_at(header, "list_versions")
        return {**right, "header": {**header, "list_versions": {**lists, **versions}}}

    return change


AGREED: Final = (
    one("type-not-agreed", "content.agreed", "The agreement knows no such type of message.",
        rejected("type_not_agreed"), context="narrow"),
)  # fmt: skip
VERSIONS: Final = (
    _set("version-major", "content.version", "The form is of a later major version.", "version_unsupported",
         ("header", "type_version"), "2.0"),
    one("version-minor", "content.version", "The form is of a later minor version; the newest one reads it.",
        ACCEPTED, Wrong(document=in_document(("header", "type_version"), "1.99"))),
    _set("version-no-form", "content.version", "The type has no form: a receipt is an entry, not a message.",
         "version_unsupported", ("header", "type"), "ACK"),
    _set("version-type-unknown", "content.version", "No such type is known.", "code_unknown",
         ("header", "type"), "XYZ"),
    one("version-lists-major", "content.version", "A list of codes is of a later major version.",
        rejected("version_unsupported"), Wrong(document=_lists_with(agencies="99.0.0"))),
    one("version-lists-minor", "content.version", "A list of codes is of a later minor version.", ACCEPTED,
        Wrong(document=_lists_with(agencies="1.99.0"))),
)  # fmt: skip

FORMS: Final = (
    _out("form-type-missing", "content.form", "The header has no type.", "form_invalid", ("header", "type")),
    _out("form-sex-missing", "content.form", "A member that is needed is missing.", "form_invalid",
         (*FIRST, "sex")),
    _out("form-period-missing", "content.form", "The first day of the period is missing.", "form_invalid",
         ("content", "proposed_from")),
    _set("form-unknown-member", "content.form", "A member is not in the form.", "form_invalid",
         (*FIRST, "nickname"), "x"),
    _set("form-unknown-in-header", "content.form", "A member of the header is not in the form.",
         "form_invalid",
         ("header", "priority"), "x"),
    _set("form-count-as-text", "content.form", "A number is written as a text.", "form_invalid",
         ("content", "persons_count"), "1"),
    _set("form-null", "content.form", "A member is null.", "form_invalid", (*FIRST, "sex"), None),
    _set("form-date", "content.form", "A day is written in another form.", "form_invalid",
         ("content", "proposed_from"), "04/10/2027"),
    _set("form-khmer-digits", "content.form", "A day is written with Khmer digits.", "form_invalid",
         ("content", "proposed_from"), "២០២៧-១០-០៤"),
    _set("form-case-code", "content.form", "A line feed follows a case code.", "form_invalid",
         ("header", "case_codes"), ["7KQ2-M9XD-4TBE\n"]),
    _set("form-long-name", "content.form", "A name has more than 200 characters.", "form_invalid",
         (*FIRST, "names"), [{"script": "Latn", "kind": "official", "full": "N" * 201}]),
    _set("form-direction", "content.form", "A name turns the direction of writing.", "form_invalid",
         (*FIRST, "names"), [{"script": "Latn", "kind": "official", "full": "NGUYEN \u202e Thi Mai"}]),
)  # fmt: skip

DISCLOSURE: Final = (
    _set("disclosure-diagnosis", "content.disclosure", "A diagnosis is sent.", "over_disclosure",
         (*FIRST, "diagnosis"), "x"),
    _set("disclosure-religion", "content.disclosure", "A religion is sent.", "over_disclosure",
         (*FIRST, "religion"), "x"),
    _set("disclosure-shelter", "content.disclosure", "The address of a shelter is sent.", "over_disclosure",
         ("content", "shelter_address"), "x"),
    _set("disclosure-offence", "content.disclosure", "An offence is sent in the header.", "over_disclosure",
         ("header", "offence"), "x"),
)  # fmt: skip

CODES: Final = (
    _set("code-sex", "content.codes", "The code is not in its list.", "code_unknown", (*FIRST, "sex"), "Q"),
    _set("code-capitals", "content.codes", "The code is written in capitals.", "code_unknown",
         ("content", "funding"), "HOST_STATE"),
    _set("code-agency", "content.codes", "The office is in no list.", "code_unknown",
         ("header", "acting_agency"), "ZZ-NOBODY"),
)  # fmt: skip


def _of_the_other_side(scribe: Scribe) -> Iterator[Offer]:
    """Say that an office of the recipient acts for the sender."""
    wrong = Wrong(document=in_document(("header", "acting_agency"), scribe.partner.agency))
    written = scribe.write(wrong)
    yield Offer((written.line,), (rejected("signer_not_authorised"),), (written.entry,))


def _purpose_out(right: Document) -> Document:
    return out_of_document(("header", "purpose"))(right)


def _consents(name: str, description: str, **changes: JsonValue) -> Case:
    def change(right: Document) -> Document:
        person = objects_at(right, "persons")[0]
        consents: list[JsonValue] = [{**consent, **changes} for consent in objects_at(person, "consents")]
        return in_document((*FIRST, "consents"), consents)(right)

    return one(
        f"consent-{name}", "content.consent", description, rejected("consent_missing"), Wrong(document=change)
    )


def _period_turned(right: Document) -> Document:
    """Change the two days of the period."""
    content = object_at(right, "content")
    turned = {"proposed_from": content["proposed_to"], "proposed_to": content["proposed_from"]}
    return {**right, "content": {**content, **turned}}


def _linked_to_itself(right: Document) -> Document:
    code = objects_at(right, "persons")[0]["case_code"]
    return in_document((*FIRST, "links"), [{"kind": "sibling", "case_code": code}])(right)


def _part_without_entry(scribe: Scribe) -> Iterator[Offer]:
    """Send an attachment that the header does not list."""
    salt = b64url(scribe.random(SALT_BYTES))
    part = f'{{"salt":"{salt}","number":1,"data":"{b64url(b"text")}"}}'.encode()
    written = scribe.write(Wrong(parts=lambda right: [*right, part]))
    yield Offer((written.line,), (rejected("attachment_mismatch"),), (written.entry,))


RULES: Final = (
    Case("office-of-the-other-side", "content.office", "The office that acts is one of the recipient.",
         _of_the_other_side),
    _set("office-second-person-is-the-first", "content.office", "The second person is the first one.",
         "signer_not_authorised", ("header", "released_by"), "P-0001"),
    one("reference-linked-to-itself", "content.references", "A person is linked to the case of this person.",
        rejected("reference_unknown"), Wrong(document=_linked_to_itself)),
    one("date-period-turned", "content.dates", "The period ends before it begins.", rejected("date_invalid"),
        Wrong(document=_period_turned)),
    _set("date-no-such-day", "content.dates", "The day does not exist.", "date_invalid",
         ("content", "proposed_to"), "2027-11-31"),
    _set("date-buddhist", "content.dates", "A year of birth is one of the Buddhist Era.", "date_invalid",
         (*FIRST, "birth", "value"), "2546-05-14"),
    _set("count-persons", "content.counts", "Two persons are said and one is listed.", "count_invalid",
         ("content", "persons_count"), 2),
    _set("count-children", "content.counts", "A child is said and none is listed.", "count_invalid",
         ("content", "children_count"), 1),
    _set("count-case-codes", "content.counts", "The header names a case that is not listed.", "count_invalid",
         ("header", "case_codes"), ["7KQ2-M9XD-4TBE"]),
    Case("attachment-without-entry", "content.attachments",
         "A part is an attachment that the header does not list.", _part_without_entry),
    one("purpose-missing", "content.purpose", "There is no purpose.", rejected("purpose_missing"),
        Wrong(document=_purpose_out)),
    _set("purpose-of-another-type", "content.purpose", "The purpose is one of another type.",
         "purpose_missing",
         ("header", "purpose"), "follow_up"),
    _set("safeguard-child-flag", "content.safeguards", "An adult has the flag of a child.",
         "safeguard_missing",
         (*FIRST, "flags"), ["child"]),
    _set("safeguard-called-an-adult", "content.safeguards", "A child is called an adult.",
         "safeguard_missing",
         (*FIRST, "birth", "value"), "2016-02-11"),
    _set("consent-none", "content.consent", "No consent is named.",
         "consent_missing", (*FIRST, "consents"), []),
    _consents("refused", "The person refused.", state="refused"),
    _consents("other-scope", "The consent is for something else.", scope="trace_family"),
    _consents("of-a-guardian", "A guardian agreed for an adult.", giver="guardian"),
)  # fmt: skip


def _second_notice(scribe: Scribe) -> Iterator[Offer]:
    """Announce a person a second time while the first notice waits for its decision."""
    kept: list[Document] = []

    def keep(right: Document) -> Document:
        kept.append(deepcopy(right))
        return right

    def same_case(right: Document) -> Document:
        code = objects_at(kept[0], "persons")[0]["case_code"]
        right = in_document((*FIRST, "case_code"), code)(right)
        return in_document(("header", "case_codes"), [code])(right)

    first = scribe.write(Wrong(document=keep))
    yield Offer((first.line,), (ACCEPTED,), (first.entry,))
    second = scribe.write(Wrong(document=same_case))
    yield Offer((second.line,), (rejected("state_conflict"),), (second.entry,))


STATES: Final = (
    Case("state-announced-twice", "content.state",
         "A person is announced again while the first notice waits.",
         _second_notice),
)  # fmt: skip

CASES: Final = (*VERSIONS, *FORMS, *DISCLOSURE, *CODES, *RULES, *STATES)
