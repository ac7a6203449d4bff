"""The models of the simulated provider, with prices and speeds.

Names and prices are invented; no real provider is meant.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

LARGE: Final = 0
"""Index of the large model."""
SMALL_MODEL: Final = 1
"""Index of the small, cheap model."""
NEWER: Final = 2
"""Index of the large model released in the middle of a world."""

REQUESTED: Final = pa.array(["heron-2", "heron-2-mini", "heron-3"])
"""Model names as callers write them."""
SERVED: Final = pa.array(["heron-2-2026-04-14", "heron-2-mini-2026-05-20", "heron-3-2026-11-02"])
"""Model names as the provider answers them."""
USD_PER_TOKEN_IN: Final = np.array([3.0e-6, 0.25e-6, 5.0e-6])
"""List price of a prompt token (US dollars)."""
USD_PER_TOKEN_OUT: Final = np.array([15.0e-6, 1.25e-6, 25.0e-6])
"""List price of a completion token (US dollars)."""
CACHED_SHARE: Final = 0.1
"""Price of a cached prompt token over that of a fresh one."""
MS_PER_TOKEN: Final = np.array([14.0, 6.0, 17.0])
"""Time to write one token (ms)."""
