"""``stillwatch join``: take up an invitation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.errors import InputError
from stillwatch.store.member.file import MemberFile

try:
    from stillwatch.serve.member.membership import join, membership, renew
    from stillwatch.serve.member.peer import checked_base
    from stillwatch.sharing.transparency.note import read_verifier
except ImportError as error:
    raise InputError("an exchange needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse

    from stillwatch.serve.member.membership import Membership

MOST_SECRET: Final = 4_096
"""Longest file of a secret (bytes)."""


def join_verb(asked: argparse.Namespace) -> int:
    """Join; see ``stillwatch join --help``."""
    hub, custodian = checked_base("URL", asked.hub), checked_base("--custodian", asked.custodian)
    try:
        read_verifier(asked.vkey)
    except InputError as error:
        raise InputError(f"--vkey {asked.vkey[:80]}: {error}") from error
    invitation = secret_in("--invitation-file", asked.invitation_file) if asked.invitation_file else ""
    secret = secret_in("--custodian-secret-file", asked.custodian_secret_file)
    if not invitation and not Path(asked.member).exists():
        raise InputError(f"--member {asked.member}: it has not joined yet; give --invitation-file")
    file = MemberFile(Path(asked.member))
    try:
        if invitation:
            made = join(file, hub, invitation, (custodian, secret), asked.vkey)
        else:
            made = renew(file, hub, (custodian, secret), asked.vkey)
    finally:
        file.close()
    return tell(asked, {"member": made.id, "hub": hub}, f"joined {hub} as {made.id}")


def tell(asked: argparse.Namespace, told: dict[str, Any], text: str) -> int:
    """Print what came of it, as text or JSON; gives 0."""
    print(json.dumps(told) if asked.json else text)
    return 0


def secret_in(option: str, name: str) -> str:
    """Read a secret from a file: in a command line others could read it.

    Raises
    ------
    InputError
        It cannot be read, or holds no one word.
    """
    try:
        with Path(name).open("rb") as file:
            words = file.read(MOST_SECRET).split()
        if len(words) == 1:
            return words[0].decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{option} {name}: it cannot be read as one line of text") from error
    raise InputError(f"{option} {name}: it holds one secret and nothing else")


def opened(asked: argparse.Namespace) -> tuple[MemberFile, Membership]:
    """Open the file of a member that has joined.

    Raises
    ------
    InputError
        There is none, or it has joined no hub.
    """
    path = Path(asked.member)
    if not path.exists():
        raise InputError(f"--member {path}: there is no member's file; `stillwatch join` makes one")
    file = MemberFile(path, create=False)
    try:
        return file, membership(file)
    except BaseException:
        file.close()
        raise
