# SPDX-License-Identifier: Apache-2.0
"""The documentation is true: links lead somewhere, named code exists, pages made from data equal the data."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange.ledger.entries import LeafFault
from exchange.ledger.judge import OrderFault
from tools.checks.tree import read_tree
from tools.pages import PAGES

ROOT = Path(__file__).resolve().parents[2]
TREE = read_tree(ROOT)
PAGES_OF_TEXT = [
    path for path in TREE.paths if path.endswith(".md") and not path.startswith("tests/vectors/")
]
RULES = range(1, 36)
"""The numbered rules of the threat model."""

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
NAMED_CODE = re.compile(r"`((?:exchange|tests|tools)/[\w/.-]+\.py)(?::([A-Za-z_][\w.]*))?(?:\(\))?`")
CITED_SECTION = re.compile(r"threat model,? section (\d+)", re.IGNORECASE)
CITED_RULE = re.compile(r"\brules? (\d+)(?:(?: to | and |-)(\d+))?")


def prose(text: str) -> str:
    """Return the text without code, in which brackets mean something else."""
    return CODE_SPAN.sub("", FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = (heading.replace("`", "") for heading in HEADING.findall(FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    return [
        link
        for link in LINK.findall(prose(page.read_text(encoding="utf-8")))
        if not leads_somewhere(page, link)
    ]


def leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return link.startswith(("https://", "mailto:"))
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8"))


def definitions(tree: ast.AST, prefix: str = "") -> Iterator[str]:
    """Yield the names of classes, functions, methods and constants: `f`, `A`, `A.f`, `X`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from definitions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + target.id for target in targets if isinstance(target, ast.Name))


def missing_code(text: str, root: Path) -> list[str]:
    """Return the `path.py` and `path.py:name` of a page that do not exist."""
    return [
        f"{path}:{name}" if name else path
        for path, name in NAMED_CODE.findall(text)
        if not exists(root / path, name)
    ]


def exists(path: Path, name: str) -> bool:
    if not path.is_file():
        return False
    return not name or name in definitions(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES_OF_TEXT)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    assert broken_links(ROOT / page) == []


@pytest.mark.parametrize("page", PAGES_OF_TEXT)
def test_every_file_and_function_that_a_page_names_exists(page: str) -> None:
    assert missing_code((ROOT / page).read_text(encoding="utf-8"), ROOT) == []


@pytest.mark.parametrize(
    "link",
    [
        "gone.md",
        "there.md#gone",
        "#gone",
        "gone/",
        "http://plain.example",
        "file:///etc/passwd",
        "../gone.md",
    ],
)
def test_a_link_that_leads_nowhere_is_found(link: str, tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# There it is\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\nSee [this]({link}).\n")

    assert broken_links(page) == [link]


@pytest.mark.parametrize(
    "link", ["there.md", "there.md#there-it-is", "#page", "https://example.org", "mailto:a@example.org"]
)
def test_a_link_that_leads_somewhere_is_let_pass(link: str, tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# There `it` is\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\nSee [this]({link}), but not `[that](gone.md)`.\n")

    assert broken_links(page) == []


@pytest.mark.parametrize(
    "named", ["exchange/gone.py", "exchange/a.py:gone", "exchange/a.py:A.gone", "exchange/a.py:inner"]
)
def test_named_code_that_does_not_exist_is_found(named: str, tmp_path: Path) -> None:
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange" / "a.py").write_text("class A:\n    def f(self):\n        def inner(): ...\n")

    assert missing_code(f"1. `{named}` seals it.", tmp_path) == [named]


@pytest.mark.parametrize(
    "named", ["exchange/a.py", "exchange/a.py:A", "exchange/a.py:A.f", "exchange/a.py:g", "exchange/a.py:X"]
)
def test_named_code_that_exists_is_let_pass(named: str, tmp_path: Path) -> None:
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange" / "a.py").write_text(
        "X: int = 1\nclass A:\n    def f(self): ...\nasync def g(): ...\n"
    )

    assert missing_code(f"1. `{named}` seals it.", tmp_path) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_made_from_data_equals_the_data(path: str) -> None:
    """`make pages` writes it again."""
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path](ROOT)


@pytest.mark.parametrize("path", ["exchange/interfaces/server.py", "exchange/interfaces/partner/door.py"])
def test_every_reason_of_the_door_stands_on_its_page(path: str) -> None:
    reasons = set(re.findall(r'Refusal\(\d{3}, "([a-z_]+)"', (ROOT / path).read_text(encoding="utf-8")))
    page = (ROOT / "docs/protocol/door.md").read_text(encoding="utf-8")

    assert len(reasons) > 1
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in page] == []


@pytest.mark.parametrize("name", ["ack-rejections", "again-codes", "void-reasons"])
def test_the_page_of_results_holds_every_code_once(name: str) -> None:
    page = (ROOT / "docs/protocol/results.md").read_text(encoding="utf-8")
    codes = json.loads((ROOT / f"schemas/codelists/{name}.json").read_text(encoding="utf-8"))["codes"]
    sections = re.split(r"^## ", page, flags=re.MULTILINE)
    rows = [re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) for section in sections]

    assert all(len(row) == len(set(row)) for row in rows)
    assert {code["code"] for code in codes} <= {code for row in rows for code in row}


@pytest.mark.parametrize("fault", [*OrderFault, *LeafFault])
def test_every_fault_of_a_log_stands_in_the_table_of_its_page(fault: str) -> None:
    page = (ROOT / "docs/protocol/log.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")]

    assert len([row for row in rows if f"`{fault}`" in row]) == 1


def test_the_threat_model_numbers_its_rules_without_a_gap() -> None:
    text = (ROOT / "docs/explanation/threat-model.md").read_text(encoding="utf-8")
    rules = text.split("## 4. Rules")[1].split("## 5. ")[0]

    assert [int(number) for number in re.findall(r"^(\d+)\. ", rules, re.MULTILINE)] == list(RULES)


def test_every_rule_that_code_or_a_page_cites_exists() -> None:
    paths = [*TREE.under(("exchange/",)), *(path for path in PAGES_OF_TEXT if path.startswith("docs/"))]
    cited = [
        (path, int(number))
        for path in paths
        for numbers in CITED_RULE.findall(TREE.text(path))
        for number in numbers
        if number
    ]

    assert [citation for citation in cited if citation[1] not in RULES] == []


def test_every_section_of_the_threat_model_that_code_cites_exists() -> None:
    page = (ROOT / "docs/explanation/threat-model.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^## (\d)\. ", page, re.MULTILINE))
    cited = [
        (path, number)
        for path in TREE.under(("exchange/",))
        for number in CITED_SECTION.findall(TREE.text(path))
    ]

    assert [citation for citation in cited if citation[1] not in sections] == []


def test_the_index_of_decisions_names_each_with_its_title() -> None:
    index = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\d{4})\]\(([\w-]+\.md)\) \| (.+) \|$", index, re.MULTILINE)
    pages = sorted(path for path in (ROOT / "docs/adr").glob("*.md") if path.name != "README.md")
    titles = [path.read_text(encoding="utf-8").splitlines()[0] for path in pages]

    assert [path.name for path in pages] == [name for _, name, _ in listed]
    assert titles == [f"# {int(number)}. {title}" for number, _, title in listed]


@pytest.mark.parametrize("page", sorted(path for path in PAGES_OF_TEXT if re.match(r"docs/adr/\d", path)))
def test_a_decision_says_what_was_open_what_was_chosen_and_what_gets_worse(page: str) -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)

    assert headings == ["Context", "Options", "Decision", "What gets worse"]
