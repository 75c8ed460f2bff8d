# SPDX-License-Identifier: Apache-2.0
"""Somebody changes a line on its way: no changed byte is ever accepted (threat model, rules 3, 7, 9, 12)."""

from exchange.protocol.frames import Outcome, Result
from exchange.protocol.suites import KeyUse
from exchange.service.converse import NO_ID
from tests.support.faulty import with_stage

CHUNK = 90
"""Changed lines in one frame, beside one that is right."""


def flipped(line, place):
    return line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]


def test_no_line_with_any_one_byte_changed_is_accepted_and_others_of_its_frame_are():
    """Rules 3 and 12: one answer for every fault before the signature is good; nothing is logged."""

    async def story(stage):
        victim = stage.partner.build(seq=10_000)
        places = list(range(len(victim.line)))
        chunks = [places[start : start + CHUNK] for start in range(0, len(places), CHUNK)]
        for number, chunk in enumerate(chunks, start=1):
            good = stage.partner.build()
            stage.partner.announce(good)
            if number == 1:
                stage.partner.announce(victim)
            attacks = [flipped(victim.line, place) for place in chunk]
            half = len(attacks) // 2
            *results, _ = [*await stage.give(*attacks[:half], good, *attacks[half:]), None]
            assert results.pop(half) == Result(number, good.envelope.id, Outcome.LOGGED)
            in_header = victim.line.index(b".")
            for place, result in zip(chunk, results, strict=True):
                said = (result.outcome, result.code)
                if place < in_header and said == (Outcome.AGAIN, "unknown_card"):
                    continue
                assert said == (Outcome.REFUSED, "refused"), place
        count = len(chunks)
        assert await stage.verdicts() == [(n, "accepted", "") for n in range(1, count + 1)]
        assert await stage.kept() == []

    with_stage(story)


def test_only_a_changed_key_id_is_answered_differently_because_the_card_may_be_older():
    async def story(stage):
        victim = stage.partner.build()
        stage.partner.announce(victim)
        header = victim.line.index(b".")
        results = await stage.give(*(flipped(victim.line, place) for place in range(header)))
        again = [place for place, result in enumerate(results) if result.outcome is Outcome.AGAIN]
        kid = victim.line[:header]
        assert 0 < len(again) <= 4 * len("0123456789abcdef") // 3 + 2 < len(kid)
        assert await stage.own_leaves() == []

    with_stage(story)


def test_a_line_that_nobody_can_read_is_answered_without_an_id():
    async def story(stage):
        for raw in (b"x", b"~", b"a~b~c", "é~x".encode(), b"..~.", b"x" * 5_000 + b"~y"):
            assert await stage.give(raw) == [Result(0, NO_ID, Outcome.REFUSED, "refused")]
        assert await stage.own_leaves() == []

    with_stage(story)


def test_a_changed_body_under_a_good_signature_gets_a_logged_verdict():
    """After a good signature even what cannot be opened is a verdict, so the sender learns of it."""

    async def story(stage):
        right = stage.partner.build(seq=1)
        places = [*range(0, len(right.body), 211), len(right.body) - 1]
        for number, place in enumerate(places, start=1):
            body = flipped(right.body, place)
            wrong = stage.partner.build(seq=number, body=body)
            stage.partner.announce(wrong)
            assert [r.outcome for r in await stage.give(wrong)] == [Outcome.LOGGED]
        expected = [(n, "rejected", "decryption_failed") for n in range(1, len(places) + 1)]
        assert await stage.verdicts() == expected

    with_stage(story)


def test_a_body_that_is_not_the_one_of_its_envelope_is_refused():
    """Rule 9: what is signed binds the ciphertext."""

    async def story(stage):
        first, second = stage.partner.build(), stage.partner.build()
        stage.partner.announce(first, second)
        swapped = (first.raw_envelope + b"~" + second.body, second.raw_envelope + b"~" + first.body)
        assert [r.code for r in await stage.give(*swapped)] == ["refused", "refused"]
        assert await stage.own_leaves() == []
        assert [r.outcome for r in await stage.give(first, second)] == [Outcome.LOGGED] * 2

    with_stage(story)


def test_an_envelope_signed_by_a_key_of_another_use_is_refused():
    """Rule 10: keys have one use."""

    async def story(stage):
        from exchange.protocol import envelope as module
        from exchange.protocol.jws import sign_compact
        from exchange.protocol.strictjson import encode

        right = stage.partner.build()
        stage.partner.announce(right)
        for use in (KeyUse.HEAD, KeyUse.COSIGN, KeyUse.DOOR):
            payload = encode(module._members(right.envelope))
            raw = sign_compact(payload, typ=module.TYP, key=stage.partner.key(use))
            [result] = await stage.give(raw + b"~" + right.body, card="")
            assert result.outcome is not Outcome.LOGGED
        assert await stage.own_leaves() == []

    with_stage(story)


def test_an_envelope_signed_by_another_agency_is_refused():
    """Rule 8: a key identifier is looked up among this partner's keys only."""

    async def story(stage):
        from tests.support import identity

        stranger = identity.agency(identity.TH).keys.keyring()
        own = identity.agency(stage.target).keys.keyring()
        for keys in (stranger, own):
            key = keys.signing(KeyUse.ENVELOPE, stage.clock.now())
            forged = stage.partner.build(seq=1, key=key)
            [result] = await stage.give(forged)
            assert result.outcome is not Outcome.LOGGED
        assert await stage.own_leaves() == []

    with_stage(story)


def test_a_line_for_another_agency_or_link_or_of_another_sender_is_refused():
    """Rule 9: every signed object names sender and recipient."""

    async def story(stage):
        from exchange.ids import AgencyCode, LinkId
        from tests.support.identity import TH

        right = stage.partner.build()
        stage.partner.announce(right)
        wrong = (
            stage.partner.again(right, recipient=TH),
            stage.partner.again(right, sender=TH),
            stage.partner.again(right, sender=stage.target, recipient=stage.partner.code),
            stage.partner.again(right, link=LinkId("A" * 22)),
            stage.partner.again(right, recipient=AgencyCode("VN-MPS-OTHER")),
        )
        for line in wrong:
            assert [(r.outcome, r.code) for r in await stage.give(line)] == [(Outcome.REFUSED, "refused")]
        assert await stage.own_leaves() == []
        assert [r.outcome for r in await stage.give(right)] == [Outcome.LOGGED]

    with_stage(story)
