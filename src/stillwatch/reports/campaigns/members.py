"""Members of all campaigns as CSV: one row a member, no content, no raw identifier."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from stillwatch.model.pseudonym import pseudonym_column
from stillwatch.reports.campaigns.summary import MEMBER_LAYERS
from stillwatch.reports.campaigns.view import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.model.campaign import Campaigns
    from stillwatch.reports.campaigns.view import CampaignView

_BITS: Final = tuple(f"{layer}_bits" for layer in MEMBER_LAYERS)
SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("account", "campaign", "reported")),
        *(pa.field(name, pa.float64()) for name in (*_BITS, "total_bits")),
        *(pa.field(name, pa.int64()) for name in ("events", "tokens_out")),
        *(pa.field(name, pa.string()) for name in ("signup", "first", "last", "closed")),
    ]
)
"""Columns of ``members.csv``; times are RFC 3339 in UTC, empty where unknown."""


def members_csv(campaigns: Campaigns) -> bytes:
    """Write the members of all campaigns.

    Parameters
    ----------
    campaigns
        What was found.

    Returns
    -------
    bytes
        CSV with a head line; campaigns in the order they are shown, members by ascending pseudonym value.
    """
    batches = [_batch(view) for view in shown(campaigns).views]
    written = io.BytesIO()
    pacsv.write_csv(pa.Table.from_batches(batches, SCHEMA), written, pacsv.WriteOptions(quoting_style="none"))
    return written.getvalue()


def _batch(view: CampaignView) -> pa.RecordBatch:
    members = view.source.members
    count = len(members)
    columns = (
        pseudonym_column(members.account),
        pa.array([view.name] * count),
        pa.array(["yes" if view.reported else "no"] * count),
        *(_bits(members.layer_bits[:, at]) for at in range(len(MEMBER_LAYERS))),
        _bits(members.total_bits),
        pa.array(members.events),
        pa.array(members.tokens_out),
        *(_moments(ms) for ms in (members.signup_ms, members.first_ms, members.last_ms, members.closed_ms)),
    )
    return pa.RecordBatch.from_arrays(list(columns), schema=SCHEMA)


def _bits(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(np.round(values, 3), mask=~np.isfinite(values))


def _moments(ms: NDArray[np.int64]) -> pa.Array:
    texts = np.char.add(np.datetime_as_string(np.maximum(ms, 0).astype("datetime64[ms]"), unit="s"), "Z")
    return pa.array(texts.tolist(), pa.string(), mask=ms < 0)
