"""Accounts that are likely one owner by card, address range, client and sign-up: record linkage with Splink."""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from stillwatch.evaluate.campaigns.peers.base import numbered
from stillwatch.evaluate.campaigns.shares import IDENTITY, no_groups
from stillwatch.evaluate.peers.base import need
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stillwatch.evaluate.campaigns.shares import Grouping, Shares

    Ints = NDArray[np.int64]

RULES: Final = (("card",), ("net",), ("referral", "ja4"), ("bin", "email_domain", "user_agent"))
"""Columns two accounts must agree in to be compared, one rule a row."""
LARGEST_PRIOR: Final = 0.01
"""Chance that two accounts drawn at random have one owner, at most."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Pairs of accounts that one rule compares."""

    columns: tuple[str, ...]
    """Columns two accounts agree in."""
    fits: NDArray[np.bool_]
    """(rows,) whether few enough accounts share the row's values."""
    pairs: int
    """Pairs of accounts compared by this rule."""


def _codes(column: pa.ChunkedArray) -> Ints:
    """Give the values of a column numbers from 0; null is -1."""
    indices = column.combine_chunks().dictionary_encode().indices
    return np.asarray(indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def _blocks(codes: dict[str, Ints], columns: tuple[str, ...], fan_out: int) -> Blocks:
    """Find the accounts a rule compares; values of more than ``fan_out`` accounts are left out."""
    known = np.logical_and.reduce([codes[name] >= 0 for name in columns])
    key = np.zeros(len(known), np.int64)
    for name in columns:
        key = np.unique(key * (int(codes[name].max()) + 2) + codes[name] + 1, return_inverse=True)[1].astype(np.int64)
    sizes = np.bincount(key[known], minlength=int(key.max(initial=0)) + 1)
    fits = known & (sizes[key] >= 2) & (sizes[key] <= fan_out)
    kept = np.bincount(key[fits])
    return Blocks(columns, fits, int((kept * (kept - 1) // 2).sum()))


@contextmanager
def _silent() -> Iterator[None]:
    """Keep Splink's log from the terminal, and its logger as it was."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


@dataclass(frozen=True, slots=True)
class SplinkIdentity:
    """Clusters of accounts whose agreement weights make one owner likely.

    Fellegi-Sunter weights with term frequencies, every column compared for equality; u from random pairs, m by
    expectation maximisation within the pairs of each rule. Pairs at or above ``threshold`` are joined.

    Notes
    -----
    Values shared by more than ``fan_out`` accounts make no pairs. The prior is the share of pairs that agree under
    the first rule with any, divided by ``rule_recall``, at most LARGEST_PRIOR. Blind spot: columns are taken as
    independent, so colleagues behind one address with one client look like one owner; and accounts that share
    only what they send are never compared.

    References
    ----------
    Fellegi & Sunter (1969), A theory for record linkage. Linacre et al., Splink 5.0.0.
    """

    name: str = "splink"
    """Short name."""
    title: str = "record linkage over card, address range, client and sign-up"
    """What it joins accounts by."""
    reference: str = "Splink 5.0.0 (Fellegi & Sunter 1969)"
    """Where it is described."""
    threshold: float = 0.95
    """Smallest probability of a link (0 to 1)."""
    fan_out: int = 500
    """Most accounts of one value that are compared with one another."""
    rule_recall: float = 0.5
    """Share of the pairs of one owner that the first rule is taken to find (0 to 1)."""
    random_pairs: float = 2e6
    """Random pairs that u is estimated from."""
    training_pairs: float = 2e6
    """Pairs that m is estimated from, for each rule."""
    seed: int = 1
    """Seed of the random pairs."""

    def __call__(self, shares: Shares, identity: pa.Table | None = None) -> Grouping:
        """Group accounts by their identity columns; shares are not looked at."""
        if identity is None:
            return no_groups(shares.n_accounts, "it needs an identity table")
        try:
            splink, duckdb = need("splink"), need("duckdb")
        except InputError as error:
            return no_groups(shares.n_accounts, str(error))
        codes = {name: _codes(identity.column(name)) for name in IDENTITY if name in identity.column_names}
        # A column that nobody shares or everybody shares teaches nothing, and its u cannot be estimated.
        telling = [name for name, code in codes.items() if 1 < len(np.unique(code[code >= 0])) < (code >= 0).sum()]
        rules = [rule for rule in RULES if set(rule) <= set(telling)]
        blocks = [block for rule in rules if (block := _blocks(codes, rule, self.fan_out)).pairs]
        if len(telling) < 2 or not blocks:
            return no_groups(shares.n_accounts, "fewer than two identity columns tell accounts apart and join them")
        with _silent(), closing(duckdb.connect(":memory:")) as connection:
            connection.execute("SET enable_progress_bar = false; SET autoinstall_known_extensions = false")
            linker = self._linker(splink, connection, identity, telling, blocks)
            table = self._clusters(linker, blocks)
        found = np.full(shares.n_accounts, -1, np.int64)
        found[table.column("account").to_numpy()] = table.column("cluster_id").to_numpy()
        return numbered(found)

    def _linker(
        self,
        splink: Any,  # noqa: ANN401  a module of an optional extra
        connection: Any,  # noqa: ANN401  a DuckDB connection
        identity: pa.Table,
        telling: Sequence[str],
        blocks: Sequence[Blocks],
    ) -> Any:  # noqa: ANN401  Splink's linker
        """Lay the table out with a column a rule for the accounts it compares, and write the settings."""
        compare = need("splink.comparison_library").ExactMatch
        table = identity.select(["account", *telling])
        for at, block in enumerate(blocks):
            table = table.append_column(f"fits_{at}", pa.array(block.fits))
        rows = table.num_rows
        prior = blocks[0].pairs / self.rule_recall / (rows * (rows - 1) / 2)
        settings = splink.SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="account",
            comparisons=[compare(name).configure(term_frequency_adjustments=True) for name in telling],
            blocking_rules_to_generate_predictions=[_rule(block, at) for at, block in enumerate(blocks)],
            probability_two_random_records_match=min(prior, LARGEST_PRIOR),
            retain_matching_columns=False,
        )
        return splink.Linker(splink.DuckDBAPI(connection).register(table), settings, log_level=None)

    def _clusters(self, linker: Any, blocks: Sequence[Blocks]) -> pa.Table:  # noqa: ANN401  Splink's linker
        """Train, compare and cluster."""
        linker.training.estimate_u_using_random_sampling(max_pairs=self.random_pairs, seed=self.seed)
        for at, block in enumerate(blocks):
            limit = self.training_pairs if block.pairs > self.training_pairs else None
            linker.training.estimate_parameters_using_expectation_maximisation(_rule(block, at), max_pairs=limit)
        predicted = linker.inference.predict(threshold_match_probability=self.threshold, warning_mode="never")
        clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, self.threshold)
        return clustered.as_pyarrow_table().select(["account", "cluster_id"])


def _rule(block: Blocks, at: int) -> str:
    """Write a rule in SQL; by the real columns, so that training leaves their comparisons out."""
    equal = " and ".join(f"l.{name} = r.{name}" for name in block.columns)
    return f"{equal} and l.fits_{at} = r.fits_{at} and l.fits_{at}"


SPLINK: Final = SplinkIdentity()
"""Links from a probability of 0.95 on."""
SPLINK_EVEN: Final = SplinkIdentity(
    name="splink_even", title="record linkage, joined where one owner is as likely as not", threshold=0.5
)
"""Links from a probability of 0.5 on."""
