"""Every command a page shows exists, with the options shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from pages import PAGES, ROOT, Shown, shown_in

if TYPE_CHECKING:
    from types import ModuleType

SHOWN = [shown for page in PAGES for shown in shown_in(page)]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def identity(shown: Shown) -> str:
    return f"{shown.page}: {' '.join(shown.words)}"


def program(name: str) -> list[Shown]:
    return [shown for shown in SHOWN if shown.words[0].rsplit("/", 1)[-1] == name]


def test_commands_are_shown() -> None:
    assert program("stillwatch")
    assert program("make")


@pytest.mark.parametrize("shown", program("stillwatch"), ids=identity)
def test_stillwatch_takes_what_is_shown(reference: ModuleType, shown: Shown) -> None:
    if "--help" in shown.words or "--version" in shown.words:
        with pytest.raises(SystemExit, match="0"):
            reference.build_parser().parse_args(shown.words[1:])
        return
    reference.build_parser().parse_args(shown.words[1:])


@pytest.mark.parametrize("shown", program("make"), ids=identity)
def test_make_has_the_verb_shown(shown: Shown) -> None:
    verbs = [word for word in shown.words[1:] if not word.startswith("-") and "=" not in word]

    assert set(verbs) <= TARGETS
