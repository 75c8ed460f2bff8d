# SPDX-License-Identifier: Apache-2.0
"""Make the stored piece of the example of suite 2 anew: `python -m tools.pages.examples`, then `make pages`.

Needed only when message 1 of the story changes: its id, sender or recipient.
"""

from tools.pages.examples.sealing import STORED, store_suite_2
from tools.pages.examples.story import story


def main() -> None:
    one = story().messages[0]
    store_suite_2(sender=one.sender, recipient=one.recipient, message_id=one.id, label="suite 2")
    print(f"wrote {STORED.name}")


if __name__ == "__main__":
    main()
