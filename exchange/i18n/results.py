# SPDX-License-Identifier: Apache-2.0
"""Results of recorded acts, as whoever reads the audit record reads them.

1. A result of our own has words here.
2. A result that is a code of a list has the label of the list.
3. A number, a name of an officer or a digest is shown as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from exchange.i18n.catalogues import marked, translations
from exchange.i18n.labels import label
from exchange.messages.codelists import codelist

RESULT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "done": marked("done"),
        "refused": marked("refused"),
        "taken": marked("taken"),
        "form": marked("a form"),
        "one": marked("by one person"),
        "agrees": marked("agrees"),
        "objects": marked("objects"),
        "agreed": marked("agreed"),
        "differs": marked("differs"),
        "set": marked("name set"),
        "taken_back": marked("name taken back"),
        "password": marked("with the password"),
        "passkey": marked("with a passkey"),
        "elsewhere": marked("at another sign-in service"),
        "released": marked("released"),
        "needs_second": marked("a second person is needed"),
        "waiting": marked("waiting"),
        "queued": marked("waiting to be sent"),
        "held": marked("held"),
        "accepted": marked("accepted"),
        "rejected": marked("rejected"),
        "voided": marked("given up"),
        "voiding": marked("being given up"),
        "stopped": marked("stopped"),
        "open": marked("open"),
        "explained": marked("explained"),
        "resent": marked("sent again"),
        "corrected": marked("corrected"),
        "escalated": marked("escalated"),
        "closed": marked("closed"),
        "confirmed": marked("confirmed"),
        "witness_ahead": marked("the witness knows more"),
        "witness_forked": marked("the witness knows another history"),
        "rotate": marked("keys replaced"),
        "retire": marked("key retired"),
        "revoke": marked("key revoked"),
        "address": marked("address changed"),
        "drill": marked("drill"),
        "not_allowed": marked("not allowed"),
    }
)
_LISTS: Final = ("ack-rejections", "void-reasons", "discrepancy-types", "two-person-acts")


def result_words(result: str, language: str) -> str:
    """Return the result of an act in a language."""
    if result in RESULT_WORDS:
        return translations(language).gettext(RESULT_WORDS[result])
    named = next((name for name in _LISTS if codelist(name).has(result)), None)
    return label(named, result, language) if named else result
