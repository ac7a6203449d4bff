"""What TAXII 2.1 answers instead of what was asked for (section 3.6)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class TaxiiError(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    status
        Status of HTTP.
    text
        What was wrong and what to do; never holds a secret or an identifier.
    headers
        More headers of the answer.
    """

    def __init__(self, status: int, text: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, tuple(headers)

    def body(self) -> bytes:
        """Write the error message resource."""
        title = HTTPStatus(self.status).phrase
        return msgspec.json.encode({"title": title, "description": self.text, "http_status": str(self.status)})


def not_found() -> TaxiiError:
    """Say the same of what is not there and of what may not be seen."""
    return TaxiiError(404, "nothing is here that you may see")
