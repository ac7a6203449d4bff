"""The words of the table: from the wheels' vocabulary and lists to words with vectors; cutting and hashing.

Words are read from files inside installed packages; nothing is downloaded and no prompt is read.

References
----------
Fowler, Noll & Vo (1991), FNV-1a. Appleby (2011), MurmurHash3 ``fmix64``.
"""

from __future__ import annotations

import gzip
import json
import unicodedata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

_M64: Final = (1 << 64) - 1
_MARK: Final = "\u2581"
_FIRST_PIECE: Final = 259
"""Vocabulary entries below are control codes and single bytes."""
_FIRST_LETTER: Final = 29871
"""Vocabulary entries from here on are single characters, the most frequent first."""
_ZIPF: Final = 2.9
"""ln of the sum of 1/rank: a word of rank r has the share 1/(r * 18) under Zipf's law."""
LIST_WORDS: Final = {"en": 60000, "es": 9000, "fr": 9000, "de": 9000, "it": 9000, "pt": 9000, "nl": 9000, "ru": 9000}
"""Words read from each language's list, the most frequent first."""
COMMON: Final = {"en": 5.8}
"""Rarity (nats) up to which a word is a function word and left out, whatever its vector."""
COMMON_ELSEWHERE: Final = 6.6
"""The same in other languages, where the length of a vector tells less: training saw mostly English."""
FAINT: Final = 8.0
"""Vector length below which a word says nothing of the subject; ``the`` has 1.6, ``write`` 11, ``guitar`` 18."""
FULL: Final = 25.0
"""Vector length from which a word counts in full."""
NAME: Final = 0.25
"""What a word met only with a capital counts in making topics: most are names."""
MAIN_PIECE: Final = 0.6
"""Least share of its letters that the longest piece of a word put together must hold, English apart."""
ASKING: Final = frozenset(
    """
    answer answers ask asked asking choose classify complete compose construct correct create created creating describe
    describes detail detailed details determine discuss edit evaluate example examples explain explaining following
    format generate generated generating given identify include including input instruction instructions list listed
    output paragraph paragraphs phrase please prompt provide provided provides question questions request respond
    response responses rewrite rewritten select sentence sentences statement suggest summarise summarize summary task
    tasks text topic word words write writing written
    escribe escribir explica pregunta respuesta frase lista ejemplo ejemplos siguiente siguientes crea crear genera
    écris écrire explique expliquer question réponse phrase liste exemple exemples suivant suivante crée créer donne
    schreibe schreiben erkläre frage antwort satz liste beispiel beispiele folgende folgenden erstelle erstellen gib
    scrivi scrivere spiega domanda risposta frase elenco lista esempio esempi seguente seguenti crea creare genera
    escreva escrever explique pergunta resposta frase lista exemplo exemplos seguinte seguintes crie criar gere
    schrijf schrijven leg vraag antwoord zin lijst voorbeeld voorbeelden volgende maak maken geef
    напиши написать объясни вопрос ответ предложение список пример примеры следующий следующие создай создать
    """.split()  # noqa: SIM905  a list of words reads best as text
) | frozenset(
    "的一是不了在有个這这那以及其所从從到对對用能会會将將与與或被把让讓使得地着過过也都就而但如何什么麼哪谁誰我你他她它们們可要时時前後后"
    "中上下两二三些很更最请請给給出列题題句段写寫创創建提供述描释釋答问問例容解关關于於生成以根据據编編辑輯并為为"
)
"""Words that ask or join rather than name a subject, in nine languages; left out, a topic is what a prompt is about."""


class Word(NamedTuple):
    """A word on its way into the table."""

    text: str
    """In small letters."""
    group: str
    """Language of its list, else its script; decides which mean is taken away."""
    rarity: float
    """-ln of its share of the language's words, nats."""
    vector: Matrix
    """(256,) sum of its pieces in the word-vector table."""
    whole: bool
    """The vocabulary has it in one piece."""
    founds: float
    """What it counts in making topics, 0 to 1: only whole English words of four letters or more do."""


def words(text: bytes) -> list[bytes]:
    r"""Cut a text into words as the kernel does.

    A word is a maximal run of ASCII letters, digits and bytes from 0x80 on; letters are made small, a
    run of digits counts as ``0``, and a three-byte character with lead byte 0xE3 to 0xED (CJK, kana,
    hangul) is a word of its own.

    Examples
    --------
    >>> words("Add 12 + x34y: naïve 水着".encode())
    [b'add', b'0', b'x0y', b'na\xc3\xafve', b'\xe6\xb0\xb4', b'\xe7\x9d\x80']
    """
    found: list[bytes] = []
    run = bytearray()
    i = 0
    while i < len(text):
        c = text[i]
        if 0xE3 <= c <= 0xED:
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
    '0x53927e842af569d2'
    """
    x = 0xCBF29CE484222325
    for c in word:
        x = ((x ^ c) * 0x100000001B3) & _M64
    x ^= x >> 33
    x = (x * 0xFF51AFD7ED558CCD) & _M64
    x ^= x >> 33
    x = (x * 0xC4CEB9FE1A85EC53) & _M64
    return x ^ (x >> 33)


def spellings(text: str) -> list[bytes]:
    """Give the byte forms the kernel may meet: it makes ASCII letters small and no others."""
    forms = [text]
    if not text[0].isascii() and text[0].upper() != text[0]:
        forms.append(text[0].upper() + text[1:])
    cut = [words(form.encode()) for form in forms]
    return [form[0] for form in cut if len(form) == 1]


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
    """Name the script of a word's first letter."""
    name = unicodedata.name(text[0], "other").split(" ", 1)[0].split("-", 1)[0].lower()
    return "han" if name == "cjk" else name


def _list_words(code: str, lists: Path, tokenizer: Any, table: Matrix) -> list[Word]:  # noqa: ANN401
    with gzip.open(lists / f"{code}.json.gz", "rt", encoding="utf-8") as stream:
        counts: dict[str, int] = json.load(stream)
    total = sum(counts.values())
    ranked = sorted(((n, w) for w, n in counts.items() if len(w) >= 3 and w.isalpha()), key=lambda p: (-p[0], p[1]))
    ranked = ranked[: LIST_WORDS[code]]
    cuts = tokenizer.encode_batch([w for _, w in ranked], add_special_tokens=False)
    found = []
    for (n, text), cut in zip(ranked, cuts, strict=True):
        longest = max(len(piece.strip(_MARK)) for piece in cut.tokens)
        # Pieces shorter than two letters on average are spelling, not meaning.
        if len(text) >= 2 * len(cut.ids) and (code == "en" or longest >= MAIN_PIECE * len(text)):
            rarity = float(-np.log(n / total))
            found.append(Word(text.lower(), code, rarity, table[cut.ids].sum(axis=0), len(cut.ids) == 1, 0.0))
    return found


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
        small = piece[1:] == text
        # A small-letter piece of the same word, met later, is the better vector.
        if text not in found or small:
            rarity = np.log(max(at - (_FIRST_PIECE if whole else _FIRST_LETTER), 1)) + _ZIPF
            founds = (1.0 if small else NAME) if len(text) >= 4 else 0.0
            found[text] = Word(text, _script(text), float(rarity), table[at], whole=True, founds=founds)
    return list(found.values())


def collect(tell: Callable[[str], None]) -> list[Word]:
    """Give every word that says something, once, in the order of their text."""
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
        if known is None:
            best[word.text] = word._replace(founds=0.0)
        else:
            founds = word.founds if known.group == "en" else 0.0
            best[word.text] = known._replace(vector=word.vector, whole=True, founds=founds)
    tell(f"{len(best)} words with the vocabulary of the vectors")
    kept = [w for w in best.values() if w.rarity > COMMON.get(w.group, COMMON_ELSEWHERE) and w.text not in ASKING]
    return sorted((w for w in kept if float(np.linalg.norm(w.vector)) >= FAINT), key=lambda w: w.text)


def loudness(word: Word) -> float:
    """Give how much a word says of the subject, 0 to 1: training made the vectors of telling words long."""
    return min(float(np.linalg.norm(word.vector)) / FULL, 1.0)
