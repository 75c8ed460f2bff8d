# SPDX-License-Identifier: Apache-2.0
"""Profiles: the files in `schemas/profiles` from which the terms of an agreement are taken.

A profile of a pair (`kh-vn`) has two sides; the neutral one has every side that may use it. An
agreement embeds the profile with exactly two sides, the inviter first, and without the deadlines that
bind other countries. Both agencies must have the same profile: the same terms give the same bytes.

    terms = terms_for(load_profile("kh-vn"), AgencyCode("KH-MOSVY-DAHT"), AgencyCode("VN-MPS-IMM"))
"""

from pathlib import Path

from exchange.errors import AgreementInvalidError, StrictJsonError
from exchange.ids import AgencyCode
from exchange.messages.codelists import schema_root
from exchange.protocol.strictjson import JsonValue, parse_object
from exchange.protocol.terms import Terms as Terms
from exchange.protocol.terms import country_of, read_terms

_SUFFIX = ".json"
_SCHEMA = "profile.schema"


def profile_codes(folder: Path | None = None) -> tuple[str, ...]:
    """Return the codes of the profiles in `folder`, by default those of this program."""
    place = schema_root() / "profiles" if folder is None else folder
    return tuple(sorted(path.stem for path in place.glob(f"*{_SUFFIX}") if path.stem != _SCHEMA))


def load_profile(code: str, folder: Path | None = None) -> Terms:
    """Return the profile of a code with all its sides.

    The code may come from a partner: it is looked up among the files, it never forms a path.

    Raises:
        AgreementInvalidError: no such profile here, or its file is wrong.
    """
    if code not in profile_codes(folder):
        raise AgreementInvalidError(
            "this profile is not known here", hint=f"profiles here: {', '.join(profile_codes(folder))}"
        )
    place = schema_root() / "profiles" if folder is None else folder
    try:
        value = parse_object((place / f"{code}{_SUFFIX}").read_bytes())
    except (OSError, StrictJsonError) as error:
        raise AgreementInvalidError(f"the file of profile {code} cannot be read") from error
    terms = read_terms(dict(value))
    if terms.profile != code:
        raise AgreementInvalidError(f"the file of profile {code} says that it is another one")
    return terms


def terms_for(profile: Terms, inviter: AgencyCode, joiner: AgencyCode) -> Terms:
    """Return the terms of two agencies: the profile with their two sides, the inviter first.

    Raises:
        AgreementInvalidError: both belong to one country, or the profile lacks a side.
    """
    countries = (country_of(inviter), country_of(joiner))
    if countries[0] == countries[1]:
        raise AgreementInvalidError("both agencies belong to one country; a link joins two countries")
    for agency in (inviter, joiner):
        profile.side_of(agency)
    value = dict(parse_object(profile.raw))
    value["sides"] = [
        side for country in countries for side in _rows(value, "sides") if side["country"] == country
    ]
    value["instead"] = [row for row in _rows(value, "instead") if row["country"] in countries]
    value["deadlines"] = [row for row in _rows(value, "deadlines") if _binds(row, countries)]
    return read_terms(value)


def _rows(value: dict[str, JsonValue], name: str) -> list[dict[str, JsonValue]]:
    rows = value[name]
    assert isinstance(rows, list)  # noqa: S101 - the schema was checked when the profile was read
    return [row for row in rows if isinstance(row, dict)]


def _binds(row: dict[str, JsonValue], countries: tuple[str, str]) -> bool:
    calendar_of = row["calendar_of"]
    return not str(calendar_of).isupper() or calendar_of in countries
