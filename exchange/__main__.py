# SPDX-License-Identifier: Apache-2.0
"""`python -m exchange` is the same as `exchange`."""

from exchange.interfaces.cli.app import main

if __name__ == "__main__":
    main()
