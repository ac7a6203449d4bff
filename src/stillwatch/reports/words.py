"""Numbers and strangers' strings as words a person can trust.

Everything that came from a log or an account file passes :func:`clean` before it is shown.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime
from typing import Final

MINUS: Final = "\u2212"
"""The true minus sign: as wide as a plus."""
ABSENT: Final = "not in the logs"
"""What is shown instead of a NaN."""

_LAST_MS: Final = 253_402_300_799_000
"""Last millisecond of the year 9999."""

EXIT_MEANING: Final = {
    0: "nothing reaches the threshold",
    1: "at least one account reaches the threshold, or a campaign is reported as extraction",
    2: "the input or an option is wrong",
    3: "partial: some of the input was rejected or ended early",
}
"""Exit code -> what it says."""


CAMPAIGN_EXIT_MEANING: Final = EXIT_MEANING | {
    0: "no campaign is reported as extraction",
    1: "at least one campaign is reported as extraction",
}
"""The same where only campaigns were asked for."""


def clean(text: str, limit: int = 300) -> str:
    r"""Make a stranger's string safe to show on one line.

    Control characters, direction overrides and invisible characters go; a lone surrogate (a file name
    that is no UTF-8) becomes U+FFFD; what is longer than ``limit`` characters ends in an ellipsis.

    Examples
    --------
    >>> clean("a\x1b[31mb\nc")
    'a[31mb c'
    """
    spaced = " ".join(text[: 4 * limit].split())
    kept = (_FALLBACK.get(unicodedata.category(c), c) for c in spaced)
    shown = "".join(kept)
    if len(shown) <= limit and len(text) <= 4 * limit:
        return shown
    cut = shown[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit - 20 and space > 0 else cut) + "\u2026"


_FALLBACK: Final = {"Cc": "", "Cf": "", "Cs": "\ufffd", "Zl": " ", "Zp": " "}


def plain(name: str) -> str:
    """Turn a code name into words: ``artefact_replay`` is shown as ``artefact replay``."""
    return clean(name).replace("_", " ")


def bits(value: float) -> str:
    """Write a weight with its sign and one decimal."""
    rounded = round(value, 1)
    return f"{'+' if rounded > 0 else MINUS if rounded < 0 else ''}{abs(rounded):,.1f}"


def sentence(text: str) -> str:
    """Give a phrase its capital and its full stop.

    Examples
    --------
    >>> sentence("3 of 4 keys"), sentence("of 9 requests 2 failed.")
    ('3 of 4 keys.', 'Of 9 requests 2 failed.')
    """
    stop = "" if text.endswith((".", "!", "?", "\u2026")) else "."
    return text[:1].upper() + text[1:] + stop


def count(value: float) -> str:
    """Write a whole number with thousands apart."""
    return f"{int(value):,}"


def counted(value: float, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 event``, ``2 events``."""
    return f"{count(value)} {one if int(value) == 1 else many or one + 's'}"


def short_count(value: float) -> str:
    """Write a large number with three figures, for a narrow column.

    Examples
    --------
    >>> short_count(950), short_count(12_345), short_count(4_210_000), short_count(3.2e9)
    ('950', '12.3k', '4.21M', '3.2G')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{float(f'{value / size:.3g}'):g}{letter}"
    return count(value)


def odds(total_bits: float) -> str:
    """Say odds in words; they are what prior and weights imply, not a measured rate.

    Examples
    --------
    >>> odds(3.0), odds(-10.0), odds(0.2)
    ('8 to 1', '1 to 1,000', 'about even')
    """
    if abs(total_bits) < 0.5:
        return "about even"
    ratio = 2.0 ** min(abs(total_bits), 40.0)
    amount = "over a million" if ratio >= 1e6 else f"{_two_figures(ratio):,g}"
    return f"{amount} to 1" if total_bits > 0 else f"1 to {amount}"


def _two_figures(value: float) -> float:
    return float(f"{value:.2g}") if value >= 10 else round(value, 1)


def probability(total_bits: float) -> str:
    """Write the probability that prior and weights imply."""
    return percent(1.0 / (1.0 + 2.0 ** -max(min(total_bits, 40.0), -40.0)))


def percent(share: float) -> str:
    """Write a share as a percentage, without pretending to be certain."""
    if share > 0.999 and share < 1:
        return "over 99.9 %"
    if 0 < share < 0.001:
        return "under 0.1 %"
    fine = 0 < share < 0.1 or 0.99 < share < 1
    return f"{100 * share:.1f} %" if fine else f"{100 * share:.0f} %"


def one_in(share: float) -> str:
    """Write a small share as one in so many.

    Examples
    --------
    >>> one_in(0.001), one_in(1 / 1025), one_in(0.4), one_in(float("nan"))
    ('1 in 1,000', '1 in 1,000', '40 %', 'unknown')
    """
    if not math.isfinite(share):
        return "unknown"
    return f"1 in {_two_figures(1 / share):,g}" if 0 < share <= 0.1 else percent(share)


def rare(value: float) -> str:
    """Write a p- or q-value with two figures; an unknown one is said to be unknown.

    Examples
    --------
    >>> rare(0.01234), rare(1.0), rare(1 / 30_001), rare(float("nan"))
    ('0.012', '1', '0.000033', 'unknown')
    """
    if not math.isfinite(value):
        return "unknown"
    places = 1 - math.floor(math.log10(value)) if 0 < value < 1 else 2
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ordinary(share: float) -> str:
    """Say how much of a cohort shows as much; empty where that is not counted.

    Examples
    --------
    >>> ordinary(0.02), ordinary(0.0), ordinary(float("nan"))
    ('2.0 % of its cohort', 'none of its cohort', '')
    """
    if not math.isfinite(share):
        return ""
    return f"{percent(share) if share else 'none'} of its cohort"


def did_more(number: int) -> str:
    """Say how many ordinary accounts did more; empty where it is unknown.

    Examples
    --------
    >>> did_more(1), did_more(0), did_more(-1)
    ('1 unreported account of its plan made more requests', 'no unreported account of its plan made more requests', '')
    """
    if number < 0:
        return ""
    return (
        f"{counted(number, 'unreported account') if number else 'no unreported account'} of its plan made more requests"
    )


def without(total_bits: float, threshold_bits: float, *, flagged: bool) -> str:
    """Say what becomes of an account at another total.

    Examples
    --------
    >>> without(4.0, 3.0, flagged=True), without(2.0, 3.0, flagged=True), without(4.0, 3.0, flagged=False)
    ('would still be reported', 'would not be reported', 'would be reported')
    """
    if total_bits < threshold_bits:
        return "would not be reported"
    return "would still be reported" if flagged else "would be reported"


def when(ms: float, *, seconds: bool = False) -> str:
    """Write a time in UTC; an unknown time is said to be unknown."""
    if not math.isfinite(ms) or not 0 < ms <= _LAST_MS:
        return "unknown"
    form = "%Y-%m-%d %H:%M:%S UTC" if seconds else "%Y-%m-%d %H:%M UTC"
    return datetime.fromtimestamp(int(ms) / 1000, UTC).strftime(form)


def day(ms: float) -> str:
    """Write a date in UTC."""
    return when(ms)[:10] if 0 < ms <= _LAST_MS else "unknown"


def span(seconds: float) -> str:
    """Write a length of time in its natural unit."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size or unit == "second":
            amount = seconds / size
            text = f"{amount:.0f}" if amount >= 10 or amount == int(amount) else f"{amount:.1f}"
            return f"{text} {unit}{'' if text == '1' else 's'}"
    return ""


_UNITS: Final = (
    ("_bits", "bits"),
    ("_share", "share"),
    ("_bytes", "bytes"),
    ("_usd", "US dollars"),
    ("_ms", "ms"),
    ("_d", "days"),
    ("_h", "hours"),
    ("_s", "s"),
)


def unit_of(name: str) -> str:
    """Guess the unit of a feature from the end of its name; empty where it says none."""
    if name.startswith(("share_", "fraction_")):
        return "share"
    return next((unit for end, unit in _UNITS if name.endswith(end)), "")


def amount(value: float, name: str = "", unit: str = "") -> str:
    """Write a feature's value with its unit.

    Examples
    --------
    >>> amount(1234567.0, "tokens_out", "tokens"), amount(0.42, "night_share"), amount(float("nan"))
    ('1,234,567 tokens', '42 %', 'not in the logs')
    """
    if not math.isfinite(value):
        return ABSENT
    # A feature's unit may name its range: "share, 0 to 1".
    unit = (unit or unit_of(name)).partition(",")[0]
    if name.endswith("_ms") and value > 1e11:
        return when(value)
    if unit == "share":
        return percent(value)
    if unit == "s" and value >= 120:
        return span(value)
    number = f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:,.3g}"
    return f"{number.replace('-', MINUS)} {unit}".rstrip() if unit != "1" else number.replace("-", MINUS)
