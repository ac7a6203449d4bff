"""A dossier as one line of JSON, and back: strict, bounded, and the same dossier again.

What is unknown is ``null``. Pseudonyms are texts: 64 bits do not survive every reader of JSON numbers. Unknown, missing
and repeated keys are refused, and so are NaN, numbers out of range and texts that are too long.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, NoReturn, get_args

from stillwatch.model.dossier import Agreement, AgreementKind, Belonging, Dossier, EvidenceClass, Seen
from stillwatch.model.errors import FormatError, InputError
from stillwatch.model.pseudonym import pseudonym_text, pseudonym_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FORMAT: Final = "stillwatch.dossier/1"
"""Layout of a line."""
MOST_BYTES: Final = 256 << 10
"""Longest line (bytes)."""
MOST_ITEMS: Final = 500
"""Most entries of one list."""
MOST_TEXT: Final = 2_000
"""Longest text (characters)."""
LAST_MS: Final = 253_402_300_799_999
"""Last millisecond of the year 9999."""
_COUNT: Final = 1 << 62
_CLASSES: Final = get_args(EvidenceClass)
_KINDS: Final = get_args(AgreementKind)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def to_value(dossier: Dossier) -> dict[str, Any]:
    """Lay a dossier out as JSON values; see :func:`to_json`."""
    campaign = dossier.campaign
    return {
        "format": FORMAT,
        "account": pseudonym_text(dossier.account),
        "at_ms": dossier.at_ms,
        "plan": dossier.plan,
        "signup_ms": dossier.signup_ms,
        "organisation": pseudonym_text(dossier.organisation),
        "events": dossier.events,
        "first_ms": dossier.first_ms,
        "last_ms": dossier.last_ms,
        "tokens_out": dossier.tokens_out,
        "total_bits": _known(dossier.total_bits),
        "probability": _known(dossier.probability),
        "q_value": _known(dossier.q_value),
        "attributed_share": _known(dossier.attributed_share),
        "seen": [[one.detector, one.evidence_class, one.bits, one.sentence] for one in dossier.seen],
        "cannot_tell": dict(sorted(dossier.cannot_tell.items())),
        "campaign": None
        if campaign is None
        else {name: _plain(getattr(campaign, name)) for name in Belonging.__slots__},
        "agreements": [
            [one.kind, one.reference, one.from_ms, one.until_ms, _known(one.requests_per_day)]
            for one in dossier.agreements
        ],
    }


def _plain(value: Any) -> Any:  # noqa: ANN401
    return _known(value) if isinstance(value, float) else value


def to_json(dossier: Dossier) -> str:
    """Write a dossier as one line; equal dossiers give equal lines.

    Examples
    --------
    >>> one = Dossier(1, 0, "", -1, 0, 3, 0, 0, 40, -10.0, 0.001, float("nan"))
    >>> from_json(to_json(one)).events
    3
    """
    return json.dumps(to_value(dossier), allow_nan=False, ensure_ascii=False, separators=(",", ":"))


class _Wrong(Exception):  # noqa: N818 - turned into a FormatError with its line
    """What is wrong with a line."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Wrong("a key is written twice")
    return found


def _no_constant(word: str) -> NoReturn:
    raise _Wrong(f"{word} is no number; write null for what is unknown")


class _Record:
    """One object: takes fields by name and kind, and in the end nothing may be left."""

    def __init__(self, value: Any, where: str, names: Iterable[str]) -> None:  # noqa: ANN401
        if not isinstance(value, dict):
            raise _Wrong(f"{where} is no object")
        wanted = set(names)
        odd = sorted(value.keys() ^ wanted)
        if odd:
            raise _Wrong(f"{where}: {odd[0][:60]!r} is {'not known' if odd[0] in value else 'missing'}")
        self.value, self.where = value, where

    def wrong(self, name: str, wanted: str) -> _Wrong:
        return _Wrong(f"{self.where}: {name!r} is not {wanted}")

    def whole(self, name: str, low: int, high: int = LAST_MS) -> int:
        got = self.value[name]
        if type(got) is not int or not low <= got <= high:
            raise self.wrong(name, f"a whole number from {low} to {high}")
        return got

    def number(self, name: str, low: float = -1e9, high: float = 1e9, absent: float = math.nan) -> float:
        got = self.value[name]
        if got is None:
            return absent
        if type(got) not in {int, float} or not low <= got <= high:
            raise self.wrong(name, f"a number from {low:g} to {high:g}, or null")
        return float(got)

    def text(self, name: str, most: int = MOST_TEXT) -> str:
        return _text(self.value[name], f"{self.where}: {name!r}", most)

    def word(self, name: str, known: tuple[str, ...]) -> Any:  # noqa: ANN401 - one of the words of a Literal
        if self.value[name] not in known:
            raise self.wrong(name, f"one of {', '.join(known)}")
        return self.value[name]

    def items(self, name: str) -> list[Any]:
        got = self.value[name]
        if not isinstance(got, list) or len(got) > MOST_ITEMS:
            raise self.wrong(name, f"a list of at most {MOST_ITEMS}")
        return got


def _text(got: Any, where: str, most: int = MOST_TEXT) -> str:  # noqa: ANN401
    if not isinstance(got, str) or len(got) > most:
        raise _Wrong(f"{where} is not a text of at most {most:,} characters")
    return got


def _row(value: Any, where: str, names: tuple[str, ...]) -> _Record:  # noqa: ANN401
    if not isinstance(value, list) or len(value) != len(names):
        raise _Wrong(f"{where} is not a list of {', '.join(names)}")
    return _Record(dict(zip(names, value, strict=True)), where, names)


def _seen(value: Any) -> Seen:  # noqa: ANN401
    row = _row(value, "seen", ("detector", "class", "bits", "sentence"))
    bits = row.number("bits")
    if math.isnan(bits):
        raise row.wrong("bits", "a number; what cannot be told stands in cannot_tell")
    return Seen(row.text("detector", 64), row.word("class", _CLASSES), bits, row.text("sentence"))


def _agreement(value: Any) -> Agreement:  # noqa: ANN401
    row = _row(value, "agreements", ("kind", "reference", "from_ms", "until_ms", "requests_per_day"))
    return Agreement(
        row.word("kind", _KINDS),
        row.text("reference", 200),
        row.whole("from_ms", 0),
        row.whole("until_ms", 0),
        row.number("requests_per_day", 0.0, 1e15, math.inf),
    )


def _belonging(value: Any) -> Belonging | None:  # noqa: ANN401
    if value is None:
        return None
    row = _Record(value, "campaign", Belonging.__slots__)
    if not isinstance(value["extracting"], bool):
        raise row.wrong("extracting", "true or false")
    chances = {name: row.number(name, 0.0, 1.0) for name in ("belongs", "one_operator", "extraction")}
    return Belonging(
        name=row.text("name", 64),
        accounts=row.whole("accounts", 0),
        harvest_bits=row.number("harvest_bits"),
        log_p_rest=row.number("log_p_rest", -1e9, 0.0),
        extracting=value["extracting"],
        sentence=row.text("sentence"),
        **chances,
    )


def _reasons(value: Any) -> Mapping[str, str]:  # noqa: ANN401
    if not isinstance(value, dict) or len(value) > MOST_ITEMS:
        raise _Wrong(f"'cannot_tell' is not an object of at most {MOST_ITEMS} reasons")
    return {_text(name, "cannot_tell", 64): _text(why, "cannot_tell") for name, why in value.items()}


def _dossier(value: Any) -> Dossier:  # noqa: ANN401
    if isinstance(value, dict) and value.get("format") != FORMAT:
        raise _Wrong(f"'format' is not {FORMAT!r}, which this version reads")
    row = _Record(value, "dossier", ("format", *Dossier.__slots__))
    return Dossier(
        account=pseudonym_value(row.text("account", 32)),
        at_ms=row.whole("at_ms", 0),
        plan=row.text("plan", 64),
        signup_ms=row.whole("signup_ms", -1),
        organisation=pseudonym_value(row.text("organisation", 32)),
        events=row.whole("events", 0, _COUNT),
        first_ms=row.whole("first_ms", 0),
        last_ms=row.whole("last_ms", 0),
        tokens_out=row.whole("tokens_out", -1, _COUNT),
        total_bits=row.number("total_bits"),
        probability=row.number("probability", 0.0, 1.0),
        q_value=row.number("q_value", 0.0, 1.0),
        seen=tuple(_seen(one) for one in row.items("seen")),
        cannot_tell=_reasons(value["cannot_tell"]),
        campaign=_belonging(value["campaign"]),
        agreements=tuple(_agreement(one) for one in row.items("agreements")),
        attributed_share=row.number("attributed_share", 0.0, 1.0),
    )


def from_json(line: str | bytes, where: str = "dossier") -> Dossier:
    """Read one line back.

    Parameters
    ----------
    line
        What :func:`to_json` wrote.
    where
        File and line, for messages.

    Returns
    -------
    Dossier
        Equal to the one that was written; infinite and NaN numbers are NaN.

    Raises
    ------
    FormatError
        It is no such line; the message says which field and what belongs there, and repeats none of its content.
    """
    if len(line) > MOST_BYTES:
        raise FormatError(f"{where}: a line longer than {MOST_BYTES >> 10} KiB is no dossier")
    try:
        return _dossier(json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant))
    except _Wrong as error:
        raise FormatError(f"{where}: {error}") from None
    except InputError as error:
        raise FormatError(f"{where}: an account or organisation is no pseudonym") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where}: no JSON; write one dossier a line") from error


def read_dossiers(lines: Iterable[bytes], file: str) -> Iterator[Dossier]:
    """Read dossiers, one a line; empty lines are passed over.

    Raises
    ------
    FormatError
        A line is no dossier; file and line are named. Nothing after it is read: half a record judges nobody.
    """
    for at, line in enumerate(lines, 1):
        if line.strip():
            yield from_json(line, f"{file}:{at}")
