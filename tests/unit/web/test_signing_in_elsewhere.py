# SPDX-License-Identifier: Apache-2.0
"""Signing in at the sign-in service of the agency: the way there and back, and whom it lets in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from exchange.errors import SignInError, TransportError
from exchange.ids import OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.service.accounts import close_account
from exchange.service.passkeys import Questions
from exchange.service.signing_on import Asking, Elsewhere
from tests.support.visitors import Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, World

ISSUER, ADMINISTRATOR, OTHER = "https://login.agency.example", "P-0006", "P-0041"
Story = Callable[[House, "Service"], Awaitable[None]]


@dataclass
class Service:
    """A fake of the port: knows one code, and remembers with what it was asked."""

    subject_of_code: str = "subject-1"
    down: bool = False
    seen: list[Asking] = field(default_factory=list)

    async def address(self, asking: Asking) -> str:
        if self.down:
            raise TransportError("down", reason="unreachable")
        self.seen.append(asking)
        return f"{ISSUER}/authorize?state={asking.state}"

    async def subject(self, code: str, asking: Asking) -> str:
        if self.down:
            raise TransportError("down", reason="unreachable")
        if code != "code-1" or asking not in self.seen:
            raise SignInError("wrong")
        return self.subject_of_code


def play(folder: Path, story: Story) -> None:
    """Play a story in which an administrator has said who `OFFICER` is at the service."""

    async def opened(world: World) -> None:
        await world.open()
        plain, service = await open_house(world.kh, folder), Service()
        elsewhere = Elsewhere(plain.staff, service, ISSUER, "Agency sign-in", Questions(b"secret"))
        house = replace(plain, elsewhere=elsewhere)
        await give_account(house, OFFICER, "officer")
        await give_account(house, OTHER, "officer")
        await give_account(house, ADMINISTRATOR, "administrator")
        administrator = Visitor(house)
        await administrator.sign_in(ADMINISTRATOR)
        await administrator.post(f"/accounts/{OFFICER}", act="outside", subject="subject-1")
        await story(house, service)

    World(seed=8).run(opened)


async def sent(house: House) -> tuple[Visitor, str]:
    """Press the button of the sign-in page; return the browser and the state it took along."""
    visitor = Visitor(house)
    shown = await visitor.get("/sign-in/elsewhere")
    assert shown.to.startswith(ISSUER)
    return visitor, parse_qs(urlsplit(shown.to).query)["state"][0]


def test_an_officer_known_there_signs_in_and_goes_on_from_a_page_of_ours(tmp_path: Path) -> None:
    async def story(house: House, service: Service) -> None:
        offered = await Visitor(house).get("/sign-in")
        visitor, state = await sent(house)
        page = await visitor.get(f"/sign-in/elsewhere/back?state={state}&code=code-1&iss={ISSUER}")
        home = await visitor.get("/")

        assert offered.says("Sign in at Agency sign-in")
        assert (page.status, page.says("You are signed in"), home.to) == (200, True, "/today")
        assert visitor.way == ""
        assert ("signed_in", "elsewhere") in [(row.act, row.result) for row in await acts(house)]

    play(tmp_path, story)


@pytest.mark.parametrize(
    "query",
    [
        "state={state}&code=other",
        "state={state}&code=",
        "state={state}",
        "code=code-1",
        "state=AAAA&code=code-1",
        "state={state}&code=code-1&iss=https://other.example",
        "error=access_denied&state={state}",
    ],
    ids=["wrong code", "empty", "no code", "no state", "another state", "another issuer", "denied there"],
)
def test_a_wrong_way_back_is_refused_like_a_wrong_password(tmp_path: Path, query: str) -> None:
    async def story(house: House, service: Service) -> None:
        visitor, state = await sent(house)

        shown = await visitor.get("/sign-in/elsewhere/back?" + query.format(state=state))

        assert (shown.status, visitor.token) == (400, "")
        assert shown.says("Number, password or code is wrong")

    play(tmp_path, story)


def test_a_state_counts_once_and_for_the_browser_that_began(tmp_path: Path) -> None:
    async def story(house: House, service: Service) -> None:
        visitor, state = await sent(house)
        other, _ = await sent(house)
        back = f"/sign-in/elsewhere/back?state={state}&code=code-1"

        stolen = await other.get(back)
        without = await Visitor(house).get(back)
        way = visitor.way
        right = await visitor.get(back)
        again = Visitor(house, way=way)
        await again.get(back)

        assert (stolen.status, without.status, right.status) == (400, 400, 200)
        assert (again.last.status, again.token) == (400, "")

    play(tmp_path, story)


@pytest.mark.parametrize("subject", ["subject-2", "SUBJECT-1", "officer@agency.example", OFFICER])
def test_a_subject_that_no_administrator_set_opens_nothing(tmp_path: Path, subject: str) -> None:
    async def story(house: House, service: Service) -> None:
        service.subject_of_code = subject
        visitor, state = await sent(house)

        shown = await visitor.get(f"/sign-in/elsewhere/back?state={state}&code=code-1")

        assert (shown.status, visitor.token) == (400, "")
        assert "sign_in_refused" in [row.act for row in await acts(house)]

    play(tmp_path, story)


def test_a_closed_account_is_not_opened_from_there(tmp_path: Path) -> None:
    async def story(house: House, service: Service) -> None:
        await close_account(house.staff, OFFICER, actor=ADMINISTRATOR)
        visitor, state = await sent(house)

        assert (await visitor.get(f"/sign-in/elsewhere/back?state={state}&code=code-1")).status == 400

    play(tmp_path, story)


def test_a_service_that_is_down_leaves_password_and_code(tmp_path: Path) -> None:
    async def story(house: House, service: Service) -> None:
        service.down = True
        visitor = Visitor(house)

        shown = await visitor.get("/sign-in/elsewhere")

        assert shown.status == 400
        assert shown.says("The sign-in service cannot be used.")
        assert (await visitor.sign_in(OFFICER)).status in (200, 303)
        assert visitor.token

    play(tmp_path, story)


def test_a_subject_belongs_to_one_officer_and_is_set_by_somebody_else(tmp_path: Path) -> None:
    async def story(house: House, service: Service) -> None:
        administrator = Visitor(house)
        await administrator.sign_in(ADMINISTRATOR)

        twice = await administrator.post(f"/accounts/{OTHER}", act="outside", subject="subject-1")
        own = await administrator.post(f"/accounts/{ADMINISTRATOR}", act="outside", subject="subject-9")
        await administrator.post(f"/accounts/{OFFICER}", act="outside", subject="")
        free = await administrator.post(f"/accounts/{OTHER}", act="outside", subject="subject-1")

        known = await house.node.store.read(
            lambda uow: [uow.staff.outside_names.has(OfficerNumber(one)) for one in (OFFICER, OTHER)]
        )
        assert (twice.status, own.status, free.status) == (400, 400, 303)
        assert known == [False, True]
        assert "subject-1" not in str(await acts(house))

    play(tmp_path, story)


def test_without_a_service_there_is_no_way_to_one(tmp_path: Path) -> None:
    async def story(house: House, service: Service) -> None:
        alone = Visitor(replace(house, elsewhere=None))

        assert not (await alone.get("/sign-in")).says("Sign in at")
        assert (await alone.get("/sign-in/elsewhere")).to == ""
        assert (await alone.get("/sign-in/elsewhere/back?state=a&code=b")).to == ""

    play(tmp_path, story)
