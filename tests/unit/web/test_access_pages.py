# SPDX-License-Identifier: Apache-2.0
"""Who may read a case, on the pages: masked values in words, readers by two persons, emergencies, stops."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from exchange.interfaces.web.desk import House
from exchange.interfaces.web.pages.lines import persons_in_places
from exchange.messages.document import header_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import MOST_OPENED, count_opening, reader_of
from exchange.service.release import release, release_digest
from exchange.service.rows import OfficerRow
from tests.support.notices import child_notice
from tests.support.visitors import Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND, START, VN, World

Story = Callable[[House, str], Awaitable[None]]
COLLEAGUE, ELSEWHERE, AUDITOR = "P-0041", "P-0040", "P-0005"


def play(folder: Path, story: Story) -> None:
    """Play a story after KH has sent a notice about a child, whose best-interests paper is of class S4."""

    async def opened(world: World) -> None:
        await world.open()
        house, node = await open_house(world.kh, folder), world.kh.node

        def elsewhere(uow: UnitOfWork) -> None:
            uow.officers.add(OfficerRow(ELSEWHERE, "Officer", "KH-DOSVY-SVR", (), START, None))  # type: ignore[arg-type]

        await world.kh.store.write(elsewhere)
        for officer in (OFFICER, COLLEAGUE, ELSEWHERE):
            await give_account(house, officer, "officer")
        await give_account(house, SECOND, "releaser")
        await give_account(house, AUDITOR, "auditor")
        document = child_notice(node, VN)
        digest = release_digest(document)
        await release(node, world.link, document, officer=OFFICER, second=SECOND, approved=digest)
        codes: Any = header_of(document)["case_codes"]
        await story(house, codes[0])

    World(seed=8).run(opened)


async def signed_in(house: House, officer: str) -> Visitor:
    visitor = Visitor(house)
    await visitor.sign_in(officer)
    return visitor


async def notice_of(house: House) -> str:
    rows = await house.node.store.read(lambda uow: uow.messages.list(limit=1))
    return f"/message/{rows[0].id}"


def test_a_masked_value_says_why_until_two_persons_named_the_reader(tmp_path: Path) -> None:
    async def story(house: House, case: str) -> None:
        colleague = await signed_in(house, COLLEAGUE)
        masked = await colleague.get(await notice_of(house))
        page = await colleague.get(f"/case/{case}")

        await colleague.post(f"/case/{case}/access", act="propose", reader=COLLEAGUE)
        own = await colleague.post(f"/case/{case}/access", act="confirm", reader=COLLEAGUE)
        releaser = await signed_in(house, SECOND)
        offered = await releaser.get(f"/case/{case}/access")
        await releaser.post(f"/case/{case}/access", act="confirm", reader=COLLEAGUE)
        shown = await colleague.get(await notice_of(house))

        assert masked.says("Not shown: only named readers see this.")
        assert not masked.says("grandmother")
        assert page.says("1 value of this person is shown to named readers only.")
        assert own.status == 403
        assert offered.says("Confirm the reader")
        assert shown.says("grandmother")

    play(tmp_path, story)


def test_an_officer_of_another_office_sees_the_case_only_after_giving_a_reason(tmp_path: Path) -> None:
    async def story(house: House, case: str) -> None:
        officer = await signed_in(house, OFFICER)
        await officer.post(f"/case/{case}/access", act="give", office=house.node.agency)
        other = await signed_in(house, ELSEWHERE)
        refused = await other.get(f"/case/{case}")
        without = await other.post(f"/case/{case}/emergency", emergency="")
        await other.post(f"/case/{case}/emergency", emergency="life_at_risk")
        shown = await other.get(f"/case/{case}")

        releaser = await signed_in(house, SECOND)
        work = await releaser.get("/today")
        await releaser.post("/emergency/1", said="objects")
        after = await releaser.get("/today")
        auditor = await (await signed_in(house, AUDITOR)).get("/acts")

        assert (refused.status, without.status, shown.status) == (403, 400, 200)
        assert without.words.count("Choose a reason") == 2
        assert refused.says("The case lies at another office")
        assert not refused.says("NGUYEN")
        assert work.says(f"{ELSEWHERE} opened case {case} of another office in an emergency.")
        assert not after.says("in an emergency")
        assert auditor.says("opened in emergency")

    play(tmp_path, story)


def test_a_stopped_officer_is_told_and_goes_on_after_a_releaser_said_so(tmp_path: Path) -> None:
    async def story(house: House, case: str) -> None:
        def many(uow: UnitOfWork) -> None:
            reader = reader_of(uow, OFFICER, ("officer",))
            for number in range(MOST_OPENED):
                count_opening(uow, house.node, reader, f"case {number}")

        await house.node.store.write(many)
        officer = await signed_in(house, OFFICER)
        stopped = await officer.get(f"/case/{case}")
        releaser = await signed_in(house, SECOND)
        work = await releaser.get("/today")
        await releaser.post(f"/stopped/{OFFICER}")

        assert (stopped.status, stopped.says("You have opened very many cases")) == (403, True)
        assert work.says(f"{OFFICER} opened 60 cases in ten minutes and is stopped.")
        assert (await officer.get(f"/case/{case}")).status == 200
        assert "reading_let_go_on" in [row.act for row in await acts(house)]

    play(tmp_path, story)


def test_an_officer_lets_nobody_go_on(tmp_path: Path) -> None:
    async def story(house: House, case: str) -> None:
        colleague = await signed_in(house, COLLEAGUE)

        assert (await colleague.post(f"/stopped/{OFFICER}")).status == 403
        assert (await colleague.post("/emergency/1", said="agrees")).status == 403

    play(tmp_path, story)


def test_persons_keep_their_place_when_one_is_withheld() -> None:
    withheld = [{"pointer": "/persons/1"}, {"pointer": "/persons/0/flags/1"}]

    assert persons_in_places([{"a": 1}, {"c": 3}], withheld) == [(0, {"a": 1}), (1, None), (2, {"c": 3})]
