"""Concepts and families of ``concepts.toml`` as arrays a kernel reads.

A concept is one notion in the words of several languages; a family asks for several concepts close to one
another, so that a wording nobody has listed is found where its notions meet. Expressions are cut by the
same ``cut_words`` as prompts and laid out as a trie of running hashes in one open-addressing table; a
filter of bits tells in two loads which words may begin an expression. A second filter knows only the
anchors, one rare concept of each rule: most texts are left after that one look.

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
from string import ascii_lowercase, ascii_uppercase
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
WORDS_MOST: Final = 12
"""Words of the longest expression; a CJK, kana or hangul character is a word."""
ALONE_BITS: Final = 16
"""log2 of the bits that stand for expressions of one word: 8 KiB."""
PAIR_BITS: Final = 17
"""log2 of the bits that stand for the first two words of longer ones: 16 KiB, with the above half of a first cache."""
STEP: Final = 0x9E3779B97F4A7C15
"""Multiplier of the running hash: hash of k + 1 words = hash of k words * STEP + next word, modulo 2^64."""

_M64: Final = (1 << 64) - 1
_LOAD: Final = 0.5
_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Family:
    """One way of asking, as the lexicon states it."""

    name: str
    """Unique, lower case."""
    title: str
    """What it finds, for a person."""
    needs: tuple[tuple[str, ...], ...]
    """Lines of concepts; all concepts of one line must stand in the window. The first is the line's anchor."""
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


class Filter(NamedTuple):
    """Bits that tell where an expression may begin; where they are 0, none does."""

    alone: NDArray[np.uint64]
    """(2^10,) bits by the low bits of a word's hash: an expression of this word alone."""
    pair: NDArray[np.uint64]
    """(2^11,) bits by the high bits of the running hash of two words: an expression that begins with them."""


class PhraseTable(NamedTuple):
    """What the kernel reads; none of it can be written to."""

    anchors: Filter
    """Where the anchor of a rule may begin: a text without any meets no rule."""
    all: Filter
    """Where any expression may begin."""
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
    anchor_bits: np.uint64
    """Concepts that are the anchor of a rule, as bits."""
    reach: np.uint64
    """Words of the widest window."""
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
    >>> sorted(spellings("tes réflexions"))
    ['tes rÉflexions', 'tes réflexions']
    """
    cased = {expression, expression[:1].upper() + expression[1:], expression.title(), expression.upper()}
    cased |= {spelling.replace("'", "’") for spelling in cased}  # noqa: RUF001  the typographic one
    return {spelling.translate(_LOWER) for spelling in cased}


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
    named: dict[str, int] = {}
    for bit, languages in enumerate(lexicon.concepts.values()):
        for expression in (e for listed in languages.values() for e in listed):
            named[expression] = named.get(expression, 0) | 1 << bit
    found: dict[tuple[int, ...], int] = {}
    for expression, concepts in named.items():
        for words in map(cut, spellings(expression)):
            if not 0 < len(words) <= WORDS_MOST:
                raise ValueError(f"the expression {expression!r} has {len(words)} words, not 1 to {WORDS_MOST}")
            found[words] = found.get(words, 0) | concepts
    return found


def running(words: Iterable[int]) -> int:
    """Hash words in a row, as the kernel does word by word."""
    digest = 0
    for word in words:
        digest = (digest * STEP + word) & _M64
    return digest


def _filter(found: Iterable[tuple[int, ...]]) -> Filter:
    made = Filter(np.zeros(1 << ALONE_BITS - 6, np.uint64), np.zeros(1 << PAIR_BITS - 6, np.uint64))
    for words in found:
        alone = len(words) == 1
        at = words[0] & (1 << ALONE_BITS) - 1 if alone else running(words[:2]) >> 64 - PAIR_BITS
        (made.alone if alone else made.pair)[at >> 6] |= np.uint64(1 << (at & 63))
    return made


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
    anchors = sum({bit[line[0]] for line, _, _ in rules})
    table = PhraseTable(
        anchors=_filter(words for words, concepts in found.items() if concepts & anchors),
        all=_filter(found),
        keys=keys,
        bits=bits,
        needs=np.array([sum(bit[name] for name in set(line)) for line, _, _ in rules], np.uint64),
        windows=np.array([family.window for _, _, family in rules], np.int32),
        family=np.array([1 << at for _, at, _ in rules], np.uint32),
        anchor_bits=np.uint64(anchors),
        reach=np.uint64(max(family.window for _, _, family in rules)),
        systems=np.uint32(sum(1 << at for at, family in enumerate(lexicon.families) if family.systems)),
    )
    for column in (*table, *table.anchors, *table.all):
        if isinstance(column, np.ndarray):
            column.flags.writeable = False
    return table


@cache
def packed() -> PhraseTable:
    """Give the shipped lexicon as the kernel reads it, once a run.

    Examples
    --------
    >>> sum(part.nbytes for part in packed().anchors), packed().keys.flags.writeable
    (24576, False)
    """
    return pack(lexicon())
