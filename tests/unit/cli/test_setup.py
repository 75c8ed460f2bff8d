# SPDX-License-Identifier: Apache-2.0
"""`exchange init`: six questions, each also an option; nothing is overwritten, nothing is left half done."""

import io
import json
import stat
from pathlib import Path

import pytest
from exchange.bootstrap import recovery_key
from exchange.config import read_settings
from exchange.errors import PassphraseError, UsageError
from exchange.interfaces.cli.setup import (
    address_of,
    checked_zone,
    contact_point,
    init,
    office_of,
    officers_of,
)
from exchange.messages.codelists import agency, codelist
from exchange.protocol.profiles import profile_codes
from tests.support.command_line import Outcome, run

PASSPHRASE = "correct horse battery"


def _init(
    folder: Path,
    *words: object,
    passphrase: str = PASSPHRASE,
    address: str = "localhost:18443",
    **environment: str,
) -> Outcome:
    return run(
        "init", "--agency", "KH-MOSVY-DAHT", "--address", address, "--officer", "P-0001=Chan Dara",
        "--officer", "P-0002=Sok Vanna", "--data", folder, *words, PASSPHRASE=passphrase,
        **environment,
    )  # fmt: skip


def test_a_new_node_lies_in_a_folder_that_only_its_owner_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "kh"

    done = _init(folder, "--training")

    assert done.code == 0
    assert "take it off this machine" in done.out
    assert f"next: exchange serve --data {folder}" in done.out
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (folder, *folder.rglob("*"))}
    assert modes == {0}
    settings = read_settings(folder)
    assert (settings.agency.training, settings.door.port) == (True, 18443)
    assert settings.door.address == "https://localhost:18443"
    assert PASSPHRASE not in (folder / "exchange.toml").read_text()


def test_a_wrong_code_in_the_settings_never_tells_to_set_up_anew(tmp_path: Path) -> None:
    assert _init(tmp_path / "kh").code == 0
    settings = tmp_path / "kh" / "exchange.toml"
    settings.write_text(settings.read_text().replace('code = "KH-MOSVY-DAHT"', 'code = "TH-MSDHS-DATIP"'))

    done = run("serve", "--data", tmp_path / "kh", PASSPHRASE=PASSPHRASE)

    assert done.code == 6
    assert "error: the store has no card of TH-MSDHS-DATIP" in done.err
    assert "has to be the one with which this folder was set up" in done.err
    assert "exchange init" not in done.err


def test_json_names_the_card(tmp_path: Path) -> None:
    done = _init(tmp_path / "kh", "--json", address="none")

    answer = json.loads(done.out)
    assert answer["agency"] == "KH-MOSVY-DAHT"
    assert read_settings(tmp_path / "kh").door.address == ""


def test_without_an_address_the_high_water_files_lie_outside_the_data_folder(tmp_path: Path) -> None:
    """Nobody can be asked after a start; a copy of the folder put back must not bring its own witness."""
    assert _init(tmp_path / "kh", address="none").code == 0

    marks = Path(read_settings(tmp_path / "kh").paths.high_water)
    assert (marks, stat.S_IMODE(marks.stat().st_mode)) == (tmp_path / "kh-high-water", 0o700)


def test_the_high_water_files_go_where_they_are_wanted(tmp_path: Path) -> None:
    assert _init(tmp_path / "kh", "--high-water", tmp_path / "other").code == 0

    assert Path(read_settings(tmp_path / "kh").paths.high_water) == tmp_path / "other"
    assert (tmp_path / "other").is_dir()


@pytest.mark.parametrize(
    ("words", "address", "is_named"),
    [
        ((), "localhost:18443", True),
        (("--high-water", "other"), "localhost:18443", False),
        ((), "none", False),
    ],
)
def test_init_names_the_step_of_two_officers_where_a_lost_machine_takes_the_files_with_it(
    tmp_path: Path, words: tuple[str, ...], address: str, is_named: bool
) -> None:
    given = [tmp_path / word if word == "other" else word for word in words]

    done = _init(tmp_path / "kh", *given, address=address)

    told = "two officers\n                confirm each partner: exchange partner resume"
    assert (told in done.out) is is_named
    assert "  high water    " in done.out


def test_a_folder_with_something_in_it_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    done = run("init", "--data", tmp_path)

    assert (done.code, done.out) == (2, "")
    assert "is not empty" in done.err
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("address", ["none", "localhost:18443"])
def test_a_set_up_that_fails_leaves_nothing_behind(tmp_path: Path, address: str) -> None:
    done = _init(tmp_path / "kh", passphrase="short", address=address)

    assert done.code == 6
    assert list(tmp_path.iterdir()) == []


def test_a_set_up_that_fails_leaves_the_folders_that_were_there(tmp_path: Path) -> None:
    for name in ("kh", "marks"):
        (tmp_path / name).mkdir()
    (tmp_path / "marks" / "of-another-node").write_text("1")

    done = _init(tmp_path / "kh", "--high-water", tmp_path / "marks", passphrase="short")

    assert done.code == 6
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kh", "marks", "of-another-node"]


def test_one_officer_is_told_that_a_partner_needs_two(tmp_path: Path) -> None:
    done = run(
        "init", "--agency", "KH-MOSVY-DAHT", "--address", "localhost:18443", "--officer", "P-0001=Chan Dara",
        "--data", tmp_path / "kh", PASSPHRASE=PASSPHRASE,
    )  # fmt: skip

    assert done.code == 0
    assert "the first partner needs two: exchange officer add P-0002 <name>" in done.out
    assert "needs two" not in _init(tmp_path / "two").out


@pytest.mark.parametrize(
    ("command", "listed"),
    [
        (("init",), sorted(codelist("determining-bodies").codes)),
        (("partner", "invite"), list(profile_codes())),
    ],
)
def test_help_lists_what_an_option_takes(command: tuple[str, ...], listed: list[str]) -> None:
    page = " ".join(run(*command, "--help").out.split())

    assert [code for code in listed if code not in page] == []


def test_an_unknown_time_zone_is_named_as_it_was_typed(tmp_path: Path) -> None:
    done = _init(tmp_path / "kh", "--zone", "Asia/Pnom_Penh")

    assert done.code == 2
    assert "error: there is no time zone Asia/Pnom_Penh" in done.err
    assert "Asia/Phnom_Penh" in done.err


def test_without_a_terminal_a_missing_answer_is_named(tmp_path: Path) -> None:
    done = run("init", "--agency", "KH-MOSVY-DAHT", "--data", tmp_path / "kh", PASSPHRASE=PASSPHRASE)

    assert done.code == 2
    assert done.err.startswith("error: question 4 has no answer: host:port")


def test_an_unknown_kind_of_office_is_refused_with_the_list(tmp_path: Path) -> None:
    done = _init(tmp_path / "kh", "--office-kind", "welfare")

    assert done.code == 2
    assert "social_welfare" in done.err


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("KH-MOSVY-DATH", "KH-MOSVY-DAHT"),
        ("VN-MPS-IM", "VN-MPS-IMM"),
        ("KH-MOSVY", "say --agency KH-MOSVY-DAHT --office KH-MOSVY"),
        ("KH-PTC", "say --agency KH-MOSVY-DAHT --office KH-PTC"),
        ("", "did you mean"),
        ("🙂", "did you mean"),
    ],
)
def test_an_unknown_agency_is_refused_with_close_matches(code: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        contact_point(code)

    assert hint in str(raised.value.hint)


def test_an_agency_may_be_typed_in_small_letters() -> None:
    assert contact_point("kh-mosvy-daht").code == "KH-MOSVY-DAHT"


@pytest.mark.parametrize("code", ["VN-MPS-IMM", "KH-PTX", ""])
def test_the_office_is_of_the_same_country(code: str) -> None:
    own = agency("KH-MOSVY-DAHT")
    assert own is not None

    with pytest.raises(UsageError, match="is no office of KH"):
        office_of(own, code)
    assert office_of(own, "kh-ptc").code == "KH-PTC"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("exchange.example:8443", ("https://exchange.example:8443", 8443)),
        ("https://10.0.0.1:443/", ("https://10.0.0.1:443", 443)),
        ("[::1]:18443", ("https://[::1]:18443", 18443)),
        ("none", ("", 8443)),
        ("NONE", ("", 8443)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "host:",
        ":8443",
        "host:0",
        "host:65536",
        "host:8443/path",
        "user@host:1",
        "http://host:1",
        "a b:1",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not host:port"):
        address_of(text)


@pytest.mark.parametrize("listed", [["P-0001"], ["=Chan"], ["p1=Chan"], ["P-0001="], ["P-1=A", "P-1=B"]])
def test_an_officer_is_a_number_and_a_name(listed: list[str]) -> None:
    with pytest.raises(UsageError) as raised:
        officers_of(listed)

    assert raised.value.hint == '--officer "P-0001=Name"'


def test_a_zone_that_is_none_is_refused_with_close_matches() -> None:
    with pytest.raises(UsageError) as raised:
        checked_zone("Asia/Phnom_Pen")

    assert "Asia/Phnom_Penh" in str(raised.value.hint)


def test_serving_a_folder_without_a_node_says_how_to_begin(tmp_path: Path) -> None:
    done = run("serve", "--data", tmp_path, PASSPHRASE=PASSPHRASE)

    assert done.code == 6
    assert done.err.splitlines()[1] == "hint: begin with: exchange init --data <folder>"


def test_node_and_recovery_key_have_no_passphrase_file_in_common(tmp_path: Path) -> None:
    """Two links to one file are one file."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text(PASSPHRASE)
    one.chmod(0o600)
    other.symlink_to(one)

    for second in (one, other):
        done = _init(
            tmp_path / "kh", passphrase="", PASSPHRASE_FILE=str(one), RECOVERY_PASSPHRASE_FILE=str(second)
        )

        assert (done.code, (tmp_path / "kh").exists()) == (2, False)
        assert "one passphrase file" in done.err


def test_two_passphrase_files_are_taken(tmp_path: Path) -> None:
    files = {}
    for name in ("PASSPHRASE_FILE", "RECOVERY_PASSPHRASE_FILE"):
        path = tmp_path / name
        path.write_text(f"{PASSPHRASE} {name}")
        path.chmod(0o600)
        files[name] = str(path)

    assert _init(tmp_path / "kh", passphrase="", **files).code == 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _typed(monkeypatch: pytest.MonkeyPatch, folder: Path, *passphrases: str, training: bool = False) -> None:
    """Set up a node at a terminal; everything but the passphrases is said by options."""
    answers = list(passphrases)
    for name in ("PASSPHRASE", "RECOVERY_PASSPHRASE"):
        for variable in (f"EXCHANGE_{name}", f"EXCHANGE_{name}_FILE"):
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda _: answers.pop(0))
    init(
        folder, "KH-MOSVY-DAHT", "Office", "KH-MOSVY-DAHT", "none", "Asia/Phnom_Penh",
        ["P-0001=Chan Dara"], training=training,
    )  # fmt: skip
    assert answers == []


def test_at_a_terminal_the_recovery_key_gets_a_passphrase_of_its_own_typed_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key ceremony: two officers type one half each; keys/README.md, step 3."""
    own = "first half, second half"

    _typed(monkeypatch, tmp_path / "kh", PASSPHRASE, PASSPHRASE, own, own)

    assert recovery_key(tmp_path / "kh", own).public
    with pytest.raises(PassphraseError):
        recovery_key(tmp_path / "kh", PASSPHRASE)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ((PASSPHRASE, PASSPHRASE, "first half, second half", "first half, secnod half"), "not the same"),
        ((PASSPHRASE, PASSPHRASE, PASSPHRASE, PASSPHRASE), "has the passphrase of the node"),
    ],
    ids=["mistyped", "that of the node"],
)
def test_a_passphrase_that_nobody_could_use_is_refused_before_a_key_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        _typed(monkeypatch, tmp_path / "kh", *typed)

    assert list(tmp_path.iterdir()) == []


def test_a_training_node_may_have_one_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _typed(monkeypatch, tmp_path / "kh", *[PASSPHRASE] * 4, training=True)

    assert recovery_key(tmp_path / "kh", PASSPHRASE).public


@pytest.mark.parametrize("place", ["data", "high-water"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    inside = tmp_path / "file" / "kh"

    folder, words = (inside, ()) if place == "data" else (tmp_path / "kh", ("--high-water", inside))
    done = _init(folder, *words)

    assert (done.code, [path.name for path in tmp_path.iterdir()]) == (6, ["file"])
    assert done.err.splitlines()[0] == f"error: {inside} cannot be made: Not a directory"
