"""What a watch is told by files (accounts, agreements, terms ...), read again when one of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stillwatch.serve.watch.watch import Watched


class Files:
    """Notes how files looked when they were read.

    Parameters
    ----------
    files
        Files whose change matters.
    read
        Reads all of them; raises an InputError, FormatError or TermsError where one is not fit to be used.
    """

    def __init__(self, files: Sequence[Path], read: Callable[[], Watched]) -> None:
        self._files, self._read = files, read
        self._read_at = self._seen = self._marked()
        self.watched = read()
        """What was read last without an error."""

    def _marked(self) -> tuple[tuple[int, int, int], ...]:
        made = []
        for one in self._files:
            try:
                seen = one.stat()
            except OSError:
                made.append((0, 0, 0))
            else:
                made.append((seen.st_ino, seen.st_size, seen.st_mtime_ns))
        return tuple(made)

    def changed(self) -> Watched | None:
        """Give what the files say now, None where none of them changed.

        A change counts once two turns in a row saw the same: a file may still be being written. A file with an error
        changes nothing: what was read before stays, and the error is raised again at every turn until it is put right.
        """
        before, self._seen = self._seen, self._marked()
        if self._seen == self._read_at or self._seen != before:
            return None
        marks = self._seen
        self.watched = self._read()
        self._read_at = marks
        return self.watched
