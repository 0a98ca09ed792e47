"""Attention layers and transformer blocks from their equations, with weights in Keras's layouts.

Shapes: query [B,T,D], value and key [B,S,·]; heads [B,·,N,K]. A case is a dict as attention.py
writes it. Masks are true where something counts. A query that sees no key gives zeros.
"""

import math

import torch
import torch.nn.functional as F


def softmax_of_seen(scores, seen):
    """Softmax over the last axis on what is seen; rows of zeros where nothing is."""
    hidden = scores.masked_fill(~seen, -1e300)
    return hidden.softmax(-1).masked_fill(~seen, 0.0)


def seen_by(case, masks, batch, time, source):
    """Which query sees which key, bool [B,1 or N,T,S]."""
    seen = torch.ones(batch, 1, time, source, dtype=torch.bool)
    row, column = torch.arange(time)[:, None], torch.arange(source)[None, :]
    if case["options"].get("useCausalMask"):
        seen = seen & (column <= row)
    if case["config"].get("slidingWindow"):
        seen = seen & ((row - column).abs() < case["config"]["slidingWindow"])
    for name in ("valueMask", "keyMask"):
        if name in masks:
            seen = seen & masks[name][:, None, None, :]
    if "queryMask" in masks:
        seen = seen & masks["queryMask"][:, None, :, None]
    if "attentionMask" in masks:
        mask = masks["attentionMask"]
        mask = mask[:, None] if mask.dim() == 3 else mask
        seen = seen & mask
    return seen


def project(x, weights, name):
    """x [B,T,D] · kernel [D,N,K] + bias [N,K]."""
    y = torch.einsum("btd,dnk->btnk", x, weights[f"{name}/kernel"])
    return y + weights[f"{name}/bias"] if f"{name}/bias" in weights else y


def heads(weights, query, value, key, seen):
    """Multi-head attention, and its weights [B,N,T,S]; key and value may have fewer heads."""
    q, k, v = (project(x, weights, name) for x, name in ((query, "query"), (key, "key"), (value, "value")))
    groups = q.shape[2] // k.shape[2]
    k, v = (x.repeat_interleave(groups, dim=2) for x in (k, v))
    scores = torch.einsum("btnk,bsnk->bnts", q, k) / math.sqrt(q.shape[3])
    attended = softmax_of_seen(scores, seen)
    result = torch.einsum("bnts,bsnv->btnv", attended, v)
    if "gate/kernel" in weights:
        result = result * torch.sigmoid(project(query, weights, "gate"))
    kernel = weights["attention_output/kernel"]
    y = torch.tensordot(result, kernel, dims=2)
    return y + weights.get("attention_output/bias", 0.0), attended


def projected_attention(case, weights, inputs, masks):
    """multiHeadAttention and groupedQueryAttention of rank 3."""
    query, value, key = three(inputs)
    seen = seen_by(case, masks, query.shape[0], query.shape[1], value.shape[1])
    y, scores = heads(weights, query, value, key, seen)
    return {"y": y, "scores": scores}


def axes_attention(case, weights, inputs, masks):
    """multiHeadAttention over some axes of rank 4, as one einsum each."""
    query, value, key = three(inputs)
    q, k, v = (
        torch.einsum("bhwd,dnk->bhwnk", x, weights[f"{name}/kernel"]) + weights[f"{name}/bias"]
        for x, name in ((query, "query"), (key, "key"), (value, "value"))
    )
    product, combine, flat = {
        "both": ("bhwnk,bxynk->bnhwxy", "bnhwxy,bxynk->bhwnk", 2),
        "1": ("bhwnk,bxwnk->bwnhx", "bwnhx,bxwnk->bhwnk", 1),
        "2": ("bhwnk,bhynk->bhnwy", "bhnwy,bhynk->bhwnk", 1),
    }["both" if "attentionAxes" not in case["config"] else str(case["config"]["attentionAxes"][0])]
    scores = torch.einsum(product, q, k) / math.sqrt(q.shape[-1])
    if "attentionMask" in masks:
        scores = scores.masked_fill(~masks["attentionMask"][:, None], -1e300)
    attended = scores.flatten(-flat).softmax(-1).reshape(scores.shape)
    result = torch.einsum(combine, attended, v)
    y = torch.tensordot(result, weights["attention_output/kernel"], dims=2)
    return {"y": y + weights["attention_output/bias"], "scores": attended}


def plain_attention(case, weights, inputs, masks):
    """attention and additiveAttention: no projections, no heads."""
    query, value, key = three(inputs)
    scale = weights.get("scale", torch.tensor(1.0, dtype=query.dtype))
    if case["layer"] == "additiveAttention":
        scores = (scale * torch.tanh(query[:, :, None] + key[:, None])).sum(-1)
    elif case["config"].get("scoreMode") == "concat":
        pairs = torch.tanh(scale * (query[:, :, None] + key[:, None]))
        scores = weights["concat_score_weight"] * pairs.sum(-1)
    else:
        scores = scale * (query @ key.transpose(1, 2))
    seen = seen_by(case, masks, *scores.shape)[:, 0]
    attended = softmax_of_seen(scores, seen)
    return {"y": attended @ value, "scores": attended}


def three(inputs):
    query = inputs[0]
    value = inputs[1] if len(inputs) > 1 else query
    return query, value, inputs[2] if len(inputs) > 2 else value


def norm(x, weights, name, config):
    epsilon = config.get("layerNormEpsilon", 1e-5)
    if config.get("normalization") == "rms":
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * weights[f"{name}/scale"]
    return F.layer_norm(x, x.shape[-1:], weights[f"{name}/gamma"], weights[f"{name}/beta"], epsilon)


def dense(x, weights, name):
    y = x @ weights[f"{name}/kernel"]
    return y + weights[f"{name}/bias"] if f"{name}/bias" in weights else y


ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "tanh": torch.tanh}
GATES = {"swiglu": F.silu, "geglu": F.gelu}


def feed_forward(x, weights, config):
    inner = dense(x, weights, "feedforward_intermediate_dense")
    kind = config.get("feedForward", "dense")
    if kind == "dense":
        inner = ACTIVATIONS[config.get("activation", "relu")](inner)
    else:
        inner = GATES[kind](dense(x, weights, "feedforward_gate_dense")) * inner
    return dense(inner, weights, "feedforward_output_dense")


def inside(weights, prefix):
    """The weights of a layer inside."""
    return {k[len(prefix) + 1 :]: v for k, v in weights.items() if k.startswith(f"{prefix}/")}


def residual(x, weights, name, config, function):
    """x + f(norm(x)), or norm(x + f(x))."""
    if config.get("normalizeFirst"):
        return x + function(norm(x, weights, name, config))
    return norm(x + function(x), weights, name, config)


def encoder(case, weights, inputs, masks):
    (x,) = inputs
    found = {}

    def attend(x):
        seen = seen_by(case, masks_of(masks, ""), x.shape[0], x.shape[1], x.shape[1])
        y, found["scores"] = heads(inside(weights, "self_attention_layer"), x, x, x, seen)
        return y

    x = residual(x, weights, "self_attention_layer_norm", case["config"], attend)
    feed = lambda x: feed_forward(x, weights, case["config"])
    return {"y": residual(x, weights, "feedforward_layer_norm", case["config"], feed), **found}


def decoder(case, weights, inputs, masks):
    x, *context = inputs
    config = case["config"]
    causal = case | {"options": {"useCausalMask": case["options"].get("useCausalMask", True)}}
    open_to_all = case | {"options": {}}

    def attend(x):
        seen = seen_by(causal, masks_of(masks, "decoder"), x.shape[0], x.shape[1], x.shape[1])
        return heads(inside(weights, "self_attention"), x, x, x, seen)[0]

    def attend_to_encoder(x):
        (source,) = context
        seen = seen_by(open_to_all, masks_of(masks, "encoder"), x.shape[0], x.shape[1], source.shape[1])
        return heads(inside(weights, "cross_attention"), x, source, source, seen)[0]

    x = residual(x, weights, "self_attention_layer_norm", config, attend)
    if context:
        x = residual(x, weights, "cross_attention_layer_norm", config, attend_to_encoder)
    feed = lambda x: feed_forward(x, weights, config)
    return {"y": residual(x, weights, "feedforward_layer_norm", config, feed)}


def masks_of(masks, side):
    """paddingMask and attentionMask of one side, as seen_by names them."""
    padding = f"{side}PaddingMask" if side else "paddingMask"
    attention = f"{side}AttentionMask" if side else "attentionMask"
    names = {padding: "keyMask", attention: "attentionMask"}
    return {names[name]: mask for name, mask in masks.items() if name in names}


EQUATIONS = {
    "multiHeadAttention": projected_attention,
    "groupedQueryAttention": projected_attention,
    "attention": plain_attention,
    "additiveAttention": plain_attention,
    "transformerEncoder": encoder,
    "transformerDecoder": decoder,
}


def by_equations(case, weights, inputs, masks):
    rank = inputs[0].dim()
    function = axes_attention if rank > 3 else EQUATIONS[case["layer"]]
    return function(case, weights, inputs, masks)
