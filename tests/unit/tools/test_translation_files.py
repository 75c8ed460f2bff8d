# SPDX-License-Identifier: Apache-2.0
"""`make translations` finds every text, keeps what is translated, and goes through a spreadsheet and back."""

import csv
from pathlib import Path

import pytest
from tools.translations.files import (
    TRANSLATED,
    missing,
    one,
    read_catalogue,
    take_sheet,
    updated,
    write_sheet,
    written,
)
from tools.translations.texts import template

CODE = """
from exchange.i18n import marked
NOTE = marked("Keep this note.")
def say(gettext, ngettext, count):
    gettext("Sent {count} times.")
    return ngettext("{count} entry", "{count} entries", count)
"""
PAGE = "{% do items.append(1) %}<h1>{% trans %}Work today{% endtrans %}</h1>{{ _('Leave this page') }}"
LIST = '{"list": "colours", "codes": [{"code": "red", "label": "Red"}]}'
FORM = '{"title": "A form", "enum": ["as_heard", "a/b"], "allOf": [{"title": "not said"}]}'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small tree with code, a page, a code list and a form."""
    for path, text in {
        "exchange/say.py": CODE,
        "exchange/web/templates/today.html": PAGE,
        "schemas/codelists/colours.json": LIST,
        "schemas/messages/form-1.0.json": FORM,
        "exchange/i18n/.keep": "",
    }.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return tmp_path


def test_texts_of_code_pages_lists_and_forms_are_found(root: Path) -> None:
    assert {one(message) for message in template(root) if message.id} == {
        "Keep this note.", "Sent {count} times.", "{count} entry", "Work today", "Leave this page",
        "Red", "A form", "as heard",
    }  # fmt: skip


def test_missing_texts_go_out_as_a_sheet_and_come_back_translated(root: Path) -> None:
    sheet, wanted = root / "todo.csv", template(root)
    assert write_sheet(sheet, root, wanted) == 8
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {language: f"{language} {row['en']}" for language in TRANSLATED}
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["en", *TRANSLATED])
        writer.writeheader()
        writer.writerows(rows)

    assert take_sheet(sheet, root, wanted) == 8 * len(TRANSLATED)

    found = updated(read_catalogue(root, "km"), wanted)
    assert list(missing(found)) == []
    assert found.get("Red").string == "km Red"  # type: ignore[union-attr]
    assert found.get("{count} entry").string == ("km {count} entry",)  # type: ignore[union-attr]


def test_a_word_can_be_translated_for_one_list_alone(root: Path) -> None:
    sheet, wanted = root / "todo.csv", template(root)
    sheet.write_text("en,context,km\nRed,,ក្រហម\nRed,colours,ក្រហមពិសេស\n", encoding="utf-8")

    take_sheet(sheet, root, wanted)

    again = updated(read_catalogue(root, "km"), wanted)
    assert again.get("Red", "colours").string == "ក្រហមពិសេស"  # type: ignore[union-attr]
    assert again.get("Red").string == "ក្រហម"  # type: ignore[union-attr]


def test_a_text_that_is_gone_is_taken_out(root: Path) -> None:
    sheet = root / "todo.csv"
    sheet.write_text("en,km\nRed,ក្រហម\n", encoding="utf-8")
    take_sheet(sheet, root, template(root))
    (root / "schemas/codelists/colours.json").write_text(LIST.replace("Red", "Blue"), encoding="utf-8")

    found = updated(read_catalogue(root, "km"), template(root))

    assert found.get("Red") is None
    assert not found.get("Blue").string  # type: ignore[union-attr]


def test_a_text_that_nobody_writes_is_not_taken(root: Path) -> None:
    sheet = root / "todo.csv"
    sheet.write_text("en,km\nGreen,បៃតង\n", encoding="utf-8")

    assert take_sheet(sheet, root, template(root)) == 0


def test_writing_again_changes_nothing(root: Path) -> None:
    first = written(updated(read_catalogue(root, "vi"), template(root)))
    (root / "exchange/i18n/vi.po").write_bytes(first)

    assert written(updated(read_catalogue(root, "vi"), template(root))) == first


def test_a_reviewed_catalogue_keeps_the_name_of_the_reviewer(root: Path) -> None:
    raw = written(updated(read_catalogue(root, "th"), template(root)))
    named = raw.replace(b"Last-Translator: machine draft", b"Last-Translator: A Reviewer")
    (root / "exchange/i18n/th.po").write_bytes(named)

    again = written(updated(read_catalogue(root, "th"), template(root)))

    assert b"Last-Translator: A Reviewer" in again
    assert b"# Checked by A Reviewer." in again
    assert b"Machine draft" not in again
