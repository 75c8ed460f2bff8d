# SPDX-License-Identifier: Apache-2.0
"""The handover token: one text for one record, and no other text is taken for it."""

import pytest
from exchange.errors import UsageError
from exchange.ids import LinkId, MessageId, b64url, sha256
from exchange.protocol.handover_token import MAX_CHARS, read_token, token_for
from hypothesis import given
from hypothesis import strategies as st
from tests.support.identity import KH, VN

LINK = LinkId(b64url(bytes(range(16))))
ID, OTHER_ID = (
    MessageId("0192f0c1-0000-7000-8000-000000000000"),
    MessageId("0192f0c1-0000-7000-8000-000000000001"),
)
COMMITMENT = sha256(b"parts")
TOKEN = token_for(LINK, 12, KH, ID, COMMITMENT)


@given(st.binary(min_size=16, max_size=16), st.integers(1, 10**15 - 1))
def test_a_token_comes_back_from_its_text(link: bytes, number: int) -> None:
    token = token_for(LinkId(b64url(link)), number, KH, ID, COMMITMENT)

    assert read_token(token.text) == token
    assert len(token.text) <= MAX_CHARS


def test_spaces_and_small_letters_do_no_harm() -> None:
    text = TOKEN.text.lower()

    assert read_token(f"  {text[:10]} {text[10:30]}\n{text[30:]} ") == TOKEN


def test_a_token_names_nobody() -> None:
    for name in (KH, "KH", "MOSVY", ID[:8]):
        assert name not in TOKEN.text


def test_the_digest_depends_on_everything_that_makes_the_record() -> None:
    others = [
        token_for(LinkId(b64url(bytes(16))), 12, KH, ID, COMMITMENT),
        token_for(LINK, 12, VN, ID, COMMITMENT),
        token_for(LINK, 12, KH, OTHER_ID, COMMITMENT),
        token_for(LINK, 12, KH, ID, sha256(b"other parts")),
    ]

    assert len({token.digest for token in (TOKEN, *others)}) == 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "XH1",
        "XH2" + TOKEN.text[3:],
        TOKEN.text[:-1],
        TOKEN.text + "A",
        TOKEN.text[:-1] + "1",
        TOKEN.text[:-1] + "B",
        TOKEN.text.replace(":12:", ":0:"),
        TOKEN.text.replace(":12:", ":012:"),
        TOKEN.text.replace(":12:", ":-1:"),
        TOKEN.text.replace(":12:", ":1" + "0" * 15 + ":"),
        TOKEN.text.replace(":12:", ":١٢:"),
        "https://example.org/" + TOKEN.text,
        "A" * 100_000,
    ],
)
def test_another_text_is_no_token(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_token(text)

    assert caught.value.hint
