from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing.logs import tree_hash
from stillwatch.model.errors import LogError
from stillwatch.model.merkle import EMPTY_ROOT, Frontier, grow, leaf_hash
from stillwatch.sharing.transparency.merkle import check_consistency, check_inclusion, consistency, inclusion, root

# The inputs and roots that Certificate Transparency's implementations test with.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(n.to_bytes(2, "big")) for n in range(300)]
ANOTHER = leaf_hash(b"another")


def node_of(leaves):
    return lambda level, index: tree_hash(leaves[index << level : (index + 1) << level])


def refused(check, *arguments) -> bool:
    try:
        check(*arguments)
    except LogError:
        return True
    return False


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size):
    frontier, _ = grow(Frontier(), [leaf_hash(bytes.fromhex(one)) for one in INPUTS[:size]])

    assert frontier.root.hex() == ROOTS[size - 1]


def test_a_tree_without_leaves_has_the_hash_of_nothing():
    assert Frontier().root == EMPTY_ROOT == root(0, node_of([]))
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")


@given(st.lists(st.integers(0, 40), max_size=8))
def test_batches_make_the_tree_that_one_batch_makes(cuts):
    frontier, at = Frontier(), 0
    for cut in cuts:
        frontier, made = grow(frontier, LEAVES[at : at + cut])
        assert made[0] == LEAVES[at : at + cut]
        at += cut

    assert frontier == grow(Frontier(), LEAVES[:at])[0]
    assert frontier.root == (tree_hash(LEAVES[:at]) if at else EMPTY_ROOT)


def test_every_fourth_level_is_handed_out():
    _, made = grow(Frontier(), LEAVES)

    assert made == {
        0: LEAVES,
        4: [tree_hash(LEAVES[at : at + 16]) for at in range(0, 288, 16)],
        8: [tree_hash(LEAVES[:256])],
    }


def test_a_frontier_with_a_peak_too_few_is_refused():
    with pytest.raises(ValueError, match="peaks"):
        Frontier(3, (ANOTHER,))


@given(st.data())
def test_an_entry_is_shown_to_be_in_its_tree_and_nothing_else_is(data):
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(index, size, node_of(LEAVES))
    tree = tree_hash(LEAVES[:size])

    check_inclusion(LEAVES[index], index, size, proof, tree)
    wrong = data.draw(st.integers(0, 80).filter(lambda one: one != index))
    assert refused(check_inclusion, LEAVES[index], wrong, size, proof, tree)
    assert refused(check_inclusion, ANOTHER, index, size, proof, tree)
    assert refused(check_inclusion, LEAVES[index], index, size, proof, ANOTHER)
    assert refused(check_inclusion, LEAVES[index], index, size, [*proof, ANOTHER], tree)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert refused(check_inclusion, LEAVES[index], index, size, [*proof[:at], ANOTHER, *proof[at + 1 :]], tree)
        assert refused(check_inclusion, LEAVES[index], index, size, proof[:at] + proof[at + 1 :], tree)
        assert refused(check_inclusion, LEAVES[index], index, size, [proof[0][:31], *proof[1:]], tree)


@given(st.data())
def test_a_later_tree_is_shown_to_begin_with_an_earlier_one_and_no_other_is(data):
    size = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, size))
    proof = consistency(old, size, node_of(LEAVES))
    before, after = tree_hash(LEAVES[:old]), tree_hash(LEAVES[:size])

    check_consistency(old, before, size, after, proof)
    changed = list(LEAVES[:size])
    changed[data.draw(st.integers(0, old - 1))] = ANOTHER
    other = tree_hash(changed)
    assert refused(check_consistency, old, before, size, other, proof)
    assert refused(check_consistency, old, before, size, other, consistency(old, size, node_of(changed)))
    assert refused(check_consistency, old, ANOTHER, size, after, proof)
    assert refused(check_consistency, old, before, size, after, [*proof, ANOTHER])
    assert refused(check_consistency, size + 1, before, size, after, proof)
    for at in range(len(proof)):
        assert refused(check_consistency, old, before, size, after, proof[:at] + proof[at + 1 :])
        assert refused(check_consistency, old, before, size, after, [*proof[:at], ANOTHER, *proof[at + 1 :]])


def test_every_tree_begins_with_the_empty_one_and_with_no_other_of_no_size():
    check_consistency(0, EMPTY_ROOT, 5, tree_hash(LEAVES[:5]), [])

    assert consistency(0, 5, node_of(LEAVES)) == []
    assert refused(check_consistency, 0, ANOTHER, 5, tree_hash(LEAVES[:5]), [])
    assert refused(check_consistency, 5, ANOTHER, 5, tree_hash(LEAVES[:5]), [])


@pytest.mark.parametrize(("make", "first"), [(inclusion, 5), (inclusion, -1), (consistency, 6), (consistency, -1)])
def test_what_a_tree_does_not_have_cannot_be_proven(make, first):
    with pytest.raises(ValueError, match="tree of 5"):
        make(first, 5, node_of(LEAVES))


def test_the_oracle_agrees_with_the_worked_example_of_rfc_9162():
    # 2.1.5: seven leaves; the proof for leaf 3 is [c, g, l], from size 3 it is [c, d, g, l].
    c, d = LEAVES[2], LEAVES[3]
    g, i, j = tree_hash(LEAVES[:2]), tree_hash(LEAVES[4:6]), LEAVES[6]
    k, left = tree_hash(LEAVES[:4]), tree_hash(LEAVES[4:7])

    assert inclusion(3, 7, node_of(LEAVES)) == [c, g, left]
    assert inclusion(6, 7, node_of(LEAVES)) == [i, k]
    assert consistency(3, 7, node_of(LEAVES)) == [c, d, g, left]
    assert consistency(4, 7, node_of(LEAVES)) == [left]
    assert consistency(6, 7, node_of(LEAVES)) == [i, j, k]


def test_a_proof_has_the_length_that_the_size_asks_for():
    tree = tree_hash(LEAVES[:2])

    assert refused(check_inclusion, tree, 0, 2, [], tree)
    assert refused(check_inclusion, LEAVES[1], 0, 1, [LEAVES[0]], tree)
    assert refused(check_consistency, 1, tree, 2, tree, [])
    assert refused(check_consistency, 3, tree, 4, tree, [tree])
