#!/usr/bin/env python3
"""Writes wordpiece_digests.json: a 64-bit digest for every block of many texts.

The texts are made again by the Swift test, from the lists and seeds in the file: every scalar
between letters and alone, pairs of awkward scalars, runs of combining marks, strings of a
grammar, and bytes that are not UTF-8.
"""

import unicodedata

import wordpiece_peer as peer

ATOMS = [
    "great", "Sale", "the", "unaffable", "don't", "É", "é", "e\u0301", "straße", "ΟΔΟΣ", "İ", " ",
    "  ", "\t", "\r\n", "\n", "\0", "\x0b", "\x85", "\u00a0", "\u00ad", "\u200b", "\u200d", "\ufe0f",
    "\u2028", "\u3000", "\ufeff", "\ufffd", "\ue000", "\u0378", "😍", "🔥", "👨‍👩‍👧", "👍🏽", "🇫🇷", "❤️",
    "1️⃣", "买", "中文", "안녕", "각", "ᄀ", "ᅡ", "ᆨ", "ガ", "カ\u3099", "नमस्ते", "العربية", "\u202e", "ไทย",
    "[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "[mask]", "[", "]", ".", ",", "!", "’", "“", "—", "…",
    "$", "^", "€", "™", "#", "@user", "http://t.co/x", "##s", "10%", "½", "ﬁ", "Ａ", "𝐒", "\u0301",
    "\u0327", "\u0334", "\u0345", "\u0344", "\u0f73", "\u0f71", "\u302e", "\u302f", "\U0001d15e",
    "\U0001d160", "\U0001d165", "\U0001d16e", "\U0001e944", "\u1b44", "\u1e69", "\u0390", "\u1f82",
    "\U0002b820", "\U0002b920", "\uf900", "\U0002f800", "\U0010ffff", "a", "b", "Z", "9", "word" * 26,
]
RAW = [
    b"a", b"great", b" ", b"\xc3\xa9", b"\xf0\x9f\x98\x8d", b"\x80", b"\xbf", b"\xc0\xaf", b"\xc3",
    b"\xe2\x82", b"\xe0\x80", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf5", b"\xff",
    b"\xe4\xb8\xad", b"[SEP]", b"\xf0\x90\x80", b".",
]
BLOCK = 16384


def awkward():
    """300 scalars for the pairs: those of the atoms, marks of every class, and a spread."""
    chosen = {ord(c) for atom in ATOMS for c in atom}
    for c in range(0x110000):
        if unicodedata.combining(chr(c)):
            if sum(1 for x in chosen if unicodedata.combining(chr(x)) ==
                   unicodedata.combining(chr(c))) < 2:
                chosen.add(c)
    random = peer.Random(300)
    while len(chosen) < 300:
        chosen.add(random.below(0x3000))
    return sorted(chosen)[:300]


def scalar(random, limit):
    c = random.below(limit)
    return chr(c if c < 0xD800 else c + 0x800)


def grammar(random):
    text = ""
    for _ in range(1 + random.below(12)):
        kind = random.below(10)
        if kind < 7:
            text += ATOMS[random.below(len(ATOMS))]
        elif kind == 7:
            text += scalar(random, 0x10F800)
        elif kind == 8:
            text += scalar(random, 0x3000)
        else:
            text += ATOMS[random.below(len(ATOMS))] * (1 + random.below(40))
    return text


def marks(random, runs):
    return "".join(chr(runs[random.below(len(runs))]) for _ in range(1 + random.below(9)))


def noise(random):
    return b"".join(RAW[random.below(len(RAW))] for _ in range(1 + random.below(10)))


def blocks(tokenizer, texts):
    digests, chunk = [], []

    def flush():
        digest = peer.Digest()
        raws = [t if isinstance(t, str) else None for t in chunk]
        decoded = [(t, peer.places(t)) if r is not None else peer.decode(t)
                   for t, r in zip(chunk, raws)]
        encodings = tokenizer.encode_batch([t for t, _ in decoded])
        for encoding, (_, offsets) in zip(encodings, decoded):
            ids, starts, ends = peer.tokens(encoding, offsets)
            digest.add([len(ids)])
            digest.add(ids)
            digest.add(starts)
            digest.add(ends)
        digests.append(digest.text())
        chunk.clear()

    for text in texts:
        chunk.append(text)
        if len(chunk) == BLOCK:
            flush()
    if chunk:
        flush()
    return digests


def main():
    pairs = awkward()
    runs = [c for c in pairs if unicodedata.combining(chr(c))]
    runs += [ord(c) for c in "aé가一 \u0344\u0f73\u1e69\u302e\U0001d15e\U0001d160"]
    every = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]

    def draw(make, count, seed):
        random = peer.Random(seed)
        return [make(random) for _ in range(count)]

    families = {
        "between letters": lambda: ("a" + chr(c) + "b" for c in every),
        "alone": lambda: (chr(c) for c in every),
        "pairs": lambda: ("x" + chr(a) + chr(b) + "y" for a in pairs for b in pairs),
        "marks": lambda: draw(lambda r: marks(r, runs), 60000, 1),
        "grammar": lambda: draw(grammar, 100000, 2),
        "not UTF-8": lambda: draw(noise, 20000, 3),
    }
    digests = {}
    for name, lowercase in (("uncased", True), ("cased", False)):
        tokenizer = peer.bert(lowercase)
        digests[name] = {}
        for family, texts in families.items():
            digests[name][family] = blocks(tokenizer, texts())
            print(name, family, len(digests[name][family]), "blocks", flush=True)
    peer.write("wordpiece_digests", "BertWordPieceTokenizer(vocab, lowercase=…).encode_batch(texts)", {
        "block": BLOCK, "atoms": [list(a.encode()) for a in ATOMS], "raw": [list(r) for r in RAW],
        "pairs": pairs, "marks": runs, "digests": digests})


if __name__ == "__main__":
    main()
