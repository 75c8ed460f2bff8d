# SPDX-License-Identifier: Apache-2.0
"""Pieces of a paper in one or two languages: titles, rows, tables. Everything that comes in is text.

A row has what a member is called on the left in the first language and on the right in the second one. Its
value stands between them: once if it is the same text in both (a name, a number), otherwise in each language.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from exchange.i18n import moment, translations
from exchange.i18n.breaks import breakable
from exchange.interfaces.papers.said import ALONE, Around, said, title
from exchange.messages.document import JsonValue
from exchange.messages.form_titles import TitledNode

_SCRIPTS: Final = {
    "km": re.compile("[\u1780-\u17ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "lo": re.compile("[\u0e80-\u0eff]"),
}
"""Letters by which a text is known to be of a language whose lines are higher than those of Latin letters."""
_FACTS, _SINGLE = (18, 32, 32, 18), (35, 65)
"""Shares of the page for the columns of a table of facts, in two languages and in one."""
Texts = Sequence[str]
"""One text for each language of a sheet, in its order."""


@dataclass(frozen=True)
class Sheet:
    """The languages of a paper, one or two, and what its values need to be read."""

    languages: tuple[str, ...]
    around: Around = ALONE

    def words(self, english: str) -> tuple[str, ...]:
        """Return a text of the program in each language."""
        return tuple(translations(language).gettext(english) for language in self.languages)

    def filled(self, english: str, **values: object) -> tuple[str, ...]:
        """Return a text with its placeholders filled; values go in as text."""
        return tuple(text.format(**values) for text in self.words(english))

    def value(self, node: TitledNode | None, value: JsonValue) -> tuple[str, ...]:
        return tuple(said(node, value, language, self.around) for language in self.languages)

    def moment(self, at: datetime) -> tuple[str, ...]:
        return tuple(moment(at, language, self.around.zone) for language in self.languages)

    def title(self, node: TitledNode | None, name: str) -> tuple[str, ...]:
        return tuple(title(node, name, language) for language in self.languages)

    def stacked(self, texts: Texts) -> str:
        """Return a text in each language, one below the other; what is the same stands once."""
        return "\n".join(self._spans(texts))

    def inline(self, texts: Texts) -> str:
        """Return a text in each language on one line."""
        return " / ".join(self._spans(texts))

    def _spans(self, texts: Texts) -> list[str]:
        """Return the different texts as runs of their languages; what is the same in all has none."""
        if len(set(texts)) == 1:
            return [written(texts[0])]
        pairs = dict(zip(texts, self.languages, strict=True))
        return [f"<span{_lang(language)}>{shown(text)}</span>" for text, language in pairs.items()]

    def beside(self, texts: Texts, tag: str = "p") -> str:
        """Return a text in two columns, one for each language."""
        cells = "".join(
            f"<td{_lang(language)}><{tag}>{shown(text)}</{tag}></td>"
            for language, text in zip(self.languages, texts, strict=True)
        )
        return f'<table class="beside"><tr>{cells}</tr></table>'

    def paragraphs(self, texts: Texts) -> str:
        """Return a text in each language, each as a paragraph of its own."""
        pairs = zip(self.languages, texts, strict=True)
        return "".join(f"<p{_lang(language)}>{shown(text)}</p>" for language, text in pairs)

    def row(self, titles: Texts, values: Texts) -> str:
        """Return a row of a table of facts."""
        if len(self.languages) == 1:
            return f"<tr>{_head(self.languages[0], titles[0])}<td>{written(values[0])}</td></tr>"
        first, second = self.languages
        if len(set(values)) == 1:
            cells = f'<td colspan="2">{written(values[0])}</td>'
        else:
            cells = "".join(
                f"<td{_lang(language)}>{shown(text)}</td>"
                for language, text in zip(self.languages, values, strict=True)
            )
        return f"<tr>{_head(first, titles[0])}{cells}{_head(second, titles[1])}</tr>"

    def facts(self, rows: Sequence[str], *, over: str = "") -> str:
        """Return a table of rows; `over` is mark-up that stands above them on each page that they reach."""
        kind, widths = ("facts", _FACTS) if len(self.languages) == 2 else ("facts single", _SINGLE)
        columns = "".join(f'<col style="width:{width}%">' for width in widths)
        head = f'<thead><tr><td colspan="{len(widths)}">{over}</td></tr></thead>' if over else ""
        body = f"<colgroup>{columns}</colgroup>{head}<tbody>{''.join(rows)}</tbody>"
        return f'<table class="{kind}">{body}</table>' if rows or over else ""

    def table(
        self,
        heads: Sequence[Texts],
        rows: Sequence[Sequence[str]],
        widths: Sequence[int],
        *,
        over: Texts = (),
        last: int = 0,
    ) -> str:
        """Return a table with headings in every language; cells come as mark-up.

        `over` stands above the headings of the `last` columns.
        """
        columns = "".join(f'<col style="width:{width}%">' for width in widths)
        head = self._heads(heads, over, len(heads) - last)
        lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        return (
            f'<table class="list"><colgroup>{columns}</colgroup>'
            f"<thead>{head}</thead><tbody>{lines}</tbody></table>"
        )

    def _heads(self, heads: Sequence[Texts], over: Texts, first: int) -> str:
        """Return the rows of headings: one, or two with a common one above those from `first` on."""
        said = [self.stacked(texts) for texts in heads]
        if not over:
            return f"<tr>{''.join(f'<th>{one}</th>' for one in said)}</tr>"
        high = "".join(f'<th rowspan="2">{one}</th>' for one in said[:first])
        common = f'<th colspan="{len(said) - first}">{self.stacked(over)}</th>'
        return f"<tr>{high}{common}</tr><tr>{''.join(f'<th>{one}</th>' for one in said[first:])}</tr>"

    def heading(self, english: str) -> str:
        return self.beside(self.words(english), "h2")


def shown(text: str) -> str:
    """Return a text as mark-up that cannot be anything else, with places where a line may end."""
    return escape(breakable(text), quote=True)


def written(text: str) -> str:
    """Return a text that stands once for all languages, marked as the one in whose script it is written.

    A Khmer name on an English paper needs lines as high as those of Khmer, else its signs touch the next one.
    """
    language = next((code for code, letters in _SCRIPTS.items() if letters.search(text)), "")
    return f"<span{_lang(language)}>{shown(text)}</span>" if language else shown(text)


def code(text: str) -> str:
    return f'<span class="code">{escape(text, quote=True)}</span>'


def _lang(language: str) -> str:
    return f' lang="{language}"'


def _head(language: str, text: str) -> str:
    return f"<th{_lang(language)}>{shown(text)}</th>"
