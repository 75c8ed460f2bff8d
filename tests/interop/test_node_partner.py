# SPDX-License-Identifier: Apache-2.0
"""A partner in JavaScript, written from docs/protocol and schemas alone, and a real node of ours.

The documents of the partner are those of `schemas/examples`, with its own agency and with days of today.
"""

import json
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.support.node_partner import ROOT, TH, NodePair
from tests.support.notices import real_notice
from tests.support.pair import FIRST, KH

CODE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodePair]:
    with NodePair(tmp_path_factory.mktemp("partner")) as pair:
        yield pair


@pytest.fixture
def pair(running: NodePair) -> NodePair:
    """Return the pair with the partner behaving well, whatever the test before did."""
    if running.th.wrong:
        running.th.kill()
        running.th.start()
    return running


def _example(name: str) -> dict[str, Any]:
    """Return a document of the examples, without what is filled in when it is sent."""
    document: dict[str, Any] = json.loads((ROOT / "schemas" / "examples" / name).read_text())
    for member in ("message_id", "sender", "recipient", "link", "agreement"):
        del document["header"][member]
    document["header"]["acting_agency"] = TH
    return document


def _day(days: int) -> str:
    return str(date.today() + timedelta(days=days))


def _notice() -> dict[str, Any]:
    """Return a notice of the partner about a Cambodian adult, with a case code of its own."""
    document = _example("rpn/valid/adult-with-passport.json")
    (person,) = document["persons"]
    code = "-".join("".join(secrets.choice(CODE) for _ in range(4)) for _ in range(3))
    document["header"]["case_codes"] = [code]
    document["content"] |= {
        "proposed_checkpoint": "KH-TH-POIPET",
        "proposed_from": _day(16),
        "proposed_to": _day(20),
    }
    person["case_code"] = code
    person["nationality"][0]["country"] = "KH"
    person["identification"]["on"] = _day(-30)
    person["consents"][0]["on"] = _day(-28)
    person["documents"][0] |= {"country": "KH", "expires": _day(900)}
    return document


def _decision(notice: dict[str, Any]) -> dict[str, Any]:
    """Return the partner's acceptance of a notice of ours."""
    document = _example("rpd/valid/one-person-accepted.json")
    (person,) = document["persons"]
    codes = notice["header"]["case_codes"]
    document["header"] |= {"case_codes": codes, "in_reply_to": notice["header"]["message_id"]}
    person |= {"case_code": codes[0], "valid_until": _day(60), "reception": TH}
    return document


def _fate(pair: NodePair, direction: str, number: str) -> str:
    found = [row for row in pair.kh.messages(direction) if row["id"] == number]
    return str(found[0]["state"]) if found else "not here"


def _until_accepted(pair: NodePair, direction: str, number: str) -> None:
    pair.until(lambda: _fate(pair, direction, number) == "accepted")


def _until_final(pair: NodePair) -> None:
    """Wait until the partner knows a verdict of everything that it sent."""
    final = {"accepted", "rejected"}
    pair.until(lambda: all(row["state"] in final for row in pair.th.sent()))


def _demand_equal_logs(pair: NodePair) -> dict[str, Any]:
    """Demand no difference, and that both hold and cosigned every leaf; return what the partner holds."""
    ours = pair.reconcile()
    pair.until(pair.th.is_cosigned)
    theirs = pair.th.held()

    assert (ours["differences"], ours["faults"], theirs["alarms"]) == ([], [], [])
    assert ours["cosigned"] == ours["entries"] == {"own": theirs["copy"], "partner": theirs["own"]}
    assert theirs["cosigned"] == theirs["copy"]
    assert ours["matched"] == len(theirs["verdicts"])
    assert ours["in_transit"] == 0
    return theirs


def test_the_partner_makes_every_value_of_the_examples_again(pair: NodePair) -> None:
    pair.th.program("examples.mjs")


def test_the_readers_of_the_partner_give_every_vector_its_verdict(pair: NodePair) -> None:
    pair.th.program("vectors.mjs")


def test_a_notice_goes_both_ways_and_is_answered_though_both_sides_are_killed(pair: NodePair) -> None:
    ours = pair.kh.send(real_notice("TH"))["id"]
    _until_accepted(pair, "out", ours)
    notice = pair.th.inbox()[-1]
    answer = pair.th.send(_decision(notice))
    pair.until(lambda: pair.th.sent_ids()[-1:] == [answer])  # its line is on the way
    pair.kh.kill()
    theirs = pair.th.send(_notice())
    pair.kh.start()
    _until_accepted(pair, "in", answer)
    _until_accepted(pair, "in", theirs)
    decision = {"outcome": "accepted", "valid_until": _day(60), "reception": KH}
    decided = pair.kh.service.ask("message.answer", id=theirs, officer=FIRST, **decision)["id"]
    pair.kh.kill()
    pair.th.kill()
    pair.kh.start()
    pair.th.start()
    _until_accepted(pair, "out", decided)
    _until_final(pair)

    _demand_equal_logs(pair)
    received = pair.th.inbox()[-2:]
    assert [one["header"]["message_id"] for one in received] == [ours, decided]
    assert (received[0]["persons"], received[1]["header"]["in_reply_to"]) == (notice["persons"], theirs)
    assert pair.th.sent_ids()[-2:] == [answer, theirs]


def test_a_line_with_a_bad_signature_is_refused_and_the_right_one_is_taken_later(pair: NodePair) -> None:
    pair.th.kill()
    number = pair.th.send(_notice())
    pair.th.start(wrong="signature")

    told = pair.th.result()

    assert (told["id"], told["r"], told["code"]) == (number, "refused", "refused")
    pair.until(lambda: pair.th.sent()[-1]["state"] == "refused")
    assert _fate(pair, "in", number) == "not here"
    pair.th.kill()
    pair.th.command("decide", str(told["seq"]))
    pair.th.start()
    _until_accepted(pair, "in", number)
    _until_final(pair)
    _demand_equal_logs(pair)


def test_a_number_that_is_given_up_gets_its_verdict_and_the_next_one_is_accepted(pair: NodePair) -> None:
    pair.th.kill()
    number = pair.th.send(_notice())
    pair.th.start(wrong="signature")
    told = pair.th.result()
    pair.until(lambda: pair.th.sent()[-1]["state"] == "refused")
    pair.th.kill()

    pair.th.command("decide", str(told["seq"]), "superseded")
    pair.th.start()
    following = pair.th.send(_notice())

    _until_accepted(pair, "in", following)
    _until_final(pair)
    given_up, next_one = pair.th.sent()[-2:]
    assert (given_up["id"], given_up["verdict"]) == (number, {"k": "rejected", "code": "voided"})
    assert (next_one["id"], next_one["seq"]) == (following, told["seq"] + 1)
    _demand_equal_logs(pair)


def test_a_line_with_a_wrong_commitment_is_rejected_with_its_code(pair: NodePair) -> None:
    pair.th.kill()
    number = pair.th.send(_notice())
    pair.th.start(wrong="commitment")

    told = pair.th.result()

    assert (told["id"], told["r"]) == (number, "logged")
    _until_final(pair)
    assert pair.th.sent()[-1]["verdict"] == {"k": "rejected", "code": "commitment_mismatch"}
    _demand_equal_logs(pair)


def test_a_repeated_line_is_answered_by_the_leaf_that_exists(pair: NodePair) -> None:
    first = pair.th.send(_notice())
    _until_accepted(pair, "in", first)
    _until_final(pair)
    before = _demand_equal_logs(pair)
    pair.th.kill()
    pair.th.start(wrong="repeat")

    told = pair.th.result()

    assert (told["seq"], told["r"]) == (1, "logged")
    assert _demand_equal_logs(pair) == before
