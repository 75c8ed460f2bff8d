# SPDX-License-Identifier: Apache-2.0
"""Passkeys on the pages: added after the password, used alone, and never instead of a check."""

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from exchange.adapters.identity.passkeys import BrowserDevices
from exchange.ids import OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.listening import passkeys_at
from exchange.interfaces.web.replying import POLICY, WITH_SCRIPT
from exchange.service.accounts import close_account, new_first_password
from exchange.service.passkeys import Questions
from tests.support.authenticator import Device
from tests.support.visitors import PASSWORD, Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, World

ORIGIN = "https://desk.example"
ADMINISTRATOR = "P-0006"
NONCE = bytes(range(16))
Story = Callable[[World, House], Awaitable[None]]
_OPTIONS = re.compile(r'data-options="([^"]*)"')


def play(folder: Path, story: Story) -> None:
    """Play a story at pages that a browser knows as `ORIGIN`."""

    async def opened(world: World) -> None:
        await world.open()
        plain = await open_house(world.kh, folder)
        house = replace(plain, staff=replace(plain.staff, devices=BrowserDevices()))
        house = replace(house, passkeys=passkeys_at(house, {ORIGIN}))
        await give_account(house, OFFICER, "officer")
        await give_account(house, ADMINISTRATOR, "administrator")
        await story(world, house)

    World(seed=8).run(opened)


def options_in(text: str) -> str:
    found = _OPTIONS.search(text)
    assert found is not None
    return html.unescape(found[1])


async def added(house: House, device: Device, officer: str = OFFICER) -> Visitor:
    """Sign in with the password and add the passkey of a device."""
    visitor = Visitor(house)
    await visitor.sign_in(officer)
    page = await visitor.post("/account/passkey", password=PASSWORD)
    await visitor.post("/account/passkey/keep", credential=device.make(options_in(page.text)))
    return visitor


async def signed_in(house: House, device: Device) -> Visitor:
    visitor = Visitor(house)
    page = await visitor.get("/sign-in")
    await visitor.post("/sign-in/passkey", credential=device.sign(options_in(page.text)), next="/account")
    return visitor


def test_a_passkey_signs_in_alone_and_both_are_recorded(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        device = Device(ORIGIN)
        await added(house, device)

        visitor = await signed_in(house, device)

        assert (visitor.last.status, visitor.last.to) == (303, "/account")
        assert (await visitor.get("/account")).says("Your account")
        done = [(row.act, row.result) for row in await acts(house) if row.actor == OFFICER]
        assert ("passkey_added", "done") in done
        assert ("signed_in", "passkey") in done

    play(tmp_path, story)


@pytest.mark.parametrize("password", ["", "another password here", PASSWORD.upper()])
def test_a_passkey_is_added_only_after_the_password_was_given_again(tmp_path: Path, password: str) -> None:
    async def story(world: World, house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)

        page = await visitor.post("/account/passkey", password=password)

        assert (page.status, page.says("The password is wrong")) == (400, True)
        assert "data-options" not in page.text

    play(tmp_path, story)


def test_the_password_cannot_be_guessed_there(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        for _ in range(5):
            await visitor.post("/account/passkey", password="wrong")

        assert (await visitor.post("/account/passkey", password=PASSWORD)).status == 400

    play(tmp_path, story)


def test_a_passkey_that_was_not_asked_for_by_this_sign_in_is_not_kept(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        first, second = Visitor(house), Visitor(house)
        await first.sign_in(OFFICER)
        await second.sign_in(OFFICER)
        page = await first.post("/account/passkey", password=PASSWORD)
        credential = Device(ORIGIN).make(options_in(page.text))

        other = await second.post("/account/passkey/keep", credential=credential)
        sign_in = options_in((await Visitor(house).get("/sign-in")).text)
        wrong_kind = await first.post("/account/passkey/keep", credential=Device(ORIGIN).make(sign_in))
        own = await first.post("/account/passkey/keep", credential=credential)
        again = await first.post("/account/passkey/keep", credential=credential)

        assert (other.status, wrong_kind.status, own.status, again.status) == (400, 400, 303, 400)

    play(tmp_path, story)


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://desk.example.evil"},
        {"origin": "http://desk.example"},
        {"host": "example"},
        {"knows_user": False},
        {"seed": "another device"},
        {"count": -1},
    ],
    ids=["another origin", "without TLS", "another host", "user not known", "not added", "count goes back"],
)
def test_a_wrong_signature_is_refused_like_a_wrong_password(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    async def story(world: World, house: House) -> None:
        device = Device(ORIGIN)
        await added(house, device)
        await signed_in(house, device)

        visitor = await signed_in(house, replace(device, **changes))  # type: ignore[arg-type]

        assert (visitor.last.status, visitor.token) == (400, "")
        assert visitor.last.says("Number, password or code is wrong")

    play(tmp_path, story)


def test_a_signature_counts_once(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        device, visitor = Device(ORIGIN), Visitor(house)
        await added(house, device)
        credential = device.sign(options_in((await visitor.get("/sign-in")).text))

        right = await visitor.post("/sign-in/passkey", credential=credential)
        again = await visitor.post("/sign-in/passkey", credential=credential)

        assert (right.status, again.status) == (303, 400)

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("later_s", "purpose", "taken"),
    [(0, "a", True), (300, "a", True), (301, "a", False), (-1, "a", False), (0, "b", False)],
    ids=["at once", "five minutes later", "later", "before it was asked", "for something else"],
)
def test_a_question_holds_for_its_purpose_and_five_minutes(later_s: int, purpose: str, taken: bool) -> None:
    questions = Questions(b"secret")

    assert questions.take(questions.ask(NONCE, "a", 1000.0), purpose, 1000.0 + later_s) is taken


@pytest.mark.parametrize("place", [0, 20, 39])
def test_a_changed_question_is_not_taken(place: int) -> None:
    question = bytearray(Questions(b"secret").ask(NONCE, "a", 0.0))
    question[place] ^= 1

    assert not Questions(b"secret").take(bytes(question), "a", 0.0)


@pytest.mark.parametrize("question", [b"", NONCE, Questions(b"other").ask(NONCE, "a", 0.0)])
def test_a_question_of_somebody_else_is_not_taken(question: bytes) -> None:
    assert not Questions(b"secret").take(question, "a", 0.0)


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "x",
        "[]",
        "{}",
        "[" * 9000,
        '{"id":1}',
        '{"id":"AA","response":7}',
        '{"id":"' + "A" * 17_000 + '"}',
    ],
    ids=["nothing", "no JSON", "a list", "empty", "deep", "a number", "no response", "too long"],
)
def test_what_is_no_credential_is_refused(tmp_path: Path, credential: str) -> None:
    async def story(world: World, house: House) -> None:
        visitor = Visitor(house)

        shown = await visitor.post("/sign-in/passkey", credential=credential)

        assert (shown.status, visitor.token) == (400, "")

    play(tmp_path, story)


def test_too_many_wrong_signatures_have_to_wait(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        statuses = [(await Visitor(house).post("/sign-in/passkey", credential="{}")).status for _ in range(6)]

        assert statuses == [400] * 5 + [429]

    play(tmp_path, story)


@pytest.mark.parametrize("act", ["reset", "close", "remove"])
def test_a_passkey_ends_with_a_new_first_password_a_closed_account_or_its_removal(
    tmp_path: Path, act: str
) -> None:
    async def story(world: World, house: House) -> None:
        device = Device(ORIGIN)
        visitor = await added(house, device)
        if act == "reset":
            await new_first_password(house.staff, OFFICER, actor=ADMINISTRATOR)
        elif act == "close":
            await close_account(house.staff, OFFICER, actor=ADMINISTRATOR)
        else:
            page = await visitor.get("/account")
            await visitor.post("/account/passkey/remove", id=page.hidden["id"])

        assert (await signed_in(house, device)).last.status == 400

    play(tmp_path, story)


def test_nobody_removes_the_passkey_of_somebody_else(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        device = Device(ORIGIN)
        page = await (await added(house, device)).get("/account")
        other = Visitor(house)
        await other.sign_in(ADMINISTRATOR)

        await other.post("/account/passkey/remove", id=page.hidden["id"])

        kept = await house.node.store.read(lambda uow: uow.staff.passkeys.of(OfficerNumber(OFFICER)))
        assert [row.id for row in kept] == [device.id]

    play(tmp_path, story)


def test_script_may_run_on_two_pages_only_and_only_our_file(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        visitor = Visitor(house)
        sign_in = await visitor.get("/sign-in")
        await visitor.sign_in(OFFICER)
        making = await visitor.post("/account/passkey", password=PASSWORD)
        other = [await visitor.get(path) for path in ("/account", "/today", "/cases", "/search")]

        policy = "Content-Security-Policy"
        assert {page.fields[policy] for page in (sign_in, making)} == {WITH_SCRIPT}
        assert {page.fields[policy] for page in other} == {POLICY}
        assert all("<script" not in page.text for page in other)
        assert re.findall(r"<script[^>]*>([^<]*)", sign_in.text + making.text) == ["", ""]

    play(tmp_path, story)


def test_pages_at_a_bare_address_offer_no_passkeys(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        bare = replace(house, passkeys=passkeys_at(house, {"http://127.0.0.1:8080"}))
        visitor = Visitor(bare)

        page = await visitor.get("/sign-in")
        await visitor.sign_in(OFFICER)

        assert (page.fields["Content-Security-Policy"], "<script" in page.text) == (POLICY, False)
        assert (await visitor.post("/account/passkey", password=PASSWORD)).status == 400
        assert (await Visitor(bare).post("/sign-in/passkey", credential="{}")).status == 400

    play(tmp_path, story)
