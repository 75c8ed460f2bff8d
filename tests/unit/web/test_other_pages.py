# SPDX-License-Identifier: Apache-2.0
"""Search, auditor, partners and accounts: what each shows, what it never shows, and what is recorded."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from exchange.interfaces.web.desk import House
from exchange.service.addresses import decide
from exchange.service.gatetalk import SEEN
from exchange.service.keyplaces import take_card
from exchange.service.release import release
from exchange.service.rows import LinkState
from tests.support.notices import NAMES, notice
from tests.support.visitors import Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND, VN, World

Story = Callable[[World, House], Awaitable[None]]
ADMINISTRATOR, AUDITOR = "P-0006", "P-0005"


def play(folder: Path, story: Story) -> None:
    """Play a story after KH has sent a notice about one person, and VN has accepted it."""

    async def opened(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, folder)
        await give_account(house, OFFICER, "officer")
        await give_account(house, AUDITOR, "auditor")
        await give_account(house, ADMINISTRATOR, "administrator")
        await release(world.kh.node, world.link, notice(world.kh.node, VN, persons=1), officer=OFFICER)

        async def known() -> bool:
            return (await world.kh.store.read(lambda uow: uow.messages.open_count(world.link)))[0] == 0

        await world.until(known)
        await story(world, house)

    World(seed=8).run(opened)


async def signed_in(house: House, officer: str) -> Visitor:
    visitor = Visitor(house)
    await visitor.sign_in(officer)
    return visitor


def test_a_search_needs_a_purpose_and_is_recorded_with_it(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        officer = await signed_in(house, OFFICER)
        await officer.get("/search")

        without = await officer.post("/search", name=NAMES[0], purpose="")
        found = await officer.post("/search", name=NAMES[0], purpose="handover")

        assert (without.status, NAMES[0] in without.words) == (400, False)
        assert without.words.count("Say what you search for a person for") == 2
        assert found.says(NAMES[0])
        rows = [row for row in await acts(house) if "find" in row.act or "search" in row.act]
        searched = [(row.actor, row.purpose) for row in rows]
        assert searched == [(OFFICER, "handover")]

    play(tmp_path, story)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": " "},
        {"name": "x", "purpose": "curiosity"},
        {"name": "x", "purpose": "reconciliation"},
        {"born": "20x1"},
    ],
)
def test_a_search_for_nothing_or_for_no_reason_finds_nothing(tmp_path: Path, fields: dict[str, str]) -> None:
    async def story(world: World, house: House) -> None:
        officer = await signed_in(house, OFFICER)
        await officer.get("/search")

        shown = await officer.post("/search", **{"purpose": "handover", **fields})

        assert shown.status == 400

    play(tmp_path, story)


def test_a_search_that_finds_nobody_does_not_say_that_nobody_is_known(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        officer = await signed_in(house, OFFICER)
        await officer.get("/search")
        nobody = await officer.post("/search", name="Nobody At All", purpose="handover")
        found = await officer.post("/search", name=NAMES[0], purpose="handover")

        assert nobody.says("does not say that nobody is known. Search once more with another spelling")
        assert not found.says("Search once more")
        assert re.search(r"Female, born 14 May 2003 · [0-9A-Z-]{14}", found.words)

    play(tmp_path, story)


def test_a_search_speaks_the_language_of_the_officer(tmp_path: Path) -> None:
    """Also the word before an error, which is only read out, and how well somebody fits."""

    async def story(world: World, house: House) -> None:
        officer = await signed_in(house, OFFICER)
        await officer.post("/account/language", language="th")
        await officer.get("/search")

        refused = await officer.post("/search", purpose="handover")
        found = await officer.post("/search", name=NAMES[0], purpose="handover")

        assert refused.status == 400
        assert "Error" not in refused.text
        assert found.says("ชื่อเดียวกัน")
        assert not found.says("spelling")

    play(tmp_path, story)


def test_opening_a_case_is_recorded_with_the_purpose_of_the_search(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        officer = await signed_in(house, OFFICER)
        await officer.get("/search")
        found = await officer.post("/search", name=NAMES[0], purpose="incident")
        link = re.findall(r'href="(/case/[^"]+)"', found.text)[0]

        await officer.get(link)

        opened = [(row.actor, row.purpose) for row in await acts(house) if row.act == "case_opened"]
        assert opened == [(OFFICER, "incident")]

    play(tmp_path, story)


def test_an_auditor_sees_numbers_and_no_name_code_or_type(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        officer, auditor = await signed_in(house, OFFICER), await signed_in(house, AUDITOR)
        case = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", (await officer.get("/cases")).text)[0]
        await officer.get(f"/case/{case}")
        await auditor.get("/audit")

        compared = await auditor.post("/audit", partner=VN)
        read = await auditor.get("/acts")

        assert compared.says("no difference")
        assert compared.says("1 message matched")
        assert f"{case[:4]}-…" in read.text
        for page in (compared, read):
            assert not any(word in page.text for word in (NAMES[0], case, "Repatriation"))

    play(tmp_path, story)


def test_a_comparison_without_the_partner_is_not_green(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        auditor = await signed_in(house, AUDITOR)
        await auditor.get("/audit")
        before = await auditor.post("/audit", partner=VN)
        world.vn.crash()

        compared = await auditor.post("/audit", partner=VN)

        said = "The partner cannot be reached now: compared with what is here of its ledger."
        assert before.says("green Both ledgers agree")
        assert compared.says(f"amber {said}")
        assert compared.words.count(said) == 1
        assert "Both ledgers agree" not in compared.words

    play(tmp_path, story)


def test_what_an_auditor_looks_at_is_recorded(tmp_path: Path) -> None:
    """Rule 29: their reads are recorded, too."""

    async def story(world: World, house: House) -> None:
        auditor = await signed_in(house, AUDITOR)
        await auditor.get("/audit")
        await auditor.post("/audit", partner=VN)
        await auditor.get("/acts")

        recorded = [(row.act, row.purpose) for row in await acts(house) if row.actor == AUDITOR]
        assert recorded[-2:] == [("ledgers_compared", "audit"), ("acts_read", "audit")]

    play(tmp_path, story)


def test_acts_can_be_narrowed_to_one_officer(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        auditor = await signed_in(house, AUDITOR)

        shown = await auditor.get(f"/acts?officer={OFFICER}")

        rows = re.findall(r"<tr class=\"govuk-table__row\"><td.*?</tr>", shown.text, re.S)
        assert rows
        assert all(OFFICER in row for row in rows)

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LinkState.OPEN, "Everything works."),
        (LinkState.CLOSED, "nothing is lost"),
        (LinkState.FROZEN, "Call your administrator"),
    ],
)
def test_a_partner_has_a_colour_and_a_sentence(tmp_path: Path, state: LinkState, words: str) -> None:
    async def story(world: World, house: House) -> None:
        officer = await signed_in(house, OFFICER)
        presence = house.node.presence.of(world.link)
        presence.gate, presence.reason = state, "" if state is LinkState.OPEN else "split"
        presence.last_contact_at = house.node.clock.now()

        assert (await officer.get("/partners")).says(words)

    play(tmp_path, story)


def test_a_partner_that_moved_is_told_until_two_officers_decided(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        officer, words = await signed_in(house, OFFICER), "This partner says that its node has a new address."
        house.node.presence.of(world.link).last_contact_at = house.node.clock.now()
        before = await officer.get("/partners")
        moved = world.vn.identity.but(serial=2, addresses=("https://new.example",)).card
        await take_card(house.node, VN, moved.raw)
        waiting = await officer.get("/partners")
        link = await world.kh.store.read(lambda uow: uow.links.get(world.link))
        assert link is not None

        await decide(house.node, link, moved.address, takes=False, actors=(OFFICER, SECOND))

        assert not before.says(words)
        assert waiting.says(words)
        assert not waiting.says("Everything works.")
        assert not (await officer.get("/partners")).says(words)

    play(tmp_path, story)


def test_a_store_that_lacks_entries_is_red_on_every_page(tmp_path: Path) -> None:
    """The partner's last report says that it has seen more of our ledger than is here."""

    async def story(world: World, house: House) -> None:
        officer, auditor = await signed_in(house, OFFICER), await signed_in(house, AUDITOR)
        held = await world.kh.store.read(lambda uow: uow.logs.position(world.link, world.kh.code).size)
        await world.kh.store.write(lambda uow: uow.settings.put(SEEN + world.link, f"1:{held + 3}"))
        presence = house.node.presence.of(world.link)
        presence.last_contact_at = house.node.clock.now()
        await auditor.get("/audit")

        shown = [
            await officer.get("/partners"),
            await auditor.post("/audit", partner=VN),
            await auditor.get(f"/audit/{VN}/differences"),
        ]

        for page in shown:
            assert page.says("Entries of our own ledger are missing on this computer")
            assert page.says(f"Here are {held} entries; the partner has seen {held + 3}.")
            assert page.says("red")
            assert not page.says("green")

    play(tmp_path, story)


def test_an_administrator_opens_an_account_and_sees_its_password_once(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        administrator = await signed_in(house, ADMINISTRATOR)
        await administrator.get(f"/accounts/{SECOND}")

        opened = await administrator.post(f"/accounts/{SECOND}", act="open", roles=("officer", "releaser"))
        first = re.findall(r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}", opened.words)[0]
        again = await administrator.get(f"/accounts/{SECOND}")
        officer = Visitor(house)
        await officer.sign_in(SECOND, password=first)

        assert first not in again.text
        assert (await officer.get("/today")).to == "/account"
        assert ("account_opened", SECOND) in [(row.act, row.object) for row in await acts(house)]
        assert not any(first in f"{row.object}{row.result}{row.purpose}" for row in await acts(house))

    play(tmp_path, story)


REFUSED = [
    ("auditor with another role", SECOND, {"act": "open", "roles": ("auditor", "officer")}),
    ("no role", SECOND, {"act": "open"}),
    ("unknown role", SECOND, {"act": "open", "roles": ("director",)}),
    ("unknown language", SECOND, {"act": "open", "roles": ("officer",), "language": "xx"}),
    ("an account twice", OFFICER, {"act": "open", "roles": ("officer",)}),
    ("nobody of the directory", "P-0777", {"act": "open", "roles": ("officer",)}),
    ("no account to reset", SECOND, {"act": "reset"}),
    ("own roles", ADMINISTRATOR, {"act": "roles", "roles": ("administrator", "officer")}),
    ("own account closed", ADMINISTRATOR, {"act": "close"}),
    ("own password", ADMINISTRATOR, {"act": "reset"}),
    ("no act", OFFICER, {}),
    ("another act", OFFICER, {"act": "delete"}),
]


@pytest.mark.parametrize(("officer", "fields"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_change_that_may_not_be_is_refused(tmp_path: Path, officer: str, fields: dict[str, object]) -> None:
    async def story(world: World, house: House) -> None:
        administrator = await signed_in(house, ADMINISTRATOR)
        await administrator.get("/accounts")
        before = await house.node.store.read(lambda uow: uow.staff.accounts.list())

        shown = await administrator.post(f"/accounts/{officer}", **fields)

        assert shown.status == 400
        assert await house.node.store.read(lambda uow: uow.staff.accounts.list()) == before

    play(tmp_path, story)


def test_the_last_administrator_stays(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        await give_account(house, "P-0007", "administrator")
        administrator = await signed_in(house, ADMINISTRATOR)
        await administrator.get("/accounts")
        await administrator.post("/accounts/P-0007", act="close")
        other = await signed_in(house, "P-0007")

        accounts = await house.node.store.read(lambda uow: uow.staff.accounts.list())
        working = [row.officer for row in accounts if "administrator" in row.roles and row.closed_at is None]
        assert working == [ADMINISTRATOR]
        assert other.token == ""

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [
        ("", "Second Officer", ["Enter a number of at most 16 capital letters and digits"]),
        ("P 7!", "Second Officer", ["Enter a number of at most 16 capital letters and digits"]),
        (OFFICER, "Second Officer", ["This number is used."]),
        ("P-0090", " ", ["Enter the name of the officer"]),
        ("", "", ["Enter a number of at most", "Enter the name of the officer"]),
    ],
)
def test_a_new_officer_with_wrong_fields_is_asked_for_again(
    number: str, name: str, said: list[str], tmp_path: Path
) -> None:
    async def story(world: World, house: House) -> None:
        administrator = await signed_in(house, ADMINISTRATOR)
        await administrator.get("/accounts")
        before = await house.node.store.read(lambda uow: uow.officers.list())

        shown = await administrator.post("/accounts/officer", number=number, name=name, office=VN)

        assert shown.status == 400
        assert all(shown.words.count(words) == 2 for words in said)
        assert f'value="{number}"' in shown.text
        assert await house.node.store.read(lambda uow: uow.officers.list()) == before

    play(tmp_path, story)


@pytest.mark.parametrize(
    "path", ["/case/ZZZZ-ZZZZ-ZZZZ", "/case/XYZ", "/message/0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4c7f"]
)
def test_what_is_not_here_is_said_so_and_quotes_nothing(tmp_path: Path, path: str) -> None:
    async def story(world: World, house: House) -> None:
        officer = await signed_in(house, OFFICER)

        shown = await officer.get(path)

        assert (shown.status, shown.says("This is not here")) == (404, True)
        assert path.rpartition("/")[2] not in shown.words

    play(tmp_path, story)


def test_a_new_account_speaks_the_language_of_the_agency(tmp_path: Path) -> None:
    async def story(world: World, house: House) -> None:
        administrator = await signed_in(replace(house, language="km"), ADMINISTRATOR)
        await administrator.get(f"/accounts/{SECOND}")

        await administrator.post(f"/accounts/{SECOND}", act="open", roles=("officer",))

        row = await house.node.store.read(lambda uow: uow.staff.accounts.get(SECOND))
        assert row is not None
        assert row.language == "km"

    play(tmp_path, story)


@pytest.mark.parametrize("roles", [(), ("auditor", "officer"), ("officer", "king")])
@pytest.mark.parametrize("act", ["open", "roles"])
def test_roles_that_nobody_can_hold_are_asked_again_with_what_was_chosen(
    tmp_path: Path, act: str, roles: tuple[str, ...]
) -> None:
    async def story(world: World, house: House) -> None:
        administrator = await signed_in(house, ADMINISTRATOR)
        address = f"/accounts/{OFFICER}"
        await administrator.get(address)
        shown = await administrator.post(address, act=act, roles=roles)

        assert shown.status == 400
        assert shown.says("Choose at least one role; with the role of auditor no other one")
        ticked = re.findall(r'value="([a-z_]+)" checked', shown.text)
        assert ticked == [role for role in ("officer", "auditor") if role in roles]

    play(tmp_path, story)
