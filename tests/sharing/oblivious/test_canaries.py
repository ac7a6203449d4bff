from __future__ import annotations

import secrets
from dataclasses import replace

from stillwatch.sharing.oblivious.canaries import audit, plant

PLANTED = plant(3, 4, 5, secrets.token_bytes)


def test_an_honest_matcher_releases_pairs_and_no_lone_ones():
    found = audit(PLANTED, [*PLANTED.paired, secrets.token_bytes(16)])
    assert found.honest


def test_what_is_invented_or_dropped_is_found():
    assert audit(PLANTED, [*PLANTED.paired, PLANTED.lone[0]]).invented == 1
    assert audit(PLANTED, PLANTED.paired[1:]).missing == 1
    assert not audit(PLANTED, []).honest


def test_the_commitment_binds_every_part():
    other = [
        replace(PLANTED, epoch=4),
        replace(PLANTED, salt=bytes(32)),
        replace(PLANTED, lone=PLANTED.lone[1:]),
        replace(PLANTED, paired=PLANTED.paired[1:]),
        replace(PLANTED, lone=PLANTED.lone + PLANTED.paired, paired=()),
        replace(PLANTED, lone=PLANTED.lone[:-1], paired=(PLANTED.lone[-1], *PLANTED.paired)),
    ]
    assert len({one.commitment() for one in (PLANTED, *other)}) == 7
    assert PLANTED.salt.hex() not in repr(PLANTED)
