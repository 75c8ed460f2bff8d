# SPDX-License-Identifier: Apache-2.0
"""Tries what the configuration names outside the node, for `exchange doctor`: nothing is sent or changed."""

import ssl
from pathlib import Path

from exchange.adapters.identity.sign_in_service import SignInService
from exchange.adapters.notify.mail import SmtpMailer
from exchange.bootstrap.opening import high_water_of
from exchange.bootstrap.surroundings import line_of
from exchange.clock import SystemClock
from exchange.config import DeskSection, NotifySection, OidcSection, Settings, StaffSection, read_settings
from exchange.errors import ConfigurationError
from exchange.ids import LinkId, RandomSource


async def greet_mail_server(wanted: NotifySection, random: RandomSource) -> None:
    """Connect to the mail server, sign in, and leave again.

    Raises:
        ConfigurationError: the password cannot be read, or the package is missing.
        TransportError: the server cannot be reached, or refused the login.
    """
    password = line_of(wanted.password_file, "[notify] password_file") if wanted.user else ""
    await SmtpMailer(wanted, password=password, clock=SystemClock(), random=random).greet()


async def ask_sign_in_service(wanted: OidcSection) -> None:
    """Read what the sign-in service says of itself, and its keys.

    Raises:
        ConfigurationError: the secret cannot be read.
        TransportError: it cannot be reached, or names an address of somebody else.
        SignInError: it refused.
    """
    secret = line_of(wanted.secret_file, "[oidc] secret_file") if wanted.secret_file else ""
    await SignInService(wanted, secret, "", SystemClock()).described()


def check_high_water(folder: Path, settings: Settings) -> Path:
    """Return the folder of the high-water files, if it can be used.

    Raises:
        ConfigurationError: it cannot; names it and what the system says.
    """
    high_water_of(folder, settings).check()
    return Path(settings.paths.high_water or folder / "high-water")


def lacks_marks(folder: Path, link: LinkId) -> bool:
    """Return whether the high-water file of a link is not there, or cannot be read."""
    try:
        return high_water_of(folder, read_settings(folder)).read(link) is None
    except ConfigurationError:
        return True


def read_tls_files(settings: Settings) -> list[str]:
    """Return the sections whose certificate and key were read and belong together.

    Raises:
        ConfigurationError: a file cannot be read, or the two do not belong together; names the section.
    """
    places: dict[str, DeskSection | StaffSection] = {"desk": settings.desk, "staff": settings.staff}
    named = {name: place for name, place in places.items() if place.port and (place.certificate or place.key)}
    for name, place in named.items():
        _demand_pair(name, place.certificate, place.key)
    return list(named)


def _demand_pair(name: str, certificate: str, key: str) -> None:
    for path in (certificate, key):
        if not path or not Path(path).is_file():
            raise ConfigurationError(
                f"the file {path or '(none)'} of [{name}] cannot be read",
                hint="certificate and key belong together",
            )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"certificate and key of [{name}] do not belong together, or are no PEM files",
            hint="the key must have no passphrase",
        ) from error
