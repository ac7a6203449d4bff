"""Write the reference page of the hub's HTTP paths, from the description that it serves itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reference_tables import MADE, table

from stillwatch.serve.hub.described import SAID
from stillwatch.serve.hub.description import OPENAPI, PATHS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEAD: Final = f"""# The hub's HTTP paths

What the hub says of itself at `GET {OPENAPI}` (OpenAPI 3.1), for reading; tests hold the routes to it. Requests
are signed after RFC 9421 or carry Bearer or Basic, unless anybody may ask. Numbers of other members are buckets, and no
answer names one who has not agreed to it. TAXII 2.1 below `/taxii2/` and `/api/` has its own standard. What opinions,
dockets and pages mean: [opinions](opinions.md); the log: [transparency log](transparency-log.md).
"""


def kind(schema: Mapping[str, Any]) -> str:
    """Name a kind of value in a word or two."""
    if "enum" in schema:
        return "one of " + ", ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    one = schema.get("type", "anything")
    if isinstance(one, list):
        return " or ".join(one)
    if one == "array":
        most = f", at most {schema['maxItems']:,}" if "maxItems" in schema else ""
        return f"list of {kind(schema['items'])}{most}"
    pattern = schema.get("pattern", "")
    if pattern.startswith("^[0-9a-f]{"):
        return f"{pattern[10:].split('}')[0]} hexadecimal digits" if pattern.count("{") == 1 else "UUID"
    if schema.get("contentEncoding"):
        return f"string in {schema['contentEncoding']}"
    if schema.get("format") == "binary":
        return "bytes"
    return f"{one}, at most {schema['maxLength']:,} characters" if "maxLength" in schema else one


def leaves(schema: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, str, str]]:
    """Give (field, kind, "yes" where it may be left out) of a schema, ``a[].b`` for what lists hold."""
    for name, one in schema.get("properties", {}).items():
        may = "yes" if name not in schema["required"] else ""
        deeper, held = f"{inside}{name}", one
        while held.get("type") == "array":
            deeper, held = f"{deeper}[]", held["items"]
        yield f"`{inside}{name}`", kind(one), may
        yield from leaves(held, f"{deeper}.")
    if schema.get("type") == "array":
        yield from leaves(schema["items"], f"{inside}[].")


def body_of(content: Mapping[str, Any]) -> list[str]:
    """Lay out a body: its media type, and its fields where it has some."""
    [(media, held)] = content.items()
    rows = list(leaves(held.get("schema", {})))
    head = ("Field", "Kind", "May be left out")
    if not any(may for _, _, may in rows):
        head, rows = head[:2], [row[:2] for row in rows]
    shown = f"`{media}`: {kind(held['schema'])}" if not rows and held.get("schema") else f"`{media}`"
    return [shown, "", *table(head, rows), ""] if rows else [shown, ""]


def operation(path: str, method: str, one: Mapping[str, Any]) -> list[str]:
    """Lay out one operation."""
    who = "Anybody may ask: " if not one["security"] else ""
    lines = [f"## {method.upper()} {path}", "", f"{who}{one['summary']}", ""]
    if given := one.get("parameters", []):
        rows = [
            (f"`{each['name']}`", each["in"], kind(each["schema"]), "" if each["required"] else "yes") for each in given
        ]
        lines += [*table(("Parameter", "In", "Kind", "May be left out"), rows), ""]
    if sent := one.get("requestBody"):
        lines += ["Body, ", *body_of(sent["content"])]
    good = {status: said for status, said in one["responses"].items() if status.startswith("2")}
    lines += [f"{' or '.join(sorted(good))}, ", *body_of(next(iter(good.values()))["content"])]
    refused = ", ".join(status for status in sorted(one["responses"]) if status not in good)
    return [*lines, f"Refused with: {refused}.", ""]


def hub_paths() -> str:
    """Render the page: every path, what it takes, what it answers and what it refuses with."""
    lines = [MADE.format(source="src/stillwatch/serve/hub/description.py"), HEAD, "## Refusals", ""]
    lines += [*table(("Status", "Meaning"), SAID.items()), ""]
    for path, methods in PATHS.items():
        for method, one in methods.items():
            lines += operation(path, method, one)
    return "\n".join(lines).replace(", \n`", ", `").rstrip() + "\n"
