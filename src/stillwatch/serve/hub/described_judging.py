"""What the description of the hub's routes says of opinions, dockets and detectors."""

from __future__ import annotations

from typing import Any, Final

from stillwatch.model.opinion import Review, Stance
from stillwatch.serve.hub.described import HEX32, NUMBER, UUID, act, given, only, record, rows, sent
from stillwatch.store.exchange import dockets, opinions
from stillwatch.store.exchange.tags import MEMBER_BUCKETS

_SENDS: Final = "404 408 409 413 415"
_SINCE: Final = [given("since", NUMBER, needed=False)]
_SUBJECT: Final = {"type": "string", "maxLength": 300}
_BUCKET: Final = {"enum": [0, 1, *MEMBER_BUCKETS]}
_US: Final = {"type": "integer", "minimum": 0}
_DOCKET: Final = {"type": "string", "pattern": f"^{UUID}$"}
_MORE: Final = {"type": "boolean"}
_THOUGHT: Final = {
    "subject": {"type": "string"},
    "state": {"enum": ["DISPUTED", "POSITIVE", "NEGATIVE", "SEED", "NONE"]},
    **{one.value: _BUCKET for one in Stance},
}
_REVIEWED: Final = record(docket=_DOCKET, outcome={"enum": [one.value for one in Review]}, revoked=_US)
_OUTCOMES: Final = record(**{one.value: _BUCKET for one in Review})
_SHOWN: Final = record(
    docket=_DOCKET,
    subject={"type": "string"},
    own={"enum": ["due", *(one.value for one in Review)]},
    others=_OUTCOMES,
    at_us=_US,
)
_DETECTOR: Final = record(name={"type": "string"}, sha256=HEX32, since_us=_US)
JUDGING: Final[dict[str, Any]] = {
    "/v1/opinions": {
        "get": act(
            "Subjects of which the opinions changed after a moment, by page.",
            record(opinions=rows(record(**_THOUGHT, at_us=_US), opinions.PAGE), more=_MORE),
            "",
            parameters=_SINCE,
        ),
        "post": act(
            "What members think of the subject now.",
            record(**_THOUGHT),
            _SENDS,
            requestBody=sent(
                only(
                    ("explanation", "docket"),
                    subject=_SUBJECT,
                    stance={"enum": [one.value for one in Stance]},
                    explanation={"type": "string", "maxLength": 2_000},
                    docket={"type": "string", "maxLength": 64},
                )
            ),
        ),
    },
    "/v1/dockets": {
        "get": act(
            "Dockets that changed after a moment, by page.",
            record(dockets=rows(_SHOWN, dockets.PAGE), more=_MORE),
            "",
            parameters=_SINCE,
        ),
        "post": act(
            "The docket, opened now or before, and in how many collections the member's own object was taken back.",
            _REVIEWED,
            _SENDS,
            requestBody=sent(only(subject=_SUBJECT, outcome={"enum": ["opened", "overturned", "upheld"]})),
        ),
    },
    "/v1/dockets/{id}": {
        "post": act(
            "The member's own review, as it was given.",
            _REVIEWED,
            _SENDS,
            parameters=[given("id", _DOCKET, "path")],
            requestBody=sent(only(outcome={"enum": ["overturned", "upheld", "not-acted"]})),
        )
    },
    "/v1/detectors": {
        "get": act(
            "Detectors that the exchange knows, all or those since a moment.",
            record(detectors=rows(_DETECTOR)),
            "",
            parameters=_SINCE,
        )
    },
}
"""What members think of what was shared, and by which detectors it was found."""
