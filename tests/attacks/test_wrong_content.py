# SPDX-License-Identifier: Apache-2.0
"""A partner with right keys sends what it should not (threat model, rules 1, 2, 4, 5, 7; section 5).

Every fault after a good signature is a logged verdict with one exact code. Our own node stops the same
documents before they are sent.
"""

from copy import deepcopy

import pytest
from exchange.errors import InputError
from exchange.ids import new_message_id
from exchange.protocol.frames import Outcome
from exchange.protocol.parts import commitment, pad
from exchange.protocol.seal import seal
from exchange.protocol.suites import Suite
from exchange.protocol.trust import trusted_sealing_key
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.faulty import OTHER_DIGEST, with_stage
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, VN


async def verdict(stage, *built):
    """Announce and give lines; return the last verdict."""
    stage.partner.announce(*built)
    results = await stage.give(*built)
    assert [r.outcome for r in results] == [Outcome.LOGGED] * len(built)
    return (await stage.verdicts())[-1][1:]


async def goes_on(stage):
    """Check that the link is not stuck."""
    assert await verdict(stage, stage.partner.build()) == ("accepted", "")


# Envelope against agreement and body


def test_another_agreement_version_is_rejected():
    async def story(stage):
        assert await verdict(stage, stage.partner.build(agr=2)) == ("rejected", "agreement_mismatch")
        await goes_on(stage)

    with_stage(story)


def test_another_suite_than_the_agreed_one_is_rejected_also_with_a_right_body():
    """Rule 7: the suite comes from the agreement."""

    async def story(stage):
        lower = stage.partner.build(suite=Suite.CLASSICAL)
        assert await verdict(stage, lower) == ("rejected", "agreement_mismatch")
        await goes_on(stage)

    with_stage(story)


def test_a_body_of_another_suite_than_its_envelope_says_is_not_opened():
    async def story(stage):
        lower = stage.partner.build(seq=1, suite=Suite.CLASSICAL)
        mixed = stage.partner.build(body=lower.body)
        assert await verdict(stage, mixed) == ("rejected", "decryption_failed")
        await goes_on(stage)

    with_stage(story)


def test_nothing_is_opened_under_a_suite_that_was_not_agreed(monkeypatch):
    """Rule 7: a suite that the message names, but the agreement does not, opens nothing."""
    from exchange.service import examine

    async def story(stage):
        opened = []
        monkeypatch.setattr(examine, "unseal", lambda *_, **said: opened.append(said))
        assert await verdict(stage, stage.partner.build(suite=Suite.CLASSICAL)) == (
            "rejected", "agreement_mismatch",
        )  # fmt: skip
        assert opened == []

    with_stage(story)


def test_a_body_sealed_for_another_message_is_rejected():
    """Rule 9: the sealed body binds sender, recipient and message."""

    async def story(stage):
        other = new_message_id(stage.clock.now(), stage.partner.random)
        assert await verdict(stage, stage.partner.build(sealed_to=other)) == ("rejected", "decryption_failed")
        await goes_on(stage)

    with_stage(story)


def test_a_body_of_any_bytes_is_rejected():
    async def story(stage):
        for body in (b"x", b"....", b"{}", b"A" * 70_000):
            assert await verdict(stage, stage.partner.build(body=body)) == ("rejected", "decryption_failed")
        await goes_on(stage)

    with_stage(story)


def test_a_wrong_commitment_is_rejected():
    async def story(stage):
        assert await verdict(stage, stage.partner.build(pc=OTHER_DIGEST)) == (
            "rejected",
            "commitment_mismatch",
        )
        await goes_on(stage)

    with_stage(story)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("message_id", "01a85c54-e100-78fa-ac3b-000000000000"),
        ("sender", VN),
        ("recipient", KH),
        ("link", "A" * 22),
        ("agreement", 2),
        ("sender", None),
        ("sender", {"a": 1}),
    ],
)
def test_a_header_that_differs_from_its_envelope_is_rejected(member, value):
    async def story(stage):
        line = stage.partner.build(header={member: value})
        assert await verdict(stage, line) == ("rejected", "header_mismatch")
        await goes_on(stage)

    with_stage(story)


# Content


def changed(document, change):
    document = deepcopy(document)
    change(document, document["persons"][0], document["header"])
    return document


def over_disclosure(document, person, header):
    person["diagnosis"] = "planted health word"


def form_invalid(document, person, header):
    person["shoe_size"] = 41


def missing_member(document, person, header):
    del person["names"]


def code_unknown(document, person, header):
    person["sex"] = "Q"


def consent_missing(document, person, header):
    person["consents"] = []


def consent_refused(document, person, header):
    person["consents"][0]["state"] = "refused"


def safeguard_missing(document, person, header):
    person["birth"]["value"], person["is_child"] = "2015-05-14", True
    document["content"]["children_count"] = 1
    header["released_by"] = "P-0002"


def count_invalid(document, person, header):
    document["content"]["persons_count"] = 2


def version_unsupported(document, person, header):
    header["type_version"] = "9.9"


def purpose_missing(document, person, header):
    header["purpose"] = "follow_up"


WRONG = [
    (over_disclosure, "over_disclosure"),
    (form_invalid, "form_invalid"),
    (missing_member, "form_invalid"),
    (code_unknown, "code_unknown"),
    (consent_missing, "consent_missing"),
    (consent_refused, "consent_missing"),
    (safeguard_missing, "safeguard_missing"),
    (count_invalid, "count_invalid"),
    (version_unsupported, "version_unsupported"),
    (purpose_missing, "purpose_missing"),
]


@pytest.mark.parametrize(("change", "code"), WRONG, ids=lambda value: getattr(value, "__name__", ""))
def test_a_document_of_a_faulty_partner_is_rejected_with_its_exact_code(change, code):
    async def story(stage):
        document = changed(stage.partner.document(), change)
        assert await verdict(stage, stage.partner.build(document)) == ("rejected", code)
        assert await stage.cases() == []
        await goes_on(stage)

    with_stage(story)


@pytest.mark.parametrize(("change", "code"), WRONG, ids=lambda value: getattr(value, "__name__", ""))
def test_our_own_node_stops_the_same_document_before_it_is_sent(change, code):
    async def story(stage):
        document = changed(notice(stage.node, stage.partner.code), change)
        document["header"].pop("released_by", None)
        before = (await stage.log_size(), stage.store.snapshot())
        with pytest.raises(InputError) as caught:
            await release(stage.node, stage.link, document, officer=OFFICER)
        assert code in {fault.code for fault in caught.value.faults}
        assert (await stage.log_size(), stage.store.snapshot()) == before
        right = notice(stage.node, stage.partner.code)
        assert (await release(stage.node, stage.link, right, officer=OFFICER)).seq == 1

    with_stage(story, target=KH)


def test_a_second_notice_of_an_open_case_is_a_state_conflict():
    async def story(stage):
        document = stage.partner.document()
        assert await verdict(stage, stage.partner.build(document)) == ("accepted", "")
        [before] = await stage.cases()
        assert await verdict(stage, stage.partner.build(document)) == ("rejected", "state_conflict")
        assert await stage.cases() == [before]
        await goes_on(stage)

    with_stage(story)


def test_our_own_node_does_not_send_what_the_state_forbids():
    async def story(stage):
        document = notice(stage.node, stage.partner.code)
        await release(stage.node, stage.link, document, officer=OFFICER)
        before = stage.store.snapshot()
        with pytest.raises(InputError) as caught:
            await release(stage.node, stage.link, document, officer=OFFICER)
        assert {fault.code for fault in caught.value.faults} & {"state_conflict", "form_invalid"}
        assert stage.store.snapshot() == before
        assert await stage.row(Direction.OUT, 2) is None

    with_stage(story, target=KH)


# Parts that are no document


def raw_line(stage, parts, **envelope):
    """Return a line over parts that are sealed and committed to rightly, whatever they are."""
    id = new_message_id(stage.clock.now(), stage.partner.random)
    key = trusted_sealing_key(stage.partner.theirs, suite=Suite.HYBRID, at=stage.clock.now())
    body = seal(
        pad(parts),
        suite=Suite.HYBRID,
        key=key,
        sender=stage.partner.code,
        recipient=stage.target,
        message_id=id,
    )
    return stage.partner.build(id=id, body=body, pc=commitment(id, parts), **envelope)


SALT = b'{"salt":"' + b"A" * 42 + b'E"'
DEEP = SALT + b',"a":' + b"[" * 40 + b"]" * 40 + b"}"


@pytest.mark.parametrize(
    "part",
    [
        b"no json",
        b"{}",
        SALT + b',"a":1,"a":2}',
        SALT + b',"a":NaN}',
        SALT + b',"a":1.5}',
        SALT + b',"a":9007199254740992}',
        SALT + b',"a":"\\ud800"}',
        SALT + b',"a":"\\u0000"}',
        SALT + b"} ",
        DEEP,
        b"\xef\xbb\xbf" + SALT + b"}",
        SALT + b',"a":"\xff"}',
    ],
)
def test_parts_that_are_not_strict_json_are_rejected(part):
    """Rule 1: one wire parser."""

    async def story(stage):
        assert await verdict(stage, raw_line(stage, [part, part])) == ("rejected", "form_invalid")
        await goes_on(stage)

    with_stage(story)


STRANGE = {
    "agreement_is_true": {"agreement": True},
    "no_type": {"type": None},
    "type_is_a_list": {"type": ["RPN"]},
    "type_is_an_object": {"type": {"a": "RPN"}},
    "type_is_a_number": {"type": 7},
    "type_is_long": {"type": "planted name " * 2_000},
    "type_is_ack": {"type": "ACK"},
    "type_without_a_form": {"type": "CAN"},
    "reply_is_text": {"in_reply_to": "planted name"},
    "reply_is_a_number": {"in_reply_to": 5},
    "cases_are_text": {"case_codes": "planted name"},
    "cases_are_numbers": {"case_codes": [1, 2]},
    "case_is_no_code": {"case_codes": ["planted name"]},
    "case_is_null": {"case_codes": [None]},
    "attachments_are_deep": {"attachments": [[[[[]]]]]},
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_header_of_a_strange_form_is_rejected_and_stops_nobody(name):
    """Rule 2: form before meaning; and nothing of it lands where only codes may stand."""

    async def story(stage):
        line = stage.partner.build(header=STRANGE[name])
        said, code = await verdict(stage, line)
        assert said == "rejected"
        assert code in {"form_invalid", "version_unsupported", "code_unknown"}
        row = await stage.row(Direction.IN, 1)
        assert row.state is MessageState.REJECTED
        assert "planted" not in f"{row.type} {row.in_reply_to}"
        assert "planted" not in repr(stage.noted.events)
        await goes_on(stage)

    with_stage(story)


def test_a_header_without_a_type_is_rejected_and_stops_nobody():
    async def story(stage):
        document = stage.partner.document()
        del document["header"]["type"]
        assert (await verdict(stage, stage.partner.build(document)))[0] == "rejected"
        await goes_on(stage)

    with_stage(story)


@pytest.mark.parametrize("persons", [[], [1], ["planted"], [{}], [{"case_code": 5}], [{"case_code": None}]])
def test_persons_of_a_strange_form_are_rejected_and_stop_nobody(persons):
    async def story(stage):
        document = {**stage.partner.document(), "persons": persons}
        if all(isinstance(person, dict) for person in persons):
            line = stage.partner.build(document)
            assert (await verdict(stage, line))[0] == "rejected"
        await goes_on(stage)

    with_stage(story)
