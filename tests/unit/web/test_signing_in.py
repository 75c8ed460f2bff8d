# SPDX-License-Identifier: Apache-2.0
"""Signing in, and how long it lasts: threat model, section 7 (limits) and rule 27."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from exchange.ids import OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.languages import wanted_language
from exchange.service.accounts import (
    close_account,
    connect_device,
    new_first_password,
    open_account,
    set_roles,
)
from tests.support.visitors import PASSWORD, Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, World

Story = Callable[[House], Awaitable[None]]
SECOND = OfficerNumber("P-0002")


def play(folder: Path, story: Story, *, codes_needed: bool = False) -> None:
    """Play a story at the desk of KH, where P-0001 is an officer with an account."""

    async def opened(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, folder, codes_needed=codes_needed)
        await give_account(house, OFFICER, "officer")
        await story(house)

    World(seed=5).run(opened)


def later(house: House, by: timedelta) -> None:
    house.node.clock.jump(by)  # type: ignore[attr-defined]


def test_the_right_password_opens_the_work_of_today(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)

        await visitor.sign_in(OFFICER)

        assert (await visitor.get("/today")).says("Work today")

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (OFFICER, "another password of mine"),
        (OFFICER, ""),
        ("P-0099", PASSWORD),
        ("", PASSWORD),
        ("no officer's number at all", PASSWORD),
        (SECOND, PASSWORD),
    ],
    ids=["wrong password", "empty password", "unknown number", "no name", "no number", "no account"],
)
def test_whatever_is_wrong_has_one_answer(tmp_path: Path, name: str, password: str) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)

        shown = await visitor.post("/sign-in", name=name, password=password, code="", next="/")

        assert (shown.status, visitor.token) == (400, "")
        assert shown.says("Number, password or code is wrong. Type all three again.")

    play(tmp_path, story)


def test_what_was_typed_is_kept_nowhere(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)

        shown = await visitor.post("/sign-in", name="my password", password="secret word", code="", next="/")

        kept = " ".join(f"{row.actor} {row.object} {row.result}" for row in await acts(house))
        assert "my password" not in kept + shown.text
        assert "secret word" not in kept + shown.text

    play(tmp_path, story)


def test_the_sixth_try_in_a_minute_has_to_wait(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        tries = [(await visitor.sign_in(OFFICER, password="wrong one here")).status for _ in range(5)]

        shown = await visitor.sign_in(OFFICER)

        assert tries == [400] * 5
        assert (shown.status, visitor.token) == (429, "")
        assert shown.says("Too many tries. Wait a minute, then try again.")

    play(tmp_path, story)


def test_tries_at_other_names_from_one_address_count_together(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        for number in range(5):
            await visitor.sign_in(f"P-{number + 50:04}", password="wrong one here")

        assert (await visitor.sign_in(OFFICER)).status == 429

    play(tmp_path, story)


def test_tries_from_another_address_do_not_lock_an_officer_out(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        stranger, officer = Visitor(house, address="10.9.9.9"), Visitor(house)
        for _ in range(5):
            await stranger.sign_in(OFFICER, password="wrong one here")

        assert (await officer.sign_in(OFFICER)).status == 303

    play(tmp_path, story)


def test_digits_of_every_script_are_those_of_a_name(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        assert (await Visitor(house).sign_in("P-០០០១")).status == 303
        assert (await Visitor(house).sign_in("P-០០០២")).status == 400

    play(tmp_path, story)


def test_without_a_sign_in_a_page_asks_for_one_and_comes_back(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)

        shown = await visitor.get("/partners")

        assert (shown.status, shown.to) == (303, "/sign-in?next=/partners")
        assert (await visitor.sign_in(OFFICER, way="/partners")).to == "/partners"

    play(tmp_path, story)


@pytest.mark.parametrize(
    "way", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:x"]
)
def test_the_way_back_never_leaves_the_pages(tmp_path: Path, way: str) -> None:
    async def story(house: House) -> None:
        assert (await Visitor(house).sign_in(OFFICER, way=way)).to == "/"

    play(tmp_path, story)


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 44, "../..", "A" * 42 + "B"])
def test_a_made_up_token_is_nobody(tmp_path: Path, token: str) -> None:
    async def story(house: House) -> None:
        assert (await Visitor(house, token=token).get("/today")).status == 303

    play(tmp_path, story)


def test_a_sign_in_ends_after_fifteen_minutes_without_use(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        later(house, timedelta(minutes=14))
        used = await visitor.get("/today")
        later(house, timedelta(minutes=16))

        assert used.status == 200
        assert (await visitor.get("/today")).to == "/sign-in?next=/today&ended=left"
        assert (await visitor.follow()).says("Sign in and go on.")

    play(tmp_path, story)


def test_a_form_of_who_has_left_says_that_it_was_not_saved_and_comes_back(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        other = Visitor(house, token=visitor.token, form_token=visitor.form_token)
        await other.post("/leave")

        sent = await visitor.post(
            "/form/0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4c7f/content/0/reason", reason="typed"
        )

        assert sent.to == (
            "/sign-in?next=/form/0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4c7f/content/0/reason&ended=lost"
        )
        assert (await visitor.follow()).says("Your last entry was not saved")
        assert "typed" not in visitor.last.text

    play(tmp_path, story)


@pytest.mark.parametrize("path", ["/leave", "/account/password", "/message/x/remind"])
def test_who_comes_back_never_comes_back_to_an_act(tmp_path: Path, path: str) -> None:
    async def story(house: House) -> None:
        assert (await Visitor(house).post(path)).to == "/sign-in?next=/&ended=lost"

    play(tmp_path, story)


def test_the_sign_in_page_speaks_the_language_of_the_browser_or_the_chosen_one(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house, wanted="km")

        assert '<html lang="km"' in (await visitor.get("/sign-in")).text
        assert '<html lang="vi"' in (await visitor.get("/sign-in?lang=vi&next=/today")).text
        assert (await visitor.post("/sign-in", name=OFFICER, password="wrong", lang="vi")).status == 400
        assert '<html lang="vi"' in visitor.last.text
        assert '<html lang="km"' in (await visitor.get("/sign-in?lang=xx")).text
        assert '<html lang="km"' in (await visitor.get("/no/such/page/here/at/all")).text

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("", "en"),
        ("km", "km"),
        ("km-KH,km;q=0.9,en;q=0.8", "km"),
        ("en;q=0.5, vi;q=0.9", "vi"),
        ("fr-FR, fr;q=0.9, th;q=0.1", "th"),
        ("fr", "en"),
        ("*", "en"),
        ("km;q=0", "en"),
        ("km;q=0.000, th;q=0.001", "th"),
        ("km;q=2, th;q=x, vi;level=1", "en"),
        (";;,,;q=1", "en"),
        ("KM", "km"),
        ("x" * 500 + ",km", "en"),
    ],
)
def test_the_language_that_a_browser_wants(said: str, language: str) -> None:
    assert wanted_language(said) == language


def test_a_sign_in_ends_after_eight_hours_of_use(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        for _ in range(48):
            later(house, timedelta(minutes=10))
            shown = await visitor.get("/today")

        assert shown.status == 303

    play(tmp_path, story)


def test_leaving_ends_the_sign_in_and_shows_nothing_of_us(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        kept = visitor.token

        left = await visitor.post("/leave")
        blank = await visitor.follow()

        assert '"cache", "cookies", "storage"' in left.fields["Clear-Site-Data"]
        assert visitor.token == ""
        assert "Exchange" not in blank.text
        assert (await Visitor(house, token=kept).get("/today")).status == 303

    play(tmp_path, story)


@pytest.mark.parametrize("change", ["close", "reset", "roles"])
def test_a_change_of_the_account_ends_its_sign_ins(tmp_path: Path, change: str) -> None:
    async def story(house: House) -> None:
        await give_account(house, SECOND, "administrator")
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)

        match change:
            case "close":
                await close_account(house.staff, OFFICER, actor=SECOND)
            case "reset":
                await new_first_password(house.staff, OFFICER, actor=SECOND)
            case _:
                await set_roles(house.staff, OFFICER, ("releaser",), actor=SECOND)

        assert (await visitor.get("/today")).status == 303

    play(tmp_path, story)


def test_a_given_password_has_to_be_replaced_before_anything_else(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        opened = await open_account(house.staff, SECOND, ("officer",), actor="administrator")
        visitor = Visitor(house)
        await visitor.sign_in(SECOND, password=opened.first_password)

        sent = await visitor.get("/today")
        await visitor.follow()
        changed = await visitor.post(
            "/account/password", old=opened.first_password, new=PASSWORD, again=PASSWORD
        )

        assert sent.to == "/account"
        assert changed.to == "/sign-in?ended=password"
        await visitor.sign_in(SECOND)
        assert (await visitor.get("/today")).status == 200

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("old", "new", "again", "words"),
    [
        ("wrong", PASSWORD + "!", PASSWORD + "!", "The present password is wrong"),
        (PASSWORD, "short", "short", "A password has 12 to 200 characters"),
        (PASSWORD, "password-password", "password-password", "tried first"),
        (PASSWORD, "p-0001 and my dog", "p-0001 and my dog", "tried first"),
        (PASSWORD, PASSWORD, PASSWORD, "The new password is the present one"),
        (PASSWORD, "quite another one", "quite another two", "not the same"),
    ],
    ids=["old", "short", "common", "own number", "same", "not repeated"],
)
def test_a_bad_new_password_is_refused_at_its_field(
    tmp_path: Path, old: str, new: str, again: str, words: str
) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)

        shown = await visitor.post("/account/password", old=old, new=new, again=again)

        assert shown.status == 400
        assert shown.words.count(words) == 2, shown.words
        assert (await Visitor(house).sign_in(OFFICER)).status == 303

    play(tmp_path, story)


def test_the_present_password_is_guessed_no_more_often_than_at_a_sign_in(tmp_path: Path) -> None:
    """Somebody at the open browser of a colleague."""

    async def story(house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        new = PASSWORD + "!"

        for guess in range(5):
            await visitor.post("/account/password", old=f"guess number {guess}", new=new, again=new)
        shown = await visitor.post("/account/password", old=PASSWORD, new=new, again=new)

        assert (shown.status, shown.words.count("Too many tries")) == (400, 2)
        assert len([row for row in await acts(house) if row.act == "sign_in_refused"]) == 5
        await asyncio.sleep(61)
        changed = await visitor.post("/account/password", old=PASSWORD, new=new, again=new)
        assert changed.to == "/sign-in?ended=password"

    play(tmp_path, story)


def test_a_device_is_needed_where_codes_are(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)

        sent = await visitor.get("/today")
        page = await visitor.follow()

        assert sent.to == "/account"
        assert page.says("Device for codes")

    play(tmp_path, story, codes_needed=True)


def code_now(house: House) -> str:
    return f"{int(house.node.clock.now().timestamp()) // 30 % 1_000_000:06}"


def test_with_a_device_the_password_alone_is_not_enough(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await connect_device(house.staff, OFFICER, secret="SECRET", code=code_now(house))
        later(house, timedelta(minutes=1))

        without, with_code = Visitor(house), Visitor(house)

        assert (await without.sign_in(OFFICER)).status == 400
        assert (await without.sign_in(OFFICER, code="000000")).status == 400
        assert (await with_code.sign_in(OFFICER, code=code_now(house))).status == 303

    play(tmp_path, story, codes_needed=True)


def test_a_code_counts_once(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await connect_device(house.staff, OFFICER, secret="SECRET", code=code_now(house))
        later(house, timedelta(minutes=1))
        first, second = Visitor(house), Visitor(house)
        code = code_now(house)

        assert (await first.sign_in(OFFICER, code=code)).status == 303
        assert (await second.sign_in(OFFICER, code=code)).status == 400

    play(tmp_path, story, codes_needed=True)


def test_a_form_without_the_token_of_the_sign_in_changes_nothing(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor, other = Visitor(house), Visitor(house)
        await visitor.sign_in(OFFICER)
        await other.sign_in(OFFICER)
        for wrong in ("", "x", other.form_token):
            visitor.form_token = wrong
            shown = await visitor.post("/account/language", language="km")
            assert (shown.status, shown.says("Nothing was changed")) == (400, True)

        account = await house.node.store.read(lambda uow: uow.staff.accounts.get(OFFICER))
        assert account is not None
        assert account.language == "en"

    play(tmp_path, story)


def test_sign_ins_and_refusals_are_recorded(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER, password="wrong one here")
        await visitor.sign_in("P-0099", password="wrong one here")
        await visitor.sign_in(OFFICER)
        await visitor.post("/leave")

        found = [(row.actor, row.act) for row in await acts(house) if row.act.startswith("sign")]
        assert found == [
            (OFFICER, "sign_in_refused"),
            ("nobody", "sign_in_refused"),
            (OFFICER, "signed_in"),
            (OFFICER, "signed_out"),
        ]

    play(tmp_path, story)
