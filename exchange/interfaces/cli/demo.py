# SPDX-License-Identifier: Apache-2.0
"""demo"""

import typer


def register(app: typer.Typer) -> None:
    pass
