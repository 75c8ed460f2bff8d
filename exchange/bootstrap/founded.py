# SPDX-License-Identifier: Apache-2.0
"""Compares what the settings say of a node with its card: some of it is fixed when a node is set up.

The number of the node stands in every agreement, and a training node must never meet a real one. A file of
settings that was copied from another node, or edited, is refused before anything is written under it.
"""

from exchange.config import FILE_NAME, Settings
from exchange.errors import ConfigurationError
from exchange.protocol.cards import Card


def demand_founded(settings: Settings, card: Card) -> None:
    """Return if number and kind of the node are those with which its store was founded.

    Raises:
        ConfigurationError: another one; names the setting and the line to write.
    """
    founded = {"node": f'"{card.node}"', "training": str(card.training).lower()}
    said = {"node": f'"{settings.agency.node}"', "training": str(settings.agency.training).lower()}
    for name, value in founded.items():
        if said[name] != value:
            raise ConfigurationError(
                f"{FILE_NAME}: [agency] {name} = {said[name]}, but this store was founded with {value}",
                hint=f"write in [agency]: {name} = {value}; another node needs another data folder",
            )
