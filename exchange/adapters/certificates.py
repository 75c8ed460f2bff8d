# SPDX-License-Identifier: Apache-2.0
"""Why a call to a server of others ended before it began: its certificate is not taken.

That is no outage: nobody has to wait, somebody has to look at the certificate. From Python 3.13 on more is
asked of the certificates of an authority of one's own (docs/guides/install.md).
"""

import ssl
from typing import Final

NOT_TAKEN: Final = "the certificate of the other end is not taken"


def is_certificate(error: BaseException | None) -> bool:
    """Return whether a call failed, or that from which its failure comes, because of the certificate."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
