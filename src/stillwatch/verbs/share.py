"""``stillwatch share`` and ``withdraw``: candidates to what would leave, to the hub, and back."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from stillwatch.ingest.accounts import account_texts
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import read_key
from stillwatch.ingest.sources import expand
from stillwatch.ingest.warninglists.keyed import keyed
from stillwatch.ingest.warninglists.listed import warninglists
from stillwatch.inputs import read_inputs
from stillwatch.model.decision import moment
from stillwatch.model.errors import InputError, NotNow, PeerError
from stillwatch.offers import Bounds, candidates
from stillwatch.reports.layout import show
from stillwatch.reports.leaving import leaving, leaving_parts
from stillwatch.reports.progress import WaitingLine
from stillwatch.reports.words import counted
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.sharing.policy import SharingPolicy, read_policy
from stillwatch.store.member import allowed, identifiers, shares
from stillwatch.verbs.join import opened, tell
from stillwatch.verbs.reading import read_config, read_reference, scanned
from stillwatch.verbs.stores import now_ms

try:
    from stillwatch.serve.member.evaluating import open_epoch
    from stillwatch.serve.member.identifying import of_groups
    from stillwatch.serve.member.identifying import send as send_identifiers
    from stillwatch.serve.member.publishing import take_back as take_back_told
    from stillwatch.serve.member.publishing import tell_moved
    from stillwatch.serve.member.sharing import offers_of, prepared, send, take_back
except ImportError as error:
    raise InputError("an exchange needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from stillwatch.config import Config
    from stillwatch.engine.local import LocalEngine
    from stillwatch.ingest.accounts import AccountFile
    from stillwatch.ingest.warninglists.listed import Warninglists
    from stillwatch.model.finding import Ranking
    from stillwatch.offers import Candidate
    from stillwatch.serve.member.evaluating import OpenEpoch
    from stillwatch.serve.member.membership import Membership
    from stillwatch.store.member.file import MemberFile
    from stillwatch.store.member.shares import Prepared

MOST_POLICY: Final = 65_536
"""Longest policy (bytes)."""
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def share_verb(asked: argparse.Namespace) -> int:
    """Prepare, show, send; see ``stillwatch share --help``."""
    if sum((bool(asked.inputs), asked.approve is not None, asked.list)) != 1:
        raise InputError("give logs to prepare a share, or --approve N, or --list")
    file, member = opened(asked)
    try:
        if asked.list:
            return _list(file, asked)
        if asked.approve is not None:
            return _send(file, member, asked.approve, asked, _policy(asked.policy))
        return _prepare(file, member, asked)
    finally:
        file.close()


def _policy(name: str | None) -> SharingPolicy:
    if not name:
        return SharingPolicy()
    try:
        return read_policy(tomllib.loads(_text(Path(name))))
    except OSError as error:
        raise InputError(f"--policy {name}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"--policy {name}: no TOML: {error}") from error
    except InputError as error:
        raise InputError(f"--policy {name}: {error}") from error


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MOST_POLICY + 1)
    if len(content) > MOST_POLICY:
        raise InputError(f"longer than {MOST_POLICY:,} bytes")
    return content.decode()


def _prepare(file: MemberFile, member: Membership, asked: argparse.Namespace) -> int:
    if not asked.alliance:
        raise InputError("--alliance FILE names the key that members share; `stillwatch key new FILE` makes one")
    policy, shared = _policy(asked.policy), read_key(Path(asked.alliance), asked.alliance_epoch)
    epoch = open_epoch(member)
    config, against, sources = read_config(asked), read_reference(None, 1), expand(asked.inputs)
    bounds = Bounds(share=policy.share, accounts=policy.accounts)
    kept: list[Candidate] = []
    lists = warninglists([Path(folder) for folder in asked.warninglists])
    domains = account_texts(Path(asked.accounts), ["email_domain"])["email_domain"] if asked.accounts else []
    common = keyed(lists, Door(shared), domains)
    if common.left_out:
        text = "ranges on warninglists are too wide: groups that a network of these joins may be offered"
        print(f"stillwatch: {common.left_out:,} {text}", file=sys.stderr)

    def find(engine: LocalEngine, accounts: AccountFile, ranking: Ranking, config: Config) -> None:
        with WaitingLine(Console(stderr=True), f"looking for candidates among {len(engine):,} accounts"):
            kept.extend(
                candidates(engine, accounts, ranking, config, seed=asked.seed, bounds=bounds, common=common.fields)
            )

    scanned(asked, sources, config, against, find, shared)
    with file.reading() as connection:
        vouched = allowed.allowed(connection)
    groups, offers = prepared(kept, policy, member.handles, epoch.number, vouched)
    if not groups:
        return tell(asked, {"share": None, "groups": []}, "no group is a candidate; there is nothing to send")
    why = policy.waits(offers)
    named = _identifiers(asked, policy, lists, groups)
    with file.writing() as connection:
        number = shares.add(connection, epoch.number, now_ms(), why, groups)
        identifiers.put(connection, number, named)
    counts = {kind: len(of) for kind, of in named.items()}
    shown = {"share": number, "epoch": epoch.number, "waits": why, **leaving(offers), "identifiers": counts}
    if not asked.json:
        show(leaving_parts(offers), Console())
        for kind, count in counts.items():
            print(f"{counted(count, 'identifier')} of these accounts, {kind}: {BY_NAME[kind].says}; it leaves as tags")
    if not why:
        return _send(file, member, number, asked, policy, shown)
    return tell(
        asked, shown, f"share {number} waits: {why}.\n"
        f"Send it: stillwatch share --approve {number}; drop it: stillwatch withdraw {number}"
    )  # fmt: skip


def _identifiers(
    asked: argparse.Namespace, policy: SharingPolicy, lists: Warninglists, groups: Sequence[Prepared]
) -> dict[str, dict[bytes, list[bytes]]]:
    """Find the identifiers of accounts in offered groups that the policy lets leave."""
    if not policy.identifiers:
        return {}
    if not asked.accounts:
        raise InputError("the policy names identifiers, which stand in the account file; give --accounts FILE")
    values = Path(asked.values) if asked.values else None
    found = read_inputs(Path(asked.accounts), lists, values=values, issuer=asked.issuer, kinds=policy.identifiers)
    own = Door(read_key(Path(asked.key), asked.epoch))
    return of_groups(found.of, groups, own.account, policy.identifiers)


def _send(
    file: MemberFile,
    member: Membership,
    number: int,
    asked: argparse.Namespace,
    policy: SharingPolicy,
    shown: Mapping[str, Any] = _NOTHING,
) -> int:
    """Send a share; what was ``shown`` of it goes into the same JSON."""
    try:
        epoch = open_epoch(member)
        sent = _sent(file, member, epoch, number)
    except (NotNow, PeerError):
        # A run that ends here has prepared all the same: nobody should look for candidates twice.
        if shown:
            print(f"stillwatch: share {number} waits; try again: stillwatch share --approve {number}", file=sys.stderr)
        raise
    except KeyboardInterrupt as error:
        text = f"share {number} waits, and tags of it may have left; go on: stillwatch share --approve {number}"
        raise KeyboardInterrupt(text) from error
    told = {**shown, "share": number, "epoch": epoch.number, "sent": sent, "compared": moment(epoch.closes_ms)}
    told["told"] = tell_moved(file, member, policy, number) if policy.tell else []
    return tell(
        asked, told, f"share {number} is sent: {counted(sent, 'group')} in epoch {epoch.number}, compared at "
        f"{told['compared']}; see: stillwatch inbox"
    )  # fmt: skip


def _sent(file: MemberFile, member: Membership, epoch: OpenEpoch, number: int) -> int:
    """Send identifiers and traits; gives how many groups."""
    with file.reading() as connection:
        tags = len({tag.value for one in offers_of(shares.groups(connection, number)) for tag in one.tags})
    with WaitingLine(Console(stderr=True), f"making {counted(tags, 'tag')} with both key holders"):
        send_identifiers(file, member, epoch, number)
        return send(file, member, epoch, number)


def _list(file: MemberFile, asked: argparse.Namespace) -> int:
    with file.reading() as connection:
        rows = [
            {"share": one.id, "epoch": one.epoch, "made": moment(one.made_ms), "state": one.state, "waits": one.why,
             "groups": len(shares.groups(connection, one.id))}
            for one in shares.shares(connection)
        ]  # fmt: skip
    if asked.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items() if value != ""))
    if not rows:
        print("nothing was prepared yet")
    return 0


def withdraw_verb(asked: argparse.Namespace) -> int:
    """Take back a share, or what was told of a joint campaign; see ``stillwatch withdraw --help``."""
    file, member = opened(asked)
    try:
        if not asked.what.isdigit():
            count = take_back_told(file, member, asked.what)
            return tell(asked, {"subject": asked.what, "revoked": count}, f"{counted(count, 'object')} taken back")
        state = take_back(file, member, int(asked.what))
    finally:
        file.close()
    return tell(asked, {"share": int(asked.what), "state": state}, f"share {asked.what} is {state}")
