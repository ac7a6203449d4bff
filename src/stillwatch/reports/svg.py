"""The few pieces every picture is made of: one element, one axis, round tick marks.

Coordinates along the bits are percentages, so text keeps its size on a telephone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup, escape


def element(tag: str, content: str | Markup = "", **attributes: object) -> Markup:
    """Make one SVG element; text and attribute values are escaped, Markup is kept.

    Examples
    --------
    >>> str(element("title", "<b>"))
    '<title>&lt;b&gt;</title>'
    >>> str(element("rect", x="1%", class_="more"))
    '<rect x="1%" class="more"/>'
    """
    written = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    inner = escape(content)
    return Markup(f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>")  # noqa: S704


def join(parts: list[Markup]) -> Markup:
    """Put elements one after the other."""
    return Markup("").join(parts)


def picture(parts: list[Markup], title: str, **attributes: object) -> Markup:
    """Wrap elements into an SVG that a screen reader announces by its title."""
    return element("svg", element("title", title) + join(parts), role="img", aria_label=title, **attributes)


def short(value: float) -> str:
    """Write a coordinate in as few bytes as two decimals need."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis whose positions are percentages of the width."""

    low: float
    """Value at the left edge."""
    high: float
    """Value at the right edge; greater than ``low``."""

    def at(self, value: float) -> float:
        """Place a value, 0 to 100; values outside are put on the edge."""
        share = (value - self.low) / (self.high - self.low)
        return 100.0 * min(max(share, 0.0), 1.0)

    def pct(self, value: float) -> str:
        """Place a value, as an SVG coordinate."""
        return f"{short(self.at(value))}%"

    def wide(self, one: float, other: float) -> str:
        """Measure the distance of two values, as an SVG length."""
        return f"{short(abs(self.at(other) - self.at(one)))}%"

    def ticks(self, about: int = 6) -> list[float]:
        """Choose round values on the axis, ``about`` many."""
        step = round_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def round_step(rough: float) -> float:
    """Round a step up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(rough, 1e-9)))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= rough * 0.999)
