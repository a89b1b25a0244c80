"""Users into arms, by hash: the same user always gets the same arm, with nothing stored.

    test = plaudit.Assignment("autumn-banner", [0.5, 0.5])
    arms = test.assign(user_ids)                 # int32, -1 for who is not in it
    test.shares                                  # what a test for a sample ratio mismatch expects
    wider = test.reweighted([0.2, 0.8])          # moves as few users as it can

Hashes, namespaces and ranges are those of GrowthBook's SDKs.
"""

from __future__ import annotations

from ctypes import byref, c_int64
from typing import Any, Sequence

from . import _abi, _arrays, _batch
from ._arguments import choice, real
from ._run import Run
from .errors import call

_lib = _abi.load()

_VERSIONS = {1: _abi.HASH_GROWTHBOOK_1, 2: _abi.HASH_GROWTHBOOK_2}
_HASHES = {**_VERSIONS, "fnv1a": _abi.HASH_FNV1A}
_SLOTS = {1: 1000, 2: 10_000}


def _users(users: Any) -> _batch.Batch:
    """Names of users; whole numbers by their digits."""
    kind = getattr(getattr(users, "dtype", None), "kind", "")
    if kind and kind in "iu":
        users = list(map(str, users.tolist()))
    elif isinstance(users, (list, tuple)) and users and type(users[0]) is int:
        users = [str(user) if type(user) is int else user for user in users]
    return _batch.Batch(users, "users")


def hash_users(users: Any, seed: str = "", version: int | str = 2, *, threads: int = 0) -> Any:
    """The place of each user in 0..1 by GrowthBook's hash of version 1 or 2; NaN without a name.

    version "fnv1a": the 32 bits of FNV-1a of seed + name.
    """
    number = choice(version, "version", _HASHES)
    batch = _users(users)
    name = _batch.single(seed, "seed")
    hashes = _arrays.Output("d", batch.count)
    with Run(threads=threads) as run:
        run(
            _lib.plaudit_assignment_hash, byref(batch.struct), name, len(name), number, Run.OPTIONS,
            hashes.address)
    return hashes.value()


class Assignment:
    """Which arm each user is in.

    seed: such as the experiment's name. weights: of the arms, adding up to 1. coverage: the share
    of users who take part; growing, it moves nobody. namespace: (name, lower, upper); experiments
    of one namespace whose ranges do not overlap share no user. version: of GrowthBook's hash.

    slots: the arm of each slot, -1 for none. shares: of all users, by arm.
    """

    def __init__(
        self, seed: str, weights: Sequence[float], *, coverage: float = 1.0,
        namespace: tuple[str, float, float] | None = None, version: int = 2,
    ) -> None:
        self._make(seed, weights, coverage, namespace, version, None)

    def _make(
        self, seed: str, weights: Sequence[float], coverage: float,
        namespace: tuple[str, float, float] | None, version: int, previous: "Assignment | None",
    ) -> None:
        self.seed, self.version, self.namespace = seed, version, namespace
        self.weights = tuple(weights)
        self.coverage = real(coverage, "coverage")
        number = choice(version, "version", _VERSIONS)
        column = _arrays.Column(self.weights, "weights", "d")
        slots = _arrays.Output("i", _SLOTS[version])
        shares = _arrays.Output("d", column.count)
        kept = None if previous is None else _arrays.Column(previous.slots, "previous", "i")
        count = c_int64()
        call(
            _lib.plaudit_assignment_slots, column.address, column.count, self.coverage, number,
            None if kept is None else kept.address, slots.address, slots.count, byref(count),
            shares.address)
        self.slots, self.shares = slots.value(), shares.value()
        self._seed = _batch.single(seed, "seed")
        self._options = _abi.plaudit_assignment_plan()
        self._options.seed, self._options.seed_length = self._seed, len(self._seed)
        self._options.version, self._options.slot_count = number, slots.count
        if namespace is not None:
            name, lower, upper = namespace
            self._name = _batch.single(name, "namespace")
            self._options.namespace_id, self._options.namespace_length = self._name, len(self._name)
            self._options.namespace_lower = real(lower, "namespace's lower end")
            self._options.namespace_upper = real(upper, "namespace's upper end")
            self.assign([])  # says now what is wrong with it

    def assign(self, users: Any, *, threads: int = 0) -> Any:
        """The arm of each user as int32, -1 for who is not in the experiment."""
        batch = _users(users)
        slots = _arrays.Column(self.slots, "slots", "i")
        self._options.slots = slots.address
        arms = _arrays.Output("i", batch.count)
        with Run(threads=threads) as run:
            run(
                _lib.plaudit_assignment_assign, byref(self._options), byref(batch.struct),
                Run.OPTIONS, arms.address)
        return arms.value()

    def reweighted(self, weights: Sequence[float], coverage: float | None = None) -> "Assignment":
        """With other weights or another coverage; an arm that grows keeps all of its users."""
        made = Assignment.__new__(Assignment)
        made._make(
            self.seed, weights, self.coverage if coverage is None else coverage, self.namespace,
            self.version, self)
        return made

    def __repr__(self) -> str:
        shares = ", ".join(f"{share:.4g}" for share in self.shares.tolist())
        return f"<Assignment {self.seed!r} of {len(self.weights)} arms with shares {shares}>"
