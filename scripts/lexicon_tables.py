#!/usr/bin/env python3
"""Writes Sources/CUnicode/emoji.c and Sources/CUnicode/cases.c.

    lexicon_tables.py [--check]

emoji.c: the words of emoji, from emoji_utf8_lexicon.txt of vaderSentiment 3.3.2 (MIT, C.J. Hutto),
whose words are the short names of Unicode CLDR; keycaps are left out. Skin tones and variation selectors are taken out of
the keys, since readers skip them; words keep ASCII letters, digits, - and '.
cases.c: which scalars str.isupper() of Python counts as upper case, lower case and title case.
--check compares with the files instead of writing them.
"""

import re
import sys
import unicodedata
from pathlib import Path

import vaderSentiment

SOURCES = Path(__file__).resolve().parent.parent / "Sources/CUnicode"
TONES = {chr(code) for code in range(0x1F3FB, 0x1F400)}
# Marks of names rather than feelings: "Nike®" stays one word.
LEFT_OUT = set("©®™")


def emoji():
    """[(key, words)] in the order of the bytes."""
    path = Path(vaderSentiment.__file__).parent / "emoji_utf8_lexicon.txt"
    words = {}
    for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n"):
        sequence, description = line.strip().split("\t")[:2]
        key = "".join(
            scalar for index, scalar in enumerate(sequence)
            if scalar != "\ufe0f" and not (index and scalar in TONES))
        if key in LEFT_OUT or key[0].isascii():
            continue
        if len(sequence) > 1:
            description = re.sub(
                r":? ?(medium-light|medium-dark|medium|light|dark) skin tone,? ?", "", description)
        plain = unicodedata.normalize("NFKD", description.replace("’", "'"))
        plain = re.sub(r"[^A-Za-z0-9' -]", "", plain)
        plain = " ".join(plain.split()).lower()
        if words.setdefault(key, plain) != plain:
            sys.exit(f"two descriptions of {key!r}: {words[key]!r}, {plain!r}")
    return sorted(words.items(), key=lambda item: item[0].encode())


def literal(data):
    """A C string literal; octal escapes cannot swallow what follows."""
    text = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in data)
    return f'"{text}"'


def emoji_file():
    entries = emoji()
    lines, size = [], 0
    for key, words in entries:
        data = bytes([len(key.encode())]) + key.encode() + bytes([len(words)]) + words.encode()
        lines.append("    " + literal(data))
        size += len(data)
    return "\n".join([
        "/* Written by scripts/lexicon_tables.py from vaderSentiment 3.3.2; not edited by hand.",
        "",
        "   The MIT License (MIT). Copyright (c) 2016 C.J. Hutto.", "",
        "   Permission is hereby granted, free of charge, to any person obtaining a copy of this",
        "   software and associated documentation files (the \"Software\"), to deal in the Software",
        "   without restriction, including without limitation the rights to use, copy, modify, merge,",
        "   publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons",
        "   to whom the Software is furnished to do so, subject to the following conditions:", "",
        "   The above copyright notice and this permission notice shall be included in all copies or",
        "   substantial portions of the Software.", "",
        "   THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED,",
        "   INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR",
        "   PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE",
        "   FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR",
        "   OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER",
        "   DEALINGS IN THE SOFTWARE. */",
        '#include "cunicode.h"', "", "/* clang-format off */",
        f"const int32_t pu_emoji_count = {len(entries)};",
        f"const int32_t pu_emoji_size = {size};",
        f"const char pu_emoji_text[{size + 1}] =", *lines]) + ";\n"


def case_of(scalar):
    if 0xD800 <= scalar < 0xE000:
        return 0
    character = chr(scalar)
    if character.isupper():
        return 1
    return 2 if character.islower() or character.istitle() else 0


def cases_file():
    blocks, index, data = {}, [], []
    for start in range(0, 0x110000, 128):
        block = tuple(case_of(start + offset) for offset in range(128))
        if block not in blocks:
            blocks[block] = len(blocks)
            data.extend(block)
        index.append(blocks[block])
    if len(blocks) > 256:
        sys.exit("more than 256 blocks")

    def rows(values):
        texts = [f"{value}," for value in values]
        lines, line = [], "   "
        for text in texts:
            if len(line) + 1 + len(text) > 100:
                lines.append(line)
                line = "   "
            line += " " + text
        return [*lines, line]

    return "\n".join([
        "/* Written by scripts/lexicon_tables.py from Python "
        f"{sys.version_info.major}.{sys.version_info.minor} (Unicode {unicodedata.unidata_version});",
        "   not edited by hand. */", '#include "cunicode.h"', "", "/* clang-format off */",
        f"const uint8_t pu_case_index[{len(index)}] = {{", *rows(index), "};",
        f"const uint8_t pu_case_data[{len(data)}] = {{", *rows(data), "};"]) + "\n"


def main():
    changed = False
    for name, text in (("emoji.c", emoji_file()), ("cases.c", cases_file())):
        path = SOURCES / name
        if "--check" in sys.argv[1:]:
            if path.read_text() != text:
                print(f"{name} differs")
                changed = True
        else:
            path.write_text(text)
    return 1 if changed else 0


sys.exit(main())
