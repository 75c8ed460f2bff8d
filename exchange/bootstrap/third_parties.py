# SPDX-License-Identifier: Apache-2.0
"""Third parties that an administrator chose: witnesses of the ledgers. A node runs without any."""

import contextlib
from collections.abc import AsyncIterator

from exchange.adapters.transport.witness import HttpWitnesses, check_url
from exchange.config import FILE_NAME, Settings
from exchange.errors import ConfigurationError, ProtocolError
from exchange.ledger.witnessing import WitnessKey
from exchange.service.surroundings import Witness, Witnesses


@contextlib.asynccontextmanager
async def open_witnesses(settings: Settings) -> AsyncIterator[Witnesses]:
    """Give the witnesses of a configuration and the way to them, for as long as the context lasts.

    Raises:
        ConfigurationError: an address or a key that cannot be one.
    """
    chosen = chosen_witnesses(settings)
    async with HttpWitnesses() as carrier:
        yield Witnesses(chosen, carrier, quorum=settings.witnessing.quorum)


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
