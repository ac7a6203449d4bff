"""Pieces that few accounts send are templates; pieces with the same accounts are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coordination.made import blank, listed
from stillwatch.coordination.candidates import templates as room
from stillwatch.coordination.candidates.templates import piece_pairs, templates
from stillwatch.coordination.groups import PRODUCT
from stillwatch.coordination.shared import MOST

if TYPE_CHECKING:
    from stillwatch.coordination.outline import Outline


def sent(*pieces: tuple[int, range], n: int = 40) -> Outline:
    """Accounts that send these pieces, each in a cell of its own."""
    outline = blank(n)
    for cell, (piece, rows) in enumerate(pieces):
        outline.sample_piece[list(rows), cell] = piece
    return outline


def test_a_piece_of_three_accounts_is_a_template_and_one_of_two_is_not() -> None:
    found = templates(sent((5, range(3)), (6, range(10, 12))))
    assert listed(found.groups) == [[0, 1, 2]]
    assert (found.groups.made_by.tolist(), found.piece.tolist(), found.template.tolist()) == ([PRODUCT], [5], [0])


@pytest.mark.parametrize("column", ["sample_piece", "slot_piece"])
def test_pieces_of_sampled_prompts_and_of_slots_count(column: str) -> None:
    outline = blank(5)
    getattr(outline, column)[:3, -1] = 5
    assert listed(templates(outline).groups) == [[0, 1, 2]]


def test_a_piece_sent_in_both_counts_an_account_once() -> None:
    outline = sent((5, range(2)))
    outline.slot_piece[:2, 0] = 5
    assert len(templates(outline).groups) == 0


def test_pieces_of_one_template_are_one_group_and_all_of_its_pieces_are_kept() -> None:
    found = templates(sent((9, range(20)), (3, range(20)), (6, range(1, 20)), (4, range(15, 38))))
    assert sorted(listed(found.groups)) == [list(range(20)), list(range(15, 38))]
    of = dict(zip(found.piece.tolist(), found.template.tolist(), strict=True))
    assert found.piece.tolist() == [3, 4, 6, 9]
    assert of[9] == of[3] == of[6] != of[4]
    assert listed(found.groups)[of[4]] == list(range(15, 38))


def test_a_piece_that_too_many_send_is_left_out_and_counted() -> None:
    found = templates(sent((5, range(MOST + 1)), (6, range(4)), n=MOST + 1))
    assert listed(found.groups) == [[0, 1, 2, 3]]
    assert [(one.name, one.values, one.accounts) for one in found.left] == [("template", 1, MOST + 1)]


def test_shares_divide_the_pieces_and_lose_none() -> None:
    outline = sent(*((piece, range(piece, piece + 4)) for piece in range(1, 12)))
    whole = piece_pairs(outline, 0, 1)
    assert np.array_equal(np.sort(np.concatenate([piece_pairs(outline, share, 3) for share in range(3)])), whole)
    assert whole.shape == (44,)


def test_many_accounts_are_gone_through_in_passes_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    few = sent(*((piece, range(piece, piece + 4)) for piece in range(1, 12)))
    plain = templates(few)
    asked: list[tuple[int, int]] = []

    def counted(_: Outline, share: int, shares: int) -> np.ndarray:
        asked.append((share, shares))
        return piece_pairs(few, share, shares)

    monkeypatch.setattr(room, "piece_pairs", counted)
    # The columns are looked at by the pieces alone, so that a hundred thousand keys stand for as many accounts.
    passes = templates(few._replace(key=np.arange(150_000)))
    assert asked == [(0, 3), (1, 3), (2, 3)]
    assert sorted(listed(passes.groups)) == sorted(listed(plain.groups))
    assert passes.piece.tolist() == plain.piece.tolist()
    assert [listed(passes.groups)[g] for g in passes.template] == [listed(plain.groups)[g] for g in plain.template]


def test_nobody_sends_nothing() -> None:
    found = templates(blank(0))
    assert (len(found.groups), found.piece.shape, found.left) == (0, (0,), ())
