"""Links inside the documentation lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from pages import PAGES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<(?:img|a)\s[^>]*(?:src|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, spelled as code hosts spell them."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """List the links of a page that lead nowhere inside the tree."""
    found = []
    for groups in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        link = groups[0] or groups[1]
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_internal_links_resolve(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_and_a_broken_anchor_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('# One `two`\n[a](#one-two) [b](#three) [c](absent.md) <img src="absent.svg">\n', encoding="utf-8")

    assert broken(page) == ["#three", "absent.md", "absent.svg"]


def test_every_page_is_reached_from_the_index(root: Path) -> None:
    index = (root / "docs" / "README.md").read_text(encoding="utf-8")
    wanted = [path for path in (root / "docs").rglob("*.md") if path.name != "README.md"]

    assert [str(path.relative_to(root)) for path in wanted if f"({path.relative_to(root / 'docs')})" not in index] == []
