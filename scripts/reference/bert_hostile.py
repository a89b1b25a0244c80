"""Writes Reference/hostile/<case>/ (tiny broken model folders) and Reference/bert_hostile.json.

Run: python scripts/reference/bert_hostile.py      (versions: requirements.txt; no arguments, no network)

Each folder is a valid one (hidden 8, 1 layer, 27 tokens) with exactly one fault. bert_hostile.json has
`controls` (folders that must load) and `cases`: name -> `expect` (the error kind), `mentions` (what
the message must contain), `why` (the fault), `reference` (what the Python libraries say of it;
information only, "accepted" where they let it pass; hash order changes the words of two of them
from run to run). The files are packed byte by byte here, since
the safetensors package refuses to write most of them.
"""

import copy
import json
import shutil
import struct

from bert_common import REFERENCE, SPECIAL, versions, write_json

import numpy
import torch
from safetensors import safe_open
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers import AutoModel, AutoModelForSequenceClassification, logging

OUT = REFERENCE / "hostile"
WEIGHTS = "model.safetensors"
QUERY = "encoder.layer.0.attention.self.query.weight"
VOCAB = SPECIAL + list("abcdef.!?,") + ["##" + c for c in "abcdefghi"] + ["tea", "cup", "bad"]
HIDDEN, INNER, POSITIONS = 8, 4, 6

CONFIG = {
    "architectures": ["BertModel"], "model_type": "bert", "vocab_size": len(VOCAB), "hidden_size": HIDDEN,
    "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": INNER, "hidden_act": "gelu",
    "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0,
    "position_embedding_type": "absolute"}
LABELS = {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "bad", "1": "good", "2": "other"},
          "label2id": {"bad": 0, "good": 1, "other": 2}}


def piece(kind, name, type_id):
    return {kind: {"id": name, "type_id": type_id}}


TOKENIZER = {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [
        {"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": True} for id, token in enumerate(SPECIAL)],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                   "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [piece("SpecialToken", "[CLS]", 0), piece("Sequence", "A", 0), piece("SpecialToken", "[SEP]", 0)],
        "pair": [piece("SpecialToken", "[CLS]", 0), piece("Sequence", "A", 0), piece("SpecialToken", "[SEP]", 0),
                 piece("Sequence", "B", 1), piece("SpecialToken", "[SEP]", 1)],
        "special_tokens": {token: {"id": token, "ids": [SPECIAL.index(token)], "tokens": [token]}
                           for token in ("[CLS]", "[SEP]")}},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100, "vocab": {token: id for id, token in enumerate(VOCAB)}}}


# MARK: Valid parts

def tensors(prefix="", vocab=len(VOCAB), labels=0):
    norm = {"LayerNorm.bias": [HIDDEN], "LayerNorm.weight": [HIDDEN]}

    def dense(name, rows, columns):
        return {f"{name}.bias": [rows], f"{name}.weight": [rows, columns]}

    shapes = {f"embeddings.{k}": v for k, v in norm.items()}
    shapes |= {"embeddings.position_embeddings.weight": [POSITIONS, HIDDEN],
               "embeddings.token_type_embeddings.weight": [2, HIDDEN],
               "embeddings.word_embeddings.weight": [vocab, HIDDEN]}
    layer = "encoder.layer.0."
    for name in ("key", "query", "value"):
        shapes |= dense(f"{layer}attention.self.{name}", HIDDEN, HIDDEN)
    for name, columns in (("attention.output", HIDDEN), ("output", INNER)):
        shapes |= dense(f"{layer}{name}.dense", HIDDEN, columns)
        shapes |= {f"{layer}{name}.{k}": v for k, v in norm.items()}
    shapes |= dense(f"{layer}intermediate.dense", INNER, HIDDEN) | dense("pooler.dense", HIDDEN, HIDDEN)
    shapes = {prefix + name: shape for name, shape in shapes.items()}
    if labels:
        shapes |= dense("classifier", labels, HIDDEN)
    random = numpy.random.default_rng(5)
    return {name: (random.standard_normal(shape) * 0.3 + ("LayerNorm.weight" in name)).astype("<f4")
            for name, shape in sorted(shapes.items())}


def layout(arrays):
    """The header as a dictionary and the data as bytes."""
    header, data = {}, b""
    for name, array in arrays.items():
        end = len(data) + array.nbytes
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), end]}
        data += array.tobytes()
    return header, data


def pack(header, data, length=None):
    raw = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    if length is None:
        raw += b" " * (-len(raw) % 8)
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def plain():
    return {"config.json": text(CONFIG), WEIGHTS: pack(*layout(tensors())), "tokenizer.json": text(TOKENIZER)}


def classifier(labels=3):
    return plain() | {"config.json": text(CONFIG | LABELS), WEIGHTS: pack(*layout(tensors("bert.", labels=labels)))}


def sentence(modules=("Transformer", "Pooling"), pooling=None):
    listed = [{"idx": i, "name": str(i), "path": f"{i}_{kind}" if i else "",
               "type": f"sentence_transformers.models.{kind}"} for i, kind in enumerate(modules)]
    pooling = pooling or {"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": True}
    return plain() | {"modules.json": text(listed), "1_Pooling/config.json": text(pooling)}


def shards():
    arrays = tensors()
    names = list(arrays)
    halves = [{n: arrays[n] for n in names[:12]}, {n: arrays[n] for n in names[12:]}]
    files = [f"model-0000{i + 1}-of-00002.safetensors" for i in range(2)]
    index = {"metadata": {"total_size": sum(a.nbytes for a in arrays.values())},
             "weight_map": {n: files[i] for i in range(2) for n in halves[i]}}
    folder = {"config.json": text(CONFIG), "tokenizer_config.json": text({"do_lower_case": True}),
              "vocab.txt": "\n".join(VOCAB).encode() + b"\n"}
    return folder | {files[i]: pack(*layout(halves[i])) for i in range(2)}, index


INDEX = "model.safetensors.index.json"
folders, cases = {}, {}


def case(name, expect, mentions, why, files):
    assert name not in folders, name
    folders[name] = files
    cases[name] = {"expect": expect, "mentions": mentions, "why": why}


# MARK: safetensors

def weights(name, expect, mentions, why, file):
    case(f"safetensors_{name}", expect, mentions, why, plain() | {WEIGHTS: file})


def edited(name, expect, mentions, why, edit):
    """`edit(header, data)` changes the header and may return new data or a new (header, data)."""
    header, data = layout(tensors())
    result = edit(header, data)
    if isinstance(result, bytes):
        data = result
    elif result is not None:
        header, data = result
    weights(name, expect, mentions, why, pack(header, data))


def safetensors_cases():
    header, data = layout(tensors())
    last = list(header)[-1]
    raw = text(header)
    good = pack(header, data)
    for size in (0, 4, 8):
        weights(f"{size}_bytes", "corrupt", WEIGHTS, f"the file has {size} bytes", good[:size])
    weights("length_u64_max", "corrupt", WEIGHTS, "header length 2^64 - 1", pack(raw, data, 2**64 - 1))
    weights("length_i64_max", "corrupt", WEIGHTS, "header length 2^63 - 1", pack(raw, data, 2**63 - 1))
    weights("length_beyond_file", "corrupt", WEIGHTS, "header length one more than the file holds",
            pack(raw, data, len(raw) + len(data) + 1))
    weights("length_zero", "corrupt", WEIGHTS, "header length 0", pack(b"", data, 0))
    weights("header_leading_space", "corrupt", WEIGHTS, "the header does not start with {", pack(b" " + raw, data))
    weights("header_array", "corrupt", WEIGHTS, "the header is an array", pack(b"[]", data))
    weights("header_invalid_utf8", "corrupt", WEIGHTS, "byte FF in a metadata string",
            pack(b'{"__metadata__":{"format":"p\xff"},' + raw[1:], data))
    weights("header_truncated", "corrupt", WEIGHTS, "the header length cuts the JSON", pack(raw, data, len(raw) - 10))
    weights("header_nested", "limit", WEIGHTS, "100 nested arrays",
            pack(b'{"__metadata__":' + b"[" * 100 + b"]" * 100 + b"," + raw[1:], data))
    again = text({QUERY: header[QUERY]})[1:-1]
    weights("duplicate_tensor", "corrupt", QUERY, "one tensor listed twice", pack(raw[:-1] + b"," + again + b"}", data))
    weights("duplicate_field", "corrupt", "dtype", "dtype twice in one tensor",
            pack(raw.replace(b'"dtype":"F32",', b'"dtype":"F32","dtype":"F32",', 1), data))
    weights("metadata_number", "corrupt", "__metadata__", "__metadata__ with a number as value",
            pack(text({"__metadata__": {"format": "pt", "step": 7}} | header), data))
    weights("metadata_string", "corrupt", "__metadata__", "__metadata__ is a string",
            pack(text({"__metadata__": "pt"} | header), data))
    weights("data_short", "corrupt", last, "the last four bytes are missing", good[:-4])
    weights("data_trailing", "corrupt", WEIGHTS, "four bytes after the last tensor", good + b"\0" * 4)
    weights("data_none", "corrupt", WEIGHTS, "a header without any data", pack(header, b""))

    def field(name, expect, why, key, value, tensor=QUERY):
        edited(name, expect, tensor, why, lambda h, d: h[tensor].update({key: value}))

    field("dtype_unknown", "unsupported", "dtype F13", "dtype", "F13")
    field("dtype_number", "corrupt", "dtype is a number", "dtype", 32)
    field("dtype_integer_weight", "unsupported", "dtype I32 where a weight must be floating", "dtype", "I32")
    field("shape_negative", "corrupt", "shape [-8, -8]", "shape", [-8, -8])
    field("shape_float", "corrupt", "shape [8.5, 8]", "shape", [8.5, 8])
    field("shape_string", "corrupt", 'shape "8x8"', "shape", "8x8")
    field("shape_overflow", "corrupt", "shape product 2^64", "shape", [2**32, 2**32])
    field("shape_size_mismatch", "corrupt", "shape [8, 7] with the bytes of [8, 8]", "shape", [8, 7])
    field("offsets_one", "corrupt", "data_offsets with one number", "data_offsets", [0])
    field("offsets_negative", "corrupt", "negative begin", "data_offsets", [-256, 0])
    edited("shape_missing", "corrupt", QUERY, "no shape", lambda h, d: h[QUERY].pop("shape") and None)
    edited("offsets_missing", "corrupt", QUERY, "no data_offsets", lambda h, d: h[QUERY].pop("data_offsets") and None)
    edited("tensor_not_object", "corrupt", QUERY, "a tensor that is null", lambda h, d: h.update({QUERY: None}))

    def empty_tensor(shape):
        def edit(header, data):
            header["extra"] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data)] * 2}
        return edit

    edited("shape_zero_first", "corrupt", "extra", "shape [0, 2^63, 2^63]: the zero hides an overflow",
           empty_tensor([0, 2**63, 2**63]))
    edited("shape_zero_last", "corrupt", "extra", "shape [2^40, 2^40, 0]: the zero comes after the overflow",
           empty_tensor([2**40, 2**40, 0]))

    edited("offsets_swapped", "corrupt", QUERY, "begin behind end", lambda h, d: h[QUERY]["data_offsets"].reverse())

    def hole(header, data):
        begin, end = header[last]["data_offsets"]
        header[last]["data_offsets"] = [begin + 4, end + 4]
        return data[:begin] + b"\0" * 4 + data[begin:]

    def same_place(header, data):
        names = ["embeddings.LayerNorm.bias", "embeddings.LayerNorm.weight"]
        size = 4 * HIDDEN
        for name in header:
            if name != names[0]:
                header[name]["data_offsets"] = [value - size for value in header[name]["data_offsets"]]
        return data[size:]

    edited("overlap", "corrupt", "embeddings.LayerNorm", "two tensors share their bytes", same_place)
    edited("hole", "corrupt", last, "four unused bytes before the last tensor", hole)

    edited("empty_header", "corrupt", "embeddings", "a valid file without tensors", lambda h, d: ({}, b""))

    def changed(name, expect, mentions, why, edit, base=plain, **options):
        arrays = tensors(**options)
        edit(arrays)
        case(f"weights_{name}", expect, mentions, why, base() | {WEIGHTS: pack(*layout(arrays))})

    changed("tensor_missing", "corrupt", QUERY, "one tensor is missing", lambda a: a.pop(QUERY))
    changed("layer_missing", "corrupt", "encoder.layer.0.",
            "no tensor of the only layer", lambda a: [a.pop(n) for n in list(a) if n.startswith("encoder.")])
    changed("shape_wrong", "shape", QUERY, "query is 4 x 8",
            lambda a: a.update({QUERY: a[QUERY][:4]}))
    changed("shape_transposed", "shape", "embeddings.word_embeddings.weight", "the embedding table is transposed",
            lambda a: a.update({"embeddings.word_embeddings.weight": a["embeddings.word_embeddings.weight"].T.copy()}))
    changed("shape_rank", "shape", "pooler.dense.bias", "a bias of shape 1 x 8",
            lambda a: a.update({"pooler.dense.bias": a["pooler.dense.bias"].reshape(1, -1)}))

    def put(value, at):
        return lambda arrays: arrays[QUERY].reshape(-1).__setitem__(at, value)

    changed("nan", "notFinite", QUERY, "a NaN in the last place", put(numpy.nan, -1))
    changed("infinity", "notFinite", QUERY, "an infinity", put(numpy.inf, 3))
    changed("negative_infinity", "notFinite", QUERY, "a negative infinity", put(-numpy.inf, 0))
    changed("head_missing", "corrupt", "classifier.weight", "a classifier without its head",
            lambda a: None, base=classifier, prefix="bert.")
    changed("head_rows", "shape", "classifier.weight", "two rows, three labels",
            lambda a: None, base=classifier, prefix="bert.", labels=2)
    files = plain()
    del files[WEIGHTS]
    case("weights_missing", "notFound", WEIGHTS, "no weights at all", files)


# MARK: config.json

def config_cases():
    def config(name, expect, mentions, why, changes=None, file=None, base=plain):
        content = json.loads(base()["config.json"]) | (changes or {})
        case(f"config_{name}", expect, mentions, why, base() | {"config.json": text(content) if file is None else file})

    files = plain()
    del files["config.json"]
    case("config_missing", "notFound", "config.json", "no config.json", files)
    whole = text(CONFIG)
    config("empty", "corrupt", "config.json", "zero bytes", file=b"")
    config("malformed", "corrupt", "config.json", "a comma instead of a colon", file=whole.replace(b'":', b'",', 1))
    config("trailing", "corrupt", "config.json", "text after the object", file=whole + b" x")
    config("array", "corrupt", "config.json", "an array of one object", file=b"[" + whole + b"]")
    config("duplicate_key", "corrupt", "hidden_size", "hidden_size twice",
           file=whole[:-1] + b',"hidden_size":8}')
    config("architectures_missing", "corrupt", "architectures", "no architectures",
           file=text({k: v for k, v in CONFIG.items() if k != "architectures"}))
    config("architectures_empty", "corrupt", "architectures", "architectures is []", {"architectures": []})
    config("architectures_unknown", "unsupported", "GPT2LMHeadModel", "another architecture",
           {"architectures": ["GPT2LMHeadModel"]})
    config("hidden_size_missing", "corrupt", "hidden_size", "no hidden_size",
           file=text({k: v for k, v in CONFIG.items() if k != "hidden_size"}))
    config("heads_not_divisor", "corrupt", "num_attention_heads", "hidden_size 8, 3 heads", {"num_attention_heads": 3})
    config("heads_zero", "corrupt", "num_attention_heads", "0 heads", {"num_attention_heads": 0})
    config("layers_negative", "corrupt", "num_hidden_layers", "-1 layers", {"num_hidden_layers": -1})
    config("layers_huge", "limit", "num_hidden_layers", "10^9 layers", {"num_hidden_layers": 10**9})
    config("hidden_size_huge", "limit", "hidden_size", "hidden_size 10^9", {"hidden_size": 10**9})
    config("hidden_size_float", "corrupt", "hidden_size", "hidden_size 8.5", {"hidden_size": 8.5})
    config("hidden_size_string", "corrupt", "hidden_size", 'hidden_size "8"', {"hidden_size": "8"})
    config("hidden_size_other", "shape", "embeddings", "hidden_size 16, weights of 8", {"hidden_size": 16})
    config("layer_norm_eps_negative", "corrupt", "layer_norm_eps", "layer_norm_eps -1", {"layer_norm_eps": -1.0})
    config("relative_positions", "unsupported", "relative_key", "position_embedding_type relative_key",
           {"position_embedding_type": "relative_key"})
    config("decoder", "unsupported", "is_decoder", "is_decoder true", {"is_decoder": True})
    config("quantized", "unsupported", "quantization_config", "a quantization_config",
           {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}})
    config("activation_unknown", "unsupported", "swiglu", "hidden_act swiglu", {"hidden_act": "swiglu"})
    config("labels_gap", "corrupt", "id2label", "id2label without 1",
           {"id2label": {"0": "bad", "2": "good", "3": "other"}}, base=classifier)
    config("labels_key", "corrupt", "id2label", "id2label with a key that is no number",
           {"id2label": {"0": "bad", "one": "good", "2": "other"}}, base=classifier)
    fewer = plain() | {"config.json": text(CONFIG | {"vocab_size": 20}), WEIGHTS: pack(*layout(tensors(vocab=20)))}
    case("config_vocab_small", "corrupt", "vocab_size", "20 embedding rows, token ids up to 26", fewer)


# MARK: index, tokenizer, modules

def index_cases():
    def index(name, expect, mentions, why, edit):
        files, content = shards()
        edit(files, content)
        case(f"index_{name}", expect, mentions, why, {INDEX: text(content)} | files)

    second = "model-00002-of-00002.safetensors"
    index("escape", "corrupt", "../escape.safetensors", "a shard outside of the folder",
          lambda f, c: c["weight_map"].update({QUERY: "../escape.safetensors"}))
    index("absolute", "corrupt", "/escape.safetensors", "an absolute shard path",
          lambda f, c: c["weight_map"].update({QUERY: "/escape.safetensors"}))
    index("shard_missing", "notFound", second, "the second shard is not there", lambda f, c: f.pop(second) and None)
    index("tensor_elsewhere", "corrupt", "embeddings.LayerNorm.bias", "a tensor mapped to the shard that lacks it",
          lambda f, c: c["weight_map"].update({"embeddings.LayerNorm.bias": second}))
    index("tensor_unmapped", "corrupt", QUERY, "weight_map leaves a tensor out", lambda f, c: c["weight_map"].pop(QUERY))
    index("map_missing", "corrupt", "weight_map", "no weight_map", lambda f, c: c.pop("weight_map"))
    index("map_number", "corrupt", QUERY, "a number as shard", lambda f, c: c["weight_map"].update({QUERY: 1}))


def tokenizer_cases():
    def tokenizer(name, expect, mentions, why, edit=None, file=None):
        content = copy.deepcopy(TOKENIZER)
        if edit:
            edit(content)
        case(f"tokenizer_{name}", expect, mentions, why,
             plain() | {"tokenizer.json": text(content) if file is None else file})

    files = plain()
    del files["tokenizer.json"]
    case("tokenizer_missing", "notFound", "tokenizer.json", "neither tokenizer.json nor vocab.txt", files)
    tokenizer("malformed", "corrupt", "tokenizer.json", "the closing brace is missing", file=text(TOKENIZER)[:-1])
    tokenizer("model_bpe", "unsupported", "BPE", "model type BPE",
              lambda t: t.update(model={"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}))
    tokenizer("normalizer_unknown", "unsupported", "Sparkle", "normalizer type Sparkle",
              lambda t: t.update(normalizer={"type": "Sparkle"}))
    tokenizer("pre_tokenizer_unknown", "unsupported", "Sparkle", "pre_tokenizer type Sparkle",
              lambda t: t.update(pre_tokenizer={"type": "Sparkle"}))
    tokenizer("id_negative", "corrupt", "vocab", "id -3 in the vocabulary", lambda t: t["model"]["vocab"].update(tea=-3))
    tokenizer("id_duplicate", "corrupt", "vocab", "two entries with one id",
              lambda t: t["model"]["vocab"].update(tea=t["model"]["vocab"]["cup"]))
    tokenizer("id_huge", "corrupt", "vocab", "id 2^40 in the vocabulary", lambda t: t["model"]["vocab"].update(tea=2**40))
    tokenizer("unk_absent", "corrupt", "unk_token", "unk_token is no entry", lambda t: t["model"].update(unk_token="[NONE]"))
    tokenizer("special_absent", "corrupt", "[SEP]", "post_processor names [SEP] without its ids",
              lambda t: t["post_processor"]["special_tokens"].pop("[SEP]"))
    tokenizer("added_empty", "corrupt", "added_tokens", "an added token without text",
              lambda t: t["added_tokens"].append(t["added_tokens"][4] | {"id": 27, "content": ""}))
    tokenizer("stride", "corrupt", "stride", "stride as long as max_length",
              lambda t: t.update(truncation={"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 4}))
    vocabulary = plain() | {
        "tokenizer_config.json": text({"do_lower_case": True}),
        "vocab.txt": "\n".join(t for t in VOCAB if t != "[UNK]").encode() + b"\n"}
    del vocabulary["tokenizer.json"]
    case("tokenizer_vocab_txt_unk", "corrupt", "[UNK]", "vocab.txt without [UNK], no tokenizer.json", vocabulary)


def module_cases():
    def modules(name, expect, mentions, why, files, **more):
        case(f"modules_{name}", expect, mentions, why, files | more)

    def listed(edit):
        files = sentence()
        content = json.loads(files["modules.json"])
        edit(content)
        return files | {"modules.json": text(content)}

    modules("type_unknown", "unsupported", "Sparkle", "module type Sparkle",
            listed(lambda m: m[1].update(type="sentence_transformers.models.Sparkle")))
    modules("path_escape", "corrupt", "../x", "a module outside of the folder", listed(lambda m: m[1].update(path="../x")))
    modules("path_missing", "notFound", "1_Pooling", "the pooling folder is not there",
            {k: v for k, v in sentence().items() if not k.startswith("1_")})
    modules("malformed", "corrupt", "modules.json", "the closing bracket is missing",
            sentence() | {"modules.json": sentence()["modules.json"][:-1]})
    modules("empty", "corrupt", "modules.json", "an empty list", sentence() | {"modules.json": b"[]"})
    modules("pooling_mode", "unsupported", "weightedmean", "pooling weightedmean, one boolean per mode",
            sentence(pooling={"word_embedding_dimension": HIDDEN, "pooling_mode_weightedmean_tokens": True}))
    modules("pooling_mode_named", "unsupported", "weightedmean", "pooling weightedmean, as version 6 writes it",
            sentence(pooling={"embedding_dimension": HIDDEN, "pooling_mode": "weightedmean", "include_prompt": True}))
    modules("pooling_mode_invented", "unsupported", "sparkle", "pooling mode sparkle",
            sentence(pooling={"embedding_dimension": HIDDEN, "pooling_mode": "sparkle", "include_prompt": True}))
    modules("pooling_dimension", "shape", "1_Pooling", "pooling of 16 values, hidden_size 8",
            sentence(pooling={"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}))

    dense = {"in_features": HIDDEN, "out_features": 2, "bias": True,
             "activation_function": "torch.nn.modules.linear.Identity"}
    head = {"linear.bias": numpy.zeros(2, "<f4"), "linear.weight": numpy.ones((2, HIDDEN), "<f4")}

    def with_dense(settings=dense, arrays=head):
        files = sentence(("Transformer", "Pooling", "Dense")) | {"2_Dense/config.json": text(settings)}
        return files | ({"2_Dense/model.safetensors": pack(*layout(arrays))} if arrays else {})

    folders["valid_dense"] = with_dense()
    modules("dense_weights_missing", "notFound", "2_Dense", "a Dense module without weights", with_dense(arrays=None))
    modules("dense_shape", "shape", "linear.weight", "Dense weights of 2 x 4, in_features 8",
            with_dense(arrays=head | {"linear.weight": numpy.ones((2, 4), "<f4")}))
    modules("dense_activation", "unsupported", "Sparkle", "an unknown activation",
            with_dense(settings=dense | {"activation_function": "torch.nn.modules.activation.Sparkle"}))
    modules("dense_nan", "notFinite", "linear.bias", "a NaN in the bias",
            with_dense(arrays=head | {"linear.bias": numpy.array([0, numpy.nan], "<f4")}))


# MARK: What the Python libraries say

def reference(name):
    folder = OUT / name
    if name in ("config_hidden_size_huge", "config_layers_huge"):
        return "not run: too large"
    try:
        if name.startswith("safetensors_"):
            with safe_open(folder / WEIGHTS, "pt") as file:
                for key in file.keys():
                    file.get_tensor(key)
        elif name.startswith("tokenizer_"):
            Tokenizer.from_file(str(folder / "tokenizer.json")).encode("tea cup")
        elif name.startswith(("modules_", "valid_sentence", "valid_dense")):
            SentenceTransformer(str(folder), device="cpu").encode("tea cup", show_progress_bar=False)
        else:
            auto = AutoModelForSequenceClassification if b"ForSequence" in folders[name].get("config.json", b"") else AutoModel
            with torch.no_grad():
                auto.from_pretrained(folder)(input_ids=torch.tensor([[2, 7, 3]]))
    except BaseException as error:  # the Rust libraries panic with a BaseException
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        words = " ".join(str(error).replace(str(folder), "<folder>").replace(str(OUT), "<parent>").split())
        return f"{type(error).__name__}: {words[:140]}"
    return "accepted"


def main():
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    files, content = shards()
    folders["valid_plain"] = plain()
    folders["valid_classifier"] = classifier()
    folders["valid_sentence"] = sentence()
    folders["valid_sharded"] = {INDEX: text(content)} | files
    for group in (safetensors_cases, config_cases, index_cases, tokenizer_cases, module_cases):
        group()
    shutil.rmtree(OUT, ignore_errors=True)
    for name, content in folders.items():
        for path, data in content.items():
            file = OUT / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    largest = max((sum(map(len, content.values())), name) for name, content in folders.items())
    assert largest[0] < 8192, largest
    controls = [name for name in folders if name not in cases]
    for name in controls:
        assert reference(name) == "accepted", (name, reference(name))
    for name in cases:
        cases[name]["reference"] = reference(name)
    write_json(REFERENCE / "bert_hostile.json", {
        "tool": "safetensors, tokenizers, transformers, sentence-transformers",
        "version": versions("safetensors", "tokenizers", "transformers", "sentence-transformers", "torch"),
        "call": "open every folder; each case fails with the expected kind, each control loads",
        "controls": sorted(controls),
        "cases": cases,
    }, 2)
    print(f"{len(cases)} cases, {len(controls)} controls, largest folder {largest[0]} bytes")


main()
