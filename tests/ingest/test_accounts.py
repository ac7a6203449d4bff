"""The account file: keyed on reading, refused by name, never quoted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.reading import KEY
from stillwatch.ingest.accounts import EMPTY, account_names, read_accounts
from stillwatch.ingest.door import Door
from stillwatch.model.errors import ForbiddenField, FormatError, InputError
from stillwatch.model.event import FORBIDDEN

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.ingest.accounts import AccountFile

DOOR = Door(KEY)
HEAD = "account_id,plan,signup,declared_purpose,reseller,organisation\n"


@pytest.fixture
def read(tmp_path: Path):
    def write(content: str | bytes | dict[str, Any]) -> AccountFile:
        path = tmp_path / ("accounts.parquet" if isinstance(content, dict) else "accounts.csv")
        if isinstance(content, dict):
            pq.write_table(pa.table(content), path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_accounts(path, DOOR)

    return write


def test_means_of_payment_are_keyed_and_alike_where_they_are_shared(read) -> None:
    file = read("account_id,payment_fingerprint\na,card-1\nb,card-1\nc,card-2\nd,\n")
    paid = {name: int(file.payment[file.account == DOOR.account(name)][0]) for name in "abcd"}
    assert paid["a"] == paid["b"] == DOOR.payment("card-1")
    assert paid["c"] not in (0, paid["a"])
    assert paid["d"] == 0
    # Two fields never share a pseudonym.
    assert DOOR.payment("card-1") != DOOR.account("card-1")


def test_rows_are_lined_up_with_accounts_and_strangers_stay_unknown(read) -> None:
    file = read(
        HEAD + 'acme,pro,2026-01-02,"chat, support",true,org-1\nzeta,,,,no,\nmid,free,2026-01-02T03:04:05Z,,,org-1\n'
    )
    wanted = np.sort(np.array([DOOR.account(name) for name in ("acme", "mid", "stranger", "zeta")]))
    name = {DOOR.account(n): n for n in ("acme", "mid", "stranger", "zeta")}

    facts = file.facts(wanted)

    at = {name[a]: row for row, a in enumerate(wanted.tolist())}
    assert [facts.plan[at[n]] for n in ("acme", "mid", "stranger", "zeta")] == ["pro", "free", "", ""]
    assert [int(facts.reseller[at[n]]) for n in ("acme", "mid", "stranger", "zeta")] == [1, -1, -1, 0]
    assert facts.declared_purpose[at["acme"]] == "chat, support"
    assert facts.signup_ms[at["acme"]] == 1_767_312_000_000
    assert facts.signup_ms[at["mid"]] == 1_767_323_045_000
    assert facts.signup_ms[at["zeta"]] == -1
    owners = file.owner_of(wanted, np.zeros(4, np.int64))
    assert owners[at["acme"]] == owners[at["mid"]] == DOOR.organisation("org-1")
    assert owners[at["stranger"]] == owners[at["zeta"]] == 0
    assert list(file.owner_of(wanted, np.full(4, 9))) == [9] * 4


def test_nothing_of_the_file_stands_raw_in_what_is_kept(read) -> None:
    file = read(HEAD + "acme-secret,pro,,,,org-secret\n")

    assert "secret" not in repr(file)


@pytest.mark.parametrize(
    "content",
    [HEAD, HEAD.replace("\n", "\r\n") + "a,,,,,\r\n", "\ufeff" + HEAD + "a,,,,,\n", "other,account_id\n1,a\n"],
)
def test_ways_to_write_it(read, content: str) -> None:
    assert len(read(content).account) == content.count("a,") + content.count(",a\n")


def test_parquet_of_many_types(read) -> None:
    file = read(
        {
            "account_id": pa.array([7, 8]),
            "plan": pa.array(["pro", None]).dictionary_encode(),
            "signup": pa.array([date(2026, 1, 2), None]),
            "reseller": pa.array([True, None]),
        }
    )
    facts = file.facts(np.array([DOOR.account("7")]))
    timed = read(
        {"account_id": ["x"], "signup": pa.array([datetime(2026, 1, 2, tzinfo=UTC)], pa.timestamp("us", "UTC"))}
    )

    assert (facts.plan[0], int(facts.signup_ms[0]), int(facts.reseller[0])) == ("pro", 1_767_312_000_000, 1)
    assert timed.signup_ms[0] == 1_767_312_000_000


def test_no_file_knows_nobody() -> None:
    accounts = np.array([-5, 3], np.int64)

    assert EMPTY.facts(accounts).plan == ("", "")
    assert EMPTY.facts(accounts).signup_ms.tolist() == [-1, -1]
    assert EMPTY.owner_of(accounts, np.array([1, 0])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("plan\npro\n", "no column account_id; columns are: account_id, plan, signup"),
        ("", "not a readable account file"),
        (b"account_id\n\xff\xfe\n", "not a readable account file|is no text"),
        (HEAD + "secret-1,pro\n", "not a readable account file: .*Expected 6 columns, got 2$"),
        (HEAD + "secret-1,,,,,\nsecret-1,,,,,\n", "an account_id stands in more than one row"),
        (HEAD + "a,,,,,\n,pro,,,,\n", "row 3: account_id is empty"),
        (HEAD + "a,,2026-02-30,,,\n", "row 2: signup is neither RFC 3339 nor YYYY-MM-DD"),
        (HEAD + "a,,yesterday,,,\n", "row 2: signup is neither"),
        (HEAD + "a,,,,,\nb,,,,secret-2,\n", "row 3: reseller is neither true nor false"),
        ("account_id,account_id\na,b\n", "two columns are called account_id"),
        (b"PAR1\x00\x00", "no column account_id|not a readable account file"),
    ],
)
def test_a_bad_file_is_named_with_its_row_and_without_its_content(read, content: str | bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as caught:
        read(content)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["Email", *FORBIDDEN])
def test_personal_data_is_refused_by_name(read, name: str) -> None:
    with pytest.raises(ForbiddenField, match=f"column {name} is direct personal data .class P4.; drop it first"):
        read(f"account_id,{name}\na,secret\n")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name in ("none.csv", "none.parquet"):
        with pytest.raises(InputError, match="no such account file"):
            read_accounts(tmp_path / name, DOOR)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError):
        read_accounts(tmp_path / "folder.csv", DOOR)


def test_names_for_the_lookup(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("plan,account_id\npro,b\n,a\n")

    assert account_names(tmp_path / "accounts.csv") == ["b", "a"]
    (tmp_path / "accounts.csv").write_text("plan\npro\n")
    with pytest.raises(FormatError, match="no column account_id"):
        account_names(tmp_path / "accounts.csv")
