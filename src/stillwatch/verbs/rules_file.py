"""Rules of deciding from a file: the ladder, the limits of anything automatic, the delays inside a campaign."""

from __future__ import annotations

import math
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from stillwatch.enforcement.rules import DEFAULT, Ladder, Limits, Rules, Stagger
from stillwatch.model.decision import Action
from stillwatch.model.errors import InputError

MOST_BYTES: Final = 65_536
"""Longest file (bytes)."""
_PARTS: Final = {"ladder": Ladder, "limits": Limits, "stagger": Stagger}
_SHARES: Final = ("share_of_active", "share_of_plan", "cohort_p")
_MOST: Final = 1e9


def read_rules(name: str | None) -> Rules:
    """Read rules; those of a provider that sets nothing where no file is named.

    Parameters
    ----------
    name
        A TOML file with the tables ``[ladder]``, ``[limits]`` and ``[stagger]``, whose keys are the fields of
        :mod:`stillwatch.enforcement.rules`. What is not set stays as it is.

    Raises
    ------
    InputError
        It cannot be read, or a table, a key or a value is none; it is named.
    """
    if not name:
        return DEFAULT
    path = Path(name)
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise InputError(f"--rules {name}: longer than {MOST_BYTES:,} bytes")
        given = tomllib.loads(text.decode())
    except OSError as error:
        raise InputError(f"--rules {name}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"--rules {name}: no TOML: {error}") from error
    unknown = sorted(set(given) - set(_PARTS))
    if unknown:
        raise InputError(f"--rules {name}: no table [{unknown[0]}]; there are {', '.join(_PARTS)}")
    return Rules(**{part: _part(name, part, given.get(part, {})) for part in _PARTS})


def _part(name: str, part: str, given: object) -> Any:  # noqa: ANN401 - one of three classes
    known = {one.name: one for one in fields(_PARTS[part])}
    if not isinstance(given, dict):
        raise InputError(f"--rules {name}: [{part}] is a table")
    for key in given:
        if key not in known:
            raise InputError(f"--rules {name}: [{part}] has no {key}; there are {', '.join(known)}")
    return _PARTS[part](**{key: _value(name, f"{part}.{key}", value) for key, value in given.items()})


def _value(name: str, key: str, value: object) -> object:
    field = key.partition(".")[2]
    if field == "person_from":
        try:
            return Action[str(value).upper()]
        except KeyError as error:
            words = ", ".join(action.name.lower() for action in Action)
            raise InputError(f"--rules {name}: {key} = {value!r}: write one of {words}") from error
    whole = isinstance(next(one.default for one in fields(_PARTS[key.partition(".")[0]]) if one.name == field), int)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise InputError(f"--rules {name}: {key} = {value!r}: write a {'whole ' if whole else ''}number")
    most = 1.0 if field in _SHARES else _MOST
    if not math.isfinite(value) or not 0 <= value <= most:
        raise InputError(f"--rules {name}: {key} = {value!r}: write a number from 0 to {most:g}")
    return value
