"""How an object is to be handled, read from its marking references: TLP 2.0, the older TLP, our purposes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from stillwatch.model.membership import EVERY_PURPOSE, Handling, Purpose, Tlp
from stillwatch.sharing import markings

if TYPE_CHECKING:
    from collections.abc import Sequence

TLP: Final = {ref: Tlp[level.upper().replace("+", "_")] for level, ref in markings.TLP.items()} | {
    # TLP 1, as STIX 2.1 itself defines it.
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
}
"""Marking -> level."""
PURPOSES: Final = {ref: Purpose[name.upper()] for name, ref in markings.PURPOSES.items()}
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
