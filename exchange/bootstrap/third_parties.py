# SPDX-License-Identifier: Apache-2.0
"""Third parties that an administrator chose: witnesses and authorities for time stamps; none is needed."""

import contextlib
from collections.abc import AsyncIterator

from exchange.adapters.transport.witness import HttpWitnesses, check_url
from exchange.clock import Clock
from exchange.config import FILE_NAME, Settings
from exchange.errors import ConfigurationError, ProtocolError
from exchange.ledger.witnessing import WitnessKey
from exchange.service.surroundings import Stamper, Witness, Witnesses


@contextlib.asynccontextmanager
async def open_witnesses(settings: Settings) -> AsyncIterator[Witnesses]:
    """Give the witnesses of a configuration and the way to them, for as long as the context lasts.

    Raises:
        ConfigurationError: an address or a key that cannot be one.
    """
    chosen = chosen_witnesses(settings)
    async with HttpWitnesses() as carrier:
        yield Witnesses(chosen, carrier, quorum=settings.witnessing.quorum)


def chosen_stampers(settings: Settings, clock: Clock) -> tuple[Stamper, ...]:
    """Return the time-stamping authorities of a configuration.

    Raises:
        ConfigurationError: their certificates cannot be read, or the package is missing.
    """
    if not settings.tsa:
        return ()
    try:
        from exchange.adapters.transport.stamps import HttpStamper
    except ImportError as error:
        raise ConfigurationError(
            "[[tsa]] needs the package rfc3161-client", hint="install the program with its extra: tsa"
        ) from error
    return tuple(HttpStamper(each, clock=clock) for each in settings.tsa)


def chosen_witnesses(settings: Settings) -> tuple[Witness, ...]:
    """Return the witnesses of a configuration.

    Raises:
        ConfigurationError: an address or a key that cannot be one.
    """
    try:
        return tuple(
            Witness(str(check_url(each.url)), WitnessKey.parse(each.key)) for each in settings.witness
        )
    except ProtocolError as error:
        raise ConfigurationError(
            f"a witness in {FILE_NAME}: {error}", hint="copy the key that its administrator gave you"
        ) from error
