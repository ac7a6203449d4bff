"""Native JSON lines: the names of the raw schema, nulls left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row


def native(row: Row) -> Json:
    """Write an event under the names of the raw schema.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record.
    """
    return {name: value for name, value in row.items() if value is not None}
