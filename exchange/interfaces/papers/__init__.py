# SPDX-License-Identifier: Apache-2.0
"""Messages as papers for A4 in two languages side by side: composed here, made into PDF by an adapter.

paper_of(opened, languages=("km", "en"))      # a Paper: HTML, and the JSON that is attached
bootstrap.write_pdf(paper)                    # the bytes of the file; not on the event loop
"""

from exchange.interfaces.papers.page import demand_languages as demand_languages
from exchange.interfaces.papers.page import paper_of as paper_of
