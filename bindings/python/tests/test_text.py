"""Tokenizers: ids and offsets equal the wheel of Hugging Face tokenizers, byte for byte."""

import hashlib
import os
import pickle
import subprocess
import sys

import pytest
import tokenizers
from conftest import TINY

import plaudit

NASTY = [
    "", " ", "great😍", "🔥SALE🔥", "great 😍", "ＳＡＬＥ", "𝐒𝐀𝐋𝐄", "nike™ €5", "a\x0bb", "a\x85b", "a\u200bb",
    "co\u00adop", "\ufeffhello", "a\ufffdb", "a\0b", "a\ue000b", "a\u0378b", "a\u2028b\u00a0c",
    "👨‍👩‍👧 ❤️ 👍🏽 🇫🇷", "İstanbul", "Straße", "ΟΔΟΣ", "안녕 하세요", "ガギ", "买买买now", "a" * 100, "a" * 101,
    "é" * 100, "hi [CLS] there [SEP] [mask] [MASK]", "a\r\nb", "it’s don'T #win🎉 @you", "नमस्ते", "x" * 3000]


@pytest.fixture(scope="module")
def both(minilm):
    peer = tokenizers.Tokenizer.from_file(str(minilm / "tokenizer.json"))
    peer.no_padding()
    peer.no_truncation()
    assert tokenizers.__version__ == "0.23.3"
    with plaudit.Tokenizer(minilm) as ours:
        yield ours, peer


def byte_places(text):
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode()))
    return places


def check(ours, peer, texts, pairs=None, **options):
    made = ours.encode_batch(texts, pairs, truncation="none", padding="none", **options)
    expected = peer.encode_batch(texts if pairs is None else list(zip(texts, pairs)))
    assert made.row_count == len(texts)
    for index, (row, want) in enumerate(zip(made, expected)):
        assert row.ids.tolist() == want.ids, texts[index]
        assert row.type_ids.tolist() == want.type_ids
        assert row.attention_mask.tolist() == want.attention_mask
        assert row.special_tokens_mask.tolist() == want.special_tokens_mask
        assert row.sequences.tolist() == [-1 if s is None else s for s in want.sequence_ids]
        places = [byte_places(texts[index]), byte_places(pairs[index]) if pairs else []]
        spans = [(0, 0) if s is None else (places[s][a], places[s][b])
                 for s, (a, b) in zip(want.sequence_ids, want.offsets)]
        assert list(zip(row.starts.tolist(), row.ends.tolist())) == spans, texts[index]


def test_nasty_texts_equal_the_wheel(both):
    check(*both, NASTY)


def test_nasty_pairs_equal_the_wheel(both):
    check(*both, NASTY, NASTY[::-1])


def test_all_tweets_equal_the_wheel(both, tweets):
    assert len(tweets) > 38_000
    for first in range(0, len(tweets), 4096):
        check(*both, tweets[first:first + 4096])


COLUMNS = {
    "all": ["type_ids", "attention_mask", "special_tokens_mask", "sequences", "starts", "ends"],
    "offsets": ["starts", "ends"], "ids": []}


@pytest.mark.parametrize("columns", COLUMNS)
def test_columns_change_nothing_else(both, tweets, columns):
    ours, _ = both
    texts = tweets[:5000]
    every = ours.encode_batch(texts)
    made = ours.encode_batch(texts, columns=columns)
    assert made.row_offsets.tolist() == every.row_offsets.tolist()
    assert made.unknown_starts.tolist() == every.unknown_starts.tolist()
    for name in ["ids", *COLUMNS["all"]]:
        column = getattr(made, name)
        if name == "ids" or name in COLUMNS[columns]:
            assert column.tolist() == getattr(every, name).tolist()
        else:
            assert column is None and getattr(made[0], name) is None


def digest(tokenizer, texts):
    made = tokenizer.encode_batch(texts, columns="offsets")
    return hashlib.sha256(made.ids.tobytes() + made.starts.tobytes() + made.ends.tobytes()).hexdigest()


@pytest.mark.parametrize("setting", [
    "PLAUDIT_WORD_CACHE=0", "PLAUDIT_WORD_CACHE=1", "PLAUDIT_WORD_CACHE=none",
    "PLAUDIT_KERNELS=portable", "PLAUDIT_KERNELS=avx2"])
def test_neither_cache_nor_kernels_change_a_token(both, minilm, tweets, setting, tmp_path):
    pytest.importorskip("numpy")
    texts = [*tweets, *NASTY]
    (tmp_path / "texts").write_bytes(pickle.dumps(texts))
    name, value = setting.split("=")
    made = subprocess.run(
        [sys.executable, "-c", "import pickle, sys, plaudit, test_text; print(test_text.digest("
         "plaudit.Tokenizer(sys.argv[1]), pickle.load(open(sys.argv[2], 'rb'))))",
         str(minilm), str(tmp_path / "texts")],
        env={**os.environ, name: value, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=os.path.dirname(__file__), capture_output=True, text=True, check=True)
    assert made.stdout.strip() == digest(both[0], texts)


@pytest.mark.parametrize("truncation", ["longest_first", "only_first", "only_second"])
@pytest.mark.parametrize("side", ["right", "left"])
def test_truncation_and_overflow_equal_the_wheel(both, tweets, truncation, side):
    ours, peer = both
    texts, pairs = tweets[:300], tweets[300:600]
    peer.enable_truncation(16 if truncation == "longest_first" else 200, stride=3,
                           strategy=truncation, direction=side)
    length = 16 if truncation == "longest_first" else 200
    try:
        for text, pair in zip(texts, pairs):
            want = peer.encode(text, pair)
            made = ours.encode(text, pair, truncation=truncation, max_length=length, stride=3,
                               truncation_side=side, padding="none")
            rows = [want, *want.overflowing]
            assert [row.ids.tolist() for row in made] == [row.ids for row in rows]
    finally:
        peer.no_truncation()


def test_special_text_can_be_plain(both):
    ours, _ = both
    recognised = ours.encode("a [SEP] b").ids.tolist()
    plain = ours.encode("a [SEP] b", special_text="plain").ids.tolist()
    assert recognised.count(102) == 2 and plain.count(102) == 1


def test_what_was_lost_is_said(both):
    ours, _ = both
    made = ours.encode_batch(["so great😍 it is", "fine"], truncation="longest_first", max_length=4,
                             padding="none")
    assert made.unknown_words(0) == [(3, 12, 0)] and made.unknown_words(1) == []
    assert made.dropped_tokens.tolist() == [2, 0]


def test_padding_and_options(both):
    ours, _ = both
    made = ours.encode_batch(["a", "a b c"], truncation="none", padding="longest", pad_multiple=4)
    assert [len(row.ids) for row in made] == [8, 8]
    assert made[0].attention_mask.tolist().count(1) == 3
    assert made.tokens[:3] == ["[CLS]", "a", "[SEP]"]
    assert len(ours.encode("a", special_tokens=False, truncation="none", padding="none").ids) == 1


def test_vocabulary(both):
    ours, peer = both
    assert len(ours) == ours.vocabulary_size == peer.get_vocab_size()
    assert ours.token_to_id("love") == peer.token_to_id("love")
    assert ours.token_to_id("no such token") is None
    assert ours.id_to_token(101) == "[CLS]"
    assert ours.id_to_token(-1) is None and ours.id_to_token(2**40) is None


def test_none_is_an_empty_text_and_nothing_is_nothing(both):
    ours, _ = both
    made = ours.encode_batch([None, "a"], padding="none")
    assert made[0].ids.tolist() == [101, 102]
    assert len(ours.encode_batch([])) == 0


def test_bad_text_says_row_and_byte(both):
    ours, _ = both
    with pytest.raises(plaudit.InvalidUTF8Error) as caught:
        ours.encode_batch(["fine", b"caf\xe9 au lait"])
    assert (caught.value.index, caught.value.offset) == (1, 3)
    with pytest.raises(plaudit.InvalidUTF8Error):
        ours.encode("half \ud83d")
    replaced = ours.encode(b"caf\xe9 au lait", invalid_utf8="replace", padding="none")
    assert replaced.ids.tolist() == ours.encode("caf au lait", padding="none").ids.tolist()


@pytest.mark.parametrize("options", [
    {"truncation": "sideways"}, {"truncation": "longest_first"}, {"max_length": -1, "truncation": "only_first"},
    {"padding": "fixed", "pad_length": -3}, {"invalid_utf8": "ignore"},
    {"columns": "some"},
    {"truncation": "longest_first", "max_length": 4, "stride": 4}])
def test_options_out_of_range_are_refused(both, options):
    with pytest.raises(ValueError):
        both[0].encode("some text that is long", **options)


def test_wrong_types_are_refused(both):
    for wrong in ("a single text", 7, {"a": 1}, [1], [["a"]]):
        with pytest.raises(TypeError):
            both[0].encode_batch(wrong)


def test_arrays_outlive_the_encoding_and_the_tokenizer():
    tokenizer = plaudit.Tokenizer(TINY / "sequence_single")
    ids = tokenizer.encode("a great day").ids
    expected = ids.tolist()
    tokenizer.close()
    assert ids.tolist() == expected
    with pytest.raises(ValueError):
        ids[0] = 1
    with pytest.raises(ValueError):
        tokenizer.encode("a")


def test_a_tokenizer_is_pickled_by_its_path():
    with plaudit.Tokenizer(TINY / "sequence_single") as one, pickle.loads(pickle.dumps(one)) as two:
        assert one.encode("a great day").ids.tolist() == two.encode("a great day").ids.tolist()


def test_absent_and_broken_files():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        plaudit.Tokenizer("nowhere")
    with pytest.raises(NotImplementedError, match="pre_tokenizer"):
        plaudit.Tokenizer(TINY / "sequence_single/config.json")
