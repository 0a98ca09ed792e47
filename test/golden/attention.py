"""Attention layers and transformer blocks: forward and all gradients, with Keras's names and layouts.

Expected numbers are those of nn.MultiheadAttention, nn.TransformerEncoderLayer and
nn.TransformerDecoderLayer wherever these can express a case, and the equations
(attention_equations.py) must agree with them within 1e-12; else they are those of the equations.
"""

import torch

from attention_equations import by_equations
from attention_torch import by_torch
from golden_format import require_close, result, to_tensor, values, wave, write

RIGHT5 = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
GAPS5 = [[0, 1, 1, 0, 1], [1, 1, 0, 1, 0]]
RIGHT7 = [[1, 1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 1, 1]]
NO_KEY = [[1, 0, 1, 1, 0, 0, 1], [0] * 7]
MHA = {"numHeads": 2, "keyDim": 3}
GQA = {"headDim": 3, "numQueryHeads": 4, "numKeyValueHeads": 2}
BLOCK = {"intermediateDim": 5, "numHeads": 2}


def pattern(*shape):
    """A mask with holes that lets each query see a key."""
    count = torch.Size(shape).numel()
    flat = [1 if i % 3 != 1 or i % shape[-1] == 0 else 0 for i in range(count)]
    return flat


def mask_of(shape, flat):
    return values(list(shape), [item for row in flat for item in row] if isinstance(flat[0], list) else flat)


# layer, name, config, shapes of the inputs, and: masks (name -> (shape, rows)), options of the call
def attention_variants():
    self5, cross = [(2, 5, 6)], [(2, 4, 6), (2, 7, 6)]
    yield "self", MHA, self5, {}, {}
    yield "causal", MHA, self5, {}, {"useCausalMask": True}
    yield "padding", MHA, self5, {"valueMask": ((2, 5), RIGHT5)}, {}
    yield "padding+causal", MHA, self5, {"valueMask": ((2, 5), RIGHT5)}, {"useCausalMask": True}
    yield "queryMask", MHA, self5, {"queryMask": ((2, 5), GAPS5), "valueMask": ((2, 5), RIGHT5)}, {}
    yield "cross", MHA, cross, {}, {}
    yield "cross+keys", MHA, [(2, 4, 6), (2, 7, 5), (2, 7, 3)], {"keyMask": ((2, 7), RIGHT7)}, {}
    yield "cross+causal+T<S", MHA, cross, {}, {"useCausalMask": True}
    yield "cross+causal+T>S", MHA, [(2, 6, 6), (2, 3, 6)], {}, {"useCausalMask": True}
    yield "attentionMask[T,S]", MHA, cross, {"attentionMask": ((4, 7), pattern(4, 7))}, {}
    yield "attentionMask[B,T,S]", MHA, cross, {"attentionMask": ((2, 4, 7), pattern(2, 4, 7))}, {}
    per_head = {"attentionMask": ((2, 2, 4, 7), pattern(2, 2, 4, 7))}
    yield "attentionMask[B,N,T,S]", MHA, cross, per_head, {}
    both = {"attentionMask": ((2, 5, 5), pattern(2, 5, 5)), "valueMask": ((2, 5), RIGHT5)}
    yield "attentionMask+padding+causal", MHA, self5, both, {"useCausalMask": True}
    yield "noKey", MHA, cross, {"valueMask": ((2, 7), NO_KEY)}, {}
    yield "window", MHA | {"slidingWindow": 2}, [(2, 6, 6)], {}, {}
    yield "window+causal", MHA | {"slidingWindow": 3}, [(2, 6, 6)], {}, {"useCausalMask": True}
    yield "useBias", MHA | {"useBias": False}, self5, {}, {}
    yield "valueDim", MHA | {"valueDim": 4}, cross, {}, {}
    yield "outputShape", MHA | {"outputShape": [5]}, self5, {}, {}
    yield "outputShape+rank2", MHA | {"outputShape": [2, 3], "valueDim": 2}, self5, {}, {}
    yield "useGate", MHA | {"useGate": True, "valueDim": 2}, self5, {}, {"useCausalMask": True}
    yield "oneStep", MHA, [(3, 1, 6)], {}, {"useCausalMask": True}
    yield "oneQuery", MHA, [(2, 1, 6), (2, 7, 6)], {"valueMask": ((2, 7), RIGHT7)}, {}
    yield "wide", {"numHeads": 2, "keyDim": 16}, [(1, 37, 32), (1, 70, 32)], {}, {}
    yield "wide+causal", {"numHeads": 2, "keyDim": 16}, [(1, 66, 32)], {}, {"useCausalMask": True}
    square = [(2, 3, 4, 6)]
    yield "rank4", MHA, square, {}, {}
    mask4 = {"attentionMask": ((2, 3, 4, 3, 4), pattern(2, 3, 4, 3, 4))}
    yield "rank4+attentionMask", MHA, square, mask4, {}
    yield "rank4+axis1", MHA | {"attentionAxes": [1]}, square, {}, {}
    yield "rank4+axis2", MHA | {"attentionAxes": [2]}, [(2, 3, 4, 6), (2, 3, 5, 6)], {}, {}


def grouped_variants():
    yield "self", GQA, [(2, 5, 6)], {}, {}
    yield "causal+padding", GQA, [(2, 5, 6)], {"valueMask": ((2, 5), RIGHT5)}, {"useCausalMask": True}
    yield "oneHead", GQA | {"numKeyValueHeads": 1}, [(2, 4, 6), (2, 7, 6)], {"valueMask": ((2, 7), NO_KEY)}, {}
    yield "window+gate", GQA | {"slidingWindow": 2, "useGate": True, "useBias": False}, [(2, 5, 6)], {}, {}


def plain_variants(layer):
    both = {"queryMask": ((2, 4), [[1, 1, 0, 1], [1, 1, 1, 1]]), "valueMask": ((2, 7), RIGHT7)}
    cross, keys = [(2, 4, 3), (2, 7, 3)], [(2, 4, 3), (2, 7, 5), (2, 7, 3)]
    additive = layer == "additiveAttention"
    yield "", {"useScale": False} if additive else {}, cross, {}, {}
    yield "scale", {"useScale": True}, keys, {}, {}
    yield "masks", {}, keys, both, {}
    yield "causal", {}, [(2, 5, 3)], {"valueMask": ((2, 5), RIGHT5)}, {"useCausalMask": True}
    yield "noKey", {}, cross, {"valueMask": ((2, 7), NO_KEY)}, {}
    if not additive:
        yield "concat", {"scoreMode": "concat"}, keys, both, {}
        yield "concat+scale", {"scoreMode": "concat", "useScale": True}, cross, {}, {"useCausalMask": True}


def encoder_variants():
    x, padding = [(2, 5, 4)], {"paddingMask": ((2, 5), RIGHT5)}
    allowed = {"attentionMask": ((2, 5, 5), pattern(2, 5, 5))}
    yield "relu", BLOCK, x, {}, {}
    yield "relu+normalizeFirst", BLOCK | {"normalizeFirst": True}, x, padding, {}
    yield "gelu", BLOCK | {"activation": "gelu"}, x, padding, {}
    yield "gelu+normalizeFirst", BLOCK | {"activation": "gelu", "normalizeFirst": True}, x, allowed, {}
    yield "both masks", BLOCK, x, padding | allowed, {}
    yield "epsilon", BLOCK | {"layerNormEpsilon": 0.1, "activation": "tanh"}, x, {}, {}
    yield "swiglu", BLOCK | {"feedForward": "swiglu", "normalizeFirst": True}, x, {}, {}
    yield "geglu", BLOCK | {"feedForward": "geglu"}, x, padding, {}
    yield "useBias", BLOCK | {"useBias": False, "normalizeFirst": True, "feedForward": "swiglu"}, x, {}, {}


def decoder_variants():
    x, both = [(2, 5, 4)], [(2, 5, 4), (2, 7, 4)]
    padding = {"decoderPaddingMask": ((2, 5), RIGHT5)}
    masks = padding | {"encoderPaddingMask": ((2, 7), RIGHT7)}
    yield "alone", BLOCK, x, {}, {}
    yield "alone+normalizeFirst", BLOCK | {"normalizeFirst": True, "activation": "gelu"}, x, padding, {}
    yield "alone+notCausal", BLOCK, x, {}, {"useCausalMask": False}
    allowed = {"decoderAttentionMask": ((2, 5, 5), pattern(2, 5, 5))}
    yield "alone+attentionMask", BLOCK, x, allowed, {}
    yield "alone+swiglu", BLOCK | {"feedForward": "swiglu", "normalizeFirst": True}, x, padding, {}
    yield "cross", BLOCK, both, {}, {}
    yield "cross+normalizeFirst", BLOCK | {"normalizeFirst": True}, both, masks, {}
    yield "cross+gelu", BLOCK | {"activation": "gelu"}, both, masks, {}
    sides = {"encoderAttentionMask": ((2, 5, 7), pattern(2, 5, 7))}
    yield "cross+attentionMasks", BLOCK | {"normalizeFirst": True}, both, sides | allowed, {}


VARIANTS = {
    "multiHeadAttention": attention_variants,
    "groupedQueryAttention": grouped_variants,
    "attention": lambda: plain_variants("attention"),
    "additiveAttention": lambda: plain_variants("additiveAttention"),
    "transformerEncoder": encoder_variants,
    "transformerDecoder": decoder_variants,
}


def projections(config, widths, output):
    """Shapes of the weights of an attention layer; `widths` of query, value and key."""
    heads = config.get("numHeads", config.get("numQueryHeads"))
    key_heads = config.get("numKeyValueHeads", heads)
    size = config.get("keyDim", config.get("headDim"))
    value_size = config.get("valueDim", size)
    shapes = {"query": (widths[0], heads, size), "key": (widths[2], key_heads, size)}
    if config.get("useGate"):
        shapes["gate"] = (widths[0], heads, value_size)
    shapes["value"] = (widths[1], key_heads, value_size)
    weights = {}
    for name, shape in shapes.items():
        weights[f"{name}/kernel"] = shape
        weights[f"{name}/bias"] = shape[1:]
    weights["attention_output/kernel"] = (heads, value_size, *output)
    weights["attention_output/bias"] = output
    return weights


def block_weights(config, widths, is_encoder):
    """Shapes of the weights of a block, in the order of KerasHub's layers."""
    width = widths[0]
    head = {"numHeads": config["numHeads"], "keyDim": width // config["numHeads"]}

    def attention(name, source):
        return {f"{name}/{k}": v for k, v in projections(head, [width, source, source], (width,)).items()}

    def norm(name):
        if config.get("normalization") == "rms":
            return {f"{name}/scale": (width,)}
        return {f"{name}/gamma": (width,), f"{name}/beta": (width,)}

    def dense(name, inputs, units):
        return {f"{name}/kernel": (inputs, units), f"{name}/bias": (units,)}

    inner = config["intermediateDim"]
    gate = {} if config.get("feedForward", "dense") == "dense" else dense("feedforward_gate_dense", width, inner)
    feed = gate | dense("feedforward_intermediate_dense", width, inner)
    feed |= dense("feedforward_output_dense", inner, width)
    feed_norm = norm("feedforward_layer_norm")
    if is_encoder:
        return attention("self_attention_layer", width) | norm("self_attention_layer_norm") | feed_norm | feed
    weights = attention("self_attention", width) | norm("self_attention_layer_norm")
    if len(widths) > 1:
        weights |= attention("cross_attention", widths[1]) | norm("cross_attention_layer_norm")
    return weights | feed | feed_norm


def weight_shapes(layer, config, shapes):
    query = shapes[0]
    value = shapes[1] if len(shapes) > 1 else query
    key = shapes[2] if len(shapes) > 2 else value
    if layer.startswith("transformer"):
        return block_weights(config, [shape[-1] for shape in shapes], layer == "transformerEncoder")
    if layer in ("multiHeadAttention", "groupedQueryAttention"):
        output = tuple(config.get("outputShape", query[-1:]))
        return projections(config, [query[-1], value[-1], key[-1]], output)
    weights = {}
    if config.get("useScale", layer == "additiveAttention"):
        weights["scale"] = (query[-1],) if layer == "additiveAttention" else ()
    if config.get("scoreMode") == "concat":
        weights["concat_score_weight"] = ()
    return weights


def make_case(layer, name, config, shapes, masks, options):
    weights = weight_shapes(layer, config, shapes)
    if not config.get("useBias", True):
        weights = {key: shape for key, shape in weights.items() if not key.endswith("/bias")}

    def spec_of(path, shape, index):
        if path.endswith(("gamma", "scale")) or shape == ():
            return wave(shape, 0.9 + 0.41 * index, 0.4, 1.0)
        # Scores of moderate size whatever the width, so that no softmax is saturated.
        return wave(shape, 0.7 + 0.41 * index, 0.8 if len(shape) < 2 or shape[0] < 16 else 0.3)

    return {
        "name": f"{layer}/{name}" if name else layer,
        "layer": layer,
        "config": config,
        "inputs": [wave(shape, 0.3 + 0.37 * index) for index, shape in enumerate(shapes)],
        "weights": {path: spec_of(path, shape, i) for i, (path, shape) in enumerate(weights.items())},
        "masks": {key: mask_of(*mask) for key, mask in masks.items()},
        "options": options,
    }


def fill(case):
    """Computes a case, in both ways where there are two; returns whether there were."""
    unlisted = lambda spec: to_tensor(spec, listed=False).requires_grad_(True)
    inputs = [unlisted(spec) for spec in case["inputs"]]
    weights = {path: unlisted(spec) for path, spec in case["weights"].items()}
    masks = {key: to_tensor(spec) > 0 for key, spec in case["masks"].items()}
    leaves = [*inputs, *weights.values()]
    own = by_equations(case, weights, inputs, masks)
    case["lossWeights"] = wave(list(own["y"].shape), 2.9)
    loss_weights = to_tensor(case["lossWeights"], listed=False)

    def gradients(y):
        return torch.autograd.grad((loss_weights * y).sum(), leaves)

    own_gradients = gradients(own["y"])
    torchs = by_torch(case, weights, inputs, masks)
    if torchs is not None and torchs["y"].isfinite().all():
        for key, tensor in torchs.items():
            require_close(f"{case['name']} {key}", own[key], tensor)
        torch_gradients = gradients(torchs["y"])
        for path, a, b in zip([*range(len(inputs)), *weights], own_gradients, torch_gradients):
            limit = 1e-12 * max(1.0, b.abs().max().item())
            require_close(f"{case['name']} gradient {path}", a, b, limit)
        own, own_gradients = own | torchs, torch_gradients
    else:
        torchs = None
    case["source"] = "equations" if torchs is None else "PyTorch"
    case["expected"] = {key: result(tensor) for key, tensor in own.items()}
    case["gradients"] = {
        "inputs": [result(gradient) for gradient in own_gradients[: len(inputs)]],
        "weights": {path: result(g) for path, g in zip(weights, own_gradients[len(inputs) :])},
    }
    return case


def generate():
    cases = []
    for layer, variants in VARIANTS.items():
        cases += [fill(make_case(layer, *variant)) for variant in variants()]
    count = sum(case["source"] == "PyTorch" for case in cases)
    print(f"  {count} of {len(cases)} cases by PyTorch's modules")
    write("attention-layers", cases)
