#!/usr/bin/env python3
"""Writes Sources/CUnicode/words.c: what Python 3.11 (Unicode 14) takes for words, spaces and case.

scikit-learn's text features stand on `str.lower`, `str.split` and the `\\w` of `re`, which are not
those of the tokenizers wheel in tables.c. This script asks the interpreter, scalar by scalar, and
proves that `str.lower` is pu_lower of each cased scalar but for the capital sigma.

    python3.11 scripts/word_tables.py [--check]

--check writes nothing and fails when the checked-in table differs.
"""

import pathlib
import re
import sys
import unicodedata

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "CUnicode"
COUNT, BLOCK = 0x110000, 128
# The same names are in cunicode.h.
WORD, SPACE, CASED, IGNORABLE = 1, 2, 4, 8


def flags(c):
    s = chr(c)
    # A sigma is final after a cased scalar, over any that are case-ignorable; 1 is not cased.
    after_letter = ("a" + s + "Σ").lower().endswith("ς")
    after_digit = ("1" + s + "Σ").lower().endswith("ς")
    word = re.match(r"\w", s) is not None
    assert (re.match(r"\s", s) is not None) == s.isspace()
    return (word * WORD | s.isspace() * SPACE | after_digit * CASED
            | (after_letter and not after_digit) * IGNORABLE)


def array(text, name):
    values = re.search(rf"\b{name}\[\d*\]\s*=\s*\{{(.*?)\}};", text, re.DOTALL).group(1)
    return [int(value, 0) for value in values.split(",") if value.strip()]


def check_lower(table):
    text = (FOLDER / "tables.c").read_text()
    index, data, results = (array(text, f"pu_lower_{part}") for part in ("index", "data", "text"))
    for c in range(COUNT):
        if 0xD800 <= c <= 0xDFFF:
            continue
        place = data[index[c // BLOCK] * BLOCK + c % BLOCK]
        lowered = chr(c)
        if place and table[c] & CASED:
            lowered = bytes(results[place:place + results[place - 1]]).decode()
        assert lowered == chr(c).lower(), hex(c)


def declaration(kind, name, values):
    lines, line = [], "   "
    for value in values:
        if len(line) + len(f" {value},") > 96:
            lines.append(line)
            line = "   "
        line += f" {value},"
    return f"const {kind} {name}[{len(values)}] = {{\n" + "\n".join(lines + [line]) + "\n};\n"


def main():
    assert unicodedata.unidata_version == "14.0.0", "run it with Python 3.11"
    table = [0 if 0xD800 <= c <= 0xDFFF else flags(c) for c in range(COUNT)]
    check_lower(table)
    blocks, index = {}, []
    for start in range(0, COUNT, BLOCK):
        block = tuple(table[start:start + BLOCK])
        index.append(blocks.setdefault(block, len(blocks)))
    data = [flag for block in blocks for flag in block]
    text = ("/* Written by scripts/word_tables.py from Python 3.11; not edited by hand. */\n"
            '#include "cunicode.h"\n\n' + declaration("uint8_t", "pu_words_index", index) + "\n"
            + declaration("uint8_t", "pu_words_data", data))
    path = FOLDER / "words.c"
    if "--check" in sys.argv:
        sys.exit(0 if path.read_text() == text else "words.c differs")
    path.write_text(text)


main()
