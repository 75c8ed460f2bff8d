# SPDX-License-Identifier: Apache-2.0
"""The vectors of strict JSON: bytes that the one wire parser takes, and bytes that it refuses."""

import base64
from typing import Any

Row = dict[str, Any]
TAKEN, REFUSED = "accepted", "refused"
MAX = 2**53 - 1

MEMBERS = [b'"%d":1' % n for n in range(201)]

TEXTS: tuple[tuple[str, str, str, str, bytes], ...] = (
    ("object", "json.form", "An object.", TAKEN, b'{"a":1}'),
    ("white-space", "json.form", "White space of JSON around and inside.", TAKEN, b' {\t"a" :\r\n1 } \n'),
    ("list", "json.form", "A list.", TAKEN, b'[1,"a",null,true,[]]'),
    ("text", "json.form", "A text with letters outside ASCII.", TAKEN, '"ជំរាប"'.encode()),
    ("pair", "json.text", "An escaped surrogate pair.", TAKEN, b'"\\ud83d\\ude00"'),
    ("escapes", "json.text", "Every escape.", TAKEN, b'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"'),
    ("largest", "json.numbers", "The largest integer.", TAKEN, str(MAX).encode()),
    ("smallest", "json.numbers", "The smallest integer.", TAKEN, str(-MAX).encode()),
    ("empty", "json.form", "Nothing.", REFUSED, b""),
    ("cut", "json.form", "An object that does not end.", REFUSED, b'{"a":1'),
    ("cut-text", "json.form", "A text that does not end.", REFUSED, b'{"a":"'),
    ("trailing", "json.form", "A second value.", REFUSED, b"{}{}"),
    ("trailing-comma", "json.form", "A comma before the end of a list.", REFUSED, b"[1,]"),
    ("comment", "json.form", "A comment.", REFUSED, b"{/* x */}"),
    ("single-quotes", "json.form", "Single quotes.", REFUSED, b"{'a':1}"),
    ("bare-name", "json.form", "A name without quotes.", REFUSED, b"{a:1}"),
    ("bom", "json.form", "A byte order mark.", REFUSED, b"\xef\xbb\xbf{}"),
    ("utf-16", "json.form", "UTF-16.", REFUSED, '{"a":1}'.encode("utf-16")),
    ("latin-1", "json.form", "A byte that is no UTF-8.", REFUSED, b'"\xe9"'),
    ("overlong", "json.form", "A letter in too many bytes.", REFUSED, b'"\xc1\xa1"'),
    ("encoded-surrogate", "json.text", "A surrogate in UTF-8.", REFUSED, b'"\xed\xa0\x80"'),
    ("raw-line-feed", "json.form", "A raw line feed in a text.", REFUSED, b'"a\nb"'),
    ("twice", "json.names", "A name twice.", REFUSED, b'{"a":1,"a":1}'),
    ("twice-escaped", "json.names", "A name twice, once escaped.", REFUSED, b'{"a":1,"\\u0061":2}'),
    ("twice-inside", "json.names", "A name twice in an inner object.", REFUSED, b'{"a":[{"b":1,"b":2}]}'),
    ("empty-name-twice", "json.names", "The empty name twice.", REFUSED, b'{"":1,"":2}'),
    ("same-name-in-two", "json.names", "A name in two objects.", TAKEN, b'[{"a":1},{"a":2}]'),
    ("nan", "json.numbers", "NaN.", REFUSED, b"[NaN]"),
    ("infinity", "json.numbers", "An infinity.", REFUSED, b"[-Infinity]"),
    ("float", "json.numbers", "A fraction.", REFUSED, b"[1.5]"),
    ("whole-float", "json.numbers", "A fraction that is whole.", REFUSED, b"[1.0]"),
    ("exponent", "json.numbers", "An exponent.", REFUSED, b"[1e3]"),
    ("minus-zero", "json.numbers", "Minus zero.", REFUSED, b"[-0]"),
    ("plus", "json.numbers", "A plus sign.", REFUSED, b"[+1]"),
    ("leading-zero", "json.numbers", "A leading zero.", REFUSED, b"[01]"),
    ("hexadecimal", "json.numbers", "Hexadecimal digits.", REFUSED, b"[0x10]"),
    ("khmer-digits", "json.numbers", "Digits of another script.", REFUSED, "[១]".encode()),
    ("too-large", "json.numbers", "2^53.", REFUSED, str(MAX + 1).encode()),
    ("too-small", "json.numbers", "Minus 2^53.", REFUSED, str(-MAX - 1).encode()),
    ("100-digits", "json.numbers", "100 digits.", REFUSED, b"1" * 100),
    ("point-in-text", "json.numbers", "A text that looks like a fraction.", TAKEN, b'["1.5e3 -0 NaN"]'),
    ("raw-nul", "json.text", "A raw NUL.", REFUSED, b'"\x00"'),
    ("escaped-nul", "json.text", "An escaped NUL.", REFUSED, b'"\\u0000"'),
    ("nul-in-name", "json.text", "An escaped NUL in a name.", REFUSED, b'{"a\\u0000":1}'),
    ("lone-high", "json.text", "The first half of a surrogate pair.", REFUSED, b'"\\ud800"'),
    ("lone-low", "json.text", "The second half of a surrogate pair.", REFUSED, b'"\\udc00"'),
    ("turned-pair", "json.text", "The halves of a pair in the wrong order.", REFUSED, b'"\\ude00\\ud83d"'),
    ("depth-16", "json.limits", "Lists 16 deep.", TAKEN, b"[" * 16 + b"]" * 16),
    ("depth-17", "json.limits", "Lists 17 deep.", REFUSED, b"[" * 17 + b"]" * 17),
    ("brackets", "json.limits", "Brackets that do not match.", REFUSED, b"[}"),
    ("200-members", "json.limits", "200 members.", TAKEN, b"{%s}" % b",".join(MEMBERS[:200])),
    ("201-members", "json.limits", "201 members.", REFUSED, b"{%s}" % b",".join(MEMBERS)),
    ("2000-items", "json.limits", "2,000 items.", TAKEN, b"[%s]" % b",".join([b"1"] * 2_000)),
    ("2001-items", "json.limits", "2,001 items.", REFUSED, b"[%s]" % b",".join([b"1"] * 2_001)),
    ("name-64", "json.limits", "A name of 64 characters.", TAKEN, b'{"%s":1}' % (b"a" * 64)),
    ("name-65", "json.limits", "A name of 65 characters.", REFUSED, b'{"%s":1}' % (b"a" * 65)),
)  # fmt: skip


def rows() -> list[Row]:
    """Return a vector for each text."""
    return [
        {"name": f"json-{name}", "rule": rule, "description": description,
         "raw": base64.b64encode(raw).decode("ascii"), "expect": expect}
        for name, rule, description, expect, raw in TEXTS
    ]  # fmt: skip
