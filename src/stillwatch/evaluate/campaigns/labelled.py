"""Real sets with labels of coordination, as shares and truth. What their labels mean, and no more, is kept.

None of them is API traffic: they show how methods behave on real coordination, not how well they find ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.evaluate.campaigns.scores import Truth
from stillwatch.evaluate.campaigns.shares import Shares, shares_of
from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

FOLDER: Final = Path("../shared/data/dev/coordination")
"""Where the sets lie, seen from a checkout."""
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Labelled:
    """One real set."""

    name: str
    """Short name."""
    title: str
    """What its accounts, traits and labels are."""
    shares: Shares
    """Uses of traits."""
    truth: Truth | None
    """Labels; None where the set has none an account."""


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    try:
        return pq.read_table(path, columns=list(columns)).combine_chunks()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; give the folder of the coordination sets") from error
    except (OSError, pa.ArrowException, KeyError) as error:
        raise FormatError(f"{path}: not the set it should be: {str(error).splitlines()[0][:120]}") from error


def _numbers(column: pa.ChunkedArray) -> Ints:
    """Give values numbers from 0, in the order they first occur."""
    return np.asarray(pc.dictionary_encode(column).combine_chunks().indices.to_numpy(), np.int64)


def russian_retweets(folder: Path) -> Labelled:
    """Read retweets of accounts that spread government content in Russia; one row a retweet.

    A trait is the tweet that is retweeted. There is no label an account: the set was published as an example of
    coordinated tweets, which accounts coordinate is for a method to say. So methods can be compared with one
    another on it, and with what the package that ships it reports, and not with a truth.

    Raises
    ------
    InputError
        The file is not there, or is another (FormatError).

    References
    ----------
    CooRTweet, ``russian_coord_tweets`` (Kulichkina et al. 2024).
    """
    columns = ("object_id", "account_id", "timestamp_share")
    table = _read(folder / "coortweet_russian_coord_tweets.parquet", columns)
    ts_s = table.column("timestamp_share").to_numpy().astype(np.int64)
    shares = shares_of(_numbers(table.column("account_id")), _numbers(table.column("object_id")), ts_s)
    return Labelled("russian_retweets", "retweets of one tweet; no label an account", shares, None)


def yelp_reviews(folder: Path) -> Labelled:
    """Read reviews of Chicago restaurants and hotels; one row a review.

    A trait is a product with the stars it was given, since pushing or slating one means the same stars; the time
    is the day of the review. The label is a review's: Yelp's own secret filter withheld it. Here an account is bad
    when that befell at least one of its reviews (of 7,739 such accounts, 135 have others that were kept). Who
    belongs together is not known.

    Raises
    ------
    InputError
        The file is not there, or is another (FormatError).

    References
    ----------
    Mukherjee, Venkataraman, Liu & Glance (2013), What Yelp fake review filter might be doing; YelpChi as shipped
    with UGFraud.
    """
    table = _read(folder / "yelpchi_reviews.parquet", ("user", "product", "rating", "label", "date"))
    user = _numbers(table.column("user"))
    stars = table.column("rating").to_numpy().astype(np.int64)
    days = table.column("date").combine_chunks().cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    shares = shares_of(user, _numbers(table.column("product")) * 8 + stars, days * DAY_S)
    campaign = np.full(shares.n_accounts, -1, np.int64)
    campaign[user[table.column("label").to_numpy() < 0]] = 0
    title = "same product, same stars; bad: Yelp's filter withheld a review"
    return Labelled("yelp_reviews", title, shares, Truth(campaign, campaigns_known=False))


def hop_sybils(folder: Path) -> Labelled:
    """Read addresses that the Hop airdrop struck off as one person's many; one account an address, no shares.

    The list holds nothing but the addresses: neither what they did, nor which of them belong together, nor any
    honest one. So no method can be asked about it and none is scored; it is read to say so.

    Raises
    ------
    InputError
        The file is not there, or is another (FormatError).

    References
    ----------
    hop-protocol/hop-airdrop, ``eliminatedSybilAttackers.csv``.
    """
    accounts = _read(folder / "hop_sybil_addresses.parquet", ("address",)).num_rows
    truth = Truth(np.zeros(accounts, np.int64), campaigns_known=False)
    title = "addresses alone: every one bad, nothing that two share"
    return Labelled("hop_sybils", title, shares_of([], [], n_accounts=accounts), truth)


LOADERS: Final[tuple[Callable[[Path], Labelled], ...]] = (russian_retweets, yelp_reviews, hop_sybils)
"""Every set there is."""
