#!/usr/bin/env python3
"""Writes cleaning.json: texts and what the model cards of cardiffnlp make of them.

The sentences are written by hand; `preprocess` is copied from the card, where it is the whole of
the cleaning.
"""

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "Tests/PlauditTextTests/Reference/cleaning.json"
TEXTS = [
    "Covid cases are increasing fast!", "@apple thanks for nothing", "see http://t.co/abc now",
    "two  spaces @a  http://b ", " leading", "@ alone", "@@double", "a@b.com mail", "httpx is cut",
    "HTTP stays", "Http stays", "https://a.b\nnew line", "tab\t@a", "(http://a) in brackets",
    "@user http", "@\u00e9 accents", "@\U0001f600 emoji", "", " ", "   ", "@", "h", "htt", "http",
    "@a,@b", "rt @brand: it's \u2026 https://t.co/\u2026", "no-break\u00a0@a", "@a\u3000@b",
]


def preprocess(text):
    new_text = []
    for t in text.split(" "):
        t = '@user' if t.startswith('@') and len(t) > 1 else t
        t = 'http' if t.startswith('http') else t
        new_text.append(t)
    return " ".join(new_text)


TARGET.write_text(json.dumps({
    "tool": "model card of cardiffnlp/twitter-roberta-base-sentiment-latest",
    "version": f"preprocess as of 2022, Python {sys.version_info.major}.{sys.version_info.minor}",
    "call": "preprocess(text)",
    "cases": [{"text": text, "cleaned": preprocess(text)} for text in TEXTS],
}, ensure_ascii=False, indent=1) + "\n")
