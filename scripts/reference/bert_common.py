"""What the bert_*.py reference scripts share: paths, the tiny vocabulary, weights and JSON output.

Not run by itself. Versions: requirements.txt beside this file.
"""

import json
import os
import pathlib

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

REFERENCE = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "PlauditNeuralTests" / "Reference"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def vocabulary(cased):
    """A few hundred invented WordPiece entries; ids are the positions."""
    lower = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    letters = lower + [c.upper() for c in lower] + ["é", "ü"] if cased else lower
    digits = list("0123456789")
    words = (
        "the is it and not my for of to we you this so brand coffee tea cup bean roast order app "
        "update service price shipping late free love hate great bad new broken today never again "
        "box bottle shop help thanks cafe naive super zoo"
    ).split()
    pieces = "ing ed er ly es ness est able ment tion al ic un 00 24".split()
    entries = SPECIAL + list("!\"#$%&'()*+,-./:;?@_~") + ["…", "—", "€", "☕"]
    entries += digits + letters + ["好", "茶", "品"] + words
    if cased:
        entries += ["Coffee", "The", "Café", "Zürich", "LOVE"]
    entries += ["##" + piece for piece in letters + digits + pieces]
    assert len(entries) == len(set(entries))
    return entries


def randomise(model, seed):
    """Seeded weights, wide enough that attention, activations and LayerNorm all matter."""
    import torch

    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in sorted(model.named_parameters()):
            noise = torch.randn(value.shape, generator=random)
            if "LayerNorm" in name:
                value.copy_(1 + 0.3 * noise if name.endswith("weight") else 0.2 * noise)
            elif "embeddings" in name:
                value.copy_(0.6 * noise)
            elif name.endswith("bias"):
                value.copy_(0.1 * noise)
            else:
                value.copy_((0.35 if "query" in name or "key" in name else 0.2) * noise)
    return model.eval()


def versions(*names):
    import importlib.metadata

    return {name: importlib.metadata.version(name) for name in names}


def numbers(tensor, digits=9):
    """A tensor as nested lists of floats with that many significant digits."""
    def shorten(value):
        return [shorten(v) for v in value] if isinstance(value, list) else float(f"{value:.{digits}g}")

    return shorten(tensor.detach().tolist())


def write_json(path, value, levels):
    """JSON with the outer `levels` spread over lines and everything below compact."""
    def text(node, level):
        if level == levels or not isinstance(node, (dict, list)) or not node:
            return json.dumps(node, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        pad = " " * (level + 1)
        if isinstance(node, dict):
            parts = [f"{pad}{json.dumps(k, ensure_ascii=False)}: {text(v, level + 1)}" for k, v in node.items()]
            return "{\n" + ",\n".join(parts) + "\n" + " " * level + "}"
        return "[\n" + ",\n".join(pad + text(v, level + 1) for v in node) + "\n" + " " * level + "]"

    path.write_text(text(value, 0) + "\n", encoding="utf-8")
