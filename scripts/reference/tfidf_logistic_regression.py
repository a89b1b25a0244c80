"""Writes Reference/tfidf_logistic_regression.json: scikit-learn's minima on n-grams of invented posts.

Run: python scripts/reference/tfidf_logistic_regression.py     (versions: requirements.txt)
"""

from bert_common import REFERENCE, versions, write_json

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

WORDS = [
    ["love", "great", "thanks", "best", "happy", "win"], ["hate", "slow", "broken", "refund", "worst", "fail"],
    ["open", "today", "store", "ships", "where", "when"],
    ["the", "a", "my", "order", "shoe", "brand", "not", "very", "this", "new", "it", "is"],
]
random = numpy.random.default_rng(5)


def posts(count, classes):
    texts, labels = [], []
    for _ in range(count):
        label = int(random.integers(classes))
        kinds = random.choice([label, label, 3, 3, 3, int(random.integers(classes))], size=random.integers(1, 14))
        texts.append(" ".join(random.choice(WORDS[kind]) for kind in kinds))
        labels.append(label)
    return texts, labels


cases = []
for classes, strength, weights, characters in [
        (3, 1.0, None, False), (3, 20.0, "balanced", False), (3, 4.0, [1.0, 0.25, 3.0], True),
        (2, 2.0, None, False), (2, 5.0, "balanced", False)]:
    texts, labels = posts(150, classes)
    parts = [("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True))]
    if characters:
        parts.append(("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), min_df=3)))
    features = FeatureUnion(parts).fit_transform(texts)
    given = dict(enumerate(weights)) if isinstance(weights, list) else weights
    fits = [LogisticRegression(C=strength, class_weight=given, solver=solver, tol=1e-11, max_iter=100_000).fit(
        features, labels) for solver in ("lbfgs", "newton-cg")]
    assert abs(fits[0].coef_ - fits[1].coef_).max() < 1e-4
    cases.append({
        "texts": texts, "labels": labels, "classes": classes, "strength": strength,
        "weights": weights if isinstance(weights, list) else None, "balanced": weights == "balanced",
        "characters": characters, "coefficients": fits[1].coef_.round(9).tolist(),
        "intercepts": fits[1].intercept_.round(9).tolist()})
    print(features.shape, abs(fits[0].coef_ - fits[1].coef_).max())

write_json(REFERENCE / "tfidf_logistic_regression.json", {
    "tool": "scikit-learn", "version": versions("scikit-learn", "numpy"),
    "call": "LogisticRegression(C=strength, class_weight=weights, tol=1e-11, solver='newton-cg').fit("
            "FeatureUnion([TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), with characters "
            "TfidfVectorizer(analyzer='char_wb', ngram_range=(2, 3), min_df=3)]).fit_transform(texts), labels)",
    "cases": cases}, 2)
