"""Writes Reference/train_operations.json: losses, optimisers and schedules of PyTorch and transformers in float64.

Run: nice python scripts/reference/train_operations.py     (versions: requirements.txt; no arguments, no network)

`gradient` is that of the loss by its logits or predictions. Optimisers start from `parameters` and get
one row of `gradients` a step; `after` holds the parameters after each. torch has no switch for Adam's
bias correction: those cases start at step 10^6 with moments of 0, where both corrections are exactly 1.
"""

from bert_common import REFERENCE, numbers, versions, write_json

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, huber_loss, mse_loss
from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

RATE = 1e-3


def exact(values):
    return torch.tensor(values, dtype=torch.float64)


def loss_case(function, names, first, second, **options):
    """Value and gradient of one loss; options that are lists become tensors."""
    variable = exact(first).requires_grad_()
    target = torch.tensor(second) if isinstance(second[0], int) else exact(second)
    value = function(variable, target, **{k: exact(v) if isinstance(v, list) else v for k, v in options.items()})
    value.backward()
    return {names[0]: first, names[1]: second, **options, "value": numbers(value, 15),
            "gradient": numbers(variable.grad, 15)}


def losses():
    logits = [[0.3, -1.2, 2.0], [1.5, 0.1, -0.4], [0.0, 0.0, 0.0], [-2.5, 3.5, 0.5], [0.7, 0.6, 0.8], [80.0, -80.0, 5.0]]
    labels, some = [2, 1, 0, 0, 2, 1], [2, -100, 0, -100, 2, 1]
    weights = [0.5, 1.0, 2.5]
    names = ("logits", "labels")
    cross = [loss_case(cross_entropy, names, logits, targets, **options) for targets, options in [
        (labels, {}), (labels, {"reduction": "sum"}), (labels, {"weight": weights}), (labels, {"label_smoothing": 0.1}),
        (some, {}), (some, {"weight": weights}), (some, {"label_smoothing": 0.1}),
        (labels, {"weight": weights, "label_smoothing": 0.1}), (some, {"weight": weights, "label_smoothing": 0.2}),
        (some, {"weight": weights, "label_smoothing": 0.2, "reduction": "sum"})]]
    targets = [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.25], [0.0, 0.0, 1.0], [1.0, 0.0, 0.5], [0.0, 1.0, 1.0]]
    binary = [loss_case(binary_cross_entropy_with_logits, ("logits", "targets"), logits, targets, **options)
              for options in ({}, {"pos_weight": [1.0, 3.0, 0.4]}, {"pos_weight": [1.0, 3.0, 0.4], "reduction": "sum"})]
    predictions, values = [0.2, -1.5, 3.0, 0.0, 2.5, -0.75, 1.0], [0.0, -1.5, 1.0, 1.0, 2.0, -4.0, 1.25]
    names = ("predictions", "targets")
    return {
        "cross_entropy": cross, "bce_with_logits": binary,
        "mse": [loss_case(mse_loss, names, predictions, values)],
        "huber": [loss_case(huber_loss, names, predictions, values, delta=delta) for delta in (1.0, 0.5)]}


def optimisers():
    parameters = [0.5, -1.25, 2.0, 0.03, -0.004]
    gradients = [
        [0.1, -2.0, 0.0, 1e-4, 30.0], [0.3, -1.5, 0.0, -1e-4, -20.0], [-0.2, 0.0, 0.5, 2e-4, 10.0], [0.0] * 5,
        [0.05, 1.0, -0.25, 1e-9, -5.0], [0.4, 2.0, 0.125, -3e-4, 2.5], [-0.6, 0.7, 1.0, 1e-3, 1.0], [0.1, -0.1, 0.1, -0.1, 0.1]]
    cases = []
    for kind, decay, corrected in [("Adam", 0.0, True), ("Adam", 0.01, True), ("AdamW", 0.01, True),
                                   ("Adam", 0.0, False), ("Adam", 0.01, False), ("AdamW", 0.01, False)]:
        value = exact(parameters).requires_grad_()
        optimiser = getattr(torch.optim, kind)([value], lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=decay)
        if not corrected:
            zero = torch.zeros_like(value)
            optimiser.state[value] = {"step": torch.tensor(1e6), "exp_avg": zero.clone(), "exp_avg_sq": zero.clone()}
        after = []
        for row in gradients:
            value.grad = exact(row)
            optimiser.step()
            after.append(numbers(value, 15))
        cases.append({"optimiser": kind, "weight_decay": decay, "bias_correction": corrected, "after": after})
    return {"learning_rate": RATE, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "parameters": parameters,
            "gradients": gradients, "cases": cases}


def schedules():
    cases = []
    for name, make, warmup in [("linear", get_linear_schedule_with_warmup, 2), ("linear", get_linear_schedule_with_warmup, 0),
                               ("cosine", get_cosine_schedule_with_warmup, 3), ("cosine", get_cosine_schedule_with_warmup, 0)]:
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
        schedule = make(optimiser, warmup, 20)
        rates = []
        for _ in range(20):
            rates.append(float(f"{schedule.get_last_lr()[0]:.15g}"))
            optimiser.step()
            schedule.step()
        cases.append({"schedule": name, "warmup_steps": warmup, "total_steps": 20, "learning_rate": RATE, "rates": rates})
    return cases


def plateaus():
    """The rate after each call of step(metric)."""
    falling = [1.0, 0.9, 0.91, 0.89995, 0.92, 0.95, 0.93, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86]
    cases = []
    for mode, metrics, patience, cooldown in [
            ("min", falling, 2, 0), ("min", falling, 0, 1), ("max", [1 - value for value in falling], 2, 0)]:
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
        options = dict(mode=mode, factor=0.5, patience=patience, threshold=1e-4, threshold_mode="rel", cooldown=cooldown,
                       min_lr=2e-4)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, **options)
        rates = []
        for metric in metrics:
            schedule.step(metric)
            rates.append(optimiser.param_groups[0]["lr"])
        cases.append({**options, "learning_rate": RATE, "metrics": [float(f"{m:.15g}") for m in metrics], "rates": rates})
    return cases


def clips():
    cases = []
    for limit, gradients in [(1.0, [[3.0, -4.0], [12.0]]), (1.0, [[0.3, -0.4], [0.5]]), (0.5, [[1e-8, 0.0], [2.0]])]:
        values = [torch.zeros(len(row), dtype=torch.float64, requires_grad=True) for row in gradients]
        for value, row in zip(values, gradients):
            value.grad = exact(row)
        norm = torch.nn.utils.clip_grad_norm_(values, limit)
        cases.append({"limit": limit, "gradients": gradients, "norm": numbers(norm, 15),
                      "clipped": [numbers(value.grad, 15) for value in values]})
    return cases


torch.set_num_threads(1)
write_json(REFERENCE / "train_operations.json", {
    "tool": "torch, transformers", "version": versions("torch", "transformers"),
    "call": "torch.nn.functional.cross_entropy, binary_cross_entropy_with_logits, mse_loss, huber_loss; torch.optim.Adam, "
            "AdamW; transformers.get_linear_schedule_with_warmup, get_cosine_schedule_with_warmup; "
            "torch.optim.lr_scheduler.ReduceLROnPlateau; torch.nn.utils.clip_grad_norm_; all in float64",
    **losses(), "optimisers": optimisers(), "schedules": schedules(), "plateaus": plateaus(), "clips": clips()}, 3)
