"""Build the shipped word table from word vectors: words in, (hash, topic, weight) out.

The vectors are the static ones inside the ``wordllama`` wheel; longer words of eight languages come
from the frequency lists inside the ``pyspellchecker`` wheel and take the sum of their pieces' vectors.
English words are clustered into 64 subjects; every word of another language joins the nearest subject
after what sets its language apart is taken away. Words are kept as hashes only.

Nothing here reads prompts or runs at detection time: ``stillwatch.sketches.topics`` loads the file.
"""

from __future__ import annotations

import io
import zipfile
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.errors import InputError
from stillwatch.sketches.layout import TOPICS
from stillwatch.topics_build.clusters import topics, vectors
from stillwatch.topics_build.vocabulary import Word, loudness, spellings, word_hash, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

__all__ = ["build", "word_hash", "words"]


def _pack(path: Path, columns: dict[str, NDArray[np.generic]]) -> None:
    """Write an npz whose bytes depend on the columns alone."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, column in columns.items():
            room = io.BytesIO()
            np.lib.format.write_array(room, np.ascontiguousarray(column), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, room.getvalue(), zipfile.ZIP_DEFLATED, 9)


def _text(lines: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(lines).encode(), np.uint8)


def _weights(chosen: list[Word], fit: Matrix) -> NDArray[np.uint8]:
    """Weigh words by how much they say and how well they fit their topic."""
    loud = np.array([loudness(word) for word in chosen])
    weight = np.rint(255 * loud**2 * np.clip(fit / 0.6, 0, 1))
    return np.asarray(np.clip(weight, 1, 255), np.uint8)


def _columns(chosen: list[Word], topic: NDArray[np.int64], weight: NDArray[np.uint8]) -> dict[str, NDArray[np.generic]]:
    """Hash, sort by key and take differences; where two words share a key the less rare one stays."""
    taken: dict[int, int] = {}
    for i in sorted(range(len(chosen)), key=lambda i: (chosen[i].rarity, chosen[i].text)):
        for form in spellings(chosen[i].text):
            taken.setdefault(word_hash(form) >> 32, i)
    taken.pop(0, None)
    keys = np.array(sorted(taken), np.uint32)
    rows = np.array([taken[int(key)] for key in keys])
    steps = np.diff(keys, prepend=np.uint32(0)).astype("<u4")
    return {
        # Byte planes: the high bytes of the steps are nearly all zero and pack to nothing.
        "steps": steps.view(np.uint8).reshape(-1, 4).T,
        "topic": topic[rows].astype(np.uint8),
        "weight": weight[rows],
    }


def build(out_path: Path, seed: int = 0, tell: Callable[[str], None] = print) -> int:
    """Build the word table and write it.

    Parameters
    ----------
    out_path
        File to write, an npz; the packages' versions and the seed decide every byte.
    seed
        Seed of the clustering.
    tell
        Called with one line of progress at a time.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    InputError
        The packages of the extra ``topics`` are missing, or the file cannot be written.

    Notes
    -----
    About 15 s and 950 MB on two cores. Blind spot: a word in pieces shorter than two letters, and every
    word of a script without an alphabetic vocabulary here (Arabic, Thai, Hindi), stays unknown.
    """
    try:
        made = [f"{name} {version(name)}, MIT licence" for name in ("wordllama", "pyspellchecker")]
    except PackageNotFoundError as error:
        raise InputError(f"{error.name} is missing: pip install 'stillwatch[topics]'") from error
    if not out_path.parent.is_dir():
        raise InputError(f"cannot write {out_path}: there is no folder {out_path.parent}")
    chosen, rows = vectors(tell)
    share = np.array([np.exp(-word.rarity) for word in chosen])
    topic, closeness = topics(rows, chosen, share * np.array([loudness(w) ** 2 for w in chosen]), seed, tell)
    fit = closeness[np.arange(len(rows)), topic]
    columns = _columns(chosen, topic, _weights(chosen, fit))
    nouns = np.flatnonzero([word.founds == 1 for word in chosen])
    names = []
    for t in range(TOPICS):
        best = nouns[np.argsort(-closeness[nouns, t], kind="stable")[:3]]
        names.append(" ".join(chosen[i].text for i in best))
    columns["names"] = _text(names)
    columns["origin"] = _text([*made, f"seed {seed}"])
    try:
        _pack(out_path, columns)
    except OSError as error:
        raise InputError(f"cannot write {out_path}: {error.strerror}") from error
    size = out_path.stat().st_size
    tell(f"{columns['topic'].shape[0]} spellings, {size} bytes written to {out_path}")
    return size
