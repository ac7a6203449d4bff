"""Dossiers kept day by day, as they were put together: what changed terms are replayed over. One file a day, in UTC.

They hold pseudonyms and sentences with numbers, no content; a file is removed once it is older than it is kept.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from stillwatch.model.dossier_json import to_json
from stillwatch.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from stillwatch.model.dossier import Dossier

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
KEPT_D: Final = 90
"""Days for which dossiers are kept, and over which terms are replayed."""
EVERY_MS: Final = HOUR_MS
"""Of one account at most one dossier in this time is kept (ms), but for one that names another campaign: accounts are
looked at every few seconds."""


def day_files(folder: Path) -> list[Path]:
    """List the files of a folder, oldest day first."""
    return sorted(path for path in folder.glob("????-??-??.jsonl") if path.is_file())


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


class DossierDays:
    """Keeps dossiers in a folder.

    Parameters
    ----------
    folder
        Where; made if missing, readable by nobody else.
    kept_d
        Days for which a file is kept.
    """

    def __init__(self, folder: Path, kept_d: int = KEPT_D) -> None:
        self._folder, self._kept_d = folder, kept_d
        self._day = ""
        self._last: dict[int, tuple[int, str]] = {}

    def keep(self, dossiers: Iterable[Dossier], now_ms: int) -> int:
        """Keep dossiers.

        Parameters
        ----------
        dossiers
            Any number; of an account at most one an hour and campaign is written.
        now_ms
            The moment (ms since 1970): whose day they belong to, and what is old.

        Returns
        -------
        int
            How many were written.

        Raises
        ------
        StoreError
            The folder or a file could not be written.

        Notes
        -----
        Not synced: a crash may lose the last ones, and a torn line is cut off before the next is written. Memory
        holds one moment for each account of the day.
        """
        try:
            if _day(now_ms) != self._day:
                self._turn(now_ms)
            some = [one for one in dossiers if self._is_due(one, now_ms)]
            if some:
                self._append(some)
        except OSError as error:
            raise StoreError(f"{self._folder}: dossiers cannot be kept: {error.strerror}; free or change it") from error
        self._last |= {one.account: (now_ms, _campaign(one)) for one in some}
        return len(some)

    def _is_due(self, dossier: Dossier, now_ms: int) -> bool:
        last_ms, campaign = self._last.get(dossier.account, (now_ms - EVERY_MS, ""))
        return abs(now_ms - last_ms) >= EVERY_MS or _campaign(dossier) != campaign

    def _append(self, some: Sequence[Dossier]) -> None:
        lines = "".join(f"{to_json(one)}\n" for one in some)
        opened = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(opened, "ab") as file:
            file.write(lines.encode())

    @property
    def _file(self) -> Path:
        return self._folder / f"{self._day}.jsonl"

    def _turn(self, now_ms: int) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._day = _day(now_ms)
        self._last.clear()
        oldest = _day(now_ms - self._kept_d * DAY_MS)
        for path in day_files(self._folder):
            if path.stem < oldest:
                path.unlink()
        if self._file.exists():
            _cut(self._file)


def _campaign(dossier: Dossier) -> str:
    return dossier.campaign.name if dossier.campaign else ""


def _cut(path: Path) -> None:
    """Cut off a last line that a crash has torn."""
    written = path.read_bytes()
    whole = written.rfind(b"\n") + 1
    if whole < len(written):
        os.truncate(path, whole)
