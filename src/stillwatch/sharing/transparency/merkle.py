"""Proofs of the Merkle tree of RFC 9162: that an entry is in it, and that a later tree holds an earlier one unchanged.

Every function that makes a proof takes ``node(level, index)``: the root of the perfect subtree over the leaves
``[index << level, (index + 1) << level)``. Where nodes come from is the caller's: see :mod:`.tiles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from stillwatch.model.errors import LogError
from stillwatch.model.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Node: TypeAlias = Callable[[int, int], bytes]


def root(size: int, node: Node) -> bytes:
    """Give the root of the first ``size`` leaves."""
    return _span(0, size, node) if size else EMPTY_ROOT


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Prove that leaf ``index`` is in the tree of ``size`` leaves (RFC 9162, 2.1.3.1).

    Returns
    -------
    list of bytes
        Hashes from the leaf's neighbour up to the child of the root.

    Raises
    ------
    ValueError
        The tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _left(high - low)
        if index < middle:
            path.append(_span(middle, high, node))
            high = middle
        else:
            path.append(_span(low, middle, node))
            low = middle
    return path[::-1]


def consistency(old: int, size: int, node: Node) -> list[bytes]:
    """Prove that the tree of ``size`` leaves begins with the tree of ``old`` leaves (RFC 9162, 2.1.4.1).

    Raises
    ------
    ValueError
        The old tree is the larger one.
    """
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} leaves does not begin with one of {old}")
    if not old:
        return []
    low, high, path = 0, size, []
    while old != high:
        middle = low + _left(high - low)
        if old <= middle:
            path.append(_span(middle, high, node))
            high = middle
        else:
            path.append(_span(low, middle, node))
            low = middle
    if low:
        path.append(_span(low, high, node))
    return path[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Verify a proof of inclusion (RFC 9162, 2.1.3.2).

    Parameters
    ----------
    leaf
        Hash of the leaf (32 bytes).
    index, size
        Its place, and the leaves of the tree.
    proof
        Hashes, the leaf's neighbour first.
    expected
        Root of the tree (32 bytes).

    Raises
    ------
    LogError
        The proof does not hold.
    """
    _whole(leaf, *proof)
    if not 0 <= index < size:
        raise LogError(f"a tree of {size} leaves has no leaf {index}")
    found = leaf
    for step, left in _climb(index, size - 1, proof):
        found = node_hash(step, found) if left else node_hash(found, step)
    if found != expected:
        raise LogError(f"the proof that leaf {index} is in the tree of {size} leaves does not hold")


def check_consistency(old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Verify a proof of consistency (RFC 9162, 2.1.4.2).

    Parameters
    ----------
    old, old_root
        Leaves and root of the earlier tree.
    size, new_root
        Leaves and root of the later tree.
    proof
        Hashes as :func:`consistency` gives them.

    Raises
    ------
    LogError
        The proof does not hold: the later tree does not begin with the earlier one.
    """
    _whole(old_root, new_root, *proof)
    wrong = LogError(f"the tree of {size} leaves is not shown to begin with the tree of {old} leaves")
    if not 0 <= old <= size:
        raise wrong
    if old in (0, size):
        if proof or (old == size and old_root != new_root) or (not old and old_root != EMPTY_ROOT):
            raise wrong
        return
    # Where the old tree is one perfect subtree its root is known and not in the proof.
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    if not steps:
        raise wrong
    skipped = (old & -old).bit_length() - 1
    before = after = steps[0]
    for step, left in _climb((old - 1) >> skipped, (size - 1) >> skipped, steps[1:]):
        before = node_hash(step, before) if left else before
        after = node_hash(step, after) if left else node_hash(after, step)
    if before != old_root or after != new_root:
        raise wrong


def _climb(number: int, last: int, steps: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Give each hash of a proof with whether it stands to the left, from node ``number`` of ``0..last`` upwards."""
    for step in steps:
        if not last:
            raise LogError("a proof of the log is too long")
        left = bool(number & 1) or number == last
        while left and number and not number & 1:
            number, last = number >> 1, last >> 1
        yield step, left
        number, last = number >> 1, last >> 1
    if last:
        raise LogError("a proof of the log is too short")


def _left(leaves: int) -> int:
    """Give the leaves of the left child: the largest power of two below ``leaves``."""
    return 1 << ((leaves - 1).bit_length() - 1)


def _span(low: int, high: int, node: Node) -> bytes:
    """Hash a subtree that may be ragged at its right, from perfect ones."""
    level = (high - low).bit_length() - 1
    middle = low + (1 << level)
    left = node(level, low >> level)
    return left if middle == high else node_hash(left, _span(middle, high, node))


def _whole(*hashes: bytes) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise LogError("a hash of the proof is not 32 bytes long")
