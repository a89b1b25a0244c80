"""Writes Reference/bert_tiny/<name>/ (tiny random BERT folders) and Reference/bert_tiny.json.

Run: python scripts/reference/bert_tiny.py      (versions: requirements.txt; no arguments, no network)

Every folder is written first and then read back by transformers or sentence-transformers, so the
expected outputs are those of the files on disk. fp32, eval, eager attention, one text at a time
without padding, one thread. `max_abs_fp32_fp64` per model is the largest difference to the same
computation in float64; base_gelu also stores the float64 values themselves.
Vocabulary, texts and weights are invented here.
"""

import json
import shutil

from bert_common import REFERENCE, SPECIAL, numbers, randomise, versions, vocabulary, write_json

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizer,
)

OUT = REFERENCE / "bert_tiny"
EAGER = {"attn_implementation": "eager"}

TEXTS = [
    "We love the new roast, great cup today!",
    "",
    "?!... ---",
    "Marmelwick qzx vrooom 7",
    "☕ best bean box 🎉🎉 thanks",
    "The update is broken again and again. " * 12,
    "Café crème à Zürich, naïve ÉTÉ",
    "品茶好 and 你好 tea",
    "ORDER #2024-00: never late, shipping €5.50",
    "  tabs\tand\nnew lines  ",
    "wait [MASK] what [SEP] now",
    "unbreakableness",
    "LOVE the Coffee app",
]
PAIRS = [
    ("Is the bottle free?", "Not today, it is 5 €."),
    ("", "help"),
    ("love it", " "),  # not "": transformers takes an empty second text for none at all
    ("The app is so super great and the service is not. " * 3, "my order is late, never again this shop " * 2),
]


def config(vocab, **changes):
    values = dict(
        vocab_size=len(vocab), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, hidden_act="gelu", max_position_embeddings=32, pad_token_id=0)
    return BertConfig(**{**values, **changes})


def fresh(name):
    folder = OUT / name
    folder.mkdir(parents=True)
    return folder


def save_tokenizer(folder, vocab, max_length=32):
    table = {token: id for id, token in enumerate(vocab)}
    BertTokenizer(vocab=table, do_lower_case=True, model_max_length=max_length).save_pretrained(folder)


def write_models(uncased, cased):
    """The plain transformers folders; returns name -> what it exercises."""
    def save(name, model, note, **options):
        folder = fresh(name)
        model.save_pretrained(folder, **options)
        save_tokenizer(folder, uncased)
        notes[name] = note

    notes = {}
    base = randomise(BertModel(config(uncased)), 1)
    save("base_gelu", base, "erf gelu, tokenizer.json")

    folder = fresh("relu_odd")
    odd = config(
        cased, hidden_size=36, num_hidden_layers=3, num_attention_heads=3, intermediate_size=50,
        hidden_act="relu", layer_norm_eps=1e-5)
    randomise(BertModel(odd), 2).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(cased) + "\n", encoding="utf-8")
    names = dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], SPECIAL))
    settings = {
        "tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": None,
        "tokenize_chinese_chars": True, "model_max_length": 32, **names}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    notes["relu_odd"] = "relu, 3 heads of 12, layer_norm_eps 1e-5, cased, vocab.txt without tokenizer.json"

    wide = config(
        uncased, hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=40,
        hidden_act="gelu_new", vocab_size=len(uncased) + 5)
    save("gelu_new", randomise(BertModel(wide), 3), "tanh gelu, 5 embedding rows more than the vocabulary")

    small = dict(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=40)
    for seed, (name, note, labels) in enumerate([
        ("sequence_single", "3 labels in an unusual order, problem_type null",
         dict(id2label={0: "positive", 1: "negative", 2: "neutral"})),
        ("sequence_multi", "4 labels, multi_label_classification",
         dict(id2label={0: "price", 1: "taste", 2: "service", 3: "delivery"},
              problem_type="multi_label_classification")),
        ("sequence_regression", "1 label, regression", dict(num_labels=1, problem_type="regression")),
    ], 4):
        if "id2label" in labels:
            labels["label2id"] = {label: id for id, label in labels["id2label"].items()}
        save(name, randomise(BertForSequenceClassification(config(uncased, **small, **labels)), seed), note)
    # transformers 5 leaves the key out when it is null, version 4 wrote it.
    file = OUT / "sequence_single" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"problem_type": None}, indent=2, sort_keys=True) + "\n")

    for name, dtype in [("half_f16", torch.float16), ("half_bf16", torch.bfloat16)]:
        model = randomise(BertModel(config(uncased)), 1).to(dtype)
        save(name, model, f"base_gelu rounded to {dtype}; computed in fp32 from the rounded weights")

    save("sharded", randomise(BertModel(config(uncased)), 7), "index.json with several shards", max_shard_size="32KB")
    shards = list((OUT / "sharded").glob("model-*.safetensors"))
    assert len(shards) >= 3, shards

    save("legacy_names", randomise(BertModel(config(uncased, num_hidden_layers=1)), 8),
         "LayerNorm.gamma/beta, I64 embeddings.position_ids, unused cls.predictions.bias")
    file = OUT / "legacy_names" / "model.safetensors"
    tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in load_file(file).items()}
    tensors["embeddings.position_ids"] = torch.arange(32).unsqueeze(0)
    tensors["cls.predictions.bias"] = torch.linspace(-1, 1, len(uncased))
    save_file(tensors, file, metadata={"format": "pt"})
    return notes


def write_sentence_models(uncased):
    def save(name, seed, note, *rest, max_length=32):
        folder = fresh(name)
        randomise(BertModel(config(uncased, num_hidden_layers=1)), seed).save_pretrained(folder)
        save_tokenizer(folder, uncased, max_length)
        model = SentenceTransformer(modules=[Transformer(str(folder)), *rest], device="cpu")
        shutil.rmtree(folder)
        model.save_pretrained(str(folder), create_model_card=False)
        notes[name] = note
        return folder

    notes = {}
    folder = save("sentence_mean", 9, "mean and normalise, folder layout of sentence-transformers 2 to 5, max_seq_length 16",
                  Pooling(32, "mean"), Normalize())
    # The older layout, as most published folders have it: short type names, one boolean per pooling
    # mode, no file for Normalize, and max_seq_length in sentence_bert_config.json.
    types = ["Transformer", "Pooling", "Normalize"]
    modules = [
        {"idx": i, "name": str(i), "path": f"{i}_{kind}" if i else "",
         "type": f"sentence_transformers.models.{kind}"} for i, kind in enumerate(types)]
    pooling = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
               "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False}
    (folder / "modules.json").write_text(json.dumps(modules, indent=2) + "\n")
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling, indent=2) + "\n")
    (folder / "sentence_bert_config.json").write_text('{\n  "max_seq_length": 16,\n  "do_lower_case": false\n}\n')
    (folder / "config_sentence_transformers.json").write_text(
        '{\n  "__version__": {\n    "sentence_transformers": "2.0.0"\n  }\n}\n')
    shutil.rmtree(folder / "2_Normalize")

    save("sentence_cls", 10, "first token and normalise, tokenizer model_max_length 24", Pooling(32, "cls"), Normalize(),
         max_length=24)
    save("sentence_max", 11, "maximum over tokens, not normalised", Pooling(32, "max"))
    save("sentence_three", 13, "first token, maximum and mean side by side, normalised",
         Pooling(32, ("cls", "max", "mean")), Normalize())
    torch.manual_seed(12)
    head = Dense(32, 3, bias=True, activation_function=torch.nn.Identity())
    save("dense_head", 12, "mean, normalise, Dense 32 to 3 with bias and Identity", Pooling(32, "mean"), Normalize(), head)
    return notes


def difference(a, b):
    return (a.double() - b.double()).abs().max().item()


def run_model(name, note):
    folder = OUT / name
    kind = json.loads((folder / "config.json").read_text())["architectures"][0]
    auto = AutoModelForSequenceClassification if "Sequence" in kind else AutoModel
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, info = auto.from_pretrained(folder, dtype=torch.float32, output_loading_info=True, **EAGER)
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    double = auto.from_pretrained(folder, dtype=torch.float32, **EAGER).double()
    limit = model.config.max_position_embeddings
    worst, cases = 0.0, []
    for text, pair in [(text, None) for text in TEXTS] + PAIRS:
        tokens = tokenizer(text, pair, truncation=True, max_length=limit, return_tensors="pt")
        results = []
        for each in (model.eval(), double.eval()):
            with torch.no_grad():
                if auto is AutoModel:
                    output = each(**tokens)
                    results.append({"last_hidden_state": output.last_hidden_state[0], "pooler_output": output.pooler_output[0]})
                else:
                    output = each.bert(**tokens)
                    results.append({
                        "last_hidden_state": output.last_hidden_state[0], "pooler_output": output.pooler_output[0],
                        "logits": each(**tokens).logits[0]})
        worst = max(worst, *(difference(results[0][key], results[1][key]) for key in results[0]))
        case = {"text": text, "pair": pair, "ids": tokens["input_ids"][0].tolist(),
                "type_ids": tokens["token_type_ids"][0].tolist()}
        case |= {key: numbers(value) for key, value in results[0].items()}
        if name == "base_gelu":
            case |= {key + "_float64": numbers(value, 12) for key, value in results[1].items()}
        cases.append(case)
    return {"exercises": note, "max_length": limit, "max_abs_fp32_fp64": numbers(torch.tensor(worst), 3), "cases": cases}


def run_sentence_model(name, note):
    model, double = (
        SentenceTransformer(str(OUT / name), device="cpu", model_kwargs=dict(EAGER, dtype=torch.float32)) for _ in range(2))
    double.double()
    worst, cases = 0.0, []
    for text in TEXTS:
        tokens = model.preprocess([text])
        one, exact = (m.encode(text, convert_to_tensor=True, show_progress_bar=False) for m in (model, double))
        assert exact.dtype == torch.float64
        worst = max(worst, difference(one, exact))
        cases.append({"text": text, "ids": tokens["input_ids"][0].tolist(), "embedding": numbers(one)})
    return {"exercises": note, "max_length": model.max_seq_length, "max_abs_fp32_fp64": numbers(torch.tensor(worst), 3),
            "cases": cases}


def main():
    torch.set_num_threads(1)
    shutil.rmtree(OUT, ignore_errors=True)
    uncased, cased = vocabulary(False), vocabulary(True)
    plain, sentence = write_models(uncased, cased), write_sentence_models(uncased)
    models = {name: run_model(name, note) for name, note in plain.items()}
    models |= {name: run_sentence_model(name, note) for name, note in sentence.items()}
    write_json(REFERENCE / "bert_tiny.json", {
        "tool": "transformers, sentence-transformers",
        "version": versions("torch", "transformers", "sentence-transformers", "tokenizers", "safetensors"),
        "call": "AutoModel*.from_pretrained(folder, dtype=float32, attn_implementation='eager')(**tokenizer(text, pair, "
                "truncation=True, max_length=max_length)); SentenceTransformer(folder).encode(text)",
        "models": models,
    }, 4)
    for name, model in models.items():
        print(f"{name:20} max |fp32 - fp64| {model['max_abs_fp32_fp64']:.2e}")


main()
