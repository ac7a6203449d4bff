"""Concepts and families of ``concepts.toml`` as arrays a kernel reads.

A concept is one notion in the words of several languages; a family asks for several concepts close to one
another, so that a wording nobody has listed is found where its notions meet. Expressions are cut by the
same ``cut_words`` as prompts and laid out as a trie of running hashes in one open-addressing table; a
filter of two bytes a word hash tells in one load which words may begin an expression.

The table holds hashes and knows no language: an expression counts the same whichever it is written in.
It is a list of phrasings, not a judgement: a family says that a prompt asks in a certain way, not why.

References
----------
Knuth (1973), The Art of Computer Programming 3, section 6.3: tries; 6.4: open addressing.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stillwatch.sketches.text import cut_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

FILE: Final = "concepts.toml"
"""Name of the shipped lexicon, beside this module."""
CONCEPTS_MOST: Final = 64
FAMILIES_MOST: Final = 32
WORDS_MOST: Final = 8
"""Words of the longest expression; a CJK, kana or hangul character is a word."""
FILTER_BITS: Final = 13
"""log2 of the filter's entries: 16 KiB, half of a core's first cache."""
COLOURS: Final = 7
"""Colours of second words: a pair of words passes the filter only where both name the same colour."""
STEP: Final = 0x9E3779B97F4A7C15
"""Multiplier of the running hash: hash of k + 1 words = hash of k words * STEP + next word, modulo 2^64."""

_M64: Final = (1 << 64) - 1
_LOAD: Final = 0.5


@dataclass(frozen=True, slots=True)
class Family:
    """One way of asking, as the lexicon states it."""

    name: str
    """Unique, lower case."""
    title: str
    """What it finds, for a person."""
    needs: tuple[tuple[str, ...], ...]
    """Lines of concepts; all concepts of one line must stand in the window."""
    window: int
    """Words within which the first words of the expressions must lie."""
    systems: bool
    """Whether it is sought in system texts too."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lexicon in words, in the order of its file."""

    concepts: dict[str, dict[str, tuple[str, ...]]]
    """Concept to language to expressions, with those of the concepts named under ``also``."""
    families: tuple[Family, ...]
    """Family f is bit f of what the kernel answers."""


class PhraseTable(NamedTuple):
    """What the kernel reads; none of it can be written to."""

    filter: NDArray[np.uint16]
    """(2^13,) by low bits of the word hash: bit 0 an expression of one word; bits 1-7 a first word, by the colour
    of the second; bits 9-15 a second word, by its colour."""
    keys: NDArray[np.uint64]
    """(2^m,) running hash of a beginning of an expression, 0 where the slot is empty."""
    bits: NDArray[np.uint64]
    """(2^m,) bit c: the words so far are an expression of concept c; 0 where they only begin one."""
    needs: NDArray[np.uint64]
    """(rules,) concepts a rule asks for, as bits; a rule is one line of a family's needs."""
    windows: NDArray[np.int32]
    """(rules,) words."""
    family: NDArray[np.uint32]
    """(rules,) bit of the family that the rule is one of."""
    systems: np.uint32
    """Families that are sought in system texts too, as bits."""


@cache
def lexicon() -> Lexicon:
    """Read the shipped lexicon, once a run.

    Examples
    --------
    >>> [family.name for family in lexicon().families][:2]
    ['reasoning_elicitation', 'thinking_format']
    """
    written = tomllib.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    concepts: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, languages in written["concept"].items():
        parts = [concepts[other] for other in languages.pop("also", ())] + [languages]
        codes = dict.fromkeys(code for part in parts for code in part)
        concepts[name] = {code: tuple(e for part in parts for e in part.get(code, ())) for code in codes}
    families = tuple(
        Family(name, f["title"], tuple(map(tuple, f["needs"])), f["window"], f["systems"])
        for name, f in written["family"].items()
    )
    return Lexicon(concepts, families)


def spellings(expression: str) -> set[str]:
    """Give the ways an expression may be written that the cut into words tells apart.

    Only ASCII letters are lowercased there, and a typographic apostrophe is a letter.

    Examples
    --------
    >>> sorted(spellings("tes réflexions écrites"))
    ['TES RÉFLEXIONS ÉCRITES', 'Tes Réflexions Écrites', 'Tes réflexions écrites', 'tes réflexions écrites']
    """
    return {expression, expression[:1].upper() + expression[1:], expression.title(), expression.upper()}


def cut(text: str) -> tuple[int, ...]:
    """Give the word hashes of a text, as the kernel cuts it.

    Examples
    --------
    >>> cut("Word for WORD")[0] == cut("word")[0], len(cut("推理过程"))
    (True, 4)
    """
    written = np.frombuffer(text.encode(), np.uint8)
    room = np.zeros(written.shape[0] + 2, np.uint64)
    return tuple(int(word) for word in room[: cut_words(written, 0, written.shape[0], room, 0)])


def expressions(lexicon: Lexicon) -> dict[tuple[int, ...], int]:
    """Give the concepts of every expression: word hashes to concept bits.

    Raises
    ------
    ValueError
        The lexicon has too many concepts, or an expression has no word or too many.
    """
    if len(lexicon.concepts) > CONCEPTS_MOST:
        raise ValueError(f"{len(lexicon.concepts)} concepts, at most {CONCEPTS_MOST}")
    found: dict[tuple[int, ...], int] = {}
    for bit, (name, languages) in enumerate(lexicon.concepts.items()):
        for expression in (e for listed in languages.values() for e in listed):
            for spelling in spellings(expression):
                words = cut(spelling)
                if not 0 < len(words) <= WORDS_MOST:
                    raise ValueError(f"concept {name}: {expression!r} has {len(words)} words, not 1 to {WORDS_MOST}")
                found[words] = found.get(words, 0) | 1 << bit
    return found


def running(words: Iterable[int]) -> int:
    """Hash words in a row, as the kernel does word by word."""
    digest = 0
    for word in words:
        digest = (digest * STEP + word) & _M64
    return digest


def _filter(found: Iterable[tuple[int, ...]]) -> NDArray[np.uint16]:
    table = np.zeros(1 << FILTER_BITS, np.uint16)
    mask = (1 << FILTER_BITS) - 1
    for words in found:
        if len(words) == 1:
            table[words[0] & mask] |= 1
        else:
            colour = 2 << (words[1] >> 32) % COLOURS
            table[words[0] & mask] |= colour
            table[words[1] & mask] |= colour << 8
    return table


def _trie(found: dict[tuple[int, ...], int]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    nodes: dict[int, int] = {}
    for words, concepts in found.items():
        for length in range(1, len(words) + 1):
            node = running(words[:length])
            nodes[node] = nodes.get(node, 0) | (concepts if length == len(words) else 0)
    size = 1 << max(4, int(np.ceil(np.log2(len(nodes) / _LOAD))))
    keys, bits = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for node in sorted(nodes):
        at = node >> 32 & size - 1
        while keys[at]:
            at = (at + 1) & size - 1
        keys[at], bits[at] = node, nodes[node]
    return keys, bits


def pack(lexicon: Lexicon) -> PhraseTable:
    """Lay a lexicon out for the kernel.

    Raises
    ------
    ValueError
        The lexicon is larger than the kernel's words have bits, or a family needs a concept it does not hold.

    Notes
    -----
    The layout depends on nothing but the lexicon.
    """
    if len(lexicon.families) > FAMILIES_MOST:
        raise ValueError(f"{len(lexicon.families)} families, at most {FAMILIES_MOST}")
    bit = {name: 1 << at for at, name in enumerate(lexicon.concepts)}
    rules = [(line, at, family) for at, family in enumerate(lexicon.families) for line in family.needs]
    unknown = sorted({name for line, _, _ in rules for name in line} - set(bit))
    if unknown:
        raise ValueError(f"families need concepts that are not listed: {', '.join(unknown)}")
    found = expressions(lexicon)
    keys, bits = _trie(found)
    table = PhraseTable(
        filter=_filter(found),
        keys=keys,
        bits=bits,
        needs=np.array([sum(bit[name] for name in set(line)) for line, _, _ in rules], np.uint64),
        windows=np.array([family.window for _, _, family in rules], np.int32),
        family=np.array([1 << at for _, at, _ in rules], np.uint32),
        systems=np.uint32(sum(1 << at for at, family in enumerate(lexicon.families) if family.systems)),
    )
    for column in table[:-1]:
        column.flags.writeable = False  # type: ignore[union-attr]
    return table


@cache
def packed() -> PhraseTable:
    """Give the shipped lexicon as the kernel reads it, once a run.

    Examples
    --------
    >>> packed().filter.nbytes, packed().keys.flags.writeable
    (16384, False)
    """
    return pack(lexicon())
