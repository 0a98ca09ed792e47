"""Losses with Keras's reduction (mean over all samples and steps) and their gradients.

Probabilities: the crossentropies clip to [1e-7, 1 - 1e-7]; categorical ones first divide by the
sum over the classes, so that predictions need not be normalised. The bounds are taken at their
float32 values, because 1 - 1e-7 rounds to 1 - 2^-23 there and log(1 - p) shows it.
Where a probability was clipped its gradient is zero. Equations: the docstrings of keras.losses.
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


def sparse(ids, p, labelSmoothing=0):
    return categorical(goal(ids, labelSmoothing), p)


def goal(ids, smoothing):
    """Ids that are no classes take part as 0, and are left out of the mean."""
    return (1 - smoothing) * one_hot(ids.clamp(min=0)) + smoothing / 5


def sparse_logits(ids, x, labelSmoothing=0):
    return categorical_logits(goal(ids, labelSmoothing), x)


EPSILON = 1e-7


def percentage(target, prediction):
    return 100 * (prediction - target).abs() / target.abs().clamp(min=EPSILON)


def squared_logarithmic(target, prediction):
    log = lambda x: torch.log(x.clamp(min=EPSILON) + 1)
    return (log(prediction) - log(target)) ** 2


def log_cosh(target, prediction):
    return torch.log(torch.cosh(prediction - target))


def negative_cosine(target, prediction):
    unit = lambda x: x / (x**2).sum(-1, keepdim=True).clamp(min=1e-12).sqrt()
    return -(unit(target) * unit(prediction)).sum(-1)


def hinge(target, prediction):
    bits = ((target == 0) | (target == 1)).all()
    sign = 2 * target - 1 if bits else target
    return (1 - sign * prediction).clamp(min=0)


def squared_hinge(target, prediction):
    return hinge(target, prediction) ** 2


def categorical_hinge(target, prediction):
    right = (target * prediction).sum(-1)
    wrong = ((1 - target) * prediction).max(-1).values
    return (1 + wrong - right).clamp(min=0)


def divergence(target, prediction):
    y, p = target.clamp(EPSILON, 1), prediction.clamp(EPSILON, 1)
    return (y * torch.log(y / p)).sum(-1)


def poisson(target, prediction):
    return prediction - target * torch.log(prediction + EPSILON)


def binary_focal(target, x, fromLogits=False, alpha=0.25, gamma=2.0, **options):
    y = smoothed(target, options.get("labelSmoothing", 0), 2)
    p = torch.sigmoid(x) if fromLogits else x
    cost = binary_logits(y, x) if fromLogits else binary(y, x)
    focal = (1 - (y * p + (1 - y) * (1 - p))) ** gamma * cost
    if options.get("applyClassBalancing"):
        focal = focal * (y * alpha + (1 - y) * (1 - alpha))
    return focal


def categorical_focal(target, x, fromLogits=False, alpha=0.25, gamma=2.0, labelSmoothing=0):
    y = smoothed(target, labelSmoothing, target.shape[-1])
    p = x.softmax(-1) if fromLogits else x / x.sum(-1, keepdim=True)
    return (alpha * (1 - p) ** gamma * -y * p.log()).sum(-1)


def smoothed(target, smoothing, classes):
    return target * (1 - smoothing) + smoothing / classes


def ctc(labels, logits, zeroInfinity=False):
    """Keras's lengths: all steps, and the labels above 0. One loss a row."""
    steps = torch.full([logits.shape[0]], logits.shape[1])
    lengths = (labels > 0).sum(-1)
    log_probs = logits.log_softmax(-1).transpose(0, 1)  # [T, B, C]
    return F.ctc_loss(
        log_probs, labels.long(), steps, lengths, reduction="none", zero_infinity=zeroInfinity
    )


def make_cases():
    target, prediction = wave([4, 3], 0.6), wave([4, 3], 1.9, 1.5)
    probability = wave([4, 3], 1.9, 0.45, 0.5)
    large_logits = values([4, 3], [[-100, 30, 0], [5, -17, 1e-3], [-2, 88, 100], [-30, 2, -5]])
    saturated = values([4, 3], [[0, 1, 0], [1, 1, 0.5], [0.25, 0, 1], [0, 0.75, 1]])
    positive, logits = wave([2, 3, 5], 1.4, 0.45, 0.5), wave([2, 3, 5], 1.4, 4.0)
    ids = values([2, 3], CLASS_IDS)
    soft, hard = values([4, 3], SOFT), values([4, 3], BINARY)
    signs = values([4, 3], (2 * torch.tensor(BINARY) - 1).tolist())
    one_hots = values([2, 3, 5], one_hot(torch.tensor(CLASS_IDS)).tolist())
    counts = values([4, 3], [[0, 1, 3], [2, 0, 7], [1, 1, 4], [5, 2, 0]])
    sentences = values([3, 4], [[1, 1, 2, 0], [3, 0, 0, 0], [0, 0, 0, 0]])
    speech = values([2, 6], [[2, 2, 2, 1, 3, 3], [4, 1, 4, 0, 0, 0]])
    crowded = values([2, 4], [[1, 1, 1, 1], [2, 1, 0, 0]])  # row 0 needs 7 steps
    sparse_name = "sparseCategoricalCrossentropy"
    sounds = wave([3, 7, 4], 0.9, 2.0)
    focal = {"applyClassBalancing": True, "alpha": 0.4, "gamma": 1.5, "labelSmoothing": 0.1}
    return [
        case("meanAbsolutePercentageError", "", target, prediction),
        case("meanSquaredLogarithmicError", "", probability, wave([4, 3], 1.1, 0.9, 0.6)),
        case("logCosh", "", target, prediction),
        case("cosineSimilarity", "", wave([2, 3, 5], 0.6), logits),
        case("hinge", "", signs, prediction),
        case("hinge", "/bits", hard, prediction),
        case("squaredHinge", "", signs, prediction),
        case("categoricalHinge", "", one_hots, logits),
        case("klDivergence", "", CLASS_TARGETS, positive),
        case("poisson", "", counts, probability),
        case("binaryFocalCrossentropy", "", hard, probability, fromLogits=False),
        case("binaryFocalCrossentropy", "/balanced", soft, probability, fromLogits=False, **focal),
        case("binaryFocalCrossentropy", "/logits", soft, prediction, fromLogits=True, gamma=0.5),
        case("categoricalFocalCrossentropy", "", one_hots, positive, fromLogits=False),
        case(
            "categoricalFocalCrossentropy",
            "/logits",
            CLASS_TARGETS,
            logits,
            fromLogits=True,
            alpha=0.7,
            gamma=3,
            labelSmoothing=0.2,
        ),
        case("ctc", "", sentences, sounds, zeroInfinity=False),
        case("ctc", "/long", speech, wave([2, 40, 5], 0.3, 5.0), zeroInfinity=False),
        case("ctc", "/zeroInfinity", crowded, wave([2, 6, 3], 0.3, 3.0), zeroInfinity=True),
        case(sparse_name, "/ignoreClass", ids, positive, fromLogits=False, ignoreClass=2),
        case(sparse_name, "/logits/ignoreClass", ids, logits, fromLogits=True, ignoreClass=4),
        case(sparse_name, "/smoothed", ids, positive, fromLogits=False, labelSmoothing=0.2),
        case(sparse_name, "/logits/smoothed", ids, logits, fromLogits=True, labelSmoothing=0.1),
        case(
            sparse_name,
            "/logits/smoothed/ignoreIndex",
            values([2, 3], [[4, -100, 2], [-100, 1, 4]]),
            logits,
            fromLogits=True,
            labelSmoothing=0.3,
            ignoreIndex=-100,
        ),
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
    ("meanAbsolutePercentageError", None): (percentage, None),
    ("meanSquaredLogarithmicError", None): (squared_logarithmic, None),
    ("logCosh", None): (log_cosh, None),
    ("cosineSimilarity", None): (
        negative_cosine,
        lambda t, p: -F.cosine_similarity(t, p, dim=-1),
    ),
    ("hinge", None): (hinge, None),
    ("squaredHinge", None): (squared_hinge, None),
    ("categoricalHinge", None): (categorical_hinge, None),
    ("klDivergence", None): (
        divergence,
        lambda t, p: F.kl_div(p.log(), t, reduction="none").sum(-1),
    ),
    ("poisson", None): (
        poisson,
        lambda t, p: F.poisson_nll_loss(p, t, log_input=False, eps=EPSILON, reduction="none"),
    ),
    ("binaryFocalCrossentropy", False): (binary_focal, None),
    ("binaryFocalCrossentropy", True): (binary_focal, None),
    ("categoricalFocalCrossentropy", False): (categorical_focal, None),
    ("categoricalFocalCrossentropy", True): (categorical_focal, None),
    ("ctc", None): (ctc, ctc),  # PyTorch's own
    ("sparseCategoricalCrossentropy", True): (
        sparse_logits,
        lambda t, x, labelSmoothing=0.0: F.cross_entropy(
            x.flatten(0, 1), t.long().flatten(), label_smoothing=labelSmoothing
        ),
    ),
}


FOCAL = ["fromLogits", "alpha", "gamma", "labelSmoothing", "applyClassBalancing"]
TAKES = {
    "binaryFocalCrossentropy": FOCAL,
    "categoricalFocalCrossentropy": FOCAL,
    "ctc": ["zeroInfinity"],
    "sparseCategoricalCrossentropy": ["labelSmoothing"],
}


def costs(case, function, prediction):
    settings = {key: case[key] for key in TAKES.get(case["loss"], []) if key in case}
    return function(to_tensor(case["target"]), prediction, **settings)


def mean(case, function, prediction):
    """Keras's mean; rows of the class to be ignored count neither above nor below the line."""
    ignored = case.get("ignoreClass", case.get("ignoreIndex"))
    if ignored is None:
        return costs(case, function, prediction).mean()
    counted = to_tensor(case["target"]) != ignored
    return costs(case, function, prediction)[counted].sum() / (counted.double().sum() + EPSILON)


def evaluate(case, function):
    prediction = leaf(case["prediction"])
    value = mean(case, function, prediction)
    return value.detach(), torch.autograd.grad(value, prediction)[0]


def check_differences(case, function):
    """Central differences, for a loss that PyTorch does not have."""
    prediction = leaf(case["prediction"])
    torch.autograd.gradcheck(
        lambda p: mean(case, function, p), prediction, atol=1e-8, rtol=1e-6
    )


def check_ignored(case, value, gradient):
    """PyTorch's own way to leave rows out; its mean has no EPSILON below the line."""
    x, t = leaf(case["prediction"]), to_tensor(case["target"]).long()
    options = {"ignore_index": case["ignoreIndex"], "label_smoothing": case["labelSmoothing"]}
    mean = F.cross_entropy(x.flatten(0, 1), t.flatten(), **options)
    count = (t != case["ignoreIndex"]).double().sum()
    other = mean * count / (count + EPSILON)
    require_close(case["name"], value, other.detach())
    require_close(f"{case['name']} gradient", gradient, torch.autograd.grad(other, x)[0])


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
        elif "ignoreIndex" in case:
            check_ignored(case, value, gradient)
        elif counterpart is None or "ignoreClass" in case:
            check_differences(case, function)
        else:
            other_value, other_gradient = evaluate(case, counterpart)
            require_close(case["name"], value, other_value)
            require_close(f"{case['name']} gradient", gradient, other_gradient)
        cases.append({**case, "value": digits(value.item()), "gradient": result(gradient)})
    write("losses", cases)
