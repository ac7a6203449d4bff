"""A checkpoint folder: many files that become valid together, by one rename.

::

    folder/
      manifest.json                    which generation counts, the facts it was made under, SHA-256 of each file
      stillwatch-generation-000007/    the files

A new generation is written and fsynced beside the old one; replacing the manifest is the one step that
makes it count. A crash before that step leaves the old checkpoint, a crash after it the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.errors import CheckpointError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FORMAT_VERSION: Final = 1
"""Raised when the meaning of the manifest or the set of files changes."""
MANIFEST: Final = "manifest.json"
# Left-overs are removed by name, so the names are nobody else's.
_WRITING: Final = "stillwatch-writing"
_GENERATION: Final = "stillwatch-generation-"


def _settle(path: Path) -> None:
    """Wait until a folder's entries are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _put(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _render(manifest: Mapping[str, object]) -> bytes:
    """Write a manifest in the one form that is accepted back, with a checksum over all else."""
    body = {name: value for name, value in manifest.items() if name != "sha256"}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return (json.dumps({**body, "sha256": digest}, indent=1, sort_keys=True) + "\n").encode()


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        written = (folder / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint in {folder}") from error
    except OSError as error:
        raise CheckpointError(f"the checkpoint in {folder} cannot be read: {error.strerror}") from error
    try:
        manifest = json.loads(written)
        whole = _render(manifest) == written
    except (ValueError, AttributeError):
        whole = False
    if not whole:
        raise CheckpointError(f"the checkpoint in {folder} is torn: its manifest is damaged; start from an older one")
    if manifest.get("format") != FORMAT_VERSION:
        raise CheckpointError(
            f"the checkpoint in {folder} has format {manifest.get('format')}, this version reads {FORMAT_VERSION}"
        )
    return dict(manifest)


def _place(folder: Path, generation: int) -> Path:
    return folder / f"{_GENERATION}{generation:06d}"


def _sweep(folder: Path, current: int) -> None:
    """Remove what earlier writes left, finished or not, except the generation that counts."""
    for entry in sorted(folder.iterdir()):
        if entry == _place(folder, current):
            continue
        if entry.name == _WRITING or entry.name.startswith(_GENERATION):
            shutil.rmtree(entry)
        elif entry.name == MANIFEST + ".new":
            entry.unlink()


def _write(
    folder: Path, facts: Mapping[str, int | str], files: Iterable[tuple[str, bytes]], notes: Mapping[str, object]
) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    old = int(_manifest(folder)["generation"]) if (folder / MANIFEST).exists() else 0
    _sweep(folder, old)
    room = folder / _WRITING
    room.mkdir(mode=0o700)
    sums = {}
    for name, content in files:
        _put(room / name, content)
        sums[name] = hashlib.sha256(content).hexdigest()
    _settle(room)
    room.rename(_place(folder, old + 1))
    _settle(folder)
    made = {"format": FORMAT_VERSION, "generation": old + 1, "facts": dict(facts), "files": sums, "notes": dict(notes)}
    new = folder / (MANIFEST + ".new")
    _put(new, _render(made))
    new.replace(folder / MANIFEST)
    _settle(folder)
    _sweep(folder, old + 1)


def write(
    folder: Path,
    facts: Mapping[str, int | str],
    files: Iterable[tuple[str, bytes]],
    notes: Mapping[str, object] | None = None,
) -> None:
    """Write a checkpoint; until the last step the one before it stays in force.

    Parameters
    ----------
    folder
        Made if it does not exist, readable by its owner only. Nothing else should be kept in it.
    facts
        What must be equal for the checkpoint to be read again: versions, fingerprint of the key, settings.
    files
        Name and content of each file, taken one at a time.
    notes
        What becomes valid in the same step, such as how far a stream was read; JSON values.

    Raises
    ------
    CheckpointError
        The folder holds a damaged checkpoint or one of another format, which is left as it is.
    StoreError
        The folder cannot be written: no room, no right.

    Notes
    -----
    Needs room on the disk for two checkpoints. One writer at a time.
    """
    try:
        _write(folder, facts, files, notes or {})
    except OSError as error:
        # What was written of it must not take the room that the disk has left.
        shutil.rmtree(folder / _WRITING, ignore_errors=True)
        raise StoreError(
            f"the checkpoint could not be written to {folder}: {error.strerror or error}; the one before still counts"
        ) from error


class Checkpoint:
    """A checkpoint found in a folder and made under the same facts; its files are read one at a time.

    Raises
    ------
    CheckpointError
        There is none, it is damaged, or it was made under other facts.
    """

    def __init__(self, folder: Path, facts: Mapping[str, int | str]) -> None:
        manifest = _manifest(folder)
        self._folder = folder
        self._place = _place(folder, manifest["generation"])
        self._sums: dict[str, str] = manifest["files"]
        self.notes: dict[str, Any] = manifest.get("notes", {})
        """What was written down with it."""
        theirs = manifest["facts"]
        if theirs.get("key") != facts.get("key"):
            raise CheckpointError(f"the checkpoint in {folder} was made under another key file")
        for name in sorted({*theirs, *facts}):
            if theirs.get(name) != facts.get(name):
                made, here = theirs.get(name), facts.get(name)
                raise CheckpointError(f"the checkpoint in {folder} was made with {name} {made}, this run has {here}")

    def read(self, name: str) -> bytes:
        """Give the content of a file.

        Raises
        ------
        CheckpointError
            It is missing or not what was written.
        """
        try:
            content = (self._place / name).read_bytes()
        except OSError as error:
            raise CheckpointError(f"the checkpoint in {self._folder} lacks {name}: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != self._sums.get(name):
            raise CheckpointError(f"the checkpoint in {self._folder} is torn: {name} is not what was written")
        return content
