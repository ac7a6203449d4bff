"""Reasoning between ``<think>`` and ``</think>`` inside an answer's text: where it ends, whole or piece by piece."""

from __future__ import annotations

from typing import Final

OPEN: Final = "<think>"
CLOSE: Final = "</think>"
WINDOW: Final = 256
"""Characters after a close tag that are kept back on a stream, in case another close tag follows."""


def cut(text: str, note: str, *, opened: bool = False) -> tuple[str, int]:
    """Cut the reasoning out of a whole text: up to the *last* close tag.

    Models leak tags: a second close tag means that what stands before it was reasoning, too. A text that does not
    begin with the open tag is prose that may speak about tags, and stays.

    Parameters
    ----------
    text
        An answer's text.
    note
        Written between the tags in place of the reasoning; "" drops the tags, too.
    opened
        Whether the model's template writes the open tag, so that answers begin inside the reasoning.

    Returns
    -------
    str
        The text without reasoning.
    int
        Characters that were cut, 0 where nothing was.

    Examples
    --------
    >>> cut("<think>a</think>b</think>c", "")
    ('c', 10)
    >>> cut("The tag </think> ends it.", "")
    ('The tag </think> ends it.', 0)
    """
    begin = len(text) - len(text.lstrip())
    starts = text.startswith(OPEN, begin)
    close = text.rfind(CLOSE)
    if not starts and not (opened and close >= 0):
        return text, 0
    inside = begin + len(OPEN) if starts else 0
    reasoning = text[inside:] if close < 0 else text[inside:close]
    rest = "" if close < 0 else text[close + len(CLOSE) :]
    if reasoning == note and note:
        return text, 0
    shown = f"{OPEN}{note}{CLOSE}{rest}" if note else rest.lstrip("\n")
    return shown, len(reasoning)


class Pieces:
    """The same over a text that arrives in pieces; holds back at most ``WINDOW`` characters and a tag.

    Blind spots: a further close tag more than ``WINDOW`` characters after the one before, as what stands between has
    then been sent; and with ``opened`` an answer without any close tag, of which nothing is shown.
    """

    __slots__ = ("_held", "_note", "_noted", "_state", "hidden")

    def __init__(self, note: str, *, opened: bool = False) -> None:
        self._note = note
        self._noted = False
        self._state = "hidden" if opened else "start"
        self._held = ""
        self.hidden = 0
        """Characters of reasoning that were kept from the customer."""

    def feed(self, piece: str) -> str:
        """Take a piece, give what of the text so far may be shown now."""
        shown, self._held = "", self._held + piece
        state = ""
        while state != self._state:
            state = self._state
            shown += _STEPS[state](self)
        return shown

    def end(self) -> str:
        """Give what was held back, once nothing follows."""
        held, self._held = self._held, ""
        if self._state == "hidden":
            self.hidden += len(held)
            return self._note_once()
        return self._begun(held) if self._state == "after" else held

    def _note_once(self) -> str:
        if self._noted or not self._note:
            return ""
        self._noted = True
        return f"{OPEN}{self._note}{CLOSE}"

    def _begun(self, text: str) -> str:
        return text if self._note else text.lstrip("\n")

    def _start(self) -> str:
        bare = self._held.lstrip()
        if bare.startswith(OPEN):
            self._held, self._state = bare[len(OPEN) :], "hidden"
        elif not OPEN.startswith(bare):
            self._state = "plain"
        return ""

    def _plain(self) -> str:
        shown, self._held = self._held, ""
        return shown

    def _hidden(self) -> str:
        shown = self._note_once()
        at = self._held.find(CLOSE)
        if at < 0:
            keep = min(len(self._held), len(CLOSE) - 1)
            self.hidden += len(self._held) - keep
            self._held = self._held[len(self._held) - keep :]
            return shown
        self.hidden += at
        self._held, self._state = self._held[at + len(CLOSE) :], "after"
        return shown

    def _after(self) -> str:
        at = self._held.rfind(CLOSE)
        if at >= 0:
            self.hidden += at
            self._held = self._held[at + len(CLOSE) :]
        if len(self._held) > WINDOW:
            self._held, self._state = self._begun(self._held), "seen"
        return ""

    def _seen(self) -> str:
        at = self._held.find(OPEN)
        if at >= 0:
            shown, self._held, self._state = self._held[:at], self._held[at + len(OPEN) :], "hidden"
            return shown
        keep = next((k for k in range(len(OPEN) - 1, 0, -1) if self._held.endswith(OPEN[:k])), 0)
        end = len(self._held) - keep
        shown, self._held = self._held[:end], self._held[end:]
        return shown


_STEPS: Final = {
    "start": Pieces._start,  # noqa: SLF001  the class's own
    "plain": Pieces._plain,  # noqa: SLF001
    "hidden": Pieces._hidden,  # noqa: SLF001
    "after": Pieces._after,  # noqa: SLF001
    "seen": Pieces._seen,  # noqa: SLF001
}
