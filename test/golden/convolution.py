"""Convolution and pooling layers: values, and the gradients of sum(lossWeights.y * y), in Keras's layouts.

PyTorch has channels first and other paddings, so inputs are padded and turned here; every result is checked against the
definition, summed up window by window. The waves are not listed in waves.json.
"""

import itertools
import math

import torch
import torch.nn.functional as F

from golden_format import require_close, result, to_tensor, values, wave, write

# name, kind, batch, lengths, input channels, settings as of the layer
CONVOLUTIONS = [
    ("valid", "conv1d", 2, [7], 3, {"filters": 4, "kernelSize": 3}),
    ("same", "conv1d", 2, [7], 3, {"filters": 4, "kernelSize": 3, "padding": "same"}),
    ("same, even kernel", "conv1d", 2, [6], 2, {"filters": 3, "kernelSize": 4, "padding": "same"}),
    ("causal", "conv1d", 2, [6], 2, {"filters": 3, "kernelSize": 3, "padding": "causal"}),
    ("strides", "conv1d", 2, [9], 2, {"filters": 3, "kernelSize": 3, "strides": 2}),
    ("strides, same", "conv1d", 2, [8], 2, {"filters": 3, "kernelSize": 5, "strides": 2, "padding": "same"}),
    ("strides, same, T odd", "conv1d", 1, [11], 2, {"filters": 3, "kernelSize": 4, "strides": 3, "padding": "same"}),
    ("strides, causal", "conv1d", 2, [8], 2, {"filters": 3, "kernelSize": 3, "strides": 2, "padding": "causal"}),
    ("strides above the kernel", "conv1d", 2, [10], 2, {"filters": 3, "kernelSize": 2, "strides": 4}),
    ("strides as the kernel", "conv1d", 2, [10], 2, {"filters": 3, "kernelSize": 3, "strides": 3}),
    ("dilation", "conv1d", 2, [9], 2, {"filters": 3, "kernelSize": 3, "dilationRate": 3}),
    ("dilation, same", "conv1d", 2, [7], 2, {"filters": 3, "kernelSize": 2, "dilationRate": 3, "padding": "same"}),
    ("dilation, causal", "conv1d", 2, [7], 2, {"filters": 3, "kernelSize": 3, "dilationRate": 2, "padding": "causal"}),
    ("T below the kernel, same", "conv1d", 2, [2], 2, {"filters": 3, "kernelSize": 5, "padding": "same"}),
    ("T below the kernel, causal", "conv1d", 1, [2], 2, {"filters": 3, "kernelSize": 4, "padding": "causal"}),
    ("one step", "conv1d", 1, [1], 1, {"filters": 2, "kernelSize": 1}),
    ("kernel 1", "conv1d", 3, [5], 3, {"filters": 2, "kernelSize": 1}),
    ("kernel 1, strides", "conv1d", 2, [7], 3, {"filters": 2, "kernelSize": 1, "strides": 2}),
    ("kernel of all", "conv1d", 2, [5], 2, {"filters": 3, "kernelSize": 5}),
    ("long kernel", "conv1d", 1, [40], 2, {"filters": 2, "kernelSize": 33, "padding": "same"}),
    ("groups", "conv1d", 2, [6], 4, {"filters": 6, "kernelSize": 3, "groups": 2, "padding": "same"}),
    ("a group a channel", "conv1d", 2, [6], 3, {"filters": 6, "kernelSize": 2, "groups": 3, "strides": 2}),
    ("valid", "conv2d", 2, [5, 6], 2, {"filters": 3, "kernelSize": [3, 2]}),
    ("same", "conv2d", 2, [4, 5], 2, {"filters": 3, "kernelSize": [3, 3], "padding": "same"}),
    ("strides", "conv2d", 1, [7, 6], 2, {"filters": 3, "kernelSize": [3, 3], "strides": [2, 1]}),
    ("strides, same", "conv2d", 2, [5, 6], 2, {"filters": 2, "kernelSize": [3, 4], "strides": [2, 3], "padding": "same"}),
    ("dilation", "conv2d", 1, [7, 6], 2, {"filters": 2, "kernelSize": [2, 3], "dilationRate": [3, 2]}),
    ("kernel 1", "conv2d", 2, [3, 4], 3, {"filters": 2, "kernelSize": [1, 1]}),
    ("patches", "conv2d", 2, [6, 4], 2, {"filters": 3, "kernelSize": [3, 2], "strides": [3, 2]}),
    ("groups", "conv2d", 2, [4, 4], 4, {"filters": 4, "kernelSize": [2, 3], "groups": 2, "padding": "same"}),
]

POOLS = [
    ("default", 2, [6], 3, {}),
    ("a rest", 2, [7], 2, {"poolSize": 3}),
    ("overlapping", 2, [7], 2, {"poolSize": 3, "strides": 1}),
    ("overlapping, strides", 2, [9], 2, {"poolSize": 3, "strides": 2}),
    ("gaps", 1, [9], 2, {"poolSize": 2, "strides": 3}),
    ("same", 2, [7], 2, {"poolSize": 2, "padding": "same"}),
    ("same, overlapping", 2, [7], 2, {"poolSize": 4, "strides": 1, "padding": "same"}),
    ("same, strides", 2, [8], 2, {"poolSize": 5, "strides": 2, "padding": "same"}),
    ("same, T below the window", 1, [2], 2, {"poolSize": 5, "strides": 1, "padding": "same"}),
    ("window of one", 2, [5], 2, {"poolSize": 1, "strides": 2}),
    ("default", 2, [4, 6], 2, {}),
    ("overlapping", 1, [6, 7], 2, {"poolSize": [3, 2], "strides": [2, 1]}),
    ("same", 2, [5, 7], 2, {"poolSize": [3, 2], "strides": [2, 2], "padding": "same"}),
]


def per_axis(config, key, rank, default):
    given = config.get(key, default)
    return [given] * rank if isinstance(given, int) else list(given)


def around(length, span, stride, padding):
    """Elements before and after an axis, as TensorFlow and Keras place them."""
    if padding == "causal":
        return span - 1, 0
    if padding == "valid":
        return 0, 0
    missing = max(0, (math.ceil(length / stride) - 1) * stride + span - length)
    return missing // 2, missing - missing // 2


def padded(x, sizes, strides, padding, value=0.0, dilations=None):
    """x [B, ..., C] with channels first and `value` around."""
    turned = x.movedim(-1, 1)
    dilations = dilations or [1] * len(sizes)
    pairs = [
        around(length, (size - 1) * dilation + 1, stride, padding)
        for length, size, stride, dilation in zip(turned.shape[2:], sizes, strides, dilations)
    ]
    return F.pad(turned, [n for pair in reversed(pairs) for n in pair], value=value)


def convolution(x, kernel, bias, config):
    rank = x.dim() - 2
    sizes = list(kernel.shape[:rank])
    strides, dilations = (per_axis(config, key, rank, 1) for key in ("strides", "dilationRate"))
    outer = padded(x, sizes, strides, config.get("padding", "valid"), dilations=dilations)
    weight = kernel.movedim(-1, 0).movedim(-1, 1)  # [F, I/groups, ...]
    rule = F.conv1d if rank == 1 else F.conv2d
    y = rule(outer, weight, bias, stride=strides, dilation=dilations, groups=config.get("groups", 1))
    check_convolution(y, outer, kernel, bias, config, strides, dilations)
    return y.movedim(1, -1)


def check_convolution(y, outer, kernel, bias, config, strides, dilations):
    """Window by window and tap by tap: y[b, f, w] = bias[f] + sum of outer[b, i, w*stride + k*dilation] * kernel[k, i, f]."""
    groups = config.get("groups", 1)
    per_group, filters = kernel.shape[-2:]
    for place in itertools.product(*(range(length) for length in y.shape[2:])):
        for f in range(filters):
            first = f // (filters // groups) * per_group
            total = bias[f].expand(len(y)).clone()
            for tap in itertools.product(*(range(size) for size in kernel.shape[:-2])):
                at = [w * s + k * d for w, s, k, d in zip(place, strides, tap, dilations)]
                seen = outer[(slice(None), slice(first, first + per_group), *at)]
                total = total + seen @ kernel[(*tap, slice(None), f)]
            require_close(f"convolution {config}", y[(slice(None), f, *place)].detach(), total.detach())


def pooling(x, config, mode):
    rank = x.dim() - 2
    sizes = per_axis(config, "poolSize", rank, 2)
    strides = per_axis(config, "strides", rank, sizes)
    outside = -math.inf if mode == "max" else 0.0
    outer = padded(x, sizes, strides, config.get("padding", "valid"), outside)
    if mode == "max":
        y = (F.max_pool1d if rank == 1 else F.max_pool2d)(outer, sizes, strides)
    else:
        average = F.avg_pool1d if rank == 1 else F.avg_pool2d
        inside = padded(torch.ones_like(x), sizes, strides, config.get("padding", "valid"))
        y = average(outer, sizes, strides) / average(inside, sizes, strides)
    check_pooling(y, outer, sizes, strides, mode, x)
    return y.movedim(1, -1)


def check_pooling(y, outer, sizes, strides, mode, x):
    inside = padded(torch.ones_like(x), sizes, strides, "valid" if outer.shape[2:] == x.shape[1:-1] else "same")
    for place in itertools.product(*(range(length) for length in y.shape[2:])):
        region = [slice(w * s, w * s + size) for w, s, size in zip(place, strides, sizes)]
        window = outer[(slice(None), slice(None), *region)].flatten(2)
        counted = inside[(slice(None), slice(None), *region)].flatten(2).sum(-1)
        expected = window.max(-1).values if mode == "max" else window.sum(-1) / counted
        require_close(f"{mode} pooling {sizes}", y[(slice(None), slice(None), *place)].detach(), expected.detach())


def case(name, layer, config, inputs, function):
    leaves = {key: to_tensor(spec, listed=False).requires_grad_(True) for key, spec in inputs.items()}
    y = function(**leaves)
    weights = wave(list(y.shape), 2.9)
    gradients = torch.autograd.grad((to_tensor(weights, listed=False) * y).sum(), list(leaves.values()))
    return {
        "name": f"{layer}/{name}",
        "layer": layer,
        "config": config,
        "inputs": inputs,
        "lossWeights": {"y": weights},
        "expected": {"y": result(y)},
        "gradients": {key: result(gradient) for key, gradient in zip(leaves, gradients)},
    }


def convolution_cases():
    cases = []
    for name, layer, batch, lengths, channels, config in CONVOLUTIONS:
        sizes = per_axis(config, "kernelSize", len(lengths), 1)
        inputs = {
            "x": wave([batch, *lengths, channels], 0.3),
            "kernel": wave([*sizes, channels // config.get("groups", 1), config["filters"]], 1.1, 0.7),
            "bias": wave([config["filters"]], 2.2, 0.5),
        }
        rule = lambda x, kernel, bias, config=config: convolution(x, kernel, bias, config)
        cases.append(case(name, layer, config, inputs, rule))
    return cases


def pooling_cases():
    cases = []
    for (name, batch, lengths, channels, config), mode in itertools.product(POOLS, ["max", "average"]):
        layer = f"{mode}Pooling{len(lengths)}d"
        inputs = {"x": wave([batch, *lengths, channels], 0.3)}
        cases.append(case(name, layer, config, inputs, lambda x, c=config, m=mode: pooling(x, c, m)))
    return cases + tie_cases()


def tie_cases():
    """Of equal elements the first, row by row, gets the gradient."""
    numbers = [(3 * i * i + i // 4) % 3 - 1 for i in range(72)]
    cases = []
    for layer, shape, config in [
        ("maxPooling1d", [2, 12, 3], {"poolSize": 3, "strides": 2, "padding": "same"}),
        ("maxPooling2d", [1, 6, 6, 2], {"poolSize": [3, 3], "strides": [1, 2], "padding": "same"}),
    ]:
        rule = lambda x, c=config: pooling(x, c, "max")
        cases.append(case("ties", layer, config, {"x": values(shape, numbers)}, rule))
    return cases


def generate():
    write("convolution", convolution_cases() + pooling_cases())
