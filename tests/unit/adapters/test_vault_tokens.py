# SPDX-License-Identifier: Apache-2.0
"""Tokens of the vault are HMAC-SHA-256, whatever makes them fast."""

import hmac

import pytest
from exchange.adapters.storage.vault import PreparedHmac


@pytest.mark.parametrize("key", [b"", b"k", bytes(range(32)), bytes(range(64))], ids=len)
@pytest.mark.parametrize("text", [b"", b"search|w|nguyen", bytes(200)], ids=len)
def test_prepared_hmac_is_the_hmac_of_the_standard_library(key: bytes, text: bytes) -> None:
    prepared = PreparedHmac(key)

    assert [prepared.digest(text), prepared.digest(text)] == [hmac.digest(key, text, "sha256")] * 2


def test_key_longer_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than a block"):
        PreparedHmac(bytes(65))
