"""Writes Reference/train_tiny/<name>/ (initial weights) and Reference/train_trajectories.json: 20 steps of PyTorch.

Run: nice python scripts/reference/train_trajectories.py     (versions: requirements.txt; no arguments, no network)

Five tiny classifiers are trained twice from the float32 weights on disk, in float32 and in float64:
all texts in each step, mean cross-entropy, AdamW without decay of biases and LayerNorm, a linear
schedule with warm-up whose first step has rate 0, and clipping of the global norm. Nothing is dropped
out. `losses` are those before the step's update. Vocabulary, texts, labels and weights are invented.

BERT sees padded rows with an attention mask, LSTMs packed sequences, the CNN one text at a time.
The script checks that the gradients are those of the texts one by one, without any padding.
"""

import json
import shutil

from bert_common import REFERENCE, SPECIAL, numbers, randomise, versions, write_json

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import conv1d, cross_entropy, pad
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizer
from transformers import get_linear_schedule_with_warmup

OUT = REFERENCE / "train_tiny"
STEPS, WARMUP, RATE, DECAY, CLIP = 20, 2, 1e-3, 0.01, 1.0
LABELS = ["negative", "neutral", "positive"]
WORDS = (
    "the is it and not my for to we you this so brand coffee tea cup bean roast order app service price "
    "late free love hate great bad new broken today never again box shop help thanks super slow fast cheap "
    "dear fine poor best worst ever ! ? . , ##s ##ed ##ing ##ly"
).split()
VOCABULARY = SPECIAL + WORDS
TEXTS = [
    ("we love this brand !", 2),
    ("", 1),
    ("the app is broken again and again . never again !", 0),
    ("great coffee today , thanks", 2),
    ("help ?", 1),
    ("my order is late and the service is slow . bad shop", 0),
    ("zebra tea is fine", 1),
    ("hate", 0),
    ("the best beans ever and so fast", 2),
    ("is the new box free for you ?", 1),
]
# Word ids of the models that have a table of words; 1, 2, 3 and 4 are shorter than a convolution.
WORD_IDS = [
    [5, 12, 7, 31], [3], [39, 1, 8, 8, 22, 17, 4, 30, 2, 11, 6, 19, 25, 33], [14, 9, 28], [21, 16],
    [10, 35, 35, 13, 1, 27, 38], [24, 5, 18, 12, 36], [2, 37, 20, 15, 29, 7, 23, 3, 26], [34, 32, 12, 1, 5, 39],
    [8, 31, 6, 14, 9, 17, 22, 30, 4, 11, 28],
]


def bert_config(**changes):
    return BertConfig(
        vocab_size=len(VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, hidden_act="gelu", max_position_embeddings=32, pad_token_id=0,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager",
        id2label=dict(enumerate(LABELS)), label2id={label: id for id, label in enumerate(LABELS)}, **changes)


def padded(sequences):
    """Rows of one length, and their mask."""
    rows = pad_sequence([torch.tensor(ids) for ids in sequences], batch_first=True)
    return rows, (torch.arange(rows.shape[1]) < torch.tensor([[len(ids)] for ids in sequences])).long()


def last_states(lstm, rows, lengths):
    """The final state of each direction, side by side: the last forward and the first backward one."""
    packed = pack_padded_sequence(rows, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    return torch.cat(list(lstm(packed)[1][0]), dim=-1)


class BertClassifier(nn.Module):
    architecture, inputs = "BertForSequenceClassification", ["ids"]
    note = "logits = classifier(tanh(bert.pooler.dense(hidden of [CLS])))"

    def __init__(self):
        super().__init__()
        self.model = BertForSequenceClassification(bert_config())

    def forward(self, texts):
        rows, mask = padded([text["ids"] for text in texts])
        return self.model(rows, attention_mask=mask).logits


class BertBiLSTM(nn.Module):
    architecture, inputs = "BertBiLSTMForSequenceClassification", ["ids"]
    note = "BiLSTM of 8 per direction over all tokens, [CLS] and [SEP] too; classifier([last forward, first backward])"

    def __init__(self):
        super().__init__()
        self.bert = BertModel(bert_config(), add_pooling_layer=False)
        self.lstm = nn.LSTM(32, 8, batch_first=True, bidirectional=True)
        self.classifier = nn.Linear(16, 3)

    def forward(self, texts):
        rows, mask = padded([text["ids"] for text in texts])
        hidden = self.bert(rows, attention_mask=mask).last_hidden_state
        return self.classifier(last_states(self.lstm, hidden, [len(text["ids"]) for text in texts]))


class WordLSTM(nn.Module):
    architecture, inputs = "WordLSTMForSequenceClassification", ["words"]
    note = "classifier(last state of an LSTM of 12 over word vectors of 10)"

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(40, 10)
        self.lstm = nn.LSTM(10, 12, batch_first=True)
        self.classifier = nn.Linear(12, 3)

    def forward(self, texts):
        rows, _ = padded([text["words"] for text in texts])
        return self.classifier(last_states(self.lstm, self.words(rows), [len(text["words"]) for text in texts]))


class WordCNN(nn.Module):
    architecture, inputs = "WordCNNForSequenceClassification", ["words"]
    note = "widths 3, 4, 5 with 6 filters each; shorter texts get zero vectors at their end; ReLU; maximum over time"

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(40, 10)
        self.convolutions = nn.ModuleList(nn.Conv1d(10, 6, width) for width in (3, 4, 5))
        self.classifier = nn.Linear(18, 3)

    def forward(self, texts):
        rows = []
        for text in texts:
            vectors = self.words(torch.tensor(text["words"])).T
            maxima = []
            for convolution in self.convolutions:
                missing = max(convolution.kernel_size[0] - vectors.shape[1], 0)
                maxima.append(conv1d(pad(vectors, (0, missing)), convolution.weight, convolution.bias).relu().amax(1))
            rows.append(torch.cat(maxima))
        return self.classifier(torch.stack(rows))


class BertWordLSTM(nn.Module):
    architecture, inputs = "BertWordLSTMForSequenceClassification", ["ids", "words"]
    note = "classifier(ReLU(dense([pooler output, last state of an LSTM of 12 over word vectors of 10])))"

    def __init__(self):
        super().__init__()
        self.bert = BertModel(bert_config())
        self.words = nn.Embedding(40, 10)
        self.lstm = nn.LSTM(10, 12, batch_first=True)
        self.dense = nn.Linear(32 + 12, 16)
        self.classifier = nn.Linear(16, 3)

    def forward(self, texts):
        rows, mask = padded([text["ids"] for text in texts])
        pooled = self.bert(rows, attention_mask=mask).pooler_output
        words, _ = padded([text["words"] for text in texts])
        state = last_states(self.lstm, self.words(words), [len(text["words"]) for text in texts])
        return self.classifier(self.dense(torch.cat([pooled, state], dim=-1)).relu())


MODELS = {
    "bert_classifier": BertClassifier, "bert_bilstm": BertBiLSTM, "word_lstm": WordLSTM, "word_cnn": WordCNN,
    "bert_word_lstm": BertWordLSTM}


def tensors(module):
    """Name on disk -> parameter."""
    return {name.removeprefix("model."): value for name, value in module.named_parameters()}


def start(kind, seed):
    """Seeded weights, wide enough that gates, filters and clipping all matter."""
    torch.manual_seed(seed)
    module = kind()
    randomise(module, seed)
    noise = torch.Generator().manual_seed(seed + 100)
    with torch.no_grad():
        for name, value in sorted(tensors(module).items()):
            if not name.startswith("bert.") and kind is not BertClassifier:
                wide = name in ("words.weight", "classifier.weight")
                value.copy_((0.8 if wide else 0.35) * torch.randn(value.shape, generator=noise))
    return module


def write_folder(name, kind, seed):
    folder = OUT / name
    folder.mkdir(parents=True)
    module = start(kind, seed)
    save_file({key: value.detach().contiguous() for key, value in tensors(module).items()},
              folder / "model.safetensors", metadata={"format": "pt"})
    if "ids" in kind.inputs:
        config = bert_config(architectures=[kind.architecture])
        config.save_pretrained(folder)
        (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
        settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": None,
                    "tokenize_chinese_chars": True, "model_max_length": 32,
                    **dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], SPECIAL))}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def load(name, kind, dtype):
    """The module with the weights of its folder; nothing may be left over on either side."""
    module = kind().train()
    stored = load_file(OUT / name / "model.safetensors")
    own = tensors(module)
    assert stored.keys() == own.keys() and all(value.dtype == torch.float32 for value in stored.values())
    with torch.no_grad():
        for key, value in own.items():
            value.copy_(stored[key])
    return module.to(dtype)


def decays(name):
    return "bias" not in name and "LayerNorm" not in name


def gradients_one_by_one(name, kind, texts, labels):
    module = load(name, kind, torch.float64)
    for text, label in zip(texts, labels):
        (cross_entropy(module([text]), label[None]) / len(texts)).backward()
    return {key: value.grad for key, value in tensors(module).items()}


def train(name, kind, texts, labels, dtype):
    module = load(name, kind, dtype)
    own = tensors(module)
    optimizer = torch.optim.AdamW(
        [{"params": [v for k, v in own.items() if decays(k)], "weight_decay": DECAY},
         {"params": [v for k, v in own.items() if not decays(k)], "weight_decay": 0.0}],
        lr=RATE, betas=(0.9, 0.999), eps=1e-8)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    result = {"losses": [], "norms": [], "rates": []}
    for step in range(STEPS):
        optimizer.zero_grad()
        logits = module(texts)
        loss = cross_entropy(logits, labels)
        assert loss.dtype == dtype
        loss.backward()
        if step == 0:
            result["logits"] = logits.detach()
            result["gradients"] = {key: value.grad.clone() for key, value in own.items()}
        result["losses"].append(loss.item())
        result["norms"].append(nn.utils.clip_grad_norm_(own.values(), CLIP).item())
        result["rates"].append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    result["parameters"] = {key: value.detach() for key, value in own.items()}
    return result


def floats(values, digits):
    return numbers(torch.tensor(values, dtype=torch.float64), digits)


def lengths(values, digits):
    return {key: floats(value.double().norm().item(), digits) for key, value in values.items()}


def run(name, kind):
    inputs = [{"ids": ids, "words": words} for ids, words in zip(token_ids(), WORD_IDS)]
    labels = torch.tensor([label for _, label in TEXTS])
    single, exact = (train(name, kind, inputs, labels, dtype) for dtype in (torch.float32, torch.float64))
    alone = gradients_one_by_one(name, kind, inputs, labels)
    # The key's bias adds the same to every score of a query, so its gradient is rounding and Adam,
    # which divides by its size, moves it by rounding; no output depends on it.
    free = [key for key in alone if key.endswith("key.bias")]
    for key, value in alone.items():
        assert (value - exact["gradients"][key]).abs().max() < 1e-12, key
        assert key not in free or value.abs().max() < 1e-15
    spread = max(abs(a - b) / b for a, b in zip(single["losses"], exact["losses"]))
    report = {
        "architecture": kind.architecture, "computes": kind.note, "inputs": kind.inputs, "without_effect": free,
        "max_relative_fp32_fp64": floats(spread, 3),
        "losses_float32": floats(single["losses"], 9), "losses_float64": floats(exact["losses"], 15),
        "gradient_norms_float64": floats(exact["norms"], 12), "logits_float64": numbers(exact["logits"], 15),
        "gradients_float64": {
            key: numbers(value.flatten(), 10) for key, value in exact["gradients"].items()
            if name == "bert_classifier" or not key.startswith("bert.")},
        "gradient_norms_by_name_float64": lengths(exact["gradients"], 12),
        "parameter_norms_float32": lengths(single["parameters"], 9),
        "parameter_norms_float64": lengths(exact["parameters"], 12)}
    print(f"{name:16} loss {exact['losses'][0]:.4f} -> {exact['losses'][-1]:.4f}  norm {exact['norms'][0]:.2f} -> "
          f"{exact['norms'][-1]:.2f}  fp32/fp64 {spread:.1e}")
    return report, exact["rates"]


def token_ids():
    tokenizer = BertTokenizer.from_pretrained(OUT / "bert_classifier")
    return [tokenizer(text)["input_ids"] for text, _ in TEXTS]


def main():
    torch.set_num_threads(1)
    assert len(VOCABULARY) == len(set(VOCABULARY)) == 60 and len(TEXTS) == len(WORD_IDS)
    shutil.rmtree(OUT, ignore_errors=True)
    for seed, (name, kind) in enumerate(MODELS.items(), 21):
        write_folder(name, kind, seed)
    ids = token_ids()
    assert {len(row) for row in ids} >= {2, 3, 14} and max(map(len, ids)) == 14, [len(row) for row in ids]
    models, rates = {}, []
    for name, kind in MODELS.items():
        models[name], rates = run(name, kind)
    write_json(REFERENCE / "train_trajectories.json", {
        "tool": "torch, transformers",
        "version": versions("torch", "transformers", "tokenizers", "safetensors"),
        "call": "cross_entropy(model(texts), labels).backward(); clip_grad_norm_(parameters, 1.0); "
                "AdamW(groups, lr=1e-3, betas=(0.9, 0.999), eps=1e-8).step(); "
                "get_linear_schedule_with_warmup(optimizer, 2, 20).step()",
        "protocol": {
            "steps": STEPS, "warmup_steps": WARMUP, "learning_rate": RATE, "beta1": 0.9, "beta2": 0.999,
            "epsilon": 1e-8, "weight_decay": DECAY, "no_decay": "names with 'bias' or 'LayerNorm'",
            "clip_norm": CLIP, "clip_factor": "min(1, 1 / (norm + 1e-6))", "learning_rates": floats(rates, 15)},
        "labels": LABELS,
        "texts": [
            {"text": text, "ids": row, "words": words, "label": label}
            for (text, label), row, words in zip(TEXTS, ids, WORD_IDS)],
        "models": models,
    }, 4)


main()
