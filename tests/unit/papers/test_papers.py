# SPDX-License-Identifier: Apache-2.0
"""Papers in two languages: what stands on them, what never does, and what is refused."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from exchange.errors import UsageError
from exchange.i18n import label
from exchange.i18n.breaks import ZERO_WIDTH_SPACE
from exchange.interfaces.papers import paper_of
from exchange.messages.codelists import codelist
from exchange.service.meetings import Meeting
from exchange.service.papers import NamedMessage, Opened
from exchange.service.rows import MessageState
from tests.support.papers import SENT_AT, example, examples, many_lines, opened, printed

NOTICE, DECISION = "rpn/child-with-guardian-and-best-interests", "rpd/three-persons-three-outcomes"
RECORD, AGREED = "hrc/first-record-two-handed-over", "hrc/countersignature-agreed"
LIST, STATEMENT = "hdp/three-persons", "stm/auditors-month"
BOTH = ("km", "en")


class Page(HTMLParser):
    """Collects text, elements and attributes of a paper."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.elements, self.attributes = "", set[str](), set[str]()
        self.feed(html)
        self.text = self.text.replace(ZERO_WIDTH_SPACE, "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def page(made: Opened, languages: tuple[str, ...] = BOTH) -> Page:
    return Page(paper_of(made, languages).html)


@pytest.mark.parametrize("name", examples())
def test_every_type_can_be_printed(name: str) -> None:
    made = opened(name)

    text = page(made).text

    assert made.main.row.id in text
    assert made.main.row.commitment in text
    assert label("message-types", made.main.row.type, "en") in text or made.main.row.type == "HRC"


def test_codes_and_titles_stand_in_both_languages() -> None:
    text = page(opened(NOTICE)).text

    for language in BOTH:
        assert label("message-types", "RPN", language) in text
        assert label("sexes", "F", language) in text
    assert "Needs on arrival" in text


def test_a_name_stands_in_every_script_once() -> None:
    text = page(opened(NOTICE)).text

    names = [name["full"] for name in example(NOTICE)["persons"][0]["names"]]
    assert all(name in text for name in names)


@pytest.mark.parametrize(
    ("text", "language"),
    [("សុខ ចាន់ធូ", "km"), ("สก จันทู", "th"), ("ສຸກ ຈັນທູ", "lo"), ("NGUYỄN Thị Ánh", "")],
)
def test_a_name_is_marked_as_the_language_of_its_script(text: str, language: str) -> None:
    """Lines of Khmer are higher: on an English paper signs below a letter touched the next line."""
    for name, member in ((NOTICE, "names"), (LIST, "names"), (RECORD, "names")):
        document = example(name)
        document["persons"][0][member] = [{"full": text}]

        html = paper_of(Opened(printed(document)), ("en",)).html.replace(ZERO_WIDTH_SPACE, "")

        assert (f'<span lang="{language}">{text}</span>' in html) is bool(language), name


def test_days_show_the_calendar_of_each_language() -> None:
    text = page(opened(NOTICE), ("th", "en")).text

    assert "4 ตุลาคม พ.ศ. 2570 (ค.ศ. 2027)" in text
    assert "4 October 2027" in text


def test_one_language_alone_is_enough() -> None:
    found = page(opened(DECISION), ("en",))

    assert "Repatriation decision" in found.text
    assert "draft" not in found.text


def test_a_machine_draft_says_so_on_the_paper() -> None:
    english = "Machine draft. It must be reviewed by a native speaker"

    assert english not in page(opened(NOTICE), ("en",)).text
    assert '<div class="note">' in paper_of(opened(NOTICE), ("vi",)).html


def test_what_stays_in_the_message_is_counted_on_the_paper() -> None:
    text = page(opened(NOTICE), ("en",)).text

    assert "Values of class S4 that are not on paper: 1." in text
    assert "Best-interests decision" not in text


FAMILY, FREE = "trq/child-with-a-threat-in-the-family", "trq/adult-agrees-to-tell-what-happened"
MUST_NOT_LEARN = "Persons and offices that must not learn of it"


def rows(made: Opened) -> list[str]:
    """Return the rows of a paper in English, as text."""
    html = paper_of(made, ("en",)).html
    return [" ".join(Page(row).text.split()) for row in re.findall(r"<tr[^>]*>.*?</tr>", html, re.DOTALL)]


def test_a_paper_never_says_none_of_a_list_that_stays_in_the_message() -> None:
    """An officer would ask the aunt who must not learn of it."""
    told, nobody = rows(opened(FAMILY)), rows(opened(FREE))

    assert f"{MUST_NOT_LEARN} Not on paper: 2. Read the message itself." in told
    assert "What must be done or avoided Under 18 Not on paper: 1. Read the message itself." in told
    assert f"{MUST_NOT_LEARN} none" in nobody


def test_the_attached_json_says_which_list_is_not_whole() -> None:
    value = json.loads(paper_of(opened(FAMILY), ("en",)).attached)

    assert value["left_out_of"] == {"/persons/0/flags": 1, "/persons/0/not_to_contact": 2}


def test_a_final_list_says_of_whom_more_must_be_minded() -> None:
    restricted = rows(opened("hdp/night-departure-with-restricted-flag"))

    said = [
        "Not on paper: 1. Read the message itself." in row
        for row in restricted
        if row[:2] in ("1 ", "2 ", "3 ")
    ]
    assert said == [False, False, True]


@pytest.mark.parametrize("state", list(MessageState))
def test_a_message_that_has_no_effect_says_so_on_paper(state: MessageState) -> None:
    made = opened(NOTICE)
    row = replace(made.main.row, state=state)

    text = page(replace(made, main=replace(made.main, row=row)), ("en",)).text

    gone = state in (MessageState.REJECTED, MessageState.VOIDED)
    assert ("This message has no effect: it was rejected" in text) is gone


def test_a_paper_of_a_training_node_has_a_band() -> None:
    assert "Training. Not a real person." in page(opened(NOTICE, training=True), ("en",)).text
    assert "Training" not in page(opened(NOTICE), ("en",)).text


def test_minutes_show_each_person_and_who_signed() -> None:
    text = page(opened(RECORD, AGREED), ("en",)).text

    for person in example(RECORD)["persons"]:
        assert person["case_code"] in text
    assert text.count("Signed electronically by officer") == 2
    assert "Agreed as it stands" in text


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("birth_certificate", [label("id-document-types", "birth_certificate", each) for each in BOTH]),
        ("letter of the police", ["letter of the police"]),
    ],
    ids=["a code", "a text"],
)
def test_a_paper_that_is_named_by_its_code_is_read_in_every_language(what: str, said: list[str]) -> None:
    document = example(RECORD)
    document["persons"][0]["papers"] = [{"what": what, "number": "E 17"}]

    text = page(Opened(printed(document))).text

    assert [words for words in said if words not in text] == []
    assert "E 17" in text
    assert (what in text) is (what == said[0])


def test_one_agency_alone_has_its_stamp_beside_its_places_and_two_have_it_below() -> None:
    alone, both = paper_of(opened(DECISION), ("en",)).html, paper_of(opened(RECORD), ("en",)).html

    assert alone.count('<td colspan="2"><div class="stamp">') == 1
    assert '<td colspan="2"><div class="stamp">' not in both
    assert both.count('<div class="stamp">') == 2
    for text in (alone, both):
        assert text.count("Place and date") == text.count('<div class="stamp">')


@pytest.mark.parametrize("name", [DECISION, RECORD, LIST, STATEMENT])
@pytest.mark.parametrize("languages", [("km",), BOTH], ids="-".join)
def test_nothing_stands_behind_the_places_to_sign(name: str, languages: tuple[str, ...]) -> None:
    """A remark there would need a page of its own as soon as the places fill theirs."""
    html = paper_of(opened(name), languages).html

    behind = html.rpartition('<table class="sign">')[2].partition("</section>")[2]
    assert Page(behind).text.split() == []


@pytest.mark.parametrize("languages", [("en",), BOTH], ids="-".join)
def test_the_foot_says_what_the_paper_proves_and_what_its_code_is(languages: tuple[str, ...]) -> None:
    html = paper_of(opened(DECISION), languages).html

    foot = html.partition('<table class="foot">')[2].partition("</table>")[0]
    assert "Paper is a copy; what proves the message is the ledger" in foot
    assert foot.count("The square code holds the number of the message") == 1
    assert foot.count('<p lang="') == len(languages)


def test_the_name_of_one_signer_stands_beside_the_heading() -> None:
    html = paper_of(opened(DECISION), ("en",)).html

    block = html.rpartition('<table class="sign">')[2]
    assert block.startswith("<tr><td><h2>Signatures</h2></td>")


def test_minutes_that_the_other_side_has_not_signed_say_so() -> None:
    text = page(opened(RECORD), ("en",)).text

    assert text.count("Signed electronically by officer") == 1
    assert "Not signed electronically yet." in text


def test_a_reservation_of_the_other_side_stands_in_its_words() -> None:
    reserved = "hrc/countersignature-with-reservation"

    text = page(opened(RECORD, reserved), ("en",)).text

    assert example(reserved)["content"]["reservations"] in text
    assert "Agreed as it stands" not in text


OF_THE_LIST = [code for code in codelist("handover-outcomes").codes if code != "added"]
"""Outcomes of somebody who is on the list."""


def test_before_the_record_the_list_is_a_form_with_a_box_for_every_outcome_of_the_list() -> None:
    made = paper_of(opened(LIST, blank=True), ("en",))

    assert made.html.count('class="box"') == len(OF_THE_LIST) * len(example(LIST)["persons"])
    assert "to be filled in by hand" in Page(made.html).text


@pytest.mark.parametrize("languages", [("en",), BOTH], ids="-".join)
def test_a_form_has_a_place_for_each_member_that_a_line_of_the_record_needs(
    languages: tuple[str, ...],
) -> None:
    """What nobody wrote down at the crossing would have to be guessed in the office."""
    text = page(opened(LIST, blank=True), languages).text

    for word in (
        "Compared with photograph or paper",
        "Papers and belongings handed over",
        "Custody, remarks",
    ):
        assert text.count(word) == 1
    assert text.count("Why not handed over") == text.count("Condition on arrival") == 1


def test_a_form_has_a_line_for_somebody_who_is_on_no_list() -> None:
    lines = rows(opened(LIST, blank=True))

    assert "Added Names Sex as in a travel document Consents" in lines
    assert lines.index("Added Names Sex as in a travel document Consents") > max(
        at for at, line in enumerate(lines) if "CHEA Vuthy" in line
    )


def _sides(made: Opened) -> dict[str, str]:
    """Return what each agency does at the crossing, by its code."""
    block = paper_of(made, ("en",)).html.rpartition('<table class="sign">')[2]
    cells = re.findall(r"<strong>[^<]*\(([A-Z-]+)\)</strong><p>([^<]*)</p>", block)
    return dict(cells)


HANDS_OVER = {"TH-MSDHS-DATIP": "Host side: hands over", "KH-MOSVY-DAHT": "Origin side: takes over"}


def by_the_origin_side() -> Opened:
    """Return a record that the side of origin wrote."""
    document = example(RECORD)
    header = document["header"]
    header["sender"], header["recipient"] = header["recipient"], header["sender"]
    document["content"]["signatory"]["side"] = "origin"
    return Opened(printed(document))


@pytest.mark.parametrize(
    "made",
    [opened(RECORD), opened(RECORD, AGREED), by_the_origin_side(), opened(LIST, blank=True)],
    ids=["by the host", "signed by both", "by the origin side", "to be filled in"],
)
def test_minutes_say_who_hands_over_whoever_wrote_them(made: Opened) -> None:
    """From and To are those of the message; at the crossing it may be the other way round."""
    assert _sides(made) == HANDS_OVER


def test_a_form_before_the_departure_says_who_hands_over_if_the_origin_side_proposed() -> None:
    proposed = opened("hpr/proposed-by-the-origin-side", blank=True)

    known = replace(proposed, meeting=replace(MEETING, host=proposed.main.recipient))

    assert _sides(known)[proposed.main.recipient] == "Host side: hands over"
    assert _sides(known)[proposed.main.sender] == "Origin side: takes over"
    assert _sides(replace(proposed, meeting=MEETING)) == {}


def test_each_signature_says_for_which_office_it_was_given() -> None:
    text = page(opened(RECORD, AGREED), ("en",)).text

    for name in (RECORD, AGREED):
        office = example(name)["header"]["acting_agency"]
        assert text.count(f"{label('agencies', office, 'en')} ({office})") >= 1
    assert "Office that does this act" not in text


def test_a_supplement_says_which_record_it_adds_to() -> None:
    made = opened("hrc/supplement-for-one-person")
    record = made.main.document["content"]["supplements"]  # type: ignore[index, call-overload]
    named = {record["id"]: NamedMessage("HRC", SENT_AT)}  # type: ignore[index, call-overload]

    text = " ".join(page(replace(made, named=named), ("en",)).text.split())

    assert "Record it adds to Handover record, sent 17 September 2027, 09:50 (UTC+07:00)" in text


def test_an_empty_list_of_things_says_so_and_leaves_no_room_to_add_one() -> None:
    first, second = (
        row for row in rows(opened(RECORD)) if row in ("travel document E0000001 2 bag", "none none")
    )

    assert (first, second) == ("travel document E0000001 2 bag", "none none")


def test_minutes_have_the_consents_of_who_was_added() -> None:
    made = opened("hrc/first-record-child-added-with-custody")

    text = page(made, ("en",)).text

    consents = made.main.document["persons"][-1]["consents"]  # type: ignore[index, call-overload]
    assert len(consents) == text.count("Returning to the state of origin, Given, ")
    assert "Legal or appointed guardian, 17 September 2027" in text


def test_a_name_of_who_has_custody_stands_once() -> None:
    document = example(RECORD)
    document["persons"][1]["custody"] |= {"name": "CHAN Sopheap", "relationship": "grandparent"}

    text = page(Opened(printed(document))).text

    assert text.count("CHAN Sopheap") == 1
    assert label("relationships", "grandparent", "en") in text


def test_words_of_the_outcomes_stand_once_in_a_form_of_many_persons() -> None:
    form = replace(many_lines(LIST, 50), blank=True)

    text = page(form, ("en",)).text

    assert text.count("Taken to hospital") == text.count("Custody, remarks") == 1
    assert text.count("AAAA-BBBB-") == 50


def test_the_final_list_has_three_boxes_for_each_person() -> None:
    made = paper_of(opened(LIST), ("en",))

    assert made.html.count('class="box"') == 3 * len(example(LIST)["persons"])


def test_a_statement_shows_both_directions_and_nobody() -> None:
    found = page(opened(STATEMENT), ("th", "en"))

    assert "9120" in found.text
    assert "Balance of each direction" in found.text
    assert "1611" in found.text


def test_the_period_of_a_statement_stands_in_utc_as_its_title_says() -> None:
    lines = rows(opened(STATEMENT))

    assert "Begin, in UTC 1 June 2027, 00:00 (UTC)" in lines
    assert "End, in UTC 1 July 2027, 00:00 (UTC)" in lines


def test_a_statement_says_until_when_it_counts() -> None:
    text = " ".join(page(opened(STATEMENT), ("en",)).text.split())

    assert "Entries and messages counted until 17 September 2027, 09:50 (UTC+07:00)" in text


def test_a_kind_of_difference_stands_in_words() -> None:
    shown = page(opened("stm/auditors-month"), ("en",)).text

    assert "Handed over but no reception confirmed" in shown
    assert "unreceived_person" not in shown


def test_the_foot_holds_the_handover_code_of_minutes_only() -> None:
    assert "XH1:" in page(opened(RECORD)).text
    assert "XH1:" not in page(opened(NOTICE)).text


@pytest.mark.parametrize("language", ["en", "km", "th", "vi"])
def test_no_paper_names_a_command(language: str) -> None:
    """Who holds a paper has no command line; what to do with its code is said in words."""
    for name in (RECORD, LIST, DECISION, STATEMENT):
        html = paper_of(opened(name), (language,)).html

        foot = Page(html.partition('<table class="foot">')[2].partition("</table>")[0]).text
        assert not re.search(r"exchange [a-z]", html), name
        assert ("Either agency compares it" in foot) is (language == "en" and name in (RECORD, LIST))


def test_the_attached_json_is_what_stands_on_the_paper() -> None:
    made = paper_of(opened(RECORD, AGREED), BOTH)

    value = json.loads(made.attached)

    assert value["document"]["persons"][0]["names"] == example(RECORD)["persons"][0]["names"]
    assert value["signed_by"][0]["document"]["content"]["agreed"] is True
    assert value["message"]["pc"] == opened(RECORD).main.row.commitment


def test_letters_that_no_font_has_are_told_on_the_first_page() -> None:
    document = example(NOTICE)
    document["persons"][0]["names"][0]["full"] = "မောင်"

    text = Page(paper_of(Opened(printed(document)), ("en",)).html).text

    assert "U+1019" in text


def test_a_node_without_the_extra_says_how_to_get_the_languages() -> None:
    program = (
        "import sys; sys.modules['babel'] = None; from exchange.interfaces.papers import demand_languages;"
        "print(demand_languages(('en',))); demand_languages(('km', 'en'))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "('en',)"
    assert "texts in km need the package Babel" in done.stderr


def test_the_same_message_gives_the_same_paper() -> None:
    assert paper_of(opened(RECORD), BOTH) == paper_of(opened(RECORD), BOTH)


def test_a_thousand_lines_are_composed_at_once() -> None:
    assert paper_of(many_lines(RECORD, 1000), BOTH).html.count("AAAA-BBBB-") == 1000


@pytest.mark.parametrize("languages", [(), ("lo",), ("km", "km"), ("km", "th", "en"), ("KM",), ("",)])
def test_other_languages_are_refused(languages: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        paper_of(opened(NOTICE), languages)


def test_a_change_says_its_place_and_its_values_in_words() -> None:
    text = page(opened("amd/appointment-one-day-later", changed="HPR"), ("en",)).text

    assert "Place of the member: Begin of the window" in text
    assert "Value as it was sent: 5 October 2027, 09:00 (UTC+07:00)" in text
    assert "/window" not in text


def test_a_change_in_a_list_says_which_entry() -> None:
    text = page(opened("amd/member-added-and-member-taken-out", changed="RPN"), ("en",)).text

    assert "Place of the member: Languages of the person, Spoken 1; Value from now on: Vietnamese" in text
    assert "Place of the member: Papers 1; Value as it was sent: Kind: Passport" in text


def test_a_place_that_no_form_here_has_stays_as_it_was_sent() -> None:
    made = opened("amd/notice-with-a-longer-period", changed="RPN")
    content = {**example("amd/notice-with-a-longer-period")["content"]}
    content["changes"] = [{"pointer": "/of_tomorrow/0", "new": "1"}]
    main = replace(made.main, document={**made.main.document, "content": content})

    text = page(replace(made, main=main), ("en",)).text

    assert "Place of the member: /of_tomorrow/0; Value from now on: 1" in text


def test_a_correction_is_in_words_in_both_languages() -> None:
    text = page(opened("cor/birth-year", changed="RPN")).text

    assert "Place: Birth, Year, month or day" in text
    assert "/birth" not in text


GUARDIAN = {"kind": "person", "name": "SOK Vanna", "from": "2027-09-01"}
MEETING = Meeting(
    terms={"checkpoint": "TH-KH-POIPET", "window_from": "2027-10-04T09:00:00+07:00"},
    persons=(
        {"case_code": "P5HJ-2CYK-6GSM", "names": [{"full": "SOK Chanthou"}], "sex": "F", "is_child": False,
         "ages": [23]},
        {"case_code": "3FWN-8RTA-Q0ZV", "names": [{"full": "SOK Dara"}], "sex": "M", "is_child": True,
         "ages": [15, 16], "guardian": GUARDIAN},
    ),
)  # fmt: skip
PROPOSAL = next(name for name in examples() if name.startswith("hpr/"))


def test_the_final_list_says_where_when_how_old_and_who_acts_for_a_child() -> None:
    text = page(replace(opened(LIST), meeting=MEETING), ("en",)).text

    assert label("checkpoints", "TH-KH-POIPET", "en") in text
    assert "Begin of the window 4 October 2027, 09:00 (UTC+07:00)" in " ".join(text.split())
    assert "Age: 23" in text
    assert "Age: 15-16" in text
    assert "Guardian: " in text


def test_the_final_list_says_whom_it_means_by_named_persons() -> None:
    document = example(LIST)
    document["persons"][2]["flags"] = ["keep_apart"]
    document["persons"][2]["links"] = [
        {"kind": "keep_apart", "case_code": "P5HJ-2CYK-6GSM"},
        {"kind": "couple", "case_code": "9TXC-H2WP-35NE"},
    ]
    document["persons"][1]["links"] += [{"kind": "earlier_case", "case_code": "AAAA-0000-AAAA"}]

    first, second, third = (row for row in rows(Opened(printed(document))) if row[:2] in ("1 ", "2 ", "3 "))

    assert "Parent and child: No. 2" in first
    assert "Parent and child: No. 1" in second
    assert "AAAA-0000-AAAA" not in second
    assert "Must not travel or be lodged with named persons Must be kept apart: No. 1" in third
    assert "Couple: 9TXC-H2WP-35NE" in third


def test_the_final_list_says_until_when_a_paper_is_valid() -> None:
    text = page(opened(LIST), ("th", "en")).text

    assert "E0000001" in text
    assert "Valid until: 31 December 2027" in text
    assert "พ.ศ. 2570" in text


def test_an_age_that_nobody_knows_is_said_to_be_unknown() -> None:
    unknown = {**MEETING.persons[0], "ages": []}

    text = page(replace(opened(LIST), meeting=replace(MEETING, persons=(unknown,))), ("en",)).text

    assert text.count("Age: not known") == 1


def test_a_final_list_of_which_nothing_else_is_shown_has_no_ages() -> None:
    text = page(opened(LIST), ("en",)).text

    assert "Age:" not in text
    assert "Begin of the window" not in text


def test_minutes_before_the_departure_have_a_line_for_each_agreed_person_and_say_so() -> None:
    made = paper_of(replace(opened(PROPOSAL, blank=True), meeting=MEETING), ("en",))

    text = Page(made.html).text
    assert made.html.count('class="box"') == len(OF_THE_LIST) * len(MEETING.persons)
    assert "SOK Chanthou" in text
    assert "SOK Vanna" in text
    assert "Compare the persons with the final list." in text
    assert "Who may stop it" not in text


def test_minutes_after_the_departure_name_who_left_and_not_who_was_agreed() -> None:
    text = page(replace(opened(LIST, blank=True), meeting=MEETING), ("en",)).text

    assert "CHEA Vuthy" in text
    assert "Compare the persons with the final list." not in text


def test_the_attached_json_has_what_other_messages_gave_to_the_paper() -> None:
    value = json.loads(paper_of(replace(opened(LIST), meeting=MEETING), ("en",)).attached)

    assert value["handover"]["proposal"]["checkpoint"] == "TH-KH-POIPET"
    assert value["handover"]["persons"][1]["ages"] == [15, 16]
    assert "handover" not in json.loads(paper_of(opened(LIST), ("en",)).attached)


def test_every_time_on_a_paper_is_of_one_zone() -> None:
    """A message is stamped in UTC and says its events in the time of the place: both stand in one zone."""
    record = paper_of(replace(opened(RECORD, AGREED), zone=ZoneInfo("Asia/Kuala_Lumpur")), BOTH)

    assert set(re.findall(r"\(UTC[^)]*\)", Page(record.html).text)) == {"(UTC+08:00)"}
    assert "10:50 (UTC+08:00)" in Page(record.html).text


ANSWER = "hrp/confirmed"


def test_a_message_that_is_named_is_told_by_its_type_and_when_it_was_sent() -> None:
    confirmed = example(ANSWER)["content"]["confirms"]
    named = {confirmed["id"]: NamedMessage("HPR", SENT_AT)}

    text = " ".join(page(replace(opened(ANSWER), named=named), ("en",)).text.split())

    said = f"{label('message-types', 'HPR', 'en')}, sent 17 September 2027, 09:50 (UTC+07:00)"
    assert f"What is confirmed {said}, number …{confirmed['id'][-8:]}" in text
    assert confirmed["pc"] not in text
    assert confirmed["pc"] in paper_of(opened(ANSWER), ("en",)).attached.decode()


def test_a_message_that_is_not_here_stands_as_its_whole_number() -> None:
    confirmed = example(ANSWER)["content"]["confirms"]

    text = page(opened(ANSWER), ("en",)).text

    assert confirmed["id"] in text
    assert confirmed["pc"] in text
