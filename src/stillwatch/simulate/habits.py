"""The habits a persona states: how it reaches the API, what its answers look like, what goes wrong.

Numbers are shares and medians of the simulated world. They are written from public reports and look-alikes,
never from what a detector measures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillwatch.simulate.identity import FIRMS

if TYPE_CHECKING:
    from stillwatch.simulate.identity import MailShares
    from stillwatch.simulate.places import Place


@dataclass(frozen=True, slots=True)
class Access:
    """Accounts, keys, networks and programs of one persona."""

    plans: tuple[str, ...]
    """Plans its accounts are on, drawn alike."""
    software: tuple[str, ...]
    """Software families it uses."""
    operations: tuple[str, ...]
    """Kinds of call; an account keeps to one."""
    signup_days: tuple[float, float]
    """Age of an account at the start of the world, least and most (days); negative joins during it."""
    programs: tuple[int, int] = (1, 1)
    """Programs an account uses, least and most."""
    credentials: tuple[int, int] = (1, 1)
    """Keys an account uses, least and most."""
    places: tuple[Place, ...] = ("home",)
    """Kinds of network its addresses come from, drawn alike."""
    addresses: tuple[int, int] = (1, 3)
    """Addresses an account, or an operator's pool, uses, least and most."""
    spread: float = 3.0
    """1 uses all addresses alike; higher keeps to the first ones (exponent)."""
    per_call: bool = False
    """Whether address and program change from call to call rather than from session to session."""
    groups: tuple[int, ...] = (1,)
    """Sizes of the groups that share their first address, drawn alike (accounts)."""
    group_pays: bool = True
    """Whether such a group is one organisation with one payment."""
    declares: tuple[str, ...] = ()
    """Purposes an account may have declared."""
    declared_share: float = 0.0
    """Share of accounts that declared one."""
    resells: bool = False
    """Whether its accounts resell access under a contract."""
    end_users: tuple[int, int] = (0, 0)
    """The customer's own users named in the calls, least and most; 0 names none."""
    mail: MailShares = FIRMS
    """Share of accounts with free, corporate, education and throw-away mail."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What is asked of the model and how long the answers are."""

    tokens_out: float
    """Median answer without reasoning (tokens)."""
    sigma: float
    """Spread of its logarithm."""
    max_tokens: tuple[int, ...]
    """Ceilings an account may set (tokens); 0 sets none."""
    temperature: tuple[float, ...]
    """Temperatures an account may set; -1 sets none."""
    reasoning: float = 0.0
    """Reasoning over answer (tokens per token); 0 asks for none."""
    efforts: tuple[str, ...] = ()
    """Reasoning efforts an account may set."""
    formats: tuple[str, ...] = ()
    """Response formats an account may set."""
    tools: tuple[int, int] = (0, 0)
    """Tools offered, least and most."""
    context: tuple[float, float] = (0.0, 0.0)
    """Tokens of files and tool output in the first call of a session, least and most (tokens)."""
    small_model: float = 0.0
    """Share of accounts on the small model."""
    follows: float = 0.5
    """Share of calls that move to the newer model once it is released."""
    follows_within_h: float = 120.0
    """How long that takes (h)."""
    choices: int = 1
    """Most answers asked for per prompt; an account sets 1 or this."""
    logprobs: float = 0.0
    """Share of accounts that ask for log-probabilities."""
    seeded: float = 0.0
    """Share of accounts that fix a sampling seed."""
    streams: float = 0.0
    """Share of accounts that stream."""
    batches: float = 0.0
    """Share of accounts that use the batch interface."""
    stores: float = 0.0
    """Share of accounts that ask the provider to keep the exchange."""
    models: tuple[int, ...] = ()
    """Models the calls of a session go round, in this order (indices into the catalogue); none leaves each account
    its own."""
    logit_bias: tuple[int, int] = (0, 0)
    """Tokens biased in a call, least and most (tokens); drawn for every call, 0 and 0 biases none."""
    echo: float = 0.0
    """Answer over typed text (bytes per byte); 0 draws the length around tokens_out."""


@dataclass(frozen=True, slots=True)
class Friction:
    """What goes wrong, as shares of calls."""

    limited: float = 0.0005
    """Calls answered 429."""
    failed: float = 0.003
    """Calls answered 500 or 529."""
    cut: float = 0.01
    """Answers that end at the token ceiling."""
    refusals: dict[str, float] = field(default_factory=lambda: {"general_harms": 0.002})
    """Refusal category -> share of calls."""
    mismatches: dict[str, float] = field(default_factory=dict)
    """Binding mismatch -> share of the calls that carry reasoning."""


@dataclass(frozen=True, slots=True)
class Habits:
    """All habits of one persona."""

    access: Access
    """Accounts, keys, networks and programs."""
    answers: Answers
    """Requests and answer lengths."""
    friction: Friction
    """Errors, refusals and dropped reasoning."""
