"""A campaign from words such as ``accounts=1500,per_day=13,technique=store_replay``."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from stillwatch.model.errors import InputError
from stillwatch.simulate.campaigns.presets import PRESETS
from stillwatch.simulate.campaigns.spec import Campaign, campaign_fields

_YES: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_KINDS: Final = {field.name: str(field.type) for field in fields(Campaign)}


def _value(name: str, text: str) -> str | int | float | bool:
    kind = _KINDS[name]
    try:
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
        if kind == "bool":
            return _YES[text.lower()]
    except (ValueError, KeyError) as error:
        wanted = {"int": "a whole number", "float": "a number", "bool": "yes or no"}[kind]
        raise InputError(f"--campaign: {name}={text}: write {wanted}") from error
    return text


def parse_campaign(text: str, number: int = 1) -> Campaign:
    """Read a campaign from one line.

    Parameters
    ----------
    text
        ``name=value`` pairs with commas between them. ``preset`` takes the rest from a published campaign.
    number
        Gives the campaign a name where the text gives none.

    Returns
    -------
    Campaign
        The campaign; what the text leaves out has its default.

    Raises
    ------
    InputError
        A pair is not understood, or the campaign cannot be played.

    Examples
    --------
    >>> parse_campaign("accounts=1500,per_day=13,technique=store_replay").per_day
    13.0
    >>> parse_campaign("preset=gtg-16008,accounts=40").technique
    'store_replay'
    """
    asked: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, found, value = (part.strip() for part in pair.partition("="))
        if not found or not value:
            raise InputError(f"--campaign: {pair}: write name=value, such as accounts=200")
        if name not in {"preset", *campaign_fields()}:
            raise InputError(f"--campaign: {name} is no field; there are preset, {', '.join(campaign_fields())}")
        asked[name] = value
    preset = asked.pop("preset", "")
    known = {one.name: one for one in PRESETS}
    if preset and preset not in known:
        raise InputError(f"--campaign: preset={preset}: there are {', '.join(known)}")
    values = {name: getattr(known[preset], name) for name in campaign_fields()} if preset else {}
    values |= {name: _value(name, value) for name, value in asked.items()}
    values.setdefault("name", f"campaign-{number}")
    if "accounts" not in values:
        raise InputError("--campaign: say how many accounts, such as accounts=200, or name a preset")
    return Campaign(**values)
