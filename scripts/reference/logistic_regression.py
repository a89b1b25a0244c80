"""Writes Reference/logistic_regression.json: minima of scikit-learn on small problems.

Run: python scripts/reference/logistic_regression.py     (versions: requirements.txt)
"""

from bert_common import REFERENCE, versions, write_json

import numpy
from sklearn.linear_model import LogisticRegression

random = numpy.random.default_rng(11)
cases = []
for rows, width, classes, l2, weights in [
        (40, 3, 2, 1.0, None), (60, 5, 3, 0.1, None), (60, 5, 3, 3.0, "balanced"),
        (90, 4, 4, 0.5, [1.0, 0.25, 3.0, 2.0])]:
    features = (random.normal(size=(rows, width)) * 2).round(3).astype(numpy.float32)
    scores = features[:, :classes] if classes <= width else features
    labels = numpy.where(random.uniform(size=rows) < 0.75, scores.argmax(1) % classes,
                         random.integers(0, classes, rows))
    labels[:classes] = range(classes)
    given = {i: w for i, w in enumerate(weights)} if isinstance(weights, list) else weights
    fit = LogisticRegression(C=1 / l2, class_weight=given, tol=1e-12, max_iter=100_000).fit(
        features.astype(float), labels)
    coefficients = fit.coef_
    if classes == 2:
        # One row of coefficients c stands for a softmax of (0, c) with the penalty on one row; the
        # softmax over two rows splits c evenly and halves the penalty, so its C is doubled there.
        fit = LogisticRegression(C=2 / l2, class_weight=given, tol=1e-12, max_iter=100_000).fit(
            features.astype(float), labels)
        coefficients = numpy.vstack([-fit.coef_, fit.coef_]) / 2
    cases.append({
        "l2": l2, "weights": weights if isinstance(weights, list) else None,
        "balanced": weights == "balanced", "width": width, "classes": classes,
        "features": features.flatten().tolist(), "labels": labels.tolist(),
        "coefficients": coefficients.flatten().tolist()})

write_json(REFERENCE / "logistic_regression.json", {
    "tool": "scikit-learn", "version": versions("scikit-learn", "numpy"),
    "call": "LogisticRegression(C=1/l2, or 2/l2 for two classes, class_weight=weights, tol=1e-12).fit(features, labels)",
    "cases": cases}, 2)
