# SPDX-License-Identifier: Apache-2.0
"""A training partner that behaves badly on purpose, and a real one that never does."""

import asyncio

import pytest
from exchange.adapters.transport.twin import VARIABLE, Fault, FaultyCarrier, StrangeKeyring, Twin
from exchange.bootstrap import wanted_fault
from exchange.config import AgencySection, Settings
from exchange.errors import ConfigurationError, TransportError
from exchange.ids import AgencyCode, LinkId
from exchange.protocol.frames import Frame, encode_frame
from exchange.protocol.keyring import OwnKey
from exchange.protocol.suites import KeyUse
from tests.support.identity import agency
from tests.support.world import START

LINK = LinkId("kQ9w7VtR0aLh4uJp6ZxC1g")
KH, VN = AgencyCode("KH-MOSVY-DAHT"), AgencyCode("VN-MPS-IMM")


class Line:
    """A carrier that answers with prepared frames and counts."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []

    async def exchange(self, link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
        self.sent.append(frame)
        return self.answers[(len(self.sent) - 1) % len(self.answers)]

    async def gate(self, link: LinkId, question: bytes, *, timeout_s: float) -> bytes:
        return b"gate"


def _frame(*lines: bytes) -> bytes:
    return encode_frame(Frame(LINK, KH, VN, lines=lines))


def _settings(*, training: bool) -> Settings:
    section = AgencySection(code=KH, node="0" * 16, names={"en": "Agency"}, office=KH, training=training)
    return Settings(agency=section)


def _exchange(carrier: FaultyCarrier, times: int) -> list[bytes | str]:
    async def run() -> list[bytes | str]:
        found: list[bytes | str] = []
        for _ in range(times):
            try:
                found.append(await carrier.exchange(LINK, b"frame", timeout_s=5))
            except TransportError as error:
                found.append(error.reason)
        return found

    return asyncio.run(run())


def test_every_third_answer_is_lost() -> None:
    fault = Fault(Twin.LOSSY)

    found = _exchange(FaultyCarrier(Line(b"answer"), fault), 6)

    assert found == [b"answer", b"answer", "broken"] * 2
    assert fault.done == 2


def test_a_frame_is_sent_twice_and_no_line_of_an_answer_is_dropped() -> None:
    with_line, without = _frame(b"a.b.c~d"), _frame()
    for answers in ((with_line, without), (without, with_line)):
        line = Line(*answers)

        assert _exchange(FaultyCarrier(line, Fault(Twin.DUPLICATE)), 1) == [with_line]
        assert line.sent == [b"frame", b"frame"]


def test_the_gate_is_never_touched() -> None:
    carrier = FaultyCarrier(Line(b""), Fault(Twin.LOSSY))

    async def ask() -> list[bytes]:
        return [await carrier.gate(LINK, b"question", timeout_s=5) for _ in range(3)]

    assert asyncio.run(ask()) == [b"gate"] * 3


def test_lines_are_signed_with_a_key_that_no_card_names() -> None:
    keys: tuple[OwnKey, ...] = agency(KH).keys.keys
    ring = StrangeKeyring(keys, Fault(Twin.WRONG_KEY), lambda size: b"\x07" * size)
    named = {own.key.kid for own in keys}

    assert ring.signing(KeyUse.ENVELOPE, START).kid not in named
    assert ring.signing(KeyUse.HEAD, START).kid in named


def test_a_real_node_never_misbehaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "lossy")

    assert wanted_fault(_settings(training=False)) is None


def test_a_training_node_misbehaves_as_it_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "late")
    found = wanted_fault(_settings(training=True))

    assert found is not None
    assert found.twin is Twin.LATE


@pytest.mark.parametrize("wanted", ["Lossy", "offline", "lossy,late"])
def test_an_unknown_way_is_said(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setenv(VARIABLE, wanted)

    with pytest.raises(ConfigurationError):
        wanted_fault(_settings(training=True))


def test_without_the_wish_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    assert wanted_fault(_settings(training=True)) is None
