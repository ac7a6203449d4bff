"""Warninglists, measured: reading lists as large as those of clouds, asking them, keying their networks.

Run: ``PYTHONPATH=src python bench/warninglists.py [--n 100000]``.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key
from stillwatch.ingest.warninglists.keyed import keyed
from stillwatch.ingest.warninglists.listed import Warninglists
from stillwatch.ingest.warninglists.lists import own_lists, read_list


def made(kind: str, entries: list[str], attribute: str) -> bytes:
    """Write a list."""
    return json.dumps(
        {"name": kind, "version": 1, "type": kind, "list": entries, "matching_attributes": [attribute]}
    ).encode()


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000, help="values of each kind (%(default)s)")
    n, rng = parser.parse_args().n, random.Random(1)  # noqa: S311 - a fixed world

    def timed(what: str, count: int, function, *args):  # noqa: ANN001, ANN002, ANN202
        began = time.process_time()
        found = function(*args)
        took = time.process_time() - began
        print(f"{what:48} {count:>9,} in {took:6.2f} s CPU")
        return found

    def octets(k: int) -> str:
        return ".".join(str(rng.randrange(256)) for _ in range(k))

    cidr = made("cidr", [f"{octets(3)}.0/{rng.choice((20, 22, 24))}" for _ in range(20_000)], "ip-src")
    hosts = made("hostname", [f"h{k}.example" for k in range(100_000)], "domain")
    pieces = made("substring", [f"throwaway{k}.example" for k in range(5_000)], "domain|ip")
    regex = made("regex", [f"^(noc|abuse){k}[.]" for k in range(20)], "domain")
    lists = Warninglists(
        [
            *own_lists(),
            *(timed("read: entries", 125_020, lambda: [read_list(x, "x") for x in (cidr, hosts, pieces, regex)])),
        ]
    )
    timed("made ready: networks", 20_000, lists.of, "ipv4-24")
    timed("made ready: domains", 105_000, lists.of, "email-domain")
    nets = [f"{octets(3)}.0/24" for _ in range(n)]
    domains = [f"mail.h{rng.randrange(200_000)}.example" for _ in range(n)]
    timed("asked: networks", n, lists.of("ipv4-24").listed, nets)
    timed("asked: domains, pieces and 20 expressions", n, lists.of("email-domain").listed, domains)
    with tempfile.TemporaryDirectory() as folder:
        door = Door(create_key(Path(folder) / "a.key"))
        common = timed("keyed: domains of an account file and networks", n, keyed, lists, door, domains)
    print(
        {name: f"{values.shape[0]:,}" for name, values in common.fields.items()}, f"{common.left_out} ranges left out"
    )


if __name__ == "__main__":
    main()
