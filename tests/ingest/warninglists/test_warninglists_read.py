from __future__ import annotations

import json
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.warninglists import lists as lists_module
from stillwatch.ingest.warninglists.lists import TYPES, own_lists, read_folder, read_list
from stillwatch.ingest.warninglists.patterns import expression, found_in
from stillwatch.model.errors import FormatError, InputError


def written(**more):
    made = {"name": "n", "version": 3, "type": "hostname", "list": ["a.example"], "description": "d", **more}
    return json.dumps(made).encode()


def test_a_list_of_misp_is_read():
    one = read_list(written(list=[".Gmail.COM "], matching_attributes=["domain"]), "x")
    assert (one.name, one.version, one.type, one.entries) == ("n", 3, "hostname", ("gmail.com",))
    assert one.attributes == {"domain"}
    assert read_list(written(), "x").attributes == frozenset()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "one object"),
        (written(name=""), "name"),
        (written(name="a\nb"), "name"),
        (written(name=7), "name"),
        (written(version="1"), "version"),
        (written(version=True), "version"),
        (written(type="glob"), "type is none of"),
        (written(type=["cidr"]), "type is none of"),
        (written(list="a.example"), "list is no list"),
        (written(list=[1]), "list is no list"),
        (written(matching_attributes={"domain": 1}), "matching_attributes is no list"),
        (written(list=["a.example", ""]), "entry 2: an entry has 1"),
        (written(list=["a" * 1001]), "entry 1: an entry has 1"),
        (written(type="substring", list=["ok", "  "]), "entry 2"),
        (written(type="cidr", list=["10.0.0.0/8", "10.0.0.0/33"]), "entry 2: this is no network"),
        (written(type="regex", list=["a", "(a"]), "entry 2: this is no expression"),
        (written(type="regex", list=["a"] * 201), "more than 200"),
    ],
)
def test_what_is_no_list_is_refused_by_place_and_not_quoted(content, says):
    with pytest.raises(FormatError, match=says) as refused:
        read_list(content, "lists/x/list.json")
    assert str(refused.value).startswith("lists/x/list.json")
    assert "10.0.0.0/33" not in str(refused.value)


def test_a_list_that_is_too_long_is_not_parsed(monkeypatch):
    monkeypatch.setattr(lists_module, "MOST_BYTES", 10)
    with pytest.raises(FormatError, match="at most 10 bytes"):
        read_list(written(), "x")


texts = st.lists(st.text(max_size=20), max_size=4)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(
    st.binary(max_size=60)
    | st.fixed_dictionaries(
        {"name": st.text(max_size=5), "version": st.integers(), "type": st.sampled_from(TYPES), "list": texts},
        optional={"matching_attributes": texts},
    ).map(lambda one: json.dumps(one).encode())
    | st.dictionaries(
        st.sampled_from(["name", "version", "type", "list", "matching_attributes"]), anything | st.sampled_from(TYPES)
    ).map(lambda one: json.dumps(one).encode())
)
def test_whatever_comes_is_a_list_or_refused(content):
    try:
        one = read_list(content, "x")
    except FormatError:
        return
    assert one.type in TYPES
    assert all(one.entries)


def test_a_folder_as_misp_keeps_it_or_of_plain_files(tmp_path):
    with pytest.raises(InputError, match="no warninglists here"):
        read_folder(tmp_path)
    (tmp_path / "schema.json").write_text("[]")
    with pytest.raises(FormatError, match=r"schema\.json"):
        read_folder(tmp_path)
    for name in ("b", "a"):
        (tmp_path / "lists" / name).mkdir(parents=True)
        (tmp_path / "lists" / name / "list.json").write_bytes(written(name=name))
    assert [one.name for one in read_folder(tmp_path)] == ["a", "b"]


def test_a_folder_of_too_many_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lists_module, "MOST_LISTS", 1)
    for name in "ab":
        (tmp_path / f"{name}.json").write_bytes(written())
    with pytest.raises(InputError, match="more than 1 "):
        read_folder(tmp_path)


def test_the_own_lists_are_of_freemail_and_throw_away_addresses():
    found = own_lists()
    assert [one.type for one in found] == ["substring", "hostname", "hostname"]
    assert sum(len(one.entries) for one in found) < 100


@pytest.mark.parametrize("hostile", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a|aa)+$", "([a-z]+)*[0-9]", "(?:a?){900}a{900}"])
def test_an_expression_that_hangs_a_backtracking_engine_does_not_hang(hostile):
    began = time.process_time()
    made = read_list(written(type="regex", list=[hostile]), "x").entries[0]
    found_in(pa.array(["a" * 320 + "!"] * 1_000), made)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "refused",
    [r"(a)\1", "(?=a)b", "(?<!a)b", "a{1001}", "((a{100}){100}){100}", "[", "", "a" * 1_001, "\ud800"],
)
def test_an_expression_that_needs_backtracking_or_much_room_is_refused(refused):
    with pytest.raises(FormatError):
        expression(refused)


def test_expressions_of_misp_find_what_they_say():
    made = expression(r"/^(security|noc|soc|abuse)\@.*\..*$/i")
    assert found_in(pa.array(["NOC@a.example", "jo@a.example"]), made).tolist() == [True, False]


def test_flags_that_are_not_known_make_it_a_bare_expression():
    assert found_in(pa.array(["a", "/a/e"]), expression("/a/e")).tolist() == [False, True]
