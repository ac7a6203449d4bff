"""How an object is to be handled, read from its marking references: TLP 2.0, the older TLP, our purposes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from stillwatch.model.membership import EVERY_PURPOSE, Handling, Purpose, Tlp

if TYPE_CHECKING:
    from collections.abc import Sequence

TLP: Final = {
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": Tlp.CLEAR,
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Tlp.GREEN,
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Tlp.AMBER,
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": Tlp.AMBER_STRICT,
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": Tlp.RED,
    # TLP 1, as STIX 2.1 itself defines it.
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
}
"""Marking -> level."""
PURPOSES: Final = {
    "marking-definition--3f0ef1c4-8a65-4d1c-9f0b-6a3a1a6d7e01": Purpose.DETECT,
    "marking-definition--7c9b2f58-0f7e-4f0e-8a43-52c6d4b0e902": Purpose.ENFORCE,
    "marking-definition--b1d7a0c6-65e3-4b7f-b3a9-0d8f7e2c5a03": Purpose.RESEARCH,
    "marking-definition--e4a86b3d-2c91-4f6a-9d75-84b1f0c3d604": Purpose.REPORT,
}
"""Marking -> purpose."""
UNMARKED: Final = Tlp.AMBER_STRICT
"""What an object without a level counts as."""


def handling_of(refs: Sequence[str]) -> Handling:
    """Read how an object is to be handled.

    Notes
    -----
    Of several levels the strictest holds. An object without a purpose may be used for detection only.
    """
    return _handling(tuple(refs))


@lru_cache(maxsize=1024)
def _handling(refs: tuple[str, ...]) -> Handling:
    levels = [TLP[one] for one in refs if one in TLP]
    purposes = Purpose.NONE
    for one in refs:
        purposes |= PURPOSES.get(one, Purpose.NONE)
    return Handling(max(levels, default=UNMARKED), purposes & EVERY_PURPOSE or Purpose.DETECT)
