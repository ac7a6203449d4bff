"""The pages of the documentation and the commands they show."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_BETWEEN = {"|", "&&", "||", ";", ">", ">>", "<", "2>"}


class Shown(NamedTuple):
    """One program call that a page shows."""

    page: str
    words: tuple[str, ...]


def shown_in(page: Path) -> list[Shown]:
    """Give the program calls of a page's ``console`` blocks: what follows ``$``, cut at pipes and the like."""
    found = []
    for block in _CONSOLE.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if not line.startswith("$ "):
                continue
            call: list[str] = []
            for word in [*shlex.split(line[2:], comments=True), ";"]:
                if word in _BETWEEN:
                    found.append(Shown(page.relative_to(ROOT).as_posix(), tuple(call)))
                    call = []
                else:
                    call.append(word)
    return [shown for shown in found if shown.words]
