#!/usr/bin/env python3
"""Writes words.json: hand-written sentences and the words NLTK's Treebank tokenizer finds in them.

GloVe's corpora were split by Stanford's tokenizer, which NLTK's follows for plain sentences. Those
with quotation marks are left out: NLTK rewrites them. Needs nltk.
"""

import json
from pathlib import Path

import nltk
from nltk.tokenize import TreebankWordTokenizer

TARGET = Path(__file__).resolve().parents[2] / "Tests/PlauditTextTests/Reference/words.json"
TEXTS = [
    "I can't believe it's over, is it?", "He said: they're well-known (and good).",
    "It costs 1,000 dollars at 10:30!", "We cannot go; you'll see.", "50% off today",
    "The U.S. market rose", "Don't worry, I won't tell.", "She'd have liked what we've made.",
    "I'm sure they weren't there", "The company's profits fell 3.5%", "Is this real?",
    "It's $25 (was $30), isn't it?", "AT&T and Verizon agreed", "Our follow-up call is at 9",
    "Haven't you heard?", "The score was 3-4 after extra time", "One of the kids' toys",
    "He wouldn't, couldn't and shouldn't", "Deliveries: 2 of 3; returns: none", "Well, well -- again!",
    "So ... no refund", "Love it!", "Prices rose 1/2 point", "It is what it is.",
]

tokenizer = TreebankWordTokenizer()
TARGET.write_text(json.dumps({
    "tool": "NLTK", "version": nltk.__version__, "call": "TreebankWordTokenizer().tokenize(text)",
    "cases": [{"text": text, "words": tokenizer.tokenize(text)} for text in TEXTS],
}, ensure_ascii=False, indent=1) + "\n")
