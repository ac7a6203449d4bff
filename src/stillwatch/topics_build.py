"""Build the shipped word table from word vectors: words in, (hash, topic, weight) out.

The vectors are the static ones inside the ``wordllama`` wheel; longer words of eight languages come
from the frequency lists inside the ``pyspellchecker`` wheel and take the mean of their pieces' vectors.
English words are clustered into 64 subjects; every word of another language joins the nearest subject
after what sets its language apart is taken away. Words are kept as hashes only.

This module neither reads prompts nor runs at detection time: ``stillwatch.sketches.topics`` loads its file.

References
----------
Dhillon & Modha (2001), Concept decompositions for large sparse text data using clustering: spherical k-means.
Arthur & Vassilvitskii (2007), k-means++: the advantages of careful seeding.
"""

from __future__ import annotations

import gzip
import io
import json
import unicodedata
import zipfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from stillwatch.model.errors import InputError
from stillwatch.sketches.layout import SLOT_TOPICS, TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

_M64: Final = (1 << 64) - 1
_MARK: Final = "\u2581"
_FIRST_PIECE: Final = 259
"""Vocabulary entries below are control codes and single bytes."""
LIST_WORDS: Final = {"en": 20000, "es": 5500, "fr": 5500, "de": 5500, "it": 5500, "pt": 5500, "nl": 5000, "ru": 4000}
"""Words taken from each language's list, the most frequent first."""
RARE: Final = 14.0
"""Rarity (nats) from which a word counts in full."""
COMMON: Final = 6.5
"""Rarity (nats) below which a word is a function word and left out."""
LEAN: Final = 0.12
"""Most cosine a language's balancing may add to a topic."""


class Word(NamedTuple):
    """A word on its way into the table."""

    text: str
    """As the kernel sees it: ASCII letters small."""
    group: str
    """Language of its list, else its script; decides which mean is taken away."""
    rarity: float
    """-ln of its share of the language's words, nats."""
    vector: Matrix
    """(256,) as in the word-vector table, length not normalised."""


def words(text: bytes) -> list[bytes]:
    """Cut a text into words as the kernel does.

    A word is a maximal run of ASCII letters, digits and bytes from 0x80 on; letters are made small, a
    run of digits counts as ``0``, and a three-byte character with lead byte 0xE3 to 0xED (CJK, kana,
    hangul) is a word of its own.

    Examples
    --------
    >>> words("Add 12 + x34y: naïve 水着".encode())
    [b'add', b'0', b'x0y', b'na\\xc3\\xafve', b'\\xe6\\xb0\\xb4', b'\\xe7\\x9d\\x80']
    """
    found: list[bytes] = []
    run = bytearray()
    i = 0
    while i < len(text):
        c = text[i]
        if 0xE3 <= c <= 0xED and i + 2 < len(text):
            found.extend((bytes(run), text[i : i + 3]))
            run.clear()
            i += 3
            continue
        if 0x30 <= c <= 0x39:
            if not run.endswith(b"0"):
                run.append(0x30)
        elif 0x41 <= c <= 0x5A or 0x61 <= c <= 0x7A:
            run.append(c | 0x20)
        elif c >= 0x80:
            run.append(c)
        else:
            found.append(bytes(run))
            run.clear()
        i += 1
    found.append(bytes(run))
    return [word for word in found if word]


def word_hash(word: bytes) -> int:
    """Hash a word of :func:`words` to 64 bits: FNV-1a, then the murmur3 finaliser.

    The table's key is the upper half, ``word_hash(word) >> 32``.

    Examples
    --------
    >>> hex(word_hash(b"water"))
    '0x0'
    """
    x = 0xCBF29CE484222325
    for c in word:
        x = ((x ^ c) * 0x100000001B3) & _M64
    x ^= x >> 33
    x = (x * 0xFF51AFD7ED558CCD) & _M64
    x ^= x >> 33
    x = (x * 0xC4CEB9FE1A85EC53) & _M64
    return x ^ (x >> 33)


def _folder(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise InputError(f"the word vectors need the package {package!r}: pip install 'stillwatch[topics]'")
    return Path(found.origin).parent


def _sources() -> tuple[Any, dict[str, int], Matrix, Path]:
    """Give tokenizer, vocabulary, vectors and the folder of word lists, all from installed wheels."""
    folder, lists = _folder("wordllama"), _folder("spellchecker") / "resources"
    try:
        from safetensors.numpy import load_file  # noqa: PLC0415  an optional extra
        from tokenizers import Tokenizer  # noqa: PLC0415  an optional extra
    except ImportError as error:
        raise InputError(f"{error}: pip install 'stillwatch[topics]'") from error
    table = load_file(folder / "weights" / "l2_supercat_256.safetensors")["embedding.weight"].astype(np.float64)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    return tokenizer, tokenizer.get_vocab(), table, lists


def _script(text: str) -> str:
    """Name the script of a word's first letter; ``en`` for a word of ASCII letters."""
    if text.isascii():
        return "en"
    name = unicodedata.name(text[0], "other").split(" ", 1)[0].split("-", 1)[0].lower()
    return "han" if name == "cjk" else name


def _list_words(code: str, lists: Path, tokenizer: Any, table: Matrix) -> list[Word]:  # noqa: ANN401
    with gzip.open(lists / f"{code}.json.gz", "rt", encoding="utf-8") as stream:
        counts: dict[str, int] = json.load(stream)
    total = sum(counts.values())
    ranked = sorted(((n, w) for w, n in counts.items() if len(w) >= 3 and w.isalpha()), key=lambda p: (-p[0], p[1]))
    ranked = ranked[: LIST_WORDS[code]]
    pieces = tokenizer.encode_batch([w for _, w in ranked], add_special_tokens=False)
    return [
        Word(text.lower(), code, float(-np.log(n / total)), table[cut.ids].mean(axis=0))
        for (n, text), cut in zip(ranked, pieces, strict=True)
        # Pieces shorter than two letters on average are spelling, not meaning.
        if len(text) >= 2 * len(cut.ids)
    ]


def _vocabulary_words(vocab: dict[str, int], table: Matrix) -> list[Word]:
    """Give whole-word pieces and single East Asian characters; vocabulary order stands in for frequency."""
    found: dict[str, Word] = {}
    for piece, at in sorted(vocab.items(), key=lambda p: p[1]):
        whole = piece.startswith(_MARK)
        text = piece[1:].lower() if whole else piece
        if not text.isalpha() or len(text) < (3 if whole else 1):
            continue
        if not whole and not (len(text) == 1 and 0x3040 <= ord(text) < 0xD800):
            continue
        # A small-letter piece of the same word, met later, is the better vector.
        if text not in found or piece[1:] == text:
            rank = at - _FIRST_PIECE if whole else at - 29800
            found[text] = Word(text, _script(text), float(np.log(max(rank, 1)) + (4.0 if whole else 2.5)), table[at])
    return list(found.values())


def _collect(tell: Callable[[str], None]) -> list[Word]:
    tokenizer, vocab, table, lists = _sources()
    best: dict[str, Word] = {}
    for code in LIST_WORDS:
        for word in _list_words(code, lists, tokenizer, table):
            # A word of several languages belongs to the one that says it most.
            if word.text not in best or word.rarity < best[word.text].rarity:
                best[word.text] = word
    tell(f"{len(best)} words of {len(LIST_WORDS)} lists")
    for word in _vocabulary_words(vocab, table):
        known = best.get(word.text)
        best[word.text] = word if known is None else known._replace(vector=word.vector)
    tell(f"{len(best)} words with the vocabulary of the vectors")
    kept = [w for w in best.values() if w.rarity > COMMON and not w.text.startswith("\ufeff")]
    return sorted(kept, key=lambda w: w.text)


def _unit(rows: Matrix) -> Matrix:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def _without_language(rows: Matrix, groups: NDArray[np.str_], share: Matrix) -> Matrix:
    """Take each language's mean away, and the directions in which the means differ."""
    rows = _unit(rows)
    means = []
    for group in sorted(set(groups.tolist())):
        mine = groups == group
        mean = np.average(rows[mine], axis=0, weights=share[mine])
        rows[mine] -= mean
        if np.count_nonzero(mine) >= 100:
            means.append(mean)
    apart = np.array(means) - np.mean(means, axis=0)
    _, strength, directions = np.linalg.svd(apart, full_matrices=False)
    basis = directions[strength > 1e-9]
    return _unit(rows - rows @ basis.T @ basis)


def _cluster(rows: Matrix, share: Matrix, seed: int, tell: Callable[[str], None]) -> Matrix:
    """Spherical k-means, best of several seeded starts; (TOPICS, d) centroids of length one."""
    best, best_fit = np.empty(0), -1.0
    for start in range(6):
        rng = np.random.default_rng([seed, start])
        centres = rows[rng.choice(len(rows), 1, p=share / share.sum())]
        near = rows @ centres[0]
        while len(centres) < TOPICS:
            odds = share * np.clip(1 - near, 0, None)
            pick = rows[rng.choice(len(rows), p=odds / odds.sum())]
            centres = np.vstack([centres, pick])
            near = np.maximum(near, rows @ pick)
        for _ in range(40):
            closeness = rows @ centres.T
            topic = closeness.argmax(axis=1)
            sums = np.zeros_like(centres)
            np.add.at(sums, topic, rows * share[:, None])
            moved = np.where(np.linalg.norm(sums, axis=1, keepdims=True) > 0, _unit(sums), centres)
            if np.allclose(moved, centres, atol=1e-6):
                break
            centres = moved
        fit = float(np.average((rows @ centres.T).max(axis=1), weights=share))
        if fit > best_fit:
            best, best_fit = centres, fit
    tell(f"{TOPICS} topics, mean cosine of an English word to its topic {best_fit:.3f}")
    return best


def _order(centres: Matrix) -> NDArray[np.int64]:
    """Order topics so that each run of eight is one coarse topic of like subjects."""
    from scipy.cluster.hierarchy import leaves_list, linkage  # noqa: PLC0415  an optional extra
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  an optional extra

    leaves = leaves_list(linkage(centres, "ward", optimal_ordering=True))
    size = TOPICS // SLOT_TOPICS
    group = np.empty(TOPICS, np.int64)
    group[leaves] = np.arange(TOPICS) // size
    for _ in range(50):
        middles = _unit(np.stack([centres[group == g].mean(axis=0) for g in range(SLOT_TOPICS)]))
        cost = -np.repeat(centres @ middles.T, size, axis=1)
        moved = linear_sum_assignment(cost)[1] // size
        if np.array_equal(moved, group):
            break
        group = moved
    place = np.empty(TOPICS, np.int64)
    place[leaves] = np.arange(TOPICS)
    return np.lexsort((place, group))


def _assign(closeness: Matrix, mass: Matrix, target: Matrix) -> NDArray[np.int64]:
    """Give each word its nearest topic, leaning so that a language's words fill topics as English words do."""
    lean = np.zeros(TOPICS)
    goal = target / target.sum()
    for step in range(60):
        topic = (closeness + lean).argmax(axis=1)
        held = np.bincount(topic, mass, TOPICS)
        gap = np.log((goal + 0.002) / (held / held.sum() + 0.002))
        lean = np.clip(lean + 0.02 / (1 + step / 10) * gap, -LEAN, LEAN)
    return (closeness + lean).argmax(axis=1)


def _topics(
    rows: Matrix, groups: NDArray[np.str_], listed: NDArray[np.bool_], share: Matrix, seed: int, tell: Callable[[str], None]
) -> tuple[NDArray[np.int64], Matrix, Matrix]:
    """Give the topic of every word, its cosine to it, and the centroids."""
    english = (groups == "en") & listed
    centres = _cluster(rows[english], share[english], seed, tell)
    centres = centres[_order(centres)]
    closeness = rows @ centres.T
    topic = closeness.argmax(axis=1)
    target = np.bincount(topic[english], share[english], TOPICS)
    for group in sorted(set(groups.tolist()) - {"en"}):
        mine = groups == group
        topic[mine] = _assign(closeness[mine], share[mine], target)
    return topic, closeness[np.arange(len(rows)), topic], centres


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


def _spellings(text: str) -> list[bytes]:
    """Give the byte forms the kernel may meet: it makes ASCII letters small and no others."""
    forms = [text]
    if not text[0].isascii() and text[0].upper() != text[0]:
        forms.append(text[0].upper() + text[1:])
    cut = [words(form.encode()) for form in forms]
    return [form[0] for form in cut if len(form) == 1]


def _weights(chosen: list[Word], fit: Matrix) -> NDArray[np.uint8]:
    """Weigh words by how rare they are and how well they fit their topic."""
    rarity = np.array([word.rarity for word in chosen])
    telling = np.clip((rarity - COMMON) / (RARE - COMMON), 0.02, 1)
    return np.clip(np.rint(255 * telling * np.clip(fit / 0.6, 0.02, 1)), 1, 255).astype(np.uint8)


def _columns(
    chosen: list[Word], topic: NDArray[np.int64], weight: NDArray[np.uint8]
) -> dict[str, NDArray[np.generic]]:
    """Hash, sort by key and take differences; where two words share a key the less rare one stays."""
    taken: dict[int, int] = {}
    for i in sorted(range(len(chosen)), key=lambda i: (chosen[i].rarity, chosen[i].text)):
        for form in _spellings(chosen[i].text):
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
    About 20 s and 400 MB on one core. Blind spot: a word in pieces shorter than two letters, and every
    word of a script without an alphabetic vocabulary here (Arabic, Thai, Hindi), stays unknown.
    """
    try:
        made = [f"{name} {version(name)}, MIT licence" for name in ("wordllama", "pyspellchecker")]
    except PackageNotFoundError as error:
        raise InputError(f"{error.name} is missing: pip install 'stillwatch[topics]'") from error
    chosen = _collect(tell)
    groups = np.array([word.group for word in chosen])
    listed = np.array([word.group in LIST_WORDS for word in chosen])
    share = np.exp(-0.5 * np.array([word.rarity for word in chosen]))
    rows = _without_language(np.stack([word.vector for word in chosen]), groups, share)
    topic, fit, centres = _topics(rows, groups, listed, share, seed, tell)
    weight = _weights(chosen, fit)
    columns = _columns(chosen, topic, weight)
    english = np.flatnonzero((groups == "en") & (share > np.exp(-0.5 * 12)))
    closeness = rows[english] @ centres.T
    names = []
    for t in range(TOPICS):
        mine = np.flatnonzero(topic[english] == t)
        best = mine[np.argsort(-closeness[mine, t], kind="stable")[:3]]
        names.append(" ".join(chosen[english[i]].text for i in best))
    columns["names"] = _text(names)
    columns["origin"] = _text([*made, f"seed {seed}"])
    try:
        _pack(out_path, columns)
    except OSError as error:
        raise InputError(f"cannot write {out_path}: {error.strerror}") from error
    size = out_path.stat().st_size
    tell(f"{columns['topic'].shape[0]} spellings, {size} bytes written to {out_path}")
    return size
