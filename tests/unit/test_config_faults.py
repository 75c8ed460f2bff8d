# SPDX-License-Identifier: Apache-2.0
"""A wrong setting is said in words of this project: which line, which setting, what would be right."""

from pathlib import Path

import pytest
from exchange.config import FILE_NAME, read_settings
from exchange.errors import ConfigurationError

RIGHT = """[agency]
code = "KH-MOSVY-DAHT"
node = "0123456789abcdef"
names = { en = "Office" }
office = "KH-MOSVY-DAHT"
"""
LIBRARY = ("Extra inputs", "Input should", "Value error", "valid integer", "Field required", "pydantic")


def _refusal(folder: Path, text: str | bytes) -> ConfigurationError:
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / FILE_NAME).write_bytes(raw)
    with pytest.raises(ConfigurationError) as caught:
        read_settings(folder)
    return caught.value


@pytest.mark.parametrize(
    ("added", "line"),
    [
        ("[door\n", "line 6 "),
        ("[door]\nport = \n", "line 7 "),
        ("[door]\naddress = https://x:1\n", "line 7 "),
        ("[door]\nport = 1\nport = 2\n", "line 8 "),
        ("[agency]\n", "line 6 "),
        ('[notify]\nsender = "secret-word\n', "line 7 "),
        ("[door]\nhost = '''open", "its last line "),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_the_line(tmp_path: Path, added: str, line: str) -> None:
    error = _refusal(tmp_path, RIGHT + added)

    assert line in str(error)
    assert "secret-word" not in f"{error} {error.hint}"


@pytest.mark.parametrize(
    "added",
    [
        "[agency]\n",
        "[door]\nport = 1\nport = 2\n",
        '[staff]\nwebhook = []\n[[staff.webhook]]\nurl = "https://a"\n',
    ],
    ids=["section", "setting", "webhook"],
)
def test_what_stands_above_already_is_told_as_that(tmp_path: Path, added: str) -> None:
    """Guides show sections; exchange init wrote them already."""
    error = _refusal(tmp_path, RIGHT + added)

    assert "says a second time what stands above" in str(error)
    assert error.hint is not None
    assert error.hint.startswith("each section and each setting stands once: write it where it stands above")


def test_a_file_in_another_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    error = _refusal(tmp_path, RIGHT.encode() + '[desk]\nhost = "é"\n'.encode("latin-1"))

    assert "is not UTF-8 text: line 7" in str(error)


@pytest.mark.parametrize(
    ("added", "sentence", "hint"),
    [
        ("[door]\nprot = 1\n", "line 7: door.prot: there is no such setting", "did you mean port"),
        ("[door]\nzzz = 1\n", "line 7: door.zzz: there is no such setting", "known: host, port, address"),
        ("[dor]\nport = 1\n", "dor: there is no such section", "did you mean door"),
        ('[door]\nport = "x"\n', "line 7: door.port: not a whole number", "settings.md"),
        ("[door]\nport = 70000\n", "door.port: larger than 65535", "settings.md"),
        ("[door]\nport = -1\n", "door.port: smaller than 0", "settings.md"),
        ('[desk]\ncodes = "perhaps"\n', "desk.codes: not true or false", "settings.md"),
        ('[notify]\nsecurity = "ssl"\n', "notify.security: not one of 'starttls', 'tls'", ""),
        ('[notify]\nsender = "x"\n', "notify.sender: a mail address looks like office@agency.example", ""),
        ('[notify]\nserver = "x"\n', "notify: sender is missing", ""),
        ('[[staff.webhook]]\nurl = "https://a"\n', "staff.webhook.secret, number 1: missing", ""),
        (
            '[[staff.webhook]]\nurl = "https://a"\nsecret = "short"\n',
            "staff.webhook.secret, number 1: fewer than 32 characters",
            "",
        ),
        (
            '[[witness]]\nurl = "x"\nkeys = "x"\nkey = "k"\n',
            "witness.keys, number 1: there is no such setting",
            "key",
        ),
        (
            '[[tsa]]\nname = "A!"\nurl = "https://a"\ncertificate = "c"\n',
            "tsa.name, number 1: not in the form",
            "",
        ),
        ("[witnessing]\nquorum = 9\n", "witnessing.quorum: larger than 8", ""),
    ],
)
def test_a_wrong_setting_is_named_in_our_words(tmp_path: Path, added: str, sentence: str, hint: str) -> None:
    error = _refusal(tmp_path, RIGHT + added)

    assert str(error).startswith(str(tmp_path / FILE_NAME))
    assert sentence in str(error)
    assert hint in (error.hint or "")
    assert not [word for word in LIBRARY if word in f"{error} {error.hint}"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "agency: missing"),
        ("agency = 1\n", "agency: not a section"),
        (RIGHT.replace("KH-MOSVY-DAHT", "kh", 1), "line 2: agency.code: not an agency code"),
        (RIGHT.replace("0123", "XYZ"), "agency.node: not a node id"),
        (RIGHT.replace('{ en = "Office" }', "{}"), "agency.names: fewer than 1 entries"),
    ],
)
def test_a_wrong_agency_is_named_in_our_words(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in str(_refusal(tmp_path, text))


def test_a_wrong_variable_is_named_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGE_DOOR__PORT", "high")

    error = _refusal(tmp_path, RIGHT)

    assert str(error).endswith(", but set by EXCHANGE_DOOR__PORT: door.port: not a whole number")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_settings(tmp_path)
