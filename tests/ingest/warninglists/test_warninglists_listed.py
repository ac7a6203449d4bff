from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.warninglists.listed import Warninglists
from stillwatch.ingest.warninglists.lists import Warninglist, own_lists
from stillwatch.ingest.warninglists.ranges import ranges


def made(kind, *entries, to=()):
    return Warninglist("n", 1, kind, entries, frozenset(to))


def on(lists, kind, *values):
    return [at >= 0 for at in Warninglists(lists).of(kind).listed(values)]


@pytest.mark.parametrize(
    ("one", "kind", "value", "found"),
    [
        (made("hostname", "gmail.com"), "email-domain", "gmail.com", True),
        (made("hostname", "gmail.com"), "email-domain", "mail.gmail.com", True),
        (made("hostname", "gmail.com"), "email-domain", "notgmail.com", False),
        (made("hostname", "gmail.com"), "email-domain", "gmail.com.example", False),
        (made("string", "gmail.com"), "email-domain", "gmail.com", True),
        (made("string", "gmail.com"), "email-domain", "mail.gmail.com", False),
        (made("substring", "@trash."), "email", "jo@trash.example", True),
        (made("substring", "@trash."), "email", "jo@mytrash.example", False),
        (made("regex", "(?i)^noc@"), "email", "noc@a.example", True),
        (made("regex", "^noc@"), "email", "anoc@a.example", False),
        (made("hostname", "gmail.com"), "email", "jo@gmail.com", False),
        (made("cidr", "198.51.0.0/16"), "ipv4-24", "198.51.100.0/24", True),
        (made("cidr", "198.51.0.0/16"), "ipv4-24", "198.52.0.0/24", False),
        (made("cidr", "198.51.100.77"), "ipv4-24", "198.51.100.0/24", True),
        (made("string", "198.51.100.77"), "ipv4-24", "198.51.100.0/24", True),
        (made("string", "a.example", "198.51.101.7"), "ipv4-24", "198.51.100.0/24", False),
        (made("cidr", "2001:db8::/32"), "ipv6-48", "2001:db8:7::/48", True),
        (made("cidr", "2001:db8::/32"), "ipv4-24", "32.1.13.0/24", False),
        (made("cidr", "198.51.100.0/24"), "email-domain", "198.51.100.0", False),
        (made("string", "shop/AbCd1234"), "payment", "shop/abcd1234", False),
        (made("string", "shop/abcd1234"), "payment", "shop/AbCd1234", True),
    ],
)
def test_comparison_is_that_of_misp(one, kind, value, found):
    assert on([one], kind, value) == [found]
    assert on([one], f"{kind}:v1", value) == [found]


@pytest.mark.parametrize(
    ("kind", "attribute", "applies"),
    [
        ("email-domain", "domain", True),
        ("email-domain", "email-src", False),
        ("email", "email-src", True),
        ("email", "domain", False),
        ("email", "email", True),
        ("payment", "payment", True),
        ("payment", "domain", False),
    ],
)
def test_a_list_is_for_its_attributes(kind, attribute, applies):
    assert on([made("string", "x", to=[attribute])], kind, "x") == [applies]
    assert on([made("string", "x", to=[])], kind, "x") == [True]


def test_own_lists_leave_out_freemail_domains_and_keep_their_addresses():
    own = own_lists()
    assert on(own, "email-domain", "gmail.com", "mail.yopmail.com", "lab.example") == [True, True, False]
    assert on(own, "email", "jo@gmail.com", "jo@yopmail.com", "jo@notyopmail.com") == [False, True, False]


def test_the_first_list_that_is_found_counts():
    lists = Warninglists([made("string", "a"), made("string", "a", "b")])
    assert lists.of("payment").listed(["a", "b", "c"]) == [0, 1, -1]


networks = st.builds(
    lambda address, bits: ip_network((address, bits), strict=False), st.integers(0, 2**32 - 1), st.integers(4, 32)
)


@given(st.lists(networks, max_size=12), st.lists(networks.filter(lambda one: one.prefixlen >= 24), max_size=6))
def test_a_network_is_listed_where_it_has_an_address_of_one(listed, asked):
    asked = [*asked, *(one.supernet(new_prefix=24) for one in listed if one.prefixlen >= 24)]
    spans = [(int(one.network_address), int(one.broadcast_address), at) for at, one in enumerate(listed)]
    found = ranges(spans)
    assert all(last < first for last, first in zip(found.last, found.first[1:], strict=False))
    for one in asked:
        at = found.within(int(one.network_address), int(one.broadcast_address))
        assert (at >= 0) == any(one.overlaps(other) for other in listed)
        assert at < 0 or listed[at].overlaps(one)


small = st.text("ab.", min_size=1, max_size=4)


@given(st.lists(small, max_size=6), st.lists(small, max_size=6), st.lists(st.text("ab.", max_size=9), max_size=8))
def test_hosts_and_pieces_are_those_of_a_plain_comparison(hosts, pieces, values):
    lists = [made("hostname", *hosts), made("substring", *pieces)]
    for value, found in zip(values, on(lists, "email-domain", *values), strict=True):
        below = any(value == host or value.endswith("." + host) for host in hosts)
        assert found == (below or any(piece in value for piece in pieces))
