# SPDX-License-Identifier: Apache-2.0
"""Makes a paper into a PDF/A-3 file with its content attached as JSON.

1. The same paper gives the same bytes, on the same release of WeasyPrint and Pango: every time in the file is
   that of the paper, and its identifier is the digest of what goes in.
2. Nothing is fetched. The one thing that a style may name is a font that goes with the program.
3. It takes some seconds for a long list, so it never runs on an event loop: `asyncio.to_thread`.

WeasyPrint belongs to the extra `[desk]` and needs the system library Pango; without either the call says how
to get it.
"""

import hashlib
from typing import Any

from exchange.errors import UsageError
from exchange.i18n.fonts import NAMES, font_faces, font_file
from exchange.service.papers import Paper

FONT_PREFIX = "exchange-font:"
VARIANT = "pdf/a-3u"
"""PDF/A-3: other files may be attached. Level U: every letter is mapped to Unicode."""
RELATION = "Source"
"""The attached file is what the paper was made from (ISO 32000-2, 7.11.3)."""


def write_pdf(paper: Paper) -> bytes:
    """Return the file of a paper.

    Raises:
        UsageError: WeasyPrint or Pango is not installed.
    """
    weasyprint = _weasyprint()
    fetcher = _own_fonts_only(weasyprint)
    fonts = _font_configuration()
    style = weasyprint.CSS(string=font_faces(FONT_PREFIX), url_fetcher=fetcher, font_config=fonts)
    attachment = weasyprint.Attachment(
        string=paper.attached,
        name=paper.attached_name,
        description=paper.attached_description,
        created=paper.created_at,
        modified=paper.created_at,
        relationship=RELATION,
        url_fetcher=fetcher,
    )
    made = weasyprint.HTML(string=paper.html, url_fetcher=fetcher, base_url=None).write_pdf(
        font_config=fonts,
        stylesheets=[style],
        attachments=[attachment],
        pdf_variant=VARIANT,
        pdf_identifier=_identifier(paper),
    )
    return bytes(made)


def _identifier(paper: Paper) -> bytes:
    """Return it as hexadecimal digits: it is written between brackets as it is."""
    return (
        hashlib.sha256(paper.html.encode("utf-8") + b"\x00" + paper.attached).hexdigest()[:32].encode("ascii")
    )


def _weasyprint() -> Any:
    try:
        import weasyprint
    except ImportError as error:
        raise UsageError(
            "printing needs the package weasyprint, which is not installed",
            hint='run in the folder of the source: pip install ".[desk]"',
        ) from error
    except OSError as error:
        raise UsageError(
            "printing needs the system library Pango, which is not installed",
            hint="Debian, Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        ) from error
    return weasyprint


def _font_configuration() -> Any:
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


def _own_fonts_only(weasyprint: Any) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnFonts(URLFetcher):  # type: ignore[misc]
        """Gives out the fonts of the program and nothing else."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            name = url.removeprefix(FONT_PREFIX)
            if not url.startswith(FONT_PREFIX) or name not in NAMES:
                raise ValueError("nothing is fetched")
            return URLFetcherResponse(url, font_file(name), {"Content-Type": "font/ttf"})

    return OwnFonts()
