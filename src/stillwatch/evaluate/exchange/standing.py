"""What stands without any one provider: what is left of joint campaigns where nobody's word alone may count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.evaluate.campaigns.figures import share
from stillwatch.evaluate.exchange.study import SPREADS, Tried
from stillwatch.evaluate.pages import MADE, machine
from stillwatch.evaluate.tables import Table, markdown
from stillwatch.reports.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from stillwatch.evaluate.exchange.lies import Harm
    from stillwatch.evaluate.exchange.study import World

TRIED: Final = Tried(SPREADS[:2], ("frame", "poison"), 6_001)
"""Seeds that no other study looks at."""
INTRO: Final = """\
Of a joint campaign a part *stands* where it would be in one that extracts whichever other provider were left out, so
that nobody's word alone has done it; by default nothing else is judged. This page counts what that costs, and what it
holds off. **Everything here is simulated.** The liar knows every tag that the others offer,
which no member does."""


def tables(found: Mapping[str, Sequence[World]]) -> tuple[Table, ...]:
    """Lay the results out."""
    rows = []
    for name, worlds in found.items():
        caught = [one for world in worlds for one in world.gain.caught]
        gains = [world.gain for world in worlds]
        lies = [_counted(some) for some in zip(*(world.harm for world in worlds), strict=True)]
        honest = sum(one.honest for one in gains)
        accused = [sum(getattr(one, f"accused_{how}") for one in gains) for how in ("together", "standing")]
        rows.append((
            name,
            share(sum(one.half_together for one in caught), len(caught)),
            share(sum(one.half_standing for one in caught), len(caught)),
            f"{accused[0]} / {accused[1]} of {honest:,}",
            *lies,
        ))  # fmt: skip
    return (Table(
        "exchange_standing",
        "What stands",
        ("campaigns", "half found together", "half standing", "honest accused: together / standing",
         *(f"by the lie *{lie}*: together / standing" for lie in TRIED.lies)),
        tuple(rows),
        "Of lies: honest accounts of others that were not so without the lie. "
        "Those that stand are reported without the liar, too: it can add to what others say, and say nothing alone.",
    ),)  # fmt: skip


def _counted(some: Sequence[Harm]) -> str:
    accused, stands, honest = (sum(getattr(one, name) for one in some) for name in ("accused", "stands", "honest"))
    return f"{accused} / {stands} of {honest:,}"


def write_page(found: Mapping[str, Sequence[World]], path: Path, *, command: str, today: date, seeds: int) -> None:
    """Write the page.

    Raises
    ------
    StoreError
        It could not be written.
    """
    how = f"`{command}`, {today.isoformat()}, {machine()}: {seeds} worlds a row, seeds from {TRIED.first_seed:,} on."
    text = [MADE.format(command=command), "# What stands without any one provider", "", INTRO, "", how, ""]
    for table in tables(found):
        text += [*markdown(table), f"*`{command}`*", ""]
    write_atomically(path, ("\n".join(text).rstrip() + "\n").encode())
