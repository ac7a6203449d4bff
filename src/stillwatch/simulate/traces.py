"""Measured arrivals, read from a folder of trace Parquet.

Two files are used: rates of real API clients in windows of 10 minutes, and times of messages between people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.simulate.stage import Floats

_RATES = "servegen_client_rates.parquet"
_CHAT = "chitchat_human_timing.parquet"
_ACTIVE = 0.05


@dataclass(frozen=True, slots=True)
class Traces:
    """Measured arrivals to draw from."""

    rates: list[Floats]
    """Requests a second in windows of 10 minutes, one array a client active in a twentieth of them or more."""
    pauses_s: Floats
    """Pauses between two messages of one conversation (s), 1 s to 1 h."""


def read_traces(folder: Path) -> Traces:
    """Read the measured arrivals of a folder.

    Parameters
    ----------
    folder
        Holds ``servegen_client_rates.parquet`` and ``chitchat_human_timing.parquet``.

    Returns
    -------
    Traces
        The arrivals.

    Raises
    ------
    InputError
        A file is missing.
    """
    for name in (_RATES, _CHAT):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: no {name} in this folder of arrival traces")
    table = pq.read_table(folder / _RATES, columns=["category", "client", "t", "rate"]).sort_by(
        [("category", "ascending"), ("client", "ascending"), ("t", "ascending")]
    )
    client = table["client"].to_numpy()
    cuts = np.flatnonzero((client[1:] != client[:-1]) | (table["t"].to_numpy()[1:] < table["t"].to_numpy()[:-1])) + 1
    rates = [part for part in np.split(table["rate"].to_numpy(), cuts) if (part > 0).mean() > _ACTIVE]
    chat = pq.read_table(folder / _CHAT, columns=["conv_id", "ts"]).sort_by(
        [("conv_id", "ascending"), ("ts", "ascending")]
    )
    same = pc.equal(chat["conv_id"][1:], chat["conv_id"][:-1]).to_numpy()
    pauses = np.diff(chat["ts"].to_numpy())[same]
    return Traces(rates, pauses[(pauses >= 1.0) & (pauses <= 3600.0)])
