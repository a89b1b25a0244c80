"""Bandits from Python; the golden cases, whose numbers the Swift tests meet too."""

import json
import math
import threading

import numpy
import pytest
from conftest import CHECKOUT

import plaudit

REFERENCE = CHECKOUT / "Tests/PlauditDecisionsTests/Reference"
POLICIES = ["epsilon-greedy", "softmax", "ucb1", "kl-ucb", "thompson", "top-two"]


def golden():
    cases = json.loads((REFERENCE / "decisions_bandits_golden.json").read_text())["cases"]
    return {case["id"]: case for case in cases}


def close(found, case, key):
    found, wanted = numpy.asarray(found), numpy.asarray(case["expected"][key])
    tolerance = case["tolerance"]
    return numpy.allclose(found, wanted, rtol=tolerance["rtol"], atol=tolerance["atol"])


def names(decisions):
    return [str(arm) for arm in decisions]


def test_golden_cases_without_context():
    cases = golden()
    case = cases["bandit_ucb1"]
    given = case["input"]
    bandit = plaudit.Bandit(["1", "2", "3"], "ucb1", exploration=given["alpha"])
    bandit.learn(names(given["decisions"]), given["rewards"])
    expected = [case["expected"][arm] for arm in ("1", "2", "3")]
    assert numpy.allclose(bandit.scores(), expected, rtol=1e-13, atol=0)
    assert bandit.choose().arm == str(case["expected"]["choice"])

    case = cases["bandit_thompson_beta"]
    bandit = plaudit.Bandit(["1", "2", "3"])
    bandit.learn(names(case["input"]["decisions"]), case["input"]["rewards"])
    assert close(bandit.probabilities(), case, "prob_best")
    assert [1 + arm.sum for arm in bandit.arms] == case["expected"]["alpha"]

    case = cases["bandit_ucb1_cold_arm"]
    bandit = plaudit.Bandit(["1", "2", "3"], "ucb1")
    bandit.learn(names(case["input"]["decisions"]), case["input"]["rewards"])
    assert bandit.scores()[2] == math.inf
    assert bandit.choose().arm == str(case["expected"]["correct_first_choice"])

    case = cases["bandit_softmax"]
    bandit = plaudit.Bandit(["a", "b", "c"], "softmax", temperature=case["input"]["tau"])
    bandit.learn([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2], [1, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 0])
    assert close(bandit.probabilities(), case, "p")
    case = cases["bandit_min_weight_floor"]
    given = case["input"]
    assert close(plaudit.minimum_traffic(given["weights"], given["floor"]), case, "p")


def test_golden_cases_with_context():
    cases = golden()
    for name in ("bandit_linucb_a1p0_l1p0", "bandit_linucb_a1p25_l0p5"):
        case = cases[name]
        given = case["input"]
        bandit = plaudit.Bandit(
            ["1", "2"], "lin-ucb", reward="real", features=3, exploration=given["alpha"],
            ridge=given["l2_lambda"])
        bandit.learn(names(given["decisions"]), given["rewards"], given["contexts"])
        expected = [[row["1"], row["2"]] for row in case["expected"]["index"]]
        assert numpy.allclose(bandit.scores(given["query"]), expected, rtol=1e-11, atol=0)
        chosen = bandit.decide(contexts=given["query"], propensities=True)
        assert [int(label) for label in chosen.labels] == case["expected"]["choice"]
        assert chosen.propensities.tolist() == [1, 1, 1]
        for arm in ("1", "2"):
            assert numpy.allclose(
                bandit.coefficients(arm), case["expected"]["theta"][arm], rtol=1e-11, atol=0)
    case = cases["bandit_linucb_cold_arm"]
    given = case["input"]
    bandit = plaudit.Bandit(
        ["1"], "lin-ucb", features=3, exploration=given["alpha"], ridge=given["l2_lambda"])
    assert close(bandit.scores([given["x"]])[0, 0], case, "correct")
    case = cases["off_policy_evaluation"]
    given = case["input"]
    found = plaudit.off_policy(
        given["action"], given["reward"], given["propensity"], given["pi_eval"], given["q_hat"])
    for key in ("ips", "snips", "dm", "dr"):
        assert close(getattr(found, key).value, case, key)
    assert close(found.effective_sample_size, case, "ess")


def test_top_two_weights_of_costs():
    draws = [[1, 2, 3], [1, 3, 2], [1, 2, 3]]
    assert numpy.allclose(
        plaudit.top_two_weights(draws, lower_is_better=True), [1 / 2, 1 / 3, 1 / 6])


@pytest.mark.parametrize("policy", POLICIES)
def test_propensities_are_frequencies(policy):
    bandit = plaudit.Bandit(["a", "b", "c"], policy, floor=0.02, seed=3)
    bandit.learn(["a", "b", "c"] * 20, [1, 0, 0, 0, 1, 1] * 10)
    shares = bandit.probabilities()
    decisions = bandit.decide(200_000, propensities=True)
    assert math.isclose(shares.sum(), 1, rel_tol=1e-12)
    assert (decisions.propensities == shares[decisions.arms]).all()
    found = numpy.bincount(decisions.arms, minlength=3) / len(decisions)
    assert (abs(found - shares) < 4.5 * numpy.sqrt(shares * (1 - shares) / 200_000) + 1e-12).all()
    assert decisions.decisions[-1] == bandit.next_decision - 1


def test_rewards_by_number_names_and_arrays():
    bandit = plaudit.Bandit(["a", "b"], pending=100, seed=1)
    decisions = bandit.decide(10)
    assert bandit.pending_count == 10 and repr(decisions) == "Decisions(10 from 0 on)"
    assert bandit.reward(decisions.decisions[:4], [1, 0, 1, 0]) == 0
    assert bandit.reward(7, 1) == 0
    with pytest.raises(plaudit.InvalidDataError) as failure:
        bandit.reward([8, 7], [1, 1])
    assert failure.value.index == 1
    assert bandit.reward([8, 7, 99], [1, 1, 1], skip_unknown=True) == 2
    assert bandit.reward_count == 6
    other = plaudit.Bandit(["a", "b"])
    for arms in (["a", "b"], [0, 1], numpy.array([0, 1]), numpy.array([0, 1], "int32"), (0, 1)):
        other.learn(arms, numpy.array([1.0, 0.0]))
    assert [arm.plays for arm in other.arms] == [5, 5]
    assert other.arms[0] == ("a", 0, True, 0, 5, 5.0, 1.0, 0.0)
    assert repr(other) == "Bandit(thompson, bernoulli, 2 arms, 10 rewards)"


def test_columns_of_pandas():
    pandas = pytest.importorskip("pandas")
    bandit = plaudit.Bandit(["a", "b"])
    bandit.learn(pandas.Series(["a", "b"]), pandas.Series([1, 0]))
    assert bandit.reward_count == 2


def test_arms_come_and_go():
    bandit = plaudit.Bandit([], "ucb1")
    with pytest.raises(plaudit.InvalidStateError):
        bandit.choose()
    assert bandit.add_arm("naïve ☕") == 0 and bandit.add_arm("b") == 1
    assert bandit.decide(2).labels == ["naïve ☕", "b"]
    bandit.remove_arm("b")
    assert [arm.is_live for arm in bandit.arms] == [True, False]
    with pytest.raises(plaudit.InvalidDataError):
        bandit.learn(["b"], [1])
    assert bandit.add_arm("b") == 2
    bandit.learn(["b"], [1])
    assert bandit.arms[2].plays == 1 and numpy.isnan(bandit.scores()[1])


def test_state_travels(tmp_path):
    bandit = plaudit.Bandit(["a", "b"], "lin-ts", features=2, reward="real", pending=9, seed=4)
    contexts = numpy.arange(20.0).reshape(10, 2) / 10
    bandit.decide(contexts=contexts)
    bandit.reward(range(1, 6), [1.5, 2, 0, 1, 1])
    bandit.save(tmp_path / "state")
    again = plaudit.Bandit.load(tmp_path / "state")
    copy = plaudit.Bandit.from_bytes(bandit.to_bytes())
    assert again.to_bytes() == bandit.to_bytes() == (tmp_path / "state").read_bytes()
    expected = bandit.decide(contexts=contexts, propensities=True)
    for other in (again, copy):
        found = other.decide(contexts=contexts, propensities=True)
        assert (found.arms == expected.arms).all()
        assert (found.propensities == expected.propensities).all()
    state = bandit.to_bytes()
    with pytest.raises(plaudit.CorruptError):
        plaudit.Bandit.from_bytes(state[:-1])
    with pytest.raises(plaudit.CorruptError):
        plaudit.Bandit.from_bytes(state[:40] + bytes([state[40] ^ 1]) + state[41:])
    with pytest.raises(plaudit.UnsupportedError):
        plaudit.Bandit.from_bytes(state[:8] + b"\x02" + state[9:])
    with pytest.raises(plaudit.NotFoundError):
        plaudit.Bandit.load(tmp_path / "none")


def test_workers_and_a_hub():
    hub = plaudit.Bandit(["a", "b"], "ucb1")
    workers = [plaudit.Bandit.from_bytes(hub.to_bytes(), worker=number) for number in (1, 2)]
    for worker in workers:
        worker.learn(["a", "b"], [1, 0])
    workers[1].add_arm("c")
    workers[1].learn(["c"], [1])
    deltas = [worker.delta() for worker in workers]
    for delta in deltas:
        hub.merge(delta)
    with pytest.raises(plaudit.InvalidStateError):
        hub.merge(deltas[0])
    assert [arm.plays for arm in hub.arms] == [2, 2, 1]
    workers[0].refresh(hub.to_bytes())
    assert [arm.name for arm in workers[0].arms] == ["a", "b", "c"]
    assert workers[0].choose().decision == 1 << 40
    with pytest.raises(plaudit.InvalidStateError):
        hub.delta()


def test_threads_decide_on_a_snapshot():
    bandit = plaudit.Bandit(["a", "b", "c"], pending=4000, seed=8)
    bandit.learn(["a", "b", "c"] * 5, [1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0])
    snapshot = bandit.snapshot()
    expected = snapshot.decide(0, 4000, propensities=True)
    found = [None] * 4

    def work(part):
        found[part] = snapshot.decide(part * 1000, 1000, propensities=True)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (numpy.concatenate([part.arms for part in found]) == expected.arms).all()
    for part in found:
        bandit.remember(part)
    assert bandit.pending_count == 4000
    bandit.close()
    assert snapshot.decide(5, 1).arms[0] == expected.arms[5]
    snapshot.close()
    with pytest.raises(plaudit.InvalidHandleError):
        snapshot.decide(0, 1)


def test_replay_and_off_policy_agree_with_the_truth():
    random = numpy.random.default_rng(5)
    rates = numpy.array([0.2, 0.5, 0.3])
    arms = random.integers(0, 3, 30_000)
    rewards = (random.random(30_000) < rates[arms]).astype(float)
    bandit = plaudit.Bandit(["a", "b", "c"], "epsilon-greedy", epsilon=0.3)
    seen = []
    replay = bandit.replay(arms, rewards, batch=20, progress=seen.append)
    truth = 0.7 * 0.5 + 0.1 * rates.sum()
    assert abs(replay.value.value - truth) < 5 * replay.value.standard_error + 0.005
    assert replay.matches == replay.counted.sum() == (replay.arms == arms).sum()
    assert seen[-1].phase == "replaying" and bandit.reward_count == replay.matches
    target = numpy.tile([0.1, 0.8, 0.1], (30_000, 1))
    found = plaudit.off_policy(arms, rewards, numpy.full(30_000, 1 / 3), target, weight_cap=2)
    assert found.capped_count == (arms == 1).sum() and math.isclose(found.maximum_weight, 2.4)
    found = plaudit.off_policy(arms, rewards, numpy.full(30_000, 1 / 3), target)
    assert abs(found.ips.value - 0.45) < 5 * found.ips.standard_error
    assert found.ips.interval.lower < found.ips.value < found.ips.interval.upper
    assert math.isnan(found.dr.value)


def test_bad_input_is_refused():
    bandit = plaudit.Bandit(["a", "b"])
    with pytest.raises(plaudit.NotFiniteError) as failure:
        bandit.learn([0, 1], [1, math.nan])
    assert failure.value.index == 1
    for arms, rewards, kind in (
            ([0, 2], [1, 1], plaudit.InvalidDataError), ([0], [0.5], plaudit.InvalidDataError),
            ([0, 1], [1], plaudit.ShapeError), ([2**40], [1], plaudit.InvalidDataError),
            (["z"], [1], plaudit.InvalidDataError), ("a", [1], TypeError),
            ([0.5], [1], TypeError), ([0], ["1"], TypeError)):
        with pytest.raises(kind):
            bandit.learn(arms, rewards)
    assert bandit.reward_count == 0
    for options, kind in (
            ({"policy": "best"}, plaudit.OutOfRangeError), ({"reward": 1}, plaudit.OutOfRangeError),
            ({"floor": 2}, plaudit.OutOfRangeError), ({"features": 3}, plaudit.OutOfRangeError),
            ({"epsilon": -1}, plaudit.OutOfRangeError), ({"ridge": 0}, plaudit.OutOfRangeError),
            ({"lower_is_better": 1}, TypeError), ({"seed": 2**64}, plaudit.OutOfRangeError),
            ({"policy": "lin-ucb"}, plaudit.OutOfRangeError)):
        with pytest.raises(kind):
            plaudit.Bandit(["a"], **options)
    for arms, kind in (
            ("ab", TypeError), ([1, 2], TypeError), (["a", "a"], plaudit.InvalidArgumentError),
            ([""], plaudit.InvalidArgumentError)):
        with pytest.raises(kind):
            plaudit.Bandit(arms)
    with pytest.raises(plaudit.ShapeError):
        bandit.decide(contexts=[[1, 2]])
    linear = plaudit.Bandit(["a"], "lin-ucb", features=2)
    for contexts in ([[1, 2, 3]], [1, 2, 3]):
        with pytest.raises(plaudit.ShapeError):
            linear.decide(contexts=contexts)
    with pytest.raises(plaudit.NotFiniteError) as failure:
        linear.decide(contexts=[[1, 2], [math.inf, 0]])
    assert failure.value.index == 1
    with pytest.raises(plaudit.ShapeError):
        linear.decide(3)
    assert linear.choose([1, 2]).arm == "a"
    assert plaudit.Bandit(["a"], "lin-ucb", features=1).decide(contexts=[1, 2, 3]).first == 0
    with pytest.raises(plaudit.InvalidArgumentError):
        bandit.remove_arm("z")
    with pytest.raises(plaudit.UnsupportedError):
        bandit.coefficients(0)
    with pytest.raises(TypeError):
        import copy
        copy.copy(bandit)
