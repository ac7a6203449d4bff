"""Small arrays an account, for pictures: made into numbers only when one is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.features.shares import unsaturated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stillwatch.sketches.layout import Arrays

_FROM: Final = {"hour_of_week": "week", "topics": "topics", "timeline": "timeline", "tokens_out": "out_hist"}
"""Panel -> array of the account state."""


@dataclass(frozen=True, slots=True)
class Panels(Mapping[str, "NDArray[np.float64]"]):
    """Panels of every account. A row with a full counter is NaN throughout.

    Kept as the 16-bit cells they came from: as float64 a million accounts would take 2.2 GB.
    """

    cells: Mapping[str, NDArray[np.uint16]]
    """Panel name -> counters, shape (n, k), by ascending pseudonym."""

    @classmethod
    def of(cls, arrays: Arrays, order: NDArray[np.int64]) -> Panels:
        """Copy the panels out of an account state, in the order given."""
        return cls({name: getattr(arrays, source)[order] for name, source in _FROM.items()})

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Give one panel of every account, shape (n, k); made anew at each call."""
        return unsaturated(self.cells[name])

    def __iter__(self) -> Iterator[str]:
        """Go through the panel names."""
        return iter(self.cells)

    def __len__(self) -> int:
        """Count the panels."""
        return len(self.cells)
