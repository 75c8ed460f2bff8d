# SPDX-License-Identifier: Apache-2.0
"""`exchange evidence …`: a pack of the evidence of two nodes, page by page, and the verifier."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import UsageError
from exchange.interfaces.cli.tiling import write_tiles
from exchange.ledger.notes import read_head
from exchange.ledger.tiles import TiledProofs, TilePlace
from exchange.ledger.witnessing import WitnessKey
from exchange.service import packs
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from exchange.verifier.compare import compare_packs
from exchange.verifier.verify import verify_pack
from tests.support.anew import both_decide, fork, send, until_open
from tests.support.checks import settle
from tests.support.command_line import run
from tests.support.disclosures import group_disclosure, seen_disclosure, write_disclosure
from tests.support.evidence import NodeService, at_once, export
from tests.support.local_service import LocalService
from tests.support.notices import notice
from tests.support.witness import NAME, witness_key
from tests.support.world import KH, OFFICER, VN, World

MESSAGES = 3


def play(story: Callable[[World], Any]) -> None:
    async def opened(world: World) -> None:
        await world.open()
        for _ in range(MESSAGES):
            await _send(world)
        story(world)

    World(seed=11).run(opened)


async def _send(world: World) -> None:
    sent = await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)

    async def accepted() -> bool:
        row: Any = await world.kh.store.read(
            lambda uow: uow.messages.by_seq(world.link, Direction.OUT, sent.seq)
        )
        return row.state is MessageState.ACCEPTED

    await world.until(accepted)


def test_tiles_of_both_ledgers_give_the_root_that_the_checkpoint_names(tmp_path: Path) -> None:
    written: list[int] = []

    def story(world: World) -> None:
        for _ in range(2):
            service = NodeService(world.kh)
            written.append(write_tiles(service, tmp_path, partner="", officer=OFFICER))

    play(story)
    for agency in (KH, VN):
        head = read_head((tmp_path / agency / "checkpoint").read_text(encoding="utf-8")).claimed
        folder = tmp_path / agency

        def read(place: TilePlace, folder: Path = folder) -> bytes:
            return (folder / place.path).read_bytes()

        assert TiledProofs(head.size, read).root() == head.root
    assert written == [2, 0]
    assert not list(tmp_path.rglob("*entries*"))


def test_packs_of_both_sides_verify_and_tell_one_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "MAX_LEAVES", 4)
    monkeypatch.setattr(packs, "MAX_ENVELOPES", 2)

    def story(world: World) -> None:
        export(world.kh, tmp_path / "kh.pack")
        export(world.vn, tmp_path / "vn.pack")

    play(story)
    ours, theirs = verify_pack(tmp_path / "kh.pack"), verify_pack(tmp_path / "vn.pack")

    assert ours.holds
    assert theirs.holds
    assert compare_packs(ours, theirs) == []
    assert {way.sender: way.verdicts["accepted"] for way in ours.directions} == {KH: MESSAGES, VN: 0}


def test_an_export_is_recorded_with_who_did_it(tmp_path: Path) -> None:
    def story(world: World) -> None:
        export(world.kh, tmp_path / "kh.pack")

        unit = world.kh.store.read(lambda uow: uow.audit.list(limit=1))
        (row,) = at_once(unit)  # type: ignore[arg-type]
        assert (row.actor, row.act) == (OFFICER, "evidence_exported")  # type: ignore[attr-defined]

    play(story)


def test_a_pack_holds_no_name_and_no_case(tmp_path: Path) -> None:
    play(lambda world: export(world.kh, tmp_path / "kh.pack"))

    assert b"NGUYEN" not in (tmp_path / "kh.pack").read_bytes()


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    (tmp_path / "kh.pack").write_text("kept")

    def story(world: World) -> None:
        with pytest.raises(UsageError, match="exists"):
            export(world.kh, tmp_path / "kh.pack")

    play(story)

    assert (tmp_path / "kh.pack").read_text() == "kept"
    assert not list(tmp_path.glob("*.part"))


def test_an_export_without_an_officer_is_refused(tmp_path: Path) -> None:
    done = run("evidence", "export", "--data", tmp_path)

    assert done.code == 2
    assert "who acts is not said" in done.err


def test_verify_of_a_file_that_is_no_pack_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "a.pack").write_text("nothing")

    assert run("evidence", "verify", tmp_path / "a.pack").code == 3


def test_the_verifier_is_written_once(tmp_path: Path) -> None:
    first = run("evidence", "verifier", "-o", tmp_path / "verify.py")
    again = run("evidence", "verifier", "-o", tmp_path / "verify.py")

    assert (first.code, again.code) == (0, 2)
    assert "exists" in again.err


def test_a_ledger_begun_anew_has_a_pack_for_each_time_and_both_verify(tmp_path: Path) -> None:
    """Only the fork itself is named: the old ledger of one side has two histories."""

    async def story(world: World) -> None:
        await fork(world)
        await both_decide(world)
        await until_open(world)
        await send(world.kh)
        await settle(world)
        for name, agency in (("kh", world.kh), ("vn", world.vn)):
            for ledger in (1, 2):
                export(agency, tmp_path / f"{name}{ledger}", ledger=ledger)
        with pytest.raises(UsageError, match="no ledger number 3"):
            export(world.kh, tmp_path / "kh3", ledger=3)

    World(seed=12).run(story)
    packs = {name: verify_pack(tmp_path / name) for name in ("kh1", "kh2", "vn1", "vn2")}
    for name, pack in packs.items():
        assert [log.faults for log in pack.logs.values()] == [[], []], name
        assert pack.differences == [], name
    assert compare_packs(packs["kh2"], packs["vn2"]) == []
    assert compare_packs(packs["kh1"], packs["kh2"]) == []
    assert ["two histories" in words for words in compare_packs(packs["kh1"], packs["vn1"])] == [True]
    assert compare_packs(packs["vn1"], packs["vn2"]) == []


DIGEST = "A" * 43
SHOWN = {
    "message": "01a85c55-0428-7dbb-9a6a-49821a991c63",
    "person": 2,
    "persons": 3,
    "digest": DIGEST,
    "purpose": "court 12",
    "parts": [{"number": 0, "text": "{}"}],
    "closed": 4,
}


def disclosed() -> dict[str, Any]:
    records = [line.decode().rstrip("\n").partition(" ") for line in group_disclosure()]
    return {"message": SHOWN["message"], "records": [[word, value] for word, _, value in records]}


def test_a_proposal_tells_the_second_person_what_to_type(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"evidence.propose": SHOWN}) as service:
        done = run("evidence", "disclose", "1c63", "--person", "2", "--purpose", "court", "--data", tmp_path,
                   "--officer", OFFICER)  # fmt: skip

    assert done.code == 0, done.err
    assert service.members("evidence.propose") == {
        "message": "1c63", "person": 2, "purpose": "court", "officer": OFFICER,
    }  # fmt: skip
    assert f"--person 2 --purpose 'court 12' --confirm {DIGEST}" in done.out
    assert "1 parts go out, 4 stay closed" in done.out


def test_a_confirmed_disclosure_is_a_file_that_verifies(tmp_path: Path) -> None:
    path = tmp_path / "one.disclosure"
    with LocalService(tmp_path, {"evidence.disclose": disclosed()}):
        done = run("evidence", "disclose", "1c63", "--confirm", DIGEST, "--officer", OFFICER, "-o", path,
                   "--data", tmp_path)  # fmt: skip

    assert done.code == 0, done.err
    assert run("evidence", "verify", path).code == 0
    assert path.stat().st_mode & 0o077 == 0


def test_a_disclosure_never_replaces_a_file_and_is_not_used_up_by_trying(tmp_path: Path) -> None:
    path = tmp_path / "one.disclosure"
    path.write_text("kept")
    with LocalService(tmp_path, {"evidence.disclose": disclosed()}) as service:
        done = run("evidence", "disclose", "1c63", "--confirm", DIGEST, "--officer", OFFICER, "-o", path,
                   "--data", tmp_path)  # fmt: skip

    assert (done.code, path.read_text()) == (2, "kept")
    assert service.asked == []


def test_the_key_of_a_witness_that_the_reader_gives_reaches_the_verifier(tmp_path: Path) -> None:
    seen = seen_disclosure()
    path = write_disclosure(tmp_path / "one.disclosure", list(seen.lines))

    right = run("evidence", "verify", path, "--witness", seen.witness)
    wrong = run("evidence", "verify", path, "--witness", str(WitnessKey(NAME, witness_key("x").public)))

    assert (right.code, right.out.count("checked under the key that was given")) == (0, 2)
    assert (wrong.code, wrong.out.count("fault witness_of_other_key")) == (1, 2)
