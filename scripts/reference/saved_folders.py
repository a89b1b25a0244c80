"""Checks that transformers reads what Plaudit's training writes: no file is written, nothing is compared in tests.

Run: PLAUDIT_LIBRARY=out/lib/libplaudit.so nice python scripts/reference/saved_folders.py [ENCODER ...]
(versions: requirements.txt; no network; an ENCODER is a folder to start from, by default a tiny one)

A BertForSequenceClassification folder loads in transformers with nothing missing or left over, and gives
the same logits; BertModel reads the encoder of both hybrids' folders, and PyTorch computes the BiLSTM's
logits from it.
"""

import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, BertForSequenceClassification, BertModel
from transformers.utils import logging

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python/src"))
import plaudit  # noqa: E402

TINY = ROOT / "Tests/PlauditNeuralTests/Reference/bert_tiny/base_gelu"
LABELS = ["negative", "neutral", "positive"]
TEXTS = [
    "love this new shoe!", "", "the delivery was slow and bad, why?", "a great brand 10 % off today", "refund",
    "unbelievable: the café is slow today, the shoe is great, the refund is bad and the delivery is new", "😍"]
TOLERANCE = 2e-5


def train(encoder, architecture, folder, **options):
    with plaudit.Model(encoder) as base:
        trainer = plaudit.Trainer(
            base, LABELS, architecture, epochs=6, batch_size=4, learning_rate=5e-5, head_learning_rate=3e-2, seed=3,
            **options)
        trainer.add(TEXTS * 2, [LABELS[i % 3] for i in range(2 * len(TEXTS))]).fit()
        model = trainer.model()
    model.save(folder)
    return model


def logits(model):
    return torch.tensor([list(row) for row in model.predict(TEXTS, scores="logits").scores])


def read(kind, folder):
    """The model, and what transformers says is missing or left over."""
    made, about = kind.from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    return made.eval(), sorted(about["missing_keys"]), sorted(about["unexpected_keys"])


def encoded(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return [tokenizer(text, return_tensors="pt", truncation=True) for text in TEXTS]


def worst(found, wanted):
    """How far the logits are apart at most; they must differ among texts."""
    difference, spread = (found - wanted).abs().max().item(), wanted.std(dim=0).max().item()
    assert difference <= TOLERANCE and spread > 0.1, (difference, spread)
    return f"{difference:.1e} (their spread is {spread:.2f})"


def check(encoder, work):
    folder = work / "classifier"
    model = train(encoder, "BertForSequenceClassification", folder)
    other, missing, extra = read(BertForSequenceClassification, folder)
    assert not missing and not extra, (missing, extra)
    assert [other.config.id2label[i] for i in range(3)] == LABELS
    theirs = torch.cat([other(**one).logits for one in encoded(folder)])
    print("  BertForSequenceClassification: nothing missing or left over, logits within "
          + worst(logits(model), theirs))

    folder = work / "bilstm"
    model = train(encoder, "BertBiLSTMForSequenceClassification", folder, hidden_size=16)
    other, missing, extra = read(BertModel, folder)
    assert all(name.startswith("pooler.") for name in missing), missing
    weights = load_file(folder / "model.safetensors")
    lstm = torch.nn.LSTM(other.config.hidden_size, 16, batch_first=True, bidirectional=True)
    lstm.load_state_dict({k.removeprefix("lstm."): v for k, v in weights.items() if k.startswith("lstm.")})
    theirs = []
    for one in encoded(folder):
        ends = torch.cat(list(lstm(other(**one).last_hidden_state)[1][0]), dim=-1)
        theirs.append(ends @ weights["classifier.weight"].T + weights["classifier.bias"])
    print(f"  BertBiLSTM: BertModel reads the encoder ({len(extra)} tensors above it), logits of PyTorch's LSTM on it "
          f"within {worst(logits(model), torch.cat(theirs))}")

    folder = work / "word_lstm"
    vectors = work / "glove.txt"
    vectors.write_text("".join(f"{word} {i} {-i / 7} 0.5\n" for i, word in enumerate("the love bad slow new".split())))
    train(encoder, "BertWordLSTMForSequenceClassification", folder, vectors=vectors, hidden_size=5)
    _, missing, extra = read(BertModel, folder)
    assert not missing, missing
    print(f"  BertWordLSTM: BertModel reads encoder and pooler ({len(extra)} tensors above them)")


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for encoder in sys.argv[1:] or [TINY]:
        print(encoder)
        with tempfile.TemporaryDirectory() as work:
            check(encoder, Path(work))


main()
