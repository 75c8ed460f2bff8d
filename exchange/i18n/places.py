# SPDX-License-Identifier: Apache-2.0
"""Names of countries, cities, scripts and languages as people read them, from Unicode CLDR.

Without the extra `[desk]`, and for a code that is none, the code itself is given back.
"""

from functools import cache, lru_cache

from exchange.i18n.labels import label

_MOST_KEPT = 1_000
"""Names looked up before; codes and tags of a partner are open sets."""
_UNNAMED = frozenset({"und", ""})


@cache
def country_name(code: str, language: str) -> str:
    """Return the name of a country: `VN` is `Vietnam` or `เวียดนาม`."""
    try:
        from babel import Locale
    except ImportError:
        return code
    return str(Locale.parse(language).territories.get(code, code))


@lru_cache(_MOST_KEPT)
def script_name(code: str, language: str) -> str:
    """Return the name of a script: `Khmr` is `Khmer`."""
    try:
        from babel import Locale
    except ImportError:
        return code
    return str(Locale.parse(language).scripts.get(code, code))


@lru_cache(_MOST_KEPT)
def language_of(tag: str, language: str) -> str:
    """Return the name of a language, or its tag."""
    known = label("languages", tag, language)
    if known != tag or tag in _UNNAMED:
        return known
    try:
        from babel import Locale
    except ImportError:
        return tag
    return str(Locale.parse(language).languages.get(tag.split("-")[0], tag))


@cache
def city(zone: str, language: str) -> str:
    """Return the city after which a time zone is called: `Phnom Penh`."""
    try:
        from babel.dates import get_timezone_location
    except ImportError:
        return zone.rpartition("/")[2].replace("_", " ")
    return str(get_timezone_location(zone, locale=language, return_city=True))
