# SPDX-License-Identifier: Apache-2.0
"""Templates into pages: everything that is not ours is text, never mark-up (threat model, section 3).

Autoescape is on for every template, undefined names are an error, and characters that change the direction
of writing are shown as signs, so that a name cannot turn a line around.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from gettext import NullTranslations
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, Undefined
from jinja2.utils import missing
from markupsafe import Markup

from exchange.i18n.explanations import in_plain_words
from exchange.i18n.faults import Said, error_words, fault_words
from exchange.i18n.languages import direction, language_name
from exchange.i18n.places import city, country_name, language_of, script_name
from exchange.i18n.results import result_words
from exchange.interfaces.web.choices import choice_name, codes_for, holds
from exchange.interfaces.web.languages import choice_labels, draft_note, label, shown_language, translations
from exchange.interfaces.web.moments import (
    born_text,
    day_text,
    end_text,
    era_name,
    moment_text,
    year_text,
)
from exchange.messages.codelists import codelist

_TURNING = re.compile(r"[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_DAY = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]", re.ASCII)
_MOMENT = re.compile(_DAY.pattern + r"T[0-2][0-9]:[0-5][0-9](:[0-9.]+)?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
"""A language tag as messages carry it."""
_SCRIPTS = (
    ("km", re.compile("[\u1780-\u17ff]")),
    ("lo", re.compile("[\u0e80-\u0eff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
_VENDOR = "govuk_frontend_jinja"


def render(template: str, language: str, values: Mapping[str, Any]) -> str:
    """Return the text of a page in a language."""
    return environment(language).get_template(template).render(values)


@cache
def environment(language: str) -> Environment:
    """Return the templates in a language."""
    loader = ChoiceLoader(
        [PackageLoader("exchange.interfaces.web"), PrefixLoader({_VENDOR: PackageLoader(_VENDOR)})]
    )
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=Absent,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    catalogue = translations(language)
    made.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= _names(language, catalogue)
    made.filters |= _filters(language, catalogue)
    return made


def _names(language: str, catalogue: NullTranslations) -> dict[str, Any]:
    """Return what templates call by name."""
    return {
        "label": lambda name, code: label(str(name), str(code), language),
        "choice_labels": lambda name, codes: choice_labels(str(name), tuple(codes), language),
        "language": shown_language(language),
        "draft_note": draft_note(language),
        "city": lambda zone: city(str(zone), language),
        "country": lambda code: country_name(str(code), language),
        "script_name": lambda code: script_name(str(code), language),
        "language_of": lambda tag: language_of(str(tag), language),
        "language_name": language_name,
        "undefined": None,  # a name that the components use for "nothing"
        "field_error": lambda text: {"text": text, "visuallyHiddenText": catalogue.gettext("Error")},
        "fault_words": lambda one: _fault_words(one, language),
        "error_words": lambda error: error_words(error, language),
        "result_words": lambda result: result_words(str(result), language),
        "codes_for": codes_for,
        "choice_name": lambda kind, code: choice_name(str(kind), str(code), language),
        "holds": holds,
        "era": era_name(language),
        "codes_of": lambda name: tuple(codelist(str(name)).codes),
    }


def _filters(language: str, catalogue: NullTranslations) -> dict[str, Any]:
    """Return what templates put values through."""
    return {
        "said": said,
        "at": lambda text, zone: moment_text(_moment(text), zone, language) if text else "",
        "day": lambda text: day_text(date.fromisoformat(str(text)), language) if text else "",
        **dict.fromkeys(("born", "period"), lambda text: _born(str(text), language)),
        "year": lambda text: year_text(str(text), language),
        "end_of": lambda text, first, zone: end_text(_moment(first), _moment(text), zone, language),
        "plain": lambda value, zone, written_in="": _plain(
            str(value), zone, language, written_in if written_in != language else ""
        ),
        "size": lambda count: f"{max(round(int(count) / 1024), 1)} kB",
        "translated": lambda text: catalogue.gettext(str(text)) if text else "",
        "explained": lambda text: catalogue.gettext(plain) if (plain := in_plain_words(str(text))) else "",
        "words": lambda code: str(code).replace("_", " "),
    }


def _fault_words(one: Any, language: str) -> Said:
    """Return the words of a fault, whoever tells it."""
    return fault_words(
        str(one.rule), code=str(one.code), expected=str(one.expected), hint=str(one.hint), language=language
    )


def said(value: object, language: str = "") -> Markup:
    """Return a text of somebody else as text, with signs in place of what would turn its direction.

    `language` is the one in which it was written, as the message says. Where it says none, the script tells
    it for scripts of one language, so that a name is read out and broken into lines as it should be.
    """
    text = _TURNING.sub("\ufffd", str(value))
    language = language or _by_script(text)
    if not _TAG.fullmatch(language):
        return Markup('<bdi class="said">{}</bdi>').format(text)
    return Markup('<bdi class="said" lang="{}" dir="{}">{}</bdi>').format(language, direction(language), text)


def _born(text: str, language: str) -> Markup:
    """Return a day, month or year of birth as people read it; what is none as text."""
    try:
        return Markup.escape(born_text(text, language))
    except ValueError:
        return said(text)


def _by_script(text: str) -> str:
    return next((tag for tag, letters in _SCRIPTS if letters.search(text)), "")


def _plain(value: str, zone: str, language: str, written_in: str) -> Markup:
    """Return a value of a document: a day or a moment as people read it, everything else as text."""
    try:
        if _DAY.fullmatch(value):
            return Markup.escape(day_text(date.fromisoformat(value), language))
        if _MOMENT.fullmatch(value):
            return Markup.escape(f"{moment_text(_moment(value), zone, language)} {city(zone, language)}")
    except ValueError:
        return said(value, written_in)
    return said(value, written_in)


class Absent(Undefined):
    """A missing member is empty, as the components expect; a missing name is a defect of the page."""

    def _demand_member(self) -> None:
        if self._undefined_obj is missing:
            self._fail_with_undefined_error()

    def __str__(self) -> str:
        self._demand_member()
        return ""

    def __iter__(self) -> Iterator[Any]:
        self._demand_member()
        return iter(())


def _moment(text: str | datetime) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
