# SPDX-License-Identifier: Apache-2.0
"""The file of a paper: PDF/A-3 with its content attached, the same bytes every time, nothing fetched."""

import json
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from exchange.adapters.documents.pdf import write_pdf
from exchange.errors import UsageError
from exchange.interfaces.papers import paper_of
from exchange.service.papers import Paper
from tests.support.papers import opened

NAME = "hrc/first-record-two-handed-over"
AGAIN = """
import hashlib, sys
from exchange.adapters.documents.pdf import write_pdf
from exchange.interfaces.papers import paper_of
from tests.support.papers import opened
sys.stdout.write(hashlib.sha256(write_pdf(paper_of(opened(sys.argv[1]), ("km", "en")))).hexdigest())
"""


@cache
def paper() -> Paper:
    return paper_of(opened(NAME), ("km", "en"))


@cache
def made() -> bytes:
    return write_pdf(paper())


def streams(raw: bytes) -> Iterator[bytes]:
    """Yield every stream of a file, unpacked where it is packed."""
    for found in re.finditer(rb"stream\n(.*?)\nendstream", raw, re.DOTALL):
        try:
            yield zlib.decompress(found[1])
        except zlib.error:
            yield found[1]


def everything(raw: bytes) -> bytes:
    """Return a file with what is packed in it."""
    return raw + b"".join(streams(raw))


def pages(name: str, languages: tuple[str, ...]) -> int:
    found = everything(write_pdf(paper_of(opened(name), languages)))
    return len(re.findall(rb"/Type ?/Page\b(?!s)", found))


@pytest.mark.parametrize(
    "languages", [("km",), ("th",), ("vi",), ("en",), ("km", "en"), ("th", "vi")], ids="-".join
)
def test_a_decision_on_one_person_takes_one_page(languages: tuple[str, ...]) -> None:
    """No remark stands behind the places to sign, so none of them needs a page of its own."""
    assert pages("rpd/one-person-accepted", languages) == 1


@pytest.mark.parametrize(
    ("name", "languages", "most"),
    [
        ("rpd/three-persons-three-outcomes", ("km",), 1),
        ("rpd/child-received-by-a-relative", ("km",), 1),
        ("rpd/child-received-by-a-relative", ("en",), 1),
        ("rpn/adult-with-passport", ("km", "en"), 2),
        ("rpn/adult-with-photograph", ("km", "en"), 2),
        ("rpn/adult-with-photograph", ("th", "vi"), 2),
        ("hdp/three-persons", ("km",), 1),
    ],
)
def test_what_is_signed_by_one_agency_saves_pages(name: str, languages: tuple[str, ...], most: int) -> None:
    assert pages(name, languages) == most


def test_the_file_says_that_it_is_pdf_a_3_of_level_u() -> None:
    found = everything(made())

    assert b'pdfaid:part="3"' in found
    assert b'pdfaid:conformance="U"' in found
    assert b"/OutputIntents" in found


def test_the_content_is_attached_as_the_source_of_the_paper() -> None:
    found = everything(made())

    assert paper().attached in list(streams(made()))
    assert re.search(rb"/AFRelationship ?/Source", found)
    assert re.search(rb"/AF ?\[", found)


def test_what_is_attached_can_be_read_again() -> None:
    (attached,) = (each for each in streams(made()) if each.startswith(b"{"))

    assert json.loads(attached)["message"]["type"] == "HRC"


def test_only_own_fonts_are_embedded() -> None:
    names = set(re.findall(rb"/FontName ?/([A-Za-z+\-]+)", everything(made())))

    assert names
    assert all(name.partition(b"+")[2].startswith(b"Exchange-") for name in names)


def test_the_same_paper_gives_the_same_bytes_in_another_process() -> None:
    import hashlib

    done = subprocess.run(
        [sys.executable, "-c", AGAIN, NAME],
        capture_output=True, text=True, check=True, timeout=120,
        env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )  # fmt: skip

    assert done.stdout == hashlib.sha256(made()).hexdigest()


def test_another_content_gives_another_identifier() -> None:
    other = write_pdf(replace(paper(), attached=b"{}\n"))

    found = [re.findall(rb"/ID ?\[ ?\(([0-9a-f]{32})\)", everything(raw)) for raw in (made(), other)]
    assert found[0]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/hostname",
        "http://127.0.0.1:9/",
        "exchange-font:../breaks.py",
        "exchange-font:",
        "data:text/plain,x",
    ],
)
def test_nothing_that_a_page_names_is_fetched(address: str, caplog: pytest.LogCaptureFixture) -> None:
    html = paper().html.replace("</body>", f'<img src="{address}" alt="not here"></body>')

    write_pdf(replace(paper(), html=html))

    assert "nothing is fetched" in caplog.text


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    with pytest.raises(UsageError) as refusal:
        write_pdf(paper())

    assert "pip install" in (refusal.value.hint or "")


def test_without_the_system_library_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("packages")
    (folder / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')")
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.syspath_prepend(folder)

    with pytest.raises(UsageError) as refusal:
        write_pdf(paper())

    assert "libpango" in (refusal.value.hint or "")
