from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.reading import KEY
from stillwatch.ingest.addresses import network_of
from stillwatch.ingest.door import Door
from stillwatch.ingest.warninglists.listed import Warninglists
from stillwatch.ingest.warninglists.lists import Warninglist, own_lists
from stillwatch.inputs import VALUES, read_inputs
from stillwatch.model.errors import ForbiddenField, FormatError, InputError
from stillwatch.sharing.oblivious.kinds import BY_NAME

DOOR = Door(KEY)
NONE = Warninglists([])
HEAD = "account_id,payment_fingerprint,email_domain\n"
TLS = "t13d1516h2_8daaf6152771_02713d6af862/ge11nn07enus_9ed1ff1f7b03_cd8dafe26982_000000000000"


@pytest.fixture
def read(tmp_path):
    def made(accounts, values=None, lists=NONE, **more):
        (tmp_path / "accounts.csv").write_text(accounts)
        path = tmp_path / "values.csv"
        if values is not None:
            path.write_text(values)
        return read_inputs(tmp_path / "accounts.csv", lists, values=None if values is None else path, **more)

    return made


def test_inputs_are_canonical_by_kind_with_the_accounts_that_they_are_of(read):
    found = read(
        HEAD + "a,Shop/AbCd1234,Lab.EXAMPLE.\nb,shop/AbCd1234,\nc,,\n",
        "account_id,ip,email,card\na,198.51.100.7,,\na,198.51.100.9,Jo.Doe+x@Gmail.com,\nb,198.51.100.200,,41111111/de/2028-05\n"
        "c,2001:db8:1:2::3,,\nc,::ffff:203.0.113.5,,\n",
    )
    assert found.of == {
        "payment:v1": {b"payment:v1:shop/AbCd1234": ("a", "b")},
        "card:v1": {b"card:v1:41111111/DE/2028q2": ("b",)},
        "email:v1": {b"email:v1:jodoe@gmail.com": ("a",)},
        "email-domain:v1": {b"email-domain:v1:lab.example": ("a",)},
        "ipv4-24:v1": {b"ipv4-24:v1:198.51.100.0/24": ("a", "b"), b"ipv4-24:v1:203.0.113.0/24": ("c",)},
        "ipv6-48:v1": {b"ipv6-48:v1:2001:db8:1::/48": ("c",)},
    }
    assert found.dropped == {}
    assert "lab.example" not in repr(found)


def test_every_column_of_values_is_of_a_kind(read):
    one = {
        "payment": "shop/AbCd1234",
        "card": "41111111/DE/2028-05",
        "email": "jo@a.example",
        "email-domain": "a.example",
        "ip": "198.51.100.7",
        "tls": TLS,
        "artefact": "0" * 64,
    }
    assert set(one) | {"account_id"} == set(VALUES)
    found = read("account_id\na\n", ",".join(["account_id", *one]) + "\n" + ",".join(["a", *one.values()]) + "\n")
    assert len(found.of) == len(one)
    assert list(found.of) == [name for name in BY_NAME if name in found.of]


def test_parquet_is_read_too(tmp_path):
    pq.write_table(pa.table({"account_id": ["a", "b"], "email_domain": ["lab.example", None]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"account_id": ["b"], "ip": ["198.51.100.7"]}), tmp_path / "v.parquet")
    found = read_inputs(tmp_path / "a.parquet", NONE, values=tmp_path / "v.parquet")
    assert set(found.of) == {"email-domain:v1", "ipv4-24:v1"}


def test_a_bare_fingerprint_takes_the_issuer_that_is_named(read):
    with pytest.raises(FormatError, match=r"row 2: .*--issuer") as refused:
        read(HEAD + "a,AbCd1234,\n")
    assert "AbCd1234" not in str(refused.value)
    assert list(read(HEAD + "a,AbCd1234,\nb,other/AbCd1234,\n", issuer="Shop").of["payment:v1"]) == [
        b"payment:v1:shop/AbCd1234",
        b"payment:v1:other/AbCd1234",
    ]


@pytest.mark.parametrize(
    ("accounts", "values", "says"),
    [
        (
            "account_id,email_domain\na,lab.example\nb,s3cret\n",
            None,
            r"accounts\.csv: column email_domain: row 3: email-domain",
        ),
        ("account_id,email_domain\na,s3cret@lab.example\n", None, "column email_domain: row 2"),
        ("account_id,email\na,s3cret@lab.example\n", None, "class P4"),
        ("email_domain\nlab.example\n", None, "no column account_id"),
        ('account_id\na\n""\n', None, "row 3: account_id is empty"),
        ("account_id\ns3cret\ns3cret\n", None, "more than one row"),
        ("account_id\na\n", "account_id,ip\na,198.51.100.7\na,10.0.0.3\n", r"values\.csv: column ip: row 3: ipv4-24"),
        ("account_id\na\n", "account_id,ip\na,s3cret\n", "column ip: row 2"),
        ("account_id\na\n", "account_id,ip\ns3cret,198.51.100.7\n", "row 2: account_id is not in the account file"),
        ("account_id\na\n", "a,s3cret\n", "the name of column 1 is none of"),
        ("account_id\na\n", "account_id,e-mail\na,s3cret@a.example\n", "the name of column 2 is none of"),
        ("account_id\na\n", "ip\n198.51.100.7\n", "no column account_id"),
        ("account_id\na\n", "account_id,ip,ip\na,198.51.100.7,s3cret\n", "two columns are called ip"),
        ("account_id\na\n", "account_id,ip\na,198.51.100.7,s3cret\n", "not a readable file of values"),
    ],
)
def test_what_is_wrong_is_refused_by_row_and_column_and_never_quoted(read, accounts, values, says):
    with pytest.raises((FormatError, ForbiddenField), match=says) as refused:
        read(accounts, values)
    for one in ("s3cret", "10.0.0.3"):
        assert one not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="no such account file"):
        read_inputs(tmp_path / "a.csv", NONE)
    (tmp_path / "a.csv").write_text("account_id\na\n")
    with pytest.raises(InputError, match="no such file of values"):
        read_inputs(tmp_path / "a.csv", NONE, values=tmp_path / "v.csv")


def test_values_on_a_list_are_left_out_and_counted_by_list_once_each(read):
    cloud = Warninglist("cloud", 1, "cidr", ("198.51.0.0/16",), frozenset({"ip-src"}))
    lists = Warninglists([*own_lists(), cloud])
    found = read(
        HEAD + "a,,gmail.com\nb,,GMAIL.com\nc,,lab.example\nd,,yopmail.com\n",
        "account_id,ip,email\na,198.51.100.7,jo@gmail.com\nb,198.51.100.8,x@yopmail.com\nc,203.0.113.5,\n",
        lists,
    )
    assert found.dropped == {
        "cloud": 1,
        "stillwatch disposable addresses": 1,
        "stillwatch disposable domains": 1,
        "stillwatch freemail domains": 1,
    }
    assert {one for of in found.of.values() for one in of} == {
        b"email:v1:jo@gmail.com",
        b"email-domain:v1:lab.example",
        b"ipv4-24:v1:203.0.113.0/24",
    }


def test_under_the_key_of_an_alliance_values_are_traits_as_groups_share_them(read):
    lists = Warninglists(own_lists())
    accounts, values = HEAD + "a,shop/AbCd1234,Lab.example\nb,,gmail.com\n", "account_id,ip\nb,198.51.100.7\n"
    found = read(accounts, values, lists, alliance=DOOR)
    keyed = {
        "payment": DOOR.payment("shop/AbCd1234"),
        "email_domain": DOOR.signup("email_domain")("Lab.example"),
        "network": DOOR.network(network_of("198.51.100.7")),
    }
    # As the tag of a group by one field: the pseudonym's eight bytes.
    tokens = {name: int(np.int64(one).view(np.uint64)).to_bytes(8).hex() for name, one in keyed.items()}
    expected = {f"trait:v1:{name}/{token}".encode() for name, token in tokens.items()}
    assert set(found.of["trait:v1"]) == expected
    assert found.of["trait:v1"][f"trait:v1:network/{tokens['network']}".encode()] == ("b",)
    assert {name: of for name, of in found.of.items() if name != "trait:v1"} == read(accounts, values, lists).of


def test_a_kind_of_which_everything_is_on_a_list_is_not_there(read):
    assert read(HEAD + "a,,gmail.com\n", lists=Warninglists(own_lists())).of == {}


@given(st.lists(st.fixed_dictionaries({name: st.text(max_size=12) | st.just("") for name in VALUES}), max_size=4))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_file_it_is_read_or_refused_unquoted(tmp_path, rows):
    names = sorted({one["account_id"] for one in rows} | {"a"} - {""})
    pq.write_table(pa.table({"account_id": [one for one in names if one]}), tmp_path / "a.parquet")
    columns = {name: pa.array([one[name] for one in rows], pa.string()) for name in VALUES}
    pq.write_table(pa.table(columns), tmp_path / "v.parquet")
    found, said = {}, ""
    try:
        found = read_inputs(tmp_path / "a.parquet", NONE, values=tmp_path / "v.parquet", issuer="shop").of
    except InputError as refused:
        said = str(refused)
    assert not any(len(text) > 6 and text in said for one in rows for text in one.values())
    for kind, of in found.items():
        assert all(one.startswith(f"{kind}:".encode()) and accounts for one, accounts in of.items())
