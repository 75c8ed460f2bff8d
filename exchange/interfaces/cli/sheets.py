# SPDX-License-Identifier: Apache-2.0
"""`exchange message new RPN --from-sheet FILE`: drafts from a spreadsheet, and a blank one."""

from pathlib import Path

from exchange.bootstrap import write_spreadsheet
from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import sheet_members, the_officer, write_private
from exchange.interfaces.cli.output import say, say_json
from exchange.messages.catalog import message_type
from exchange.messages.notice_sheet import COLUMNS

NOTICE = "RPN"


def from_sheet_or_blank(
    type_name: str,
    from_sheet: Path | None,
    blank_sheet: Path | None,
    to: str,
    data: Path,
    officer: str,
    *,
    as_json: bool,
) -> None:
    """Make drafts of the rows of a sheet, or write a blank sheet."""
    row = message_type(type_name)
    if row is None or row.code != NOTICE:
        raise UsageError("only notices come from a sheet", hint="say RPN")
    if blank_sheet is not None:
        headings = [column.heading for column in COLUMNS]
        write_private(blank_sheet, write_spreadsheet(headings, (), title="notices"))
        say_json({"file": str(blank_sheet)}) if as_json else say(f"{blank_sheet}: one row a person")
    if from_sheet is not None:
        _prepare(from_sheet, to, data, officer, as_json=as_json)


def _prepare(file: Path, to: str, data: Path, officer: str, *, as_json: bool) -> None:
    service, number = Service(data), the_officer(officer)
    found = service.ask("message.prepare", to=to, officer=number, **sheet_members(file))
    if as_json:
        say_json(found)
        return
    say(f"{file}: {len(found['drafts'])} drafts for {found['partner']}, nothing is sent")
    say("a second officer releases each of them: exchange message list --drafts")
