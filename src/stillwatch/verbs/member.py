"""``stillwatch member``: what left and came, and the member's own key at the hub."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError
from stillwatch.store.member.journal import journal
from stillwatch.verbs.join import opened, tell

try:
    from stillwatch.serve.hub.account_routes import RECORD
    from stillwatch.serve.hub.key_routes import KEYS
    from stillwatch.serve.member.rotating import rotate
except ImportError as error:
    raise InputError("an exchange needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse


def member_verb(asked: argparse.Namespace) -> int:
    """Do one act; see ``stillwatch member --help``."""
    file, member = opened(asked)
    try:
        if asked.act == "rotate":
            made = rotate(file, member)
            return tell(asked, {"key_id": made}, f"{made} follows; the old key is good for the hub's overlap")
        if asked.act == "journal":
            with file.reading() as connection:
                lines = journal(connection)
            rows = [
                {"at": moment(one.at_ms), "way": one.way, "peer": one.peer, "what": one.what, "bytes": one.size,
                 "sha256": one.digest.hex()}
                for one in lines
            ]  # fmt: skip
            shown = [f"{row['at']}  {row['way']:3}  {row['bytes']:>9,}  {row['peer']}: {row['what']}" for row in rows]
            return tell(asked, {"journal": rows}, "\n".join(shown) or "nothing has left or come yet")
        path = KEYS if asked.act == "keys" else RECORD
        if asked.act == "record" and asked.section:
            path += "?" + urlencode({"section": asked.section, **({"after": asked.after} if asked.after else {})})
        told: dict[str, Any] = member.hub.ask("GET", path).told()
    finally:
        file.close()
    # What a hub tells of itself is printed as JSON either way: it is its word, and its form.
    print(json.dumps(told, indent=None if asked.json else 1))
    return 0
