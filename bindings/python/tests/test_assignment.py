import math

import pytest

import plaudit

USERS = [f"user-{number}" for number in range(5000)]


def test_hashes_are_growthbooks():
    assert list(plaudit.hash_users(["a", "b"], "seed")) == [0.0505, 0.2696]
    assert list(plaudit.hash_users(["a"], "b", 1)) == [0.946]
    assert list(plaudit.hash_users(["foobar", ""], version="fnv1a")) == [3214735720, 2166136261]
    assert math.isnan(plaudit.hash_users([None])[0])


def test_users_fall_into_arms():
    test = plaudit.Assignment("autumn", [0.25, 0.75])
    assert list(test.shares) == [0.25, 0.75] and "0.25, 0.75" in repr(test)
    arms = list(test.assign(USERS))
    assert arms == list(test.assign(USERS, threads=1))
    assert 1100 < arms.count(0) < 1400 and arms.count(-1) == 0
    assert list(test.assign(["", None, "ann"]))[:2] == [-1, -1]


def test_numbers_are_users_by_their_digits():
    test = plaudit.Assignment("autumn", [0.5, 0.5])
    assert list(test.assign([7, 12])) == list(test.assign(["7", "12"]))
    numpy = pytest.importorskip("numpy")
    assert list(test.assign(numpy.array([7, 12]))) == list(test.assign(["7", "12"]))


def test_coverage_and_weights_grow_without_moving_users():
    few = plaudit.Assignment("autumn", [0.5, 0.5], coverage=0.2)
    before = list(few.assign(USERS))
    for other in (
            plaudit.Assignment("autumn", [0.5, 0.5], coverage=0.8),
            few.reweighted([0.1, 0.9], coverage=1), few.reweighted([0.2, 0.3, 0.5], coverage=1)):
        after = list(other.assign(USERS))
        assert all(old == new for old, new in zip(before, after) if old == 1)
    assert list(few.reweighted([0.9, 0.1]).shares) == pytest.approx([0.18, 0.02], abs=2e-4)


def test_namespaces_share_no_user():
    one = plaudit.Assignment("a", [1], namespace=("site", 0, 0.5))
    two = plaudit.Assignment("b", [1], namespace=("site", 0.5, 1))
    pairs = zip(one.assign(USERS), two.assign(USERS))
    assert all(first != second for first, second in pairs)


def test_mistakes_are_named():
    with pytest.raises(plaudit.OutOfRangeError, match="add up to 1"):
        plaudit.Assignment("a", [0.5, 0.6])
    with pytest.raises(plaudit.OutOfRangeError, match="coverage"):
        plaudit.Assignment("a", [1], coverage=2)
    with pytest.raises(plaudit.OutOfRangeError, match="namespace"):
        plaudit.Assignment("a", [1], namespace=("site", 0.5, 0.2))
    with pytest.raises(plaudit.OutOfRangeError, match="version is 3"):
        plaudit.Assignment("a", [1], version=3)
    with pytest.raises(TypeError, match="users"):
        plaudit.Assignment("a", [1]).assign("ann")
