"""Find the inputs and open them: files, globs, folders, pipes and standard input; plain, gzip or zstd.

The compression is told by the first bytes, never by the name.
"""

from __future__ import annotations

import contextlib
import glob
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import pyarrow as pa

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

STDIN: Final = "-"
_LOG_SUFFIXES: Final = (".jsonl", ".json", ".ndjson", ".log", ".parquet", ".gz", ".zst")
_ZSTD, _GZIP, _PARQUET = b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"PAR1"
_PIPE_STEP: Final = 64 << 10
"""Most bytes unpacked at once from a pipe: what is lost of an archive that turns out to be damaged."""
_RESCUE_STEP: Final = 256
"""The same for files, whose damaged part is read twice."""
INTERRUPTED: Final = "interrupted; the rest was not read"
"""Why a source ended early that its reader was told to stop reading."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input."""

    path: str
    """Path as given or found, or ``-``."""
    size: int
    """Bytes on disk; 0 where unknown."""


def _named(given: str) -> list[Path]:
    """List the files that one input names."""
    path = Path(given)
    if path.is_dir():
        logs = (p for p in path.rglob("*") if p.suffix in _LOG_SUFFIXES and p.name[0] != "." and p.is_file())
        found = sorted(logs)
        if not found:
            raise InputError(f"{given}: the folder holds no log file ({', '.join(_LOG_SUFFIXES)})")
        return found
    if path.exists():
        return [path]
    matched = (Path(name) for name in glob.glob(given, recursive=True))  # noqa: PTH207  a pattern may be absolute
    found = sorted(p for p in matched if not p.is_dir())
    if not found:
        raise InputError(f"{given}: no such file, and no file matches it as a pattern")
    return found


def expand(inputs: Sequence[str]) -> tuple[Source, ...]:
    """List the inputs that paths, globs and folders name, each file once, in a stable order.

    Raises
    ------
    InputError
        A path does not exist or may not be looked at, a glob or a folder holds no log.
    """
    found: dict[Path, Source] = {}
    for given in inputs:
        if given == STDIN:
            found[Path(STDIN)] = Source(STDIN, 0)
            continue
        try:
            for path in _named(given):
                size = path.stat().st_size if path.is_file() else 0
                found.setdefault(path.resolve(), Source(str(path), size))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it holds a null byte"
            raise InputError(f"{given}: cannot be looked at: {reason}") from error
    return tuple(found.values())


class _Pipe(io.RawIOBase):
    """Bytes that come once: what was looked at first, then the rest as it comes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = cast("io.BufferedReader", file)
        self.head = b""
        while len(self.head) < len(_PARQUET) and (more := self._file.read1(len(_PARQUET) - len(self.head))):
            self.head += more
        self._left = self.head

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Give some bytes, at least one before the end; never waits for more than one."""
        if self._left:
            most = len(self._left) if size < 0 else size
            given, self._left = self._left[:most], self._left[most:]
            return given
        return self._file.read1(size)


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise InputError("-: there is no standard input")
    return sys.stdin.buffer


class OpenSource:
    """An input being read: its decompressed bytes, and how far it has got."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.incomplete = ""
        self.interrupted = False
        self._given = 0
        self._file: BinaryIO | None = None
        try:
            self._raw, peek = self._open()
        except OSError as error:
            raise InputError(f"{source.path}: cannot be opened: {error.strerror or error}") from error
        except KeyboardInterrupt:
            self.close()
            raise
        self.is_parquet = peek == _PARQUET
        self._codec = "zstd" if peek == _ZSTD else "gzip" if peek[:2] == _GZIP else None
        self._stream = pa.CompressedInputStream(self._raw, self._codec) if self._codec else self._raw

    def _open(self) -> tuple[pa.NativeFile, bytes]:
        """Open for reading, and look at the first bytes."""
        path = self.source.path
        if path != STDIN and Path(path).is_file():
            with Path(path).open("rb") as file:
                peek = file.read(len(_PARQUET))
            return pa.OSFile(os.fsencode(path), "rb"), peek
        if path != STDIN:
            self._file = Path(path).open("rb")  # noqa: SIM115  closed with the source
        pipe = _Pipe(self._file or _stdin())
        return pa.PythonFile(pipe, "r"), pipe.head

    @property
    def is_file(self) -> bool:
        """Whether it can be read from any place, as a pipe cannot."""
        return isinstance(self._raw, pa.OSFile)

    @property
    def position(self) -> int:
        """Bytes of the input consumed so far, before decompression; 0 for a pipe."""
        return int(self._raw.tell()) if self.is_file else 0

    def read_into(self, room: NDArray[np.uint8]) -> int:
        """Fill ``room`` as far as the input goes; returns the bytes written.

        A damaged archive or an interrupt ends the input: what was read stays, ``incomplete`` says why.
        """
        filled = 0
        view = memoryview(room)  # type: ignore[arg-type]
        step = len(view) if self.is_file else _PIPE_STEP
        while filled < len(view) and not self.incomplete:
            try:
                got = self._stream.readinto(view[filled : filled + step])
            except (OSError, pa.ArrowException) as error:
                kind = f"the {self._codec} archive" if self._codec else "the file"
                self.incomplete = f"{kind} is truncated or damaged: {str(error).splitlines()[0][:120]}"
                filled += self._rescue(view[filled:])
                break
            except KeyboardInterrupt:
                self.interrupted, self.incomplete = True, INTERRUPTED
                break
            if not got:
                break
            filled += got
            self._given += got
        return filled

    def _rescue(self, view: memoryview) -> int:
        """Read again, in small steps, what came before the damage in the read that failed; returns the bytes."""
        if not (self.is_file and self._codec):
            return 0
        rescued = 0
        with contextlib.suppress(OSError, pa.ArrowException), pa.OSFile(os.fsencode(self.source.path), "rb") as raw:
            stream = pa.CompressedInputStream(raw, self._codec)
            left = self._given
            while left > 0:
                left -= len(stream.read(min(left, 1 << 20))) or left
            while rescued < len(view) and (got := stream.readinto(view[rescued : rescued + _RESCUE_STEP])):
                rescued += got
        self._given += rescued
        return rescued

    def close(self) -> None:
        """Let the input go."""
        if hasattr(self, "_raw"):
            self._raw.close()
        if self._file is not None:
            self._file.close()
