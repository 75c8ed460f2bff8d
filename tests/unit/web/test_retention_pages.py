# SPDX-License-Identifier: Apache-2.0
"""Erasing and holding back on the pages: a dry run, two persons, refusals in words, in four languages."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from exchange.interfaces.web.desk import House
from tests.support.erasing import BINH, MAI, group_notice
from tests.support.visitors import Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND, World

ERASE, HOLD, UNHOLD = (f"/case/{MAI}/keeping/{act}" for act in ("erase", "hold", "unhold"))
ASKED = f"{ERASE}?reason=person_asked"
Story = Callable[[House, Visitor, Visitor], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    """Play a story at VN, which accepted a notice about Mai and Binh: an officer and one who releases."""

    async def opened(world: World) -> None:
        await group_notice(world)
        house = await open_house(world.vn, folder)
        await give_account(house, OFFICER, "officer")
        await give_account(house, SECOND, "releaser")
        first, second = Visitor(house), Visitor(house)
        await first.sign_in(OFFICER)
        await second.sign_in(SECOND)
        await story(house, first, second)

    World(seed=13).run(opened)


async def proposed(visitor: Visitor, path: str) -> None:
    """Propose what a page shows."""
    shown = await visitor.get(path)
    await visitor.post(path.partition("?")[0], **shown.hidden)
    assert visitor.last.to.startswith("/retention"), visitor.last.words


async def confirmed(visitor: Visitor, path: str) -> None:
    shown = await visitor.get(path)
    await visitor.post(path, **{**shown.hidden, "do": "confirm", "looked": "yes"})


def test_two_persons_erase_one_person_and_the_other_stays(tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, second: Visitor) -> None:
        await proposed(first, ASKED)
        told = (await first.follow()).words
        work, waits = await second.get("/today"), await second.get("/retention")
        await confirmed(second, ERASE)
        done = await second.follow()

        assert "It is proposed. Another officer who releases has to look at it and confirm." in told
        assert work.says("Erase, and hold back : 1 waits for a decision")
        assert waits.says(f"{MAI} Erase the case The person asked for it and has the right to it")
        assert done.says("The case is erased here.")
        assert (await first.get(f"/case/{MAI}")).status == 404
        assert (await first.get(f"/case/{BINH}")).status == 200
        assert [row.act for row in await acts(house) if row.object == MAI][-2:] == [
            "erase_proposed", "erase_confirmed"
        ]  # fmt: skip

    play(tmp_path, story)


def test_the_dry_run_changes_nothing_and_records_nothing(tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, _: Visitor) -> None:
        before = len(await acts(house))
        shown = await first.get(ASKED)
        listed = await first.get("/retention")

        assert shown.says("Repatriation notice: what it says of this person; the others in it stay")
        assert shown.says("This is what would happen. Nothing is done yet.")
        assert listed.says("Waits for a second person Nothing waits.")
        assert len(await acts(house)) == before

    play(tmp_path, story)


def test_a_reason_that_does_not_apply_yet_has_no_button_and_is_refused_all_the_same(tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, _: Visitor) -> None:
        early = await first.get(f"{ERASE}?reason=retention_over")
        forced = await first.post(ERASE, do="propose", reason="retention_over", digest="A" * 43)

        assert early.says("It is not possible now: This reason does not apply yet")
        assert not early.says("Propose it to a second person")
        assert forced.status == 400
        assert "erase_proposed" not in [row.act for row in await acts(house)]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"do": "propose", "reason": "person_asked", "digest": "A" * 43}, 400, "changed since it was shown"),
        ({"do": "propose", "reason": "person_asked", "digest": "x"}, 400, "This cannot be done now"),
        ({"do": "propose", "reason": "because", "digest": "A" * 43}, 400, "no reason to erase"),
        ({"do": "confirm", "looked": "yes", "digest": "A" * 43}, 403, "Your account does not do this"),
        ({"do": "give_up"}, 400, "nobody proposed to erase"),
        ({"do": "at once"}, 400, "choose what to do"),
        ({}, 400, "choose what to do"),
    ],
    ids=[
        "another digest",
        "no digest",
        "no reason",
        "an officer confirms",
        "nothing waits",
        "no act",
        "none",
    ],
)
def test_what_does_not_come_from_the_page_is_refused(
    fields: dict[str, str], status: int, words: str, tmp_path: Path
) -> None:
    async def story(house: House, first: Visitor, _: Visitor) -> None:
        shown = await first.post(ERASE, **fields)

        assert (shown.status, shown.says(words)) == (status, True), shown.words
        assert (await first.get(f"/case/{MAI}")).status == 200

    play(tmp_path, story)


def test_who_releases_proposes_nothing_and_has_to_say_that_it_was_looked_at(tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, second: Visitor) -> None:
        alone = await second.post(ERASE, do="propose", reason="person_asked", digest="A" * 43)
        await proposed(first, ASKED)
        shown = await second.get(ERASE)
        blind = await second.post(ERASE, do="confirm", digest=shown.hidden["digest"])

        assert alone.status == 403
        assert blind.status == 400
        assert blind.says("Tick this once you have looked at everything on this page")
        assert blind.hidden["digest"] == shown.hidden["digest"]
        assert (await first.get(f"/case/{MAI}")).status == 200

    play(tmp_path, story)


def test_the_own_proposal_is_confirmed_by_another_person_only(tmp_path: Path) -> None:
    """Rule 28, also for somebody who holds both roles."""

    async def story(house: House, _: Visitor, second: Visitor) -> None:
        await give_account(house, "P-0050", "officer", "releaser")
        both = Visitor(house)
        await both.sign_in("P-0050")
        await proposed(both, ASKED)
        shown = await both.get(ERASE)
        own = await both.post(ERASE, do="confirm", looked="yes", digest=shown.hidden["digest"])

        assert shown.says("You proposed it yourself. Another person has to confirm it.")
        assert own.says("must be another officer")
        await confirmed(second, ERASE)
        assert (await second.follow()).says("The case is erased here.")

    play(tmp_path, story)


def test_a_held_case_is_not_erased_until_two_persons_lift_the_hold(tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, second: Visitor) -> None:
        await proposed(first, f"{HOLD}?reason=court")
        await confirmed(second, HOLD)
        held, kept = await first.get("/retention"), await first.get(f"/case/{MAI}/keeping")
        refused = await first.get(ASKED)
        await proposed(first, UNHOLD)
        await confirmed(second, UNHOLD)

        assert held.says(f"{MAI} A court needs it")
        assert kept.says("A court needs it.")
        assert refused.says("It is held back: lift the hold first.")
        assert not refused.says("Propose it to a second person")
        assert (await first.get(ASKED)).says("Propose it to a second person")

    play(tmp_path, story)


def test_a_proposal_that_was_let_go_is_not_confirmed(tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, second: Visitor) -> None:
        await proposed(first, ASKED)
        digest = (await second.get(ERASE)).hidden["digest"]
        await second.post(ERASE, do="give_up")
        late = await second.post(ERASE, do="confirm", looked="yes", digest=digest)

        assert late.says("nobody proposed to erase")
        assert (await first.get(f"/case/{MAI}")).status == 200

    play(tmp_path, story)


@pytest.mark.parametrize("path", [ERASE, HOLD])
def test_no_reason_is_chosen_beforehand_and_one_is_asked_for(path: str, tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, _: Visitor) -> None:
        page = await first.get(f"/case/{MAI}/keeping")
        shown = await first.get(path)

        assert " checked" not in page.text
        assert shown.status == 400
        assert shown.says("Please look at this again Choose a reason")
        assert f'href="#{path.rpartition("/")[2]}"' in shown.text

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "status"), [(f"/case/{MAI}/keeping/burn", 400), ("/case/ZZZZ-ZZZZ-ZZZZ/keeping", 404)]
)
def test_an_act_or_a_case_that_is_none_is_refused(path: str, status: int, tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, _: Visitor) -> None:
        assert (await first.get(path)).status == status

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "words"),
    [("km", "លុបករណី"), ("th", "ลบกรณี"), ("vi", "Xóa hồ sơ")],
)
def test_the_pages_speak_the_language_of_the_officer(language: str, words: str, tmp_path: Path) -> None:
    async def story(house: House, first: Visitor, _: Visitor) -> None:
        await first.post("/account/language", language=language)
        for path in ("/retention", f"/case/{MAI}/keeping", ASKED):
            shown = await first.get(path)
            assert f'lang="{language}"' in shown.text
            assert not shown.says("case")
        assert shown.says(words)

    play(tmp_path, story)


@pytest.mark.parametrize("path", [f"/case/{MAI}/keeping", f"{HOLD}?reason=court"])
def test_who_holds_a_case_back_reads_that_the_return_goes_on(path: str, tmp_path: Path) -> None:
    """A hold of the return is a message; whoever takes the one for the other lets a person travel."""

    async def story(house: House, first: Visitor, _: Visitor) -> None:
        shown = await first.get(path)

        assert shown.says("the return goes on. To stop the return, open the case and choose: Stop.")

    play(tmp_path, story)
