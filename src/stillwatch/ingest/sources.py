"""Find the inputs and open them: files, globs, folders and standard input; plain, gzip or zstd.

The compression is told by the first bytes, never by the name.
"""

from __future__ import annotations

import glob
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

STDIN: Final = "-"
_LOG_SUFFIXES: Final = (".jsonl", ".json", ".ndjson", ".log", ".parquet", ".gz", ".zst")
_ZSTD, _GZIP, _PARQUET = b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"PAR1"


@dataclass(frozen=True, slots=True)
class Source:
    """One input."""

    path: str
    """Path as given or found, or ``-``."""
    size: int
    """Bytes on disk; 0 where unknown."""


def expand(inputs: Sequence[str]) -> tuple[Source, ...]:
    """List the inputs that paths, globs and folders name, each once, in a stable order.

    Raises
    ------
    InputError
        A path does not exist, a glob or a folder holds no log.
    """
    found: dict[str, Source] = {}
    for given in inputs:
        if given == STDIN:
            found[STDIN] = Source(STDIN, 0)
            continue
        path = Path(given)
        if path.is_dir():
            names = sorted(
                str(p) for p in path.rglob("*") if p.is_file() and p.suffix in _LOG_SUFFIXES and p.name[0] != "."
            )
            if not names:
                raise InputError(f"{given}: the folder holds no log file ({', '.join(_LOG_SUFFIXES)})")
        elif path.exists():
            names = [given]
        else:
            names = sorted(glob.glob(given, recursive=True))  # noqa: PTH207  a pattern may be absolute
            if not names:
                raise InputError(f"{given}: no such file, and no file matches it as a pattern")
        for name in names:
            found[name] = Source(name, Path(name).stat().st_size)
    return tuple(found.values())


class OpenSource:
    """An input being read: its decompressed bytes, and how far it has got."""

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            if source.path == STDIN:
                peek = sys.stdin.buffer.peek(4)[:4]  # type: ignore[attr-defined]
                self._raw: pa.NativeFile = pa.PythonFile(sys.stdin.buffer, "r")
            else:
                with Path(source.path).open("rb") as file:
                    peek = file.read(4)
                self._raw = pa.OSFile(source.path, "rb")
        except OSError as error:
            raise InputError(f"{source.path}: cannot be opened: {error.strerror or error}") from error
        self.is_parquet = peek == _PARQUET
        self.incomplete = ""
        codec = "zstd" if peek == _ZSTD else "gzip" if peek[:2] == _GZIP else None
        self._stream = pa.CompressedInputStream(self._raw, codec) if codec else self._raw
        self._codec = codec

    @property
    def position(self) -> int:
        """Bytes of the input consumed so far, before decompression."""
        return 0 if self.source.path == STDIN else int(self._raw.tell())

    def read_into(self, room: NDArray[np.uint8]) -> int:
        """Fill ``room`` as far as the input goes; returns the bytes written.

        A damaged archive ends the input: what was read stays, ``incomplete`` says why.
        """
        filled = 0
        view = memoryview(room)  # type: ignore[arg-type]
        while filled < len(view):
            try:
                got = self._stream.readinto(view[filled:])
            except (OSError, pa.ArrowException) as error:
                kind = f"the {self._codec} archive" if self._codec else "the file"
                self.incomplete = f"{kind} is truncated or damaged: {str(error).splitlines()[0][:120]}"
                return filled
            if not got:
                break
            filled += got
        return filled

    def close(self) -> None:
        """Let the input go."""
        self._raw.close()
