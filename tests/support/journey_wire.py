# SPDX-License-Identifier: Apache-2.0
"""Plays the numbers of scenario 18 between two real nodes: lines are lost, held, given up, late.

The numbers of the scenario are those of a link with a past. Here the link is young: a number of the
scenario is this many more than the real one on its side, so that gaps and distances are the same.

* A line "lost with the disk" is one that the network never delivers, until its sender gives it up.
* Number 600 is tried aside: a node that has used it cannot go on with 236.
* "By courier" the frame that was written down while the network was away is handed over weeks later.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from exchange.protocol.envelope import join_line
from exchange.protocol.frames import Frame, Result, decode_frame, encode_frame
from exchange.protocol.parts import Document
from exchange.service.composing import compose
from exchange.service.converse import answer
from exchange.service.pairing import pairing_of
from exchange.service.rows import Direction, MessageRow, MessageState
from exchange.service.void import give_up
from tests.support.careless import send, send_anyway
from tests.support.handover_story import moment, text
from tests.support.journey_prologues import PROLOGUES
from tests.support.journey_stage import Stage, Tally, WrongTurnError, demand_agreement
from tests.support.world import OFFICER, Agency, World

Raw = Mapping[str, Any]
BEFORE_THE_LOSS = 232
"""The number whose line is lost: the decision on X, sent again as 236."""
FAR = 600


class WireJourney:
    """Scenario 18 over one link; `far` plays it as far as the number that is far ahead."""

    def __init__(self, scenario: Raw, *, far: bool = False) -> None:
        self.scenario, self.far = scenario, far
        self.prologue = PROLOGUES[scenario["id"]]
        self.events: list[Raw] = list(scenario["wire"])
        self.stage = Stage(scenario, [*self.prologue, *(raw for raw in self.events if "message" in raw)])
        self.world = self.stage.world
        self.tally = Tally()
        self.offsets: dict[str, int] = {}
        self.numbers: dict[tuple[str, int], MessageRow] = {}
        self.waiting: dict[str, str] = {}
        """States that the sender of a queued message already sees otherwise."""

    def play(self) -> Tally:
        self.world.run(self._story, limit_s=10 * 86_400)
        if not self.far:
            self.tally.add(WireJourney(self.scenario, far=True).play())
        return self.tally

    async def _story(self, world: World) -> None:
        await world.open()
        for raw in self.prologue:
            await self._before(raw)
        for side in ("host", "origin"):
            first = min(raw["number"] for raw in self.events if raw["from"] == side)
            self.offsets[side] = first - await self._next_number(self.stage.agency(side))
        for raw in self.events:
            is_far = raw["number"] == FAR
            if is_far and self.far:
                await self._far_ahead(raw)
                return
            if not is_far:
                await self._event(raw)
        await demand_agreement(self.stage)

    async def _before(self, raw: Raw) -> None:
        self.stage.lapse(moment(raw))
        row = await self._send(raw, self.stage.agency(raw["from"]))
        await self.stage.judged(self.stage.agency(raw["from"]), [row])
        self.stage.expect(raw)
        self.tally.states += await self.stage.compare(str(raw["n"]))
        self.tally.messages += 1

    async def _event(self, raw: Raw) -> None:
        if raw["number"] == BEFORE_THE_LOSS + 1 and raw["event"] == "arrives":
            await self._lose(raw)
        if raw["expect"] == "rejected:expired":
            await self._by_courier(raw)
        else:
            self.stage.lapse(moment(raw))
            await getattr(self, f"_{raw['event']}")(raw)
        self.stage.expect(raw)
        if not self.far:
            self.tally.states += await self.stage.compare(f"number {raw['number']}", provisional=True)
            self.tally.steps += 1

    # What happens to a number

    async def _arrives(self, raw: Raw) -> None:
        if raw["expect"] == "duplicate":
            await self._again(raw)
            return
        row = await self._send(raw, self.stage.agency(raw["from"]))
        self._note(raw, row)
        await self._demand(raw, row, raw["expect"])
        self.tally.messages += 1

    async def _queued(self, raw: Raw) -> None:
        """The partner cannot be reached: shown as not delivered."""
        self.world.weather.down = True
        row = await self._send(raw, self.stage.agency(raw["from"]))
        self._note(raw, row)
        codes = self.stage.cast.codes(list(raw["persons"]))
        self.waiting = {code: self.stage.expected.pop(code) for code in codes}
        await self._wait(timedelta(minutes=5))
        here = await self.stage.row(self.stage.agency(raw["from"]), Direction.OUT, row.seq)
        if here.state is not MessageState.QUEUED or await self._there(raw, row) is not None:
            raise WrongTurnError(f"number {raw['number']} is {here.state}")
        self.tally.messages += 1

    async def _void(self, raw: Raw) -> None:
        """The sender gives a number up; its officers read that only after the answer."""
        agency, row = self.stage.agency(raw["from"]), self.numbers[raw["from"], raw["number"]]
        await give_up(agency.node, self.world.link, row.seq, code=raw["code"], actor=OFFICER)
        if self.world.weather.down:
            await self._wait(timedelta(minutes=5))
            if (await self.stage.row(agency, Direction.OUT, row.seq)).state is not MessageState.VOIDING:
                raise WrongTurnError(f"number {raw['number']} is withdrawn before the recipient said so")
            self.world.weather.down = False
        await self._demand(raw, row, raw["expect"])
        await self._is_told(agency, row, MessageState.VOIDED)
        self.stage.expected |= self.waiting
        for number, verdict in raw.get("released", {}).items():
            await self._demand(raw, self.numbers[raw["from"], int(number)], verdict)

    async def _lose(self, raw: Raw) -> None:
        """Release the decision on X whose line never arrives."""
        side, agency = raw["from"], self.stage.agency(raw["from"])
        again = next(one for one in self.events if one.get("message") == "RPD")
        self.stage.lapse(moment(raw) - timedelta(minutes=2))
        seq = await self._next_number(agency)
        self.world.weather.lost.add((agency.code, seq))
        row = await self._send({**again, "at": text(self.stage.now())}, agency)
        self._note({"from": side, "number": BEFORE_THE_LOSS}, row)
        self.tally.messages += 1

    async def _again(self, raw: Raw) -> None:
        """Hand over the same bytes: answered by the leaves that exist, and nothing is logged."""
        agency, row = self.stage.agency(raw["from"]), self.numbers[raw["from"], raw["number"]]
        there = self.world.other(agency)
        before = await self._log_size(there)
        result = await self._hand_over(agency, row)
        if result.outcome.value != "logged" or await self._log_size(there) != before:
            raise WrongTurnError(f"number {raw['number']} again: {result}")

    async def _far_ahead(self, raw: Raw) -> None:
        """A number more than a window ahead is not taken, and nothing is logged."""
        self.stage.lapse(moment(raw))
        agency = self.stage.agency(raw["from"])
        there, seq = self.world.other(agency), raw["number"] - self.offsets[raw["from"]]
        self.world.weather.lost.add((agency.code, seq))
        (document,) = self._written(raw, agency)
        row = await send_anyway(agency, document, number=seq)
        await self._wait(timedelta(minutes=2))
        before = await self._log_size(there)
        result = await self._hand_over(agency, row)
        found = f"{result.outcome.value}:{result.code}"
        if found != raw["expect"] or await self._log_size(there) != before:
            raise WrongTurnError(f"number {raw['number']}: {found}")
        self.tally.steps, self.tally.messages, self.tally.states = 1, 1, 0

    async def _by_courier(self, raw: Raw) -> None:
        """The network is away for weeks; a frame of its first day arrives after the end of its message."""
        agency = self.stage.agency(raw["from"])
        lasts = timedelta(days=self.world.agreement.terms.expires_days)
        ends = moment({"at": raw["fields"]["expires"]})
        self.world.weather.down = True
        self.stage.lapse(ends - lasts)
        (document,) = self._written({**raw, "at": text(self.stage.now())}, agency)
        row = await send_anyway(agency, document)
        self._note(raw, row)
        await self._wait(timedelta(minutes=5))
        composed = await compose(agency.node, self.world.link)
        parcel = encode_frame(replace(composed.frame, lines=(await self._line(agency, row),)))
        self.stage.lapse(moment(raw))
        await answer(self.world.other(agency).node, self.world.link, parcel)
        await self._demand(raw, row, raw["expect"])
        self.world.weather.down = False
        self.tally.messages += 1

    # Looking

    async def _demand(self, raw: Raw, row: MessageRow, expected: str) -> None:
        """Wait until the recipient has the verdict that the scenario expects."""
        wanted, _, code = expected.partition(":")
        state = MessageState.HELD if wanted == "held" else MessageState(wanted)
        found: list[MessageRow | None] = []

        async def reached() -> bool:
            found[:] = [await self._there(raw, row)]
            return found[0] is not None and (wanted == "held" or found[0].state is not MessageState.HELD)

        await self.world.until(reached)
        (there,) = found
        if there is None or (there.state, there.code) != (state, code):
            raise WrongTurnError(
                f"number {raw['number']}: {there and (there.state, there.code)}, not {expected}"
            )
        if wanted == "accepted":
            await self._is_told(self.stage.agency(raw["from"]), row, MessageState.ACCEPTED)

    async def _is_told(self, agency: Agency, row: MessageRow, state: MessageState) -> None:
        async def told() -> bool:
            return (await self.stage.row(agency, Direction.OUT, row.seq)).state is state

        await self.world.until(told)

    async def _there(self, raw: Raw, row: MessageRow) -> MessageRow | None:
        there, link = self.world.other(self.stage.agency(raw["from"])), self.world.link
        return await there.store.read(lambda uow: uow.messages.by_seq(link, Direction.IN, row.seq))

    async def _hand_over(self, agency: Agency, row: MessageRow) -> Result:
        """Hand one line to the recipient in a frame of its own, and return what it says about it."""
        link, there = self.world.link, self.world.other(agency)
        frame = Frame(link, agency.code, there.code, lines=(await self._line(agency, row),))
        said = decode_frame(await answer(there.node, link, encode_frame(frame)))
        return next(result for result in said.results if result.seq == row.seq)

    async def _line(self, agency: Agency, row: MessageRow) -> bytes:
        """Return the bytes that every retry sends."""
        link = self.world.link
        envelope, body = await agency.store.read(lambda uow: uow.messages.line(link, Direction.OUT, row.seq))
        if body is None:
            raise WrongTurnError("the line is not kept any more")
        return join_line(envelope, body)

    async def _log_size(self, agency: Agency) -> int:
        link = self.world.link
        return await agency.store.read(lambda uow: uow.logs.position(link, agency.code).size)

    async def _next_number(self, agency: Agency) -> int:
        link = self.world.link
        return await agency.store.read(lambda uow: pairing_of(uow, agency.node, link).link.next_seq)

    async def _wait(self, time: timedelta) -> None:
        until = self.stage.now() + time

        async def reached() -> bool:
            return self.stage.now() >= until

        await self.world.until(reached)

    # Sending

    def _written(self, raw: Raw, agency: Agency) -> list[Document]:
        return self.stage.writer.documents(raw, agency.node)

    async def _send(self, raw: Raw, agency: Agency) -> MessageRow:
        (document,) = self._written(raw, agency)
        row = await send(agency, document)
        self.stage.writer.remember(raw, document, id=row.id, pc=row.commitment)
        return row

    def _note(self, raw: Raw, row: MessageRow) -> None:
        """Remember a number of the scenario; the distance to the real one is always the same."""
        if row.seq != raw["number"] - self.offsets[raw["from"]]:
            raise WrongTurnError(f"number {raw['number']} is {row.seq}")
        self.numbers[raw["from"], raw["number"]] = replace(row)
