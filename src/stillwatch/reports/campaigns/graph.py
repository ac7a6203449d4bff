"""The accounts of a campaign around what they share, as one SVG. The layout is computed here and has no chance in it.

Five hubs stand for the layers that members hold values of. An account lies between the hubs as its bits divide, in
the nearest free cell of a honeycomb, the surest first; lines lead to the layers that speak for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.campaigns.summary import MEMBER_LAYERS
from stillwatch.reports.svg import element, join, picture, short
from stillwatch.reports.words import bits, count, counted, percent

if TYPE_CHECKING:
    from markupsafe import Markup
    from numpy.typing import NDArray

    from stillwatch.model.campaign import Members

WIDTH: Final = 920
HEIGHT: Final = 460
DRAWN: Final = 400
"""Most accounts drawn; of more an even sample is."""
TITLED: Final = 120
"""Most accounts whose dots say who they are when pointed at."""
SPEAKS_BITS: Final = 2.0
"""A layer speaks for an account from this weight on."""
SURE_BITS: Final = 6.6
"""Belonging below this, a chance of 99 %, is drawn faint."""
_HUBS: Final = np.array([(110.0, 100.0), (250.0, 392.0), (810.0, 100.0), (460.0, 74.0), (670.0, 392.0)])
_SIZES: Final = ((12, 12.0), (40, 9.0), (120, 6.8), (DRAWN, 4.8))
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a picture of members shows, and what it leaves out."""

    svg: Markup
    """The picture."""
    shown: int
    """Accounts drawn."""
    accounts: int
    """Accounts there are."""
    speaks: tuple[tuple[str, int], ...]
    """Layer -> members for which it speaks."""


def sampled(accounts: int, most: int) -> NDArray[np.int64]:
    """Choose rows to draw: all, or a seeded even sample, ascending.

    Examples
    --------
    >>> sampled(3, 400).tolist(), len(sampled(24_000, 400))
    ([0, 1, 2], 400)
    """
    if accounts <= most:
        return np.arange(accounts)
    return np.sort(np.random.default_rng(_SEED).choice(accounts, most, replace=False))


def account_graph(members: Members) -> Drawn:
    """Draw the members of a campaign around what they share.

    Parameters
    ----------
    members
        Accounts of one campaign.

    Returns
    -------
    Drawn
        One SVG; the same members give the same bytes.

    Notes
    -----
    O(DRAWN x cells), whatever the number of members. Blind spot: which value is shared, and by whom, is not drawn, only
    how strongly each layer ties an account to the others.
    """
    rows = sampled(len(members), DRAWN)
    radius = next(size for most, size in _SIZES if len(rows) <= most)
    weight = members.layer_bits[rows]
    place = _packed(_wanted(weight), members.total_bits[rows], 2.35 * radius)
    speaks = members.layer_bits >= SPEAKS_BITS
    parts = [_ties(place, weight), *_dots(members, rows, place, radius), *_hubs(speaks)]
    said = ", ".join(f"{layer} for {count(speaks[:, at].sum())}" for at, layer in enumerate(MEMBER_LAYERS))
    title = f"{counted(len(members), 'account')} around what they share; {said}"
    svg = picture(parts, title, viewBox=f"0 0 {WIDTH} {HEIGHT}", class_="graph")
    return Drawn(svg, len(rows), len(members), tuple(zip(MEMBER_LAYERS, speaks.sum(axis=0).tolist(), strict=True)))


def _wanted(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place accounts between the hubs as their bits divide; squares draw the unequal ones apart."""
    pull = np.square(np.maximum(np.nan_to_num(weight), 0.0))
    whole = pull.sum(axis=1, keepdims=True)
    share = np.where(whole > 0, pull / np.where(whole > 0, whole, 1.0), 1.0 / len(_HUBS))
    return np.asarray((0.12 / len(_HUBS) + 0.88 * share) @ _HUBS)


def _cells(step: float) -> NDArray[np.float64]:
    """Lay out the centres of a honeycomb that keeps clear of edges and hubs."""
    high = step * np.sqrt(3) / 2
    y = np.arange(24.0, HEIGHT - 24.0, high)
    x = np.arange(30.0, WIDTH - 30.0, step)
    made = np.concatenate(
        [np.column_stack([x + (row % 2) * step / 2, np.full(len(x), at)]) for row, at in enumerate(y)]
    )
    clear = (np.hypot(*(made[:, None, :] - _HUBS[None]).transpose(2, 0, 1)) > 46.0).all(axis=1)
    return np.asarray(made[clear])


def _packed(wanted: NDArray[np.float64], total: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Give each account the free cell nearest to where it belongs, the surest first."""
    cells = _cells(step)
    free = np.ones(len(cells), np.bool_)
    place = np.zeros_like(wanted)
    for row in np.argsort(-np.nan_to_num(total), kind="stable").tolist():
        far = np.where(free, np.square(cells - wanted[row]).sum(axis=1), np.inf)
        cell = int(np.argmin(far))
        free[cell] = False
        place[row] = cells[cell]
    return place


def _ties(place: NDArray[np.float64], weight: NDArray[np.float64]) -> Markup:
    """Draw the lines from each layer to the accounts it speaks for, one path a layer and strength."""
    made = []
    for at, layer in enumerate(MEMBER_LAYERS):
        hub = f"{short(_HUBS[at, 0])} {short(_HUBS[at, 1])}"
        for name, low, high in (("weak", SPEAKS_BITS, 7.0), ("strong", 7.0, np.inf)):
            there = place[(weight[:, at] >= low) & (weight[:, at] < high)]
            if len(there):
                line = "".join(f"M{hub}L{short(x)} {short(y)}" for x, y in there.tolist())
                made.append(element("path", d=line, class_=f"tie {layer} {name}"))
    crowd = "many" if len(place) > TITLED else "few"
    return element("g", join(made), class_=crowd)


def _dots(members: Members, rows: NDArray[np.int64], place: NDArray[np.float64], radius: float) -> list[Markup]:
    made = []
    for row, (x, y) in zip(rows.tolist(), place.tolist(), strict=True):
        layer = MEMBER_LAYERS[int(np.argmax(np.nan_to_num(members.layer_bits[row], nan=-1e9)))]
        kind = f"dot {layer}"
        kind += " closed" if members.closed_ms[row] >= 0 else ""
        kind += " faint" if members.total_bits[row] < SURE_BITS else ""
        title = element("title", _who(members, row)) if len(rows) <= TITLED else ""
        made.append(element("circle", title, cx=short(x), cy=short(y), r=radius, class_=kind))
    return made


def _who(members: Members, row: int) -> str:
    shares = ", ".join(
        f"{layer} {bits(value)}" for layer, value in zip(MEMBER_LAYERS, members.layer_bits[row].tolist(), strict=True)
    )
    closed = "; closed" if members.closed_ms[row] >= 0 else ""
    total = float(members.total_bits[row])
    return f"{pseudonym_text(int(members.account[row]))}: belongs by {bits(total)} bits ({shares}){closed}"


def _hubs(speaks: NDArray[np.bool_]) -> list[Markup]:
    made = []
    for at, layer in enumerate(MEMBER_LAYERS):
        x, y = _HUBS[at].tolist()
        share = float(speaks[:, at].mean()) if len(speaks) else 0.0
        made.append(
            element("circle", cx=short(x), cy=short(y), r=short(14 + 20 * np.sqrt(share)), class_=f"hub {layer}")
        )
        made.append(element("text", percent(share), x=short(x), y=short(y + 4), text_anchor="middle", class_="share"))
        label = y - 46 if y < HEIGHT / 2 else y + 50
        made.append(element("text", layer, x=short(x), y=short(label), text_anchor="middle", class_="mark"))
    return made
