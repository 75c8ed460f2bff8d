# SPDX-License-Identifier: Apache-2.0
"""The pages of the demo: a port and accounts for each agency, with passwords that are printed once.

Who may do what is as in a small office: one officer writes, another one releases, one stands at the
crossing, one receives; an auditor and an administrator see no names. No device for codes is needed here.
"""

from importlib.util import find_spec
from typing import Final

from exchange.ids import OfficerNumber
from exchange.interfaces.cli.demo_nodes import BORDER, FIRST, RECEPTION, SECOND, Site, free_port
from exchange.interfaces.cli.output import say

USUAL_PORT: Final = 18080
AUDITOR, ADMINISTRATOR = OfficerNumber("P-0005"), OfficerNumber("P-0006")
ACCOUNTS: Final[dict[OfficerNumber, tuple[str, ...]]] = {
    FIRST: ("officer",),
    SECOND: ("officer", "releaser"),
    BORDER: ("officer", "handover"),
    RECEPTION: ("officer",),
    AUDITOR: ("auditor",),
    ADMINISTRATOR: ("administrator",),
}
NEEDED: Final = ("argon2", "babel", "govuk_frontend_jinja", "jinja2", "pyotp")
"""Packages of the extra `desk` that the pages use."""
_NEW: Final = {AUDITOR: ("Auditor", "audit"), ADMINISTRATOR: ("Administrator", "coordination")}
"""Officers who are in the directory for their accounts only, with name and function."""


def prepare(sites: tuple[Site, ...]) -> None:
    """Give each agency a port for its pages, before it is set up; none where the extra is not installed."""
    if not all(find_spec(name) for name in NEEDED):
        say("no pages: they need the extra desk, pip install '.[desk]'")
        return
    for number, site in enumerate(sites):
        site.pages = free_port(USUAL_PORT + number * 10_000)


def say_accounts(sites: tuple[Site, ...]) -> None:
    """Open the accounts, and print addresses and passwords."""
    say("Pages, for a browser on this computer (training; the passwords are shown only now):")
    for site in sites:
        say(f"  {site.agency}  http://127.0.0.1:{site.pages}")
        for officer, roles in ACCOUNTS.items():
            say(f"    {officer}  {_opened(site, officer, roles)}  {', '.join(roles)}")
    say()


def _opened(site: Site, officer: OfficerNumber, roles: tuple[str, ...]) -> str:
    if officer in _NEW:
        name, function = _NEW[officer]
        site.service.ask("officer.add", number=officer, name=name, functions=[function])
    answer = site.service.ask("account.open", number=officer, roles=list(roles), password_stays=True)
    return str(answer["first_password"])
