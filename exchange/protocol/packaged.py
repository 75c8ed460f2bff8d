# SPDX-License-Identifier: Apache-2.0
"""Where the schema files lie: inside the installed package, or beside it in a source tree.

The wheel carries `schemas/` as `exchange/_schemas`; an editable installation does not copy it, so the
folder of the source tree is the second place looked at. Only fixed names of this program are asked
for here; no name from outside ever becomes a path.
"""

from functools import cache
from pathlib import Path

from exchange.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = (_PACKAGE / "_schemas", _PACKAGE.parent / "schemas")


def packaged_folder() -> Path:
    """Return the folder `schemas/`.

    Raises:
        ConfigurationError: the installation lacks it.
    """
    for place in _PLACES:
        if place.is_dir():
            return place
    raise ConfigurationError("the schema files are missing", hint="install the package again")


@cache
def packaged_file(name: str) -> bytes:
    """Return the bytes of a file below `schemas/`, for example `profiles/profile.schema.json`.

    Raises:
        ConfigurationError: there is no such file.
    """
    try:
        return (packaged_folder() / name).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"schemas/{name} is missing", hint="install the package again") from error
