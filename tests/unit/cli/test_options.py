# SPDX-License-Identifier: Apache-2.0
"""Passphrases, files that people name, and who acts."""

from pathlib import Path

import pytest
from exchange.errors import ConfigurationError, ExchangeError, FileModeError, InputError, UsageError
from exchange.interfaces.cli import options


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PASSPHRASE", "PASSPHRASE_FILE", "RECOVERY_PASSPHRASE", "RECOVERY_PASSPHRASE_FILE"):
        monkeypatch.delenv(f"EXCHANGE_{name}", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def test_a_passphrase_comes_from_the_environment_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p").write_text("from the file\n")
    (tmp_path / "p").chmod(0o600)
    monkeypatch.setenv("EXCHANGE_PASSPHRASE_FILE", str(tmp_path / "p"))
    from_file = options.read_passphrase()
    monkeypatch.setenv("EXCHANGE_PASSPHRASE", "from the environment")

    assert from_file == "from the file"
    assert options.read_passphrase() == "from the environment"
    assert options.new_passphrase() == "from the environment"


def test_the_recovery_key_has_the_same_passphrase_unless_another_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EXCHANGE_PASSPHRASE", "the one")
    same = options.read_recovery_passphrase()
    monkeypatch.setenv("EXCHANGE_RECOVERY_PASSPHRASE", "the other")

    assert (same, options.read_recovery_passphrase()) == ("the one", "the other")


def test_a_passphrase_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGE_PASSPHRASE_FILE", "/nowhere")

    with pytest.raises(ConfigurationError, match="/nowhere"):
        options.read_passphrase()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o622])
def test_a_passphrase_file_that_others_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    path = tmp_path / "p"
    path.write_text("secret words\n")
    path.chmod(mode)
    monkeypatch.setenv("EXCHANGE_PASSPHRASE_FILE", str(path))

    with pytest.raises(FileModeError, match="others can read") as raised:
        options.read_passphrase()

    assert raised.value.hint == f"chmod go= {path}"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_passphrase_file_of_the_owner_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    path = tmp_path / "p"
    path.write_text("secret words\n")
    path.chmod(mode)
    monkeypatch.setenv("EXCHANGE_PASSPHRASE_FILE", str(path))

    assert options.read_passphrase() == "secret words"


@pytest.mark.parametrize(("mode", "is_read"), [(0o400, True), (0o440, True), (0o444, False), (0o404, False)])
def test_of_what_systemd_hands_over_the_bits_of_the_group_are_the_mask_of_its_access_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, is_read: bool
) -> None:
    """Seen with systemd 257: 0440, owner root, `user:exchange:r--`, `group::---`, `mask::r--`."""
    path = tmp_path / "passphrase"
    path.write_text("secret words\n")
    path.chmod(mode)
    monkeypatch.setenv("EXCHANGE_PASSPHRASE_FILE", str(path))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    if is_read:
        assert options.read_passphrase() == "secret words"
    else:
        with pytest.raises(FileModeError, match="others can read"):
            options.read_passphrase()


def test_a_file_outside_the_folder_of_systemd_is_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "passphrase"
    path.write_text("secret words\n")
    path.chmod(0o440)
    monkeypatch.setenv("EXCHANGE_PASSPHRASE_FILE", str(path))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "other"))

    with pytest.raises(FileModeError, match="others can read"):
        options.read_passphrase()


def test_without_a_terminal_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "empty").open("w+") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(UsageError, match="no passphrase is given") as raised:
            options.read_passphrase()

    assert raised.value.hint == "set EXCHANGE_PASSPHRASE_FILE=<file with one line>"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"a": SECRET}', "is not JSON: line 1, column 7"),
        (b'{\n "a": 1,\n "b": SECRET\n}', "line 3, column 7"),
        (b"", "is not JSON: line 1, column 1"),
        (b'{"a": "SECRET\xff"}', "is not UTF-8 text: byte 13"),
        (b'\xef\xbb\xbf{"a": 1}', "is not JSON"),
        (b'{"a": 1, "a": "SECRET"}', "not allowed here"),
        (b'{"a": 1.5}', "not allowed here"),
        (b'{"a": NaN}', "not allowed here"),
        (b'["SECRET"]', "not allowed here"),
        (b'"SECRET"', "not allowed here"),
        (b'{"a": 9007199254740993}', "not allowed here"),
        (b"[" * 100_000, "groups and lists more than 20 deep"),
    ],
)
def test_a_file_that_is_no_allowed_json_is_refused_without_quoting_it(
    tmp_path: Path, raw: bytes, message: str
) -> None:
    path = tmp_path / "notice.json"
    path.write_bytes(raw)

    with pytest.raises(InputError, match=r"notice\.json") as raised:
        options.read_document(path)

    assert message in str(raised.value)
    assert "SECRET" not in str(raised.value)
    assert raised.value.exit_code == 3


def test_a_file_of_an_officer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "notice.json"
    path.write_text('{"type": "RPN", "full": "ង"}', encoding="utf-8")

    assert options.read_document(path) == {"type": "RPN", "full": "ង"}


@pytest.mark.parametrize("name", ["missing.json", ""])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        options.read_document(tmp_path / name)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 11)

    with pytest.raises(InputError, match="more than 10 bytes"):
        options.read_bytes(path, what="the file", max_bytes=10)


def test_a_file_is_written_over_only_if_somebody_says_so(tmp_path: Path) -> None:
    path = tmp_path / "out"
    options.write_file(path, b"1", force=False)

    with pytest.raises(UsageError, match="exists"):
        options.write_file(path, b"2", force=False)
    assert path.read_bytes() == b"1"
    options.write_file(path, b"3", force=True)
    assert path.read_bytes() == b"3"


def test_a_folder_that_is_missing_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        options.write_file(tmp_path / "none" / "out", b"1", force=False)


@pytest.mark.parametrize("ask", [options.the_officer, options.the_second])
def test_an_officer_who_is_not_named_is_asked_for(ask: object) -> None:
    with pytest.raises(ExchangeError) as raised:
        ask("")  # type: ignore[operator]

    assert raised.value.exit_code == 2
    assert "P-000" in str(raised.value.hint)
