# SPDX-License-Identifier: Apache-2.0
"""Write every page that is made from data."""

from pathlib import Path

from tools.pages import PAGES

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(ROOT), encoding="utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
