"""What other methods are given of a world: the same template groups, networks, clients and payments that we read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.coordination.roster import AT
from stillwatch.evaluate.campaigns.shares import (
    INFRASTRUCTURE,
    MONEY,
    TEMPLATE,
    Shares,
    identity_table,
    shares_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.roster import Roster
    from stillwatch.evaluate.campaigns.look import Looked

    Ints = NDArray[np.int64]

HOUR_S: Final = 3_600
PAID: Final = ("payment_fingerprint", "card_bin", "email_domain", "referral")
"""Columns of the account file that are traits of money."""
WENT: Final = ("net", "ja4", "user_agent")
"""Columns of the log that are traits of infrastructure."""
_LAST_BYTE: Final = r"\.\d+$"


def _uses(looked: Looked) -> pa.Table:
    """Give account, time and traits of infrastructure of every request, the network in place of the address."""
    events = looked.world.events
    row = {name: at for at, name in enumerate(looked.known.name)}
    account = pa.array([row[name] for name in events["account_id"].to_pylist()], pa.int64())
    net = pc.replace_substring_regex(events["client_ip"], pattern=_LAST_BYTE, replacement="")
    ts_s = pc.divide(events["ts_ms"], 1000)
    return pa.table(
        {"account": account, "ts_s": ts_s, "net": net, "ja4": events["ja4"], "user_agent": events["user_agent"]}
    )


def _went(uses: pa.Table, name: str) -> tuple[Ints, Ints, Ints, Ints]:
    """Give accounts, values, first times and uses of one trait, one row an hour in which an account used it."""
    hour = pc.divide(uses["ts_s"], HOUR_S)
    there = pa.table({"account": uses["account"], "value": uses[name], "hour": hour, "ts_s": uses["ts_s"]})
    there = there.filter(pc.is_valid(there["value"]))
    made = there.group_by(["account", "value", "hour"]).aggregate([("ts_s", "min"), ("ts_s", "count")])
    value = made["value"].combine_chunks().dictionary_encode().indices
    return (
        made["account"].to_numpy().astype(np.int64),
        value.to_numpy(zero_copy_only=False).astype(np.int64),
        made["ts_s_min"].to_numpy().astype(np.int64),
        made["ts_s_count"].to_numpy().astype(np.int64),
    )


def _listed(looked: Looked) -> pa.Table:
    """Give the account file in the order of the sketches."""
    file = looked.world.accounts
    at = pc.index_in(pa.array(looked.known.name), file["account_id"].combine_chunks())
    return file.take(at)


def shares(looked: Looked, roster: Roster) -> Shares:
    """Write down who used what and when.

    Parameters
    ----------
    looked
        The world.
    roster
        Its accounts as coordination codes them; the template groups are taken from there.

    Returns
    -------
    Shares
        Templates at the account's first request, infrastructure in every hour of its use, payments at sign-up.
    """
    template = roster.fields[AT["template"]]
    first_s = roster.outline.first_ms // 1000
    owner = np.repeat(np.arange(len(roster), dtype=np.int64), np.diff(template.start))
    parts = [(owner, template.value.astype(np.int64), first_s[owner], np.ones(owner.shape[0], np.int64), TEMPLATE)]
    uses = _uses(looked)
    parts += [(*_went(uses, name), INFRASTRUCTURE) for name in WENT]
    listed = _listed(looked)
    signup_s = np.maximum(roster.registered.signup_ms // 1000, 0)
    for name in PAID:
        value = listed[name].combine_chunks().dictionary_encode().indices
        has = np.flatnonzero(value.is_valid().to_numpy(zero_copy_only=False)).astype(np.int64)
        code = value.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)[has]
        parts.append((has, code, signup_s[has], np.ones(has.shape[0], np.int64), MONEY))
    trait = [values + (number << 40) for number, (_, values, _, _, _) in enumerate(parts)]
    layer = np.concatenate([np.full(part[0].shape[0], part[4]) for part in parts])
    return shares_of(
        np.concatenate([part[0] for part in parts]),
        np.concatenate(trait),
        np.concatenate([part[2] for part in parts]),
        count=np.concatenate([part[3] for part in parts]),
        layer=layer,
        n_accounts=len(roster),
    )


def identity(looked: Looked) -> pa.Table:
    """Give the columns that record linkage compares: payment and sign-up, and the client of the first request."""
    listed, uses = _listed(looked), _uses(looked).sort_by("ts_s")
    n = len(looked.known.name)
    _, first = np.unique(uses["account"].to_numpy(), return_index=True)
    begun = {name: uses[name].take(pa.array(first)).to_pylist() for name in WENT}
    return identity_table(
        n,
        card=listed["payment_fingerprint"].to_pylist(),
        bin=listed["card_bin"].to_pylist(),
        email_domain=listed["email_domain"].to_pylist(),
        referral=listed["referral"].to_pylist(),
        **begun,
    )
