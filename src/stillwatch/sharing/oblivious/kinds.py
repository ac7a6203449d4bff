"""Kinds of identifiers that members match on, each with its one written form.

An input is ``KIND:VERSION:VALUE`` in ASCII. Two members match only where they write a value alike, so a form never
changes: another form is another version, and the old one is kept until nobody uses it. What does not fit a form is
refused, not repaired, beyond what each function says.

Most kinds can be guessed: whoever could evaluate freely would try every value. That is what two key holders and
budgets are for, and why ``guesses_log2`` stands with each kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

LOW_ENTROPY_LOG2: Final = 64
"""A kind with fewer guesses than two to this can be searched by whoever holds the keys."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of identifier."""

    name: str
    """``KIND:VERSION``, what every input of it begins with."""
    says: str
    """What it is, for the person who decides whether it leaves."""
    guesses_log2: int
    """About how many values a guesser must try, as a power of two."""
    canonical: Callable[[str], str]
    """Brings a value into its one form, or raises :class:`InputError`. Bringing a form into form changes nothing."""
    bands: int = 1
    """How many coinciding tags make one match."""

    @property
    def low_entropy(self) -> bool:
        """Whether all values can be tried by whoever holds the keys."""
        return self.guesses_log2 < LOW_ENTROPY_LOG2

    def input(self, value: str) -> bytes:
        """Write the input of the pseudo-random function.

        Raises
        ------
        InputError
            The value is none of this kind. The text names the kind and what is wrong, never the value.
        """
        return f"{self.name}:{self.canonical(value)}".encode("ascii")


def _wrong(kind: str, what: str) -> InputError:
    return InputError(f"{kind}: {what}")


_PAYMENT: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,31})/([A-Za-z0-9_+=.-]{8,128})")


def payment(value: str) -> str:
    """Write a payment fingerprint, ``ISSUER/FINGERPRINT``: the issuer in lower case, the fingerprint as issued.

    Examples
    --------
    >>> payment("Network-Token/Q3xYz012")
    'network-token/Q3xYz012'
    """
    found = _PAYMENT.fullmatch(value.strip(" "))
    if not found:
        raise _wrong("payment", "write ISSUER/FINGERPRINT, the fingerprint 8 to 128 letters, digits or _+=.-")
    return f"{found[1].lower()}/{found[2]}"


_CARD: Final = re.compile(r"([0-9]{8})/([A-Za-z]{2})/([0-9]{4})-(0[1-9]|1[0-2])")
_CARD_CLASS: Final = re.compile(r"[0-9]{8}/[A-Z]{2}/[0-9]{4}q[1-4]")


def card(value: str) -> str:
    """Write what is said of a card, ``BIN/COUNTRY/YEAR-MONTH``: 8 digits, ISO 3166 code, expiry cut to a quarter.

    Examples
    --------
    >>> card("41111111/de/2028-05")
    '41111111/DE/2028q2'
    """
    bare = value.strip(" ")
    if _CARD_CLASS.fullmatch(bare):
        return bare
    found = _CARD.fullmatch(bare)
    if not found:
        raise _wrong("card", "write BIN/COUNTRY/YEAR-MONTH, such as 41111111/DE/2028-05")
    return f"{found[1]}/{found[2].upper()}/{found[3]}q{(int(found[4]) + 2) // 3}"


_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*/=?^_`{|}~-]+)*")
_DOTS_IGNORED: Final = frozenset({"gmail.com"})
_ALIASES: Final = {"googlemail.com": "gmail.com"}


def email_domain(value: str) -> str:
    """Write the domain of e-mail addresses: lower case, without a final dot, internationalised labels as ``xn--``.

    Only ASCII is taken: whoever has Unicode converts it (IDNA 2008) before, since libraries differ.

    Examples
    --------
    >>> email_domain("Mail.Example.ORG.")
    'mail.example.org'
    """
    bare = value.strip(" ").removesuffix(".")
    domain = bare.lower() if bare.isascii() else ""
    labels = domain.split(".")
    if len(domain) > 253 or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise _wrong("email-domain", "this is no domain of two or more ASCII labels")
    return _ALIASES.get(domain, domain)


def email(value: str) -> str:
    """Write an e-mail address as the mailbox it reaches.

    Lower case; what follows the first ``+`` of the local part is left out; ``googlemail.com`` is ``gmail.com``, where
    dots do not count. Quoted local parts and other than ASCII ones are refused.

    Examples
    --------
    >>> email("Jo.Doe+bulk7@GoogleMail.com")
    'jodoe@gmail.com'
    """
    local, at, domain = value.strip(" ").rpartition("@")
    host = email_domain(domain) if at else ""
    box = local.lower().partition("+")[0] if local.isascii() else ""
    if host in _DOTS_IGNORED:
        box = box.replace(".", "")
    if not host or len(local) > 64 or not _LOCAL.fullmatch(box):
        raise _wrong("email", "this is no plain ASCII address")
    return f"{box}@{host}"


# Written out: what the standard library calls global has changed between its versions.
_NOBODYS: Final = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
)
_UNICAST: Final = ip_network("2000::/3")


def _address(kind: str, value: str, bits: int) -> IPv4Address | IPv6Address:
    host, slash, length = value.strip(" ").partition("/")
    try:
        found = ip_address(host) if host.isascii() and "%" not in host else None
    except ValueError:
        found = None
    if found is None or (slash and length != str(bits)):
        raise _wrong(kind, f"write an address, or its network of {bits} bits")
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def ipv4_24(value: str) -> str:
    """Write the /24 of a public IPv4 address, mapped ones included.

    Examples
    --------
    >>> ipv4_24("198.51.100.7"), ipv4_24("::ffff:198.51.100.7")
    ('198.51.100.0/24', '198.51.100.0/24')
    """
    found = _address("ipv4-24", value, 24)
    if found.version != 4 or any(found in one for one in _NOBODYS):
        raise _wrong("ipv4-24", "this is no public IPv4 address")
    return f"{str(found).rpartition('.')[0]}.0/24"


def ipv6_48(value: str) -> str:
    """Write the /48 of a global IPv6 address.

    Examples
    --------
    >>> ipv6_48("2001:DB8:12:34::1")
    '2001:db8:12::/48'
    """
    found = _address("ipv6-48", value, 48)
    if found.version != 6 or found not in _UNICAST:
        raise _wrong("ipv6-48", "this is no global IPv6 address")
    return str(ip_network((int(found) >> 80 << 80, 48)))


_JA4: Final = re.compile(r"[tqd](?:[0-9]{2}|s[23]|d[123])[di][0-9]{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
_JA4H: Final = re.compile(r"[a-z]{2}[0-9]{2}[cn][rn][0-9]{2}[a-z0-9]{4}(?:_[0-9a-f]{12}){3}")


def tls(value: str) -> str:
    """Write a TLS and an HTTP fingerprint together, ``JA4/JA4H``: one alone is shared by everybody with that client.

    Examples
    --------
    >>> tls("T13d1516h2_8daaf6152771_02713d6af862/ge11nn07enus_9ed1ff1f7b03_cd8dafe26982_000000000000")
    't13d1516h2_8daaf6152771_02713d6af862/ge11nn07enus_9ed1ff1f7b03_cd8dafe26982_000000000000'
    """
    ja4, _, ja4h = value.strip(" ").lower().partition("/") if value.isascii() else ("", "", "")
    if not (_JA4.fullmatch(ja4) and _JA4H.fullmatch(ja4h)):
        raise _wrong("tls", "write JA4/JA4H")
    return f"{ja4}/{ja4h}"


_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def artefact(value: str) -> str:
    """Write the SHA-256 of a carried artefact (a signature or an encrypted block, its bytes as issued), in hex."""
    bare = value.strip(" ").lower() if value.isascii() else ""
    if not _SHA256.fullmatch(bare):
        raise _wrong("artefact", "write a SHA-256, 64 hex digits")
    return bare


_BAND: Final = re.compile(r"(0|[1-9][0-9]?):[0-9a-f]{16}")
BANDS: Final = 32
"""Bands of a template; see :mod:`stillwatch.sharing.oblivious.bands`."""
BANDS_ALIKE: Final = 8
"""Bands of two templates that must coincide for a match."""


def template_band(value: str) -> str:
    """Write one MinHash band of a prompt template, ``BAND:HASH``."""
    bare = value.strip(" ").lower() if value.isascii() else ""
    if not _BAND.fullmatch(bare) or int(bare.partition(":")[0]) >= BANDS:
        raise _wrong("tmpl", f"write BAND:HASH, the band below {BANDS}, the hash 16 hex digits")
    return bare


_TRAIT: Final = re.compile(r"[a-z][a-z0-9 _-]{0,31}/[0-9a-f]{16}")


def trait(value: str) -> str:
    """Write what the accounts of a group share, ``FIELD/HASH``, the hash keyed under the alliance's key.

    Examples
    --------
    >>> trait("Template/00000000A1B2C3D4")
    'template/00000000a1b2c3d4'
    """
    bare = value.strip(" ").lower() if value.isascii() else ""
    if not _TRAIT.fullmatch(bare):
        raise _wrong("trait", "write FIELD/HASH, the hash 16 hex digits")
    return bare


KINDS: Final = (
    Kind("payment:v1", "fingerprint of a payment instrument, as its issuer gave it", 128, payment),
    Kind("card:v1", "first 8 digits of a card, its country and the quarter it expires in", 24, card),
    Kind("email:v1", "an e-mail address, as the mailbox it reaches", 30, email),
    Kind("email-domain:v1", "the domain of e-mail addresses", 28, email_domain),
    Kind("ipv4-24:v1", "an IPv4 network of 256 addresses", 24, ipv4_24),
    Kind("ipv6-48:v1", "an IPv6 network of a customer's usual size", 45, ipv6_48),
    Kind("tls:v1", "TLS and HTTP fingerprint of a client program, together", 40, tls),
    Kind("artefact:v1", "SHA-256 of a reasoning artefact that was carried", 256, artefact),
    # As few guesses as its field has for whoever holds the alliance's key; 64 bits for everybody else.
    Kind("trait:v1", "what the accounts of a candidate group share, keyed under the alliance's key", 24, trait),
    Kind("tmpl:v1", "one band of a prompt template's MinHash", 64, template_band, BANDS_ALIKE),
)
"""Every kind."""
TRAIT: Final = "trait:v1"
"""Kind of what candidate groups are matched by."""
BY_NAME: Final = {one.name: one for one in KINDS}
