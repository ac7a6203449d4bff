"""From how many places and with how much different equipment an account was used.

Only how many, never where: a country or a network's owner is no feature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import count, distinct, entropy_nats, only_where, ratio, unsaturated
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import REACH, REACH_OFFSETS

if TYPE_CHECKING:
    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

_NAMES: Final = {
    "client_ip": ("client_ips", "addresses", "Different addresses"),
    "client_net": ("client_nets", "networks", "Different networks (/24 or /48)"),
    "end_user_id": ("end_users", "users", "Different end users the customer declared"),
    "session_id": ("sessions", "sessions", "Different sessions"),
    "user_agent": ("user_agents", "user agents", "Different client programs by their own name"),
    "ja4": ("tls_fingerprints", "fingerprints", "Different TLS client fingerprints"),
    "credential_id": ("credentials", "keys", "Different API keys"),
}

ACCESS: Final = (
    *(
        Feature(name, unit, f"{what}, estimated within about {26 if p == 4 else 18} %; unknown where the log has none.")
        for (name, unit, what), p in ((_NAMES[field], p) for field, p in REACH)
    ),
    Feature("end_user_share", "share", "Events that name the customer's own user; unknown where none does."),
    Feature("nets_per_credential", "networks a key", "Networks over keys; high is one key in many places."),
    Feature("fingerprints_per_credential", "fingerprints a key", "TLS fingerprints over keys; high is many programs."),
    Feature("system_texts", "texts", "Different system texts by their beginning, within about 26 %; many is a relay."),
    Feature("models_effective", "models", "Models an even use of the same entropy would have; 1 is a single model."),
)


def access(rows: Arrays) -> Columns:
    """Count places and equipment; one value an account."""
    columns = {}
    for i, (field, _) in enumerate(REACH):
        registers = rows.reach[:, REACH_OFFSETS[i] : REACH_OFFSETS[i + 1]]
        seen = distinct(registers)
        columns[_NAMES[field][0]] = only_where(np.maximum(seen, 1.0), seen > 0)
    credentials = columns["credentials"]
    named = count(rows, "end_user_known")
    columns["end_user_share"] = only_where(ratio(named, count(rows, "events")), named > 0)
    columns["nets_per_credential"] = ratio(columns["client_nets"], credentials)
    columns["fingerprints_per_credential"] = ratio(columns["tls_fingerprints"], credentials)
    columns["system_texts"] = only_where(distinct(rows.systems), (count(rows, "prompt_known") > 0))
    columns["models_effective"] = np.exp(entropy_nats(unsaturated(rows.models)))
    return columns
