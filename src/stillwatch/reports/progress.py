"""A line that says how far a scan has got: rate and time left, from the second second on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

QUIET_S: Final = 2.0
"""Nothing is shown before."""
_EVERY_S: Final = {True: 0.25, False: 10.0}


class Counts(Protocol):
    """Running counts of a scan."""

    events: int
    rejected: int
    accounts: int
    bytes_done: int
    bytes_all: int


class ProgressLine:
    """Shows counts on standard error: a line that renews itself on a terminal, else a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._shown = self._began + QUIET_S - _EVERY_S[console.is_terminal]
        self._open = False

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Clear the line."""
        if self._open:
            self._console.file.write("\r\x1b[K")
            self._console.file.flush()

    def show(self, counts: Counts) -> None:
        """Show the counts, if it is time to."""
        now = time.monotonic()
        if now - self._shown < _EVERY_S[self._console.is_terminal]:
            return
        self._shown = now
        text = progress_text(counts, now - self._began)
        if self._console.is_terminal:
            self._console.file.write(f"\r\x1b[K{text[: self._console.width - 1]}")
            self._open = True
        else:
            self._console.file.write(text + "\n")
        self._console.file.flush()


def progress_text(counts: Counts, elapsed_s: float) -> str:
    """Say how far a scan has got.

    Examples
    --------
    >>> class C: events, rejected, accounts, bytes_done, bytes_all = 1_000_000, 2, 5_000, 50, 100
    >>> progress_text(C, 4.0)
    '50 %  1,000,000 events  250,000/s  5,000 accounts  2 rejected  about 4 s left'
    """
    parts = []
    share = counts.bytes_done / counts.bytes_all if counts.bytes_all else 0.0
    if share:
        parts.append(f"{share:.0%}".replace("%", " %"))
    parts.append(f"{counts.events:,} events")
    parts.append(f"{counts.events / max(elapsed_s, 1e-9):,.0f}/s")
    parts.append(f"{counts.accounts:,} accounts")
    if counts.rejected:
        parts.append(f"{counts.rejected:,} rejected")
    if 0 < share < 1:
        parts.append(f"about {elapsed_s * (1 - share) / share:,.0f} s left")
    return "  ".join(parts)


class WaitingLine:
    """Says what is being done and for how long, where it cannot be said how much is left."""

    def __init__(self, console: Console, what: str) -> None:
        self._console = console
        self._what = what
        self._done = threading.Event()
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._teller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Clear the line."""
        self._done.set()
        self._teller.join()

    def _tell(self) -> None:
        began, tty = time.monotonic(), self._console.is_terminal
        wait_s, wrote = QUIET_S, False
        while not self._done.wait(wait_s):
            text = f"{self._what}  {time.monotonic() - began:,.0f} s"
            self._console.file.write(f"\r\x1b[K{text[: self._console.width - 1]}" if tty else f"{text}\n")
            self._console.file.flush()
            wait_s, wrote = _EVERY_S[tty], True
        if tty and wrote:
            self._console.file.write("\r\x1b[K")
            self._console.file.flush()
