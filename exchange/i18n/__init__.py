# SPDX-License-Identifier: Apache-2.0
"""What people read, in their language: texts, labels of codes and fields, and days.

    translations("km").gettext("Outcome")                  a text; every text is written in English first
    label("handover-outcomes", "handed_over", "vi")        a code as people read it
    day(date(2027, 10, 21), "th")                          a day with its calendar

English is the original. The other languages stand in one file each (`km.po`, `th.po`, `vi.po`), with every
text of pages, documents, forms and code lists; docs/guides/translating.md says how they are kept.
"""

from exchange.i18n.catalogues import draft_note as draft_note
from exchange.i18n.catalogues import is_available as is_available
from exchange.i18n.catalogues import is_draft as is_draft
from exchange.i18n.catalogues import marked as marked
from exchange.i18n.catalogues import translations as translations
from exchange.i18n.days import day as day
from exchange.i18n.days import moment as moment
from exchange.i18n.days import written_day as written_day
from exchange.i18n.labels import label as label
from exchange.i18n.languages import ENGLISH as ENGLISH
from exchange.i18n.languages import LANGUAGES as LANGUAGES
from exchange.i18n.languages import direction as direction
from exchange.i18n.languages import language_name as language_name
