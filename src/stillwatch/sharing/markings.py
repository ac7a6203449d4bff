"""Markings as STIX objects: TLP 2.0 as OASIS publishes it, and for what an object may be used.

Who may read an object with which marking is decided where its readers are known: ``sharing/membership``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
"""Extension that holds a level of TLP 2.0."""
TLP: Final = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
"""Level -> its one marking, mildest first."""
PURPOSES: Final = {
    "detect": "marking-definition--3f0ef1c4-8a65-4d1c-9f0b-6a3a1a6d7e01",
    "enforce": "marking-definition--7c9b2f58-0f7e-4f0e-8a43-52c6d4b0e902",
    "research": "marking-definition--b1d7a0c6-65e3-4b7f-b3a9-0d8f7e2c5a03",
    "report": "marking-definition--e4a86b3d-2c91-4f6a-9d75-84b1f0c3d604",
}
"""Purpose -> its one marking."""
_SENTENCES: Final = {
    "detect": "May be used as evidence when own traffic is examined; never by itself as a reason to act.",
    "enforce": "May be named among the reasons of a decision that the receiver takes under its own terms.",
    "research": "May be used for research on detection whose results name nobody.",
    "report": "May be counted in published statistics.",
}
_TLP_SINCE: Final = "2022-10-01T00:00:00.000Z"
_PURPOSES_SINCE: Final = "2026-11-01T00:00:00.000Z"


def _objects() -> dict[str, bytes]:
    found = {}
    for level, ref in TLP.items():
        part = {"extension_type": "property-extension", "tlp_2_0": level}
        found[ref] = _object(ref, _TLP_SINCE, name=f"TLP:{level.upper()}", extensions={TLP_EXTENSION: part})
    for purpose, ref in PURPOSES.items():
        statement = {"statement": f"Purpose {purpose}: {_SENTENCES[purpose]}"}
        found[ref] = _object(
            ref, _PURPOSES_SINCE, name=f"purpose:{purpose}", definition_type="statement", definition=statement
        )
    return found


def _object(ref: str, created: str, **rest: object) -> bytes:
    head = {"type": "marking-definition", "spec_version": "2.1", "id": ref, "created": created}
    return msgspec.json.encode(head | rest)


KNOWN: Final = _objects()
"""Marking -> its object. A marking of TLP or of a purpose has no other form."""


def refs(level: str, purposes: Iterable[str]) -> list[str]:
    """Give the marking references of a level and purposes.

    Raises
    ------
    KeyError
        There is no such level or purpose.

    Examples
    --------
    >>> refs("clear", [])
    ['marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487']
    """
    return [TLP[level], *(PURPOSES[one] for one in purposes)]
