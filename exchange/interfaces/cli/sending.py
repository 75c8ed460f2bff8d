# SPDX-License-Identifier: Apache-2.0
"""What became of a message that was sent: asked from the service, said in one line, as an exit code.

A message that is not delivered yet is no error of anybody: exit 5, and nothing has to be done again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from exchange.config import read_settings
from exchange.errors import DeclinedError, ExchangeError, UsageError, WaitingError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.output import Answer, say_json, say_marked

WAIT_S: Final = 10
"""Long enough for a partner that is reachable; the message is safe in the outbox before."""
SHORT: Final = 8
PAUSED: Final = "paused"
"""Reason of a message that waits because the own side stopped everything with the partner."""


@dataclass(frozen=True)
class Delivery:
    """A sent message with what is known of it now."""

    sent: Answer
    """The answer of `message.send`."""
    verdict: Answer | None
    """The answer of `message.wait`, or None when nobody waited."""
    trouble: str = ""
    """What on this machine keeps the start gate closed, if that is known."""

    @property
    def state(self) -> str:
        """`accepted`, `rejected`, `stopped`, `queued` …, or the fate when it has no number yet."""
        return str(self.verdict["state"]) if self.verdict else str(self.sent["fate"])

    @property
    def is_paused(self) -> bool:
        """It waits because an officer of the own side stopped everything with the partner."""
        return bool(self.sent["fate"] == "waiting" and self.sent["reason"] == PAUSED)

    @property
    def line(self) -> str:
        """One line for people."""
        head = f"{self.sent['type']} {short(self.sent['id'])} to {self.sent['partner']}"
        if self.sent["fate"] == "needs_second":
            return f"{head}: kept for a second person"
        if self.sent["fate"] == "waiting":
            ends = "two officers end the pause" if self.is_paused else "the start gate opens"
            return f"{head}: waits until {ends}"
        numbered = f"{head}, number {self.sent['seq']}"
        return f"{numbered}: {verdict_text(self.verdict)}" if self.verdict else f"{numbered}: released"

    def as_json(self) -> Answer:
        return {**self.sent, "verdict": self.verdict}


def short(number: object) -> str:
    """Return the end of a message number; it is unique enough to be typed."""
    return str(number)[-SHORT:]


def verdict_text(verdict: Answer) -> str:
    """Return `accepted 6 ms, entry 4`, or what else is known."""
    match verdict["state"]:
        case "accepted":
            return f"accepted {verdict['ms']} ms, entry {verdict['partner_entry'] + 1}"
        case "rejected":
            return f"rejected ({verdict['code']}), entry {verdict['partner_entry'] + 1}"
        case "stopped":
            return f"refused ({verdict['code']})"
        case state:
            return str(state)


def follow(service: Service, sent: Answer, *, wait: bool) -> Delivery:
    """Return the delivery of a sent message, after waiting for its verdict if `wait`."""
    if sent["fate"] == "waiting":
        return Delivery(sent, None, trouble=_trouble_of(service.folder))
    if not wait or sent["fate"] != "released":
        return Delivery(sent, None)
    verdict = service.ask("message.wait", link=sent["link"], seq=sent["seq"], timeout_s=WAIT_S)
    return Delivery(sent, verdict)


def _trouble_of(folder: Path) -> str:
    """Return what is wrong with the place of the high-water files, or ""."""
    from exchange.bootstrap import check_high_water

    try:
        settings = read_settings(folder)
    except ExchangeError:
        return ""
    try:
        check_high_water(folder, settings)
    except ExchangeError as error:
        return str(error)
    return ""


def demand_done(delivery: Delivery) -> None:
    """Return if the partner accepted, or nobody waited.

    Raises:
        DeclinedError: the partner rejected or refused it.
        WaitingError: it waits for a person, for the gate or for the partner.
    """
    number = short(delivery.sent["id"])
    match delivery.state:
        case "accepted" | "released":
            return
        case "needs_second":
            raise WaitingError(
                f"the message needs two persons of your side ({delivery.sent['reason']})",
                hint=f"a colleague runs: exchange message release {number} --officer <number>",
            )
        case "waiting" if delivery.is_paused:
            partner = delivery.sent["partner"]
            raise WaitingError(
                f"the message waits: your side stopped everything with {partner}",
                hint=f"telephone {partner} if it cannot wait; it is sent by itself when two officers have"
                f" ended the pause: exchange partner show {partner}",
            )
        case "waiting":
            why = delivery.trouble or "the partner was not asked yet since the start, or did not answer"
            raise WaitingError(
                f"the message waits: {why}",
                hint="it is sent by itself as soon as the start gate opens; what is to be done says:"
                " exchange doctor",
            )
        case "rejected" | "stopped":
            raise DeclinedError(
                f"{delivery.sent['partner']} did not take the message ({_code(delivery)})",
                hint=f"exchange message show {number}",
            )
        case "voided" | "voiding":
            raise UsageError(f"the message was given up ({_code(delivery)})")
        case _:
            raise WaitingError(
                f"{delivery.sent['partner']} has not acknowledged the message yet",
                hint=f"nothing is lost, it is offered again by itself; see exchange message show {number}",
            )


def exit_code(delivery: Delivery) -> int:
    """Return the exit code of a delivery."""
    try:
        demand_done(delivery)
    except ExchangeError as error:
        return error.exit_code
    return 0


def _code(delivery: Delivery) -> str:
    return str(delivery.verdict["code"]) if delivery.verdict else ""


def report(delivery: Delivery, *, as_json: bool) -> None:
    """Print the one line, or JSON, and end with the exit code that it means."""
    if not as_json:
        say_marked(delivery.line, delivery.state)
        demand_done(delivery)
        return
    say_json(delivery.as_json())
    code = exit_code(delivery)
    if code:
        raise typer.Exit(code)
