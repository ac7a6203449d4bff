"""Write the reference pages of what is measured and how it is weighed: features and detectors.

``make docs`` runs it; a test renders the same pages again and compares.
"""

from __future__ import annotations

from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.detectors import DETECTORS, GROUPS, Detector
from stillwatch.detectors.combine import SWEEPS
from stillwatch.detectors.content.shape_model import KINDS, MEASURES, shipped
from stillwatch.features.access import ACCESS
from stillwatch.features.asked import ASKED
from stillwatch.features.content import CONTENT
from stillwatch.features.harvest import HARVEST
from stillwatch.features.lengths import LENGTHS
from stillwatch.features.lifecycle import LIFECYCLE
from stillwatch.features.recycled import RECYCLED
from stillwatch.features.repeats import REPEATS
from stillwatch.features.replay import REPLAY
from stillwatch.features.takeover import TAKEOVER
from stillwatch.features.timing import TIMING
from stillwatch.features.together import TOGETHER
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
    ("Lengths", LENGTHS),
    ("Repeats", REPEATS),
    ("What is asked for", ASKED),
    ("Access", ACCESS),
    ("Networks in time", TAKEOVER),
    ("Harvest", HARVEST),
    ("Life cycle", LIFECYCLE),
    ("Against all accounts of the log", TOGETHER),
    ("Carried reasoning", REPLAY),
    ("Answers fed back", RECYCLED),
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
honest use. Negative bits speak for the account. Every weight has a 90 % interval from sampling alone. The rates of
all detectors but one are **assumptions**, written below so that they can be disputed; `harvest_shape` is learnt from
public prompt sources. **None is calibrated** on labelled traffic. A detector that cannot tell says why and counts for
nothing either way."""
GROUPS_INTRO: Final = f"""\
The total is the prior plus the weights, summed within groups of dependent detectors and capped. In a group over its
cap every detector counts for the same fraction of its weight. A weak-alone group can never carry an account over the
threshold by itself, whatever prior and threshold are set. Groups marked *of sweeps* see what only a harvest of a
prompt sweep shows, {100 * SWEEPS:.0f} % of extraction. The rest relays or replays other people's sessions and looks
honest there, so these groups together are mixed with it and speak for an account by
{-log2(1 - SWEEPS):.1f} bits at most."""
SHAPE_INTRO: Final = """\
What `harvest_shape` compares an account with: middle and spread of each measure over the *sources* of a kind, as
`stillwatch learn` found them. Draw is log2 of answer over prompt length; the spreads are standard deviations of log2
lengths; single turn is the logit of the share of single turns; length tie is the correlation of the two lengths."""


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
        "No feature reads a country, a nationality or a language. Of the words of prompts only families of phrases are",
        "read, for what is asked of the model, whatever the language; words about distillation belong to none of them.",
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
        ("Would change it", detector.would_change),
    )
    lines = [f"## {detector.name}", "", f"{detector.title[0].upper()}{detector.title[1:]}.", ""]
    for title, text in parts:
        lines += [f"**{title}.** {text}", ""]
    return [*lines, "**References.**", "", *(f"- {source}" for source in detector.references), ""]


def _words(name: str) -> str:
    return name.replace("_", " ")


def shape_page() -> list[str]:
    """Lay out the numbers of the shipped shape model and what they were learnt from."""
    model = shipped()
    rows = [
        (kind, *(f"{middle:.2f} ± {spread:.2f}" for middle, spread in zip(means, scales, strict=True)))
        for kind, means, scales in zip(KINDS, model.mean.tolist(), model.scale.tolist(), strict=True)
    ]
    origin = [(_words(name), _origin(value)) for name, value in model.origin.items()]
    return [
        "## Shape model",
        "",
        SHAPE_INTRO,
        "",
        *table(("Kind", *(_words(name) for name in MEASURES)), rows),
        "",
        f"Of honest accounts {100 * model.people:.0f} % are taken to be people, the rest machines. Models that each",
        f"leave one source out give weights {model.model_sd_bits:.1f} bits apart (standard deviation), which every",
        "interval holds.",
        "",
        "Learnt from:",
        "",
        *table(("What", "Which"), origin),
        "",
    ]


def _origin(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{_words(str(name))}: {_origin(inner)}" for name, inner in value.items())
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def detectors_page() -> str:
    """Render the page of detectors: the groups, one section a detector, the shape model."""
    groups = [
        (
            f"`{g.name}`",
            f"{g.low_bits:+g} to {g.high_bits:+g}",
            "yes" if g.weak_alone else "no",
            "yes" if g.of_sweeps else "no",
            g.why,
        )
        for g in GROUPS
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
        *table(("Group", "Caps in bits", "Weak alone", "Of sweeps", "Why"), groups),
        "",
    ]
    for detector in DETECTORS:
        lines += _detector(detector)
    return "\n".join([*lines, *shape_page()])


PAGES: Final[tuple[tuple[str, Callable[[], str]], ...]] = (
    ("features.md", features_page),
    ("detectors.md", detectors_page),
)
"""Page of docs/reference -> what renders it."""


if __name__ == "__main__":
    for page, render in PAGES:
        (HERE / "reference" / page).write_text(render(), encoding="utf-8")
        print(f"docs/reference/{page}")
