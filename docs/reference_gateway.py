"""Write the reference pages of the gateway: barriers and settings."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from typing import Final

from reference_tables import MADE, field_docs, table

from stillwatch.enforcement.barriers import BARRIERS
from stillwatch.model.decision import Action
from stillwatch.serve.gateway import settings

BARRIERS_HEAD: Final = """# Barriers

A barrier changes, delays or refuses a call at the gateway, under a decision that is in force. Nobody in good standing
meets one unless a provider lowers `least` to `observe`. What it changed is written down call by call (`stillwatch
applied`) and, marks apart, named in the answer's header `x-stillwatch-barriers`. Gates come first, then changes of the
request, then changes of the answer, in the order of this page.

Not built, and [why](../adr/0019-a-gateway-of-raw-parts.md#what-is-not-built): zero-width characters, false facts,
proof of work.
"""

SETTINGS_HEAD: Final = """# Settings of the gateway

One YAML file; `stillwatch gateway --config FILE --check` reads it and says what it comes to. An unknown name, a value
of another kind or a name given twice is an error with its place. `upstreams`, `paths` and [`barriers`](barriers.md) map
names to the settings below; paths in it are meant from where the file stands.
"""

GATEWAY_SECTIONS: Final = (
    ("top level", settings.Settings),
    ("listen", settings.Listen),
    ("upstreams.NAME", settings.Upstream),
    ("paths.PATH", settings.Path),
    ("accounts", settings.Accounts),
    ("limits", settings.Limits),
    ("decisions", settings.Decisions),
    ("standings", settings.Standings),
    ("records", settings.Records),
)


def setting(value: object) -> str:
    """Write a default as a configuration file has it."""
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    word = value.name.lower() if isinstance(value, Action) else value
    return "" if word == "" else f"`{str(word).lower() if isinstance(word, bool) else word}`"


def barriers() -> str:
    """Render the page of the barriers: what each stops, costs, changes and takes as settings."""
    lines = [MADE.format(source="src/stillwatch/enforcement/barriers"), BARRIERS_HEAD]
    for barrier in BARRIERS:
        docs = {
            name: said
            for part in reversed(type(barrier).__mro__[:-1])
            for name, said in field_docs(inspect.getmodule(part), part.__name__).items()
        }
        shown = [f for f in fields(barrier) if f.name != "key"]
        owns = ", ".join(f"`{name}`" for name in barrier.owns) or "nothing"
        rows = [(f"`{f.name}`", setting(getattr(barrier, f.name)), docs[f.name]) for f in shown]
        about = f"Makes harder: {barrier.stops}. Costs: {barrier.costs} May change: {owns}."
        lines += [f"## {barrier.name}", "", about, "", *table(("Setting", "Default", "Meaning and unit"), rows), ""]
    return "\n".join(lines).replace("``", "`")


def gateway_settings() -> str:
    """Render the page of the gateway's configuration, section by section."""
    lines = [MADE.format(source="src/stillwatch/serve/gateway/settings.py"), SETTINGS_HEAD]
    for section, part in GATEWAY_SECTIONS:
        docs = field_docs(settings, part.__name__)
        rows = [
            (f"`{f.name}`", "must be given" if f.default is MISSING else setting(f.default), docs[f.name])
            for f in fields(part)
            if (f.default is not MISSING or f.default_factory is MISSING) and f.name != "barriers"
        ]
        lines += [f"## {section}", "", *table(("Setting", "Default", "Meaning and unit"), rows), ""]
    return "\n".join(lines).replace("``", "`")
