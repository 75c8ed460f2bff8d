# SPDX-License-Identifier: Apache-2.0
"""Disclosing one message takes two officers, shows one person, and refuses rather than shows another."""

import asyncio
import json
from pathlib import Path

import pytest
from exchange.errors import ExchangeError, InputError, NodeError, UsageError
from exchange.ids import unb64url
from exchange.messages.document import header_of
from exchange.protocol.parts import Document
from exchange.service.disclosing import PROPOSAL_LIFE
from exchange.service.ports import UnitOfWork
from exchange.verifier.disclosure import verify_disclosure
from tests.support.disclosures import PURPOSE, Told, group_disclosure, tell, write_disclosure
from tests.support.erasing import erase
from tests.support.notices import NAMES
from tests.support.world import OFFICER, SECOND, VN


def opened(lines: tuple[bytes, ...]) -> bytes:
    """Return everything that can be read in a disclosure, its parts decoded."""
    parts = [json.loads(line.partition(b" ")[2])["raw"] for line in lines if line.startswith(b"part ")]
    return b"".join(lines) + b"".join(map(unb64url, parts))


async def refused(story: object, error: type[ExchangeError], words: str) -> None:
    with pytest.raises(error, match=words):
        await story  # type: ignore[misc]


def test_the_disclosure_of_one_person_of_a_group_shows_no_other_name() -> None:
    shown = opened(group_disclosure())

    assert NAMES[1].encode() in shown
    assert [name for name in NAMES if name.encode() in shown] == [NAMES[1]]
    assert b"C0000001" in shown
    assert not any(number in shown for number in (b"C0000000", b"C0000002"))


def test_the_common_content_of_a_group_stays_closed() -> None:
    numbers = [json.loads(line[5:])["number"] for line in group_disclosure() if line.startswith(b"part ")]

    assert numbers == [0, 3]


def test_a_message_about_one_person_is_disclosed_with_its_common_content() -> None:
    async def story(told: Told) -> None:
        shown = await told.propose(person=0)
        assert [part["number"] for part in shown["parts"]] == [0, 1, 2]
        assert shown["closed"] == 0

    tell(story, persons=1)


def test_the_minutes_name_who_enrolled_the_partner() -> None:
    minutes = [json.loads(line[8:]) for line in group_disclosure() if line.startswith(b"minutes ")]

    assert [(act["act"], act["actor"], act["partner"]) for act in minutes] == [
        ("partner_enrolled", OFFICER, VN),
        ("partner_enrolled", SECOND, VN),
    ]


def test_both_steps_are_recorded_with_their_purpose() -> None:
    async def story(told: Told) -> None:
        shown = await told.propose()
        await told.disclose(shown["digest"])
        rows = await told.world.kh.store.read(lambda uow: uow.audit.list(limit=2))
        assert [(row.actor, row.act, row.purpose) for row in rows] == [
            (SECOND, "disclosure_confirmed", PURPOSE),
            (OFFICER, "disclosure_proposed", PURPOSE),
        ]

    tell(story)


def test_the_recipient_can_disclose_what_it_received() -> None:
    async def story(told: Told) -> None:
        vn = told.world.vn
        shown = await told.propose(agency=vn)
        answer = await told.disclose(shown["digest"], agency=vn)
        header = json.loads(answer["records"][0][1])
        assert (header["by"], header["sender"]) == (VN, told.world.kh.code)

    tell(story)


def test_what_a_disclosure_needs_is_refused_when_it_lacks() -> None:
    async def story(told: Told) -> None:
        await refused(told.propose(purpose=" "), UsageError, "needs a purpose")
        await refused(told.propose(person=0), UsageError, "one of them is disclosed")
        await refused(told.propose(person=4), UsageError, "no person 4")
        await refused(told.propose(officer="P-0099"), NodeError, "not in the directory")
        await refused(told.disclose("A" * 43), UsageError, "no disclosure of this message is proposed")

    tell(story)


def test_the_second_person_confirms_what_was_shown_and_only_once() -> None:
    async def story(told: Told) -> None:
        digest = (await told.propose())["digest"]
        await refused(told.disclose(digest, officer=OFFICER), UsageError, "must be another officer")
        await refused(told.disclose("A" * 43), InputError, "not the digest of the proposal")
        await refused(told.disclose(digest, person=1), InputError, "not what was proposed")
        await refused(told.disclose(digest, purpose="another"), InputError, "not what was proposed")
        await told.disclose(digest)
        await refused(told.disclose(digest), UsageError, "no disclosure of this message is proposed")

    tell(story)


def test_who_reads_a_proposal_does_not_replace_it() -> None:
    async def story(told: Told) -> None:
        first = await told.propose()
        read = await told.propose(officer=SECOND)
        assert read == first
        await told.disclose(first["digest"])
        rows = await told.world.kh.store.read(lambda uow: uow.audit.list(limit=3))
        assert [(row.actor, row.act) for row in rows] == [
            (SECOND, "disclosure_confirmed"),
            (SECOND, "disclosure_read"),
            (OFFICER, "disclosure_proposed"),
        ]

    tell(story)


def test_another_proposal_of_a_message_replaces_the_first() -> None:
    async def story(told: Told) -> None:
        first = (await told.propose())["digest"]
        await told.propose(person=1)
        await refused(told.disclose(first), InputError, "not the digest of the proposal")

    tell(story)


def test_a_proposal_is_too_old_after_a_week() -> None:
    async def story(told: Told) -> None:
        digest = (await told.propose())["digest"]
        told.world.kh.crash()
        told.world.vn.crash()
        await asyncio.sleep(PROPOSAL_LIFE.total_seconds() + 1)
        told.world.kh.start()
        await refused(told.disclose(digest), UsageError, "too old")

    tell(story, limit_s=2 * PROPOSAL_LIFE.total_seconds())


def test_a_header_that_names_another_person_is_not_disclosed() -> None:
    def name_another(document: Document) -> None:
        header_of(document)["remark"] = f"{NAMES[1]} travels with {NAMES[0].lower()}"

    async def story(told: Told) -> None:
        await refused(told.propose(), InputError, "names another person")

    tell(story, change=name_another)


async def erase_first(told: Told, *, persons: int = 1) -> None:
    """Let two officers erase the first persons of the message."""
    row = told.row
    codes = await told.world.kh.store.read(lambda uow: uow.cases.of_message(row.link, row.direction, row.seq))
    for code in codes[:persons]:
        await erase(told.world.kh, code)


def test_after_one_person_is_erased_another_one_can_be_disclosed_and_shows_no_other_name(
    tmp_path: Path,
) -> None:
    lines: list[bytes] = []

    async def story(told: Told) -> None:
        await erase_first(told)
        answer = await told.disclose((await told.propose())["digest"])
        lines.extend(f"{word} {value}\n".encode() for word, value in answer["records"])

    tell(story)

    verify_disclosure(write_disclosure(tmp_path / "one.disclosure", lines))
    shown = opened(tuple(lines))
    assert [name for name in NAMES if name.encode() in shown] == [NAMES[1]]


def test_an_erased_person_is_not_disclosed() -> None:
    async def story(told: Told) -> None:
        await erase_first(told)
        await refused(told.propose(person=1), NodeError, "of person 1 was erased")

    tell(story)


def test_a_message_of_which_everybody_is_erased_is_not_disclosed() -> None:
    async def story(told: Told) -> None:
        await erase_first(told, persons=3)
        await refused(told.propose(), NodeError, "was erased or never opened")

    tell(story)


def test_without_the_hash_of_an_erased_part_nothing_is_proved() -> None:
    async def story(told: Told) -> None:
        def erase_alone(uow: UnitOfWork) -> None:
            row = told.row
            codes = uow.cases.of_message(row.link, row.direction, row.seq)
            uow.cases.erase(row.link, codes[0])

        await told.world.kh.store.write(erase_alone)
        await refused(told.propose(), NodeError, "was erased")

    tell(story)
