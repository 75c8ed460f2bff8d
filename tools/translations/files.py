# SPDX-License-Identifier: Apache-2.0
"""The `.po` file of a language: read, brought up to the texts of the tree, written in one fixed form.

Nothing but the texts changes a file: no date, no line number, no width of lines. So a change of a text shows
as a change of that text.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from exchange.i18n.catalogues import MACHINE
from exchange.i18n.languages import ENGLISH, LANGUAGES, language_name

TRANSLATED = tuple(language for language in LANGUAGES if language != ENGLISH)
PLACE = "exchange/i18n"
HEADER = """\
# Texts of exchange in {name}.
# {status}
# Written by `make translations`; change only the lines that begin with msgstr, then run it again.
# SPDX-License-Identifier: Apache-2.0"""
DRAFT = "Machine draft, to be reviewed by a native speaker before it is relied on."
FIXED_AT = datetime(2027, 1, 1, tzinfo=UTC)
"""The members of the header that need a time; git knows when a file was changed."""
_GENERATOR = re.compile(rb'"Generated-By: [^"]*"\n')
"""Left out: another release of the library changes no text."""


def path_of(root: Path, language: str) -> Path:
    return root / PLACE / f"{language}.po"


def read_catalogue(root: Path, language: str) -> Catalog:
    """Return the catalogue of a language; an empty one if there is no file yet."""
    path = path_of(root, language)
    if not path.exists():
        return Catalog(locale=language, last_translator=MACHINE, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(held: Catalog, wanted: Catalog) -> Catalog:
    """Return the catalogue with exactly the wanted texts, and what `held` says of them.

    Entries with a context that only translators need stay as long as their text does.
    """
    translator = held.last_translator
    status = DRAFT if translator.startswith(MACHINE) else f"Checked by {translator}."
    new = Catalog(
        locale=held.locale,
        header_comment=HEADER.format(name=language_name(str(held.locale)), status=status),
        project="repatriation-exchange",
        version="1",
        msgid_bugs_address="see CONTRIBUTING.md",
        last_translator=translator,
        language_team=held.locale.english_name if held.locale else None,
        creation_date=FIXED_AT,
        revision_date=FIXED_AT,
        fuzzy=False,
    )
    for message in wanted:
        if message.id:
            _add(new, message, held.get(message.id, message.context))
    for message in held:
        if (
            message.id
            and message.context
            and wanted.get(message.id)
            and not wanted.get(message.id, message.context)
        ):
            _add(new, message, message)
    return new


def _add(new: Catalog, message: Message, held: Message | None) -> None:
    new.add(
        message.id,
        held.string if held else None,
        locations=message.locations,
        auto_comments=message.auto_comments,
        user_comments=held.user_comments if held else (),
        context=message.context,
    )


def written(catalogue: Catalog) -> bytes:
    """Return the bytes of the file."""
    target = io.BytesIO()
    write_po(target, catalogue, width=0, include_lineno=False, ignore_obsolete=True)
    return _GENERATOR.sub(b"", target.getvalue(), count=1)


def missing(catalogue: Catalog) -> Iterator[Message]:
    """Yield the texts without a translation."""
    for message in catalogue:
        if message.id and not _is_translated(message):
            yield message


def _is_translated(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def write_sheet(path: Path, root: Path, wanted: Catalog) -> int:
    """Write the texts that miss a translation as CSV, one column a language; return how many."""
    held = {language: updated(read_catalogue(root, language), wanted) for language in TRANSLATED}
    rows = {one(message): message for catalogue in held.values() for message in missing(catalogue)}
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow((ENGLISH, *TRANSLATED))
        for english, message in rows.items():
            sheet.writerow((english, *(_shown(held[language], message) for language in TRANSLATED)))
    return len(rows)


def take_sheet(path: Path, root: Path, wanted: Catalog) -> int:
    """Put the translations of a CSV into the catalogues and return how many; unknown texts are left out.

    A row with a `context` (the name of a code list) is for that list alone.
    """
    held = {language: updated(read_catalogue(root, language), wanted) for language in TRANSLATED}
    taken = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            known = wanted.get(row[ENGLISH])
            for language in held.keys() & row.keys() if known else ():
                taken += _take(held[language], row[ENGLISH], row[language], row.get("context") or None)
    for language, catalogue in held.items():
        path_of(root, language).write_bytes(written(catalogue))
    return taken


def _take(catalogue: Catalog, english: str, said: str, context: str | None) -> bool:
    if not said:
        return False
    plain = catalogue.get(english)
    if context is not None:
        catalogue.add(english, said, locations=plain.locations if plain else (), context=context)
    elif plain is not None:
        plain.string = (said,) if isinstance(plain.id, tuple | list) else said
    return True


def one(message: Message) -> str:
    """Return the text by which a message is looked up: of singular and plural the singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def _shown(catalogue: Catalog, message: Message) -> str:
    found = catalogue.get(message.id, message.context)
    string = found.string if found else ""
    return string if isinstance(string, str) else "".join((string or ())[:1])
