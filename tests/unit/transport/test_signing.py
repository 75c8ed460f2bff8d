# SPDX-License-Identifier: Apache-2.0
"""A request counts as signed only in the one agreed form (RFC 9421, docs/protocol, partner door)."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from exchange.adapters.transport.signing import (
    NonceBook,
    SignedBy,
    check_body,
    content_digest,
    read_claim,
    sign_request,
    verify_request,
)
from exchange.errors import AgainError, SignatureInvalidError
from exchange.ids import AgencyCode, KeyId
from exchange.protocol import suites
from exchange.protocol.door import FRAME_TYPE, SIGNED_COMPONENTS
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, PublicKey
from hypothesis import given
from hypothesis import strategies as st
from tests.support.door_world import KH, NOW, VN, door_key
from tests.support.keys import seeded_random, test_key

PATH = "/v1/links/kh-vn-AAAAAAAAAAAAAAAA/exchange"
KEY = door_key("VN")
BODY = b"a frame\n"
Fields = list[tuple[str, str]]
CREATED = f"created={int(NOW.timestamp())}"
KEYID = f'keyid="{KEY.kid}"'
NONCE = f'nonce="{"n" * 22}"'
TAG = 'tag="exchange/1"'


def fields_of(*, key: PrivateKey = KEY, now: datetime = NOW, nonce: str = "1", path: str = PATH) -> Fields:
    made = sign_request(
        "POST",
        path,
        body=BODY,
        content_type=FRAME_TYPE,
        recipient=KH,
        key=key,
        now=now,
        nonce=seeded_random(nonce)(16),
    )
    return list(made.items())


def judge(
    fields: Fields,
    *,
    method: str = "POST",
    path: str = PATH,
    query: str = "",
    key: PublicKey | None = KEY.public,
    now: datetime = NOW,
    recipient: AgencyCode = KH,
    nonces: NonceBook | None = None,
) -> SignedBy:
    return verify_request(
        method,
        path,
        query=query,
        fields=fields,
        key_of=lambda _: key,
        now=now,
        recipient=recipient,
        nonces=nonces if nonces is not None else NonceBook(),
    )


def signed_by_hand(
    *,
    components: tuple[str, ...] = SIGNED_COMPONENTS,
    parameters: str | None = None,
    label: str = "exchange",
    changes: dict[str, str] | None = None,
) -> Fields:
    """Sign with our own words of RFC 9421, section 2.5, so that any deviation can be rightly signed."""
    values = dict(fields_of())
    values.update(changes or {})
    known = {name.lower(): value for name, value in values.items()}
    known |= {"@method": "POST", "@path": PATH, "@query": "?", "@authority": "partner"}
    stated = (
        parameters or f'created={int(NOW.timestamp())};keyid="{KEY.kid}";nonce="{"n" * 22}";tag="exchange/1"'
    )
    names = " ".join(name if '"' in name else f'"{name}"' for name in components)
    signed = f"({names});{stated}"
    lines = [f"{_quoted(name)}: {known[_plain(name)]}" for name in components]
    base = "\n".join([*lines, f'"@signature-params": {signed}'])
    signature = base64.b64encode(suites.sign(KEY, base.encode())).decode()
    values["Signature-Input"] = f"{label}={signed}"
    values["Signature"] = f"{label}=:{signature}:"
    return list(values.items())


def _quoted(name: str) -> str:
    return name if '"' in name else f'"{name}"'


def _plain(name: str) -> str:
    return name.split('"')[1] if '"' in name else name


def changed(fields: Fields, name: str, change: Callable[[str], str]) -> Fields:
    return [(own, change(value) if own == name else value) for own, value in fields]


def without(fields: Fields, name: str) -> Fields:
    return [(own, value) for own, value in fields if own != name]


def test_a_signed_request_names_its_key() -> None:
    assert judge(fields_of()) == SignedBy(KEY.kid)


def test_signing_by_the_words_of_the_rfc_gives_a_request_that_counts() -> None:
    assert judge(signed_by_hand()).key == KEY.kid


def test_the_order_of_components_is_free_because_it_is_signed() -> None:
    assert judge(signed_by_hand(components=tuple(reversed(SIGNED_COMPONENTS)))).key == KEY.kid


def test_the_order_of_parameters_is_free_because_it_is_signed() -> None:
    parameters = f'tag="exchange/1";nonce="{"n" * 22}";keyid="{KEY.kid}";created={int(NOW.timestamp())}'

    assert judge(signed_by_hand(parameters=parameters)).key == KEY.kid


def test_field_names_count_in_any_case() -> None:
    assert judge([(name.upper(), value) for name, value in fields_of()]).key == KEY.kid


def test_a_path_with_a_query_can_be_signed_and_counts_only_with_it() -> None:
    made = sign_request(
        "POST",
        PATH,
        query="a=1",
        body=b"",
        content_type=FRAME_TYPE,
        recipient=KH,
        key=KEY,
        now=NOW,
        nonce=bytes(16),
    )

    assert judge(list(made.items()), query="a=1").key == KEY.kid
    with pytest.raises(SignatureInvalidError):
        judge(list(made.items()))


@pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
def test_a_request_counts_for_five_minutes_around_our_clock(seconds: int) -> None:
    assert judge(fields_of(), now=NOW + timedelta(seconds=seconds)).key == KEY.kid


@pytest.mark.parametrize("seconds", [-100_000, -301, 301, 100_000])
def test_an_old_or_future_request_is_refused(seconds: int) -> None:
    with pytest.raises(SignatureInvalidError):
        judge(fields_of(), now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("method", {"method": "PUT"}),
        ("path", {"path": PATH.replace("exchange", "gate")}),
        ("link", {"path": PATH.replace("kh-vn", "kh-th")}),
        ("trailing slash", {"path": PATH + "/"}),
        ("query", {"query": "wait=55"}),
        ("recipient", {"recipient": VN}),
        ("key of nobody", {"key": None}),
        ("another key", {"key": door_key("TH").public}),
        ("another key under the same use", {"key": door_key("VN-2").public}),
    ],
)
def test_a_request_taken_elsewhere_is_refused(what: str, other: dict[str, object]) -> None:
    with pytest.raises(SignatureInvalidError):
        judge(fields_of(), **other)  # type: ignore[arg-type]


def test_a_key_of_another_use_does_not_sign_requests() -> None:
    key = test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "door/VN")

    with pytest.raises(SignatureInvalidError):
        judge(fields_of(key=key), key=key.public)


@pytest.mark.parametrize("name", ["Content-Digest", "Content-Length", "Content-Type", "X-Exchange-To"])
def test_a_changed_field_is_refused(name: str) -> None:
    fields = changed(fields_of(), name, lambda value: ("1" if value[0] != "1" else "2") + value[1:])

    with pytest.raises(SignatureInvalidError):
        judge(fields)


@pytest.mark.parametrize("name", [name for name, _ in fields_of()])
def test_a_missing_field_is_refused(name: str) -> None:
    with pytest.raises(SignatureInvalidError):
        judge(without(fields_of(), name))


@pytest.mark.parametrize("name", [name for name, _ in fields_of()])
def test_a_doubled_field_is_refused_even_when_both_say_the_same(name: str) -> None:
    fields = fields_of()

    with pytest.raises(SignatureInvalidError):
        judge([*fields, (name.lower(), dict(fields)[name])])


@pytest.mark.parametrize("name", SIGNED_COMPONENTS)
def test_a_rightly_signed_request_without_one_component_is_refused(name: str) -> None:
    fields = signed_by_hand(components=tuple(own for own in SIGNED_COMPONENTS if own != name))

    with pytest.raises(SignatureInvalidError):
        judge(fields)


@pytest.mark.parametrize(
    ("what", "components", "parameters"),
    [
        ("one more component", (*SIGNED_COMPONENTS, "@authority"), None),
        (
            "a component with a parameter",
            (*SIGNED_COMPONENTS[:3], '"content-digest";sf', *SIGNED_COMPONENTS[4:]),
            None,
        ),
        ("a component of the request", ('"@method";req', *SIGNED_COMPONENTS[1:]), None),
        ("the same component twice", (*SIGNED_COMPONENTS, "@method"), None),
        ("no component", (), None),
        ("no created", SIGNED_COMPONENTS, f"{KEYID};{NONCE};{TAG}"),
        ("no keyid", SIGNED_COMPONENTS, f"{CREATED};{NONCE};{TAG}"),
        ("no nonce", SIGNED_COMPONENTS, f"{CREATED};{KEYID};{TAG}"),
        ("no tag", SIGNED_COMPONENTS, f"{CREATED};{KEYID};{NONCE}"),
        ("an alg", SIGNED_COMPONENTS, f'{CREATED};{KEYID};{NONCE};{TAG};alg="ed25519"'),
        ("an alg in place of the tag", SIGNED_COMPONENTS, f'{CREATED};{KEYID};{NONCE};alg="ed25519"'),
        ("an expires", SIGNED_COMPONENTS, f"{CREATED};expires=9999999999;{KEYID};{NONCE};{TAG}"),
        ("an unknown parameter", SIGNED_COMPONENTS, f"{CREATED};{KEYID};{NONCE};{TAG};x"),
        ("a parameter twice", SIGNED_COMPONENTS, f"{CREATED};{CREATED};{KEYID};{NONCE};{TAG}"),
        ("another tag", SIGNED_COMPONENTS, f'{CREATED};{KEYID};{NONCE};tag="exchange/2"'),
        ("a tag as token", SIGNED_COMPONENTS, f"{CREATED};{KEYID};{NONCE};tag=exchange/1"),
        ("a created as string", SIGNED_COMPONENTS, f'created="1";{KEYID};{NONCE};{TAG}'),
        ("a created as date", SIGNED_COMPONENTS, f"created=@1822641124;{KEYID};{NONCE};{TAG}"),
        ("a created as truth", SIGNED_COMPONENTS, f"created;{KEYID};{NONCE};{TAG}"),
        ("a created as decimal", SIGNED_COMPONENTS, f"{CREATED}.0;{KEYID};{NONCE};{TAG}"),
        ("a keyid in capitals", SIGNED_COMPONENTS, f'{CREATED};keyid="{KEY.kid.upper()}";{NONCE};{TAG}'),
        ("a long keyid", SIGNED_COMPONENTS, f'{CREATED};keyid="{KEY.kid}00";{NONCE};{TAG}'),
        ("a keyid as bytes", SIGNED_COMPONENTS, f"{CREATED};keyid=:AAAA:;{NONCE};{TAG}"),
        ("a short nonce", SIGNED_COMPONENTS, f'{CREATED};{KEYID};nonce="short";{TAG}'),
        ("a long nonce", SIGNED_COMPONENTS, f'{CREATED};{KEYID};nonce="{"n" * 65}";{TAG}'),
        ("an odd nonce", SIGNED_COMPONENTS, f'{CREATED};{KEYID};nonce="{"n" * 21} n";{TAG}'),
        ("an empty nonce", SIGNED_COMPONENTS, f'{CREATED};{KEYID};nonce="";{TAG}'),
    ],
)
def test_a_rightly_signed_request_of_another_form_is_refused(
    what: str, components: tuple[str, ...], parameters: str | None
) -> None:
    with pytest.raises(SignatureInvalidError):
        judge(signed_by_hand(components=components, parameters=parameters))


def test_another_label_is_refused() -> None:
    with pytest.raises(SignatureInvalidError):
        judge(signed_by_hand(label="sig1"))


def test_two_signatures_are_refused_also_when_both_are_good() -> None:
    first, second = dict(signed_by_hand()), dict(signed_by_hand(label="second"))
    both = first | {name: f"{first[name]}, {second[name]}" for name in ("Signature", "Signature-Input")}

    with pytest.raises(SignatureInvalidError):
        judge(list(both.items()))


def test_the_same_label_twice_is_refused() -> None:
    fields = dict(signed_by_hand())
    twice = fields | {name: f"{fields[name]}, {fields[name]}" for name in ("Signature", "Signature-Input")}

    with pytest.raises(SignatureInvalidError):
        judge(list(twice.items()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "exchange",
        "exchange=1",
        'exchange="text"',
        "exchange=:AAAA:",
        "exchange=()",
        "exchange=(",
        "exchange=((",
        'exchange=(1 2 3);created=1;keyid="a";nonce="b";tag="c"',
        "é" * 20,
        "exchange=(\x00)",
        "(" * 1_000,
        'exchange=("@method"' + ' "@method"' * 200 + ")",
        "," * 500,
    ],
)
def test_signature_input_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SignatureInvalidError):
        judge(changed(fields_of(), "Signature-Input", lambda _: text))


@pytest.mark.parametrize(
    "change",
    [
        lambda value: "",
        lambda value: value[:-1],
        lambda value: value.replace("=:", "=: "),
        lambda value: value.replace("==:", "=:"),
        lambda value: value.replace("==:", ":"),
        lambda value: value + ";x",
        lambda value: value.replace("exchange=", "exchange ="),
        lambda value: "exchange=:" + base64.b64encode(bytes(64)).decode() + ":",
        lambda value: "exchange=:" + base64.b64encode(bytes(63)).decode() + ":",
        lambda value: "exchange=:" + base64.b64encode(b"\xff" * 64).decode() + ":",
    ],
)
def test_another_signature_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(SignatureInvalidError):
        judge(changed(fields_of(), "Signature", change))


@given(st.text(max_size=300))
def test_no_text_in_place_of_the_signature_input_does_anything_but_refuse(text: str) -> None:
    with pytest.raises(SignatureInvalidError):
        read_claim(changed(fields_of(), "Signature-Input", lambda _: text))


def test_a_repeated_request_is_refused() -> None:
    nonces = NonceBook()
    judge(fields_of(), nonces=nonces)

    with pytest.raises(SignatureInvalidError):
        judge(fields_of(), nonces=nonces, now=NOW + timedelta(seconds=299))


def test_a_nonce_used_by_one_key_is_free_for_another() -> None:
    nonces = NonceBook()
    other = door_key("TH")

    judge(fields_of(), nonces=nonces)

    assert judge(fields_of(key=other), key=other.public, nonces=nonces).key == other.kid


def test_a_refused_request_leaves_no_nonce_behind() -> None:
    nonces = NonceBook()

    with pytest.raises(SignatureInvalidError):
        judge(fields_of(), nonces=nonces, path="/elsewhere")

    assert len(nonces) == 0


def test_a_nonce_is_remembered_for_ten_minutes() -> None:
    nonces = NonceBook()
    key = KeyId("0" * 16)

    assert nonces.use(key, "a", now=NOW)
    assert not nonces.use(key, "a", now=NOW + timedelta(seconds=599))
    assert nonces.use(key, "a", now=NOW + timedelta(seconds=601))
    assert len(nonces) == 1


def test_a_full_nonce_book_refuses_instead_of_forgetting() -> None:
    nonces = NonceBook(limit=4)
    for number in range(4):
        nonces.use(KeyId(f"{number % 2:016}"), str(number), now=NOW)

    with pytest.raises(AgainError) as refused:
        nonces.use(KeyId("2" * 16), "new", now=NOW)
    assert refused.value.reason == "busy"
    assert not nonces.use(KeyId("0" * 16), "0", now=NOW)
    assert nonces.use(KeyId("2" * 16), "new", now=NOW + timedelta(seconds=600))


def test_one_key_cannot_fill_the_nonce_book() -> None:
    nonces = NonceBook(limit=4)
    for number in range(2):
        nonces.use(KeyId("0" * 16), str(number), now=NOW)

    with pytest.raises(AgainError):
        nonces.use(KeyId("0" * 16), "third", now=NOW)
    assert nonces.use(KeyId("1" * 16), "first", now=NOW)


def test_the_signed_body_is_taken() -> None:
    check_body(fields_of(), BODY)


@pytest.mark.parametrize("body", [b"", b"a frame", b"a frame\n\n", b"A frame\n", b"another\n"])
def test_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureInvalidError):
        check_body(fields_of(), body)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Length", "08"),
        ("Content-Length", "+8"),
        ("Content-Length", "8.0"),
        ("Content-Length", "٨"),
        ("Content-Length", "99999999999"),
        (
            "Content-Digest",
            "sha-256=:" + base64.b64encode(hashlib.sha256(BODY).digest()).decode() + ":, x=:AA==:",
        ),
        ("Content-Digest", "sha-512=:" + base64.b64encode(hashlib.sha512(BODY).digest()).decode() + ":"),
        ("Content-Digest", content_digest(BODY).replace("sha-256", "SHA-256")),
        ("Content-Digest", content_digest(BODY)[:-2] + ":"),
    ],
)
def test_another_form_of_length_or_digest_is_refused(name: str, value: str) -> None:
    with pytest.raises(SignatureInvalidError):
        check_body(changed(fields_of(), name, lambda _: value), BODY)


def test_the_signature_input_has_the_published_form() -> None:
    found = dict(fields_of())["Signature-Input"]

    names = '"@method" "@path" "@query" "content-digest" "content-type" "content-length" "x-exchange-to"'
    assert found.startswith(f'exchange=({names});{CREATED};{KEYID};nonce="')
    assert found.endswith(f'";{TAG}')
