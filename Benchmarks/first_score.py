"""The first score of a process, for inference.py: imports, loading, one text, and nothing else.

Called with the engine, the model's folder and the threads. Prints the seconds from the first import,
the clock at the score, and the score; what is imported here is part of what is measured.
"""

import sys
import time

START = time.perf_counter()
TEXT = "Thank you for the quick help!"


def plaudit(precision, folder, threads):
    import plaudit

    model = plaudit.Model(folder, precision=precision)
    return list(model.predict([TEXT], scores="logits", threads=threads)[0].scores.values())


def tokens(folder):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_padding()
    return tokenizer.encode(TEXT).ids


def onnxruntime(precision, folder, threads):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    name = "int8.onnx" if precision == "int8" else "fused.onnx"
    session = onnxruntime.InferenceSession(
        f"{folder}/{name}", options, providers=["CPUExecutionProvider"])
    ids = numpy.array([tokens(folder)])
    return session.run(None, {"input_ids": ids, "attention_mask": numpy.ones_like(ids)})[0][0]


def openvino(precision, folder, threads):
    import numpy
    import openvino

    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads})
    request = core.compile_model(
        core.read_model(f"{folder}/plain.onnx"), "CPU", {
            "INFERENCE_PRECISION_HINT": "f32" if precision == "fp32" else precision,
            "PERFORMANCE_HINT": "LATENCY"}).create_infer_request()
    ids = numpy.array([tokens(folder)])
    return request.infer({"input_ids": ids, "attention_mask": numpy.ones_like(ids)})[0][0]


def ctranslate2(precision, folder, threads):
    import ctranslate2
    import numpy
    from safetensors import safe_open

    kind = {"fp32": "float32", "int8": "int8_float32", "int8 bf16": "int8_bfloat16"}[precision]
    encoder = ctranslate2.Encoder(
        f"{folder}/ctranslate2", device="cpu", compute_type=kind, intra_threads=threads)
    with safe_open(f"{folder}/model.safetensors", "numpy") as file:
        pooler, pooler_bias, head, bias = (file.get_tensor(name) for name in (
            "bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight",
            "classifier.bias"))
    states = encoder.forward_batch([tokens(folder)]).last_hidden_state
    return numpy.tanh(numpy.asarray(states)[0, 0] @ pooler.T + pooler_bias) @ head.T + bias


def torch(precision, folder, threads):
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(threads)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    ids = torch.tensor([tokens(folder)])
    with torch.inference_mode(), torch.autocast(
            "cpu", torch.bfloat16, enabled=precision == "bf16"):
        return model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0].float().numpy()


name, precision = sys.argv[1].split(" ", 1)
scores = globals()[name](precision, sys.argv[2], int(sys.argv[3]))
scores = [float(score) for score in scores]
print(time.perf_counter() - START, time.clock_gettime(time.CLOCK_MONOTONIC), *scores)
