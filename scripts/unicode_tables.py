#!/usr/bin/env python3
"""Writes Sources/CUnicode: what tokenizers 0.23.3 does to each Unicode scalar.

The pinned wheel mixes several Unicode versions, so no table of the Unicode Consortium
reproduces it. This script asks the wheel itself, scalar by scalar (1,112,064 of them), through
its own components, checks that the answers fit the model written in cunicode.h, and writes the
tables. Run it with a Python that has tokenizers==0.23.3; about a minute.

    python scripts/unicode_tables.py [--check]

--check writes nothing and fails when the checked-in tables differ.
"""

import pathlib
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

VERSION = "0.23.3"
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "CUnicode"
COUNT = 0x110000
BLOCK = 128

# Bits of a scalar's flags; the same names are in cunicode.h.
BITS = {
    "REMOVED": 1 << 0,
    "SPACED": 1 << 1,
    "IDEOGRAPH": 1 << 2,
    "STRIPPED": 1 << 3,
    "LOWERED": 1 << 4,
    "PUNCTUATION": 1 << 5,
    "WHITESPACE": 1 << 6,
    "WORD": 1 << 7,
    "REGEX_SPACE": 1 << 8,
    "SURVIVOR": 1 << 9,
}
RANK_SHIFT = 10

HANGUL_BASE, HANGUL_COUNT = 0xAC00, 11172


def scalars():
    return (c for c in range(COUNT) if not 0xD800 <= c <= 0xDFFF)


def hangul(c):
    """The algorithmic decomposition of a Hangul syllable (Unicode, section 3.12)."""
    s = c - HANGUL_BASE
    lead, vowel, tail = 0x1100 + s // 588, 0x1161 + s % 588 // 28, 0x11A7 + s % 28
    return chr(lead) + chr(vowel) + (chr(tail) if tail != 0x11A7 else "")


def bert(**on):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**flags, **on}).normalize_str


def probe_added(token_options, text, hit):
    """Which scalars make `hit` true of the encoding of text(c), with one added token "zq"."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.add_tokens([AddedToken("zq", normalized=False, **token_options)])
    zq = tokenizer.token_to_id("zq")
    found, chunk = set(), []

    def flush():
        for c, encoding in zip(chunk, tokenizer.encode_batch([text(chr(c)) for c in chunk])):
            if hit(encoding, zq):
                found.add(c)
        chunk.clear()

    for c in scalars():
        chunk.append(c)
        if len(chunk) == 20000:
            flush()
    flush()
    return found


def starts_at(encoding, zq):
    return next((o[0] for i, o in zip(encoding.ids, encoding.offsets) if i == zq), None)


def combining_ranks(nfd):
    """The order of canonical combining classes: 0 for starters, else 1 and up.

    U+0334 has the lowest class and U+0345 the highest: a scalar that changes places with
    neither is a starter. The others are compared with one representative of each class.
    """
    non_starters = []
    for c in scalars():
        s = chr(c)
        plain = nfd(s)
        if nfd(s + "\u0334") != plain + "\u0334" or nfd("\u0345" + s) != "\u0345" + plain:
            # A composed scalar ends in a mark; only scalars that stay themselves have a class.
            if plain == s:
                non_starters.append(c)
    if 0x334 not in non_starters:
        non_starters.append(0x334)
    if 0x345 not in non_starters:
        non_starters.append(0x345)
    representatives = {}
    for c in sorted(non_starters):
        representatives.setdefault(unicodedata.combining(chr(c)), c)
    representatives.pop(0, None)
    order = [representatives[k] for k in sorted(representatives)]
    for low, high in zip(order, order[1:]):
        assert nfd(chr(high) + chr(low)) == chr(low) + chr(high), (low, high)
    ranks = {}
    for c in non_starters:
        s = chr(c)
        same = [
            i for i, r in enumerate(order)
            if nfd(s + chr(r)) == s + chr(r) and nfd(chr(r) + s) == chr(r) + s
        ]
        assert len(same) == 1, (hex(c), same)
        ranks[c] = same[0] + 1
    assert len(order) < 64
    return ranks


def probe():
    clean, ideograph = bert(clean_text=True), bert(handle_chinese_chars=True)
    strip, lower = bert(strip_accents=True), bert(lowercase=True)
    nfd = normalizers.NFD().normalize_str
    pre_tokenize = pre_tokenizers.BertPreTokenizer().pre_tokenize_str

    flags = [0] * COUNT
    stripped, lowered, decomposed = {}, {}, {}
    ranks = combining_ranks(nfd)

    for c in scalars():
        s, f = chr(c), 0
        a = clean("a" + s + "b")
        if a == "ab":
            f |= BITS["REMOVED"]
        elif a == "a b":
            f |= BITS["SPACED"]
        else:
            assert a == "a" + s + "b", hex(c)
        a = ideograph("a" + s + "b")
        if a == "a " + s + " b":
            f |= BITS["IDEOGRAPH"]
        else:
            assert a == "a" + s + "b", hex(c)
        d = nfd(s)
        a = strip(s)
        if HANGUL_BASE <= c < HANGUL_BASE + HANGUL_COUNT:
            assert a == d == hangul(c), hex(c)
            f |= BITS["STRIPPED"]
        else:
            if d != s:
                decomposed[c] = d
            if a != s:
                f |= BITS["STRIPPED"]
                stripped[c] = a
        a = lower(s)
        if a != s:
            f |= BITS["LOWERED"]
            lowered[c] = a
        pieces = [p for p, _ in pre_tokenize("a" + s + "b")]
        if pieces == ["a", "b"]:
            f |= BITS["WHITESPACE"]
        elif pieces == ["a", s, "b"]:
            f |= BITS["PUNCTUATION"]
        else:
            assert pieces == ["a" + s + "b"], hex(c)
        f |= ranks.get(c, 0) << RANK_SHIFT
        flags[c] = f

    # Removing marks is a filter over the decomposition, and a survivor is a scalar whose
    # decomposition keeps a non-starter: only these can change places with what follows.
    for c in scalars():
        if HANGUL_BASE <= c < HANGUL_BASE + HANGUL_COUNT:
            continue
        d = decomposed.get(c, chr(c))
        kept = "".join(x for x in d if stripped.get(ord(x), x) != "")
        assert kept == stripped.get(c, chr(c)), hex(c)
        if any(ranks.get(ord(x)) for x in kept):
            flags[c] |= BITS["SURVIVOR"]

    for c in probe_added({"single_word": True}, lambda s: s + "zq",
                         lambda e, zq: starts_at(e, zq) is None):
        flags[c] |= BITS["WORD"]
    for c in probe_added({"lstrip": True}, lambda s: "a" + s + "zq",
                         lambda e, zq: starts_at(e, zq) == 1):
        flags[c] |= BITS["REGEX_SPACE"]
    return flags, stripped, lowered, decomposed


def two_stage(values):
    index, blocks, seen = [], [], {}
    for start in range(0, COUNT, BLOCK):
        block = tuple(values[start:start + BLOCK])
        if block not in seen:
            seen[block] = len(blocks)
            blocks.append(block)
        index.append(seen[block])
    return index, [v for block in blocks for v in block]


def pool(mapping):
    """Each result once, as a length byte and UTF-8; a scalar refers to it by offset + 1."""
    data, places, values = bytearray(), {}, [0] * COUNT
    for c, text in sorted(mapping.items()):
        raw = text.encode()
        if raw not in places:
            places[raw] = len(data) + 1
            data.append(len(raw))
            data += raw
        values[c] = places[raw]
    assert len(data) < 65535
    return values, data


def emit(name, ctype, values, out):
    out.append(f"const {ctype} {name}[{len(values)}] = {{")
    line = "   "
    for v in values:
        item = f" {v},"
        if len(line) + len(item) > 98:
            out.append(line)
            line = "   "
        line += item
    out += [line, "};", ""]


def render(flags, stripped, lowered, decomposed):
    out = [
        f"/* Written by scripts/unicode_tables.py from tokenizers {VERSION}; not edited by hand. */",
        '#include "cunicode.h"',
        "",
    ]
    index, data = two_stage(flags)
    emit("pu_flags_index", "uint16_t", index, out)
    emit("pu_flags_data", "uint16_t", data, out)
    for name, mapping in (("strip", stripped), ("lower", lowered), ("nfd", decomposed)):
        values, text = pool(mapping)
        index, data = two_stage(values)
        emit(f"pu_{name}_index", "uint16_t", index, out)
        emit(f"pu_{name}_data", "uint16_t", data, out)
        emit(f"pu_{name}_text", "uint8_t", list(text), out)
    return "\n".join(out)


def main():
    if tokenizers.__version__ != VERSION:
        sys.exit(f"needs tokenizers=={VERSION}, found {tokenizers.__version__}")
    tables = probe()
    text = render(*tables)
    path = FOLDER / "tables.c"
    if "--check" in sys.argv:
        if path.read_text() != text:
            sys.exit(f"{path} differs from what tokenizers {VERSION} does")
        print(f"{path}: as tokenizers {VERSION}")
        return
    path.write_text(text)
    flags = tables[0]
    for name, bit in BITS.items():
        print(f"{name:12} {sum(1 for f in flags if f & bit):7}")
    print("classes     ", len({f >> RANK_SHIFT for f in flags}))
    print("survivors   ", " ".join(f"{c:04X}" for c, f in enumerate(flags) if f & BITS["SURVIVOR"]))


if __name__ == "__main__":
    main()
