#!/usr/bin/env python3
"""Model metrics of scikit-learn, calibration maps, and McNemar's test of statsmodels.

pip install scikit-learn==1.9.1 scipy==1.17.1 statsmodels==0.15.0; writes
Tests/PlauditStatsTests/Reference/stats_metrics_*.json. With the path of kpi_golden.json as
argument it also copies the numeric cases of its groups classification, regression, calibration
and paired, and the bootstrap, into stats_metrics_golden.json.
"""

import json
import math
import pathlib
import sys
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp
from sklearn import metrics as m
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.contingency_tables import mcnemar

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/PlauditStatsTests/Reference"
random = np.random.default_rng(20261124)


def plain(value):
    """Lists and Python numbers, what is not finite as a string."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (np.integer, np.bool_)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def write(name, tool, version, call, cases):
    body = ",\n".join("    " + json.dumps(plain(case)) for case in cases)
    (FOLDER / f"{name}.json").write_text(
        "{\n"
        f'  "tool": {json.dumps(tool)},\n  "version": {json.dumps(version)},\n'
        f'  "call": {json.dumps(call)},\n  "cases": [\n{body}\n  ]\n}}\n')


# ---- Labels -----------------------------------------------------------------------------------


def label_case(truth, predicted, classes, weights, beta, zero_division):
    labels = list(range(classes))
    keep = dict(sample_weight=weights)

    def scores(average, beta):
        return m.precision_recall_fscore_support(
            truth, predicted, labels=labels, average=average, zero_division=zero_division,
            beta=beta, **keep)

    def jaccard(average):
        if math.isnan(zero_division):
            return None
        return m.jaccard_score(
            truth, predicted, labels=labels, average=average, zero_division=zero_division, **keep)

    case = {
        "classes": classes, "truth": truth, "predicted": predicted, "weights": weights,
        "beta": beta, "zeroDivision": zero_division,
        "accuracy": m.accuracy_score(truth, predicted, **keep),
        "balancedAccuracy": m.balanced_accuracy_score(truth, predicted, **keep),
        "matthews": m.matthews_corrcoef(truth, predicted, **keep),
        "kappas": [m.cohen_kappa_score(truth, predicted, labels=labels, weights=w, **keep)
                   for w in (None, "linear", "quadratic")],
        "confusion": m.confusion_matrix(truth, predicted, labels=labels, **keep).ravel(),
    }
    precision, recall, f1, support = scores(None, 1.0)
    case["perClass"] = [precision, recall, f1, scores(None, beta)[2], jaccard(None)]
    case["support"] = support
    for average in ("micro", "macro", "weighted"):
        case[average] = [*scores(average, 1.0)[:3], scores(average, beta)[2], jaccard(average)]
    return case


def label_cases():
    for number in range(120):
        classes = int(random.integers(1, 8))
        rows = int(random.integers(1, 50))
        truth = np.minimum((random.random(rows) ** 2 * classes).astype(int), classes - 1)
        if number % 3 == 0:  # classes that never occur
            truth = truth // 2
        skill = random.random()
        predicted = np.where(
            random.random(rows) < skill, truth, random.integers(0, classes, rows))
        if number % 7 == 0:
            predicted[:] = predicted[0]
        weights = None
        if number % 2:
            weights = random.integers(0, 5, rows) + random.integers(0, 2, rows) / 4
            weights[0] += 1
        yield label_case(
            truth, predicted, classes, weights, float(random.choice([0.5, 1, 2])),
            float(random.choice([0, 1, math.nan])))


# ---- Scores -----------------------------------------------------------------------------------


def binary_scores(rows, kind):
    truth = random.integers(0, 2, rows)
    scores = np.clip(random.normal(0.35 + 0.3 * truth, 0.25), 0, 1)
    if kind == 1:
        scores = np.round(scores, 1)
    if kind == 2:
        scores[:] = 0.25
    if kind == 3:
        truth[:] = random.integers(0, 2)
    if kind == 4:
        scores = random.normal(truth, 2)
    if kind == 5:
        scores = truth * 0.5 + 0.25
    return truth, scores


def binary_case(truth, scores, weights, limit):
    keep = dict(sample_weight=weights)
    one_class = len(set(truth)) < 2
    probabilities = scores.min() >= 0 and scores.max() <= 1
    fpr, tpr, _ = m.roc_curve(truth, scores, drop_intermediate=False, pos_label=1, **keep)
    dropped = m.roc_curve(truth, scores, pos_label=1, **keep)
    roc = m.roc_curve(truth, scores, drop_intermediate=False, pos_label=1, **keep)
    precision_recall = m.precision_recall_curve(truth, scores, pos_label=1, **keep)
    auc = m.roc_auc_score(truth, scores, **keep) if not one_class else math.nan
    brier = m.brier_score_loss(truth, scores, pos_label=1, **keep) if probabilities else math.nan
    rate = np.average(truth, weights=weights)
    return {
        "truth": truth, "scores": scores, "weights": weights, "limit": limit, "auc": auc,
        "partialAUC": math.nan if one_class else m.roc_auc_score(
            truth, scores, max_fpr=limit, **keep),
        "averagePrecision": m.average_precision_score(truth, scores, **keep),
        "ks": math.nan if one_class else np.abs(tpr - fpr).max(),
        "logLoss": m.log_loss(truth, scores, labels=[0, 1], **keep)
        if probabilities else math.nan,
        "brier": brier,
        "brierSkill": math.nan if one_class else 1 - brier / (rate * (1 - rate)),
        "top1": m.top_k_accuracy_score(truth, scores, k=1, labels=[0, 1], **keep),
        "roc": roc, "rocDropped": dropped, "precisionRecall": precision_recall,
        "delong": delong(truth, scores) if weights is None else math.nan,
    }


def delong(truth, scores):
    positive, negative = scores[truth == 1], scores[truth == 0]
    if len(positive) < 2 or len(negative) < 2:
        return math.nan
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    return (wins.mean(1).var(ddof=1) / len(positive)
            + wins.mean(0).var(ddof=1) / len(negative))


def binary_cases():
    for number in range(60):
        truth, scores = binary_scores(int(random.integers(2, 60)), number % 6)
        weights = None
        if number % 4 == 3:
            weights = random.integers(0, 4, len(truth)).astype(float)
            weights[0] = 2
            if len(set(truth[weights > 0])) < 2:
                weights[:] = 1
        yield binary_case(truth, scores, weights, float(random.choice([0.1, 0.3, 0.5, 1])))


def table_case(truth, scores, weights, k):
    classes = scores.shape[1]
    labels = list(range(classes))
    keep = dict(sample_weight=weights)
    hot = np.eye(classes, dtype=int)[truth]

    def one_versus_rest(metric, average):
        # As for labels that do not exclude each other: with an absent class too.
        return metric(hot, scores, average=average, **keep)

    present = sorted(set(truth))
    return {
        "columns": classes, "truth": truth, "scores": scores.ravel(), "weights": weights, "k": k,
        "classAUC": one_versus_rest(m.roc_auc_score, None),
        "macroAUC": one_versus_rest(m.roc_auc_score, "macro"),
        "weightedAUC": one_versus_rest(m.roc_auc_score, "weighted"),
        "pairwiseAUC": math.nan if weights is not None or len(present) < 2 else m.roc_auc_score(
            truth, scores, labels=labels, multi_class="ovo", average="macro"),
        "classAveragePrecision": one_versus_rest(m.average_precision_score, None),
        "macroAveragePrecision": one_versus_rest(m.average_precision_score, "macro"),
        "weightedAveragePrecision": one_versus_rest(m.average_precision_score, "weighted"),
        "logLoss": m.log_loss(truth, scores, labels=labels, **keep),
        "brier": m.brier_score_loss(truth, scores, labels=labels, **keep),
        "topK": m.top_k_accuracy_score(truth, scores, k=k, labels=labels, **keep),
    }


def table_cases():
    for number in range(40):
        classes = int(random.integers(3, 6))
        rows = int(random.integers(3, 40))
        truth = random.integers(0, classes - (number % 3 == 2), rows)
        logits = random.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[truth]
        scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        if number % 4 == 1:  # ties, with rows that add up to 1 exactly
            scores = np.stack([random.multinomial(8, row) / 8 for row in scores])
        if number == 8:
            scores[:] = 1 / classes
        weights = random.integers(1, 4, rows).astype(float) if number % 5 == 4 else None
        yield table_case(truth, scores, weights, int(random.integers(1, classes)))


# ---- Numbers ----------------------------------------------------------------------------------


def regression_case(truth, predicted, weights, quantile):
    keep = dict(sample_weight=weights)
    few = len(truth) < 2
    logs = truth.min() > -1 and predicted.min() > -1
    return {
        "truth": truth, "predicted": predicted, "weights": weights, "quantile": quantile,
        "values": [
            m.mean_absolute_error(truth, predicted, **keep),
            m.mean_squared_error(truth, predicted, **keep),
            m.root_mean_squared_error(truth, predicted, **keep),
            m.median_absolute_error(truth, predicted, **keep),
            m.max_error(truth, predicted),
            m.mean_absolute_percentage_error(truth, predicted, **keep),
            m.mean_squared_log_error(truth, predicted, **keep) if logs else math.nan,
            math.nan if few else m.r2_score(truth, predicted, **keep),
            m.explained_variance_score(truth, predicted, **keep),
            m.mean_pinball_loss(truth, predicted, alpha=quantile, **keep),
            math.nan if few else m.d2_absolute_error_score(truth, predicted, **keep),
            math.nan if few else m.d2_pinball_score(truth, predicted, alpha=quantile, **keep),
        ],
    }


def regression_cases():
    for number in range(60):
        rows = 1 if number == 9 else int(random.integers(2, 50))
        truth = random.normal(2, 3, rows)
        if number % 4 == 0:
            truth = np.abs(truth)
        if number % 6 == 1:
            truth = np.round(truth)
        if number % 10 == 5:
            truth[:] = 2.0
        predicted = truth + random.normal(0, 1, rows)
        if number % 4 == 0:
            predicted = np.abs(predicted)
        if number % 15 == 5:
            predicted = truth.copy()
        weights = random.integers(0, 4, rows) + 0.5 if number % 3 == 2 else None
        yield regression_case(truth, predicted, weights, float(random.choice([0.1, 0.5, 0.9])))


# ---- Calibration ------------------------------------------------------------------------------


def reliability_case(truth, probabilities, bins, strategy):
    observed, predicted = calibration_curve(
        truth, probabilities, n_bins=bins, strategy=strategy, pos_label=1)
    edges = (np.linspace(0, 1, bins + 1) if strategy == "uniform"
             else np.percentile(probabilities, np.linspace(0, 1, bins + 1) * 100))
    cases = {}
    for side, closed in (("left", "right"), ("right", "left")):
        # searchsorted's side is the other way round: "left" counts the edges below.
        index = np.searchsorted(edges[1:-1], probabilities, side=side)
        count = np.bincount(index, minlength=bins)
        there = count > 0
        gap = np.abs(np.bincount(index, truth, bins)[there]
                     - np.bincount(index, probabilities, bins)[there]) / count[there]
        share = count[there] / len(truth)
        cases[closed] = [share @ gap, gap.max(), math.sqrt(share @ gap**2)]
    return {
        "truth": truth, "probabilities": probabilities, "bins": bins, "strategy": strategy,
        "observed": observed, "predicted": predicted, **cases}


def reliability_cases():
    for number in range(48):
        truth, scores = binary_scores(int(random.integers(2, 80)), [0, 1, 2, 5][number % 4])
        yield reliability_case(
            truth, scores, int(random.integers(1, 16)), ["uniform", "quantile"][number // 4 % 2])


def isotonic_case(truth, scores):
    fit = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(scores, truth)
    query = np.sort(np.concatenate([random.choice(scores, 5), random.normal(0.5, 0.5, 10)]))
    return {"method": "isotonic", "truth": truth, "scores": scores, "columns": 1,
            "parameters": [len(fit.X_thresholds_), *fit.X_thresholds_, *fit.y_thresholds_],
            "query": query, "probabilities": fit.predict(query)}


def platt_case(truth, scores):
    positives = int(truth.sum())
    negatives = len(truth) - positives
    target = np.where(truth == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(ab):
        z = -(ab[0] * scores + ab[1])
        p = 1 / (1 + np.exp(-z))
        rest = p - target
        gradient = -np.array([rest @ scores, rest.sum()])
        hessian = np.array([[p * (1 - p) @ scores**2, p * (1 - p) @ scores],
                            [p * (1 - p) @ scores, (p * (1 - p)).sum()]])
        return (np.logaddexp(0, z) - target * z).sum(), gradient, hessian

    start = [0.0, math.log((negatives + 1) / (positives + 1))]
    ab = minimize(lambda x: loss(x)[0], start, jac=lambda x: loss(x)[1], method="BFGS").x
    for _ in range(5):
        _, gradient, hessian = loss(ab)
        ab = ab - np.linalg.solve(hessian, gradient)
    query = random.normal(0.5, 1, 6)
    return {"method": "platt", "truth": truth, "scores": scores, "columns": 1, "parameters": ab,
            "objective": loss(ab)[0], "query": query,
            "probabilities": 1 / (1 + np.exp(ab[0] * query + ab[1]))}


def temperature_case(truth, logits):
    def loss(inverse):
        z = logits * inverse
        return (logsumexp(z, axis=1) - z[np.arange(len(truth)), truth]).mean()

    inverse = minimize_scalar(
        loss, bounds=(0.01, 100), method="bounded", options={"xatol": 1e-12}).x
    query = random.normal(0, 3, (3, logits.shape[1]))
    z = query * inverse
    return {"method": "temperature", "truth": truth, "scores": logits.ravel(),
            "columns": logits.shape[1], "parameters": [1 / inverse], "objective": loss(inverse),
            "before": loss(1.0), "query": query.ravel(),
            "probabilities": np.exp(z - logsumexp(z, axis=1, keepdims=True)).ravel()}


def calibration_cases():
    for number in range(30):
        truth, scores = binary_scores(int(random.integers(8, 60)), number % 2)
        truth[:2] = [0, 1]
        yield isotonic_case(truth, scores)
        truth, scores = binary_scores(int(random.integers(8, 60)), [0, 1, 4][number % 3])
        truth[:2] = [0, 1]
        yield platt_case(truth, scores)
        classes = int(random.integers(2, 6))
        truth = random.integers(0, classes, 40)
        logits = random.normal(size=(40, classes)) * 2 + 1.5 * np.eye(classes)[truth]
        yield temperature_case(truth, logits)


# ---- Two models -------------------------------------------------------------------------------


def mcnemar_cases():
    counts = [(1, 0), (0, 1), (5, 5), (12, 13), (3, 21), (59, 121), (0, 40), (1000, 1200),
              (100000, 101000), (7, 900)]
    counts += [tuple(int(x) for x in random.integers(0, 200, 2)) for _ in range(40)]
    for first, second in counts:
        table = [[10, first], [second, 10]]
        exact = mcnemar(table, exact=True)
        row = [first, second, exact.pvalue]
        for correction in (True, False):
            found = mcnemar(table, exact=False, correction=correction)
            row += [found.statistic, found.pvalue]
        yield row


def golden(path):
    groups = {"classification", "regression", "calibration"}
    cases = json.loads(pathlib.Path(path).read_text())["cases"]
    chosen = [case for case in cases
              if case["group"] in groups or case["id"] in ("mcnemar", "bootstrap_bca")]
    write("stats_metrics_golden", "scikit-learn, netcal, scipy, numpy, statsmodels",
          "1.9.1, 1.4.0, 1.17.1, 2.4.6, 0.15.0",
          "sklearn.metrics, netcal.metrics.ECE, minimize_scalar, closed forms, mcnemar",
          [{key: case[key] for key in ("id", "input", "expected", "tolerance")}
           for case in chosen])


def main():
    sk = sklearn.__version__
    write("stats_metrics_labels", "scikit-learn", sk,
          "precision_recall_fscore_support, jaccard_score, matthews_corrcoef, cohen_kappa_score,"
          " balanced_accuracy_score, confusion_matrix(labels=range(classes))", label_cases())
    write("stats_metrics_binary", "scikit-learn", sk,
          "roc_auc_score, average_precision_score, roc_curve, precision_recall_curve, log_loss,"
          " brier_score_loss, top_k_accuracy_score; DeLong by numpy", binary_cases())
    write("stats_metrics_tables", "scikit-learn", sk,
          "roc_auc_score, average_precision_score of one-hot truth; roc_auc_score"
          "(multi_class='ovo'), log_loss, brier_score_loss, top_k_accuracy_score", table_cases())
    write("stats_metrics_regression", "scikit-learn", sk, "sklearn.metrics, regression",
          regression_cases())
    write("stats_metrics_reliability", "scikit-learn", sk, "calibration_curve; numpy.searchsorted",
          reliability_cases())
    write("stats_metrics_calibration", "scikit-learn, scipy", f"{sk}, {scipy.__version__}",
          "IsotonicRegression(out_of_bounds='clip', y_min=0, y_max=1); Newton's method on Platt's"
          " loss; minimize_scalar on 1/T", calibration_cases())
    write("stats_metrics_mcnemar", "statsmodels", statsmodels.__version__,
          "mcnemar(exact=True), mcnemar(exact=False, correction=True / False)", mcnemar_cases())
    if len(sys.argv) > 1:
        golden(sys.argv[1])


main()
