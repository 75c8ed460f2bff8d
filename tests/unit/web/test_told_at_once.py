# SPDX-License-Identifier: Apache-2.0
"""What is wrong with one answer is told at its question when it is saved, not at the end."""

from pathlib import Path
from typing import Any

import pytest
from exchange.i18n import LANGUAGES
from tests.support.writers import ANSWERS, Writer, play
from tests.unit.web.test_naming import Desk
from tests.unit.web.test_naming import play as play_case

CHILD = {**ANSWERS["birth"], "f-value_y": "2015"}
GUARDIAN = {
    "f-kind": "person", "f-name": "SOK Chan", "f-from_d": "1", "f-from_m": "9", "f-from_y": "2027",
}  # fmt: skip
INTERESTS = {
    "f-decision": "return_to_family", "f-body": "social_welfare", "f-summary": "her mother waits for her",
    "f-on_d": "1", "f-on_m": "10", "f-on_y": "2027",
}  # fmt: skip


async def save(writer: Writer, form: str, place: str, answer: dict[str, Any]) -> Any:
    address = f"/form/{form}/{place}"
    await writer.visitor.get(address)
    return await writer.step(address, answer)


WRONG = [
    ("names", {}, "Enter: Names"),
    ("names", {"f-0-kind": "official"}, "Enter: Full form"),
    ("nationality", {"f-0-country": ""}, "Enter: Nationality"),
    ("nationality", {"f-0-country_o": "Atlantis"}, "Country: choose one of the list"),
    ("consents", {}, "Enter: Consents"),
    ("birth", {"f-value_y": "15"}, "Year, month or day: enter a day that exists, for example 14 5 2015"),
    ("birth", {"f-precision": "range"}, "Earliest day of a range"),
    ("birth", {**ANSWERS["birth"], "f-precision": "day"}, "Precision: this does not fit the date above"),
    ("documents", {"f-0-type": "passport", "f-0-country_o": "nowhere"}, "Country: choose one of the list"),
    ("place_of_origin", {"f-country": "VN"}, "Enter: Units, largest first"),
    ("languages", {"f-spoken_o": "Atlantean"}, "Spoken: choose of the list"),
    ("links", {"f-0-kind": "sibling", "f-0-case_code": "12"}, "enter the code of a case, for example 7KQ2"),
    ("guardian", {**GUARDIAN, "f-kind": "agency"}, "Enter: Agency"),
    ("guardian", {**GUARDIAN, "f-name": ""}, "Enter: Name"),
]


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
def test_a_wrong_answer_is_not_saved_and_says_what_is_expected(
    tmp_path: Path, name: str, answer: dict[str, str], words: str
) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()

        shown = await save(writer, form, f"persons/0/{name}", answer)

        assert (shown.status, shown.says(words)) == (400, True), shown.words
        assert name not in (await writer.forms())[0].given["persons"][0]

    play(tmp_path, story)


def test_what_depends_on_other_questions_holds_nobody_at_this_one(tmp_path: Path) -> None:
    """A consent for something else, and an adult without papers, are told when everything is looked at."""

    async def story(writer: Writer) -> None:
        form = await writer.begin()
        photo = {**ANSWERS["consents"], "f-0-scope": "photo"}

        taken = [
            await save(writer, form, "persons/0/consents", photo),
            await save(writer, form, "persons/0/documents", {}),
            await save(writer, form, "persons/0/birth", {"f-value_y": "2001"}),
        ]

        assert [shown.status for shown in taken] == [303, 303, 303]

    play(tmp_path, story)


def test_a_birth_may_be_a_year_alone_and_says_how_exact_it_is(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()

        await save(writer, form, "persons/0/birth", {**ANSWERS["birth"], "f-precision": ""})

        birth = (await writer.forms())[0].given["persons"][0]["birth"]
        assert (birth["value"], birth["precision"]) == ("2001", "year")

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("typed", "country"),
    [({"f-0-country": "LA"}, "LA"), ({"f-0-country_o": "vn"}, "VN"), ({"f-0-country_o": "ຫວຽດນາມ"}, None),
     ({"f-0-country_o": "វៀតណាម"}, "VN"), ({"f-0-country_o": "Mongolia"}, "MN")],
)  # fmt: skip
def test_a_country_is_chosen_or_written(tmp_path: Path, typed: dict[str, str], country: str | None) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()

        shown = await save(writer, form, "persons/0/nationality", typed)

        person = (await writer.forms())[0].given["persons"][0]
        assert shown.status == (400 if country is None else 303)
        assert person.get("nationality") == (None if country is None else [{"country": country}])

    play(tmp_path, story)


def test_the_countries_of_the_case_are_the_first_of_the_list(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()

        shown = await writer.visitor.get(f"/form/{form}/persons/0/nationality")

        offered = shown.text.partition("<select")[2]
        assert offered.index("Vietnam") < offered.index("Cambodia") < offered.index("China")

    play(tmp_path, story)


def test_a_child_is_asked_for_guardian_and_best_interests_and_both_are_needed(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        more = {"guardian": GUARDIAN, "best_interests": INTERESTS}

        await save(writer, form, "persons/0/birth", CHILD)
        empty = [await save(writer, form, f"persons/0/{name}", {}) for name in more]
        await writer.answer(form, {**ANSWERS, **more})

        assert [
            shown.words.count(f"Enter: {title}") > 0 for shown, title in zip(empty, TITLES, strict=True)
        ] == [True] * 2
        assert [shown.status for shown in empty] == [400, 400]
        person = (await writer.forms())[0].given["persons"][0]
        assert (person["guardian"]["name"], person["best_interests"]["body"]) == (
            "SOK Chan",
            "social_welfare",
        )

    play(tmp_path, story)


TITLES = ("Guardian", "Best-interests decision")


def test_an_adult_is_not_asked_what_only_a_child_is_asked(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)

        answered = (await writer.forms())[0].answered

        assert "persons/0/birth" in answered
        assert not {"persons/0/guardian", "persons/0/best_interests"} & set(answered)

    play(tmp_path, story)


def test_a_name_is_needed_in_latin_letters_unless_it_is_not_known(tmp_path: Path) -> None:
    """Source: procedure, names are recorded in the original script and in Latin letters."""

    async def story(writer: Writer) -> None:
        form, khmer = await writer.begin(), {"f-0-full": "សុខ ដារ៉ា"}

        told = await save(writer, form, "persons/0/names", khmer)
        kept = (await writer.forms())[0].given["persons"][0]
        both = await save(writer, form, "persons/0/names", {**khmer, "f-1-full": "SOK Dara"})
        unknown = await save(writer, form, "persons/0/names", {**khmer, "latin": "yes"})

        assert (told.status, told.says("enter the name in Latin letters as well")) == (400, True)
        assert told.says("The name is not known in Latin letters")
        assert 'name="f-1-full"' in told.text
        assert ("names" in kept, both.status, unknown.status) == (False, 303, 303)

    play(tmp_path, story)


def test_another_name_can_be_added_before_there_is_one_in_latin_letters(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form, khmer = await writer.begin(), {"f-0-full": "សុខ ដារ៉ា"}

        taken = await save(writer, form, "persons/0/names", {**khmer, "another": "yes"})
        told = await save(writer, form, "persons/0/names", {**khmer, "f-1-full": "สุข"})

        assert taken.to.endswith("/persons/0/names?another=1")
        assert (told.status, told.says("enter the name in Latin letters as well")) == (400, True)

    play(tmp_path, story)


def test_a_buddhist_year_is_shown_as_it_was_understood_and_saved_the_second_time(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form, typed = await writer.begin(), {"f_d": "៥", "f_m": "១០", "f_y": "២៥៧០"}

        told = await save(writer, form, "content/0/proposed_from", typed)
        again = await writer.step(f"/form/{form}/content/0/proposed_from", {**typed, "f_y": "2027"})

        assert (told.status, told.says("was read as 5 October 2027")) == (400, True)
        assert 'value="2027"' in told.text
        assert again.status == 303
        assert (await writer.forms())[0].given["content"]["proposed_from"] == "2027-10-05"

    play(tmp_path, story)


def test_a_thai_page_takes_and_shows_years_of_its_calendar(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        await writer.visitor.post("/account/language", language="th")
        form = await writer.begin()

        taken = await save(writer, form, "content/0/proposed_from", {"f_d": "5", "f_m": "10", "f_y": "2570"})
        shown = await writer.visitor.get(f"/form/{form}/content/0/proposed_from")

        assert taken.status == 303
        assert (await writer.forms())[0].given["content"]["proposed_from"] == "2027-10-05"
        assert 'value="2570"' in shown.text
        assert "พ.ศ." in shown.text

    play(tmp_path, story)


def test_two_days_in_the_wrong_order_are_both_named(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, {**ANSWERS, "proposed_to": {"f_d": "4", "f_m": "10", "f_y": "2027"}})

        whole = await writer.visitor.get(f"/form/{form}/check")
        asked = await writer.visitor.get(f"/form/{form}/content/0/proposed_to?back=check")

        words = "“First day of the period” must come before “Last day of the period”"
        assert whole.says(words), whole.words
        assert asked.says(words)

    play(tmp_path, story)


def test_what_is_wrong_with_the_whole_is_told_at_its_input(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        expired = {**ANSWERS["documents"], "f-0-expires_y": "2026"}
        await writer.answer(form, {**ANSWERS, "documents": expired})

        asked = await writer.visitor.get(f"/form/{form}/persons/0/documents?back=check")

        assert 'href="#f-0-expires"' in asked.text
        assert asked.words.count("This has expired") == 2

    play(tmp_path, story)


def test_what_was_entered_below_more_is_open(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await save(writer, form, "persons/0/documents", ANSWERS["documents"])

        shown = await writer.visitor.get(f"/form/{form}/persons/0/documents")

        assert '<details class="govuk-details" open>' in shown.text

    play(tmp_path, story)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_can_be_looked_at_and_is_short(tmp_path: Path, language: str) -> None:
    """A page is at most 30 kB, with all its lists."""

    async def story(writer: Writer) -> None:
        await writer.visitor.post("/account/language", language=language)
        for type_code in ("RPN", "VRQ"):
            form = await writer.begin(type_code)
            for name in ("birth", "nationality", "place_of_origin", "languages", "documents", "names"):
                shown = await writer.visitor.get(f"/form/{form}/persons/0/{name}")
                assert (shown.status, len(shown.text.encode()) < 30_000) == (200, True), name

    play(tmp_path, story)


def test_an_officer_who_is_missing_or_no_number_is_told_at_the_question(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        address = f"{await desk.begin('HPR')}/content/0/stop_officers"

        alone, named, right = [
            await desk.officer.post(address, **await shown(desk, address), **{"f-ours": "P-0001"}, **more)
            for more in ({}, {"f-theirs": "Sok Dara"}, {"f-theirs": "P-0002"})
        ]

        assert [page.status for page in (alone, named, right)] == [400, 400, 303]
        assert alone.says("Enter: Officer of the partner")
        assert named.says("enter the number of an officer in the directory, for example P-0001")

    play_case(tmp_path, story)


async def shown(desk: Desk, address: str) -> dict[str, str]:
    hidden = (await desk.officer.get(address)).hidden
    return {"version": hidden["version"], "back": ""}
