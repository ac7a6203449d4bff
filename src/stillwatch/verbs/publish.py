"""``stillwatch publish``: tell others of a joint campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.verbs.join import opened, tell

try:
    from stillwatch.serve.member.publishing import collection_of, publish
    from stillwatch.store.member import inbox
except ImportError as error:
    raise InputError("an exchange needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse


def publish_verb(asked: argparse.Namespace) -> int:
    """Tell others of a joint campaign; see ``stillwatch publish --help``."""
    file, member = opened(asked)
    try:
        with file.reading() as connection:
            found = [one for one in inbox.findings(connection) if one.subject == asked.subject]
        if not found:
            raise InputError(f"{asked.subject}: no joint campaign of this member; `stillwatch inbox` shows all")
        ref = publish(file, member, found[0], collection_of(member, asked.collection), asked.tlp)
    finally:
        file.close()
    return tell(asked, {"subject": asked.subject, "id": ref}, f"told as {ref}")
