"""The first score of a process, for inference.py: imports, loading, one text, and nothing else.

Called with the engine, the model's folder and the threads. Prints the seconds from the first import,
the clock at the score, and the score; what is imported here is part of what is measured.
"""

import sys
import time

import engines

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

    session = engines.onnxruntime_session(precision, folder, threads)
    ids = numpy.array([tokens(folder)])
    return session.run(None, {"input_ids": ids, "attention_mask": numpy.ones_like(ids)})[0][0]


def openvino(precision, folder, threads):
    import numpy

    request = engines.openvino_request(precision, folder, threads)
    ids = numpy.array([tokens(folder)])
    return request.infer({"input_ids": ids, "attention_mask": numpy.ones_like(ids)})[0][0]


def ctranslate2(precision, folder, threads):
    return engines.ctranslate2_logits(precision, folder, threads)([tokens(folder)])[0]


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
