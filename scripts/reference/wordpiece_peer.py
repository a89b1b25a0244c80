"""What the wordpiece*.py scripts share: Hugging Face tokenizers in the terms of PlauditText.

Run the scripts with a Python that has tokenizers==0.23.3; nothing here needs the network.
"""

import codecs
import json
import pathlib

import tokenizers
from tokenizers import Tokenizer
from tokenizers.implementations import BertWordPieceTokenizer

VERSION = "0.23.3"
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "PlauditTextTests" / "Reference"
MASK = (1 << 64) - 1


def bert(lowercase):
    """The tokenizer of vocab.txt, cased or not, without truncation and padding."""
    path = FOLDER / "bert-base-uncased" / "vocab.txt"
    return BertWordPieceTokenizer(str(path), lowercase=lowercase)._tokenizer


def write(name, call, content):
    if tokenizers.__version__ != VERSION:
        raise SystemExit(f"needs tokenizers=={VERSION}, found {tokenizers.__version__}")
    head = {"tool": "Hugging Face tokenizers", "version": VERSION, "call": call}
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({**head, **content}, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def places(text):
    """The byte offset of every character, and of the end."""
    offsets = [0]
    for c in text:
        offsets.append(offsets[-1] + (1 if c < "\x80" else 2 if c < "\u0800"
                                      else 3 if c < "\U00010000" else 4))
    return offsets


def decode(raw):
    """Text with U+FFFD for each maximal subpart, and the place of each character in `raw`."""
    faults = []

    def note(error):
        faults.append((error.start, error.end))
        return "\ufffd", error.end

    codecs.register_error("wordpiece", note)
    text = raw.decode("utf-8", "wordpiece")
    offsets, at, fault = [], 0, iter(faults + [(len(raw) + 1, 0)])
    start, end = next(fault)
    for c in text:
        offsets.append(at)
        if at == start:
            at = end
            start, end = next(fault)
        else:
            at += len(c.encode())
    return text, offsets + [at]


def tokens(encoding, offsets):
    """Ids, starts and ends in bytes; special tokens of the template stand at 0."""
    special = encoding.special_tokens_mask
    starts = [0 if s else offsets[o[0]] for o, s in zip(encoding.offsets, special)]
    ends = [0 if s else offsets[o[1]] for o, s in zip(encoding.offsets, special)]
    return encoding.ids, starts, ends


class Digest:
    """FNV-1a over 32-bit values, 64 bits wide."""

    def __init__(self):
        self.value = 0xCBF29CE484222325

    def add(self, values):
        h = self.value
        for v in values:
            h = ((h ^ (v & 0xFFFFFFFF)) * 0x100000001B3) & MASK
        self.value = h

    def text(self):
        return f"{self.value:016x}"


class Random:
    """SplitMix64; the Swift tests draw the same numbers."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, count):
        return self.next() % count


def from_json(value):
    return Tokenizer.from_str(json.dumps(value))
