"""Measure the shipped word table on prompts: who is known, how topics spread, what they tell.

    python bench/topics.py [FOLDER OF PROMPTS] [TABLE.npz]

The folder holds one Parquet file a source with the columns ``prompt``, ``lang``, ``conv_id`` and ``extra``.
Only counts are printed, never text.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from stillwatch.sketches import topics
from stillwatch.sketches.layout import TOPICS
from stillwatch.sketches.text import read_text, scratch
from stillwatch.sketches.words import pack

PROMPTS = Path("../shared/data/dev/prompts")
LIMIT = 2048
"""Bytes read at each end of a prompt."""


def topics_of(prompts: list[str], table: topics.TopicTable) -> np.ndarray:
    """Give the topic of each prompt, -1 where fewer than two words are known."""
    room, entries, out = scratch(LIMIT), pack(table), np.empty(len(prompts), np.int64)
    for i, prompt in enumerate(prompts):
        buffer = np.frombuffer(prompt.encode() or b" ", np.uint8)
        out[i] = read_text(buffer, 0, len(buffer), LIMIT, np.uint64(1), entries, room)[2]
    return out


def read(path: Path, table: topics.TopicTable) -> dict[str, np.ndarray]:
    """Read one source and give its prompts' topics beside its labels."""
    rows = pq.read_table(path, columns=["prompt", "lang", "conv_id", "extra"]).to_pydict()
    made = {name: np.array([str(v) for v in rows[name]]) for name in ("lang", "conv_id", "extra")}
    texts = [text or "" for text in rows["prompt"]]
    made["topic"] = topics_of(texts, table)
    made["text"] = np.array(texts, object)
    return made


def entropy(topic: np.ndarray, among: int = TOPICS) -> float:
    """Shannon entropy of known topics over the largest possible, 0 to 1."""
    counts = np.bincount(topic[topic >= 0], minlength=1)
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum() / np.log(among))


def entropy_of_samples(topic: np.ndarray, size: int = 200, draws: int = 50, among: int = TOPICS) -> tuple[float, float]:
    """Mean and deviation of the entropy of random samples of known prompts."""
    known, rng = topic[topic >= 0], np.random.default_rng(0)
    if known.size < size:
        return float("nan"), float("nan")
    made = [entropy(rng.choice(known, size, replace=False), among) for _ in range(draws)]
    return float(np.mean(made)), float(np.std(made))


def mutual(topic: np.ndarray, label: np.ndarray) -> float:
    """Mutual information of topic and label, bits."""
    _, label = np.unique(label, return_inverse=True)
    joint = np.zeros((TOPICS, label.max() + 1))
    np.add.at(joint, (topic, label), 1)
    joint /= joint.sum()
    flat = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    on = joint > 0
    return float((joint[on] * np.log2(joint[on] / flat[on])).sum())


def against_shuffled(topic: np.ndarray, label: np.ndarray) -> tuple[float, float, float]:
    """Mutual information, that of shuffled labels (mean of 20), and the label's own entropy, bits."""
    rng = np.random.default_rng(0)
    known = topic >= 0
    topic, label = topic[known], label[known]
    counts = np.unique(label, return_counts=True)[1] / label.size
    chance = float(np.mean([mutual(topic, rng.permutation(label)) for _ in range(20)]))
    return mutual(topic, label), chance, float(-(counts * np.log2(counts)).sum())


def known_by_language(sources: dict[str, dict[str, np.ndarray]]) -> None:
    """Print the share of prompts with a topic, and how a language's topics spread."""
    print("\n| language | prompts | with a topic % | unknown % | entropy of 25 | of 200 | of 200, of 8 | top topic % |")
    print("|---|---|---|---|---|---|---|---|")
    lang = np.concatenate([s["lang"] for s in sources.values()])
    topic = np.concatenate([s["topic"] for s in sources.values()])
    for code, n in Counter(lang.tolist()).most_common():
        if n < 30:
            continue
        mine = topic[lang == code]
        known = mine[mine >= 0]
        top = np.bincount(known, minlength=1).max() / max(1, known.size)
        fine, coarse = entropy_of_samples(mine)[0], entropy_of_samples(mine // 8, among=8)[0]
        few = entropy_of_samples(mine, 25)[0]
        share = 100 * known.size / n
        print(f"| {code} | {n} | {share:.1f} | {100 - share:.1f} ", end="")
        print(f"| {few:.3f} | {fine:.3f} | {coarse:.3f} | {100 * top:.1f} |")


def spread_by_source(sources: dict[str, dict[str, np.ndarray]]) -> None:
    """Print the entropy of 200 random prompts of each source and language."""
    print("\n| source | language | prompts | unknown % | entropy of 200, of 64 | of 8 |")
    print("|---|---|---|---|---|---|")
    for name, source in sources.items():
        for code, n in Counter(source["lang"].tolist()).most_common():
            mine = source["topic"][source["lang"] == code]
            mean, spread = entropy_of_samples(mine)
            if np.isnan(mean):
                continue
            coarse = entropy_of_samples(np.where(mine < 0, -1, mine // 8), among=8)[0]
            unknown = 100 * np.mean(mine < 0)
            print(f"| {name} | {code} | {n} | {unknown:.1f} | {mean:.3f} ± {spread:.3f} | {coarse:.3f} |")


def same_tasks(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    """Print how far the topics of one task set in two languages lie apart."""
    hists, halves = [], []
    for source in (a, b):
        known = source["topic"][source["topic"] >= 0]
        hists.append(np.bincount(known, minlength=TOPICS) / known.size)
        halves.append(np.bincount(known[::2], minlength=TOPICS) / known[::2].size)
        halves.append(np.bincount(known[1::2], minlength=TOPICS) / known[1::2].size)
    between = 0.5 * np.abs(hists[0] - hists[1]).sum()
    within = 0.25 * (np.abs(halves[0] - halves[1]).sum() + np.abs(halves[2] - halves[3]).sum())
    order = np.corrcoef(hists[0], hists[1])[0, 1]
    print(f"\nEnglish and Chinese Alpaca: total variation of topics {between:.3f}", end=" ")
    print(f"(halves of one language {within:.3f}),")
    print(f"correlation of shares {order:.3f}; guessing the language from the topic is right {50 + 50 * between:.1f} %")


def labels(sources: dict[str, dict[str, np.ndarray]]) -> None:
    """Print what topics tell of labels that people gave."""
    print("\n| labels | labels n | prompts | information, bits | shuffled | label entropy |")
    print("|---|---|---|---|---|---|")
    for name, key in (("C_mmlu_prompts", "task"), ("C_bbh_fewshot_calls", "task"), ("C_t0_templated", "template")):
        source = sources[name]
        label = np.array([str(json.loads(x).get(key)) if x != "None" else "" for x in source["extra"]])
        told, chance, whole = against_shuffled(source["topic"], label)
        print(f"| {name} {key} | {len(set(label))} | {label.size} | {told:.2f} | {chance:.2f} | {whole:.2f} |")


def subject_alone(source: dict[str, np.ndarray], table: topics.TopicTable) -> None:
    """Print the same for MMLU without its first line, which names the subject."""
    topic = topics_of([text.split("\n", 2)[-1] for text in source["text"]], table)
    label = np.array([json.loads(x)["task"] for x in source["extra"]])
    told, chance, whole = against_shuffled(topic, label)
    unknown = 100 * np.mean(topic < 0)
    print(f"| the same without the line naming the subject ({unknown:.1f} % unknown) | {len(set(label))} ", end="")
    print(f"| {label.size} | {told:.2f} | {chance:.2f} | {whole:.2f} |")


def same_conversation(name: str, source: dict[str, np.ndarray]) -> None:
    """Print how often two neighbouring turns share a topic, against two random prompts of the language."""
    rng = np.random.default_rng(0)
    for code, _ in Counter(source["lang"].tolist()).most_common():
        mine = np.flatnonzero((source["lang"] == code) & (source["topic"] >= 0))
        if mine.size < 100:
            continue
        topic, conv = source["topic"][mine], source["conv_id"][mine]
        near = conv[1:] == conv[:-1]
        if near.sum() < 50:
            continue
        left, right = topic[:-1][near], topic[1:][near]
        other = rng.permutation(topic)
        fine = (np.mean(left == right), np.mean(topic == other))
        coarse = (np.mean(left // 8 == right // 8), np.mean(topic // 8 == other // 8))
        print(f"| {name} | {code} | {near.sum()} | {100 * fine[0]:.1f} | {100 * fine[1]:.1f} ", end="")
        print(f"| {100 * coarse[0]:.1f} | {100 * coarse[1]:.1f} |")


def main() -> None:
    """Read every source and print the tables."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PROMPTS
    table = topics.read(Path(sys.argv[2])) if len(sys.argv) > 2 else topics.load()
    print(f"{int((table.keys > 0).sum())} spellings in {table.keys.shape[0]} slots")
    sources = {path.stem: read(path, table) for path in sorted(folder.glob("*.parquet"))}
    known_by_language(sources)
    spread_by_source(sources)
    same_tasks(sources["A_alpaca_5000"], sources["A_alpaca_chinese"])
    labels(sources)
    subject_alone(sources["C_mmlu_prompts"], table)
    print("\n| source | language | pairs | same topic % | random % | same coarse % | random % |")
    print("|---|---|---|---|---|---|---|")
    for name in ("B_sharegpt", "B_sharegpt_zh_1k", "A_moss_sft_sample"):
        same_conversation(name, sources[name])


if __name__ == "__main__":
    main()
