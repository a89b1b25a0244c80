#!/usr/bin/env python3
"""Writes wordpiece_added.json: random small tokenizer.json files with added tokens of all kinds.

Every flag of the normaliser and of added tokens, prefixes, unknown lengths and both ways to treat
special tokens in the text; ids and byte offsets of a dozen texts each.
"""

import json

import wordpiece_peer as peer

WORDS = ["a", "b", "c", "d", "ab", "##a", "##b", "##bc", "x", "##x", "y", "~a", "~b", ".", ",", "é",
         "ß", "##é", "[", "]", "cls", "中", "ᄀ", "##ᅡ"]
CANDIDATES = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "<u>", "AB", "ab ", "É", "é", " q", "q ", "aa",
              "aab", "中a", "x.y", "foo bar", "\u00a0", "İ", "각"]
ALPHABET = ["a", "b", "c", "A", "B", "ab", "aab", " ", "  ", "\t", ".", "!", "x", "y", "q", "é", "É",
            "E\u0301", "中", "가", "각", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "<u>", "foo bar", "\u00a0",
            "\u200b", "_", "1", "\u0301", "😍", "\u302e", "İ"]


def chance(random, percent):
    return random.below(100) < percent


def draw(random):
    vocabulary = {}
    for token in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]:
        vocabulary.setdefault(token, len(vocabulary))
    normalizer = None
    if chance(random, 75):
        normalizer = {
            "type": "BertNormalizer", "clean_text": chance(random, 70),
            "handle_chinese_chars": chance(random, 70),
            "strip_accents": [None, True, False][random.below(3)], "lowercase": chance(random, 60)}
    added, size, seen = [], len(vocabulary), set()
    for _ in range(random.below(9)):
        content = CANDIDATES[random.below(len(CANDIDATES))]
        if content in seen:
            continue
        seen.add(content)
        added.append({
            "id": vocabulary.get(content, size), "content": content,
            "single_word": chance(random, 30), "lstrip": chance(random, 30),
            "rstrip": chance(random, 30), "normalized": chance(random, 40),
            "special": content[0] == "[" or chance(random, 20)})
        size += content not in vocabulary
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": normalizer, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]",
                  "continuing_subword_prefix": ["##", "##", "", "~"][random.below(4)],
                  "max_input_chars_per_word": [100, 5, 3][random.below(3)], "vocab": vocabulary}}


def has_twins(file, tokenizer):
    """Whether two normalised tokens have one normal form: which is found is then up to the
    order of a hash map, and Plaudit refuses the file."""
    forms = [t["content"] for t in file["added_tokens"] if t["normalized"]]
    if tokenizer.normalizer is not None:
        forms = [tokenizer.normalizer.normalize_str(f) for f in forms]
    return len(set(forms)) < len(forms) or "" in forms


def main():
    random, tokenizers = peer.Random(42), []
    while len(tokenizers) < 60:
        file = draw(random)
        tokenizer = peer.from_json(file)
        if has_twins(file, tokenizer):
            continue
        cases = []
        for _ in range(12):
            text = "".join(ALPHABET[random.below(len(ALPHABET))] for _ in range(random.below(16)))
            offsets = peer.places(text)
            results = []
            for plain in (False, True):
                tokenizer.encode_special_tokens = plain
                results.append(list(peer.tokens(tokenizer.encode(text), offsets)))
            cases.append({"text": list(text.encode()), "special": results[0], "plain": results[1]})
        tokenizers.append({"file": json.loads(json.dumps(file)), "cases": cases})
    peer.write("wordpiece_added", "Tokenizer.from_str(file).encode(text)",
               {"fields": ["ids", "starts", "ends"], "tokenizers": tokenizers})


if __name__ == "__main__":
    main()
