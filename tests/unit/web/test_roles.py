# SPDX-License-Identifier: Apache-2.0
"""Every page, asked by every role and by nobody: only what the table of permissions allows is shown."""

from pathlib import Path

import pytest
from exchange.cases.permissions import ALLOWED, Act, Role
from exchange.interfaces.web.desk import ACTS, House
from exchange.interfaces.web.routes import ROUTES, Route
from tests.support.visitors import Visitor, give_account, open_house
from tests.support.world import World

MESSAGE = "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"
PLACES = {
    "<id>": MESSAGE, "<code>": "7KQ2-M9XD-4TBE", "<officer>": "P-0001", "<part>": "content",
    "<n>": "0", "<name>": "x", "<side>": "ours", "<act>": "erase",
    "<partner>": "VN-MPS-IMM",
}  # fmt: skip


def address(route: Route) -> str:
    found = route.address
    for name, value in PLACES.items():
        found = found.replace(name, value)
    return found


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_shown_exactly_what_the_table_allows(role: Role, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, tmp_path)
        await give_account(house, "P-0050", role)
        visitor = Visitor(house)
        await visitor.sign_in("P-0050")
        wrong = []
        for route in sorted(ROUTES, key=lambda route: route.address == "/leave"):
            shown = await _asked(visitor, route)
            refused = shown == 403
            assert not refused or visitor.last.says("Nothing was changed."), route.address
            if refused is (role in ALLOWED[route.act]) and not route.address.startswith("/handover/"):
                wrong.append((route.method, route.address, shown))
        assert wrong == []

    World(seed=6).run(story)


async def _asked(visitor: Visitor, route: Route) -> int:
    if route.method == "GET":
        return (await visitor.get(address(route))).status
    return (await visitor.post(address(route))).status


def test_nobody_is_shown_only_the_sign_in(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, tmp_path)
        for route in ROUTES:
            visitor = Visitor(house)
            await _asked(visitor, route)
            assert visitor.last.to.startswith("/sign-in"), route.address

    World(seed=6).run(story)


@pytest.mark.parametrize(
    "path", ["/nothing", "/case", "/case/a/b", "/form/x/y", "/accounts/../today", "/today/"]
)
def test_an_unknown_page_is_not_found_also_without_a_sign_in(path: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, tmp_path)

        assert (await Visitor(house).get(path)).status == 404

    World(seed=6).run(story)


def test_every_act_of_a_route_and_command_stands_in_the_table() -> None:
    assert {route.act for route in ROUTES} | set(ACTS.values()) <= set(ALLOWED)
    assert set(ALLOWED) == set(Act)


def test_a_command_that_is_not_named_is_not_allowed_to_any_page(tmp_path: Path) -> None:
    from exchange.errors import NotAllowedError
    from exchange.interfaces.web.asking import Asked
    from exchange.interfaces.web.desk import Clerk
    from exchange.service.sessions import session_of

    async def story(world: World) -> None:
        await world.open()
        house: House = await open_house(world.kh, tmp_path)
        await give_account(house, "P-0050", "officer", "releaser", "handover", "key_officer", "administrator")
        visitor = Visitor(house)
        await visitor.sign_in("P-0050")
        session = await session_of(house.staff, visitor.token)
        assert session is not None
        clerk = Clerk(house, session, Asked("GET", "/", "", visitor.token))

        for command in ("message.send", "case.export", "account.open", "partner.resume", "no.such"):
            with pytest.raises(NotAllowedError):
                await clerk.ask(command)

    World(seed=6).run(story)
