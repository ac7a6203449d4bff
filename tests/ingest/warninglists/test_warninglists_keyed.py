from __future__ import annotations

import pytest

from ingest.reading import KEY
from stillwatch.ingest.addresses import network_of
from stillwatch.ingest.door import Door
from stillwatch.ingest.warninglists.keyed import keyed
from stillwatch.ingest.warninglists.listed import Warninglists
from stillwatch.ingest.warninglists.lists import Warninglist

DOOR = Door(KEY)
LISTS = Warninglists(
    [
        Warninglist("free", 1, "hostname", ("gmail.com",), frozenset({"domain"})),
        Warninglist(
            "cloud", 1, "cidr", ("198.51.100.128/25", "203.0.112.0/23", "2001:db8::/47"), frozenset({"ip-src"})
        ),
    ]
)


def test_domains_are_keyed_as_the_account_file_writes_them():
    found = keyed(LISTS, DOOR, ["Gmail.COM", "mail.gmail.com.", "lab.example", "", "gmail.com"]).fields["email_domain"]
    expected = {DOOR.signup("email_domain")(one) for one in ("Gmail.COM", "mail.gmail.com.", "gmail.com")}
    assert set(found.tolist()) == expected
    assert sorted(found.tolist()) == found.tolist()


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("198.51.100.7", True),
        ("203.0.112.1", True),
        ("203.0.113.1", True),
        ("203.0.114.1", False),
        ("2001:db8:1::5", True),
        ("2001:db8:2::5", False),
    ],
)
def test_networks_are_keyed_as_logs_are(address, listed):
    found = keyed(LISTS, DOOR, []).fields["network"]
    assert (DOOR.network(network_of(address)) in found.tolist()) == listed


def test_ranges_that_are_too_wide_are_left_out_and_counted():
    lists = Warninglists([*LISTS.lists, Warninglist("all", 1, "cidr", ("2600::/12", "11.0.0.0/8"), frozenset())])
    found = keyed(lists, DOOR, [], most=100)
    assert found.left_out == 2
    assert found.fields["network"].tolist() == keyed(LISTS, DOOR, []).fields["network"].tolist()
    assert keyed(LISTS, DOOR, []).left_out == 0
    assert keyed(LISTS, DOOR, [], most=3).left_out == 1
