"""C2SP tlog-tiles: where a tree lies as files of up to 256 hashes, and how nodes are read out of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import LogError
from stillwatch.model.merkle import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, level_above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ENTRIES: Final = -1
"""Level of a tile that holds entries instead of hashes."""
_PATH: Final = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Name of one tile."""

    level: int
    """Level, 0 to 63, or ``ENTRIES``."""
    index: int
    """Number within its level, from 0."""
    width: int = TILE_WIDTH
    """Hashes or entries in it, 1 to 256; fewer than 256 at the right edge only."""

    @property
    def path(self) -> str:
        """Give its path below the log's prefix.

        Examples
        --------
        >>> Tile(0, 1234067).path
        'tile/0/x001/x234/067'
        >>> Tile(ENTRIES, 3, 17).path
        'tile/entries/003.p/17'
        """
        groups, rest = [f"{self.index % 1000:03}"], self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{'/'.join(groups)}" + (f".p/{self.width}" if self.width < TILE_WIDTH else "")


def read_path(path: str) -> Tile | None:
    """Read a path back; None where it is not the one path of a tile.

    Examples
    --------
    >>> read_path("tile/0/x001/x234/067").index
    1234067
    >>> read_path("tile/0/x000/001") is None
    True
    """
    found = _PATH.fullmatch(path)
    if not found:
        return None
    level, groups, width = found.groups(default="")
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(groups.replace("/", "").replace("x", "")),
        int(width or TILE_WIDTH),
    )
    return tile if tile.path == path else None


def bundle(entries: Iterable[bytes]) -> bytes:
    """Write entries as one bundle: each after its length in two bytes, big end first."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def read_bundle(content: bytes) -> list[bytes]:
    """Read a bundle of entries.

    Raises
    ------
    LogError
        It ends within an entry, or holds more than 256.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content) or at + 2 > len(content) or len(entries) == TILE_WIDTH:
            raise LogError("a bundle of entries is cut off or too long")
        entries.append(content[at + 2 : end])
        at = end
    return entries


class TileNodes:
    """Nodes of a tree of a fixed size, read out of its tiles; called as ``node(level, index)``.

    Parameters
    ----------
    read
        Gives the bytes of a tile.
    size
        Leaves of the tree; decides which tiles are partial.

    Raises
    ------
    LogError
        When called: a tile has not the length its name says.

    Notes
    -----
    Nothing is authenticated here: what is made of the nodes must be checked against a signed root.
    Every tile is read once and all its nodes are kept: 16 KiB each.
    """

    def __init__(self, read: Callable[[Tile], bytes], size: int) -> None:
        self._read, self._size = read, size
        self._levels: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Give the root of the perfect subtree over the leaves ``[index << level, (index + 1) << level)``."""
        above, height = divmod(level, TILE_HEIGHT)
        number, place = divmod(index, TILE_WIDTH >> height)
        found = self._levels.get((above, number))
        if found is None:
            found = self._levels[above, number] = self._tile(above, number)
        return found[height][place * HASH_BYTES : (place + 1) * HASH_BYTES]

    def _tile(self, level: int, number: int) -> tuple[bytes, ...]:
        width = min(TILE_WIDTH, (self._size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH)
        if width < 1:
            raise ValueError(f"a tree of {self._size} leaves has no tile {number} on level {level}")
        tile = Tile(level, number, width)
        content = self._read(tile)
        if len(content) != width * HASH_BYTES:
            raise LogError(f"{tile.path} has {len(content)} bytes instead of {width * HASH_BYTES}")
        return _levels(content)


def _levels(tile: bytes) -> tuple[bytes, ...]:
    """Give the nodes of a tile by height, 0 to 7; each height as its hashes in a row."""
    levels = [tile]
    for _ in range(TILE_HEIGHT - 1):
        levels.append(level_above(levels[-1]))
    return tuple(levels)
