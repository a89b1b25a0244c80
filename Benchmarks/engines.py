"""How the peers of inference.py and first_score.py are opened, the same for both: nothing is imported
before it is asked for.
"""


def onnxruntime_session(precision, folder, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    name = "int8.onnx" if precision == "int8" else "fused.onnx"
    return onnxruntime.InferenceSession(
        f"{folder}/{name}", options, providers=["CPUExecutionProvider"])


def openvino_request(precision, folder, threads):
    import openvino

    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads})
    hint = "f32" if precision == "fp32" else precision
    return core.compile_model(
        core.read_model(f"{folder}/plain.onnx"), "CPU",
        {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}).create_infer_request()


def ctranslate2_logits(precision, folder, threads):
    """A function from lists of ids to logits: CTranslate2 ends with the encoder, the rest is NumPy."""
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

    def logits(rows):
        first = numpy.asarray(encoder.forward_batch(rows).last_hidden_state)[:, 0]
        return numpy.tanh(first @ pooler.T + pooler_bias) @ head.T + bias

    return logits
