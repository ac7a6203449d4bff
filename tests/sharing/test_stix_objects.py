"""What is built is valid to other people's tools: stix2, stix2-validator, stix2-matcher, misp-stix."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
import warnings
from dataclasses import replace

import jsonschema
import msgspec
import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from stix2matcher.matcher import match
from stix2validator import ValidationOptions, validate_string

from sharing.told import NOW, OWN, SOURCE, TAGS, TEMPLATE, TOLD
from stillwatch.sharing.markings import KNOWN, PURPOSES, TLP, refs
from stillwatch.sharing.stix.build import bundle, campaign, identity, opinion, revoked
from stillwatch.sharing.stix.check import problems, read
from stillwatch.sharing.stix.extension import EXTENSION_ID, OpinionPart, definition, made_schema, schema
from stillwatch.sharing.stix.ids import TAG, account_id, micros, timestamp
from stillwatch.sharing.stix.plain import plain

OBJECTS = campaign(TOLD, SOURCE)
MEMBER = identity(SOURCE.identity, "Member 7", SOURCE)
DISPUTE = opinion(
    TOLD.ref,
    OpinionPart(extension_type=OWN, stance="negative", docket="d-17", outcome="overturned"),
    "The appeal was won.",
    SOURCE,
    uuid.UUID("6bc8b9ac-3b6d-4f5e-9e76-0a0d4b4b9a01"),
)
EVERY = [MEMBER, *OBJECTS, DISPUTE]
BUNDLE = bundle(EVERY, uuid.UUID("2f1c9d4e-52c5-4d5a-9a0a-6d9a0b1c2d3e"))


PLAIN = [made for one in EVERY for made in plain(one)]


def of(kind, objects=EVERY):
    return [found for one in objects if (found := json.loads(one))["type"] == kind]


def test_every_object_passes_our_own_check():
    assert [(json.loads(one)["type"], problems(one)) for one in EVERY if problems(one)] == []


def test_stix2_parses_it_strictly_and_keeps_every_object():
    parsed = stix2.parse(BUNDLE.decode(), allow_custom=False)

    assert [one.id for one in parsed.objects] == [json.loads(one)["id"] for one in EVERY]


def test_the_validator_of_oasis_finds_no_error():
    found = validate_string(BUNDLE.decode(), ValidationOptions(version="2.1"))

    assert found.is_valid, [str(one) for one in found.errors]
    told = [str(one) for one in found.warnings]
    assert len(told) == 4
    assert all("account_type" in one or "pattern_type" in one for one in told)


def test_interoperability_asks_only_for_what_accounts_and_markings_cannot_have():
    found = validate_string(BUNDLE.decode(), ValidationOptions(version="2.1", interop=True))

    assert {str(one).partition("--")[0] for one in found.errors} == {"user-account", "marking-definition"}


def test_two_members_give_one_account_one_id_and_it_is_that_of_stix2():
    other = replace(SOURCE, identity="identity--e0b919e7-7b36-4802-950b-6939ca55341f", tlp="green")
    ours = {one["id"] for one in of("user-account")}
    theirs = {one["id"] for one in of("user-account", campaign(replace(TOLD, uuid=uuid.uuid4()), other))}

    assert ours == theirs == {stix2.UserAccount(account_type="x-oprf-tag", user_id=tag).id for tag in TAGS}


@given(st.from_regex(TAG, fullmatch=True))
def test_ids_of_accounts_are_those_of_stix2(user):
    assert account_id(user) == stix2.UserAccount(account_type="x-oprf-tag", user_id=user).id


def test_the_plain_pattern_matches_the_account_and_no_other():
    (indicator,) = of("indicator", PLAIN)
    pattern = indicator["pattern"]

    def observed(tag):
        account = {"type": "user-account", "id": account_id(tag), "user_id": tag, "spec_version": "2.1"}
        seen = {
            "type": "observed-data", "spec_version": "2.1", "id": f"observed-data--{uuid.UUID(int=1)}",
            "first_observed": timestamp(NOW), "last_observed": timestamp(NOW), "number_observed": 1,
            "object_refs": [account["id"]],
        }  # fmt: skip
        return [{"type": "bundle", "id": f"bundle--{uuid.UUID(int=2)}", "objects": [seen, account]}]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert all(match(pattern, observed(tag), stix_version="2.1") for tag in TAGS)
        assert not match(pattern, observed(TAGS[0][:-1] + "f"), stix_version="2.1")


def test_the_plain_view_is_valid_and_refers_to_nothing_that_is_not_in_it():
    ids = {json.loads(one)["id"] for one in PLAIN}
    whole = bundle(PLAIN, uuid.uuid4()).decode()

    assert [problems(one) for one in PLAIN if problems(one)] == []
    assert validate_string(whole, ValidationOptions(version="2.1")).is_valid
    assert len(stix2.parse(whole, allow_custom=False).objects) == len(PLAIN)
    assert {ref for one in of("relationship", PLAIN) for ref in (one["source_ref"], one["target_ref"])} <= ids
    assert {one["relationship_type"] for one in of("relationship", PLAIN)} == {"uses", "indicates"}
    assert not any(of(kind, PLAIN) for kind in ("grouping", "sighting", "opinion", "extension-definition"))


def test_a_withdrawn_group_withdraws_its_plain_indicator():
    (grouping,) = [one for one in OBJECTS if json.loads(one)["type"] == "grouping"]
    (before,), (after,) = plain(grouping), plain(revoked(grouping, NOW + 1))

    assert json.loads(after) == json.loads(before) | {"modified": timestamp(NOW + 1), "revoked": True}


def test_a_campaign_without_matched_accounts_has_no_plain_indicator():
    bare = campaign(replace(TOLD, tags=()), SOURCE)

    assert of("indicator", [made for one in bare for made in plain(one)]) == []


IMPORTED = """
import json, sys, warnings
warnings.simplefilter("ignore")
import stix2
from misp_stix_converter import ExternalSTIX2toMISPParser
parser = ExternalSTIX2toMISPParser()
parser.load_stix_bundle(stix2.parse(sys.stdin.read(), allow_custom=True))
parser.parse_stix_bundle()
print(json.dumps({"errors": dict(parser.errors), "event": json.loads(parser.misp_event.to_json())}))
"""


def test_the_import_of_misp_keeps_campaign_technique_tags_and_marking():
    # In a program of its own: it hooks Python's imports for good.
    whole = bundle(PLAIN, uuid.UUID("2f1c9d4e-52c5-4d5a-9a0a-6d9a0b1c2d3e"))
    done = subprocess.run([sys.executable, "-c", IMPORTED], input=whole, capture_output=True, check=True)
    found = json.loads(done.stdout)
    kept = found["event"]

    assert found["errors"] == {}
    watched = {one["value"] for made in kept["Object"] for one in made["Attribute"] if one.get("to_ids")}
    assert watched == set(TAGS)
    named = {one["value"] for galaxy in under("Galaxy", kept) for one in galaxy["GalaxyCluster"]}
    assert named >= {TOLD.name, "Exfiltration via AI Inference API"}
    assert "tlp:amber" in {one["name"] for one in under("Tag", kept)}


def under(name, found):
    if isinstance(found, list):
        return [one for part in found for one in under(name, part)]
    if isinstance(found, dict):
        return found.get(name, []) + [one for part in found.values() for one in under(name, part)]
    return []


def test_told_again_it_is_a_new_version_of_the_same_objects():
    later = campaign(TOLD, replace(SOURCE, now_ms=NOW + 1000))

    assert [json.loads(one)["id"] for one in later] == [json.loads(one)["id"] for one in OBJECTS]
    assert of("campaign", later)[0]["created"] == of("campaign")[0]["created"]
    assert of("campaign", later)[0]["modified"] > of("campaign")[0]["modified"]


def test_essentials_stand_in_standard_fields():
    found = of("campaign")[0]
    indicator = of("indicator")[0]

    assert found["name"] == TOLD.name
    assert (found["confidence"], found["labels"]) == (80, ["adversarial-distillation"])
    assert micros(indicator["valid_until"]) - NOW * 1000 == 90 * 86_400_000_000
    assert {"name", "description", "pattern_type"} <= indicator.keys()
    assert of("opinion")[0]["opinion"] == "strongly-disagree"
    assert all(one["object_marking_refs"] == refs("amber", ["detect", "enforce"]) for one in of("relationship"))


def test_references_point_into_the_bundle():
    ids = {json.loads(one)["id"] for one in EVERY}
    named = {
        ref
        for one in map(json.loads, EVERY)
        for name, value in one.items()
        if name.endswith(("_ref", "_refs"))
        for ref in ([value] if isinstance(value, str) else value)
    }

    assert named <= ids


def test_the_published_schema_is_made_of_the_structs_and_holds_what_is_built():
    assert json.loads(schema()) == made_schema()
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    extended = [found for one in EVERY if EXTENSION_ID in (found := json.loads(one)).get("extensions", {})]

    assert len(extended) == 5
    for one in extended:
        assert validator.is_valid(one)
        assert not validator.is_valid(one | {"extensions": {EXTENSION_ID: {"extension_type": "new-sdo"}}})


def test_markings_are_those_of_oasis():
    strict = json.loads(KNOWN[TLP["amber+strict"]])

    assert strict["name"] == "TLP:AMBER+STRICT"
    assert strict["extensions"] == {
        "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
            "extension_type": "property-extension",
            "tlp_2_0": "amber+strict",
        }
    }
    assert KNOWN.keys() == {*TLP.values(), *PURPOSES.values()}
    whole = bundle([*KNOWN.values(), *definition()], uuid.uuid4()).decode()
    assert validate_string(whole, ValidationOptions(version="2.1")).is_valid
    assert len(stix2.parse(whole, allow_custom=False).objects) == len(KNOWN) + 2


def test_what_is_withdrawn_is_a_later_version_and_says_so():
    made = revoked(OBJECTS[-1], NOW + 1)

    assert json.loads(made) == json.loads(OBJECTS[-1]) | {"modified": timestamp(NOW + 1), "revoked": True}
    assert problems(made) == []
    for content, now in ((made, NOW + 2), (OBJECTS[-1], NOW), (KNOWN[TLP["red"]], NOW)):
        with pytest.raises(ValueError, match="withdrawn"):
            revoked(content, now)


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_is_read_back(at_ms):
    assert micros(timestamp(at_ms)) == at_ms * 1000


INDICATOR = of("indicator")[0]
ACCOUNT = of("user-account")[0]
PART = {EXTENSION_ID: INDICATOR["extensions"][EXTENSION_ID]}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"id": "campaign--cbfa5dd6-3f1b-4f77-a8c8-1f2f0e4f7d11"}, "`id` begins with"),
        ({"id": "indicator--CBFA5DD6-3f1b-4f77-a8c8-1f2f0e4f7d11"}, "$.id"),
        ({"id": "indicator--cbfa5dd6-3f1b-4f77-a8c8-1f2f0e4f7d11\n"}, "$.id"),
        ({"type": "ipv4-addr"}, "not one that is taken at $.type"),
        ({"type": None}, "$.type"),
        ({"spec_version": "2.0"}, "$.spec_version"),
        ({"created": "2026-11-01T00:00:00+00:00"}, "$.created"),
        ({"created": "2026-02-30T00:00:00Z"}, "days of the calendar"),
        ({"created": "2026-11-01T24:00:00Z"}, "$.created"),
        ({"modified": "2020-01-01T00:00:00.5Z"}, "`modified` is not before `created`"),
        ({"valid_until": INDICATOR["valid_from"]}, "`valid_until` is not before `valid_from`"),
        ({"confidence": 101}, "$.confidence"),
        ({"confidence": 50.5}, "$.confidence"),
        ({"revoked": "yes"}, "$.revoked"),
        ({"labels": []}, "$.labels"),
        ({"labels": ["x"] * 65}, "$.labels"),
        ({"name": "x" * 513}, "$.name"),
        ({"object_marking_refs": [INDICATOR["id"]]}, "$.object_marking_refs"),
        ({"created_by_ref": TOLD.ref}, "$.created_by_ref"),
        ({"granular_markings": []}, "granular_markings"),
        ({"extensions": {}}, "`extensions` is not empty"),
        ({"extensions": {EXTENSION_ID: {}}}, "our extension: Object missing required field"),
        ({"extensions": {EXTENSION_ID: PART[EXTENSION_ID] | {"shingle": 0}}}, "$.shingle"),
        ({"pattern_type": "yara"}, "`pattern_type` is"),
        ({"pattern_type": "stix", "pattern": "[ipv4-addr:value = '198.51.100.7']"}, "`pattern` is"),
        ({"pattern_type": "stix", "pattern": "[user-account:user_id = 'ann@example.com']"}, "`pattern` is"),
        ({"pattern_type": "stix", "pattern": "[user-account:user_id = 'oprf1:ann-at-example.com']"}, "`pattern` is"),
        ({"pattern": "minhash:v1:ann@example.com"}, "`pattern` is"),
        ({"pattern": TEMPLATE.pattern + "\n"}, "`pattern` is"),
        ({"x_deep": json.loads("[" * 600 + "]" * 600)}, "lists and objects"),
        ({"x_long": "x" * (256 << 10)}, "bytes"),
    ],
)
def test_an_indicator_that_may_not_come_in_is_refused_with_its_field(changed, told):
    found = problems(json.dumps(INDICATOR | changed).encode())

    assert len(found) == 1
    assert told in found[0]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"account_login": "ann"}, "no other fields"),
        ({"display_name": "Ann"}, "no other fields"),
        ({"x_name": "Ann"}, "no other fields"),
        ({"account_type": "unix"}, "$.account_type"),
        ({"user_id": "ann@example.com"}, "$.user_id"),
        ({"user_id": TAGS[2]}, "UUIDv5"),
    ],
)
def test_an_account_is_its_tag_and_nothing_else(changed, told):
    assert told in problems(json.dumps(ACCOUNT | changed).encode())[0]


@pytest.mark.parametrize(
    "missing", ["id", "spec_version", "created", "modified", "pattern", "pattern_type", "valid_from"]
)
def test_what_is_required_must_be_there(missing):
    found = problems(json.dumps({name: value for name, value in INDICATOR.items() if name != missing}).encode())

    assert f"`{missing}`" in found[0]


@pytest.mark.parametrize(
    ("kind", "changed", "told"),
    [
        ("campaign", {"last_seen": "2020-01-01T00:00:00Z"}, "`last_seen` is not before"),
        ("relationship", {"target_ref": of("relationship")[0]["source_ref"]}, "another object"),
        ("sighting", {"count": -1}, "$.count"),
        ("sighting", {"count": 10**9}, "$.count"),
        ("identity", {"contact_information": "ann@example.com"}, "$.contact_information"),
        ("opinion", {"opinion": "maybe"}, "$.opinion"),
        ("grouping", {"object_refs": []}, "$.object_refs"),
        ("grouping", {"object_refs": [TOLD.ref]}, "tags are those of accounts"),
        ("relationship", {"extensions": PART}, "says nothing of the type"),
        ("marking-definition", {"name": "TLP:CLEAR?"}, "has one form"),
    ],
)
def test_other_objects_that_may_not_come_in_are_refused(kind, changed, told):
    assert told in problems(json.dumps(of(kind)[0] | changed).encode())[0]


def test_a_marking_of_tlp_may_be_written_with_other_spaces_and_not_with_other_words():
    assert problems(json.dumps(json.loads(KNOWN[TLP["red"]]), indent=4).encode()) == []
    assert problems(KNOWN[TLP["red"]].replace(b'"tlp_2_0":"red"', b'"tlp_2_0":"clear"')) != []
    bare = {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{uuid.uuid4()}"}
    assert "has a `definition`" in problems(json.dumps(bare | {"created": timestamp(NOW)}).encode())[0]


def test_unknown_fields_and_foreign_extensions_are_passed_over():
    more = {"x_foo": {"a": [1, 2.5, None]}, "extensions": PART | {f"extension-definition--{uuid.uuid4()}": {"a": 1}}}

    assert problems(json.dumps(INDICATOR | more).encode()) == []


@pytest.mark.parametrize(
    "content",
    [
        b'{"id":"%s",' % INDICATOR["id"].encode() + json.dumps(INDICATOR).encode()[1:],
        b'{"\\u0069d":"%s",' % INDICATOR["id"].encode() + json.dumps(INDICATOR).encode()[1:],
        b'{"x_a":{"\\u0061":1,"a":2},' + json.dumps(INDICATOR).encode()[1:],
    ],
)
def test_a_field_that_is_there_twice_is_refused(content):
    assert problems(content) == ["a field is there twice: two readers might take different ones"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{", b"\xff", b'{"type":"indicator"', b"[" * 300, b"1e999", b'"\\ud800"']
)
def test_what_is_no_object_is_refused(content):
    assert len(problems(content)) == 1


NAMED = "ann@example.com"
anything = st.recursive(
    st.none() | st.booleans() | st.just(NAMED), lambda one: st.lists(one) | st.dictionaries(st.just("a"), one)
)


@given(st.sampled_from([json.loads(one) for one in EVERY]), st.data())
def test_no_reason_repeats_what_was_sent(found, data):
    name = data.draw(st.sampled_from(sorted(found)))
    told = problems(json.dumps(found | {name: data.draw(anything)}).encode())

    assert all(NAMED not in one for one in told)


@given(
    st.binary(max_size=300)
    | st.sampled_from(EVERY).flatmap(lambda one: st.integers(0, len(one)).map(lambda at: one[:at]))
)
def test_any_bytes_are_read_or_refused(content):
    told = problems(content)

    assert told or read(content)


@given(st.sampled_from(EVERY), st.data())
def test_a_changed_byte_never_breaks_the_check(content, data):
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    if not problems(bytes(changed)):
        msgspec.json.decode(bytes(changed))
