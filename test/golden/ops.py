"""Values and gradients of single ops. The gradients are those of sum(lossWeights.y * y)."""

import math

import torch
import torch.nn.functional as F

from golden_format import leaf, require_close, result, to_tensor, values, wave, write

# Tails, where float32 rounds to 0 or 1, and arguments near zero, where tanh, erf and the like
# must keep their relative accuracy.
POINTS = [-100, -30, -9, -5, -3.3, -2, -1.25, -0.7, -0.1, -1e-3, -1e-6]
POINTS += [1e-6, 1e-3, 0.1, 0.7, 1.25, 2, 3.3, 5, 9, 30, 100]


def scalar_gelu(x):
    return 0.5 * x * math.erfc(-x / math.sqrt(2))


def scalar_gelu_tanh(x):
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_tanh(x):
    return F.gelu(x, approximate="tanh")


def scalar_sigmoid(x):
    return 1 / (1 + math.exp(-x))


def scalar_softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def scalar_elu(x):
    return x if x > 0 else math.expm1(x)


def scalar_selu(x):
    return 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x))


# op, attributes, function, the same in Python floats, whether zero belongs to the points
ELEMENTWISE = [
    ("gelu", {"approximate": False}, F.gelu, scalar_gelu, True),
    ("gelu", {"approximate": True}, gelu_tanh, scalar_gelu_tanh, True),
    ("softplus", {}, lambda x: -F.logsigmoid(-x), scalar_softplus, True),
    ("sigmoid", {}, torch.sigmoid, scalar_sigmoid, True),
    ("tanh", {}, torch.tanh, math.tanh, True),
    ("erf", {}, torch.erf, math.erf, True),
    ("silu", {}, F.silu, lambda x: x * scalar_sigmoid(x), True),
    ("elu", {"alpha": 1}, F.elu, scalar_elu, False),  # the slope of selu jumps at zero
    ("selu", {}, F.selu, scalar_selu, False),
]


def make_case(name, op, attributes, inputs, function):
    """The written case of function(**inputs); `inputs` are specs, ids and masks among them."""
    fixed = {key: to_tensor(spec) for key, spec in inputs.items() if key in ("ids", "keyMask")}
    leaves = {key: leaf(spec) for key, spec in inputs.items() if key not in fixed}
    y = function(**leaves, **fixed)
    weights = wave(list(y.shape), 2.9)
    gradients = torch.autograd.grad((to_tensor(weights) * y).sum(), list(leaves.values()))
    return {
        "name": name,
        "op": op,
        "attributes": attributes,
        "inputs": inputs,
        "lossWeights": {"y": weights},
        "expected": {"y": result(y)},
        "gradients": {key: result(gradient) for key, gradient in zip(leaves, gradients)},
    }


def elementwise_cases():
    cases = []
    for op, attributes, function, scalar, with_zero in ELEMENTWISE:
        points = POINTS + [0] if with_zero else POINTS
        spec = values([len(points)], points)
        exact = torch.tensor([scalar(x) for x in to_tensor(spec).tolist()], dtype=torch.float64)
        require_close(op, function(to_tensor(spec)), exact)
        suffix = "/tanh" if attributes.get("approximate") else ""
        rule = lambda x, function=function: function(x)
        cases.append(make_case(op + suffix, op, attributes, {"x": spec}, rule))
    return cases


def row_cases():
    """softmax, logSoftmax, logSumExp, cumsum."""
    x, far = wave([3, 7], 0.3, 4.0), values([2, 4], [[1e4, 9999, 9990, 0], [-1e4, -9990, 88, 89]])
    deep = wave([2, 3, 5], 1.2, 2.0)
    cases = []
    for op, function in (("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)):
        for suffix, spec, axis in (("", x, -1), ("/far", far, -1), ("/axis1", deep, 1)):
            rule = lambda x, function=function, axis=axis: function(x, axis)
            cases.append(make_case(op + suffix, op, {"axis": axis}, {"x": spec}, rule))
    # exp overflows float32 above 88.7; the gradient exp(x - y) loses as many digits as y has
    # before the point, so the values stay moderate.
    hot = values([2, 4], [[100, 99, 90, 0], [-100, -99, 88, 89]])
    for suffix, spec, axis in (("", x, -1), ("/far", hot, -1), ("/axis0", deep, 0)):
        rule = lambda x, axis=axis: torch.logsumexp(x, axis)
        name = "logSumExp" + suffix
        cases.append(make_case(name, "logSumExp", {"axis": axis}, {"x": spec}, rule))
    for exclusive in (False, True):
        for reverse in (False, True):
            attributes = {"axis": 1, "exclusive": exclusive, "reverse": reverse}
            name = "cumsum" + "/exclusive" * exclusive + "/reverse" * reverse
            rule = lambda x, a=attributes: cumsum(x, a["exclusive"], a["reverse"])
            cases.append(make_case(name, "cumsum", attributes, {"x": deep}, rule))
    return cases


def cumsum(x, exclusive, reverse):
    """Along axis 1; exclusive leaves out the element itself, reverse sums from the end."""
    x = x.flip(1) if reverse else x
    y = x.cumsum(1)
    y = y - x if exclusive else y
    return y.flip(1) if reverse else y


def layer_norm_cases():
    """Keras's epsilon 1e-3, variance over the last axis, biased."""
    cases = []
    for name, shape, scale, offset in (("", [3, 7], 1.5, 0.2), ("/offset", [2, 3, 5], 0.1, 10.0)):
        inputs = {
            "x": wave(shape, 0.3, scale, offset),
            "gamma": wave(shape[-1:], 1.1, 0.5, 1.0),
            "beta": wave(shape[-1:], 2.2, 0.4),
        }
        rule = lambda x, gamma, beta: F.layer_norm(x, x.shape[-1:], gamma, beta, 1e-3)
        cases.append(make_case("layerNorm" + name, "layerNorm", {"epsilon": 1e-3}, inputs, rule))
    return cases


def rms_norm(x, gamma, epsilon):
    """Zhang & Sennrich 2019, arXiv:1910.07467; PyTorch 1.13 has no such function."""
    return gamma * x / (x.square().mean(-1, keepdim=True) + epsilon).sqrt()


def rms_norm_cases():
    """Keras's epsilon 1e-6, and one so large that it shows."""
    cases = []
    for name, shape, offset, epsilon in (("", [3, 7], 0.2, 1e-6), ("/offset", [2, 3, 5], 10.0, 0.5)):
        inputs = {"x": wave(shape, 0.3, 1.5, offset), "gamma": wave(shape[-1:], 1.1, 0.5, 1.0)}
        rule = lambda x, gamma, epsilon=epsilon: rms_norm(x, gamma, epsilon)
        cases.append(make_case("rmsNorm" + name, "rmsNorm", {"epsilon": epsilon}, inputs, rule))
    return cases


def mat_mul_cases():
    cases = []
    for suffix, a_shape, b_shape in (
        ("", [5, 3], [3, 4]),
        ("/batch", [2, 5, 3], [2, 3, 4]),
        ("/broadcast", [2, 5, 3], [3, 4]),
    ):
        for transpose_a in (False, True):
            for transpose_b in (False, True):
                inputs = {
                    "a": wave(swapped(a_shape) if transpose_a else a_shape, 0.3),
                    "b": wave(swapped(b_shape) if transpose_b else b_shape, 1.1),
                }
                attributes = {"transposeA": transpose_a, "transposeB": transpose_b}
                rule = lambda a, b, t=(transpose_a, transpose_b): torch.matmul(
                    a.transpose(-1, -2) if t[0] else a, b.transpose(-1, -2) if t[1] else b
                )
                name = f"matMul{suffix}/{'T' if transpose_a else 'N'}{'T' if transpose_b else 'N'}"
                cases.append(make_case(name, "matMul", attributes, inputs, rule))
    return cases


def swapped(shape):
    return shape[:-2] + [shape[-1], shape[-2]]


def embedding_case():
    """Ids 3 and 0 repeat, so their rows of the gradient are sums; ids 1 and 4 never occur."""
    inputs = {"table": wave([7, 3], 0.3), "ids": values([2, 5], [3, 0, 3, 6, 2, 0, 3, 5, 3, 2])}
    rule = lambda table, ids: F.embedding(ids.long(), table)
    return make_case("embedding", "embedding", {}, inputs, rule)


def attention(query, key, value, bias=None, keyMask=None, causal=False):
    """softmax(scale * QK^T + bias) V, scale 1/sqrt(D); a row that sees no key gives zeros.

    query [B,N,T,D], key and value [B,K,S,D] with N a multiple of K (query head n reads key head
    floor(n / (N/K))), bias broadcast to [B,N,T,S], keyMask [B,S] with 1 = the key counts.
    """
    groups = query.shape[1] // key.shape[1]
    key, value = (tensor.repeat_interleave(groups, dim=1) for tensor in (key, value))
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])  # [B, N, T, S]
    scores = scores if bias is None else scores + bias
    seen = torch.ones(scores.shape[-2:]).tril() > 0 if causal else torch.tensor(True)
    seen = seen if keyMask is None else seen & (keyMask[:, None, None, :] > 0)
    seen = seen.expand(scores.shape)
    weights = scores.masked_fill(~seen, -1e300).softmax(-1).masked_fill(~seen, 0.0)
    return weights @ value


def attention_cases():
    query, one_head = wave([2, 2, 4, 3], 0.3, 1.5), wave([2, 1, 5, 3], 1.1, 1.5)
    key, value = wave([2, 2, 5, 3], 1.1, 1.5), wave([2, 2, 5, 3], 2.2)
    square = {"key": wave([2, 2, 4, 3], 1.1, 1.5), "value": wave([2, 2, 4, 3], 2.2)}
    empty_row = values([2, 5], [1, 0, 1, 1, 0, 0, 0, 0, 0, 0])
    variants = [
        ("", {"key": key, "value": value}),
        ("/causal", square),
        ("/keyMask", {"key": key, "value": value, "keyMask": empty_row}),
        ("/causal+keyMask", square | {"keyMask": values([2, 4], [0, 1, 1, 0, 1, 1, 0, 1])}),
        ("/bias", {"key": key, "value": value, "bias": wave([1, 2, 4, 5], 0.7)}),
        ("/groupedHeads", {"key": one_head, "value": wave([2, 1, 5, 3], 2.2)}),
    ]
    cases = []
    for suffix, inputs in variants:
        causal, inputs = "causal" in suffix, {"query": query} | inputs
        check_attention(suffix, inputs, causal)
        rule = lambda causal=causal, **tensors: attention(**tensors, causal=causal)
        cases.append(make_case("attention" + suffix, "attention", {"causal": causal}, inputs, rule))
    return cases


def check_attention(name, inputs, causal):
    """Row by row, on the keys that each row sees, without a mask value."""
    t = {key: to_tensor(spec) for key, spec in inputs.items()}
    y = attention(**t, causal=causal)
    for b, n, row in torch.cartesian_prod(*(torch.arange(size) for size in y.shape[:3])).tolist():
        head = n * t["key"].shape[1] // t["query"].shape[1]
        keys = [s for s in range(t["key"].shape[2]) if not causal or s <= row]
        keys = [s for s in keys if "keyMask" not in t or t["keyMask"][b, s] > 0]
        exponentials = []
        for s in keys:
            score = t["query"][b, n, row].dot(t["key"][b, head, s]) / math.sqrt(3)
            score = score + t["bias"][0, n, row, s] if "bias" in t else score
            exponentials.append(math.exp(score.item()))
        total = torch.zeros(y.shape[3], dtype=torch.float64)
        for e, s in zip(exponentials, keys):
            total += e / sum(exponentials) * t["value"][b, head, s]
        require_close(f"attention{name}", y[b, n, row], total)


def generate():
    cases = elementwise_cases() + row_cases() + layer_norm_cases() + rms_norm_cases() + mat_mul_cases()
    write("ops", cases + [embedding_case()] + attention_cases())
