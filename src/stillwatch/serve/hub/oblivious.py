"""The hub's part in oblivious matching: its own key, tags in, matches out. Files lie beside the hub's."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError
from stillwatch.model.membership import Role
from stillwatch.serve.custodian.evaluating import PREFIX, Bounds, Evaluating, Holder
from stillwatch.serve.custodian.workers import Workers
from stillwatch.serve.hub.offer_routes import COMMITMENTS, JOINT, OFFERS, WITHDRAW, OfferRoutes
from stillwatch.serve.hub.tag_routes import MATCHES, TAGS, TagRoutes
from stillwatch.sharing.oblivious.epochs import Calendar
from stillwatch.sharing.oblivious.with_voprf import Voprf
from stillwatch.store.exchange.holder import HolderBase, calendar_of
from stillwatch.store.exchange.keys import KeyFolder
from stillwatch.store.exchange.offered import inside
from stillwatch.store.exchange.tag_base import TagBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stillwatch.serve.custodian.admission import Who
    from stillwatch.serve.hub.app import App


_JOINT: Final = re.compile(r"joint:([1-9][0-9]{0,8}):([A-Za-z0-9-]{1,64})", re.ASCII)


def members_of(tags: TagBase, subject: str, member: str) -> frozenset[str]:
    """Give the members in ``joint:EPOCH:NAME``, this one included; none where it is not in it."""
    named = _JOINT.fullmatch(subject)
    found: frozenset[str] = inside(tags, int(named[1]), named[2]) if named else frozenset()
    return found if member in found else frozenset()


def holder_file(store: Path) -> Path:
    """Say where the hub keeps what members spent of its key, and public keys."""
    return store.with_name(store.name + ".oprf")


def tags_file(store: Path) -> Path:
    """Say where the hub keeps tags."""
    return store.with_name(store.name + ".tags")


class Oblivious:
    """Everything of oblivious matching that one hub has open.

    Parameters
    ----------
    store
        The hub's file; the others lie beside it.
    clock
        Now (ms since 1970).
    """

    def __init__(self, store: Path, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.base = HolderBase(holder_file(store), create=False)
        found = calendar_of(self.base)
        if found is None:
            raise InputError(f"{self.base.path}: no calendar is settled; run `stillwatch hub epochs set`")
        self.calendar = Calendar(*found)
        """When epochs are."""
        suite = Voprf()
        keys = KeyFolder(store.with_name(store.name + ".keys"), self.base, suite.public_key, secrets.token_bytes)
        self.holder = Holder("hub", self.base, keys, self.calendar)
        """The hub as a key holder."""
        self.tags = TagBase(tags_file(store))
        """What members submitted, and what matched."""
        self.workers = Workers(1)
        """Evaluate."""

    def mounts(self, acting: Callable[[Role], Who], known: Callable[[str], bool]) -> Mapping[str, App]:
        """Give the applications by the beginning of their paths.

        Parameters
        ----------
        acting
            Finds members in one of some roles.
        known
            Whether the exchange knows a detector.
        """
        contributor, asker = acting(Role.CONTRIBUTOR), acting(Role.CONTRIBUTOR | Role.ASKER)
        routes = TagRoutes(self.tags, self.calendar, contributor, self._clock, asker)
        evaluating = Evaluating(self.holder, asker, Bounds(), self.workers, self._clock)
        offers = OfferRoutes(self.tags, self.calendar, contributor, self._clock, known)
        return {
            PREFIX: evaluating,
            **dict.fromkeys((TAGS, MATCHES), routes),
            **dict.fromkeys((COMMITMENTS, OFFERS, WITHDRAW, JOINT), offers),
        }

    def concerns(self, connection: object, member: str, subject: str) -> bool:
        """Say of ``joint:EPOCH:NAME`` whether groups of a member are in it; nobody else learns that there is one."""
        del connection
        return bool(members_of(self.tags, subject, member))

    def others(self, subject: str, member: str) -> frozenset[str]:
        """Give the other members in ``joint:EPOCH:NAME``; none to who is not in it."""
        return members_of(self.tags, subject, member) - {member}

    def close(self) -> None:
        """End the workers and close the files."""
        self.workers.close()
        self.tags.close()
        self.base.close()
