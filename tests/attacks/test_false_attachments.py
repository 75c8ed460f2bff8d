# SPDX-License-Identifier: Apache-2.0
"""A partner with right keys sends attachments that are not what it says, or that act or tell too much."""

from dataclasses import replace

import pytest
from exchange.errors import InputError
from exchange.ids import sha256
from exchange.messages.attachments import FileToAttach, attach
from exchange.messages.media import Carried
from exchange.protocol.parts import attachments_of
from exchange.service.release import check_draft, release
from exchange.service.rows import Direction
from tests.support.faulty import with_stage
from tests.support.notices import notice
from tests.support.pictures import GPS, jpeg, pdf, segment
from tests.support.world import KH, OFFICER

LETTER = FileToAttach(pdf(), "official_letter")
TOLD = jpeg(segment(0xE1, GPS))
ACTIVE = pdf(b"4 0 obj << /S /JavaScript /JS (x) >> endobj")


async def verdict(stage, built):
    stage.partner.announce(built)
    await stage.give(built)
    return (await stage.verdicts())[-1][1:]


def attached(stage, *files, **entry):
    """Return a notice of the partner with attachments; `entry` changes the first one in the list."""
    made = attach(stage.partner.document(), files or (LETTER,))
    made.document["header"]["attachments"][0] |= entry
    return made


def test_attachments_of_a_right_message_are_kept_with_it():
    async def story(stage):
        made = attached(stage, LETTER, FileToAttach(jpeg(), "other"))
        built = stage.partner.build(made.document, attachments=made.parts)
        assert await verdict(stage, built) == ("accepted", "")
        kept = await stage.store.read(lambda uow: uow.contents.parts(stage.link, Direction.IN, 1))
        assert [one.data for one in attachments_of([part.raw for part in kept])] == [pdf(), jpeg()]

    with_stage(story)


def test_attachment_is_kept_under_the_case_it_belongs_to():
    async def story(stage):
        document = stage.partner.document()
        (case,) = document["header"]["case_codes"]
        made = attach(document, [LETTER, replace(LETTER, case_code=case)])
        assert (await verdict(stage, stage.partner.build(made.document, attachments=made.parts)))[
            0
        ] == "accepted"
        kept = await stage.store.read(lambda uow: uow.contents.parts(stage.link, Direction.IN, 1))
        assert [part.case for part in kept] == [None, None, case, None, case]

    with_stage(story)


@pytest.mark.parametrize(
    ("data", "entry", "code"),
    [
        (pdf(b"x"), {}, "attachment_mismatch"),
        (pdf()[:-1], {}, "attachment_mismatch"),
        (pdf(), {"hash": sha256(b"another")}, "attachment_mismatch"),
        (pdf(), {"size": 1}, "attachment_mismatch"),
        (pdf(), {"part": 4}, "attachment_mismatch"),
        (pdf(), {"part": 2}, "attachment_mismatch"),
        (pdf(), {"media_type": "image/png"}, "attachment_mismatch"),
        (ACTIVE, {"size": len(ACTIVE), "hash": sha256(ACTIVE)}, "attachment_mismatch"),
        (TOLD, {"size": len(TOLD), "hash": sha256(TOLD), "media_type": "image/jpeg"}, "over_disclosure"),
        (b"MZ", {"size": 2, "hash": sha256(b"MZ")}, "attachment_mismatch"),
        (pdf(), {"type": "medical_record", "class": "S4"}, "over_disclosure"),
    ],
)
def test_attachment_that_is_not_what_it_says_is_a_logged_rejection(data, entry, code):
    async def story(stage):
        made = attached(stage, **entry)
        built = stage.partner.build(made.document, attachments=[replace(made.parts[0], data=data)])
        assert await verdict(stage, built) == ("rejected", code)
        assert await verdict(stage, stage.partner.build()) == ("accepted", "")

    with_stage(story)


def test_listed_attachment_without_its_part_is_rejected():
    async def story(stage):
        built = stage.partner.build(attached(stage).document)
        assert await verdict(stage, built) == ("rejected", "attachment_mismatch")

    with_stage(story)


def test_part_that_nobody_listed_is_rejected():
    async def story(stage):
        built = stage.partner.build(attachments=[Carried(3, 1, pdf())])
        assert await verdict(stage, built) == ("rejected", "attachment_mismatch")

    with_stage(story)


def test_six_attachments_are_no_form():
    async def story(stage):
        files = [Carried(3 + index, 1 + index, pdf()) for index in range(6)]
        assert await verdict(stage, stage.partner.build(attachments=files)) == ("rejected", "form_invalid")

    with_stage(story)


def test_held_message_is_judged_with_its_attachments_when_the_gap_is_closed():
    async def story(stage):
        made = attached(stage)
        missing = stage.partner.build()
        right = stage.partner.build(made.document, attachments=made.parts)
        wrong = stage.partner.build(attached(stage).document, attachments=[replace(made.parts[0], data=b"x")])
        stage.partner.announce(missing, right, wrong)
        await stage.give(right, wrong)
        assert [found[1] for found in await stage.verdicts()] == ["held", "held"]
        await stage.give(missing)
        assert (await stage.verdicts())[2:] == [
            (1, "accepted", ""),
            (2, "accp", ""),
            (3, "rejc", "attachment_mismatch"),
        ]

    with_stage(story)


def test_our_own_node_stops_the_same_before_it_is_sent():
    async def story(stage):
        made = attach(notice(stage.node, KH, country="KH"), [LETTER])
        wrong = [replace(made.parts[0], data=ACTIVE)]
        for attachments in ((), wrong):
            with pytest.raises(InputError) as caught:
                await release(stage.node, stage.link, made.document, officer=OFFICER, attachments=attachments)
            assert caught.value.faults[0].code == "attachment_mismatch"
        assert await check_draft(stage.node, stage.link, made.document, OFFICER) == ()
        done = await release(stage.node, stage.link, made.document, officer=OFFICER, attachments=made.parts)
        assert done.seq == 1

    with_stage(story)
