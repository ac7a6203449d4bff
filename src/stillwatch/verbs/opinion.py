"""``stillwatch opinion`` and ``docket``: what a member thinks of what was shared, and appeals that concern several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.store.calibration import calibration_set
from stillwatch.store.database import Database
from stillwatch.store.member.file import setting
from stillwatch.verbs.join import opened, tell

try:
    from stillwatch.serve.member.opinions import open_docket, receive, review, say
    from stillwatch.store.member import judged
except ImportError as error:
    raise InputError("an exchange needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse

    from stillwatch.store.member.file import MemberFile

JOINT = "joint:"


def opinion_verb(asked: argparse.Namespace) -> int:
    """Say what this member thinks; see ``stillwatch opinion --help``."""
    file, member = opened(asked)
    try:
        state = say(file, member, asked.subject, asked.stance, asked.why)
    finally:
        file.close()
    return tell(asked, {"subject": asked.subject, "state": state}, f"{asked.subject}: all opinions together: {state}")


def docket_verb(asked: argparse.Namespace) -> int:
    """Take part in dockets of appeals; see ``stillwatch docket --help``."""
    file, member = opened(asked)
    try:
        if asked.act == "open":
            docket = open_docket(file, member, asked.subject, asked.outcome)
            return tell(asked, {"docket": docket}, f"docket {docket}: {asked.outcome}")
        if asked.act == "review":
            review(file, member, asked.docket, asked.outcome)
            return tell(asked, {"docket": asked.docket}, f"docket {asked.docket}: {asked.outcome}")
        if asked.act == "overturned":
            made = {subject: open_docket(file, member, subject, "overturned") for subject in _overturned(file, asked)}
            told = "\n".join(f"{subject}: docket {docket}" for subject, docket in made.items())
            return tell(asked, {"dockets": made}, told or "nothing new was overturned that joint campaigns led to")
        receive(file, member)
        with file.reading() as connection:
            rows = [{"docket": one.id, "subject": one.subject, **one.told} for one in judged.dockets(connection)]
    finally:
        file.close()
    lines = [f"{row['docket']}  {row['subject']}  own review: {row['own']}" for row in rows]
    return tell(asked, {"dockets": rows}, "\n".join(lines) or "no docket concerns this member")


def _overturned(file: MemberFile, asked: argparse.Namespace) -> list[str]:
    """Find joint campaigns that decisions stood on which a person has overturned, and that others were not told of."""
    path = Path(asked.store)
    if not path.exists():
        raise InputError(f"--store {path}: there is no store of decisions")
    database = Database(path, create=False)
    try:
        with database.reading() as connection:
            wrong = {one.decision for one in calibration_set(connection) if one.outcome == "overturned"}
            rows = connection.execute("SELECT id, campaign FROM decisions WHERE campaign LIKE ?", (JOINT + "%",))
            found = sorted({campaign for identity, campaign in rows if identity in wrong})
    finally:
        database.close()
    with file.reading() as connection:
        return [one for one in found if setting(connection, f"docket {one}") != b"overturned"]
