"""Read what a spool holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.store.spool.reader import Frames
from stillwatch.store.spool.segment import START, Position

if TYPE_CHECKING:
    from pathlib import Path

FAR = Position(1 << 60, 0, 0)


def frames(folder: Path, upto: Position, at: Position = START) -> list[bytes]:
    reader = Frames(folder, at)
    try:
        return [content for content, _ in reader.read(upto)]
    finally:
        reader.close()
