#!/usr/bin/env python3
"""Writes wordpiece_rows.json: every combination of lengths and options on small tokenizers.

Each family is one tokenizer, strategy, direction and padding; its digest runs over all lengths
of one text or two, all maximal lengths, strides, and special tokens on and off, and over every
field of every row, overflow rows included. Combinations that the reference refuses, or where it
silently gives up truncating, count as one marker.
"""

import os
import sys

import wordpiece_peer as peer

VOCABULARY = {t: i for i, t in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnop"])}
REFUSED = 0x7FFFFFFF


def special(name, type_id):
    return {"SpecialToken": {"id": name, "type_id": type_id}}


def sequence(name, type_id):
    return {"Sequence": {"id": name, "type_id": type_id}}


def template(single, pair):
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": {
        "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
        "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]},
        "both": {"id": "both", "ids": [2, 3], "tokens": ["[CLS]", "[SEP]"]}}}


POST = {
    "template": template(
        [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)],
        [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0), sequence("B", 1),
         special("[SEP]", 1)]),
    "odd template": template(
        [sequence("A", 3), special("both", 2)],
        [special("both", 7), sequence("B", 4), sequence("A", 5), special("[SEP]", 6)]),
    "bert": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "none": None,
}


def tokenizer_file(post):
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": None, "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": post,
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": VOCABULARY}}


FIRST, SECOND = "abcdefgh", "ijklmnop"
STRATEGIES = ["longest_first", "only_first", "only_second"]
PADDINGS = [None, {"length": None}, {"length": 6, "pad_to_multiple_of": 4},
            {"length": None, "pad_to_multiple_of": 4, "direction": "left"}]


def row_values(encoding, has_post):
    values = [len(encoding.ids)]
    fields = zip(encoding.ids, encoding.type_ids, encoding.attention_mask,
                 encoding.special_tokens_mask, encoding.sequence_ids, encoding.offsets)
    for i, (id, type_id, attention, mask, seq, (start, end)) in enumerate(fields):
        if not has_post:
            # Without a post-processor the reference loses count of sequences in overflow rows
            # and filler; the letters say which text it was.
            seq = None if mask else (0 if id < 12 else 1)
        values += [id, type_id, attention, mask, -1 if seq is None else seq, start, end]
    return values


def main():
    families = []
    for name, post in POST.items():
        tokenizer = peer.from_json(tokenizer_file(post))
        for strategy in STRATEGIES:
            for direction in ("right", "left"):
                for p, padding in enumerate(PADDINGS):
                    tokenizer.no_padding()
                    if padding is not None:
                        tokenizer.enable_padding(**padding)
                    digest, refused, rows, cases = peer.Digest(), 0, 0, 0
                    for a in range(0, 8):
                        for b in range(-1, 8):
                            text, pair = " ".join(FIRST[:a]), None
                            if b >= 0:
                                pair = " ".join(SECOND[:b])
                            for maximum in range(0, 12):
                                for stride in range(0, 3):
                                    for add in (True, False):
                                        cases += 1
                                        result = one(tokenizer, text, pair, maximum, stride,
                                                     strategy, direction, add)
                                        if result is None:
                                            refused += 1
                                            digest.add([REFUSED])
                                            continue
                                        all_rows = [result, *result.overflowing]
                                        digest.add([len(all_rows)])
                                        rows += len(all_rows)
                                        for row in all_rows:
                                            digest.add(row_values(row, post is not None))
                    families.append({
                        "post_processor": name, "strategy": strategy, "direction": direction,
                        "padding": p, "cases": cases, "refused": refused, "rows": rows,
                        "digest": digest.text()})
        print(name, flush=True)
    peer.write("wordpiece_rows", "Tokenizer.encode(text, pair, add_special_tokens)", {
        "tokenizers": {name: tokenizer_file(post) for name, post in POST.items()},
        "families": families})


def one(tokenizer, text, pair, maximum, stride, strategy, direction, add):
    """The encoding, or None where Plaudit refuses: see docs/text.md, "Truncation"."""
    special_count = tokenizer.num_special_tokens_to_add(pair is not None) if add else 0
    budget = maximum - special_count
    if budget < 0 or stride >= max(budget, 1):
        return None
    try:
        tokenizer.enable_truncation(maximum, stride=stride, strategy=strategy, direction=direction)
    except BaseException:
        # The reference counts special tokens here even when none are added.
        return None if add else skip(tokenizer, text, pair, maximum, stride, strategy, direction)
    try:
        return tokenizer.encode(text, pair, add_special_tokens=add)
    except BaseException:
        return None


def skip(tokenizer, text, pair, maximum, stride, strategy, direction):
    """The same without special tokens, asked of the tokenizer that has no template to count."""
    value = tokenizer.post_processor
    tokenizer.post_processor = EMPTY
    tokenizer.enable_truncation(maximum, stride=stride, strategy=strategy, direction=direction)
    tokenizer.post_processor = value
    try:
        return tokenizer.encode(text, pair, add_special_tokens=False)
    except BaseException:
        return None


EMPTY = peer.from_json(tokenizer_file(template(
    [sequence("A", 0)], [sequence("A", 0), sequence("B", 1)]))).post_processor


if __name__ == "__main__":
    # The reference reports the strides it refuses as panics on standard error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.exit(main())
