# SPDX-License-Identifier: Apache-2.0
"""The glossary as a page of the documentation, with each word in every language."""

from pathlib import Path

from exchange.i18n import ENGLISH, LANGUAGES, translations
from exchange.i18n.glossary import GLOSSARY, Word

TOP = """# Glossary

<!-- Made by `make pages` from exchange/i18n/glossary.py and the catalogues; do not edit. -->

One word for one thing: in code, forms, pages, papers and these documents. The words in Khmer, Thai and
Vietnamese are those of the catalogues; until a native speaker has reviewed them they are drafts
([translating](../guides/translating.md)). At the foot of every page of the desk a link leads to the same
words, with what they mean in the language of the reader.

*Sending* and *receiving* are said of messages only, never of a state: at the crossing they would mean the
opposite of the treaty.
"""
BOTTOM = """
What engineers say beside that (leaf, head, epoch, frame, tail, root) is explained in
[objects](../protocol/objects.md) and [log](../protocol/log.md). Names of message types:
[messages](messages.md).
"""
OTHERS = tuple(language for language in LANGUAGES if language != ENGLISH)
HEAD = "| Word | Means | Khmer | Thai | Vietnamese |\n|---|---|---|---|---|\n"
"""In the order of the languages."""


def page(_: Path) -> str:
    """Return the whole page."""
    groups = (f"\n## {title}\n\n{HEAD}{''.join(map(_row, words))}" for title, words in GLOSSARY)
    return TOP + "".join(groups) + BOTTOM


def _row(one: Word) -> str:
    said = (translations(language).gettext(one.word) for language in OTHERS)
    return f"| {' | '.join((one.word, one.meaning, *said))} |\n"
