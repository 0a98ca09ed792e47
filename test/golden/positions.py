"""Layers that know positions, and tied embeddings, by KerasHub's equations. The gradients are those of sum(lossWeights.y * y).

Layers that read only the shape of their input are added to it: y = x + layer(x).
"""

import torch

from golden_format import require_close, values, wave, write
from ops import make_case

IDS = [[4, 0, 2], [2, 1, 4]]  # [B, T], ids 0..4, repeats and gaps


def sine_encoding(steps, width, start, max_wavelength):
    positions = torch.arange(start, start + steps).double()
    even = 2 * (torch.arange(width) // 2)
    angles = positions[:, None] * (1 / max_wavelength) ** (even.double() / width)
    return torch.where(torch.arange(width) % 2 == 0, angles.sin(), angles.cos())


def rotary(x, start, max_wavelength, scaling, sequence_axis, feature_axis):
    """x·cos + [-second half, first half]·sin, as KerasHub writes it."""
    x = x.movedim((sequence_axis, feature_axis), (1, -1))
    width = x.shape[-1]
    positions = torch.arange(start, start + x.shape[1]).double() / scaling
    frequencies = 1 / max_wavelength ** (torch.arange(0, width, 2).double() / width)
    angles = torch.outer(positions, frequencies)
    shape = [1, x.shape[1]] + [1] * (x.ndim - 3) + [width]
    angles = torch.cat([angles, angles], -1).reshape(shape)
    first, second = x.chunk(2, -1)
    y = x * angles.cos() + torch.cat([-second, first], -1) * angles.sin()
    turned = torch.complex(first, second) * torch.polar(torch.ones_like(angles), angles)[..., : width // 2]
    require_close("rotary by complex numbers", y, torch.cat([turned.real, turned.imag], -1))
    return y.movedim((1, -1), (sequence_axis, feature_axis))


def tied(ids, embeddings, scale, cap):
    """Logits of embedded ids, each feature scaled so that the ways there and back differ."""
    logits = (embeddings[ids.long()] * scale) @ embeddings.T
    return logits if cap == 0 else (logits / cap).tanh() * cap


def untied(ids, embeddings, scale, reverse):
    return (embeddings[ids.long()] * scale) @ reverse


def generate():
    cases = []
    x = wave([2, 3, 6], 0.3)
    for name, start, wavelength in (("", 0, 10000), ("/late", 8189, 10000), ("/short", 5, 30)):
        attributes = {"startIndex": start, "maxWavelength": wavelength}
        rule = lambda x, a=(start, wavelength): x + sine_encoding(x.shape[1], x.shape[2], *a)
        cases.append(make_case("sine" + name, "sinePositionEncoding", attributes, {"x": x}, rule))
    odd = wave([1, 2, 5], 0.3)
    attributes = {"startIndex": 1, "maxWavelength": 100}
    rule = lambda x: x + sine_encoding(2, 5, 1, 100)
    cases.append(make_case("sine/odd", "sinePositionEncoding", attributes, {"x": odd}, rule))

    for name, shape, start, wavelength, scaling, axes in (
        ("", [2, 3, 6], 0, 10000, 1, (1, -1)),
        ("/heads", [2, 3, 2, 4], 0, 10000, 1, (1, -1)),
        ("/late", [1, 3, 2, 8], 8189, 10000, 1, (1, -1)),
        ("/scaled", [2, 5, 4], 3, 100, 2.5, (1, -1)),
        ("/axes", [2, 2, 3, 4], 7, 10000, 1, (2, 3)),
        ("/feature first", [2, 4, 3], 7, 10000, 1, (2, 1)),
    ):
        attributes = {
            "startIndex": start,
            "maxWavelength": wavelength,
            "scalingFactor": scaling,
            "sequenceAxis": axes[0],
            "featureAxis": axes[1],
        }
        rule = lambda x, a=(start, wavelength, scaling, *axes): rotary(x, *a)
        inputs = {"x": wave(shape, 0.3)}
        cases.append(make_case("rotary" + name, "rotaryEmbedding", attributes, inputs, rule))

    for name, start in (("", 0), ("/late", 4)):
        inputs = {"x": x, "embeddings": wave([7, 6], 1.1)}
        rule = lambda x, embeddings, start=start: x + embeddings[start : start + x.shape[1]]
        attributes = {"startIndex": start, "sequenceLength": 7}
        cases.append(make_case("position" + name, "positionEmbedding", attributes, inputs, rule))

    ids = values([2, 3], IDS)
    for name, cap in (("", 0), ("/cap", 0.75)):
        inputs = {"ids": ids, "embeddings": wave([5, 4], 0.7), "scale": wave([4], 1.9)}
        rule = lambda ids, embeddings, scale, cap=cap: tied(ids, embeddings, scale, cap)
        cases.append(make_case("tied" + name, "reversibleEmbedding", {"cap": cap}, inputs, rule))
    inputs = {
        "ids": ids,
        "embeddings": wave([5, 4], 0.7),
        "scale": wave([4], 1.9),
        "reverse": wave([4, 5], 0.2),
    }
    cases.append(make_case("untied", "reversibleEmbedding", {"cap": 0}, inputs, untied))

    inputs = {"ids": ids, "tokens": wave([5, 4], 0.7), "positions": wave([6, 4], 1.9)}
    for name, start in (("", 0), ("/late", 2)):
        rule = lambda ids, tokens, positions, s=start: tokens[ids.long()] + positions[s : s + 3]
        attributes = {"startIndex": start}
        name = "tokenAndPosition" + name
        cases.append(make_case(name, "tokenAndPositionEmbedding", attributes, inputs, rule))
    write("positions", cases)
