"""Cleaning: recipes by name, and the way back from cleaned to raw bytes."""

import gc

import pytest

import plaudit


def test_a_recipe_cleans_and_leads_back():
    raw = ["@bob I looove #TeamNike http://t.co/x :)", None, "", "caf\u00e9 \U0001f600"]
    cleaned = plaudit.clean(raw, "tweets-1")
    assert list(cleaned) == [
        "@user I loove Team Nike http smiling face", "", "", "caf\u00e9 grinning face"]
    assert len(cleaned) == 4
    assert "tweets-1" in repr(cleaned)
    start = cleaned[0].index("Team Nike")
    assert cleaned.raw_span(0, start, start + 9) == (14, 23)
    assert raw[0][14:23] == "#TeamNike"
    # Bytes, not characters.
    assert cleaned.raw_span(-1, 6, 19) == (6, 10)


def test_bytes_that_are_not_utf8_stay():
    cleaned = plaudit.clean([b"caf\xe9 @bob"], "cardiff-1")
    assert cleaned.data == b"caf\xe9 @user"
    assert cleaned[0] == "caf\ufffd @user"


def test_the_columns_live_by_themselves():
    starts = plaudit.clean(["a @bob b"], "cardiff-1").starts
    gc.collect()
    assert list(starts) == [0, 1, 2, 2, 2, 2, 2, 6, 7]


def test_the_map_of_every_recipe_never_falls(tweets):
    for recipe in plaudit.cleaning_recipes():
        cleaned = plaudit.clean(tweets[:5000], recipe)
        assert len(cleaned) == 5000
        for row, raw in enumerate(tweets[:5000]):
            first, last = int(cleaned.offsets[row]), int(cleaned.offsets[row + 1])
            starts, ends = cleaned.starts[first:last], cleaned.ends[first:last]
            assert (starts[1:] >= starts[:-1]).all() and (ends[1:] >= ends[:-1]).all()
            assert (starts < ends).all() and (last == first or ends[-1] <= len(raw.encode()))
        if recipe == "none":
            assert list(cleaned) == tweets[:5000]


def test_cardiff_equals_the_model_card(tweets):
    def preprocess(text):
        new_text = []
        for t in text.split(" "):
            t = "@user" if t.startswith("@") and len(t) > 1 else t
            t = "http" if t.startswith("http") else t
            new_text.append(t)
        return " ".join(new_text)

    assert list(plaudit.clean(tweets, "cardiff-1")) == [preprocess(text) for text in tweets]


def test_recipes_are_listed_with_their_steps():
    recipes = plaudit.cleaning_recipes()
    assert list(recipes) == ["none", "tweets-1", "cardiff-1", "bertweet-1", "bag-of-words-1"]
    assert recipes["none"] == []
    assert recipes["tweets-1"][1] == "links: http"


def test_misuse_is_refused():
    with pytest.raises(plaudit.LabelNotFoundError, match="no cleaning recipe tweets-0.*bertweet-1"):
        plaudit.clean(["a"], "tweets-0")
    with pytest.raises(TypeError):
        plaudit.clean(["a"], 5)
    with pytest.raises(TypeError):
        plaudit.clean("a", "none")
    cleaned = plaudit.clean(["ab"], "none")
    for start, end in [(0, 0), (-1, 1), (0, 3), (2, 1)]:
        with pytest.raises(IndexError):
            cleaned.raw_span(0, start, end)
    with pytest.raises(IndexError):
        cleaned[1]
    assert len(plaudit.clean([], "none")) == 0
