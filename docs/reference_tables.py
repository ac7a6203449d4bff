"""Tables of the reference pages, and what the code says about its fields."""

from __future__ import annotations

import ast
import inspect
import itertools
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MADE: Final = "<!-- Written by `make docs` from {source}; edit that, not this page. -->"


def cell(text: str) -> str:
    """Fit a text into one cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Lay out a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell(text) for text in line) + " |" for line in lines]


def field_docs(module: object, name: str) -> Mapping[str, str]:
    """Give the docstring under each field of a dataclass; Python itself does not keep them."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found = {}
    for field, doc in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(doc, ast.Expr):
            found[field.target.id] = inspect.cleandoc(str(ast.literal_eval(doc.value)))
    return found
