"""What an account file says of sign-up and payment, for campaigns: keyed, lined up, and never more than an issuer."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.reading import KEY
from stillwatch.ingest.accounts import COLUMNS, EMPTY, read_accounts
from stillwatch.ingest.door import SIGNUP, Door
from stillwatch.ingest.keys import PseudonymKey
from stillwatch.model.errors import ForbiddenField, FormatError
from stillwatch.model.registered import Registered, unregistered

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.ingest.accounts import AccountFile

DOOR = Door(KEY)
HEAD = "account_id,card_bin,email_domain,email_class,referral,closed\n"
DAY = "2026-11-02"
DAY_MS = 1_793_577_600_000


@pytest.fixture
def read(tmp_path: Path):
    def write(content: str) -> AccountFile:
        path = tmp_path / "accounts.csv"
        path.write_text(content)
        return read_accounts(path, DOOR)

    return write


def pseudonyms(*names: str) -> np.ndarray:
    return np.array([DOOR.account(name) for name in names], np.int64)


def test_sign_up_columns_are_keyed_each_as_its_own_field(read) -> None:
    file = read(HEAD + "a,41111111,mail.example,freemail,spring,2026-11-02T01:00:00Z\nb,,,,,\n")
    made = file.registered(pseudonyms("a", "b"))
    for name, value in zip(SIGNUP, ("41111111", "mail.example", "freemail", "spring"), strict=True):
        assert getattr(made, name).tolist() == [DOOR.signup(name)(value), 0]
    assert made.closed_ms.tolist() == [DAY_MS + 3_600_000, -1]
    assert "example" not in repr(file)
    assert "41111111" not in repr(file)


def test_the_same_word_in_two_fields_or_under_two_keys_is_not_the_same_pseudonym() -> None:
    keyed = [DOOR.signup(name)("same") for name in SIGNUP]
    assert len({*keyed, DOOR.payment("same"), DOOR.organisation("same"), DOOR.account("same")}) == len(SIGNUP) + 3
    other = Door(PseudonymKey(2, b"another secret, thirty-two bytes"))
    assert [other.signup(name)("same") for name in SIGNUP] != keyed
    assert [Door(KEY).signup(name)("same") for name in SIGNUP] == keyed


@pytest.mark.parametrize("digits", ["411111", "41111111"])
def test_an_issuer_number_has_eight_digits_at_most(read, digits: str) -> None:
    assert read(f"account_id,card_bin\na,{digits}\n").card_bin[0] != 0


@pytest.mark.parametrize("digits", ["411111111", "4111111111111111", "4111 1111"])
def test_more_of_a_card_than_its_issuer_is_refused_without_being_quoted(read, digits: str) -> None:
    with pytest.raises(ForbiddenField, match="row 3: card_bin is longer than an issuer number") as caught:
        read(f"account_id,card_bin\na,411111\nb,{digits}\n")
    assert digits not in str(caught.value)


def test_an_address_in_place_of_its_domain_is_refused_without_being_quoted(read) -> None:
    with pytest.raises(ForbiddenField, match="row 3: email_domain is an address") as caught:
        read("account_id,email_domain\na,mail.example\nb,someone@mail.example\n")
    assert "someone" not in str(caught.value)


def test_only_the_kind_disposable_marks_an_address_as_thrown_away(read) -> None:
    kinds = ("disposable", "Disposable", "freemail", "corporate", "")
    file = read("account_id,email_class\n" + "".join(f"{n},{kind}\n" for n, kind in enumerate(kinds)))
    made = file.registered(pseudonyms(*(str(n) for n in range(5))))
    assert made.disposable.tolist() == [True, True, False, False, False]
    assert (made.email_class != 0).tolist() == [True, True, True, True, False]


def test_a_closing_that_is_no_moment_is_named_with_its_row(read) -> None:
    with pytest.raises(FormatError, match="row 2: closed is neither RFC 3339 nor YYYY-MM-DD"):
        read("account_id,closed\na,last week\n")
    assert read(f"account_id,closed\na,{DAY}\n").closed_ms.tolist() == [DAY_MS]


def test_rows_come_in_any_order_asked_for_and_strangers_are_unknown(read) -> None:
    file = read(
        "account_id,plan,signup,payment_fingerprint,organisation,reseller,declared_purpose,closed,email_class\n"
        f"a,pro,{DAY},card-1,org-1,true,research,{DAY},disposable\n"
        f"b,free,,card-2,,false,,,freemail\n"
    )
    made = file.registered(pseudonyms("stranger", "b", "a", "other"))
    nobody = unregistered(4)
    for column in fields(Registered):
        mine, unknown = getattr(made, column.name), getattr(nobody, column.name)
        assert mine.dtype == unknown.dtype, column.name
        assert mine[[0, 3]].tolist() == unknown[[0, 3]].tolist(), column.name
        if column.name not in {"card_bin", "email_domain", "referral"}:
            assert mine[2] != unknown[2], column.name
    assert made.payment.tolist()[1:3] == [DOOR.payment("card-2"), DOOR.payment("card-1")]
    assert made.signup_ms.tolist() == [-1, -1, DAY_MS, -1]
    assert made.reseller.tolist() == [False, False, True, False]
    assert made.declared.tolist() == [False, False, True, False]


def test_a_stranger_is_nothing_that_the_only_account_is(read) -> None:
    file = read(
        "account_id,reseller,declared_purpose,email_class,plan,closed\na,yes,research,disposable,pro,2026-11-02\n"
    )
    wanted = np.array([DOOR.account("a") - 1, DOOR.account("a"), DOOR.account("a") + 1])
    made = file.registered(wanted)
    for name in ("disposable", "declared", "reseller"):
        assert getattr(made, name).tolist() == [False, True, False], name
    assert (made.plan.tolist(), made.closed_ms.tolist()) == ([0, 1, 0], [-1, DAY_MS, -1])


def test_plans_are_numbers_that_do_not_depend_on_the_order_of_rows(read) -> None:
    one = read("account_id,plan\na,pro\nb,free\nc,\nd,pro\n").registered(pseudonyms("a", "b", "c", "d"))
    two = read("account_id,plan\nd,pro\nc,\nb,free\na,pro\n").registered(pseudonyms("a", "b", "c", "d"))
    assert one.plan.tolist() == two.plan.tolist()
    assert one.plan[0] == one.plan[3] != one.plan[1]
    assert one.plan[2] == 0 < one.plan[[0, 1]].min()


def test_without_a_file_nothing_is_known_of_anybody() -> None:
    made, nobody = EMPTY.registered(np.array([5, -3], np.int64)), unregistered(2)
    for column in fields(Registered):
        assert np.array_equal(getattr(made, column.name), getattr(nobody, column.name)), column.name
    assert len(made) == 2
    assert len(EMPTY.registered(np.zeros(0, np.int64))) == 0
    assert EMPTY.known_columns() == frozenset()


def test_a_column_is_known_where_it_holds_something_for_anybody(read) -> None:
    values = {"signup": DAY, "closed": DAY, "reseller": "no", "card_bin": "411111"}
    for name in set(COLUMNS) - {"account_id"}:
        file = read(f"account_id,{name}\na,{values.get(name, 'x')}\nb,\n")
        assert file.known_columns() == {name}
    assert read(HEAD + "a,,,,,\n").known_columns() == frozenset()


@pytest.mark.parametrize("asked", ["", "a", "ha", "hgfedcba", "aab", "zzz"])
def test_what_is_said_of_an_account_does_not_depend_on_who_else_is_asked_for(read, asked: str) -> None:
    file = read("account_id,referral\n" + "".join(f"{name},from {name}\n" for name in "aceg"))
    wanted = [DOOR.signup("referral")(f"from {name}") if name in "aceg" else 0 for name in asked]
    assert file.registered(pseudonyms(*asked)).referral.tolist() == wanted
