"""The greedy peel of FRAUDAR as a compiled kernel: a binary heap of nodes by the weight they would take along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@kernel
def _sink(heap: Ints, where: Ints, loss: Floats, size: int, at: int) -> None:
    """Move the node at a place of the heap down to where it belongs; the smaller node first where losses tie."""
    node = heap[at]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            loss[heap[other]] < loss[heap[child]]
            or (loss[heap[other]] == loss[heap[child]] and heap[other] < heap[child])
        ):
            child = other
        if loss[heap[child]] > loss[node] or (loss[heap[child]] == loss[node] and heap[child] > node):
            break
        heap[at] = heap[child]
        where[heap[at]] = at
        at = child
    heap[at] = node
    where[node] = at


@kernel
def _rise(heap: Ints, where: Ints, loss: Floats, at: int) -> None:
    """Move the node at a place of the heap up to where it belongs."""
    node = heap[at]
    while at > 0:
        parent = (at - 1) // 2
        if loss[heap[parent]] < loss[node] or (loss[heap[parent]] == loss[node] and heap[parent] < node):
            break
        heap[at] = heap[parent]
        where[heap[at]] = at
        at = parent
    heap[at] = node
    where[node] = at


@kernel
def _peel(
    start: Ints, neighbour: Ints, weight: Floats, heap: Ints, where: Ints, loss: Floats, order: Ints
) -> tuple[int, float]:
    """Take out every node, the one with the least loss first, and give how many to take out for the densest stage.

    Parameters
    ----------
    start, neighbour, weight
        Edges of each node (CSR, both ways); shapes (nodes + 1,), (edges,), (edges,).
    heap, where, order
        Room; shape (nodes,). ``order`` is filled with the nodes as they go.
    loss
        Weight of each node's edges; used up. Shape (nodes,).
    """
    nodes = loss.shape[0]
    total = 0.0
    for node in range(nodes):
        heap[node] = node
        where[node] = node
        total += loss[node] / 2
    for at in range(nodes // 2 - 1, -1, -1):
        _sink(heap, where, loss, nodes, at)
    best, removed, left = total / nodes, 0, nodes
    while left > 0:
        node = heap[0]
        left -= 1
        order[nodes - 1 - left] = node
        where[node] = -1
        if left > 0:
            heap[0] = heap[left]
            _sink(heap, where, loss, left, 0)
        total -= loss[node]
        for edge in range(start[node], start[node + 1]):
            other = neighbour[edge]
            if where[other] >= 0:
                loss[other] -= weight[edge]
                _rise(heap, where, loss, where[other])
        # Sums drift by rounding: a stage must be denser by more than that to count as denser.
        if left > 0 and total / left > best + 1e-9:
            best, removed = total / left, nodes - left
    return removed, best


def densest(account: Ints, trait: Ints, n_accounts: int) -> tuple[Bools, Bools]:
    """Give the accounts and traits of the densest block.

    Parameters
    ----------
    account, trait
        Distinct edges; shape (edges,), at least one. A trait of degree d weighs ``1 / log(d + 5)``.
    n_accounts
        Accounts there are.

    Returns
    -------
    tuple of NDArray
        Whether each account and each trait is in the block; shapes (n_accounts,) and (largest trait + 1,).

    Notes
    -----
    Nodes without an edge take no part; the two sides of an edge are nodes alike. O(edges log nodes).
    """
    degree = np.bincount(trait)
    edge_weight = 1.0 / np.log(degree[trait] + 5.0)
    rows, row = np.unique(account, return_inverse=True)
    columns, column = np.unique(trait, return_inverse=True)
    nodes = len(rows) + len(columns)
    source = np.concatenate((row, column + len(rows))).astype(np.int64)
    target = np.concatenate((column + len(rows), row)).astype(np.int64)
    weight = np.concatenate((edge_weight, edge_weight))
    by_source = np.argsort(source, kind="stable")
    start = np.append(0, np.cumsum(np.bincount(source, minlength=nodes)))
    heap, where, order = np.empty((3, nodes), np.int64)
    loss = np.bincount(source, weight, nodes)
    removed, _ = _peel(start, target[by_source], weight[by_source], heap, where, loss, order)
    kept = order[removed:]
    in_rows, in_columns = np.zeros(n_accounts, np.bool_), np.zeros(len(degree), np.bool_)
    in_rows[rows[kept[kept < len(rows)]]] = True
    in_columns[columns[kept[kept >= len(rows)] - len(rows)]] = True
    return in_rows, in_columns
