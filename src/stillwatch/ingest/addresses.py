"""Which address a request came from, believing only proxies that were declared trustworthy.

The X-Forwarded-For list is walked from its right end: each address that a trusted proxy reported is
believed, the first one that is not a trusted proxy itself is the caller. Without declared proxies the
peer's address counts and the list, which anybody can write, is not read.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Networks = tuple[IPv4Network | IPv6Network, ...]
_OCTETS: Final = frozenset(map(str, range(256)))


def trusted_networks(written: Sequence[str]) -> Networks:
    """Read declared proxy networks.

    Raises
    ------
    InputError
        One of them is no network.
    """
    try:
        return tuple(ip_network(text, strict=False) for text in written)
    except ValueError as error:
        raise InputError(f"--trusted-proxy: {error}; write a network such as 10.0.0.0/8") from error


def host_of(text: str) -> str:
    """Strip port and brackets from an address; "" where it is none."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].split("]")[0]
    elif bare.count(":") == 1:
        bare = bare.split(":")[0]
    parts = bare.split(".")
    if len(parts) == 4 and all(part in _OCTETS for part in parts):
        return bare
    try:
        address = ip_address(bare)
    except ValueError:
        return ""
    # An IPv4 caller on a dual-stack socket is the same caller.
    mapped = address.ipv4_mapped if address.version == 6 else None
    return str(mapped or address)


def network_of(host: str) -> str:
    """Give the /24 or /48 of an address, "" for no address.

    Examples
    --------
    >>> network_of("203.0.113.7"), network_of("2001:db8::1"), network_of("")
    ('203.0.113.0/24', '2001:db8::/48', '')
    """
    if ":" in host:
        return str(ip_network(f"{host}/48", strict=False))
    return f"{host.rpartition('.')[0]}.0/24" if host else ""


def caller(peer: str, forwarded: str, trusted: Networks) -> str:
    """Give the caller's address.

    Examples
    --------
    >>> nets = trusted_networks(["10.0.0.0/8"])
    >>> caller("10.0.0.1:443", "198.51.100.9, 203.0.113.7, 10.0.0.2", nets)
    '203.0.113.7'
    >>> caller("192.0.2.1:443", "203.0.113.7", nets)
    '192.0.2.1'
    """
    host = host_of(peer)
    chain = forwarded.split(",") if forwarded else []
    while chain and host and any(ip_address(host) in network for network in trusted):
        host = host_of(chain.pop())
    return host
