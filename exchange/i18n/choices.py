# SPDX-License-Identifier: Apache-2.0
"""The labels of one choice, so that no two of them look the same.

Offices of several countries have their country beside their name, also when only two have one name; an office
that has a last day in the list says it. Elsewhere an office is called by its name alone (`labels`).
"""

from collections.abc import Iterable
from typing import Final

from exchange.i18n.catalogues import marked, translations
from exchange.i18n.days import written_day
from exchange.i18n.labels import label
from exchange.i18n.places import country_name
from exchange.ids import AgencyCode
from exchange.messages.codelists import Agency, agency

_AGENCIES: Final = "agencies"
_OBSERVER: Final = "observer"
"""Function of international bodies, which are of no country."""
_IN_COUNTRY: Final = marked("{office} ({country})")
_UNTIL: Final = marked("{office}, until {day}")


def choice_labels(list_name: str, codes: Iterable[str], language: str) -> dict[str, str]:
    """Return the label of each code of one choice, by code.

    Raises:
        KeyError: there is no such list.
    """
    labels = {code: label(list_name, code, language) for code in codes}
    if list_name != _AGENCIES:
        return labels
    offices = [office for code in labels if (office := agency(code))]
    has_names_apart = len(set(labels.values())) == len(labels)
    is_plain = has_names_apart and len({office.country for office in offices}) < 2
    named = {one.code: _office(labels[one.code], one, language, is_plain=is_plain) for one in offices}
    return {code: named.get(AgencyCode(code), text) for code, text in labels.items()}


def _office(name: str, office: Agency, language: str, *, is_plain: bool) -> str:
    texts = translations(language)
    if not is_plain and _OBSERVER not in office.functions:
        country = country_name(office.country, language)
        name = texts.gettext(_IN_COUNTRY).format(office=name, country=country)
    if office.valid_to is None:
        return name
    last = written_day(office.valid_to.isoformat(), language)
    return texts.gettext(_UNTIL).format(office=name, day=last)
