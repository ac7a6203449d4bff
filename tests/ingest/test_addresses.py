"""Which address a request came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.addresses import caller, host_of, network_of, trusted_networks
from stillwatch.model.errors import InputError

NETS = trusted_networks(["10.0.0.0/8", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:443 ", "203.0.113.7"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
        ("", ""),
        ("unknown", ""),
        ("@", ""),
        ("203.0.113.300", ""),
        ("203.0.113.07", ""),
        ("203.0.113", ""),
        ("203.0.113.7.8", ""),
        ("3405803783", ""),
        ("\uff12.0.0.1", ""),
        ("10.0.0.1\x00", ""),
    ],
)
def test_hosts(written: str, host: str) -> None:
    assert host_of(written) == host


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_none(written: str) -> None:
    host = host_of(written)

    assert host == host_of(host)
    assert bool(network_of(host)) == bool(host)
    assert caller(written, written, NETS) in (host, *map(host_of, written.split(",")), "")


@given(st.ip_addresses())
def test_every_address_is_its_own_host_and_lies_in_its_network(address) -> None:
    host = host_of(str(address))

    assert host == str(getattr(address, "ipv4_mapped", None) or address)
    assert network_of(host).endswith("/48" if ":" in host else "/24")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", "203.0.113.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.9, 203.0.113.7, 10.9.9.9,2001:db8::9", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "203.0.113.7, unknown", ""),
        ("10.0.0.1", "203.0.113.7, ", ""),
        ("", "203.0.113.7", ""),
    ],
)
def test_the_list_is_walked_from_its_right_end(peer: str, forwarded: str, expected: str) -> None:
    assert caller(peer, forwarded, NETS) == expected


def test_a_proxy_that_is_no_network_is_named() -> None:
    with pytest.raises(InputError, match=r"--trusted-proxy: .*ten.*write a network such as 10.0.0.0/8"):
        trusted_networks(["10.0.0.0/8", "ten"])
