"""Losses with Keras's reduction (mean over all samples and steps) and their gradients.

Probabilities: the crossentropies clip to [1e-7, 1 - 1e-7]; categorical ones first divide by the
sum over the classes, so that predictions need not be normalised. The bounds are taken at their
float32 values, because 1 - 1e-7 rounds to 1 - 2^-23 there and log(1 - p) shows it.
Where a probability was clipped its gradient is zero.
"""

import torch
import torch.nn.functional as F

from golden_format import digits, leaf, require_close, result, to_tensor, values, wave, write

LOWEST = torch.tensor(1e-7, dtype=torch.float32).item()
HIGHEST = torch.tensor(1 - 1e-7, dtype=torch.float32).item()

BINARY = [[0, 1, 1], [1, 0, 0], [0, 0, 1], [1, 1, 0]]
SOFT = [[0.1, 0.9, 0.75], [1, 0.3, 0], [0.5, 0.2, 1], [0.6, 1, 0.05]]
CLASS_IDS = [[4, 0, 2], [2, 1, 4]]  # [B, T], classes 0..4, repeats and gaps
CLASS_TARGETS = wave([2, 3, 5], 0.8, 0.2, 0.25)  # soft targets; need not sum to one


def absolute(target, prediction):
    return (prediction - target).abs()


def squared(target, prediction):
    return (prediction - target) ** 2


def huber(target, prediction, delta=1.0):
    error = (prediction - target).abs()
    return torch.where(error <= delta, 0.5 * error**2, delta * error - 0.5 * delta**2)


def binary(target, p):
    p = p.clamp(LOWEST, HIGHEST)
    return -(target * p.log() + (1 - target) * (1 - p).log())


def binary_logits(target, x):
    return -(target * F.logsigmoid(x) + (1 - target) * F.logsigmoid(-x))


def categorical(target, p):
    p = (p / p.sum(-1, keepdim=True)).clamp(LOWEST, HIGHEST)
    return -(target * p.log()).sum(-1)


def categorical_logits(target, x):
    return -(target * (x - x.logsumexp(-1, keepdim=True))).sum(-1)


def one_hot(ids, classes=5):
    return F.one_hot(ids.long(), classes).double()


def sparse(ids, p):
    return categorical(one_hot(ids), p)


def sparse_logits(ids, x):
    return categorical_logits(one_hot(ids), x)


def make_cases():
    target, prediction = wave([4, 3], 0.6), wave([4, 3], 1.9, 1.5)
    probability = wave([4, 3], 1.9, 0.45, 0.5)
    large_logits = values([4, 3], [[-100, 30, 0], [5, -17, 1e-3], [-2, 88, 100], [-30, 2, -5]])
    saturated = values([4, 3], [[0, 1, 0], [1, 1, 0.5], [0.25, 0, 1], [0, 0.75, 1]])
    positive, logits = wave([2, 3, 5], 1.4, 0.45, 0.5), wave([2, 3, 5], 1.4, 4.0)
    ids = values([2, 3], CLASS_IDS)
    soft, hard = values([4, 3], SOFT), values([4, 3], BINARY)
    return [
        case("meanSquaredError", "", target, prediction),
        case("meanSquaredError", "/time", wave([2, 3, 5], 0.6), logits),
        case("meanAbsoluteError", "", target, prediction),
        case("huber", "", target, prediction, delta=1),
        case("binaryCrossentropy", "", hard, probability, fromLogits=False),
        case("binaryCrossentropy", "/soft", soft, probability, fromLogits=False),
        case("binaryCrossentropy", "/clipped", hard, saturated, fromLogits=False),
        case("binaryCrossentropy", "/logits", soft, prediction, fromLogits=True),
        case("binaryCrossentropy", "/largeLogits", hard, large_logits, fromLogits=True),
        case("categoricalCrossentropy", "", CLASS_TARGETS, positive, fromLogits=False),
        case("categoricalCrossentropy", "/logits", CLASS_TARGETS, logits, fromLogits=True),
        case("sparseCategoricalCrossentropy", "", ids, positive, fromLogits=False),
        case("sparseCategoricalCrossentropy", "/logits", ids, logits, fromLogits=True),
    ]


def case(loss, suffix, target, prediction, **options):
    head = {"name": loss + suffix, "loss": loss, **options}
    return head | {"target": target, "prediction": prediction}


# (loss, fromLogits) -> the loss of every sample, and PyTorch's mean where it has the same loss.
RULES = {
    ("meanSquaredError", None): (squared, lambda t, p: F.mse_loss(p, t)),
    ("meanAbsoluteError", None): (absolute, lambda t, p: F.l1_loss(p, t)),
    ("huber", None): (huber, lambda t, p: F.huber_loss(p, t)),
    ("binaryCrossentropy", False): (binary, lambda t, p: F.binary_cross_entropy(p, t)),
    ("binaryCrossentropy", True): (
        binary_logits,
        lambda t, x: F.binary_cross_entropy_with_logits(x, t),
    ),
    ("categoricalCrossentropy", False): (categorical, None),
    ("categoricalCrossentropy", True): (
        categorical_logits,
        lambda t, x: F.cross_entropy(x.flatten(0, 1), t.flatten(0, 1)),
    ),
    ("sparseCategoricalCrossentropy", False): (sparse, None),
    ("sparseCategoricalCrossentropy", True): (
        sparse_logits,
        lambda t, x: F.cross_entropy(x.flatten(0, 1), t.long().flatten()),
    ),
}


def evaluate(case, function):
    prediction = leaf(case["prediction"])
    value = function(to_tensor(case["target"]), prediction).mean()
    return value.detach(), torch.autograd.grad(value, prediction)[0]


def check_differences(case, function):
    """Central differences, for a loss that PyTorch does not have."""
    prediction, target = leaf(case["prediction"]), to_tensor(case["target"])
    mean = lambda p: function(target, p).mean()
    torch.autograd.gradcheck(mean, prediction, atol=1e-8, rtol=1e-6)


def check_clipped(case, gradient):
    """(p-t) / (p*(1-p)) / size inside the bounds, zero where the probability was clipped."""
    p, t = to_tensor(case["prediction"]), to_tensor(case["target"])
    inside = (p > LOWEST) & (p < HIGHEST)
    expected = torch.zeros_like(p)
    expected[inside] = ((p - t) / (p * (1 - p)) / p.numel())[inside]
    require_close(case["name"], gradient, expected)


def generate():
    cases = []
    for case in make_cases():
        function, counterpart = RULES[case["loss"], case.get("fromLogits")]
        value, gradient = evaluate(case, function)
        if case["name"].endswith("/clipped"):
            check_clipped(case, gradient)
        elif counterpart is None:
            check_differences(case, function)
        else:
            other_value, other_gradient = evaluate(case, counterpart)
            require_close(case["name"], value, other_value)
            require_close(f"{case['name']} gradient", gradient, other_gradient)
        cases.append({**case, "value": digits(value.item()), "gradient": result(gradient)})
    write("losses", cases)
