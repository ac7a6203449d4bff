"""What every terminal page shares: its table, and printing that survives an old terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Table

from stillwatch.reports.words import MINUS

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PLAIN: Final = str.maketrans({MINUS: "-", "\u2026": "...", "\u2014": "-"})


def empty_table() -> Table:
    """Make an empty table in the house's form."""
    return Table(
        box=box.SIMPLE_HEAD, show_edge=False, expand=True, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )


def show(shown: RenderableType, console: Console) -> None:
    """Print a page; a terminal without Unicode gets what it can write."""
    if console.encoding.startswith("utf"):
        console.print(shown)
        return
    # An old terminal must not end a scan with an encoding error.
    with console.capture() as captured:
        console.print(shown)
    text = captured.get().translate(_PLAIN)
    console.file.write(text.encode(console.encoding, "replace").decode(console.encoding))
