"""Behind the door no identifier stands as the log wrote it, and the same one is always the same pseudonym."""

from __future__ import annotations

import hmac
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reading import KEY, read_records
from ingest.samples import NATIVE, SAMPLES
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import PseudonymKey
from stillwatch.ingest.readers import READERS, reader_named
from stillwatch.ingest.words import canonical, client_library
from stillwatch.model.event import BINDING_MISMATCHES, EVENT_FIELDS, EVENT_SCHEMA, Privacy

KEYED = [f.name for f in EVENT_FIELDS if f.privacy in (Privacy.P1, Privacy.P2)]
FIELDS = ("account_id", "session_id", "event_id", "user_agent")
FROM = READERS[0].provenance()


def entered(*records: dict[str, Any], door: Door | None = None, path: str = "log") -> pa.RecordBatch:
    raw = read_records(reader_named("native"), *records)
    return (door or Door(KEY)).enter(raw, FROM, path).columns


def event(**fields: Any) -> dict[str, Any]:
    return {"ts_ms": 1_795_433_819_245, **fields}


def one(name: str, value: Any, **more: Any) -> Any:
    return entered(event(**{name: value}), **more).column(name)[0].as_py()


def test_no_identifier_is_left_as_text() -> None:
    for field in EVENT_FIELDS:
        if field.privacy in (Privacy.P1, Privacy.P2):
            assert field.keyed in (pa.int64(), pa.list_(pa.int64())), field.name
    for reader in READERS:
        raw = read_records(reader, SAMPLES[reader.name])
        batch = Door(KEY).enter(raw, reader.provenance(), "log").columns
        assert batch.schema == EVENT_SCHEMA
        shown = str({name: batch.column(name).to_pylist() for name in KEYED})
        for name in KEYED:
            for text in raw.columns.column(name).to_pylist():
                for part in text if isinstance(text, list) else [text]:
                    assert part is None or len(part) < 4 or part not in shown


@pytest.mark.parametrize("name", ["account_id", "credential_id", "org_id", "end_user_id", "user_agent", "ja4"])
def test_few_valued_fields_are_keyed_hashes_of_their_own_field(name: str) -> None:
    expected = hmac.digest(KEY.derive(f"field/{name}"), "Ünï".encode(), "sha256")[:8]

    assert one(name, "Ünï") == int.from_bytes(expected, "big", signed=True)
    assert one(name, "") is None


def test_two_fields_and_two_keys_never_share_a_pseudonym() -> None:
    row = entered(
        event(
            **dict.fromkeys([n for n in KEYED if n not in ("client_ip", "client_net") and "artefact" not in n], "same")
        )
    )
    values = [row.column(n)[0].as_py() for n in KEYED if row.column(n)[0].as_py() is not None]
    other = Door(PseudonymKey(2, b"another secret, thirty-two bytes"))

    assert len(set(values)) == len(values) >= 7
    for name in ("account_id", "session_id", "event_id"):
        assert one(name, "same", door=other) != one(name, "same")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(max_size=8), min_size=1, max_size=30),
    st.sampled_from(["account_id", "session_id", "event_id", "user_agent"]),
)
def test_a_value_has_the_same_pseudonym_in_any_batch(values: list[str], name: str) -> None:
    together = entered(*(event(**{name: value}) for value in values)).column(name).to_pylist()
    clean = [value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for value in values]

    if name != "event_id":
        assert together == [one(name, value) for value in clean]
    given_ = {(value, keyed) for value, keyed in zip(clean, together, strict=True) if value}
    assert len(given_) == len({value for value, _ in given_}) == len({keyed for _, keyed in given_})
    assert 0 not in together


def test_threads_may_share_a_door() -> None:
    door = Door(KEY)
    rows = [event(account_id=f"a{n % 5000}", user_agent=f"u{n % 7}") for n in range(20_000)]
    parts = [rows[at : at + 1000] for at in range(0, len(rows), 1000)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: entered(*part, door=door), parts))

    together = [value for batch in found for value in batch.column("account_id").to_pylist()]
    assert together == entered(*rows).column("account_id").to_pylist()


def test_an_event_without_id_is_its_place_in_its_source() -> None:
    first, again = entered(event(), event()), entered(event(), event())
    elsewhere = entered(event(), event(), path="other")

    ids = [batch.column("event_id").to_pylist() for batch in (first, again, elsewhere)]
    assert ids[0] == ids[1]
    assert len({*ids[0], *ids[2]}) == 4


def test_addresses_are_keyed_in_one_written_form_with_their_network() -> None:
    rows = entered(
        *(
            event(client_ip=ip)
            for ip in ("203.0.113.7", "203.0.113.7:443", "::ffff:203.0.113.7", "203.0.113.9", "no", "")
        )
    )
    ip, net = rows.column("client_ip").to_pylist(), rows.column("client_net").to_pylist()

    assert ip[0] == ip[1] == ip[2] != ip[3]
    assert len(set(net[:4])) == 1
    assert ip[4:] == net[4:] == [None, None]
    assert one("client_net", "203.0.113.0/24") == net[0]


def test_artefacts_are_the_same_carried_and_born_and_nothing_empty_is_one() -> None:
    rows = entered(
        event(artefacts_carried=["sig-a", "", "sig-b"]), event(artefacts_born=["sig-b"]), event(artefacts_born=[])
    )

    carried, born = rows.column("artefacts_carried").to_pylist(), rows.column("artefacts_born").to_pylist()
    assert carried[0][1:] == born[1]
    assert len(carried[0]) == 2
    assert (carried[1:], born[2]) == ([None, None], None)


def test_words_become_codes_and_mismatches_bits() -> None:
    row = {name: column[0].as_py() for name, column in zip(EVENT_SCHEMA.names, entered(NATIVE).columns, strict=True)}

    assert (row["operation"], row["finish_reason"], row["refusal_category"], row["reasoning_effort"]) == (0, 1, 2, 4)
    assert row["binding_mismatch"] == 0b1001
    for bit, word in enumerate(BINDING_MISMATCHES):
        assert one("binding_mismatch", [word]) == one("binding_mismatch", [f"{word}_mismatch"]) == 1 << bit
    assert one("binding_mismatch", []) == 0
    assert entered(event()).column("binding_mismatch")[0].as_py() is None, "not said is not none"


@pytest.mark.parametrize(
    ("field", "word", "code"),
    [
        ("operation", "acompletion", 0),
        ("operation", "/v1/chat/completions", 0),
        ("operation", "GENERATION", 0),
        ("operation", "anthropic_messages", 2),
        ("operation", "text_completion", 3),
        ("operation", "/v1/embeddings", 4),
        ("operation", "whatever", 7),
        ("finish_reason", "TOOL_CALLS", 2),
        ("finish_reason", "brand_new", 6),
        ("refusal_category", "cbrn", 3),
        ("response_format", "grammar", None),
    ],
)
def test_words_of_the_formats(field: str, word: str, code: int | None) -> None:
    assert canonical(field, word) == code


def test_client_libraries() -> None:
    assert [client_library(a) for a in ("OpenAI/Python 1.0", "curl/8", "x" * 99, "", None, "/")] == [
        "openai",
        "curl",
        "x" * 40,
        None,
        None,
        None,
    ]


def test_an_empty_batch_goes_through() -> None:
    assert entered().num_rows == 0
    assert np.asarray(entered(event(tokens_in=-1)).num_rows) == 0
