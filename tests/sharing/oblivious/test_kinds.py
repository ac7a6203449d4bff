from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.kinds import BY_NAME, KINDS
from stillwatch.sharing.oblivious.suite import MOST_INPUT

JA4 = "t13d1516h2_8daaf6152771_02713d6af862"
JA4H = "ge11nn07enus_9ed1ff1f7b03_cd8dafe26982_000000000000"
GOOD = {
    "payment:v1": ["network-token/Q3xYz012", "Scheme/abcdefgh"],
    "card:v1": ["41111111/de/2028-05", "41111111/DE/2028q2"],
    "email:v1": ["Jo.Doe+bulk7@GoogleMail.com", "a_b@mail.example.org."],
    "email-domain:v1": ["Example.ORG", "xn--bcher-kva.example"],
    "ipv4-24:v1": ["198.51.100.7", "198.51.100.0/24", "::ffff:198.51.100.7"],
    "ipv6-48:v1": ["2001:DB8:12:34::1", "2001:db8:12::/48"],
    "tls:v1": [f"{JA4}/{JA4H}"],
    "artefact:v1": ["AB" * 32],
    "trait:v1": ["Template/00000000A1B2C3D4", "card_bin/0123456789abcdef"],
    "tmpl:v1": ["0:00000000000000ff", "31:FFffFFffFFffFFff"],
}
BAD = {
    "payment:v1": ["", "token", "a/b/c/defghijk", "x/short", "x/" + "a" * 129, "x/abcdefg\n", "é/abcdefgh"],
    "card:v1": ["4111111/DE/2028-05", "41111111/DEU/2028-05", "41111111/DE/2028-13", "41111111/DE/2028q5", "٤" * 8],
    "email:v1": ["", "@", "a@b", "a b@example.org", '"a"@example.org', "jö@example.org", "+x@example.org", "a@b@c"],
    "email-domain:v1": ["", "localhost", "-a.org", "a..org", "1.2.3.4", "bücher.example", "a.org\n", "x" * 64 + ".org"],
    "ipv4-24:v1": ["", "10.0.0.1", "192.168.1.1", "127.0.0.1", "224.0.0.1", "1.2.3.04", "1.2.3.4/16", "2001:db8::1"],
    "ipv6-48:v1": ["fe80::1", "::1", "fe80::1%eth0", "2001:db8::/32", "198.51.100.7", "fd00::1"],
    "tls:v1": [JA4, f"/{JA4H}", f"{JA4}/{JA4}", f"{JA4}/{JA4H}/", f"{JA4[:-1]}/{JA4H}"],
    "artefact:v1": ["", "ab" * 31, "ab" * 33, "gg" * 32],
    "trait:v1": ["", "template", "template/ff", "/0123456789abcdef", "é/0123456789abcdef", "a/0123456789abcdeg"],
    "tmpl:v1": ["32:00000000000000ff", "00:00000000000000ff", "-1:00000000000000ff", "1:ff"],
}
EVERY = [pytest.param(one, id=one.name) for one in KINDS]


def test_every_kind_has_cases_and_a_version():
    assert set(GOOD) == set(BAD) == set(BY_NAME)
    assert all(one.name.rpartition(":v")[2].isdigit() for one in KINDS)


@pytest.mark.parametrize("kind", EVERY)
def test_bringing_a_form_into_form_changes_nothing(kind):
    for value in GOOD[kind.name]:
        form = kind.canonical(value)
        assert kind.canonical(form) == form
        assert kind.input(value) == f"{kind.name}:{form}".encode()
        assert kind.canonical(f"  {value} ") == form


@pytest.mark.parametrize("kind", EVERY)
def test_what_fits_no_form_is_refused_without_being_repeated(kind):
    for value in BAD[kind.name]:
        with pytest.raises(InputError) as error:
            kind.canonical(value)
        assert len(value) < 3 or value not in str(error.value)


@pytest.mark.parametrize("kind", EVERY)
@given(st.text(max_size=80) | st.text(string.ascii_letters + string.digits + "@.:/+-_", max_size=80))
@settings(max_examples=150)
def test_any_text_is_refused_or_brought_into_a_stable_form(kind, value):
    try:
        form = kind.canonical(value)
    except InputError:
        return
    assert form.isascii()
    assert form == form.strip()
    assert kind.canonical(form) == form
    assert len(kind.input(value)) <= MOST_INPUT


local = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)


@given(local, local, st.sampled_from(["example.org", "mail.example.com"]))
def test_addresses_of_one_mailbox_are_one_input(name, tag, domain):
    email = BY_NAME["email:v1"]
    assert email.input(f"{name}+{tag}@{domain}") == email.input(f"{name.upper()}@{domain.upper()}.")
    assert email.input(".".join(name) + "@googlemail.com") == email.input(f"{name}@gmail.com")
    assert len(name) < 2 or email.input(".".join(name) + f"@{domain}") != email.input(f"{name}@{domain}")


@given(st.integers(0, 255), st.integers(0, 255))
def test_addresses_of_one_network_are_one_input(a, b):
    kind = BY_NAME["ipv4-24:v1"]
    assert kind.input(f"198.51.100.{a}") == kind.input(f"198.51.100.{b}")
    assert (kind.input(f"198.51.{a}.1") == kind.input(f"198.51.{b}.1")) == (a == b)


@given(st.integers(0, 2**80 - 1), st.integers(0, 2**80 - 1))
def test_hosts_of_one_ipv6_site_are_one_input(a, b):
    kind = BY_NAME["ipv6-48:v1"]
    assert len({kind.canonical(v6(0x20010DB80012 << 80 | host)) for host in (a, b)}) == 1


def v6(number):
    whole = f"{number:032x}"
    return ":".join(whole[at : at + 4] for at in range(0, 32, 4))


def test_kinds_that_can_be_guessed_are_marked():
    low = {one.name for one in KINDS if one.low_entropy}
    assert low == {"card:v1", "email:v1", "email-domain:v1", "ipv4-24:v1", "ipv6-48:v1", "tls:v1"}


def test_no_form_has_changed():
    """A form that members have agreed on: change it and nothing matches any more."""
    assert [BY_NAME[name].input(values[0]).decode() for name, values in GOOD.items()] == [
        "payment:v1:network-token/Q3xYz012",
        "card:v1:41111111/DE/2028q2",
        "email:v1:jodoe@gmail.com",
        "email-domain:v1:example.org",
        "ipv4-24:v1:198.51.100.0/24",
        "ipv6-48:v1:2001:db8:12::/48",
        f"tls:v1:{JA4}/{JA4H}",
        "artefact:v1:" + "ab" * 32,
        "tmpl:v1:0:00000000000000ff",
    ]
