"""Model metrics, calibration, bootstrap and splits; values of the Swift tests' references."""

import json
import math

import numpy
import pytest
from conftest import CHECKOUT

import plaudit
from plaudit import MetricFlag


def reference(name):
    text = (CHECKOUT / f"Tests/PlauditStatsTests/Reference/stats_metrics_{name}.json").read_text()
    return json.loads(text)["cases"]


def number(value):
    return float(value) if isinstance(value, str) else value


def close(found, expected, tolerance=1e-12):
    expected = [number(value) for value in numpy.ravel(expected).tolist()]
    return numpy.allclose(
        numpy.ravel(found), expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def test_labels_by_name():
    metrics = plaudit.label_metrics(
        ["a", "b", "b", "c"], ["a", "b", "c", "c"], weights=[1, 1, 1, 3])
    assert metrics.labels == ("a", "b", "c")
    assert metrics.accuracy == 5 / 6
    assert metrics.confusion.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 3]]
    assert metrics.classes["c"].support == 3 and metrics.classes["b"].recall == 0.5
    assert metrics.flags == MetricFlag(0)
    constant = plaudit.label_metrics([1, 1], [1, 1], labels=[0, 1])
    assert constant.matthews == 0 and math.isnan(constant.kappa)
    assert constant.flags == (
        MetricFlag.CONSTANT_LABELS | MetricFlag.NO_KAPPA | MetricFlag.ZERO_DIVISION)
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.label_metrics([0], [0], zero_division=0.5)
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.label_metrics([0], [0], beta=0)
    with pytest.raises(plaudit.ShapeError):
        plaudit.label_metrics([0, 1], [0])
    with pytest.raises(plaudit.ShapeError):
        plaudit.label_metrics([0], [0], weights=[1, 2])
    with pytest.raises(plaudit.UndefinedError):
        plaudit.label_metrics([], [])


def test_labels_equal_scikit_learn():
    for case in reference("labels"):
        metrics = plaudit.label_metrics(
            case["truth"], case["predicted"], labels=range(case["classes"]),
            weights=case["weights"], beta=case["beta"],
            zero_division=number(case["zeroDivision"]))
        assert close(metrics.confusion, case["confusion"])
        assert close(
            [metrics.kappa, metrics.linear_kappa, metrics.quadratic_kappa], case["kappas"])
        assert close(metrics.matthews, case["matthews"])
        assert close(metrics.balanced_accuracy, case["balancedAccuracy"])
        for average in ("micro", "macro", "weighted"):
            scores = getattr(metrics, average)
            assert close(
                [scores.precision, scores.recall, scores.f1, scores.f_beta], case[average][:4])


def test_f_score():
    assert math.isclose(plaudit.f_score(0.89, 0.88), 0.8849717514124293, rel_tol=1e-15)
    with pytest.raises(plaudit.UndefinedError):
        plaudit.f_score(0, 0)


def test_scores_equal_scikit_learn():
    for case in reference("binary"):
        metrics = plaudit.score_metrics(
            case["truth"], case["scores"], weights=case["weights"], max_fpr=case["limit"])
        found = [
            metrics.auc, metrics.partial_auc, metrics.average_precision,
            metrics.kolmogorov_smirnov, metrics.log_loss, metrics.brier, metrics.top_k_accuracy]
        assert close(found, [
            case[key] for key in
            ("auc", "partialAUC", "averagePrecision", "ks", "logLoss", "brier", "top1")])
        curve = plaudit.roc_curve(case["truth"], case["scores"], weights=case["weights"])
        assert all(close(*pair) for pair in zip(curve, case["roc"]))
        dropped = plaudit.roc_curve(
            case["truth"], case["scores"], weights=case["weights"], drop=True)
        assert all(close(*pair) for pair in zip(dropped, case["rocDropped"]))
        curve = plaudit.precision_recall_curve(
            case["truth"], case["scores"], weights=case["weights"])
        assert len(curve.thresholds) + 1 == len(curve.recall)
        assert all(close(*pair) for pair in zip(curve, case["precisionRecall"]))
    for case in reference("tables"):
        scores = numpy.reshape(case["scores"], (-1, case["columns"]))
        metrics = plaudit.score_metrics(
            case["truth"], scores, labels=range(case["columns"]), weights=case["weights"],
            top_k=case["k"])
        assert close(list(metrics.class_auc.values()), case["classAUC"])
        assert close(
            [metrics.macro_auc, metrics.weighted_auc, metrics.pairwise_auc, metrics.log_loss,
             metrics.brier, metrics.top_k_accuracy],
            [case[key] for key in
             ("macroAUC", "weightedAUC", "pairwiseAUC", "logLoss", "brier", "topK")])


def test_scores_of_named_classes():
    metrics = plaudit.score_metrics(["no", "yes", "yes"], [0.2, 0.7, 0.9])
    assert metrics.auc == 1 and metrics.labels == ("no", "yes")
    assert metrics.class_auc == {"yes": 1.0}
    one_class = plaudit.score_metrics([0, 0], [0.1, 0.9])
    assert math.isnan(one_class.auc) and MetricFlag.ONE_CLASS in one_class.flags
    assert plaudit.score_metrics([True, False], [0.7, 0.2]).auc == 1
    with pytest.raises(plaudit.ShapeError, match="labels="):
        plaudit.score_metrics(["a", "b", "c"], [0.1, 0.2, 0.3])
    with pytest.raises(plaudit.NotFiniteError) as caught:
        plaudit.score_metrics([0, 1], [0.1, float("nan")])
    assert caught.value.index == 1
    with pytest.raises(TypeError):
        plaudit.score_metrics([0, 1], ["0.1", "0.2"])
    assert plaudit.roc_curve(["x", "y"], [1, 2], positive="y").tpr.tolist() == [0, 1, 1]


def test_regression_equals_scikit_learn():
    for case in reference("regression"):
        metrics = plaudit.regression_metrics(
            case["truth"], case["predicted"], weights=case["weights"], quantile=case["quantile"])
        found = [getattr(metrics, name) for name in list(metrics.__dataclass_fields__)[:-1]]
        assert close(found, case["values"], 1e-11)
    assert MetricFlag.FEW_ROWS in plaudit.regression_metrics([1], [2]).flags
    with pytest.raises(plaudit.UndefinedError):
        plaudit.regression_metrics([], [])


def test_reliability_equals_scikit_learn():
    for case in reference("reliability"):
        for closed in ("right", "left"):
            found = plaudit.reliability(
                case["truth"], case["probabilities"], bins=case["bins"],
                strategy=case["strategy"], closed=closed, labels=[0, 1])
            assert close(
                [found.expected_error, found.maximum_error, found.root_mean_squared_error],
                case[closed])
            assert found.counts.sum() == len(case["truth"])
    top = plaudit.reliability(["a", "b"], [[0.75, 0.25], [1, 0]], bins=2)
    assert top.observed[1] == 0.5 and numpy.isnan(top.observed[0])
    with pytest.raises(plaudit.InvalidDataError):
        plaudit.reliability([0, 1], [0.5, 1.5])
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.reliability([0, 1], [0.5, 0.5], strategy="other")


def test_calibration_equals_its_reference():
    for case in reference("calibration"):
        shape = -1 if case["columns"] == 1 else (-1, case["columns"])
        labels = range(max(2, case["columns"]))
        fitted = plaudit.Calibration.fit(
            case["method"], numpy.reshape(case["scores"], shape), case["truth"], labels=labels)
        tolerance = 1e-6 if case["method"] == "temperature" else 1e-9
        assert close(fitted.parameters, case["parameters"], tolerance)
        query = numpy.reshape(case["query"], shape)
        assert close(fitted.apply(query), case["probabilities"], tolerance)
        same = plaudit.Calibration(fitted.method, fitted.columns, fitted.parameters)
        assert same == fitted and hash(same) == hash(fitted)
        assert same.apply(query).tolist() == fitted.apply(query).tolist()


def test_calibrations_are_checked():
    with pytest.raises(plaudit.CorruptError):
        plaudit.Calibration("temperature", 3, [])
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.Calibration("beta", 3, [1])
    three = plaudit.Calibration("temperature", 3, [2])
    assert repr(three) == "Calibration('temperature', 3, [2])"
    with pytest.raises(plaudit.ShapeError):
        three.apply([[1, 2]])
    assert three.apply(numpy.empty((0, 3))).shape == (0, 3)
    with pytest.raises(plaudit.UndefinedError, match="class neutral"):
        plaudit.Calibration.fit(
            "platt", [[0, 1, 2], [2, 1, 0]], ["bad", "good"], labels=["bad", "neutral", "good"])


def test_bootstrap():
    truth = [0, 1] * 50
    predicted = [0, 1] * 40 + [1, 0] * 10
    found = plaudit.bootstrap_interval("accuracy", truth, predicted, seed=1, resamples=2000)
    assert found.value == 0.8
    assert found.interval.lower < 0.8 < found.interval.upper
    assert abs(found.standard_error - 0.04) < 0.004
    again = plaudit.bootstrap_interval(
        "accuracy", truth, predicted, seed=1, resamples=2000, threads=1)
    assert again.values.tolist() == found.values.tolist()
    # The acceleration of the golden file: a mean, here of distances from 0.
    golden, = [case for case in reference("golden") if case["id"] == "bootstrap_bca"]
    values = golden["input"]["values"]
    bca = plaudit.bootstrap_interval(
        "mean_absolute_error", values, [0] * len(values), method="bca", resamples=200_000)
    assert close(bca.acceleration, golden["expected"]["jackknife_acceleration"])
    assert close(bca.interval, golden["expected"]["bca"], 5e-3)
    auc = plaudit.bootstrap_interval("auc", [0, 1, 1, 1], [0.1, 0.2, 0.3, 0.4])
    assert auc.undefined_resamples == numpy.isnan(auc.values).sum() > 0
    with pytest.raises(plaudit.OutOfRangeError):
        plaudit.bootstrap_interval("other", truth, predicted)
    cancel = plaudit.Cancel()
    cancel.request()
    with pytest.raises(plaudit.CancelledError):
        plaudit.bootstrap_interval("accuracy", truth, predicted, cancel=cancel)
    with pytest.raises(plaudit.TimedOutError):
        plaudit.bootstrap_interval(
            "accuracy", truth * 1000, predicted * 1000, resamples=1_000_000, timeout=0.05)


def test_mcnemar_equals_statsmodels():
    for first, second, *expected in reference("mcnemar"):
        test = plaudit.mcnemar_counts(first, second)
        assert close(
            [test.exact_p_value, test.corrected_statistic, test.corrected_p_value,
             test.statistic, test.uncorrected_p_value], expected)
        assert test.exact == (first + second < 25)
    test = plaudit.mcnemar_test(["a", "b", "c"], ["a", "b", "a"], ["a", "c", "c"])
    assert test.table.tolist() == [[1, 1], [1, 0]] and test.p_value == 1
    with pytest.raises(plaudit.ShapeError):
        plaudit.mcnemar_test([1], [1], [1, 2])


def test_splits():
    labels = ["good", "bad"] * 100
    users = [f"user {row // 4}" for row in range(200)]
    parts = plaudit.split([0.8, 0.1, 0.1], labels=labels, groups=users, seed=1)
    assert parts.dtype == numpy.int32
    assert len({(user, part) for user, part in zip(users, parts.tolist())}) == 50
    assert numpy.bincount(parts).tolist() == [160, 20, 20]
    assert (plaudit.split([0.8, 0.1, 0.1], labels=labels, groups=users, seed=1) == parts).all()
    folds = plaudit.folds(5, labels=labels)
    assert numpy.bincount(folds).tolist() == [40] * 5
    assert sum(labels[row] == "good" for row in numpy.flatnonzero(folds == 0)) == 20
    assert sorted(plaudit.split([0.5, 0.5], rows=4).tolist()) == [0, 0, 1, 1]
    with pytest.raises(plaudit.InvalidDataError, match="class rare has 1 rows"):
        plaudit.split([0.5, 0.5], labels=["rare"] + ["usual"] * 9)
    with pytest.raises(plaudit.OutOfRangeError, match="0.75"):
        plaudit.split([0.5, 0.25], rows=9)
    with pytest.raises(plaudit.ShapeError, match="groups has 1"):
        plaudit.folds(2, labels=[0, 1, 0, 1], groups=[1])
    with pytest.raises(TypeError):
        plaudit.split([0.5, 0.5])
