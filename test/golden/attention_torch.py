"""What PyTorch's modules compute with the weights of a case, in Keras's layouts. None where PyTorch has no counterpart."""

import torch
from torch import nn
from torch.nn.utils.stateless import functional_call

from attention_equations import inside, masks_of, three


def rows(weight, outputs):
    """A kernel [D,N,K], or [N,V,D] of an output, as PyTorch's [out, in]."""
    return weight.reshape(-1, outputs).t() if outputs else weight.flatten(1).t()


def attention_parameters(weights, widths):
    """The parameters of nn.MultiheadAttention; `widths` of query, key and value."""
    parts = [rows(weights[f"{name}/kernel"], None) for name in ("query", "key", "value")]
    output = weights["attention_output/kernel"]
    parameters = {"out_proj.weight": rows(output, output.shape[-1])}
    if len(set(widths)) == 1:
        parameters["in_proj_weight"] = torch.cat(parts)
    else:
        parameters |= {f"{name}_proj_weight": part for name, part in zip("qkv", parts)}
    if "query/bias" in weights:
        biases = [weights[f"{name}/bias"].flatten() for name in ("query", "key", "value")]
        parameters["in_proj_bias"] = torch.cat(biases)
        parameters["out_proj.bias"] = weights["attention_output/bias"]
    return parameters


def hidden(case, masks, batch, heads, time, source):
    """attn_mask [B*N,T,S] and key_padding_mask [B,S], true where a key is hidden; or None."""
    seen = None
    if case["options"].get("useCausalMask"):
        seen = (torch.arange(source)[None] <= torch.arange(time)[:, None])[None, None]
    if case["config"].get("slidingWindow"):
        near = (torch.arange(time)[:, None] - torch.arange(source)[None]).abs()
        near = (near < case["config"]["slidingWindow"])[None, None]
        seen = near if seen is None else seen & near
    if "attentionMask" in masks:
        mask = masks["attentionMask"]
        mask = mask[None, None] if mask.dim() == 2 else mask[:, None] if mask.dim() == 3 else mask
        seen = mask if seen is None else seen & mask
    if seen is not None:
        seen = ~seen.expand(batch, heads, time, source).reshape(batch * heads, time, source)
    padding = masks.get("keyMask", masks.get("valueMask"))
    return seen, None if padding is None else ~padding


def multi_head(case, weights, inputs, masks):
    query, value, key = three(inputs)
    config = case["config"]
    if config["keyDim"] * config["numHeads"] != query.shape[2] or "queryMask" in masks:
        return None
    if config.get("useGate") or config.get("outputShape") or config.get("valueDim") or query.dim() > 3:
        return None
    widths = [x.shape[2] for x in (query, key, value)]
    bias = "query/bias" in weights
    module = nn.MultiheadAttention(
        widths[0], config["numHeads"], bias=bias, kdim=widths[1], vdim=widths[2], batch_first=True
    )
    sizes = query.shape[0], config["numHeads"], query.shape[1], value.shape[1]
    attn_mask, key_padding_mask = hidden(case, masks, *sizes)
    y, scores = functional_call(
        module.double(),
        attention_parameters(weights, widths),
        (query, key, value),
        {
            "attn_mask": attn_mask,
            "key_padding_mask": key_padding_mask,
            "average_attn_weights": False,
        },
    )
    return {"y": y, "scores": scores}


def block_parameters(weights, attentions, norms, width):
    parameters = {}
    for name, keras in attentions.items():
        own = attention_parameters(inside(weights, keras), [width] * 3)
        parameters |= {f"{name}.{key}": value for key, value in own.items()}
    for index, keras in enumerate(norms):
        parameters[f"norm{index + 1}.weight"] = weights[f"{keras}/gamma"]
        parameters[f"norm{index + 1}.bias"] = weights[f"{keras}/beta"]
    for name, keras in (("linear1", "intermediate"), ("linear2", "output")):
        parameters[f"{name}.weight"] = weights[f"feedforward_{keras}_dense/kernel"].t()
        parameters[f"{name}.bias"] = weights[f"feedforward_{keras}_dense/bias"]
    return parameters


def block(kind, case, width):
    config = case["config"]
    return kind(
        width,
        config["numHeads"],
        config["intermediateDim"],
        dropout=0.0,
        activation=config.get("activation", "relu"),
        layer_norm_eps=config.get("layerNormEpsilon", 1e-5),
        batch_first=True,
        norm_first=config.get("normalizeFirst", False),
    ).double()


def is_known(config):
    return (
        config.get("feedForward", "dense") == "dense"
        and config.get("normalization", "layer") == "layer"
        and config.get("activation", "relu") in ("relu", "gelu")
        and config.get("useBias", True)
    )


def encoder(case, weights, inputs, masks, attention="self_attention_layer", side=""):
    """transformerEncoder, and transformerDecoder without an encoder: its causal sibling."""
    (x,) = inputs
    if not is_known(case["config"]):
        return None
    batch, time, width = x.shape
    own = masks_of(masks, side)
    attn_mask, padding = hidden(case, own, batch, case["config"]["numHeads"], time, time)
    norms = ["self_attention_layer_norm", "feedforward_layer_norm"]
    y = functional_call(
        block(nn.TransformerEncoderLayer, case, width),
        block_parameters(weights, {"self_attn": attention}, norms, width),
        (x,),
        {"src_mask": attn_mask, "src_key_padding_mask": padding},
    )
    return {"y": y}


def decoder(case, weights, inputs, masks):
    causal = case | {"options": {"useCausalMask": case["options"].get("useCausalMask", True)}}
    if len(inputs) == 1:
        return encoder(causal, weights, inputs, masks, "self_attention", "decoder")
    if not is_known(case["config"]):
        return None
    x, source = inputs
    batch, time, width = x.shape
    count = case["config"]["numHeads"]
    mask, padding = hidden(causal, masks_of(masks, "decoder"), batch, count, time, time)
    memory_case = case | {"options": {}}
    memory = masks_of(masks, "encoder")
    memory_mask, memory_padding = hidden(memory_case, memory, batch, count, time, source.shape[1])
    attentions = {"self_attn": "self_attention", "multihead_attn": "cross_attention"}
    norms = [f"{name}_layer_norm" for name in ("self_attention", "cross_attention", "feedforward")]
    y = functional_call(
        block(nn.TransformerDecoderLayer, case, width),
        block_parameters(weights, attentions, norms, width),
        (x, source),
        {
            "tgt_mask": mask,
            "tgt_key_padding_mask": padding,
            "memory_mask": memory_mask,
            "memory_key_padding_mask": memory_padding,
        },
    )
    return {"y": y}


MODULES = {
    "multiHeadAttention": multi_head,
    "transformerEncoder": encoder,
    "transformerDecoder": decoder,
}


def by_torch(case, weights, inputs, masks):
    if case["layer"] not in MODULES:
        return None
    return MODULES[case["layer"]](case, weights, inputs, masks)
