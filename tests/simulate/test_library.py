"""Real prompts: one conversation, one person or one task is one account's text, never a bundle of strangers'."""

from __future__ import annotations

import pytest
from small_worlds import START_MS, of_persona, per_account, write_prompts

from stillwatch.model.errors import FormatError, InputError
from stillwatch.simulate import WorldSpec, build_world, read_library, read_traces

SPEC = WorldSpec(
    interactive=6, developer=4, batch_app=2, evaluation=2, researcher=1, reseller=1, fast_distiller=2, slow_distiller=2
)


@pytest.fixture
def library(tmp_path):
    rows = [
        {"cls": "B", "source": "chat", "conv_id": f"c{c}", "turn": t, "prompt": f"c{c} t{t:02}", "subtype": "organic"}
        for c in range(30)
        for t in range(10)
    ]
    rows += [
        {"cls": "B", "source": "work", "account_id": f"d{d}", "turn": t, "prompt": f"d{d} t{t:02}", "subtype": "coding"}
        for d in range(6)
        for t in range(12)
    ]
    rows += [
        {"cls": "C", "source": s, "extra": x, "prompt": f"{s}/{x} {n}", "subtype": kind, "system": "be brief"}
        for s, x, kind in (("app", "k1", "app"), ("app", "k2", "app"), ("exam", "e", "benchmark_eval"))
        for n in range(9)
    ]
    rows += [
        {"cls": "A", "source": f"a{s}", "prompt": f"a{s} {n}", "subtype": "seed"} for s in (1, 2) for n in range(400)
    ]
    rows += [{"cls": "B", "source": "chat", "conv_id": "c0", "turn": 0, "role": "tool", "prompt": "tool output"}]
    return read_library(write_prompts(tmp_path / "prompts", rows))


@pytest.fixture
def world(library):
    return build_world(SPEC, seed=2, start_ms=START_MS, prompts=library)


def first_words(prompts):
    return {prompt.decode().split()[0] for prompt in prompts}


def test_a_person_is_one_thread_in_its_order(world):
    for persona in ("interactive", "developer"):
        for prompts in per_account(of_persona(world, persona), "prompt"):
            assert len(first_words(prompts)) == 1, persona
            assert list(dict.fromkeys(prompts)) == sorted(set(prompts))


def test_developers_get_the_threads_about_code(world):
    for prompts in per_account(of_persona(world, "developer"), "prompt"):
        assert first_words(prompts).pop().startswith("d")


def test_no_thread_is_given_to_two_people(world):
    threads = [first_words(p).pop() for p in per_account(of_persona(world, "interactive"), "prompt")]

    assert len(threads) == len(set(threads))


def test_a_session_of_a_reseller_is_one_thread(world):
    events = of_persona(world, "reseller")
    sessions = events.group_by("session_id").aggregate([("prompt", "list")])["prompt_list"].to_pylist()

    assert all(len(first_words(prompts)) == 1 for prompts in sessions)
    assert len({first_words(prompts).pop() for prompts in sessions}) > 5


def test_applications_and_evaluations_have_one_task_each(world):
    for persona, prefix in (("batch_app", "app/"), ("evaluation", "exam/")):
        events = of_persona(world, persona)
        for prompts in per_account(events, "prompt"):
            assert len(first_words(prompts)) == 1
            assert first_words(prompts).pop().startswith(prefix)
        assert set(events["system"].to_pylist()) == {b"be brief"}


def test_an_operator_draws_from_one_source_and_repeats_nothing_before_its_end(world):
    prompts = of_persona(world, "slow_distiller")["prompt"].to_pylist()

    assert len(first_words(prompts)) == 1
    assert len(set(prompts)) == len(prompts)


def test_the_truth_says_that_the_text_is_real(world):
    assert set(world.truth["simulated_text"].to_pylist()) == {False}


def test_a_class_that_is_missing_falls_back_to_the_grammar(tmp_path):
    rows = [{"cls": "A", "source": "a", "prompt": f"seed {n}"} for n in range(20)]
    library = read_library(write_prompts(tmp_path / "p", rows))
    truth = build_world(SPEC, seed=2, start_ms=START_MS, prompts=library).truth.to_pylist()

    assert all(row["simulated_text"] == (row["persona"] != "researcher" and not row["extracting"]) for row in truth)


def test_a_folder_without_prompts_and_a_file_of_another_kind_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no \*\.parquet"):
        read_library(tmp_path)
    (tmp_path / "broken.parquet").write_bytes(b"not parquet")
    with pytest.raises(FormatError, match=r"broken\.parquet"):
        read_library(tmp_path)


def test_real_prompts_and_arrivals_make_a_world(shared_data):
    library, traces = read_library(shared_data / "dev" / "prompts"), read_traces(shared_data / "dev" / "traces")
    world = build_world(SPEC, seed=1, start_ms=START_MS, prompts=library, traces=traces)

    assert world.events.num_rows > 1000
    assert not any(world.truth["simulated_text"].to_pylist())
