"""Worlds of one campaign or one crowd, and ways to look at them."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from functools import lru_cache
from importlib.resources import files

import numpy as np
import pyarrow.compute as pc
from small_worlds import START_MS

from stillwatch.simulate import HYDRA, Campaign, Crowd, World, WorldSpec, build_world


@lru_cache(maxsize=1)
def hydra() -> World:
    return build_world(HYDRA, seed=11, start_ms=START_MS)


@lru_cache(maxsize=48)
def campaign_world(seed: int = 3, days: int = 7, **fields) -> World:
    asked = Campaign(**{"name": "c", "accounts": 60, "replaced": 0.0, **fields})
    return build_world(WorldSpec(campaigns=(asked,), days=days), seed, START_MS)


@lru_cache(maxsize=48)
def crowd_world(kind: str, accounts: int = 60, groups: int = 2, **fields) -> World:
    return build_world(WorldSpec(crowds=(Crowd(kind, accounts, groups, **fields),)), 3, START_MS)


def a_day(world: World) -> float:
    return world.events.num_rows / world.accounts.num_rows / 7


def prompts(world: World) -> list[str]:
    return [text.decode() for text in world.events["prompt"].to_pylist()]


def per_group(world: World, column: str) -> dict[str, list]:
    """Values of a column of the account file, one list a crowd."""
    found = defaultdict(list)
    for crowd, value in zip(world.truth["crowd"].to_pylist(), world.accounts[column].to_pylist(), strict=True):
        found[crowd].append(value)
    return found


def distinct_per_account(world: World, column: str) -> dict[str, set]:
    found = defaultdict(set)
    for account, value in zip(world.events["account_id"].to_pylist(), world.events[column].to_pylist(), strict=True):
        found[account].add(value)
    return found


def share(values) -> float:
    return float(np.mean(list(values)))


def shingles(text: str) -> set:
    words = text.lower().split()
    return set(zip(words, words[1:], words[2:], strict=False))


def overlap(one: str, other: str) -> float:
    first, second = shingles(one), shingles(other)
    return len(first & second) / len(first | second)


def entropy_bits(values) -> float:
    counts = np.array(list(Counter(values).values()), dtype=float)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


@lru_cache(maxsize=1)
def concepts() -> tuple[re.Pattern, dict[str, str]]:
    text = files("stillwatch.simulate.prompts").joinpath("words/tasks.json").read_text(encoding="utf-8")
    subject_of = {concept: subject[0] for subject in json.loads(text)["subjects"] for concept in subject[1:]}
    return re.compile("|".join(sorted(map(re.escape, subject_of), key=len, reverse=True))), subject_of


def narrowness(world: World) -> float:
    """Median over accounts of the spread of their English tasks over subjects (bits); low is narrow."""
    pattern, subject_of = concepts()
    spreads = []
    for texts in distinct_per_account(world, "prompt").values():
        found = [pattern.search(text.decode().split("\n\n")[-1]) for text in texts]
        subjects = [subject_of[one.group(0)] for one in found if one]
        if len(subjects) >= 10:
            spreads.append(entropy_bits(subjects))
    assert len(spreads) >= 15
    return float(np.median(spreads))


def times_ms(column) -> list[int | None]:
    return [
        None if one is None else int(np.datetime64(one.rstrip("Z"), "ms").astype(np.int64))
        for one in column.to_pylist()
    ]


def events_of(world: World, accounts) -> object:
    return world.events.filter(pc.is_in(world.events["account_id"], value_set=accounts))
