"""What leaves a provider, field by field, before it leaves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.text import Text

from stillwatch.reports.layout import empty_table
from stillwatch.reports.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from stillwatch.model.offer import Offer

SHOWN: Final = 12
"""Groups shown one by one in a terminal; ``--json`` shows all."""
FIELDS: Final = (
    ("commitments", "a digest of each offer, under its group; all that leaves of what matches nobody, beside tags"),
    ("detector", "digest of the program that found the groups"),
    ("group", "handle of the group, sealed under a key that stays here, another one in every epoch"),
    ("salt", "16 random bytes, so that a digest gives nothing away"),
    (
        "tags: kind, value",
        "by which field its accounts come together, and the value made unreadable by both key holders",
    ),
    ("accounts", "number of its accounts, rounded to a power of two"),
    ("tags: log_e, layers", "evidence that sharing this is no chance, in all and by layer (ln e)"),
    ("lines: name, says, bits", "evidence for and against extraction by name; the sentences stay here"),
    ("operator_bits", "odds of one operator without what the tags say (bits)"),
    ("sketch: counts, sums", "counts and totals of all its requests as one account's, scaled to a rounded number"),
    ("sketch: first_ms, last_ms", "first and last day"),
    ("sketch: hll, reach", "how many different prompts, words, networks: estimates without the things themselves"),
    ("sketch: week", "requests by hour of the week, scaled alike"),
    ("sketch: slot_key, slot_count", "template keys under the alliance's key and how often, scaled alike"),
    ("sketch: refused", "how many refused prompts came again"),
)
"""Every field that may leave, and what it is. First a digest of it leaves, the rest only of groups that match."""


def leaving(offers: Sequence[Offer]) -> dict[str, Any]:
    """Say what would leave, as plain values.

    Parameters
    ----------
    offers
        Prepared offers, under the names that groups have here.
    """
    return {
        "fields": dict(FIELDS),
        "groups": [_group(one) for one in offers],
        "tags": sum(len(one.tags) for one in offers),
        "bytes_if_all_match": sum(one.nbytes for one in offers),
    }


def _group(one: Offer) -> dict[str, Any]:
    strongest = max(one.tags, key=lambda tag: tag.log_e)
    return {
        "group": one.name,
        "accounts": one.accounts,
        "traits": dict(sorted(Counter(tag.kind for tag in one.tags).items())),
        "strongest": {"trait": strongest.kind, "log_e": round(strongest.log_e, 2),
                      "layers": {name: round(value, 2) for name, value in strongest.layers.items()}},
        "lines": {line.name: round(line.bits, 1) for line in one.lines},
        "operator_bits": round(one.operator_bits, 1),
        "sketch": {name: cells.nbytes for name, cells in one.sketch.items()},
        "bytes": one.nbytes,
    }  # fmt: skip


def leaving_parts(offers: Sequence[Offer]) -> RenderableType:
    """Show what would leave as tables."""
    told = leaving(offers)
    fields = empty_table()
    fields.add_column("field")
    fields.add_column("what it is")
    for name, words in FIELDS:
        fields.add_row(name, words)
    groups = empty_table()
    for title in ("group here", "accounts", "matched by", "evidence", "bytes"):
        groups.add_column(title, justify="right" if title in ("accounts", "bytes") else "left")
    for one in told["groups"][:SHOWN]:
        traits = ", ".join(f"{count} {name}" if count > 1 else name for name, count in one["traits"].items())
        harvest = sum(one["lines"].values())
        groups.add_row(
            one["group"],
            f"~{one['accounts']}",
            traits,
            f"ln e {one['strongest']['log_e']:+.1f}, {harvest:+.1f} bits of extraction",
            f"{one['bytes']:,}",
        )
    more = len(told["groups"]) - SHOWN
    parts: list[RenderableType] = [Text("What may leave, and nothing else", style="bold"), fields, Text()]
    parts += [Text(f"{counted(len(offers), 'group')}, {counted(told['tags'], 'tag')}", style="bold"), groups]
    if more > 0:
        parts.append(Text(f"and {more} more; --json shows all"))
    parts.append(
        Text(f"Tags and digests leave when it is sent; the {told['bytes_if_all_match']:,} bytes above only of groups "
             "that another member holds, too.")
    )  # fmt: skip
    return Group(*parts)
