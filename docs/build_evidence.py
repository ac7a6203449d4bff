"""Write the reference pages of what is measured and how it is weighed: features and detectors.

``make docs`` runs it; a test renders the same pages again and compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.detectors import DETECTORS, GROUPS, Detector
from stillwatch.detectors.content.work_shapes import SHARES, WORK_SHAPES
from stillwatch.features.access import ACCESS
from stillwatch.features.content import CONTENT
from stillwatch.features.harvest import HARVEST
from stillwatch.features.lifecycle import LIFECYCLE
from stillwatch.features.replay import REPLAY
from stillwatch.features.timing import TIMING
from stillwatch.features.volume import VOLUME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stillwatch.model.profile import Feature

HERE: Final = Path(__file__).resolve().parent
MADE: Final = "<!-- Written by `make docs` from {source}; edit that, not this page. -->"
FEATURE_GROUPS: Final[tuple[tuple[str, tuple[Feature, ...]], ...]] = (
    ("Volume", VOLUME),
    ("Timing", TIMING),
    ("Content", CONTENT),
    ("Access", ACCESS),
    ("Harvest", HARVEST),
    ("Life cycle", LIFECYCLE),
    ("Carried reasoning", REPLAY),
)
"""Groups in the order of ``features.FEATURES``."""
PANELS: Final = (
    ("hour_of_week", "168", "Requests by hour of the week, from Monday 00:00 UTC."),
    ("topics", "64", "Prompts by topic of the word table."),
    (
        "timeline",
        "24",
        "Requests over time; start and width are the features `timeline_start_ms` and `timeline_bin_s`.",
    ),
    ("tokens_out", "16", "Answers by tokens; bin b holds 2^b up to 2^(b+1)."),
)


DETECTORS_INTRO: Final = """\
A detector gives an account a weight in bits: the log2 ratio of how likely what was seen is under extraction and under
honest use. Negative bits speak for the account. Every weight has a 90 % interval from sampling alone. **None is
calibrated**: the rates are assumptions, written below so that they can be disputed. A detector that cannot tell says
why and counts for nothing either way."""
GROUPS_INTRO: Final = """\
The total is the prior plus the weights, summed within groups of dependent detectors and capped. In a group over its
cap every detector counts for the same fraction of its weight. A weak-alone group can never carry an account over the
threshold by itself, whatever prior and threshold are set."""
SHAPES_INTRO: Final = """\
What `coverage_harvest` compares an account with. Each cell is a Beta distribution (a, b) over accounts. All are written
down from public reports and public data sets; none is fitted to labelled traffic."""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Lay out a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines]


def features_page() -> str:
    """Render the page of features: one row each."""
    lines = [
        MADE.format(source="src/stillwatch/features"),
        "# Features",
        "",
        "One row an account, one column a feature. A value the log could not show is NaN, never zero; detectors answer",
        "*not enough evidence* for it. A 16-bit counter that is full (65,535) makes the features that read it unknown.",
        "No feature reads a country, a nationality, a language, or a word of a prompt.",
        "",
    ]
    for title, group in FEATURE_GROUPS:
        rows = [(f"`{f.name}`", f.unit, f.meaning) for f in group]
        lines += [f"## {title}", "", *table(("Feature", "Unit", "Meaning"), rows), ""]
    rows = [(f"`{name}`", cells, meaning) for name, cells, meaning in PANELS]
    lines += ["## Panels", "", "Small arrays an account, for pictures.", ""]
    return "\n".join([*lines, *table(("Panel", "Cells", "Meaning"), rows), ""])


def _detector(detector: Detector) -> list[str]:
    parts = (
        ("Reads", ", ".join(f"`{name}`" for name in detector.needs)),
        ("Cannot tell without", ", ".join(f"`{name}`" for name in detector.requires)),
        ("Group", f"`{detector.group}`"),
        ("Weight model", detector.weight_model),
        ("Blind spot", detector.blind_spot),
        ("Benign twins", detector.benign_twins),
    )
    lines = [f"## {detector.name}", "", f"{detector.title[0].upper()}{detector.title[1:]}.", ""]
    for title, text in parts:
        lines += [f"**{title}.** {text}", ""]
    return [*lines, "**References.**", "", *(f"- {source}" for source in detector.references), ""]


def _shapes() -> list[str]:
    rows = []
    for shape in WORK_SHAPES:
        betas = [f"{beta.a:g}, {beta.b:g}" for beta in shape.shares.values()]
        mean, spread = shape.log10_prompts
        rows.append((shape.name, f"{shape.extraction:g}", f"{shape.honest:g}", *betas, f"{mean:g} ± {spread:g}"))
    head = ("Kind of work", "of extracting", "of honest", *(name.replace("_", " ") for name in SHARES), "log10 prompts")
    return [
        "## Kinds of work",
        "",
        SHAPES_INTRO,
        "",
        *table(head, rows),
        "",
    ]


def detectors_page() -> str:
    """Render the page of detectors: one section each, the groups and the kinds of work."""
    groups = [
        (f"`{g.name}`", f"{g.low_bits:+g} to {g.high_bits:+g}", "yes" if g.weak_alone else "no", g.why) for g in GROUPS
    ]
    lines = [
        MADE.format(source="src/stillwatch/detectors"),
        "# Detectors",
        "",
        DETECTORS_INTRO,
        "",
        "## Groups",
        "",
        GROUPS_INTRO,
        "",
        *table(("Group", "Caps in bits", "Weak alone", "Why"), groups),
        "",
    ]
    for detector in DETECTORS:
        lines += _detector(detector)
    return "\n".join([*lines, *_shapes()])


PAGES: Final[tuple[tuple[str, Callable[[], str]], ...]] = (
    ("features.md", features_page),
    ("detectors.md", detectors_page),
)
"""Page of docs/reference -> what renders it."""


if __name__ == "__main__":
    for page, render in PAGES:
        (HERE / "reference" / page).write_text(render(), encoding="utf-8")
        print(f"docs/reference/{page}")
