"""What the accounts of each kind of crowd share, and what each has of its own.

Every kind shares something that a hydra shares too. What it does not share is what parts it from one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stillwatch.simulate.identity import CAMPUS, FIRMS, PEOPLE

if TYPE_CHECKING:
    from stillwatch.simulate.crowds.spec import CrowdKind
    from stillwatch.simulate.identity import MailShares
    from stillwatch.simulate.places import Place

Text: TypeAlias = Literal["people", "talk", "product", "client", "harness", "starter", "tutorial", "research", "team"]
"""What the accounts say: talk of people, some of whom copied a public template; talk without any; a product's
template; a client's bot; a coding agent; a starter kit; a viral tutorial and then talk; a research programme; or a
team's mixture of work."""
Joins: TypeAlias = Literal["any", "same_day", "weekend", "release"]
"""When the accounts of a group sign up: at any time, on one day long ago, at the start of a weekend, or on the day
of the model's release."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What binds the accounts of one kind of crowd."""

    text: Text
    """What they say."""
    families: tuple[str, ...]
    """Client families."""
    plans: tuple[str, ...]
    """Plans, drawn alike."""
    mail: MailShares = PEOPLE
    """Shares of free, corporate, education and throw-away mail."""
    region: bool = False
    """Whether a group lives in one region, with its providers and waking hours."""
    place: Place = "home"
    """Kind of network of the addresses that a group shares."""
    addresses: tuple[int, int] = (0, 0)
    """Addresses that a group shares, least and most."""
    shares_network: float = 1.0
    """Share of the groups that use them."""
    own_addresses: tuple[int, int] = (1, 3)
    """Addresses of an account's own beside them, least and most."""
    client: bool = False
    """Whether a group uses one client program."""
    card: bool = False
    """Whether a group pays with one card."""
    firm: bool = False
    """Whether a group is one organisation with one mail domain."""
    joins: Joins = "any"
    """When its accounts sign up."""
    code: float = 0.0
    """Share of the groups whose accounts come with one promo code."""
    purpose: str = ""
    """Purpose that the accounts declared; empty for none."""
    resells: bool = False
    """Whether the accounts resell access under a contract."""
    end_users: tuple[int, int] = (0, 0)
    """Own users that an account names, least and most."""
    busy: float = 1.0
    """Times as many requests as the crowd states; some work comes in larger amounts."""


TIES: Final[dict[CrowdKind, Ties]] = {
    "independent": Ties("people", ("browser", "openai", "anthropic", "plain", "framework"), ("free", "plus", "payg")),
    "household": Ties(
        "talk", ("browser", "openai"), ("free", "plus"), region=True, addresses=(1, 2), own_addresses=(0, 1), card=True
    ),
    "saas": Ties(
        "product",
        ("openai", "anthropic", "framework", "plain"),
        ("payg", "team"),
        mail=(0.3, 0.68, 0.015, 0.005),
        region=True,
        place="cloud",
        addresses=(1, 4),
        shares_network=0.5,
        own_addresses=(0, 1),
        client=True,
        code=0.5,
    ),
    "cgnat": Ties(
        "talk",
        ("browser", "openai", "plain", "agent"),
        ("free", "free", "plus", "payg"),
        region=True,
        addresses=(2, 6),
        own_addresses=(0, 0),
    ),
    "office": Ties(
        "talk",
        ("browser", "openai", "plain"),
        ("free", "plus"),
        mail=(0.8, 0.18, 0.015, 0.005),
        region=True,
        place="office",
        addresses=(1, 2),
        own_addresses=(0, 2),
    ),
    "subaccounts": Ties(
        "talk",
        ("gateway",),
        ("enterprise",),
        mail=(0.0, 1.0, 0.0, 0.0),
        place="cloud",
        addresses=(2, 6),
        own_addresses=(0, 0),
        client=True,
        card=True,
        firm=True,
        purpose="licensed resale",
        resells=True,
        end_users=(5, 60),
        busy=4.0,
    ),
    "agent_users": Ties(
        "harness",
        ("agent",),
        ("payg", "plus", "team"),
        mail=(0.55, 0.4, 0.045, 0.005),
        client=True,
        busy=3.0,
    ),
    "hackathon": Ties(
        "starter",
        ("openai", "anthropic", "framework"),
        ("free", "payg"),
        mail=(0.6, 0.08, 0.3, 0.02),
        region=True,
        place="office",
        addresses=(1, 3),
        own_addresses=(0, 1),
        joins="weekend",
        code=1.0,
        busy=4.0,
    ),
    "launch_surge": Ties(
        "tutorial",
        ("browser", "browser", "openai", "plain", "framework"),
        ("free", "free", "payg", "plus"),
        mail=(0.85, 0.07, 0.04, 0.04),
        joins="release",
        code=1.0,
    ),
    "benign_distillers": Ties(
        "research",
        ("openai", "anthropic", "plain"),
        ("team", "enterprise"),
        mail=CAMPUS,
        region=True,
        place="cloud",
        addresses=(1, 4),
        own_addresses=(0, 0),
        client=True,
        card=True,
        firm=True,
        joins="same_day",
        purpose="academic research on small models",
        busy=8.0,
    ),
    "company_team": Ties(
        "team",
        ("agent", "openai", "anthropic", "framework", "browser"),
        ("team", "enterprise"),
        mail=(0.0, 1.0, 0.0, 0.0),
        region=True,
        place="office",
        addresses=(1, 2),
        own_addresses=(0, 1),
        card=True,
        firm=True,
        joins="same_day",
        busy=2.0,
    ),
    "agency": Ties(
        "client",
        ("openai", "anthropic", "framework"),
        ("payg", "team"),
        mail=FIRMS,
        region=True,
        place="cloud",
        addresses=(1, 3),
        own_addresses=(0, 0),
        client=True,
        card=True,
        busy=3.0,
    ),
}
"""Kind -> what binds it."""
