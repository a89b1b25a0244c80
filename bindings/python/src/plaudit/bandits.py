"""Bandits: choose among creatives, prices or offers, learn from what they earn, judge the choice.

    bandit = plaudit.Bandit(["red", "blue"], "thompson", seed=7)
    choice = bandit.choose()                     # Choice(arm='red', number=0, decision=0, ...)
    bandit.learn([choice.arm], [1])

Definitions in docs/decisions.md.
"""

from __future__ import annotations

import os
from ctypes import byref, c_double, c_int32, c_int64, c_uint8, c_void_p, create_string_buffer
from dataclasses import dataclass
from typing import Any, Iterable, NamedTuple, Sequence

from . import _abi, _arrays
from ._arguments import choice, flag, real, real_setting, setting, whole
from ._batch import Batch, single
from ._handle import Handle
from ._run import ProgressOption, Run
from .errors import InvalidArgumentError, InvalidDataError, OutOfRangeError, ShapeError, call
from .library import Cancel
from .stats import Interval

_lib = _abi.load()

_decide = _lib.plaudit_bandit_decide

_POLICIES = {
    "epsilon-greedy": _abi.BANDIT_EPSILON_GREEDY, "softmax": _abi.BANDIT_SOFTMAX,
    "ucb1": _abi.BANDIT_UCB1, "kl-ucb": _abi.BANDIT_KL_UCB, "thompson": _abi.BANDIT_THOMPSON,
    "top-two": _abi.BANDIT_TOP_TWO, "lin-ucb": _abi.BANDIT_LIN_UCB, "lin-ts": _abi.BANDIT_LIN_TS,
}
_REWARDS = {"bernoulli": _abi.REWARD_BERNOULLI, "real": _abi.REWARD_REAL}


class Arm(NamedTuple):
    """decisions: for it, by this bandit. plays: rewards learnt from; mean is NaN without."""

    name: str
    number: int
    is_live: bool
    decisions: int
    plays: int
    sum: float
    mean: float
    variance: float


class Choice(NamedTuple):
    """One decision: propensity is None unless it was asked for."""

    arm: str
    number: int
    decision: int
    propensity: float | None


@dataclass(frozen=True)
class Decisions:
    """Decisions first, first + 1, …: arms [count] int32 numbers, propensities [count] or None."""

    names: tuple[str, ...]
    first: int
    arms: Any
    propensities: Any

    def __len__(self) -> int:
        return len(self.arms)

    def __repr__(self) -> str:
        return f"Decisions({len(self)} from {self.first} on)"

    @property
    def decisions(self) -> Any:
        """The number of each decision, int64."""
        return _arrays.column_of(list(range(self.first, self.first + len(self))), "q")

    @property
    def labels(self) -> list[str]:
        """The name of each decision's arm."""
        return [self.names[arm] for arm in self.arms]


class PolicyValue(NamedTuple):
    """Reward a decision. standard_error: NaN with a single row. interval: normal."""

    value: float
    standard_error: float
    interval: Interval


class Replay(NamedTuple):
    """matches: rows that counted. arms [count]: what would have been played. counted: 0 or 1."""

    matches: int
    value: PolicyValue
    arms: Any
    counted: Any


@dataclass(frozen=True)
class OffPolicyEstimate:
    """ips: mean(w r). snips: sum(w r) / sum(w). dm: mean(sum pi q). dr: doubly robust.

    w = target / propensity of the logged arm; dm and dr are NaN without predictions. logged: what
    the log earned. effective_sample_size: (sum w)² / sum w². maximum_weight: before the cap.
    """

    ips: PolicyValue
    snips: PolicyValue
    dm: PolicyValue
    dr: PolicyValue
    logged: PolicyValue
    effective_sample_size: float
    mean_weight: float
    maximum_weight: float
    capped_count: int


def _value(value: _abi.plaudit_policy_value) -> PolicyValue:
    return PolicyValue(
        value.value, value.standard_error, Interval(value.interval.lower, value.interval.upper))


# ---- Columns ----------------------------------------------------------------------------------


def _numbers(values: Any, name: str) -> _arrays.Column:
    """A column of int32 arm numbers."""
    module = _arrays.numpy()
    if module is not None and getattr(values, "dtype", None) == "int32":
        return _arrays.Column(values, name, "i")
    wide = _arrays.Column(values, name, "q")
    kept = wide._array
    if wide.count and not (-2**31 <= min(kept) and max(kept) < 2**31):
        raise InvalidDataError(f"{name} holds numbers that no arm can have")
    if module is not None:
        return _arrays.Column(module.asarray(kept).astype("int32"), name, "i")
    return _arrays.Column(kept, name, "i")


class _Rows:
    """contexts as [rows, features]; one row may come flat."""

    def __init__(self, contexts: Any, features: int, name: str = "contexts") -> None:
        if contexts is None:
            self.address, self.rows = None, None
            return
        if not features:
            raise ShapeError("this policy looks at no context; lin-ucb and lin-ts do")
        self._table = table = _arrays.Table(contexts, name)
        self.address, self.rows = table.address, table.rows
        if table.is_column and features != 1 and table.rows == features:
            self.rows = 1
        elif table.columns != features:
            raise ShapeError(f"{name} must be [count, {features}]")


def _same(rows: int | None, count: int, name: str) -> None:
    if rows is not None and rows != count:
        raise ShapeError(f"{name} has {rows} rows, there are {count}")


def _given(column: Any) -> Any:
    return None if column is None else column.address


# ---- Bandits ----------------------------------------------------------------------------------


class BanditSnapshot(Handle):
    """A bandit's state at one moment: decides on any number of threads at once."""

    _free = "plaudit_bandit_snapshot_free"

    def __init__(self, bandit: "Bandit") -> None:
        handle = c_void_p()
        call(_lib.plaudit_bandit_snapshot_create, bandit._live, byref(handle))
        self._own(handle)
        self._features = bandit.features
        self._names = bandit._all_names()

    def decide(
        self, first: int, count: int | None = None, contexts: Any = None, *,
        propensities: bool = False,
    ) -> Decisions:
        """Makes decisions first, first + 1, …: count of them, or one a row of contexts.

        See to it that each number is used once; Bandit.remember lets their rewards come by number.
        """
        rows, count = _wanted(count, contexts, self._features)
        arms, chances = _arrays.Output("i", count), None
        if propensities:
            chances = _arrays.Output("d", count)
        call(
            _lib.plaudit_bandit_snapshot_decide, self._live, whole(first, "first"), rows.address,
            count, arms.address, _given(chances))
        return Decisions(self._names, first, arms.value(), chances.value() if chances else None)


def _wanted(count: int | None, contexts: Any, features: int) -> tuple[_Rows, int]:
    rows = _Rows(contexts, features)
    if count is None:
        count = 1 if rows.rows is None else rows.rows
    count = whole(count, "count", 0)
    _same(rows.rows, count, "contexts")
    return rows, count


class Bandit(Handle):
    """Chooses among arms and learns; one thread at a time, snapshots for more.

    arms: names. policy: epsilon-greedy, softmax, ucb1, kl-ucb, thompson, top-two, lin-ucb, lin-ts.
    reward: "bernoulli" (0 or 1) or "real". lower_is_better: rewards are costs. epsilon,
    epsilon_decay: epsilon / (1 + decay × rewards). temperature: softmax's. exploration: the factor
    of the bonus. prior_successes, prior_failures: Beta prior. noise_variance, prior_mean,
    prior_variance: Gaussian Thompson, the variance estimated where None. top_two_share: how often
    the best is played. ridge: λ. floor: least probability of each arm. features: numbers in a
    context. first_plays: each arm is played so often first, in turn. pending: decisions wait for
    their reward until so many later ones are made. worker: above 0 for one of several.
    """

    _free = "plaudit_bandit_free"

    def __init__(
        self, arms: Iterable[str] = (), policy: str = "thompson", *, reward: str = "bernoulli",
        lower_is_better: bool = False, epsilon: float = 0.1, epsilon_decay: float = 0.0,
        temperature: float = 0.1, exploration: float = 1.0, prior_successes: float = 1.0,
        prior_failures: float = 1.0, noise_variance: float | None = None, prior_mean: float = 0.0,
        prior_variance: float | None = None, top_two_share: float = 0.5, ridge: float = 1.0,
        floor: float = 0.0, features: int = 0, first_plays: int | None = None, pending: int = 0,
        worker: int = 0, seed: int = 0,
    ) -> None:
        names = Batch(_texts(arms), "arms")
        options = _abi.plaudit_bandit_options()
        options.policy = choice(policy, "policy", _POLICIES)
        options.reward = choice(reward, "reward", _REWARDS)
        options.lower_is_better = flag(lower_is_better, "lower_is_better")
        options.epsilon = _or_none(epsilon, "epsilon")
        options.epsilon_decay = real(epsilon_decay, "epsilon_decay")
        options.temperature = real_setting(temperature, "temperature")
        options.exploration = _or_none(exploration, "exploration")
        options.prior_successes = real_setting(prior_successes, "prior_successes")
        options.prior_failures = real_setting(prior_failures, "prior_failures")
        options.noise_variance = real_setting(noise_variance, "noise_variance")
        options.prior_mean = real(prior_mean, "prior_mean")
        options.prior_variance = real_setting(prior_variance, "prior_variance")
        options.top_two_share = _or_none(top_two_share, "top_two_share")
        options.ridge = real_setting(ridge, "ridge")
        options.floor = real(floor, "floor")
        options.feature_count = whole(features, "features", 0)
        if first_plays is not None:
            options.first_plays = whole(first_plays, "first_plays", 0) or -1
        options.pending_limit = whole(pending, "pending", 0)
        options.worker = whole(worker, "worker", 0)
        options.seed = whole(seed, "seed", 0, 2**64 - 1)
        handle = c_void_p()
        call(_lib.plaudit_bandit_create, byref(names.struct), byref(options), byref(handle))
        self._begin(handle)

    def _begin(self, handle: c_void_p) -> None:
        self._own(handle)
        info = self._info()
        self._features = info.feature_count
        self._policy = next(name for name, value in _POLICIES.items() if value == info.policy)
        self._reward = next(name for name, value in _REWARDS.items() if value == info.reward)
        self._names: tuple[str, ...] = ()
        self._positions: dict[str, int] = {}
        self._read_names()

    def _info(self) -> _abi.plaudit_bandit_info:
        info = _abi.plaudit_bandit_info()
        call(_lib.plaudit_bandit_get_info, self._live, byref(info))
        return info

    def _read_names(self) -> None:
        """Names never change, but arms come and go, also by merging."""
        table = self._table()
        names = list(self._names)
        size = c_int64()
        for number in range(len(names), len(table)):
            call(_lib.plaudit_bandit_arm_name, self._live, number, None, 0, byref(size))
            text = create_string_buffer(size.value)
            call(
                _lib.plaudit_bandit_arm_name, self._live, number, text, size.value, byref(size))
            names.append(text.raw.decode())
        self._names = tuple(names)
        self._positions = {
            name: number for number, name in enumerate(names) if table[number].is_live}

    def _all_names(self) -> tuple[str, ...]:
        return self._names

    def _table(self) -> Any:
        count = c_int64(self._info().arm_count)
        table = (_abi.plaudit_bandit_arm * count.value)()
        call(_lib.plaudit_bandit_arms, self._live, table, count.value, byref(count))
        return table

    def __repr__(self) -> str:
        if self.closed:
            return "Bandit(closed)"
        info = self._info()
        return (
            f"Bandit({self._policy}, {self._reward}, {info.live_arm_count} arms, "
            f"{info.reward_count} rewards)")

    # ---- Looking ----

    @property
    def policy(self) -> str:
        return self._policy

    @property
    def reward_kind(self) -> str:
        """"bernoulli" or "real"."""
        return self._reward

    @property
    def features(self) -> int:
        """Numbers in a context; 0 for policies that look at none."""
        return self._features

    @property
    def arms(self) -> list[Arm]:
        """Every arm by number, removed ones included."""
        return [
            Arm(name, number, bool(arm.is_live), arm.decisions, arm.plays, arm.sum, arm.mean,
                arm.variance)
            for number, (name, arm) in enumerate(zip(self._names, self._table()))]

    @property
    def reward_count(self) -> int:
        """Rewards learnt from."""
        return self._info().reward_count

    @property
    def next_decision(self) -> int:
        return self._info().next_decision

    @property
    def pending_count(self) -> int:
        """Decisions that wait for a reward."""
        return self._info().pending_count

    @property
    def forgotten_count(self) -> int:
        """Decisions that waited in vain."""
        return self._info().forgotten_count

    def scores(self, contexts: Any = None) -> Any:
        """What the policy thinks of each arm: [arms], or [rows, arms] with contexts.

        Means, posterior means or confidence bounds; infinite or NaN for arms without rewards, NaN
        for removed ones.
        """
        return self._judged(contexts, False)

    def probabilities(self, contexts: Any = None) -> Any:
        """The probability of each arm in the next decision: [arms], or [rows, arms]."""
        return self._judged(contexts, True)

    def _judged(self, contexts: Any, wants_chances: bool) -> Any:
        rows = _Rows(contexts, self._features)
        width = len(self._names)
        shape = (width,) if rows.rows is None else (rows.rows, width)
        found = _arrays.Output("d", *shape)
        outputs = (None, found.address) if wants_chances else (found.address, None)
        call(
            _lib.plaudit_bandit_scores, self._live, rows.address,
            1 if rows.rows is None else rows.rows, *outputs)
        return found.value()

    def coefficients(self, arm: str | int) -> Any:
        """The coefficients [features] of an arm's linear model."""
        found = _arrays.Output("d", self._features)
        call(
            _lib.plaudit_bandit_coefficients, self._live, self._number(arm), found.address,
            found.count)
        return found.value()

    # ---- Arms ----

    def _number(self, arm: str | int) -> int:
        if isinstance(arm, str):
            if arm not in self._positions:
                raise InvalidArgumentError(f"there is no arm {arm!r}")
            return self._positions[arm]
        return whole(arm, "arm", -2**31, 2**31 - 1)

    def add_arm(self, name: str) -> int:
        """Adds an arm, to be played first; its number."""
        data, number = single(name, "name"), c_int32()
        call(_lib.plaudit_bandit_add_arm, self._live, data, len(data), byref(number))
        self._read_names()
        return number.value

    def remove_arm(self, arm: str | int) -> None:
        """Plays an arm no more; decisions for it that wait are forgotten."""
        call(_lib.plaudit_bandit_remove_arm, self._live, self._number(arm))
        self._read_names()

    # ---- Deciding and learning ----

    def choose(self, context: Any = None, *, propensity: bool = False) -> Choice:
        """One decision."""
        address = None
        if context is not None or self._features:
            rows = _Rows(context, self._features, "context")
            if context is not None:
                _same(rows.rows, 1, "context")
            address = rows.address
        arm, first = c_int32(), c_int64()
        if propensity:
            chance = c_double()
            call(_decide, self._live, address, 1, byref(arm), byref(chance), byref(first))
            return Choice(self._names[arm.value], arm.value, first.value, chance.value)
        call(_decide, self._live, address, 1, byref(arm), None, byref(first))
        number = arm.value
        return Choice(self._names[number], number, first.value, None)

    def decide(
        self, count: int | None = None, contexts: Any = None, *, propensities: bool = False
    ) -> Decisions:
        """Many decisions from the same state: count of them, or one a row of contexts.

        Arms that were played too seldom come first, in turn. propensities: the probability with
        which each was made, for off_policy.
        """
        rows, count = _wanted(count, contexts, self._features)
        arms, first = _arrays.Output("i", count), c_int64()
        chances = _arrays.Output("d", count) if propensities else None
        call(
            _lib.plaudit_bandit_decide, self._live, rows.address, count, arms.address,
            _given(chances), byref(first))
        return Decisions(
            self._names, first.value, arms.value(), chances.value() if chances else None)

    def _column(self, arms: Any) -> _arrays.Column:
        """Numbers or names of arms as numbers."""
        if getattr(arms, "dtype", None) is None or getattr(arms.dtype, "kind", "O") not in "iu":
            values = _arrays.listed(arms, "arms")
            if values and all(isinstance(value, str) for value in values):
                named = _arrays.indices(values, self._positions, "arms")
                return _arrays.Column(named, "arms", "i")
            arms = values
        return _numbers(arms, "arms")

    def learn(self, arms: Any, rewards: Any, contexts: Any = None) -> None:
        """Learns from rewards of arms that were played, all or none.

        arms: names or numbers. contexts: those of the decisions, for lin-ucb and lin-ts.
        """
        numbers, values = self._column(arms), _arrays.Column(rewards, "rewards", "d")
        _same(values.count, numbers.count, "rewards")
        rows = _Rows(contexts, self._features)
        _same(rows.rows, numbers.count, "contexts")
        call(
            _lib.plaudit_bandit_learn, self._live, numbers.address, rows.address, values.address,
            numbers.count)

    def reward(self, decisions: Any, rewards: Any, *, skip_unknown: bool = False) -> int:
        """Learns from rewards of decisions that wait, by number; how many were skipped.

        skip_unknown: leaves out decisions that do not wait, where else InvalidDataError names the
        row.
        """
        if not _arrays.is_column(decisions):
            decisions, rewards = [decisions], [rewards]
        ids = _arrays.Column(decisions, "decisions", "q")
        values = _arrays.Column(rewards, "rewards", "d")
        _same(values.count, ids.count, "rewards")
        skipped = c_int64()
        call(
            _lib.plaudit_bandit_reward, self._live, ids.address, values.address, ids.count,
            flag(skip_unknown, "skip_unknown"), byref(skipped))
        return skipped.value

    def remember(self, decisions: Any, arms: Any = None, contexts: Any = None) -> None:
        """Lets decisions made on snapshots wait for their rewards here.

        decisions: what BanditSnapshot.decide gave, or their numbers with arms.
        """
        if isinstance(decisions, Decisions):
            decisions, arms = decisions.decisions, decisions.arms
        ids, numbers = _arrays.Column(decisions, "decisions", "q"), self._column(arms)
        _same(numbers.count, ids.count, "arms")
        rows = _Rows(contexts, self._features)
        _same(rows.rows, ids.count, "contexts")
        call(
            _lib.plaudit_bandit_remember, self._live, ids.address, numbers.address, rows.address,
            ids.count)

    def snapshot(self) -> BanditSnapshot:
        """The state at this moment, to decide from on many threads."""
        return BanditSnapshot(self)

    # ---- States ----

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the state to a file, replacing it whole."""
        data = single(os.fspath(path), "path")
        call(_lib.plaudit_bandit_save, self._live, data, len(data))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Bandit":
        """A bandit that goes on as the saved one."""
        data, handle = single(os.fspath(path), "path"), c_void_p()
        call(_lib.plaudit_bandit_load, data, len(data), byref(handle))
        bandit = cls.__new__(cls)
        bandit._begin(handle)
        return bandit

    def _bytes(self, function: Any) -> bytes:
        size = c_int64()
        call(function, self._live, None, 0, byref(size))
        room = (c_uint8 * size.value)()
        call(function, self._live, room, size.value, byref(size))
        return bytes(room)

    def to_bytes(self) -> bytes:
        """The state, waiting decisions included; the same state is the same bytes."""
        return self._bytes(_lib.plaudit_bandit_state)

    @classmethod
    def from_bytes(cls, state: bytes, *, worker: int | None = None) -> "Bandit":
        """The bandit of to_bytes; worker: another one, with decisions of its own."""
        data, handle = bytes(state), c_void_p()
        call(
            _lib.plaudit_bandit_restore, data, len(data),
            -1 if worker is None else whole(worker, "worker", 0), byref(handle))
        bandit = cls.__new__(cls)
        bandit._begin(handle)
        return bandit

    def delta(self) -> bytes:
        """What this worker learnt since its last delta, for merge of the hub."""
        return self._bytes(_lib.plaudit_bandit_delta)

    def merge(self, delta: bytes) -> None:
        """Adds a worker's delta; each counts once, and in order."""
        data = bytes(delta)
        call(_lib.plaudit_bandit_merge, self._live, data, len(data))
        self._read_names()

    def refresh(self, state: bytes) -> None:
        """Takes over the hub's state, and adds what was learnt since the last delta."""
        data = bytes(state)
        call(_lib.plaudit_bandit_refresh, self._live, data, len(data))
        self._read_names()

    # ---- Judging ----

    def replay(
        self, arms: Any, rewards: Any, contexts: Any = None, *, propensities: Any = None,
        batch: int = 1, confidence: float = 0.95, progress: ProgressOption = None,
        progress_interval: float | None = None, cancel: Cancel | None = None,
        timeout: float | None = None,
    ) -> Replay:
        """Runs over logged decisions: a row counts where the logged arm would have been played.

        propensities: None for uniformly random logs. batch: rewards learnt at once. The bandit has
        learnt from the log afterwards.
        """
        numbers, values = self._column(arms), _arrays.Column(rewards, "rewards", "d")
        rows = _Rows(contexts, self._features)
        chances = None if propensities is None else _arrays.Column(
            propensities, "propensities", "d")
        log = _log(numbers, values, chances)
        _same(rows.rows, numbers.count, "contexts")
        log.contexts = rows.address
        options = _abi.plaudit_replay_options()
        options.batch = setting(batch, "batch")
        options.confidence = real_setting(confidence, "confidence")
        found = _abi.plaudit_replay()
        played = _arrays.Output("i", numbers.count)
        counted = _arrays.Output("B", numbers.count)
        with Run(
            progress=progress, progress_interval=progress_interval, cancel=cancel, timeout=timeout
        ) as run:
            run(
                _lib.plaudit_bandit_replay, self._live, byref(log), byref(options), Run.OPTIONS,
                byref(found), played.address, counted.address)
        return Replay(found.match_count, _value(found.value), played.value(), counted.value())


def _texts(arms: Any) -> list[str]:
    names = _arrays.listed(arms, "arms")
    for row, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"arms[{row}] must be a str, not {type(name).__name__}")
    return names


def _or_none(value: Any, name: str) -> float:
    """A setting that may be 0, which C writes as -1."""
    number = real(value, name)
    if number == -1:
        raise OutOfRangeError(f"{name} is -1")
    return -1.0 if number == 0 else number


def _log(numbers: Any, rewards: Any, propensities: Any) -> _abi.plaudit_decision_log:
    _same(rewards.count, numbers.count, "rewards")
    log = _abi.plaudit_decision_log()
    log.count, log.arms, log.rewards = numbers.count, numbers.address, rewards.address
    if propensities is not None:
        _same(propensities.count, numbers.count, "propensities")
        log.propensities = propensities.address
    return log


def off_policy(
    arms: Any, rewards: Any, propensities: Any, target: Any, predicted: Any = None, *,
    confidence: float = 0.95, weight_cap: float | None = None,
) -> OffPolicyEstimate:
    """What another policy would have earned a decision, from logged ones.

    arms: logged numbers. target: [rows, arms], the probabilities of the policy that is judged.
    predicted: [rows, arms], a model's expected rewards. weight_cap: weights above count as it.
    """
    numbers, values = _numbers(arms, "arms"), _arrays.Column(rewards, "rewards", "d")
    chances = _arrays.Column(propensities, "propensities", "d")
    log = _log(numbers, values, chances)
    table = _arrays.Table(target, "target")
    _same(table.rows, numbers.count, "target")
    models = None if predicted is None else _arrays.Table(predicted, "predicted")
    if models is not None and (models.rows, models.columns) != (table.rows, table.columns):
        raise ShapeError("predicted and target differ in shape")
    options = _abi.plaudit_off_policy_options()
    options.confidence = real_setting(confidence, "confidence")
    options.weight_cap = real_setting(weight_cap, "weight_cap")
    found = _abi.plaudit_off_policy()
    call(
        _lib.plaudit_decisions_off_policy, byref(log), table.address, _given(models),
        table.columns, byref(options), byref(found))
    return OffPolicyEstimate(
        _value(found.inverse_propensity), _value(found.self_normalised),
        _value(found.direct_method), _value(found.doubly_robust), _value(found.logged),
        found.effective_sample_size, found.mean_weight, found.maximum_weight, found.capped_count)


def minimum_traffic(weights: Sequence[float], floor: float) -> Any:
    """floor + (1 - K floor) w: traffic by weights [arms] with a least share for each."""
    column = _arrays.Column(weights, "weights", "d")
    found = _arrays.Output("d", column.count)
    call(
        _lib.plaudit_decisions_minimum_traffic, column.address, column.count,
        real(floor, "floor"), found.address)
    return found.value()


def top_two_weights(draws: Any, *, lower_is_better: bool = False) -> Any:
    """How often each arm is among the best two of draws [count, arms], halved."""
    table = _arrays.Table(draws, "draws")
    found = _arrays.Output("d", table.columns)
    call(
        _lib.plaudit_decisions_top_two_weights, table.address, table.rows, table.columns,
        flag(lower_is_better, "lower_is_better"), found.address)
    return found.value()
