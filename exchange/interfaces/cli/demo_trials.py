# SPDX-License-Identifier: Apache-2.0
"""What must not work, tried for real, and the books of both sides compared at the end.

A trial that is not refused, or after which anything grew, becomes a line in `broken`.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from exchange.errors import InputError, TransportError
from exchange.ids import LinkId
from exchange.interfaces.cli import demo_courier
from exchange.interfaces.cli import demo_files as files
from exchange.interfaces.cli.demo_files import Woman
from exchange.interfaces.cli.demo_nodes import BORDER, FIRST, Site
from exchange.interfaces.cli.demo_stage import Demo, Sent, counts, send, write
from exchange.interfaces.cli.output import Answer, say, say_marked
from exchange.interfaces.cli.templates import Small
from exchange.messages.document import header_of, persons_of
from exchange.protocol.frames import Frame, Outcome, decode_frame, encode_frame

LAN: Final = Woman("LE Thi Lan", "VN", "C0000009")
NOTICE: Final = 4
"""Which message of story 1 is changed and repeated on the way."""
DECISION: Final = 5
"""The same for a partner that cannot be called: a message of its own."""
RECORD: Final = 11
ATTEMPTS: Final = 3
"""A partner that loses answers does not lose three in a row."""
MINUTES: Final = "count_invalid at /content/totals/handed_over"
CONSENT: Final = "consent_missing at /persons/0/consents"


def what_must_not_work(demo: Demo, story: Sequence[Sent]) -> None:
    """Try what must not work with messages that were sent before, and look that nothing happened."""
    say("What must not work")
    if demo.by_files:
        for trial in demo_courier.tried_on_the_way(demo):
            _say_trial(demo, trial.what, trial.result, holds=trial.holds)
    else:
        _try_on_the_way(demo, story)
    two = _minutes_of_two(story[RECORD - 1].document)
    _try_to_send(demo, 'minutes of "2 persons" with one line', two, BORDER, MINUTES)
    silent = {**files.returning(LAN, demo.today), "consents": []}
    notice = files.notice([silent], demo.today)
    _try_to_send(demo, "notice without consent", notice, FIRST, CONSENT)


def _try_on_the_way(demo: Demo, story: Sequence[Sent]) -> None:
    """Change a byte of a message, and send it again, with the keys of its sender."""
    way, number = ((demo.host, demo.origin), NOTICE)
    if demo.origin.only_calls:
        way, number = ((demo.origin, demo.host), DECISION)
    sent = story[number - 1]
    line = way[0].service.ask("message.line", id=sent.id)["line"].encode("ascii")
    link, before = LinkId(sent.answer["link"]), counts(demo)
    changed = bytearray(line)
    changed[-9] ^= 1
    outcomes = _offered(*way, bytes(changed), link)
    _say_trial(
        demo,
        f"one byte of message {number} changed on the way",
        "refused, no reason given to the sender",
        holds=outcomes == [(Outcome.REFUSED, "refused")] and counts(demo) == before,
    )
    outcomes = _offered(*way, line, link)
    _say_trial(
        demo,
        f"message {number} sent a second time",
        "answered by the same entry, nothing happened twice",
        holds=outcomes == [(Outcome.LOGGED, "")] and counts(demo) == before,
    )


def _minutes_of_two(record: Small) -> Small:
    """Return the minutes of story 1 again, now for two persons, but with the line of one."""
    header = header_of(record)
    content = record["content"]
    content = {**content, "totals": {"handed_over": 2}} if isinstance(content, dict) else content
    return {
        "type": "HRC",
        "movement_code": header["movement_code"],
        "event_at": header["event_at"],
        "content": content,
        "persons": [dict(line) for line in persons_of(record)],
    }


def _try_to_send(demo: Demo, what: str, small: Small, officer: str, expected: str) -> None:
    before = counts(demo)
    try:
        send(demo.host, write(demo.host, small, officer), officer)
        found = "nothing"
    except InputError as error:
        found = f"{error.faults[0].code} at {error.faults[0].pointer}" if error.faults else str(error)
    holds = found == expected and counts(demo) == before
    _say_trial(demo, what, f"stopped before sending: {found}", holds=holds)


def _say_trial(demo: Demo, what: str, result: str, *, holds: bool) -> None:
    if demo.demand(holds, f"{what}: not refused as it must be ({result})"):
        say_marked(f"  {what:<50} {result}", "refused")
    else:
        say_marked(f"  {what:<50} differs: this must not happen", "differs")


def _offered(sender: Site, receiver: Site, line: bytes, link: LinkId) -> list[tuple[Outcome, str]]:
    """Offer a line to the other node in a frame that its sender signs, and return what it answered."""
    from exchange.bootstrap import rehearse_frame

    card = receiver.service.ask("partner.here")["card"].encode("ascii")
    frame = encode_frame(Frame(link, sender.agency, receiver.agency, lines=(line,)))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            raw = asyncio.run(
                rehearse_frame(sender.folder, sender.passphrase(), frame, partner_card=card, link=link)
            )
            break
        except TransportError:
            if attempt == ATTEMPTS:
                raise
    return [(result.outcome, result.code) for result in decode_frame(raw).results]


def compare(demo: Demo) -> None:
    """Compare messages, persons and ledgers from both sides and print the results."""
    _compare_messages(demo)
    _compare_persons(demo)
    verified = [site.service.ask("ledger.verify", partner="") for site in demo.sites]
    _say_ledgers(demo, verified)


def _compare_messages(demo: Demo) -> None:
    first, second = (
        site.service.ask("reconcile", partner="", flush=not demo.by_files) for site in demo.sites
    )
    a, b = demo.host.short, demo.origin.short
    differences = len(first["differences"]) + len(second["differences"])
    say_marked(
        f"Reconciliation      sent {a} {first['sent']}, {b} {second['sent']}     "
        f"received {a} {first['received']}, {b} {second['received']}     "
        f"matched {first['matched']}     differences {differences}",
        "matched",
    )
    same = first["matched"] == second["matched"] == first["sent"] + second["sent"]
    demo.demand(not differences and same, "the two ledgers differ")


def _compare_persons(demo: Demo) -> None:
    """Print the balance of persons, as both sides compute it from their own messages."""
    first, second = (site.service.ask("persons.balance", partner="") for site in demo.sites)
    outcomes = sorted(first["outcomes"].items(), key=lambda item: (-item[1], item[0]))
    lists = " + ".join(f"{_words(name)} {number}" for name, number in outcomes) or "0"
    parts = (("received", first["received"]), ("not yet confirmed", first["unconfirmed"]))
    taken = " + ".join(f"{name} {number}" for name, number in parts if number) or "0"
    line = f"on lists {first['on_lists']} = {lists};   taken over {first['taken_over']} = {taken}"
    same = {**first, "partner": ""} == {**second, "partner": ""}
    if demo.demand(same and first["holds"], "the persons do not balance, or not on both sides"):
        say(f"Persons             {line}")
    else:
        say_marked(f"Persons             {line}; differs", "differs")


def _words(code: str) -> str:
    return code.replace("_", " ")


def _say_ledgers(demo: Demo, verified: Sequence[Answer]) -> None:
    """Print how long both ledgers are, if both sides hold the same ones and have signed them."""
    held = [{row["log"]: (row["entries"], row["root"]) for row in answer["logs"]} for answer in verified]
    signed = all(
        row["signed"] == row["signed_by_other_side"] == row["entries"]
        for answer in verified
        for row in answer["logs"]
    )
    sizes = ", ".join(f"{log[:2]} {size}" for log, (size, _) in sorted(held[0].items()))
    ok = held[0] == held[1] and all(answer["holds"] for answer in verified)
    if demo.demand(ok and signed, "the ledgers are not the same, or not signed, on both sides"):
        say(f"Ledgers             entries: {sizes}; each side holds and has signed both;")
        say("                    every message is proved by the other side's entry")
    else:
        say_marked(f"Ledgers             entries: {sizes}; differs between the sides", "differs")
