# SPDX-License-Identifier: Apache-2.0
"""`exchange doctor`: each trouble with what to do next; exit 6 if something is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.config import AgencySection, Settings, settings_text
from exchange.interfaces.cli.doctor import NEXT
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService

PARTNER = {
    "partner": "VN-MPS-IMM",
    "link": "x",
    "state": "open",
    "reason": "",
    "waiting": 0,
    "last_contact": "t",
    "failure": "",
    "calls_us": False,
    "refused_rule": "",
    "keys": [],
}
SEAL = {"use": "seal", "until": "2027-11-20T00:00:00.000Z", "over": False}
STATUS = {
    "agency": "KH-MOSVY-DAHT",
    "now": "2027-10-04T09:12:04.123Z",
    "card_address": "",
    "partners": [PARTNER],
    "keys": [],
    "shut_by": [],
}

HEALTH: dict[str, Any] = {
    "troubles": [],
    "officers": 2,
    "last_backup": None,
    "signs_again": True,
    "stamps": [],
}


def _folder(tmp_path: Path, *, training: bool = False) -> Path:
    """Return a data folder with a configuration and without keys."""
    folder = tmp_path / "kh"
    folder.mkdir(mode=0o700)
    settings = Settings(
        agency=AgencySection(
            code="KH-MOSVY-DAHT", node="0123456789abcdef", names={"en": "x"}, office="KH-MOSVY-DAHT",
            training=training,
        )
    )  # fmt: skip
    path = folder / "exchange.toml"
    path.write_text(settings_text(settings))
    path.chmod(0o600)
    return folder


def _examined(
    folder: Path, status: dict[str, Any], *, officers: int = 2, health: dict[str, Any] = HEALTH
) -> tuple[Outcome, dict[str, Any]]:
    """Return what the doctor says while a service runs; the first finding of each name counts."""
    replies = {"status": status, "health": health | {"officers": officers}}
    with LocalService(folder, replies):
        done = run("doctor", "--json", "--data", folder, PASSPHRASE="correct horse battery")
    return done, {item["what"]: item for item in json.loads(done.out)["findings"]}


def test_a_folder_that_is_missing_is_the_only_finding(tmp_path: Path) -> None:
    done = run("doctor", "--data", tmp_path / "none")

    assert done.code == 6
    assert done.out.splitlines() == [
        f"WRONG  folder: there is no folder {tmp_path / 'none'}",
        "       run: exchange init --data <folder>",
    ]


def test_a_file_that_others_can_read_is_named_with_its_repair(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "exchange.toml").chmod(0o644)

    done = run("doctor", "--data", folder, PASSPHRASE="x")

    assert done.code == 6
    assert f"WRONG  folder: {folder / 'exchange.toml'} has mode 0644" in done.out
    assert f"run: chmod -R go= {folder}" in done.out


def test_what_is_to_do_stands_under_its_finding_line_by_line(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    path = folder / "exchange.toml"
    path.write_text(path.read_text() + "[door]\n")

    done = run("doctor", "--data", folder)

    assert done.out.splitlines()[1].startswith("WRONG  configuration: ")
    todo = done.out.splitlines()[2:]
    assert len(todo) == 2
    assert all(line.startswith("       ") for line in todo)


def test_a_configuration_that_cannot_be_read_ends_the_examination(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "exchange.toml").write_text("[agency]\ncode = 1\n")

    done = run("doctor", "--json", "--data", folder)

    findings = json.loads(done.out)["findings"]
    assert done.code == 6
    assert [item["what"] for item in findings] == ["folder", "configuration"]
    assert not findings[1]["well"]


def test_without_a_service_the_next_step_is_to_run_it(tmp_path: Path) -> None:
    folder = _folder(tmp_path)

    done = run("doctor", "--data", folder, PASSPHRASE="correct horse battery")

    assert done.code == 6
    assert "WRONG  key file" in done.out
    assert "store" not in done.out
    assert f"run: exchange serve --data {folder}" in done.out


def test_a_passphrase_that_is_not_given_is_a_finding(tmp_path: Path) -> None:
    done = run("doctor", "--data", _folder(tmp_path))

    assert done.code == 6
    assert "WRONG  key file: no passphrase is given" in done.out


def test_what_of_a_partner_was_refused_is_counted_and_nothing_is_wrong_by_it(tmp_path: Path) -> None:
    partner = {**PARTNER, "refused": {"line": 2, "request": 7}}

    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [partner]})

    finding = found[f"refused of {PARTNER['partner']}"]
    assert (finding["well"], finding["found"]) == (True, "since the start: line 2, request 7")
    assert "log/exchange.log" in finding["todo"]


@pytest.mark.parametrize("rule", ["key_unknown", "not_verified"])
def test_a_partner_whose_key_is_not_known_here_needs_its_card_carried(tmp_path: Path, rule: str) -> None:
    partner = {**PARTNER, "refused": {"request": 7}, "refused_rule": rule}

    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [partner]})

    finding = found[f"refused of {PARTNER['partner']}"]
    assert (finding["well"], finding["found"]) == (
        False,
        f"since the start: request 7; the last request: {rule}",
    )
    assert "exchange partner card" in finding["todo"]


def test_keys_that_do_not_end_are_said_to_be_well(tmp_path: Path) -> None:
    _, found = _examined(_folder(tmp_path), STATUS)

    assert found["own keys"]["well"]
    assert not [name for name in found if name.startswith("keys of")]


def test_own_keys_that_end_soon_are_wrong_and_the_command_is_named(tmp_path: Path) -> None:
    done, found = _examined(_folder(tmp_path), {**STATUS, "keys": [SEAL]})

    assert done.code == 6
    assert (found["own keys"]["well"], found["own keys"]["found"]) == (False, "seal ends on 2027-11-20")
    assert "exchange key rotate" in found["own keys"]["todo"]


def test_keys_of_a_partner_that_end_soon_or_are_over_are_wrong(tmp_path: Path) -> None:
    head = {**SEAL, "use": "head", "over": True}

    soon, found = _examined(_folder(tmp_path), {**STATUS, "partners": [{**PARTNER, "keys": [SEAL]}]})
    (tmp_path / "kh" / "run" / "control.sock").unlink()
    over, later = _examined(tmp_path / "kh", {**STATUS, "partners": [{**PARTNER, "keys": [SEAL, head]}]})

    assert (soon.code, over.code) == (6, 6)
    assert found["keys of VN-MPS-IMM"]["found"] == "seal ends on 2027-11-20"
    assert later["keys of VN-MPS-IMM"]["found"] == "seal ends on 2027-11-20, head is over since 2027-11-20"
    assert "exchange partner card" in later["keys of VN-MPS-IMM"]["todo"]
    assert "exchange partner card" not in found["keys of VN-MPS-IMM"]["todo"]


def test_a_door_that_is_shut_for_want_of_keys_names_them(tmp_path: Path) -> None:
    done, found = _examined(_folder(tmp_path), {**STATUS, "shut_by": ["door", "tls"]})

    assert done.code == 6
    assert "no own key for door and tls" in found["partner door"]["found"]
    assert "exchange key rotate" in found["partner door"]["todo"]


@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("pin", "another TLS key"),
        ("signature_invalid", "signed by a key"),
        ("unreachable", "does not answer"),
    ],
)
def test_why_the_last_call_failed_is_said_with_its_next_step(
    tmp_path: Path, state: str, failure: str, words: str
) -> None:
    reason = "" if state == "open" else "not_asked_yet"
    partner = {**PARTNER, "state": state, "reason": reason, "failure": failure, "waiting": 1}

    done, found = _examined(_folder(tmp_path), {**STATUS, "partners": [partner]})

    assert done.code == 6
    assert f"the last call failed ({failure})" in found["partner VN-MPS-IMM"]["found"]
    assert words in found["partner VN-MPS-IMM"]["todo"]


def test_what_people_have_to_decide_comes_before_a_call_that_failed(tmp_path: Path) -> None:
    partner = {**PARTNER, "state": "closed", "reason": "high_water_missing", "failure": "unreachable"}

    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [partner]})

    assert found["partner VN-MPS-IMM"]["todo"] == NEXT["high_water_missing"]


def test_a_partner_that_only_calls_is_not_said_not_to_answer(tmp_path: Path) -> None:
    partner = {**PARTNER, "state": "closed", "reason": "not_asked_yet", "calls_us": True}

    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [partner]})

    assert "only calls" in found["partner VN-MPS-IMM"]["todo"]
    assert "exchange key card" in found["partner VN-MPS-IMM"]["todo"]


def test_a_partner_that_comes_up_just_now_is_no_trouble(tmp_path: Path) -> None:
    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [{**PARTNER, "failure": "busy"}]})

    assert found["partner VN-MPS-IMM"]["well"]


def test_the_running_service_is_asked_for_clock_officers_and_partners(tmp_path: Path) -> None:
    _, found = _examined(_folder(tmp_path), STATUS)

    assert found["service"]["well"]
    assert found["clock"]["found"] == "2027-10-04T09:12:04.123Z for the service"
    assert found["officers"]["well"]
    assert found["partner VN-MPS-IMM"] == {
        "what": "partner VN-MPS-IMM", "well": True, "found": "open, 0 waiting", "todo": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("apart_s", "there"),
    [(3_600, "2027-10-04T10:12Z"), (-361, "2027-10-04T09:06Z"), (3_599, "2027-10-04T10:12Z")],
)
def test_a_clock_that_is_wrong_is_named_with_both_times(tmp_path: Path, apart_s: int, there: str) -> None:
    partner = {**PARTNER, "clock_apart_s": apart_s}

    done, found = _examined(_folder(tmp_path), {**STATUS, "partners": [partner]})

    finding = found["clock of VN-MPS-IMM"]
    minutes = round(abs(apart_s) / 60)
    assert done.code == 6
    assert not finding["well"]
    assert finding["found"] == f"our clocks differ by {minutes} min: here 2027-10-04T09:12Z, there {there}"
    assert "set the wrong one" in finding["todo"]


@pytest.mark.parametrize(
    ("runs", "line"),
    [
        ({"node": "fedcba9876543210"}, 'node = "fedcba9876543210"'),
        ({"training": True}, "training = true"),
        ({"agency": "VN-MPS-IMM"}, 'code = "VN-MPS-IMM"'),
    ],
)
def test_a_file_of_another_node_than_the_one_that_runs_is_wrong(
    tmp_path: Path, runs: dict[str, Any], line: str
) -> None:
    with LocalService(_folder(tmp_path), {"status": STATUS | runs, "health": HEALTH}):
        done = run("doctor", "--data", tmp_path / "kh", PASSPHRASE="correct horse battery")

    assert done.code == 6
    assert "WRONG  configuration: exchange.toml was changed" in done.out
    assert f"write in [agency]: {line}" in done.out


@pytest.mark.parametrize(
    ("made", "messages", "well", "found"),
    [
        (None, False, True, "none was made yet"),
        (None, True, False, "none was made yet, and there are messages"),
        ("2027-10-03T09:12:04.123Z", True, True, "the last one is of 2027-10-03T09:12:04.123Z"),
        ("2027-10-02T09:12:04.123Z", True, True, "the last one is of 2027-10-02T09:12:04.123Z"),
        (
            "2027-10-02T09:12:03.123Z",
            False,
            False,
            "the last one is of 2027-10-02T09:12:03.123Z, more than two days ago",
        ),
    ],
)
def test_a_backup_is_missed_after_two_days(
    tmp_path: Path, made: str | None, messages: bool, well: bool, found: str
) -> None:
    health = HEALTH | {"last_backup": made, "has_messages": messages}

    done, findings = _examined(_folder(tmp_path), STATUS, health=health)

    assert (findings["backup"]["well"], findings["backup"]["found"]) == (well, found)
    assert well or done.code == 6
    assert "archive" not in findings


def test_an_archive_does_not_stand_for_a_backup(tmp_path: Path) -> None:
    health = HEALTH | {"has_messages": True, "last_archive": "2027-10-04T09:00:00.000Z"}

    _, findings = _examined(_folder(tmp_path), STATUS, health=health)

    assert not findings["backup"]["well"]
    assert findings["archive"]["found"].endswith("it has no data keys")


def test_a_high_water_place_that_cannot_be_used_is_named_with_the_error(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "high-water").touch(mode=0o600)

    done, found = _examined(folder, STATUS)

    assert done.code == 6
    assert found["high water"]["found"] == (
        f"the high-water place {folder / 'high-water'} cannot be used: Not a directory"
    )
    assert "paths.high_water" in found["high water"]["todo"]


def test_a_high_water_place_that_can_be_used_is_well_also_without_a_service(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "high-water").mkdir(mode=0o700)

    done = run("doctor", "--data", folder, PASSPHRASE="correct horse battery")

    assert f"ok     high water: {folder / 'high-water'}, can be written" in done.out
    assert not list((folder / "high-water").iterdir())


@pytest.mark.parametrize(
    ("text", "well", "said"),
    [
        ('[KH.holidays]\n2027-04-13 = "x"\n', True, "calendar.toml can be read"),
        ('[KH.holidays]\n2026-13-01 = "x"\n', False, "KH names 2026-13-01, which is not a day"),
        ("[KH", False, "it is not TOML"),
    ],
)
def test_a_wrong_file_of_announced_days_is_named(tmp_path: Path, text: str, well: bool, said: str) -> None:
    folder = _folder(tmp_path)
    path = folder / "calendar.toml"
    path.touch(mode=0o600)
    path.write_text(text)

    _, found = _examined(folder, STATUS)

    assert found["announced days"]["well"] is well
    assert said in found["announced days"]["found"]
    assert well or str(path) in found["announced days"]["found"]


WITNESS = {
    "partner": "VN-MPS-IMM", "witness": "witness.example/w1", "word": "confirmed",
    "at": "2027-10-04T09:00:00.000Z", "confirmed_at": "2027-10-04T09:00:00.000Z", "entries": 17,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "well", "found", "todo"),
    [
        ({}, True, "confirmed at 2027-10-04T09:00:00.000Z, 17 entries cosigned", ""),
        ({"word": None, "at": None}, True, "not asked since the start, 17 entries cosigned", ""),
        ({"word": "witness_silent"}, True, "witness_silent at", "check url and key"),
        (
            {"word": "witness_silent", "confirmed_at": "2027-10-03T09:00:00.000Z"},
            False,
            "witness_silent at",
            "nothing waits for it",
        ),
        ({"word": "witness_silent", "confirmed_at": None}, False, "witness_silent at", "check url and key"),
        ({"word": "witness_unknown_log"}, False, "witness_unknown_log", "exchange witness request"),
        ({"word": "witness_ahead"}, False, "witness_ahead", "security officer"),
        ({"word": "witness_forked"}, False, "witness_forked", "security officer"),
    ],
)
def test_a_witness_has_a_line_of_its_own(
    tmp_path: Path, changed: dict[str, Any], well: bool, found: str, todo: str
) -> None:
    health = HEALTH | {"witnesses": [WITNESS | changed]}

    _, findings = _examined(_folder(tmp_path), STATUS, health=health)

    finding = findings["witness witness.example/w1 over the ledger with VN-MPS-IMM"]
    assert finding["well"] is well
    assert found in finding["found"]
    assert todo in finding["todo"]
    assert bool(finding["todo"]) is bool(todo)


def test_a_partner_that_is_closed_for_its_clock_needs_no_card(tmp_path: Path) -> None:
    closed = {"state": "closed", "reason": "not_asked_yet", "failure": "not_found", "clock_apart_s": 3_600}

    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [PARTNER | closed]})

    assert found["partner VN-MPS-IMM"]["todo"] == "see the line: clock of VN-MPS-IMM"


def test_clocks_that_agree_are_not_mentioned(tmp_path: Path) -> None:
    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [{**PARTNER, "clock_apart_s": 0}]})

    assert "clock of VN-MPS-IMM" not in found


@pytest.mark.parametrize(("reason", "todo"), sorted(NEXT.items()))
def test_each_known_trouble_of_a_partner_has_its_next_step(tmp_path: Path, reason: str, todo: str) -> None:
    partner = {**PARTNER, "state": "closed", "reason": reason}

    done, found = _examined(_folder(tmp_path), {**STATUS, "partners": [partner]})

    assert done.code == 6
    assert found["partner VN-MPS-IMM"]["todo"] == todo


def test_a_trouble_without_a_known_step_points_to_the_log(tmp_path: Path) -> None:
    partner = {**PARTNER, "state": "frozen", "reason": "never_seen"}

    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [partner]})

    assert "read the log" in found["partner VN-MPS-IMM"]["todo"]


def test_waiting_messages_are_no_trouble_but_are_explained(tmp_path: Path) -> None:
    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [{**PARTNER, "waiting": 3}]})

    assert found["partner VN-MPS-IMM"]["well"]
    assert "nothing is lost; last contact t" in found["partner VN-MPS-IMM"]["todo"]


def test_an_invitation_that_is_out_is_named_instead_of_a_second_one(tmp_path: Path) -> None:
    out = {"partner": "VN-MPS-IMM", "created": "t"}

    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [], "invitations": [out]})

    assert found["invitation to VN-MPS-IMM"]["found"] == "of t, not answered yet"
    assert "partners" not in found


def test_without_partner_and_invitation_one_is_begun(tmp_path: Path) -> None:
    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [], "invitations": []})

    assert "exchange partner invite" in found["partners"]["todo"]


def test_a_partner_that_has_not_confirmed_the_words_is_waited_for(tmp_path: Path) -> None:
    row = {**PARTNER, "state": "joined", "reason": "not_confirmed_there"}

    _, found = _examined(_folder(tmp_path), {**STATUS, "partners": [row]})

    assert not found["partner VN-MPS-IMM"]["well"]
    todo = found["partner VN-MPS-IMM"]["todo"]
    assert "confirmed the words" in todo
    assert todo.index("wait a minute") < todo.index("only if they did not, take it back")


def test_one_officer_is_too_few(tmp_path: Path) -> None:
    _, found = _examined(_folder(tmp_path), STATUS, officers=1)

    assert not found["officers"]["well"]
    assert "exchange officer add" in found["officers"]["todo"]


@pytest.mark.parametrize(("training", "todo"), [(True, False), (False, True)])
def test_a_recovery_key_on_a_real_machine_has_to_go(tmp_path: Path, *, training: bool, todo: bool) -> None:
    folder = _folder(tmp_path, training=training)
    (folder / "keys").mkdir(mode=0o700)
    (folder / "keys" / "recovery.key").touch(mode=0o600)

    _, found = _examined(folder, STATUS)

    assert found["recovery key"]["well"]
    assert bool(found["recovery key"]["todo"]) is todo
