# SPDX-License-Identifier: Apache-2.0
"""What is offered where a country, a script or a language is chosen; each list has room for what it has not.

Countries begin with those of the case (`first`), then come the others with offices in the directory. A value
that was entered before is offered as well, whatever it is.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from exchange.i18n.languages import LANGUAGES, language_name
from exchange.i18n.place_codes import SCRIPTS, country_code
from exchange.i18n.places import country_name, language_of, script_name
from exchange.interfaces.web.asking import Values
from exchange.interfaces.web.desk import Clerk
from exchange.messages.codelists import agencies, agency, codelist
from exchange.service.forms import Form


async def countries_of(clerk: Clerk, form: Form) -> tuple[str, ...]:
    """Return the countries of a form: that of the partner first, then our own."""
    link = await clerk.node.store.read(lambda uow: uow.links.get(form.row.link))
    known = (agency(code) for code in ((link.partner,) if link else ()) + (clerk.node.agency,))
    return tuple(one.country for one in known if one is not None)


def codes_for(kind: str, first: Iterable[str], entered: Iterable[str]) -> tuple[str, ...]:
    """Return the codes to choose from, for a kind of field."""
    offered: Mapping[str, Iterable[str]] = {
        "country": (*first, *_with_offices()),
        "script": SCRIPTS,
        "language": codelist("languages").codes,
        "languages": codelist("languages").codes,
    }
    return tuple(dict.fromkeys((*offered[kind], *(code for code in entered if code))))


@cache
def _with_offices() -> tuple[str, ...]:
    """Return the countries of the directory; what belongs to no state has no country."""
    return tuple(sorted({one.country for one in agencies().values() if country_code(one.country)}))


def choice_name(kind: str, code: str, language: str) -> str:
    """Return the name of a choice; a language says its own name as well, where we know it."""
    match kind:
        case "country":
            return country_name(code, language)
        case "script":
            return script_name(code, language)
    name = language_of(code, language)
    own = language_name(code) if code in LANGUAGES else name
    return name if own == name else f"{name} ({own})"


def holds(place: str, inputs: Values, errors: Mapping[str, object]) -> bool:
    """Return whether something was entered at a place or below it, or is wrong there."""
    filled = (name for name, given in inputs.items() if any(given))
    return any(_is_at(name, place) for name in (*filled, *errors))


def _is_at(name: str, place: str) -> bool:
    return name == place or name.startswith((f"{place}-", f"{place}_"))
